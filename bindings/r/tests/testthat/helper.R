# What the tests share. No fit here takes more than a second or so.

x_of <- function(rows = 442) as.matrix(diabetes[seq_len(rows), 1:10])
y_of <- function(rows = 442) diabetes$progression[seq_len(rows)]

small <- function(seed = 1, rows = 40) {
    r <- local({ set.seed(seed); matrix(rnorm(4 * rows), rows) })
    list(x = r[, 1:3], y = sin(r[, 1]) + r[, 2]^2 / 2 + 0.1 * r[, 4])
}

# A table as a CSV file with every digit.
csv_of <- function(frame) {
    file <- tempfile(fileext = ".csv")
    frame[] <- lapply(frame, function(column) if (is.numeric(column)) format(column, digits = 17, trim = TRUE) else column)
    utils::write.csv(frame, file, row.names = FALSE, quote = FALSE)
    file
}

# The program's run of a table: what it wrote, read back.
by_program <- function(verb, frame, ...) {
    program <- tryCatch(ridgewalk:::program(), error = function(e) testthat::skip("the program ridgewalk is not installed"))
    out <- tempfile(fileext = ".rwk")
    said <- suppressWarnings(system2(program, c(verb, csv_of(frame), ..., "--out", out, "--quiet"), stdout = TRUE, stderr = TRUE))
    expect_true(is.null(attr(said, "status")) || attr(said, "status") == 1, info = paste(said, collapse = "\n"))
    read_run(out)
}

# Bits, not tolerances.
expect_same_bits <- function(a, b, but = character()) {
    for (name in setdiff(names(b), c(but, "seconds"))) expect_identical(a[[name]], b[[name]], info = name)
}

# A network's output and objective in plain R, which share no code with the library.
forward <- function(layers, x, activation) {
    for (l in seq_along(layers)) {
        x <- x %*% layers[[l]]$W
        if (!is.null(layers[[l]]$b)) x <- sweep(x, 2, layers[[l]]$b, `+`)
        if (l < length(layers)) x <- activation(x)
    }
    x
}

logistic <- function(z) 1 / (1 + exp(-z))
