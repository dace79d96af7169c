# Which penalty predicts best what was not seen.

cv.ridgewalk <- function(x, ...) UseMethod("cv.ridgewalk")

cv.ridgewalk.default <- function(x, y, weights = NULL, lambda = NULL, nfolds = 5, foldid = NULL, repeats = 1, stratify = TRUE,
                                 ensemble = 1, hidden = 8, activation = "tanh", walk = c("up", "best"), effort = "low", starts = 1,
                                 seed = 0, convention = "mse", standardize = TRUE, hidden_bias = TRUE, output_bias = TRUE,
                                 penalise_biases = FALSE, threads = getOption("ridgewalk.threads", 0), progress = FALSE, ...) {
    call <- match.call()
    call[[1]] <- quote(cv.ridgewalk)
    x <- matrix_of(x, "x")
    if (!is.null(foldid)) {
        if (length(foldid) != nrow(x) || anyNA(foldid)) refuse("foldid: ", nrow(x), " folds are wanted, one a row, not ", length(foldid))
        if (!missing(nfolds)) refuse("nfolds: foldid says how many folds there are; leave one of the two out")
        fold <- as.double(match(foldid, sort(unique(foldid))))
    }
    if (!"best" %in% walk) refuse("walk: best must be among them, for it is what is cross-validated")
    spec <- spec_of(x, y, weights, if (!is.null(foldid)) fold, hidden, activation, convention, standardize, hidden_bias, output_bias,
                    penalise_biases)
    how <- read_how(lambda, walk, NULL, threads, effort = effort, starts = starts, seed = seed, ...)
    how$folds <- list(seed = as.double(seed), repeats = whole(repeats, "repeats", 1), stratify = flag(stratify, "stratify"))
    if (is.null(foldid)) how$folds$count <- whole(nfolds, "nfolds", 2)
    how$ensemble <- whole(ensemble, "ensemble", 1)
    file <- tempfile("cv-", fileext = ".rwk")
    on.exit(unlink(paste0(file, c("", "-wal", "-shm", "-journal"))))
    watch <- watcher(progress)
    how$progress <- watch$tell
    network <- core(c_describe, spec)
    texts <- run_texts(network, spec, how, lambda, verb = "cv", folds = if (is.null(foldid)) nfolds, repeats = repeats,
                       ensemble = ensemble, stratify = stratify)
    found <- tryCatch(core(c_cv, spec, how, file, texts), ridgewalk_cancelled = function(e) { watch$settle(); stop(e) })
    watch$settle()
    new_cv(core(c_run_load, file, names(texts)), found, spec, how, call, readBin(file, "raw", file.size(file)))
}

cv.ridgewalk.formula <- function(formula, data, weights, subset, na.action, contrasts = NULL, ...) {
    call <- match.call()
    call[[1]] <- quote(cv.ridgewalk)
    frame <- frame_of(call, parent.frame(), contrasts)
    cv <- cv.ridgewalk.default(frame$x, frame$y, weights = frame$weights, ...)
    cv$call <- cv$ridgewalk.fit$call <- call
    cv$ridgewalk.fit[c("terms", "xlevels", "contrasts", "na.action")] <- frame[c("terms", "xlevels", "contrasts", "na.action")]
    cv
}

new_cv <- function(loaded, network, spec, how, call, run) {
    points <- loaded$cv$points
    summary <- loaded$cv$summary
    rows <- as.data.frame(loaded$cv$rows)
    scale <- network$scale
    fits <- split_fits(loaded$fits)
    loaded$network <- network
    loaded$fits <- fits$own
    path <- new_path(loaded, spec, how, call)
    own <- match(paste("best", seq_along(path$lambda)), paste(path$points$walk, path$points$index))
    path$points$df[own] <- points$parameters_gn
    path$points$df_hessian[own] <- points$parameters
    lambda <- points$lambda / scale$lambda_scale
    rmse <- function(column) vapply(sort(unique(rows$output)), function(k) {
        r <- rows[rows$output == k, ]
        sqrt(sum(r$weight * (r$observed - r[[column]])^2) / sum(r$weight))
    }, 0)
    first <- rows[rows$output == 0, ]
    folds <- matrix(first$fold + 1, summary$rows, summary$repeats)
    structure(list(call = call, lambda = lambda, cvm = points$mean, cvsd = points$se, cvup = points$mean + points$se,
                   cvlo = points$mean - points$se, df = points$parameters_gn, df_hessian = points$parameters,
                   explained = points$explained, lambda.min = lambda[summary$index_min + 1], lambda.1se = lambda[summary$index_1se + 1],
                   index = c(min = summary$index_min + 1, `1se` = summary$index_1se + 1), nfolds = summary$folds,
                   repeats = summary$repeats, ensemble = summary$ensemble, foldid = if (summary$repeats == 1) folds[, 1] else folds,
                   rmse = list(min = rmse("at_min"), `1se` = rmse("at_1se")), held_out = rows, end = summary$end, seconds = summary$seconds,
                   members = fits$members, ridgewalk.fit = path, run = run,
                   name = "squared error of what was held out, in variances of the target"), class = "cv.ridgewalk")
}

# Of a file's fits: those of the walks (of several cold starts the best is the walk's), and the further members of an ensemble,
# which are fits of best with start 1, 2, ...
split_fits <- function(fits) {
    take <- function(rows) list(fit = lapply(fits$fit, `[`, rows), certificate = lapply(fits$certificate, `[`, rows),
                                w = fits$w[, rows, drop = FALSE])
    walk <- fits$fit$walk
    index <- fits$fit$index
    member <- walk == "best" & fits$fit$start > 0
    cold <- which(walk == "cold")
    cold <- cold[order(index[cold], fits$certificate$objective[cold])]
    cold <- cold[!duplicated(index[cold])]
    own <- take(sort(c(which(!member & walk != "cold"), cold)))
    own$fit$start[own$fit$walk == "cold"] <- 0L
    list(own = own, members = if (any(member)) list(index = index[member] + 1, w = fits$w[, member, drop = FALSE]))
}

print.cv.ridgewalk <- function(x, digits = max(3, getOption("digits") - 3), ...) {
    cat("\nCall: ", paste(deparse(x$call), collapse = "\n"), "\n\nMeasure: ", x$name, "\n\n", sep = "")
    at <- x$index
    print(data.frame(Lambda = lambda_text(x$lambda[at]), Index = at, Measure = signif(x$cvm[at], digits), SE = signif(x$cvsd[at], digits),
                     Df = round(x$df[at], 1), RMSE = c(paste(signif(x$rmse$min, digits), collapse = ", "),
                                                       paste(signif(x$rmse$`1se`, digits), collapse = ", ")),
                     kind = kind(best_points(x)$verdict[at], best_points(x)$escapable[at]), row.names = c("min", "1se")))
    if (x$end)
        cat("lambda.min is the ", if (x$end < 0) "smallest" else "largest", " penalty of the grid: the best may lie beyond.\n", sep = "")
    invisible(x)
}

best_points <- function(cv) cv$ridgewalk.fit$points[chosen(cv$ridgewalk.fit, seq_along(cv$lambda), "best"), ]

# "lambda.min", "lambda.1se" or penalties.
choose_lambda <- function(object, s) {
    if (!is.character(s)) return(s)
    if (length(s) != 1 || !s %in% c("lambda.min", "lambda.1se")) refuse("s: \"lambda.min\", \"lambda.1se\" or penalties are wanted")
    object[[s]]
}

coef.cv.ridgewalk <- function(object, s = "lambda.1se", ...) coef.ridgewalk(object$ridgewalk.fit, choose_lambda(object, s), ...)

predict.cv.ridgewalk <- function(object, newdata, s = "lambda.1se", refit = FALSE, ...) {
    path <- object$ridgewalk.fit
    s <- choose_lambda(object, s)
    x <- if (missing(newdata)) training_table(path) else new_table(path, newdata)
    f <- predictions(path, x, fits_at(path, s, "best", refit = refit))
    if (!is.null(object$members)) { # an ensemble: the mean over the lowest minima
        at <- places(path, s)
        for (k in which(!is.na(at))) {
            more <- object$members$w[, object$members$index == at[k], drop = FALSE]
            if (!ncol(more)) next
            others <- predictions(path, x, more)
            sum <- f[, , k]
            for (m in seq_len(ncol(more))) sum <- sum + others[, , m]
            f[, , k] <- sum / (1 + ncol(more))
        }
    }
    shape_predictions(f, x, path$spec$targets, lambda_text(s))
}
