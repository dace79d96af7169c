# Calls into the library, and conditions out of it.

# What is remembered of this process.
state <- new.env(parent = emptyenv())

# An error with classes: ridgewalk_data, ridgewalk_invalid_argument, ..., and ridgewalk_error.
refuse <- function(..., status = "invalid_argument") {
    stop(structure(class = c(paste0("ridgewalk_", status), "ridgewalk_error", "error", "condition"),
                   list(message = paste0(...), call = NULL)))
}

# An interrupt that a C function has seen, handed on as R would have done.
interrupt <- function() {
    signalCondition(structure(class = c("interrupt", "condition"), list(message = "", call = NULL)))
    invokeRestart("abort")
}

core <- function(routine, ...) {
    result <- .Call(routine, ...)
    if (inherits(result, "ridgewalk_failure")) {
        if (result$interrupted) interrupt()
        refuse(result$text, status = tolower(result$status))
    }
    notes <- attr(result, "notes")
    if (!is.null(notes)) {
        attr(result, "notes") <- NULL
        for (note in strsplit(notes, "\n", fixed = TRUE)[[1]])
            warning(structure(class = c("ridgewalk_note", "warning", "condition"), list(message = note, call = NULL)))
    }
    result
}

# Names and meanings of the library's enumerations: "verdict", "cause", "walk", ...
listed <- function(list) {
    if (is.null(state$lists)) state$lists <- as.data.frame(core(c_lists))
    state$lists[state$lists$list == list, c("name", "meaning")]
}

# GNU's OpenMP does not survive a fork: a child of a process that had threads works with one.
threads_here <- function(threads) {
    threads <- whole(threads, "threads", 0)
    if (is.null(state$pid)) state$pid <- Sys.getpid()
    if (state$pid != Sys.getpid()) return(1)
    threads
}

# What the watcher calls: NULL, or a function of (done, total), which ends the work by FALSE or an error. `settle` raises the
# error, or closes the bar.
watcher <- function(progress) {
    if (isFALSE(progress) || is.null(progress)) return(list(tell = NULL, settle = function() NULL))
    bar <- error <- NULL
    if (isTRUE(progress)) {
        progress <- function(done, total) {
            if (is.null(bar)) bar <<- utils::txtProgressBar(0, total, style = 3, file = stderr())
            utils::setTxtProgressBar(bar, done)
            TRUE
        }
    } else if (!is.function(progress)) {
        refuse("progress: TRUE, FALSE or a function of (done, total) is wanted")
    }
    list(tell = function(done, total) tryCatch(!isFALSE(progress(done, total)),
                                               error = function(e) { error <<- e; FALSE }),
         settle = function() {
             if (!is.null(bar)) close(bar)
             if (!is.null(error)) stop(error)
         })
}

# ---- arguments ----

whole <- function(x, name, least = -Inf) {
    if (!is.numeric(x) || length(x) != 1 || !is.finite(x) || x != round(x) || x < least)
        refuse(name, ": one whole number", if (is.finite(least)) paste0(" from ", least, " on"), " is wanted")
    as.double(x)
}

flag <- function(x, name) {
    if (!is.logical(x) || length(x) != 1 || is.na(x)) refuse(name, ": TRUE or FALSE is wanted")
    x
}

one_of <- function(x, list, name = list) {
    known <- listed(list)$name
    if (!is.character(x) || length(x) != 1 || !x %in% known)
        refuse(name, ": ", if (is.character(x) && length(x) == 1) paste0("'", x, "' is none of ") else "one is wanted of ",
               paste(known, collapse = ", "))
    x
}

# 0.125, "1e-3" or "2^-3".
number <- function(text) {
    parts <- strsplit(trimws(text), "^", fixed = TRUE)[[1]]
    values <- suppressWarnings(as.numeric(parts))
    value <- if (endsWith(text, "^")) NA else if (length(values) == 2) values[1]^values[2] else if (length(values) == 1) values else NA
    if (!is.finite(value)) refuse("lambda: '", text, "' is not a number such as 0.125, 1e-3 or 2^-3")
    value
}

# NULL, "FROM:TO[:FACTOR]", "a,b,c" or numbers: list(lambda =, grid =) of which one is NULL.
read_lambda <- function(lambda) {
    if (is.null(lambda)) return(list())
    if (is.character(lambda) && length(lambda) == 1 && grepl(":", lambda, fixed = TRUE)) {
        ends <- vapply(strsplit(lambda, ":", fixed = TRUE)[[1]], number, 0, USE.NAMES = FALSE)
        if (length(ends) == 2) ends <- c(ends, 2)
        if (length(ends) != 3) refuse("lambda: '", lambda, "' is not FROM:TO[:FACTOR], such as 2^-16:2^2")
        return(list(grid = ends))
    }
    if (is.character(lambda)) lambda <- vapply(unlist(strsplit(lambda, ",", fixed = TRUE)), number, 0, USE.NAMES = FALSE)
    if (!is.numeric(lambda) || !length(lambda) || any(!is.finite(lambda)) || any(lambda <= 0))
        refuse("lambda: positive, finite penalties are wanted, or a grid such as \"2^-16:2^2\"")
    if (anyDuplicated(lambda)) refuse("lambda: a penalty is given twice")
    list(lambda = sort(as.double(lambda)))
}

# 2^-3 where it is a power of two, else six digits.
lambda_text <- function(x) {
    power <- round(log2(x))
    ifelse(is.finite(power) & 2^power == x, paste0("2^", power), trimws(formatC(x, digits = 6, format = "g")))
}

# Settings of a path and of its solver, and so of its certificates, as the program splits its options.
split_settings <- function(settings) {
    of_path <- c("effort", "starts", "seed", "drop_tol", "explain", "explain_points", "collapse_tol")
    of_solver <- c("solver", "grad_tol", "max_iter", "algebra", "dense_limit", "history", "function_tol")
    unknown <- setdiff(names(settings), c(of_path, of_solver))
    if (length(unknown) || length(settings) && (is.null(names(settings)) || any(!nzchar(names(settings)))))
        refuse("there is no argument '", c(unknown, "(without a name)")[1], "'; the settings are ",
               paste(c(of_path, of_solver), collapse = ", "))
    solver <- settings[names(settings) %in% of_solver]
    certify <- solver[names(solver) %in% c("algebra", "dense_limit")]
    if (!is.null(solver$grad_tol)) {
        if (is.null(solver$solver) || identical(solver$solver, "newton"))
            certify$grad_tol <- solver$grad_tol # what was asked for is what is held up
        else if (is.null(solver$function_tol))
            solver$function_tol <- 0 # it is the gradient that is to end the iteration
    }
    list(path = settings[names(settings) %in% of_path], solver = solver, certify = certify)
}

# ---- tables ----

matrix_of <- function(x, name) {
    if (is.data.frame(x)) {
        bad <- names(x)[!vapply(x, function(column) is.numeric(column) || is.logical(column), TRUE)]
        if (length(bad))
            refuse(name, ": column '", bad[1], "' holds no numbers; ridgewalk(formula, data) makes numbers of factors", status = "data")
        x <- as.matrix(x)
    } else if (is.null(dim(x))) {
        if (name == "x") refuse("x: a matrix or a data frame is wanted")
        x <- as.matrix(x)
    }
    if (length(dim(x)) != 2 || !(is.numeric(x) || is.logical(x))) refuse(name, ": a matrix of numbers is wanted")
    if (!nrow(x) || !ncol(x)) refuse(name, ": ", nrow(x), " rows and ", ncol(x), " columns; at least one of each is needed", status = "data")
    bad <- which(!is.finite(x))
    if (length(bad)) {
        at <- arrayInd(bad[1], dim(x))
        refuse(name, ": row ", at[1], ", column ", if (is.null(colnames(x))) at[2] else paste0("'", colnames(x)[at[2]], "'"), " is ",
               x[bad[1]], "; every number must be finite (na.action of the formula's method leaves rows out)", status = "data")
    }
    storage.mode(x) <- "double"
    x
}

row_weights <- function(weights, rows) {
    if (is.null(weights)) return(NULL)
    if (!is.numeric(weights) || length(weights) != rows)
        refuse("weights: ", rows, " numbers are wanted, one a row, not ", length(weights))
    if (any(!is.finite(weights)) || any(weights < 0) || !any(weights > 0))
        refuse("weights: finite numbers from 0 on are wanted, not all of them 0", status = "data")
    as.double(weights)
}

# What the C code calls a spec: a table and a network over it.
spec_of <- function(x, y, weights = NULL, fold = NULL, hidden, activation, convention, standardize = TRUE, hidden_bias = TRUE,
                    output_bias = TRUE, penalise_biases = FALSE, keep_constant = FALSE) {
    if (is.factor(y) || is.character(y) || is.logical(y))
        refuse("y: numbers are wanted; classes are not fitted by a squared error", status = "not_implemented")
    x <- matrix_of(x, "x")
    y <- matrix_of(y, "y")
    if (nrow(x) != nrow(y)) refuse("y: x has ", nrow(x), " rows, and y ", nrow(y))
    weights <- row_weights(weights, nrow(x))
    features <- if (is.null(colnames(x))) paste0("x", seq_len(ncol(x))) else colnames(x)
    targets <- if (!is.null(colnames(y))) colnames(y) else if (ncol(y) == 1) "y" else paste0("y", seq_len(ncol(y)))
    while (any(targets %in% features)) targets <- paste0(targets, "_")
    if (!is.numeric(hidden) || any(is.na(hidden)) || any(hidden < 1) || any(hidden != round(hidden)))
        if (!identical(as.numeric(hidden), 0)) refuse("hidden: widths of layers are wanted, each at least 1; 0 for a linear model")
    list(table = cbind(x, y, weights, fold), names = c(features, targets, if (!is.null(weights)) "(weights)", if (!is.null(fold)) "(fold)"),
         features = features, targets = targets, outputs = as.double(ncol(y)), weighted = !is.null(weights), fold = !is.null(fold),
         standardize = flag(standardize, "standardize"), keep_constant = keep_constant, hidden = as.double(hidden[hidden > 0]),
         settings = list(activation = one_of(activation, "activation"), hidden_bias = flag(hidden_bias, "hidden_bias"),
                         output_bias = flag(output_bias, "output_bias"), penalise_biases = flag(penalise_biases, "penalise_biases")),
         convention = one_of(convention, "convention"))
}
