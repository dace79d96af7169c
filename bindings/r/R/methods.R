# What people ask of a path.

kind_words <- c(strict_min = "strict minimum", degenerate_min = "minimum (flat directions explained)", saddle = "saddle",
                not_stationary = "not stationary", nonsmooth = "on a kink", inconclusive = "inconclusive")

kind <- function(verdict, escapable = FALSE)
    ifelse(verdict == "degenerate_min" & escapable, "escapable minimum", unname(kind_words[verdict]))

heading <- function(object) {
    n <- object$network
    layers <- c(n$layers$inputs[1], n$layers$outputs)
    paste0("J = ", n$scale$objective, ", R = sum of squared weights", if (biases_penalised(object)) " and biases" else ", biases free", "\n",
           n$rows, " rows; net ", paste(layers, collapse = "-"), " ", object$spec$settings$activation, ", ", n$dim,
           " weights and biases; ", if (object$spec$standardize) "features and target standardised" else "numbers as they are", "\n")
}

biases_penalised <- function(object) object$network$scale$penalise_biases || isTRUE(object$spec$settings$penalise_biases)

# A row a penalty: of a walk, or else of best, or else the lowest.
path_table <- function(object, walk = NULL) {
    p <- object$points[chosen(object, seq_along(object$lambda), walk), ]
    data.frame(Lambda = lambda_text(p$lambda), MSE = p$mse, `%Dev` = 100 * (1 - p$mse / object$network$null_mse), Df = p$df,
               `|grad|` = p$grad_inf, kind = kind(p$verdict, p$escapable), check.names = FALSE)
}

print.ridgewalk <- function(x, walk = NULL, digits = max(3, getOption("digits") - 3), ...) {
    if (!is.null(x$call)) cat("\nCall: ", paste(deparse(x$call), collapse = "\n"), "\n\n", sep = "")
    cat(heading(x), "\n", sep = "")
    table <- path_table(x, walk)
    symbol <- x$network$scale$symbol
    names(table)[1] <- if (symbol == "lambda") "Lambda" else symbol
    table$MSE <- format(signif(table$MSE, digits))
    table[["%Dev"]] <- format(round(table[["%Dev"]], 2))
    table$Df <- format(round(table$Df, 1))
    table[["|grad|"]] <- formatC(table[["|grad|"]], digits = 0, format = "e")
    print(table, right = FALSE, row.names = FALSE)
    falls <- table(factor(x$drops$walk, unique(x$points$walk)))
    cat("\n", if (!nrow(x$drops)) "In every walk the error rises with the penalty."
        else paste0("The error falls while the penalty rises: ", paste(names(falls)[falls > 0], falls[falls > 0], collapse = ", "),
                    "; drops() and explain() tell why."), "\n", sep = "")
    invisible(x)
}

summary.ridgewalk <- function(object, ...) {
    p <- object$points
    counts <- table(kind(p$verdict, p$escapable))
    structure(list(object = object, kinds = counts, certified = sum(certified(p)), fits = nrow(p), seconds = object$seconds,
                   table = path_table(object), explanation = explain(object), lambda_collapse = object$lambda_collapse,
                   lambda_c = object$lambda_c), class = "summary.ridgewalk")
}

print.summary.ridgewalk <- function(x, ...) {
    print(x$object)
    cat("\n", x$fits, " fits in ", format(round(x$seconds, 2)), " s: ", paste(x$kinds, names(x$kinds), collapse = "; "), ".\n", sep = "")
    if (length(x$explanation)) print(x$explanation)
    best <- x$object$origins
    if (nrow(best)) {
        rows <- chosen(x$object, best$index, "best")
        below <- which(best$won > 1e-9 * abs(x$object$points$objective[rows]))
        if (length(below)) {
            most <- below[which.max(best$won[below])]
            cat("best is below every other walk at ", length(below), " of ", nrow(best), " penalties, at most by ",
                signif(best$won[most], 3), " in the objective, at ", lambda_text(x$object$lambda[best$index[most]]), ".\n", sep = "")
        }
    }
    if (is.finite(x$lambda_collapse)) {
        cat("All weights are zero from ", x$object$network$scale$symbol, " = ", signif(x$lambda_collapse, 6), " on", sep = "")
        if (is.finite(x$lambda_c)) cat("; the theory's lambda_c is ", signif(x$lambda_c, 6), sep = "")
        cat(".\n")
    }
    invisible(x)
}

nobs.ridgewalk <- function(object, ...) object$network$rows

# ---- weights ----

# Names of the weights in their order: "bmi->h3", "b->h3", "h3->o".
weight_names <- function(object) {
    layers <- object$network$layers
    count <- length(layers$inputs)
    from <- object$network$inputs
    unlist(lapply(seq_len(count), function(l) {
        units <- seq_len(layers$outputs[l])
        to <- if (l < count) paste0("h", if (count > 2) paste0(l, "."), units) else if (length(units) == 1) "o" else paste0("o", units)
        names <- c(outer(to, from, function(t, f) paste0(f, "->", t)), if (!is.na(layers$b[l])) paste0("b->", to))
        from <<- to
        names
    }))
}

# Matrices W [inputs x outputs] and vectors b of the layers.
layers_of <- function(object, w) {
    layers <- object$network$layers
    lapply(seq_along(layers$inputs), function(l) {
        size <- layers$inputs[l] * layers$outputs[l]
        list(W = matrix(w[layers$W[l] + seq_len(size)], layers$inputs[l], layers$outputs[l], byrow = TRUE),
             b = if (!is.na(layers$b[l])) w[layers$b[l] + seq_len(layers$outputs[l])])
    })
}

coef.ridgewalk <- function(object, s = NULL, walk = NULL, start = NULL, refit = FALSE, layers = FALSE, ...) {
    if (is.null(s)) s <- object$lambda
    w <- fits_at(object, s, walk, start, refit)
    if (flag(layers, "layers")) {
        lists <- lapply(seq_along(s), function(k) layers_of(object, w[, k]))
        return(if (length(s) == 1) lists[[1]] else stats::setNames(lists, lambda_text(s)))
    }
    dimnames(w) <- list(weight_names(object), lambda_text(s))
    if (length(s) == 1) w[, 1] else w
}

# ---- predictions ----

new_table <- function(object, newdata) {
    if (!is.null(object$terms)) {
        if (!is.data.frame(newdata)) refuse("newdata: a data frame is wanted, as the path was made by a formula")
        terms <- stats::delete.response(object$terms)
        frame <- stats::model.frame(terms, newdata, na.action = stats::na.pass, xlev = object$xlevels)
        x <- stats::model.matrix(terms, frame, object$contrasts)
        return(matrix_of(x[, colnames(x) != "(Intercept)", drop = FALSE], "newdata"))
    }
    features <- object$spec$features
    if (is.null(dim(newdata)) && is.numeric(newdata)) newdata <- matrix(newdata, 1)
    x <- matrix_of(newdata, "newdata")
    if (!is.null(features) && all(features %in% colnames(x))) return(x[, features, drop = FALSE])
    if (is.null(features)) {
        if (is.null(colnames(x))) refuse("newdata: its columns need names, as the path came from a file")
    } else if (ncol(x) != length(features) || !is.null(colnames(x)) && any(colnames(x) != paste0("x", seq_len(ncol(x))))) {
        missed <- setdiff(features, colnames(x))
        refuse("newdata: ", if (is.null(colnames(x))) paste0(ncol(x), " columns, and the path was walked on ", length(features))
               else paste0("there is no column '", missed[1], "'"), status = "data")
    } else {
        colnames(x) <- features
    }
    x
}

# [rows x outputs x fits] in the targets' own units, for weights [dim x fits].
predictions <- function(object, x, weights)
    core(c_predict, object$network$recipe, object$spec[c("hidden", "settings")], weights, x, colnames(x))

training_table <- function(object) {
    if (is.null(object$spec$table)) refuse("newdata: this path came from a file, without its table; give the rows", status = "not_implemented")
    x <- object$spec$table[, seq_along(object$spec$features), drop = FALSE]
    colnames(x) <- object$spec$features
    x
}

predict.ridgewalk <- function(object, newdata, s = NULL, walk = NULL, start = NULL, refit = FALSE, ...) {
    x <- if (missing(newdata)) training_table(object) else new_table(object, newdata)
    if (is.null(s)) s <- object$lambda
    shape_predictions(predictions(object, x, fits_at(object, s, walk, start, flag(refit, "refit"))), x, object$spec$targets, lambda_text(s))
}

# A vector, a matrix [rows x penalties] or [rows x targets], or all three.
shape_predictions <- function(f, x, targets, s) {
    dimnames(f) <- list(rownames(x), targets, s)
    if (dim(f)[2] == 1 && dim(f)[3] == 1) return(stats::setNames(f[, 1, 1], rownames(x)))
    if (dim(f)[2] == 1) return(matrix(f, dim(f)[1], dimnames = dimnames(f)[c(1, 3)]))
    if (dim(f)[3] == 1) return(matrix(f, dim(f)[1], dimnames = dimnames(f)[1:2]))
    f
}

fitted.ridgewalk <- function(object, s = NULL, ...) predict.ridgewalk(object, s = s, ...)

residuals.ridgewalk <- function(object, s = NULL, ...) {
    fit <- fitted.ridgewalk(object, s = s, ...)
    y <- object$spec$table[, length(object$spec$features) + seq_len(object$spec$outputs), drop = FALSE]
    if (ncol(y) == 1) as.vector(y) - fit else array(y, dim(fit)) - fit
}
