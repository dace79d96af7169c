# leaks.R [N]: does memory grow over N rounds of fits, cross-validations, certificates, run files, refusals and interrupts?
# Prints the resident memory as it goes; fails where the second half adds more than 8 MB. Or, under valgrind with N = 1 (minutes):
#   R -d "valgrind --leak-check=full" --vanilla -f bindings/r/check/leaks.R --args 1
library(ridgewalk)
n <- c(as.numeric(commandArgs(TRUE)), 400)[1]
resident <- function() as.numeric(strsplit(grep("^VmRSS", readLines("/proc/self/status"), value = TRUE), "[[:space:]]+")[[1]][2]) / 1024
set.seed(1)
x <- matrix(rnorm(300), 100)
y <- x[, 1]^2 + rnorm(100) / 10
slow <- matrix(rnorm(3000), 300)
one_round <- function() {
    path <- ridgewalk(x, y, hidden = 3, lambda = c(0.01, 0.1), walk = c("up", "best"), effort = "low")
    predict(path, x, s = 0.03, refit = TRUE)
    certify(path, s = 0.1, hessian = TRUE)
    write_run(path, file <- tempfile())
    read_run(file)
    unlink(file)
    cv.ridgewalk(x, y, hidden = 2, lambda = 0.1, nfolds = 2)
    try(ridgewalk(x, replace(y, 3, NA)), silent = TRUE)
    try(ridgewalk(x, y, lambda = 0.1, grad_tol = -1), silent = TRUE)
    tryCatch(ridgewalk(slow, slow[, 1], hidden = 10, progress = function(done, total) FALSE), ridgewalk_cancelled = function(e) NULL)
    end <- tryCatch(ridgewalk(slow, slow[, 1]^2, hidden = 20, lambda = "2^-16:2^2", effort = "high", starts = 50,
                              progress = function(done, total) tools::pskill(Sys.getpid(), tools::SIGINT)), interrupt = function(e) "told")
    stopifnot(identical(end, "told"))
}
first <- NA
for (k in seq_len(n)) {
    one_round()
    if (k %% ceiling(n / 8) == 0) {
        invisible(gc())
        cat(k, "rounds:", round(resident(), 1), "MB\n")
    }
    if (k == ceiling(n / 2)) first <- { gc(); resident() }
}
gc()
grown <- resident() - first
cat("the second half added", format(grown, digits = 3), "MB\n")
if (n > 10 && grown > 8) quit(status = 1)
