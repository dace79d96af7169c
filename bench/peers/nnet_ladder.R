# The ladder by R's nnet, driven as far as it goes: nnet_ladder.R TABLE.csv HIDDEN START.csv OUT.csv MAXIT
#
# nnet has logistic units and minimises SSE + sum of decay_k w_k^2. tanh z = 2 / (1 + exp(-2z)) - 1 makes a tanh network (W1, b1, W2, b2) the
# logistic one (2 W1, 2 b1, 2 W2, b2 - sum of W2), of which n J is nnet's objective with decay n lambda / 4 on weights and 0 on biases; it takes
# a vector there. START.csv and OUT.csv hold weights in the order W1 (a row for each input), b1, W2, b2; OUT.csv: seconds before them.
suppressMessages(library(nnet))
a <- commandArgs(TRUE); h <- as.integer(a[2]); maxit <- as.integer(a[5])
table <- as.matrix(read.csv(a[1])); n <- nrow(table); d <- ncol(table) - 1
table <- scale(table, scale = FALSE); table <- sweep(table, 2, sqrt(colMeans(table^2)), "/")
w <- scan(a[3], sep = ",", quiet = TRUE)
W1 <- matrix(w[seq_len(d * h)], d, h, byrow = TRUE); b1 <- w[d * h + seq_len(h)]; W2 <- w[d * h + h + seq_len(h)]; b2 <- w[d * h + 2 * h + 1]
at <- c(rbind(2 * b1, 2 * W1), b2 - sum(W2), 2 * W2)
free <- c(rbind(rep(TRUE, h), matrix(FALSE, d, h)), TRUE, rep(FALSE, h))
rows <- NULL
for (k in -16:2) {
  took <- system.time(m <- nnet(table[, seq_len(d)], table[, d + 1], size = h, Wts = at, linout = TRUE, decay = ifelse(free, 0, n * 2^k / 4),
                                maxit = maxit, abstol = 1e-300, reltol = 1e-16, MaxNWts = 1e6, trace = FALSE))[["elapsed"]]
  at <- m$wts
  U <- matrix(at[seq_len((d + 1) * h)], d + 1, h); last <- at[-seq_len((d + 1) * h)]
  rows <- rbind(rows, c(took, t(U[-1, , drop = FALSE] / 2), U[1, ] / 2, last[-1] / 2, last[1] + sum(last[-1]) / 2))
}
write.table(format(rows, digits = 17), a[4], sep = ",", row.names = FALSE, col.names = FALSE, quote = FALSE)
