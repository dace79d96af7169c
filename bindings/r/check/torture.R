# torture.R: every entry of the package's C code while R collects at every allocation (gctorture), where an object that is not
# protected is gone at once. Says so, or crashes. Half an hour or so under valgrind; a minute without.
library(ridgewalk)
set.seed(1)
x <- matrix(rnorm(60), 20, dimnames = list(NULL, c("a", "b", "c")))
y <- x[, 1]^2 + rnorm(20) / 10
folder <- tempfile("torture-")
dir.create(folder)
kept <- file.path(folder, "a.rwk")
path <- ridgewalk(x, y, hidden = 2, lambda = c(0.01, 0.1), effort = "low", threads = 1)
spec <- path$spec
how <- c(path$how[c("path", "solver", "walk")], list(lambda = c(0.01, 0.1), threads = 1, progress = function(done, total) TRUE))
w <- path$weights[, 1]
texts <- ridgewalk:::run_texts(path$network, spec, path$how)
folds <- ridgewalk:::spec_of(x, y, rep(1, 20), rep(1:2, 10), 2, "tanh", "mse")
to_cv <- list(lambda = c(0.01, 0.1), walk = c("up", "best"), threads = 1, folds = list(seed = 0))
sweep <- list(c(1, 2), c(5, 3), c(1.5, 1), c(0, 0), c(0, 0), c(0, 0))
bad <- spec
bad$table[2] <- NaN
c_ <- asNamespace("ridgewalk")
entries <- local({
    list(describe = function() .Call(c_describe, spec), fails = function() .Call(c_describe, bad),
                    path = function() .Call(c_path, spec, how), wrong = function() .Call(c_path, spec, list(path = list(starts = 0.5))),
                    predict = function() .Call(c_predict, path$network$recipe, spec[c("hidden", "settings")], path$weights, x, colnames(x)),
                    certify = function() .Call(c_certify, spec, w, 0.02, list(finish = TRUE)),
                    solve = function() .Call(c_solve, spec, path$weights, 0.02, list()),
                    hessian = function() .Call(c_hessian, spec, w, 0.02), branch = function() .Call(c_branch, spec, w, c(0.01, 0.02), list()),
                    save = function() .Call(c_run_save, path$handle, kept, texts, list(replace = TRUE, pictures = TRUE, explain = TRUE)),
                    load = function() .Call(c_run_load, kept, run_keys),
                    cv = function() .Call(c_cv, folds, to_cv, file.path(folder, "b.rwk"), texts),
                    load_cv = function() .Call(c_run_load, file.path(folder, "b.rwk"), run_keys),
                    audit = function() .Call(c_audit, sweep, list(rows = 20), "nnet"), rounding = function() .Call(c_rounding, sweep[[1]], TRUE),
                    scale = function() .Call(c_scale, "nnet", 20), lists = function() .Call(c_lists))
}, list2env(mget(ls(c_, pattern = "^c_"), c_), parent = globalenv()))
run_keys <- ridgewalk:::run_keys
# All but how long it took.
plain <- function(v) {
    attr(v, "handle") <- NULL
    if (is.list(v)) lapply(v[!names(v) %in% "seconds" | is.null(names(v))], plain) else v
}
for (name in names(entries)) {
    once <- entries[[name]]()
    gctorture(TRUE)
    again <- entries[[name]]()
    gctorture(FALSE)
    invisible(gc())
    same <- identical(plain(once), plain(again))
    cat(name, if (same) "stands\n" else "DIFFERS\n")
    if (!same) quit(status = 1)
}
cat("torture: nothing found\n")
