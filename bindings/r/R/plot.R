# Pictures, by base graphics.

cause_look <- function() data.frame(cause = listed("cause")$name, pch = c(13, 4, 7, 8, 14, 6, 5, 2)[seq_len(nrow(listed("cause")))],
                                    col = c("grey40", "grey40", "darkorange3", "brown", "darkgreen", "red3", "purple", "blue3")[
                                        seq_len(nrow(listed("cause")))])

log_axis <- function(lambda, symbol) {
    powers <- pretty(log2(range(lambda)), 6)
    powers <- unique(round(powers))
    graphics::axis(1, at = powers, labels = parse(text = paste0("2^", powers)))
    graphics::title(xlab = symbol)
}

# A line a walk; hollow where a fit is no certified minimum; drops marked at the fit that is lower than the one before.
plot_walks <- function(object, column, ylab, log = "", walks) {
    p <- object$points[object$points$walk %in% walks, ]
    x <- log2(p$lambda)
    y <- p[[column]]
    negative <- !is.na(y) & y <= 0 & log == "y"
    y[negative] <- NA
    graphics::plot(range(log2(object$lambda)), range(y, finite = TRUE), type = "n", log = log, xaxt = "n", xlab = "", ylab = ylab)
    log_axis(object$lambda, object$network$scale$symbol)
    if (any(negative)) y[negative] <- 10^graphics::par("usr")[3] # at the foot
    lines <- unique(p[c("walk", "start")])
    colours <- stats::setNames(grDevices::hcl.colors(max(3, length(walks)), "Dark 3")[seq_along(walks)], walks)
    for (k in seq_len(nrow(lines))) {
        own <- which(p$walk == lines$walk[k] & p$start == lines$start[k])
        own <- own[order(x[own])]
        colour <- colours[[lines$walk[k]]]
        graphics::lines(x[own], ifelse(negative[own], NA, y[own]), col = colour, lwd = if (lines$walk[k] == "best") 2 else 1)
        graphics::points(x[own], y[own], pch = 21, cex = 0.7, col = colour, bg = ifelse(certified(p[own, ]), colour, "white"))
    }
    d <- object$drops[object$drops$walk %in% walks, ]
    look <- cause_look()
    if (nrow(d)) {
        at <- vapply(seq_len(nrow(d)), function(k)
            which(p$walk == d$walk[k] & p$start == d$start[k] & p$index == d$to[k])[1], 1L)
        marks <- look[match(d$cause, look$cause), ]
        graphics::points(x[at], y[at], pch = marks$pch, col = marks$col, cex = 1.8, lwd = 2)
    }
    list(colours = colours, marks = look[look$cause %in% d$cause, ])
}

plot.ridgewalk <- function(x, which = c("mse", "penalty", "weights", "eigenvalue"), walk = NULL, legend = TRUE, ...) {
    which <- match.arg(which, several.ok = TRUE)
    walks <- unique(x$points$walk)
    if (!is.null(walk)) {
        if (!all(walk %in% walks)) refuse("walk: the walks are ", paste(walks, collapse = ", "))
        walks <- walk
    }
    if (length(which) > 1) {
        old <- graphics::par(mfrow = if (length(which) > 2) c(2, 2) else c(1, 2), mar = c(4, 4, 1, 1), mgp = c(2.3, 0.7, 0))
        on.exit(graphics::par(old))
    }
    for (panel in which) {
        if (panel == "weights") {
            plot_traces(x, walk)
            next
        }
        key <- switch(panel,
            mse = plot_walks(x, "mse", "MSE in sample", walks = walks),
            penalty = plot_walks(x, "penalty", "sum of squared weights", walks = walks),
            eigenvalue = plot_walks(x, "min_eig", "smallest eigenvalue", log = "y", walks = walks))
        if (legend && panel == which[1])
            graphics::legend("bottomright", bty = "n", cex = 0.85, legend = c(names(key$colours), key$marks$cause),
                             col = c(key$colours, key$marks$col), pch = c(rep(NA, length(key$colours)), key$marks$pch),
                             lty = c(rep(1, length(key$colours)), rep(NA, nrow(key$marks))))
    }
    invisible(x)
}

# ---- traces ----

# Weights [dim x penalties] with the units of each hidden layer in the order, and with the signs, that fit the column before best:
# the nearest pair first. Neither changes the network's output; signs are turned for odd activations alone.
align <- function(object, w) {
    layers <- object$network$layers
    odd <- object$spec$settings$activation %in% c("tanh", "identity")
    hidden <- seq_len(length(layers$inputs) - 1)
    places <- function(l, j) { # of unit j of layer l in a column: incoming weights, bias, outgoing weights
        outgoing <- layers$W[l + 1] + (j - 1) * layers$outputs[l + 1] + seq_len(layers$outputs[l + 1])
        c(layers$W[l] + (seq_len(layers$inputs[l]) - 1) * layers$outputs[l] + j, if (!is.na(layers$b[l])) layers$b[l] + j, outgoing)
    }
    for (k in seq_len(ncol(w))[-1]) for (l in hidden) {
        at <- vapply(seq_len(layers$outputs[l]), function(j) places(l, j), numeric(length(places(l, 1))))
        before <- matrix(w[at, k - 1], nrow(at))
        now <- matrix(w[at, k], nrow(at))
        same <- outer(colSums(before^2), colSums(now^2), `+`) - 2 * crossprod(before, now)
        turned <- outer(colSums(before^2), colSums(now^2), `+`) + 2 * crossprod(before, now)
        cost <- if (odd) pmin(same, turned) else same
        taken <- now
        for (n in seq_len(ncol(at))) {
            pair <- arrayInd(which.min(cost), dim(cost))
            sign <- if (odd && turned[pair] < same[pair]) -1 else 1
            taken[, pair[1]] <- sign * now[, pair[2]]
            cost[pair[1], ] <- cost[, pair[2]] <- Inf
        }
        w[at, k] <- taken
    }
    w
}

plot_traces <- function(object, walk = NULL) {
    rows <- chosen(object, seq_along(object$lambda), if (length(walk)) walk[1])
    w <- align(object, object$weights[, rows, drop = FALSE])
    layers <- object$network$layers
    biases <- unlist(lapply(which(!is.na(layers$b)), function(l) layers$b[l] + seq_len(layers$outputs[l])))
    shown <- setdiff(seq_len(nrow(w)), if (!biases_penalised(object)) biases)
    graphics::matplot(log2(object$lambda), t(w[shown, , drop = FALSE]), type = "l", lty = 1, xaxt = "n", xlab = "",
                      col = grDevices::hcl.colors(max(2, length(shown)), "Dark 3"),
                      ylab = paste0("weights of ", object$points$walk[rows[1]]))
    log_axis(object$lambda, object$network$scale$symbol)
}

plot.cv.ridgewalk <- function(x, sign.lambda = 1, ...) {
    at <- sign.lambda * log2(x$lambda)
    graphics::plot(at, x$cvm, ylim = range(x$cvup, x$cvlo, finite = TRUE), xaxt = "n", xlab = "", pch = 20, col = "red",
                   ylab = "error held out (variances of the target)", ...)
    powers <- pretty(at, 8)
    powers <- unique(round(powers))
    graphics::axis(1, at = powers, labels = parse(text = paste0("2^", sign.lambda * powers)))
    graphics::title(xlab = x$ridgewalk.fit$network$scale$symbol)
    graphics::segments(at, x$cvlo, at, x$cvup, col = "darkgrey")
    graphics::abline(v = sign.lambda * log2(c(x$lambda.min, x$lambda.1se)), lty = 3)
    shown <- seq(1, length(at), length.out = min(length(at), 12))
    graphics::axis(3, at = at[shown], labels = round(x$df[shown], 1), tick = FALSE, line = -0.5, cex.axis = 0.8)
    invisible(x)
}
