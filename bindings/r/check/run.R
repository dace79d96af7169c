# run.R FOLDER FILE: one file of the tests, against the installed package. 77: testthat is missing.
args <- commandArgs(TRUE)
if (!requireNamespace("testthat", quietly = TRUE)) {
    cat("testthat is not here: the R package is not tested (Debian: r-cran-testthat)\n")
    quit(status = 77)
}
library(testthat)
library(ridgewalk)
setwd(args[1])
test_file(args[2], package = "ridgewalk", load_package = "installed", reporter = "check", stop_on_failure = TRUE)
