#!/usr/bin/env python3
"""Makes the sweeps of this folder, all but linear.csv and torch.csv from diabetes.csv; needs numpy and scikit-learn, and R with nnet for nnet.csv.
Other versions find other fits, so that the tests read the files and never make them."""
import csv
import math
import os
import subprocess
import warnings
import numpy as np
from sklearn.neural_network import MLPRegressor

HERE = os.path.dirname(os.path.abspath(__file__))
TABLE = os.path.join(HERE, "..", "diabetes.csv")
LAMBDA = [2.0 ** k for k in range(-10, 2)]


def write(name, columns, rows):
    with open(os.path.join(HERE, name), "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(columns)
        out.writerows(rows)


def table():
    data = np.loadtxt(TABLE, delimiter=",", skiprows=1)
    data = (data - data.mean(0)) / data.std(0)
    return data[:, :-1], data[:, -1]


def linear():
    """A linear network of two layers over one whitened feature, by algebra: the product of the layers is 1 - lambda. As torch would
    have it, the penalty is twice as large, and at three of its penalties the weights are not the best."""
    clean = [(x, 0.3 + x * x, 2 * (1 - x)) for x in LAMBDA[:10]]
    write("linear.csv", ("lambda", "mse", "penalty"), clean)
    rows = [(2 * x, mse + 0.05 * (k in (2, 4, 7)), size + 0.1 * (k in (2, 4, 7))) for k, (x, mse, size) in enumerate(clean)]
    write("torch.csv", ("weight_decay", "mse", "penalty"), rows)


def sklearn(X, y):
    """Three seeds per alpha, as a person logs them: loss_ is the whole objective, the norm is not squared."""
    rows = []
    for k, x in enumerate(LAMBDA):
        for seed in range(3):
            alpha = 442 * x
            m = MLPRegressor((4,), activation="tanh", solver="lbfgs", alpha=alpha, max_iter=20000, max_fun=10 ** 6, tol=1e-12, random_state=10 * k + seed)
            m.fit(X, y)
            norm = math.sqrt(sum((w ** 2).sum() for w in m.coefs_))
            rows.append((f"{math.log(alpha):.6f}", seed, f"{m.loss_:.8f}", f"{norm:.8f}"))
    write("sklearn.csv", ("log_alpha", "seed", "loss", "norm"), rows)


def dropout(X, y):
    """Adam down MSE + lambda R with half of the 16 hidden units left out at every step; the log has what the last step saw."""
    r = np.random.default_rng(0)
    rows = []
    for x in LAMBDA:
        p = [r.normal(0, 0.3, (10, 16)), np.zeros(16), r.normal(0, 0.3, 16), 0.0]
        m, v = [0.0] * 4, [0.0] * 4
        for t in range(1, 3001):
            kept = (r.random((len(y), 16)) > 0.5) / 0.5
            h = np.tanh(X @ p[0] + p[1])
            e = (h * kept) @ p[2] + p[3] - y
            mse, size = (e ** 2).mean(), (p[0] ** 2).sum() + (p[2] ** 2).sum()
            d = 2 * e[:, None] / len(y) * p[2] * kept * (1 - h ** 2)
            g = [X.T @ d + 2 * x * p[0], d.sum(0), 2 * (h * kept).T @ e / len(y) + 2 * x * p[2], 2 * e.mean()]
            for i in range(4):
                m[i] = 0.9 * m[i] + 0.1 * g[i]
                v[i] = 0.999 * v[i] + 0.001 * g[i] ** 2
                p[i] = p[i] - 0.01 * (m[i] / (1 - 0.9 ** t)) / (np.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-8)
        rows.append((x, f"{mse:.6g}", f"{size:.6g}"))
    write("dropout.csv", ("lambda", "train_loss", "penalty"), rows)


def nnet():
    """R's nnet, one fit per decay; its decay is a sum against a sum, and its biases are penalised."""
    subprocess.run(["Rscript", "-e", f"""
      library(nnet); set.seed(3)
      t <- as.data.frame(scale(read.csv("{TABLE}"))) * sqrt(442 / 441)
      cat("decay,mse,penalty\\n", file = "{HERE}/nnet.csv")
      for (k in -10:1) {{
        d <- 442 * 2^k
        f <- nnet(progression ~ ., t, size = 4, linout = TRUE, decay = d, maxit = 20000, abstol = 0, reltol = 1e-14, trace = FALSE)
        cat(sprintf("%g,%.9f,%.9f\\n", d, mean(f$residuals^2), sum(f$wts^2)), file = "{HERE}/nnet.csv", append = TRUE)
      }}"""], check=True)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    linear()
    sklearn(*table())
    dropout(*table())
    nnet()
