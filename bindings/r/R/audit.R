# Somebody's sweep, of which only penalty, error and size of the weights are known.

# Names that people give such columns; the first wins over all others. The program and the Python package have the same.
audit_names <- list(
    lambda = c("lambda", "alpha", "weight_decay", "decay", "l2", "lam", "wd", "reg", "lambda_", "l2_penalty", "ridge", "reg_lambda"),
    mse = c("mse", "train_mse", "mse_train", "training_mse", "error", "loss", "sse", "train_loss", "training_loss", "train_error", "rss"),
    objective = c("objective", "total_loss", "loss", "total", "cost", "j", "train_loss"),
    penalty = c("penalty", "norm2", "ssw", "sum_squares", "squared_norm", "r", "l2_sq", "norm_squared", "sumsq", "sum_sq_weights", "w2",
                "wnorm2"),
    norm = c("norm", "weight_norm", "l2_norm", "w_norm", "wnorm", "norm_w"))

find_column <- function(frame, known, chosen, what, option) {
    numeric <- names(frame)[vapply(frame, is.numeric, TRUE)]
    if (!is.null(chosen)) {
        if (!chosen %in% numeric) refuse(option, ": there is no column of numbers '", chosen, "'; there are ", paste(numeric, collapse = ", "))
        return(as.double(frame[[chosen]]))
    }
    plain <- gsub("[ .-]", "_", tolower(trimws(numeric)))
    found <- numeric[plain == known[1]]
    if (!length(found)) found <- numeric[plain %in% known]
    if (length(found) != 1)
        refuse(if (length(found)) paste("several columns may hold the", what) else paste("no column is named like", what),
               "; say which by ", option, " (columns: ", paste(numeric, collapse = ", "), ")", status = "data")
    as.double(frame[[found]])
}

audit <- function(frame, lambda = NULL, mse = NULL, penalty = NULL, rows = NULL, convention = NULL, objective = FALSE, norm = FALSE,
                  log_lambda = FALSE) {
    if (inherits(frame, "ridgewalk")) frame <- frame$points[c("lambda", "mse", "penalty")]
    if (!is.data.frame(frame)) frame <- as.data.frame(frame)
    given <- list(find_column(frame, audit_names$lambda, lambda, "penalties", "lambda"),
                  find_column(frame, if (objective) audit_names$objective else audit_names$mse, mse, "mean squared errors", "mse"),
                  find_column(frame, if (norm) audit_names$norm else audit_names$penalty, penalty, "sums of squared weights", "penalty"))
    if (!is.null(rows) && (!is.numeric(rows) || length(rows) != 1 || !is.finite(rows) || rows <= 0)) refuse("rows: a number of rows is wanted")
    errors <- Map(function(x, chosen) .Call(c_rounding, x, chosen), given, c(TRUE, FALSE, FALSE))
    settings <- list(objective = as.double(flag(objective, "objective")), rows = if (is.null(rows)) 0 else as.double(rows))
    unit <- 1
    if (!is.null(convention)) {
        one_of(convention, "convention")
        n <- if (is.null(rows)) 1 else as.double(rows)
        factor <- function(n) with(core(c_scale, convention, n), lambda_scale / (loss_scale * n))
        if (is.null(rows) && factor(1) != factor(2))
            refuse("rows: the penalty of ", convention, " is on another scale for another number of rows; say how many")
        settings$factor <- factor(n)
        if (objective) unit <- core(c_scale, convention, n)$loss_scale * n
    }
    given[[2]] <- given[[2]] / unit
    errors[[2]] <- errors[[2]] / unit
    if (flag(log_lambda, "log_lambda")) {
        raised <- exp(given[[1]])
        errors[[1]] <- raised * (errors[[1]] + 4e-16 * abs(given[[1]]))
        given[[1]] <- raised
    }
    if (flag(norm, "norm")) {
        errors[[3]] <- errors[[3]] * (2 * given[[3]] + errors[[3]])
        given[[3]] <- given[[3]]^2
    }
    found <- core(c_audit, unname(c(given, errors)), settings, convention)
    summary <- found$summary
    points <- as.data.frame(found$points)
    points$dominated_by <- found$dominated_by
    falls <- as.data.frame(found$drops)
    for (name in c("from", "to", "restart", "with")) falls[[name]] <- falls[[name]] + 1
    if (found$scale == "none") summary[c("factor", "convention", "low", "high")] <- NA
    structure(list(verdict = summary$verdict, reason = summary$reason, scale = c(list(scale = found$scale),
                                                                                   summary[setdiff(names(summary), c("verdict", "reason"))]),
                   points = points, drops = falls), class = "ridgewalk_audit")
}

print.ridgewalk_audit <- function(x, ...) {
    cat(strwrap(paste0(x$verdict, ": ", x$reason), exdent = 2), sep = "\n")
    for (i in which(x$points$excess > 0)) {
        by <- x$points$dominated_by[i]
        cat(strwrap(paste0("row ", i, " (lambda ", lambda_text(x$points$lambda[i]), ") is not global, by ", signif(x$points$excess[i], 4),
                           ": fit it again from the weights of row ", by, " (lambda ", lambda_text(x$points$lambda[by]), ")"),
                    indent = 2, exdent = 4), sep = "\n")
    }
    invisible(x)
}

convert_lambda <- function(from, to, n = NULL, value = 1) {
    if (!is.numeric(value) || any(!is.finite(value)) || any(value < 0)) refuse("value: penalties are wanted, finite numbers from 0 on")
    one_of(from, "convention", "from")
    one_of(to, "convention", "to")
    times <- function(n) {
        a <- core(c_scale, from, n)
        b <- core(c_scale, to, n)
        (a$lambda_scale / a$loss_scale) / (b$lambda_scale / b$loss_scale)
    }
    if (is.null(n)) {
        if (times(1) != times(2)) refuse("n: from ", from, " to ", to, " sums meet means; say how many rows there were")
        n <- 1
    }
    if (!is.numeric(n) || length(n) != 1 || !is.finite(n) || n <= 0) refuse("n: a number of rows is wanted")
    value * times(as.double(n))
}
