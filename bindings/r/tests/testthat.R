library(testthat)
library(ridgewalk)

test_check("ridgewalk")
