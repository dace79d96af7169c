# Where the error falls while the penalty rises, and why.

drops <- function(object, jumps = FALSE) {
    if (inherits(object, "cv.ridgewalk")) object <- object$ridgewalk.fit
    if (!inherits(object, "ridgewalk")) refuse("object: a path of ridgewalk() is wanted")
    if (!flag(jumps, "jumps")) return(object$drops)
    all <- rbind(object$drops, object$jumps)
    structure(all, class = c("ridgewalk_drops", "data.frame"))
}

print.ridgewalk_drops <- function(x, ...) {
    if (!nrow(x)) {
        cat("no drops\n")
        return(invisible(x))
    }
    shown <- c("walk", "start", "lambda_from", "lambda_to", "mse_from", "mse_to", "cause", "at")
    if (!all(shown %in% names(x))) return(NextMethod())
    table <- as.data.frame(unclass(x)[shown])
    for (name in c("lambda_from", "lambda_to", "at")) table[[name]] <- lambda_text(table[[name]])
    print(table)
    invisible(x)
}

sentence <- function(d, symbol) {
    g <- function(x, digits = 6) trimws(formatC(x, digits = digits, format = "g"))
    e <- function(x, digits = 1) formatC(x, digits = digits, format = "e")
    before <- lambda_text(d$lambda_from)
    after <- lambda_text(d$lambda_to)
    at <- paste0(symbol, " = ", g(d$at))
    gives_way <- if (is.finite(d$null_weights))
        paste0("; it gives way in about ", max(1, round(d$null_weights)), " weights", if (nzchar(d$moves)) paste0(" (", d$moves, ")"))
    why <- switch(d$cause,
        unconverged = paste0("Not converged: the gradient is ", e(d$grad_inf_from), " and ", e(d$grad_inf_to), ".",
            if (is.finite(d$finished_mse_from) && is.finite(d$finished_mse_to))
                paste0(" Finished by Newton's method the two fits have ", g(d$finished_mse_from), " and ", g(d$finished_mse_to),
                       if (d$finished_mse_to < d$finished_mse_from) ": a drop is still there." else ": the drop is gone.")),
        saddle = paste0("The fit at ", lambda_text(d$at), " is a saddle (smallest eigenvalue ", e(d$branch_min_eig, 2), ")",
            if (is.finite(d$falls_by)) paste0("; left along it, the objective falls by at least ", g(d$falls_by, 3)), "."),
        nonsmooth = paste0("The fit at ", lambda_text(d$at), " sits on a kink of the activation."),
        fold = paste0("The branch of minima ends in a fold at ", at, ", where it has ", g(d$branch_mse), gives_way, "."),
        branch_point = paste0("The branch of minima splits at ", at, ", where it has ", g(d$branch_mse), gives_way, "."),
        revival = paste0(if (nzchar(d$note) && is.finite(d$bias))
            paste0("At ", at, " a way down opens from a dead unit (", d$note, " at ", g(d$bias, 3),
                   ", by sliding it to where the activation is steepest)")
            else paste0("The fit at ", at, " has a dead unit whose bias can slide to where the objective falls"), gives_way, "."),
        jump = paste0("Both are minima, and the branch goes on from one penalty to the other, with ", g(d$branch_mse),
                      " at its end: the next fit is on another branch."),
        paste0("Not explained: ", if (nzchar(d$note)) d$note else "the branch was not followed", "."))
    from <- d$excess_from >= d$excess_to
    proof <- if (!d$rise)
        paste0(" The fit at ", if (from) before else after, " is not global: the weights found at ", if (from) after else before,
               " beat it there by ", g(max(d$excess_from, d$excess_to), 3), " (", g(d$certain, 3), " is certain from the fall alone).")
    paste0(d$walk, if (d$start > 0) paste0(" ", d$start), ": ", before, " -> ", after, ": ", g(d$mse_from), " -> ", g(d$mse_to), ". ",
           why, proof)
}

explain <- function(object, i = NULL, jumps = FALSE) {
    if (inherits(object, "cv.ridgewalk")) object <- object$ridgewalk.fit
    d <- drops(object, jumps)
    if (is.null(i)) i <- seq_len(nrow(d))
    if (!is.numeric(i) || any(!i %in% seq_len(nrow(d)))) refuse("i: there are ", nrow(d), " drops, numbered from 1")
    said <- vapply(i, function(k) sentence(as.list(d[k, ]), object$network$scale$symbol), "")
    structure(said, class = "ridgewalk_explanation")
}

print.ridgewalk_explanation <- function(x, ...) {
    for (text in unclass(x)) cat(strwrap(text, exdent = 2), sep = "\n")
    if (!length(x)) cat("no drops: in every walk the error rises with the penalty\n")
    invisible(x)
}

# The branch of minima through a fit, point by point.
branch <- function(object, s, to = NULL, walk = NULL, start = NULL, ...) {
    if (!inherits(object, "ridgewalk")) refuse("object: a path of ridgewalk() is wanted")
    if (is.null(object$spec$table)) refuse("object: this path came from a file, without its table", status = "not_implemented")
    at <- places(object, s)
    if (length(s) != 1 || is.na(at)) refuse("s: one penalty of the path is wanted", status = "no_such_lambda")
    if (is.null(to)) to <- if (at < length(object$lambda)) object$lambda[at + 1] else 2 * s
    if (!is.numeric(to) || length(to) != 1 || !is.finite(to) || to <= 0 || to == s) refuse("to: another penalty is wanted")
    found <- core(c_branch, object$spec, object$weights[, chosen(object, at, walk, start)], as.double(c(object$lambda[at], to)), list(...))
    scale <- object$network$scale
    tidy <- function(x) {
        for (name in intersect(c("lambda", "low", "high", "lambda_beyond"), names(x))) x[[name]] <- x[[name]] / scale$lambda_scale
        x$mse <- x$loss / (scale$loss_scale * scale$n)
        as.data.frame(x)
    }
    list(points = tidy(found$points), events = tidy(found$events), weights = found$w)
}
