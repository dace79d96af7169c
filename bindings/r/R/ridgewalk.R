# From a table to a path.

ridgewalk <- function(x, ...) UseMethod("ridgewalk")

ridgewalk.default <- function(x, y, weights = NULL, lambda = NULL, hidden = 8, activation = "tanh",
                              walk = c("up", "down", "cold", "best"), starts = 1, seed = 0, convention = "mse", standardize = TRUE,
                              hidden_bias = TRUE, output_bias = TRUE, penalise_biases = FALSE, init = NULL,
                              threads = getOption("ridgewalk.threads", 0), progress = FALSE, ...) {
    call <- match.call()
    call[[1]] <- quote(ridgewalk)
    spec <- spec_of(x, y, weights, hidden = hidden, activation = activation, convention = convention, standardize = standardize,
                    hidden_bias = hidden_bias, output_bias = output_bias, penalise_biases = penalise_biases)
    how <- read_how(lambda, walk, init, threads, starts = starts, seed = seed, ...)
    watch <- watcher(progress)
    how$progress <- watch$tell
    how$asked <- lambda
    found <- tryCatch(core(c_path, spec, how), ridgewalk_cancelled = function(e) { watch$settle(); stop(e) })
    watch$settle()
    new_path(found, spec, how, call)
}

ridgewalk.formula <- function(formula, data, weights, subset, na.action, contrasts = NULL, ...) {
    call <- match.call()
    call[[1]] <- quote(ridgewalk)
    frame <- frame_of(call, parent.frame(), contrasts)
    path <- ridgewalk.default(frame$x, frame$y, weights = frame$weights, ...)
    path$call <- call
    path[c("terms", "xlevels", "contrasts", "na.action")] <- frame[c("terms", "xlevels", "contrasts", "na.action")]
    path
}

# A model frame, and what the network sees of it: factors by contrasts, without the intercept, which is the biases' part.
frame_of <- function(call, where, contrasts) {
    frame <- call[c(1, match(c("formula", "data", "subset", "weights", "na.action"), names(call), 0))]
    frame[[1]] <- quote(stats::model.frame)
    frame <- eval(frame, where)
    terms <- attr(frame, "terms")
    if (!is.null(stats::model.offset(frame))) refuse("formula: offsets are not taken", status = "not_implemented")
    if (is.null(stats::model.response(frame))) refuse("formula: there is no response on its left")
    x <- stats::model.matrix(terms, frame, contrasts)
    used <- attr(x, "contrasts")
    x <- x[, colnames(x) != "(Intercept)", drop = FALSE]
    list(x = x, y = stats::model.response(frame), weights = stats::model.weights(frame), terms = terms,
         xlevels = stats::.getXlevels(terms, frame), contrasts = used, na.action = attr(frame, "na.action"))
}

read_how <- function(lambda, walk, init, threads, ...) {
    settings <- list(...)
    if (length(settings)) whole(settings$seed, "seed", 0)
    if (!is.character(walk) || !length(walk)) refuse("walk: some of up, down, cold, best are wanted")
    if (!is.null(init) && !is.numeric(init)) refuse("init: weights are numbers")
    c(read_lambda(lambda), split_settings(settings),
      list(walk = walk, init = if (!is.null(init)) as.double(init), threads = threads_here(threads)))
}

# The columns that a user sees, first; the others of the certificate after them.
points_of <- function(fits, scale, df = NULL) {
    fit <- fits$fit
    sure <- fits$certificate
    count <- length(fit$walk)
    if (is.null(df)) df <- rep(NA_real_, 2 * count)
    first <- data.frame(walk = fit$walk, start = fit$start, index = fit$index + 1, lambda = fit$lambda / scale$lambda_scale,
                        mse = sure$loss / (scale$loss_scale * scale$n), penalty = sure$penalty, objective = sure$objective,
                        grad_inf = sure$grad_inf, min_eig = sure$min_eig, verdict = sure$verdict, escapable = sure$escapable,
                        df = df[seq_len(count)], df_hessian = df[count + seq_len(count)], iterations = fit$iterations,
                        stop = fit$stop, seconds = fit$seconds)
    cbind(first, as.data.frame(sure[setdiff(names(sure), names(first))]))
}

drops_of <- function(found, scale) {
    d <- found
    for (name in c("lambda_from", "lambda_to", "at", "low", "high", "lambda_beyond")) d[[name]] <- d[[name]] / scale$lambda_scale
    losses <- c(loss_from = "mse_from", loss_to = "mse_to", finished_from = "finished_mse_from", finished_to = "finished_mse_to",
                branch_loss = "branch_mse", loss_beyond = "mse_beyond")
    for (name in names(losses)) d[[losses[[name]]]] <- d[[name]] / (scale$loss_scale * scale$n)
    d[names(losses)] <- NULL
    d$from <- d$from + 1
    d$to <- d$to + 1
    d$monotone <- ifelse(d$monotone < 0, NA, d$monotone > 0)
    first <- c("walk", "start", "from", "to", "lambda_from", "lambda_to", "mse_from", "mse_to", "cause", "at", "low", "high")
    structure(as.data.frame(d[c(first, setdiff(names(d), first))]), class = c("ridgewalk_drops", "data.frame"))
}

new_path <- function(found, spec, how, call) {
    scale <- found$network$scale
    falls <- drops_of(found$drops, scale)
    origins <- as.data.frame(found$origins)
    if (nrow(origins)) {
        origins$index <- origins$index + 1
        none <- origins$walk == "best"
        origins$lambda <- origins$lambda / scale$lambda_scale
        origins$walk[none] <- NA
        origins$start[none] <- NA
    }
    path <- list(call = call, lambda = found$lambda / scale$lambda_scale, points = points_of(found$fits, scale, found$df),
                 weights = found$fits$w, drops = falls[!falls$rise, ], jumps = falls[falls$rise, ], origins = origins,
                 lambda_collapse = found$collapse$collapse / scale$lambda_scale,
                 lambda_c = found$collapse$lambda_c / scale$lambda_scale, seconds = found$seconds, network = found$network,
                 spec = spec, how = how[c("path", "solver", "walk", "asked")], handle = attr(found, "handle"))
    rownames(path$drops) <- rownames(path$jumps) <- NULL
    structure(path, class = "ridgewalk")
}

# ---- which fit is meant ----

certified <- function(points) points$verdict %in% c("strict_min", "degenerate_min") & !points$escapable

# The places in the grid of penalties s; NA where there is none.
places <- function(object, s) {
    if (!is.numeric(s) || !length(s) || any(is.na(s)) || any(s < 0)) refuse("s: penalties are wanted")
    vapply(s, function(one) {
        near <- which.min(abs(object$lambda - one))
        if (abs(object$lambda[near] - one) <= 1e-9 * object$lambda[near]) near else NA_integer_
    }, 1L)
}

# Rows of object$points at places of the grid: of a walk, or else of best, or else those with the lowest objective.
chosen <- function(object, at, walk = NULL, start = NULL) {
    p <- object$points
    if (is.null(walk) && any(p$walk == "best")) walk <- "best"
    keep <- (is.null(walk) | p$walk %in% walk) & (is.null(start) | p$start %in% start)
    vapply(at, function(index) {
        rows <- which(keep & p$index == index)
        if (!length(rows))
            refuse("walk: there is no such fit at ", lambda_text(object$lambda[index]), "; the walks are ",
                   paste(unique(p$walk), collapse = ", "))
        rows[which.min(p$objective[rows])]
    }, 1L)
}

# Weights [dim x penalties] at s: fits of the grid, or, with refit, fitted there from the neighbours on both sides.
fits_at <- function(object, s, walk = NULL, start = NULL, refit = FALSE) {
    if (is.null(s)) return(object$weights[, chosen(object, seq_along(object$lambda), walk, start), drop = FALSE])
    at <- places(object, s)
    if (anyNA(at) && !refit) {
        missed <- s[is.na(at)][1]
        near <- object$lambda[which.min(abs(object$lambda - missed))]
        refuse("s: no fit at ", lambda_text(missed), "; the nearest is at ", lambda_text(near), ". Fits at two penalties need not lie on ",
               "one branch, so nothing is interpolated: refit = TRUE fits there, from the neighbours", status = "no_such_lambda")
    }
    columns <- lapply(seq_along(s), function(k) {
        if (!is.na(at[k])) return(object$weights[, chosen(object, at[k], walk, start)])
        refit_at(object, s[k], walk, start)
    })
    matrix(unlist(columns), nrow(object$weights))
}

refit_at <- function(object, s, walk = NULL, start = NULL) {
    if (is.null(object$spec)) refuse("refit: this path came from a file, without its table", status = "not_implemented")
    below <- which(object$lambda < s)
    above <- which(object$lambda > s)
    rows <- chosen(object, c(if (length(below)) max(below), if (length(above)) min(above)), walk, start)
    core(c_solve, object$spec, object$weights[, rows], as.double(s), list(solver = list()))$w
}
