test_that("a path has the program's numbers, to the last bit", {
    cases <- list(list(list(hidden = 4, lambda = "2^-9:2^1", seed = 3, effort = "low"),
                       c("--hidden", 4, "--lambda", "2^-9:2^1", "--seed", 3, "--effort", "low")),
                  list(list(hidden = c(3, 2), lambda = "0.5:64:4", walk = "up", convention = "sklearn", starts = 2, standardize = FALSE,
                            activation = "logistic", solver = "lbfgs", max_iter = 40, explain = FALSE),
                       c("--hidden", "3,2", "--lambda", "0.5:64:4", "--walk", "up", "--convention", "sklearn", "--starts", 2,
                         "--no-standardize", "--activation", "logistic", "--solver", "lbfgs", "--max-iter", 40, "--no-explain")))
    for (case in cases) {
        ours <- do.call(ridgewalk, c(list(x_of(), diabetes["progression"], threads = 1), case[[1]]))
        theirs <- by_program("path", diabetes, "--target", "progression", "--threads", 1, case[[2]])
        expect_identical(ours$lambda, theirs$lambda)
        expect_identical(ours$weights, theirs$weights)
        expect_same_bits(ours$points, theirs$points, c("df", "df_hessian"))
        expect_same_bits(ours$drops, theirs$drops)
        expect_same_bits(ours$jumps, theirs$jumps)
        expect_same_bits(ours$origins, theirs$origins)
        expect_identical(ours$lambda_collapse, theirs$lambda_collapse)
        expect_identical(ours$lambda_c, theirs$lambda_c)
        expect_identical(ours$network$fingerprint, theirs$network$fingerprint)
        s <- ours$lambda[2]
        expect_identical(unname(predict(ours, s = s)), unname(predict(theirs, diabetes[1:10], s = s)))
    }
    expect_gt(nrow(ours$drops) + nrow(ours$jumps), 0)
})

test_that("the numbers do not depend on threads, and whoever was forked has one", {
    d <- small()
    one <- ridgewalk(d$x, d$y, lambda = c(0.01, 0.1), threads = 1, effort = "low", hidden = 3)
    two <- ridgewalk(d$x, d$y, lambda = c(0.1, 0.01), threads = 2, effort = "low", hidden = 3)
    expect_identical(one$weights, two$weights)
    skip_on_os("windows")
    fork <- parallel::mclapply(1, function(k) ridgewalk(d$x, d$y, lambda = c(0.01, 0.1), threads = 2, effort = "low", hidden = 3)$weights)
    expect_identical(fork[[1]], one$weights)
})

test_that("objective, gradient and predictions are those of the formulae", {
    for (activation in c("tanh", "logistic")) {
        path <- ridgewalk(x_of(), y_of(), lambda = c(0.02, 0.2), walk = "up", hidden = c(4, 3), activation = activation, threads = 1)
        phi <- list(tanh = tanh, logistic = logistic)[[activation]]
        z <- scale(x_of()) * sqrt(442 / 441) # variance with divisor n
        t <- drop(scale(y_of())) * sqrt(442 / 441)
        for (k in 1:2) {
            s <- path$lambda[k]
            f <- unname(drop(forward(coef(path, s, layers = TRUE), z, phi)))
            expect_equal(mean((t - f)^2), path$points$mse[k], tolerance = 1e-12)
            expect_equal(path$points$mse[k] + s * path$points$penalty[k], path$points$objective[k], tolerance = 1e-13)
            w <- coef(path, s)
            expect_equal(sum(w[!grepl("^b->", names(w))]^2), path$points$penalty[k], tolerance = 1e-13)
            expect_equal(unname(predict(path, s = s)), f * sd(y_of()) / sqrt(442 / 441) + mean(y_of()), tolerance = 1e-11)
            expect_equal(unname(residuals(path, s = s)), y_of() - unname(predict(path, s = s)))
        }
    }
    expect_identical(dim(coef(path)), c(length(w), 2L))
    expect_identical(names(w)[c(1, 4, 41, 44)], c("age->h1.1", "age->h1.4", "b->h1.1", "b->h1.4"))
})

test_that("nothing is interpolated", {
    d <- small()
    path <- ridgewalk(d$x, d$y, lambda = "2^-6:2^0:4", hidden = 3, effort = "low", threads = 1)
    expect_error(predict(path, d$x, s = 0.03), "nearest", class = "ridgewalk_no_such_lambda")
    expect_identical(dim(predict(path, d$x)), c(40L, 4L))
    expect_identical(predict(path, d$x, s = 2^-4), predict(path, d$x)[, 2])
    refitted <- predict(path, d$x, s = 0.03, refit = TRUE)
    there <- ridgewalk(d$x, d$y, lambda = 0.03, hidden = 3, walk = "up", init = coef(path, 2^-6), threads = 1)
    expect_equal(mean((refitted - d$y)^2) / mean((d$y - mean(d$y))^2), there$points$mse, tolerance = 1e-6)
    expect_error(predict(path, d$x[, 1:2]), "columns", class = "ridgewalk_data")
    expect_error(predict(path, data.frame(a = 1, b = 2, c = 3)), "column", class = "ridgewalk_data")
})

test_that("drops are found and explained, and best has none", {
    path <- ridgewalk(progression ~ ., diabetes, hidden = 8, lambda = "2^-12:2^1", walk = c("up", "best"), effort = "low", seed = 1)
    d <- drops(path)
    expect_s3_class(d, "data.frame")
    expect_true(nrow(d) >= 1 && all(d$walk == "up") && all(d$mse_to < d$mse_from))
    up <- path$points[path$points$walk == "up", ]
    expect_identical(which(diff(up$mse) < 0), as.integer(d$from))
    expect_match(explain(path, 1), "fold|branch point|saddle|dead unit|Both are minima|kink|Not")
    expect_match(explain(path, 1), "is not global")
    expect_error(explain(path, nrow(d) + 1), class = "ridgewalk_invalid_argument")
    expect_output(print(path), "The error falls while the penalty rises: up")
    expect_output(print(summary(path)), "certified|minimum")
    expect_output(print(d), "cause")
    best <- path$points[path$points$walk == "best", ]
    expect_true(all(diff(best$mse) >= 0) && all(ridgewalk:::certified(best)))
    if (d$cause[1] == "fold") {
        from <- d$lambda_from[1]
        b <- branch(path, from, walk = "up")
        expect_identical(b$points$lambda[1], from)
        expect_identical(utils::tail(b$events$kind, 1), "fold")
        expect_equal(utils::tail(b$events$lambda, 1), d$at[1], tolerance = 1e-3)
    }
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    expect_silent(plot(path))
    for (panel in c("mse", "penalty", "weights", "eigenvalue")) expect_silent(plot(path, panel, walk = "up"))
})

test_that("formulae are read as R users expect", {
    set.seed(3)
    frame <- data.frame(y = rnorm(60), a = rnorm(60), f = factor(sample(c("u", "v", "w"), 60, TRUE)), w = sample(1:3, 60, TRUE))
    how <- list(lambda = c(0.05, 0.5), hidden = 2, walk = "up", threads = 1)
    fit <- function(...) do.call(ridgewalk, c(list(...), how))
    x <- stats::model.matrix(~ a * f, frame)[, -1]
    expect_identical(fit(y ~ a * f, frame)$weights, fit(x, frame$y)$weights)
    sums <- stats::model.matrix(~ f, frame, contrasts.arg = list(f = "contr.sum"))[, -1]
    expect_identical(fit(y ~ f, frame, contrasts = list(f = "contr.sum"))$weights, fit(sums, frame$y)$weights)
    gap <- frame
    gap$a[c(4, 9)] <- NA
    left <- fit(y ~ a + f, gap)
    expect_identical(left$weights, fit(y ~ a + f, frame[-c(4, 9), ])$weights)
    expect_identical(nobs(left), 58)
    expect_error(fit(y ~ a, gap, na.action = stats::na.fail), "missing values")
    expect_identical(fit(y ~ a, frame, subset = quote(w > 1))$weights, fit(y ~ a, frame[frame$w > 1, ])$weights)
    whole <- ridgewalk(y ~ a, frame, weights = w, lambda = 0.05, hidden = 2, walk = "up", threads = 1)
    copies <- ridgewalk(y ~ a, frame[rep(1:60, frame$w), ], lambda = 0.05, hidden = 2, walk = "up", threads = 1)
    expect_equal(whole$points$mse, copies$points$mse, tolerance = 1e-9)
    expect_identical(predict(fit(y ~ a + f, frame), frame[5, ]), predict(fit(y ~ a + f, frame))[5, , drop = FALSE])
    expect_error(predict(fit(y ~ f, frame), data.frame(f = "z")), "new level")
    expect_error(fit(f ~ a, frame), "classes", class = "ridgewalk_not_implemented")
    two <- fit(cbind(y, a) ~ f, frame)
    expect_identical(dim(predict(two)), c(60L, 2L, 2L))
})

test_that("errors are conditions, and name the argument", {
    d <- small()
    refused <- function(pattern, class, ...) expect_error(ridgewalk(...), pattern, class = paste0("ridgewalk_", class))
    bad <- d$x
    bad[3, 2] <- NaN
    refused("row 3, column 2 is NaN", "data", bad, d$y)
    refused("40 rows, and y 39", "invalid_argument", d$x, d$y[-1])
    refused("y: numbers", "not_implemented", d$x, factor(d$y > 0))
    refused("column 'b' holds no numbers", "data", data.frame(a = 1:3, b = letters[1:3]), 1:3)
    refused("0 rows", "data", d$x[0, ], d$y[0])
    refused("lambda", "invalid_argument", d$x, d$y, lambda = -1)
    refused("'2\\^' is not a number", "invalid_argument", d$x, d$y, lambda = "2^:1")
    refused("given twice", "invalid_argument", d$x, d$y, lambda = c(1, 1))
    refused("hidden", "invalid_argument", d$x, d$y, hidden = 0.5)
    refused("'sideways' is none of", "invalid_argument", d$x, d$y, walk = "sideways")
    refused("'gelu' is none of", "invalid_argument", d$x, d$y, activation = "gelu")
    refused("no argument 'gradtol'", "invalid_argument", d$x, d$y, gradtol = 1)
    refused("'adamax' is none of newton, lbfgs, gauss-newton", "invalid_argument", d$x, d$y, solver = "adamax")
    refused("max_iter", "invalid_argument", d$x, d$y, max_iter = 1.5)
    refused("grad_tol: one number", "invalid_argument", d$x, d$y, grad_tol = c(1, 2))
    refused("weights: 40", "invalid_argument", d$x, d$y, weights = 1)
    refused("init: ", "invalid_argument", d$x, d$y, init = 1)
    refused("seed", "invalid_argument", d$x, d$y, seed = -1)
    refused("threads", "invalid_argument", d$x, d$y, threads = -1)
    expect_error(ridgewalk(d$x, d$y, hidden = "8"), class = "ridgewalk_error")
    expect_warning(ridgewalk(cbind(d$x, 1), d$y, lambda = 1, walk = "up", threads = 1), "constant", class = "ridgewalk_note")
})

test_that("progress is told, and can end the work", {
    d <- small()
    seen <- 0
    expect_error(ridgewalk(x_of(), y_of(), hidden = 12, starts = 20, progress = function(done, total) { seen <<- total; FALSE }),
                 class = "ridgewalk_cancelled")
    expect_gt(seen, 0)
    expect_error(ridgewalk(x_of(), y_of(), hidden = 12, starts = 20, progress = function(done, total) stop("mine")), "mine")
})

test_that("an interrupt ends a long fit at once", {
    skip_on_os("windows")
    system(paste("(sleep 0.5; kill -INT", Sys.getpid(), ") &"))
    began <- proc.time()[["elapsed"]]
    end <- tryCatch(ridgewalk(x_of(), y_of(), hidden = 30, lambda = "2^-16:2^2", effort = "high", starts = 50), interrupt = function(e) "told")
    expect_identical(end, "told")
    expect_lt(proc.time()[["elapsed"]] - began, 30) # docs/r.md measures it; here it must end at all
    expect_s3_class(ridgewalk(x_of(60), y_of(60), lambda = 1, walk = "up"), "ridgewalk")
})
