test_that("nnet's fits are certified with nnet's own objective", {
    skip_if_not_installed("nnet")
    x <- scale(x_of())
    y <- drop(scale(y_of()))
    set.seed(1)
    fit <- nnet::nnet(x, y, size = 6, linout = TRUE, decay = 0.5, maxit = 100, trace = FALSE)
    v <- certify(fit, x, y, hessian = TRUE)
    expect_identical(v$verdict, "not_stationary")
    expect_true(v$distance > 0.01)
    expect_identical(v$finished$verdict, "strict_min")
    expect_lt(v$finished$objective, v$objective)
    expect_equal(v$objective, fit$value, tolerance = 1e-12)
    expect_identical(v$weights, fit$wts)
    H <- nnet::nnetHess(fit, x, y)
    expect_lt(max(abs(v$hessian - H)) / max(abs(H)), 1e-8)
    expect_equal(min(eigen(H, TRUE, TRUE)$values), v$min_eig, tolerance = 1e-3)
    expect_output(print(v), "not stationary.*distance")

    driven <- nnet::nnet(x, y, size = 6, linout = TRUE, decay = 0.5, maxit = 1e5, reltol = 1e-16, abstol = 0, trace = FALSE, Wts = fit$wts)
    v <- certify(driven, x, y)
    expect_lt(v$distance, 1e-4)
    expect_gt(v$distance, 0)
    expect_identical(v$finished$verdict, "strict_min")
})

test_that("several targets, row weights, formulae and linear nets of nnet's", {
    skip_if_not_installed("nnet")
    d <- small(5)
    set.seed(2)
    w <- runif(40)
    fit <- nnet::nnet(d$x, cbind(d$y, d$y^2), weights = w, size = 3, linout = TRUE, decay = 0.1, trace = FALSE)
    v <- certify(fit, d$x, cbind(d$y, d$y^2), weights = w, hessian = TRUE)
    expect_equal(v$objective, fit$value, tolerance = 1e-12)
    H <- nnet::nnetHess(fit, d$x, cbind(d$y, d$y^2), w)
    expect_lt(max(abs(v$hessian - H)) / max(abs(H)), 1e-8)
    expect_warning(certify(fit, d$x, cbind(d$y, d$y^2)), "is it the table", class = "ridgewalk_note")
    frame <- data.frame(y = d$y, d$x, f = factor(rep(c("a", "b"), 20)))
    by_formula <- nnet::nnet(y ~ X1 + f, frame, size = 2, linout = TRUE, decay = 0.1, trace = FALSE)
    expect_equal(certify(by_formula, data = frame)$objective, by_formula$value, tolerance = 1e-12)
    linear <- nnet::nnet(d$x, d$y, size = 0, skip = TRUE, linout = TRUE, decay = 0.1, trace = FALSE)
    expect_equal(certify(linear, d$x, d$y)$objective, linear$value, tolerance = 1e-12)
})

test_that("what nnet fits and ridgewalk does not is refused", {
    skip_if_not_installed("nnet")
    d <- small()
    net <- function(...) nnet::nnet(d$x, ..., size = 2, decay = 0.1, trace = FALSE)
    unsupported <- function(object, pattern) expect_error(certify(object, d$x, d$y), pattern, class = "ridgewalk_not_implemented")
    unsupported(net(d$y, linout = TRUE, skip = TRUE), "skip")
    unsupported(net(d$y > 0), "logistic")
    unsupported(net(d$y > 0, entropy = TRUE), "entropy")
    unsupported(stats::lm(d$y ~ d$x), "lm")
    expect_error(certify(net(d$y, linout = TRUE), d$x[, 1:2], d$y), "3 features", class = "ridgewalk_invalid_argument")
})

test_that("a fit of ours is what it was certified to be", {
    d <- small(4)
    path <- ridgewalk(d$x, d$y, lambda = c(0.02, 0.1), hidden = 3, walk = "up", threads = 1)
    v <- certify(path, s = 0.02, hessian = TRUE)
    expect_identical(v$min_eig, path$points$min_eig[1])
    expect_lt(v$distance, 1e-9)
    # differences of the objective in plain R
    z <- scale(d$x) * sqrt(40 / 39)
    t <- drop(scale(d$y)) * sqrt(40 / 39)
    objective <- function(w) {
        f <- drop(forward(ridgewalk:::layers_of(path, w), z, tanh))
        mean((t - f)^2) + 0.02 * sum(w[!grepl("^b->", names(w))]^2)
    }
    w <- coef(path, 0.02)
    along <- function(i, h) replace(w, i, w[i] + h)
    slope <- vapply(seq_along(w), function(i) (objective(along(i, 1e-5)) - objective(along(i, -1e-5))) / 2e-5, 0)
    expect_lt(max(abs(slope)), 1e-8)
    for (i in c(1, 7, 10)) for (j in c(2, 7, 16)) {
        h <- 1e-4
        two <- function(a, b) objective(replace(along(i, a * h), j, along(i, a * h)[j] + b * h))
        expect_equal((two(1, 1) - two(1, -1) - two(-1, 1) + two(-1, -1)) / (4 * h^2), v$hessian[i, j], tolerance = 1e-4)
    }
    expect_equal(min(eigen(v$hessian, TRUE, TRUE)$values), v$min_eig, tolerance = 1e-3)
})

test_that("a saddle is told", {
    d <- small()
    zero <- ridgewalk(d$x, d$y, lambda = 1e-3, hidden = 2, walk = "up", init = rep(0, 11), max_iter = 1, solver = "lbfgs", threads = 1)
    expect_identical(zero$points$verdict, "saddle")
    v <- certify(zero, s = 1e-3)
    expect_true(v$min_eig < 0 && v$finished$objective < v$objective)
    # along the direction that is told the objective falls as the eigenvalue says
    expect_equal(sum(v$direction^2), 1)
})
