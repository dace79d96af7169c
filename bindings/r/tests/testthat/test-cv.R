test_that("cross-validation has the program's numbers, with the same folds, to the last bit", {
    fold <- rep(c("b", "a", "c"), length.out = 442)
    same <- function(ours, theirs) {
        for (name in c("lambda", "cvm", "cvsd", "df", "df_hessian", "explained", "lambda.min", "lambda.1se", "index", "held_out"))
            expect_identical(ours[[name]], theirs[[name]], info = name)
        expect_identical(ours$ridgewalk.fit$weights, theirs$ridgewalk.fit$weights)
        expect_same_bits(ours$ridgewalk.fit$points, theirs$ridgewalk.fit$points)
    }
    ours <- cv.ridgewalk(x_of(), y_of(), lambda = "2^-6:2^0:4", hidden = 3, foldid = fold, threads = 1)
    theirs <- by_program("cv", cbind(diabetes, fold = fold), "--target", "progression", "--lambda", "2^-6:2^0:4", "--hidden", 3,
                         "--fold-column", "fold", "--threads", 1)
    same(ours, theirs)
    ours <- cv.ridgewalk(progression ~ ., diabetes, lambda = c(2^-5, 2^-3), hidden = 2, nfolds = 4, repeats = 2, seed = 7, ensemble = 2)
    theirs <- by_program("cv", diabetes, "--target", "progression", "--lambda", "0.03125,0.125", "--hidden", 2, "--folds", 4, "--repeats", 2,
                         "--seed", 7, "--ensemble", 2)
    same(ours, theirs)
    expect_identical(unname(predict(ours, s = 2^-5)), unname(predict(theirs, diabetes[1:10], s = 2^-5)))
})

test_that("the curve is what was held out, by glmnet's formulae", {
    fold <- rep(1:4, length.out = 442)
    weights <- rep(c(1, 2, 0.5), length.out = 442)
    cv <- cv.ridgewalk(x_of(), y_of(), weights, lambda = "2^-5:2^-1:4", hidden = 0, foldid = fold, threads = 1)
    expect_identical(cv$foldid, as.numeric(fold))
    var <- sum(weights * (y_of() - weighted.mean(y_of(), weights))^2) / sum(weights)
    r <- cv$held_out
    for (choice in c("min", "1se")) {
        e <- (r$observed - r[[paste0("at_", choice)]])^2 / var
        m <- tapply(weights * e, fold, sum) / tapply(weights, fold, sum)
        share <- tapply(weights, fold, sum) / sum(weights)
        mean <- sum(share * m)
        at <- cv$index[[choice]]
        expect_equal(cv$cvm[at], mean, tolerance = 1e-10)
        expect_equal(cv$cvsd[at], sqrt(sum(share * (m - mean)^2) / 3), tolerance = 1e-10)
    }
    # a linear model is ridge regression, in units of the training rows
    train <- fold != 1
    scaled <- function(v, w) (v - sum(w * v) / sum(w)) / sqrt(sum(w * (v - sum(w * v) / sum(w))^2) / sum(w))
    w <- weights[train]
    z <- apply(x_of()[train, ], 2, scaled, w)
    t <- scaled(y_of()[train], w)
    lambda <- cv$lambda.min
    beta <- solve(crossprod(z, w * z) / sum(w) + lambda * diag(10), crossprod(z, w * t) / sum(w))
    centre <- colSums(w * x_of()[train, ]) / sum(w)
    spread <- sqrt(colSums(w * sweep(x_of()[train, ], 2, centre)^2) / sum(w))
    new <- sweep(sweep(x_of()[!train, ], 2, centre), 2, spread, `/`)
    my <- sum(w * y_of()[train]) / sum(w)
    sy <- sqrt(sum(w * (y_of()[train] - my)^2) / sum(w))
    expect_equal(r$at_min[!train], unname(drop(new %*% beta)) * sy + my, tolerance = 1e-9)
    expect_identical(cv$lambda.1se, max(cv$lambda[cv$lambda >= cv$lambda.min & cv$cvm <= min(cv$cvm) + cv$cvsd[which.min(cv$cvm)]]))
})

test_that("what cv.glmnet's users do works", {
    d <- small(2)
    cv <- cv.ridgewalk(d$x, d$y, lambda = "2^-6:2^0:4", hidden = 2, nfolds = 3, threads = 1)
    expect_output(print(cv), "1se")
    expect_identical(predict(cv, d$x, s = "lambda.min"), predict(cv$ridgewalk.fit, d$x, s = cv$lambda.min))
    expect_identical(coef(cv), coef(cv$ridgewalk.fit, s = cv$lambda.1se))
    expect_s3_class(drops(cv), "data.frame")
    grDevices::pdf(NULL)
    on.exit(grDevices::dev.off())
    expect_silent(plot(cv))
    expect_error(predict(cv, d$x, s = "lambda.max"), class = "ridgewalk_invalid_argument")
    expect_error(cv.ridgewalk(d$x, d$y, foldid = 1:3), "foldid", class = "ridgewalk_invalid_argument")
    expect_error(cv.ridgewalk(d$x, d$y, foldid = rep(1:2, 20), nfolds = 2), "nfolds", class = "ridgewalk_invalid_argument")
    expect_error(cv.ridgewalk(d$x, d$y, nfolds = 41), class = "ridgewalk_data")
    expect_error(cv.ridgewalk(d$x, d$y, walk = "up"), "best", class = "ridgewalk_invalid_argument")
})
