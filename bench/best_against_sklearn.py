#!/usr/bin/env python3
"""Is `best` as good as many random starts at every penalty? Against scikit-learn's MLPRegressor (lbfgs), driven as far as it goes.

    bench/best_against_sklearn.py [--program P] [--starts 20] [--hidden 8] [--lambda 2^-16:2^2] [--seed 0] [--cache FOLDER] TABLE.csv ...

Same table (standardised, last column is the target), same network, same objective J = SSE/n + lambda * (sum of squared weights, biases free):
MLPRegressor minimises SSE/(2n) + alpha/(2n) * (sum of squared weights), so alpha = n lambda. At every penalty it gets `starts` random starts of
its own; the program gets one run over the whole grid with its defaults and --seed. A line a penalty: J of best, lowest J of the starts, how
many of them are higher; exit code 1 if a start is lower by more than 1e-9 relative. Needs numpy and scikit-learn.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402  (after the number of threads)
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.neural_network import MLPRegressor  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def read(path):
    A = np.genfromtxt(path, delimiter=",", skip_header=1)
    A = A[:, A.std(axis=0) > 0]
    A = (A - A.mean(axis=0)) / A.std(axis=0)
    return A[:, :-1], A[:, -1]


def theirs(X, y, hidden, lam, start):
    m = MLPRegressor(hidden, activation="tanh", solver="lbfgs", alpha=lam * len(y), max_iter=10000, max_fun=100000, tol=1e-9,
                     random_state=start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        m.fit(X, y)
    return float(np.mean((y - m.predict(X)) ** 2) + lam * sum((W ** 2).sum() for W in m.coefs_))


def many_starts(path, hidden, grid, starts, cache):
    name = os.path.join(cache, "%s-%s-%d.json" % (os.path.basename(path), "x".join(map(str, hidden)), starts)) if cache else None
    if name and os.path.exists(name):
        kept = json.load(open(name))
        if kept["lambda"] == list(grid):
            return kept["J"], kept["seconds"]
    X, y = read(path)
    began = time.time()
    J = [[theirs(X, y, hidden, lam, s) for s in range(starts)] for lam in grid]
    seconds = time.time() - began
    if name:
        json.dump({"lambda": list(grid), "J": J, "seconds": seconds}, open(name, "w"))
    return J, seconds


def ours(a, path):
    with tempfile.TemporaryDirectory() as folder:
        began = time.time()
        out = subprocess.run([a.program, "path", path, "--hidden", a.hidden, "--lambda", getattr(a, "lambda"), "--seed", str(a.seed), "--json",
                              "--out", os.path.join(folder, "r.rwk"), *a.option], stdout=subprocess.PIPE, check=False)
        seconds = time.time() - began
    j = json.loads(out.stdout)
    assert j["best"]["drops"] == []
    return j["lambda"], [p["objective"] for p in j["best"]["points"]], seconds


def main():
    p = argparse.ArgumentParser()
    p.add_argument("tables", nargs="+")
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--starts", type=int, default=20)
    p.add_argument("--hidden", default="8")
    p.add_argument("--lambda", default="2^-16:2^2")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--cache", help="keep scikit-learn's results in this folder")
    p.add_argument("--option", action="append", default=[], help="a further option for the program, such as --option=--effort=high")
    a = p.parse_args()
    hidden = tuple(int(h) for h in a.hidden.split(","))
    beaten = 0
    for path in a.tables:
        grid, best, our_seconds = ours(a, path)
        J, their_seconds = many_starts(path, hidden, grid, a.starts, a.cache)
        print("%s, hidden %s: best %.1f s for %d penalties, %d starts at each %.1f s" % (
            os.path.basename(path), a.hidden, our_seconds, len(grid), a.starts, their_seconds))
        for lam, b, row in zip(grid, best, J):
            low = min(row)
            lost = b > low * (1 + 1e-9)
            beaten += lost
            print("  %-12g %.9f  %.9f  %2d of %d starts higher%s" % (lam, b, low, sum(x > b * (1 + 1e-9) for x in row), len(row),
                                                                    "   BEATEN by %.2g" % (b - low) if lost else ""))
    print("best is beaten at %d penalties" % beaten)
    return 1 if beaten else 0


if __name__ == "__main__":
    sys.exit(main())
