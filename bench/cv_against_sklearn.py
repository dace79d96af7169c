#!/usr/bin/env python3
"""Cross-validation of a whole ladder, beside scikit-learn's GridSearchCV over MLPRegressor (lbfgs), in the same run.

    bench/cv_against_sklearn.py [--program P] [--hidden 16] [--lambda 2^-16:2^2] [--folds 5] [--threads 1] [--option=...] [TABLE.csv]

Same table (the last column is the target; tests/data/concrete.csv by default), same folds (a fold column that `ridgewalk cv` is given), same
penalties, same network, features and target scaled on the training rows of each fold. MLPRegressor minimises SSE/(2n) + alpha/(2n) * (sum of
squared weights), so that alpha = n lambda, n the training rows of a fold; folds differ by one row at most, and alpha takes their mean. Its fits
end at max_iter 2000 and are seldom stationary; the program's are certified minima. A line each: seconds, lowest held-out error in units of the
variance, and where. Needs numpy and scikit-learn.
"""
import argparse
import json
import os
import subprocess
import tempfile
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np  # noqa: E402  (after the number of threads)
from sklearn.compose import TransformedTargetRegressor  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.model_selection import GridSearchCV, PredefinedSplit  # noqa: E402
from sklearn.neural_network import MLPRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def ours(a, A, names, fold):
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, "t.csv")
        np.savetxt(table, np.column_stack([A, fold]), delimiter=",", header=",".join([*names, "fold_"]), comments="", fmt="%.17g")
        began = time.time()
        out = subprocess.run([a.program, "cv", table, "--target", names[-1], "--fold-column", "fold_", "--hidden", a.hidden, "--lambda",
                              getattr(a, "lambda"), "--threads", str(a.threads), "--json", "--quiet", "--out", os.path.join(folder, "r.rwk"),
                              *a.option], stdout=subprocess.PIPE, check=False)
        seconds = time.time() - began
    return json.loads(out.stdout), seconds


def theirs(a, A, fold, grid):
    X, y = A[:, :-1], A[:, -1]
    n = len(y) * (1 - 1 / (fold.max() + 1))
    net = MLPRegressor(tuple(int(h) for h in a.hidden.split(",")), activation="tanh", solver="lbfgs", max_iter=2000, random_state=0)
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), net), transformer=StandardScaler())
    name = "regressor__mlpregressor__alpha"
    search = GridSearchCV(model, {name: [n * lam for lam in grid]}, cv=PredefinedSplit(fold), scoring="neg_mean_squared_error", n_jobs=a.threads)
    began = time.time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(X, y)
    seconds = time.time() - began
    errors = -search.cv_results_["mean_test_score"] / y.var()
    return errors, seconds


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("table", nargs="?", default=os.path.join(ROOT, "tests", "data", "concrete.csv"))
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--hidden", default="16")
    p.add_argument("--lambda", default="2^-16:2^2")
    p.add_argument("--folds", type=int, default=5)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--option", action="append", default=[], help="a further option for the program, such as --option=--no-explain")
    a = p.parse_args()
    with open(a.table, encoding="utf-8") as f:
        names = f.readline().strip().split(",")
    A = np.genfromtxt(a.table, delimiter=",", skip_header=1)
    fold = np.random.default_rng(0).permutation(np.arange(len(A)) % a.folds)
    j, seconds = ours(a, A, names, fold)
    i = int(np.argmin(j["mean"]))
    print(f"ridgewalk cv: {seconds:.1f} s, held-out error {j['mean'][i]:.5f} +- {j['se'][i]:.5f} at 2^{np.log2(j['lambda'][i]):.0f}; "
          f"{j['fold_fits_certified']} of {j['fold_fits']} fits of best certified", flush=True)
    errors, their_seconds = theirs(a, A, fold, j["lambda"])
    k = int(np.argmin(errors))
    print(f"GridSearchCV over MLPRegressor: {their_seconds:.1f} s, held-out error {errors[k]:.5f} at 2^{np.log2(j['lambda'][k]):.0f}")
    print(f"{their_seconds / seconds:.1f} times as fast; the error is {j['mean'][i] / errors[k]:.3f} of theirs")


if __name__ == "__main__":
    main()
