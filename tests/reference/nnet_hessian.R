# Writes mlp/nnet_hessian.h: a small network fitted by R's nnet, its objective and its exact Hessian (nnetHess).
#   Rscript nnet_hessian.R > mlp/nnet_hessian.h
# nnet minimises SSE + decay * (sum of squared weights and biases). Its weights are, for each hidden unit, the bias and the
# weights of the inputs; then for each output the bias and the weights of the hidden units.
suppressMessages(library(nnet))
set.seed(20240229)
rows <- 60; inputs <- 3; hidden <- 3; decay <- 0.05
x <- round(matrix(rnorm(rows * inputs), rows), 6)
y <- round(cbind(sin(2 * x[, 1]) + x[, 2] * x[, 3] / 2 + 0.1 * rnorm(rows)), 6)
weights <- round(runif(rows, 0.5, 2), 3)
fit <- nnet(x, y, weights, size = hidden, linout = TRUE, decay = decay, maxit = 300, trace = FALSE)
H <- nnetHess(fit, x, y, weights)
# the value at nnet's weights and at weights that are no minimum
moved <- fit$wts + round(rnorm(length(fit$wts)) / 3, 6)
at <- nnet(x, y, weights, size = hidden, linout = TRUE, decay = decay, maxit = 0, Wts = moved, trace = FALSE)
numbers <- function(name, values, size) {
  text <- paste(sprintf("%.17g", as.vector(values)), collapse = ", ")
  cat(sprintf("static const double nnet_%s[%s] = {\n%s};\n", name, size, paste(strwrap(text, 108, prefix = "    "), collapse = "\n")))
}
cat("/* Written by tests/reference/nnet_hessian.R: ", R.version.string, ", nnet ", as.character(packageVersion("nnet")), ". */\n", sep = "")
cat("/* clang-format off */\n")
cat("#ifndef TESTS_REFERENCE_NNET_HESSIAN_H\n#define TESTS_REFERENCE_NNET_HESSIAN_H\n\n")
n <- length(fit$wts)
cat(sprintf("enum { NNET_ROWS = %d, NNET_INPUTS = %d, NNET_HIDDEN = %d, NNET_DIM = %d };\n", rows, inputs, hidden, n))
cat(sprintf("static const double nnet_decay = %g;\n", decay))
numbers("X", t(x), "NNET_ROWS * NNET_INPUTS")
numbers("Y", y, "NNET_ROWS")
numbers("row_weights", weights, "NNET_ROWS")
for (k in 1:2) {
  net <- if (k == 1) fit else at
  numbers(paste0("w", k), net$wts, "NNET_DIM")
  cat(sprintf("static const double nnet_value%d = %.17g;\n", k, net$value))
  numbers(paste0("H", k), nnetHess(net, x, y, weights), "NNET_DIM * NNET_DIM")
}
cat("\n#endif\n")
