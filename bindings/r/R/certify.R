# What kind of point are somebody's weights?

certify <- function(object, ...) UseMethod("certify")

certify.default <- function(object, ...)
    refuse("object: a fit of nnet() or a path of ridgewalk() is wanted, not ", class(object)[1], status = "not_implemented")

certify.ridgewalk <- function(object, s, walk = NULL, start = NULL, finish = TRUE, hessian = FALSE, ...) {
    if (is.null(object$spec$table)) refuse("object: this path came from a file, without its table", status = "not_implemented")
    if (missing(s) || length(s) != 1) refuse("s: one penalty of the path is wanted")
    certificate_of(object$spec, fits_at(object, s, walk, start)[, 1], s, finish, hessian, list(...))
}

certify.nnet <- function(object, x, y, data = NULL, weights = NULL, finish = TRUE, hessian = FALSE, ...) {
    if (inherits(object, "nnet.formula") && missing(x)) {
        frame <- nnet_frame(object, data, parent.frame())
        x <- frame$x
        y <- frame$y
        if (is.null(weights)) weights <- frame$weights
    }
    if (missing(x) || missing(y)) refuse("x, y: the table that the net was fitted on is wanted")
    net <- nnet_network(object)
    x <- matrix_of(x, "x")
    if (is.factor(y)) refuse("y: a factor; fits of classes have no squared error", status = "not_implemented")
    y <- matrix_of(y, "y")
    if (ncol(x) != net$n[1] || ncol(y) != net$n[3])
        refuse("object: it takes ", net$n[1], " features to ", net$n[3], " targets, but x has ", ncol(x), " columns and y ", ncol(y))
    spec <- spec_of(x, y, weights, hidden = if (net$hidden) net$n[2] else 0, activation = "logistic", convention = "nnet",
                    standardize = FALSE, keep_constant = TRUE)
    result <- certificate_of(spec, net$w, net$decay, finish, hessian, list(...))
    # nnet's own order, as in object$wts and nnetHess
    back <- order(net$order)
    result$weights <- result$weights[back]
    result$direction <- result$direction[back]
    if (!is.null(result$end)) result$end <- result$end[back]
    if (hessian) result$hessian <- result$hessian[back, back]
    sse <- result$objective
    if (is.numeric(object$value) && abs(sse - object$value) > 1e-6 * max(1, abs(sse)))
        warning(structure(class = c("ridgewalk_note", "warning", "condition"), list(call = NULL, message = paste0(
            "the objective on this table is ", signif(sse, 8), ", and the fit says ", signif(object$value, 8),
            ": is it the table, with the weights, that the net was fitted on?"))))
    result
}

# The network of an nnet object, and its weights in ridgewalk's order: w = wts[order].
nnet_network <- function(object) {
    unsupported <- function(...) refuse("object: ", ..., status = "not_implemented")
    n <- object$n
    if (length(n) != 3 || !is.numeric(object$wts)) refuse("object: not a fit of nnet()")
    if (isTRUE(object$softmax) || isTRUE(object$entropy) || isTRUE(object$censored))
        unsupported("softmax, entropy and censored fits have no squared error")
    if (object$nsunits != object$nunits - n[3])
        unsupported("its outputs are logistic; only nets with linear outputs (linout = TRUE) can be certified")
    decay <- unique(object$decay)
    if (length(decay) != 1) unsupported("its decay differs from weight to weight")
    # nnet numbers units from the bias, 0, over inputs and hidden units to outputs; conn lists what each takes, unit by unit
    inputs <- seq_len(n[1])
    hidden <- n[1] + seq_len(n[2])
    outputs <- n[1] + n[2] + seq_len(n[3])
    expected <- if (n[2]) c(rep(c(0, inputs), n[2]), rep(c(0, hidden), n[3])) else rep(c(0, inputs), n[3])
    if (!identical(as.numeric(object$conn), as.numeric(expected)))
        unsupported("it has connections that skip the hidden layer; such nets cannot be certified")
    layer <- function(from, to, before) {
        block <- matrix(before + seq_len((from + 1) * to), from + 1, to) # a column a unit: bias first
        c(t(block[-1, , drop = FALSE]), block[1, ])
    }
    first <- if (n[2]) layer(n[1], n[2], 0)
    order <- c(first, layer(if (n[2]) n[2] else n[1], n[3], length(first)))
    list(n = n, hidden = n[2] > 0, w = as.double(object$wts[order]), order = order, decay = as.double(decay))
}

# The table of an nnet.formula object, as nnet.formula makes it.
nnet_frame <- function(object, data, where) {
    call <- object$call
    frame <- call[c(1, match(c("formula", "data", "subset", "weights", "na.action"), names(call), 0))]
    frame[[1]] <- quote(stats::model.frame)
    frame$formula <- stats::formula(object$terms)
    if (!is.null(data)) frame$data <- data
    frame <- eval(frame, where)
    terms <- attr(frame, "terms")
    x <- stats::model.matrix(terms, frame, object$contrasts)
    list(x = x[, colnames(x) != "(Intercept)", drop = FALSE], y = stats::model.response(frame), weights = stats::model.weights(frame))
}

certificate_of <- function(spec, w, lambda, finish, hessian, settings) {
    how <- split_settings(settings)
    how$certify <- c(how$certify, how$solver[setdiff(names(how$solver), c("solver", "max_iter", "history", "function_tol",
                                                                           names(how$certify)))])
    how$finish <- flag(finish, "finish")
    found <- core(c_certify, spec, as.double(w), as.double(lambda), how)
    scale <- found$network$scale
    of <- function(c) c(list(verdict = c$verdict, kind = kind(c$verdict, c$escapable), reason = c$reason, lambda = lambda,
                             mse = c$loss / (scale$loss_scale * scale$n)), c[setdiff(names(c), c("verdict", "reason"))])
    result <- c(of(found$certificate), list(weights = w, direction = found$direction, distance = found$distance))
    if (!is.null(found$finished)) {
        result$finished <- structure(of(found$finished), symbol = scale$symbol, class = "ridgewalk_certificate")
        result$end <- found$end
    }
    if (flag(hessian, "hessian")) result$hessian <- core(c_hessian, spec, as.double(w), as.double(lambda))
    structure(result, symbol = scale$symbol, class = "ridgewalk_certificate")
}

print.ridgewalk_certificate <- function(x, ...) {
    g <- function(v, digits = 8) trimws(formatC(v, digits = digits, format = "g"))
    e <- function(v, digits = 1) formatC(v, digits = digits, format = "e")
    line <- function(name, ...) cat(strwrap(paste0(name, ": ", ...), indent = 2, exdent = 4), sep = "\n")
    cat(x$kind, "\n", sep = "")
    line("at", attr(x, "symbol"), " = ", lambda_text(x$lambda))
    line("why", x$reason)
    line("objective", g(x$objective, 10), " (MSE ", g(x$mse), ", penalty ", g(x$penalty), ")")
    line("largest gradient entry", e(x$grad_inf), " (limit ", e(x$grad_limit), ")")
    if (is.finite(x$min_eig)) line("smallest eigenvalue", e(x$min_eig, 6), " (+- ", e(x$min_eig_error), "), largest ", e(x$max_eig, 4))
    if (x$positive >= 0)
        line("inertia", x$positive, " positive, ", x$zero, " zero, ", x$negative, " negative; ", x$flats, " flat directions explained")
    if (x$escapable) line("escapable", "a dead unit's bias can slide to where the curvature is ", e(x$escape_curvature, 3))
    if (!is.null(x$finished))
        line("finished by Newton", x$finished$kind, ", at distance ", g(x$distance, 4), " (|w| here ", g(sqrt(sum(x$weights^2)), 4),
             "); the objective falls by ", g(max(0, x$objective - x$finished$objective), 4))
    invisible(x)
}
