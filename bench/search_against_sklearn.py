#!/usr/bin/env python3
"""A random search of the program, beside scikit-learn's RandomizedSearchCV over MLPRegressor, in the same run.

    bench/search_against_sklearn.py [--program P] [--trials 64] [--hidden 4:64] [--lambda 2^-16:2^2] [--activation tanh,logistic]
                                    [--folds 5] [--seed 0] [--threads 1] [--solvers adam,lbfgs] [--max-iter 1000] [TABLE.csv]

Same table (the last column is the target; tests/data/concrete.csv by default), same folds (a fold column that `ridgewalk search` is given), the same
number of trials from the same ranges: one hidden layer whose width is log-uniform, a log-uniform penalty, and one of the activations. Features and
target are scaled on the training rows of each fold. MLPRegressor minimises SSE/(2n) + alpha/(2n) * (sum of squared weights), so that alpha =
n lambda, n the training rows of a fold. A line each: seconds by the clock and of the processor (user), and the lowest held-out error in units of the variance, with its settings. Needs
numpy, SciPy and scikit-learn.
"""
import argparse
import json
import os
import resource
import subprocess
import tempfile
import time
import warnings

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy as np  # noqa: E402  (after the number of threads)
from scipy.stats import loguniform  # noqa: E402
from sklearn.compose import TransformedTargetRegressor  # noqa: E402
from sklearn.exceptions import ConvergenceWarning  # noqa: E402
from sklearn.model_selection import PredefinedSplit, RandomizedSearchCV  # noqa: E402
from sklearn.neural_network import MLPRegressor  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


class Widths:
    """One hidden layer of a log-uniform width, as `ridgewalk search` draws it."""

    def __init__(self, low, high):
        self.low, self.high = low, high

    def rvs(self, random_state=None):
        u = np.random.default_rng(random_state).random() if not hasattr(random_state, "uniform") else random_state.uniform()
        a, b = np.log(self.low - 0.5), np.log(self.high + 0.5)
        return (int(np.clip(np.floor(np.exp(a + u * (b - a)) + 0.5), self.low, self.high)),)


class Clock:
    """Seconds by the clock, and of the processor, of this process and of its children."""

    def __init__(self):
        self.began, self.used = time.time(), self.user()

    @staticmethod
    def user():
        return sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))

    def stop(self):
        return time.time() - self.began, self.user() - self.used


def number(text):
    base, _, power = text.partition("^")
    return float(base) ** float(power) if power else float(base)


def ours(a, A, names, fold):
    with tempfile.TemporaryDirectory() as folder:
        table = os.path.join(folder, "t.csv")
        np.savetxt(table, np.column_stack([A, fold]), delimiter=",", header=",".join([*names, "fold_"]), comments="", fmt="%.17g")
        clock = Clock()
        out = subprocess.run([a.program, "search", table, "--target", names[-1], "--fold-column", "fold_", "--hidden", a.hidden, "--lambda",
                              getattr(a, "lambda"), "--activation", a.activation, "--trials", str(a.trials), "--seed", str(a.seed), "--threads",
                              str(a.threads), "--json", "--quiet", "--out", os.path.join(folder, "r.rwk")], stdout=subprocess.PIPE, check=False)
        seconds = clock.stop()
    return json.loads(out.stdout), seconds


def theirs(a, A, fold, solver):
    X, y = A[:, :-1], A[:, -1]
    n = len(y) * (1 - 1 / (fold.max() + 1))
    low, high = (n * number(x) for x in getattr(a, "lambda").split(":"))
    net = MLPRegressor(solver=solver, max_iter=a.max_iter, random_state=a.seed)
    model = TransformedTargetRegressor(make_pipeline(StandardScaler(), net), transformer=StandardScaler())
    name = "regressor__mlpregressor__"
    ranges = {name + "alpha": loguniform(low, high), name + "hidden_layer_sizes": Widths(*map(int, a.hidden.split(":"))),
              name + "activation": a.activation.split(",")}
    search = RandomizedSearchCV(model, ranges, n_iter=a.trials, cv=PredefinedSplit(fold), scoring="neg_mean_squared_error", n_jobs=a.threads,
                                random_state=a.seed)
    clock = Clock()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        search.fit(X, y)
    seconds = clock.stop()
    best = {k[len(name):]: v for k, v in search.best_params_.items()}
    return -search.best_score_ / y.var(), best, n, seconds


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("table", nargs="?", default=os.path.join(ROOT, "tests", "data", "concrete.csv"))
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--trials", type=int, default=64)
    p.add_argument("--hidden", default="4:64")
    p.add_argument("--lambda", default="2^-16:2^2")
    p.add_argument("--activation", default="tanh,logistic", help="scikit-learn and ridgewalk both have tanh, logistic, relu and identity")
    p.add_argument("--folds", type=int, default=5)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--solvers", default="adam,lbfgs", help="of MLPRegressor, one search each")
    p.add_argument("--max-iter", type=int, default=1000)
    a = p.parse_args()
    with open(a.table, encoding="utf-8") as f:
        names = f.readline().strip().split(",")
    A = np.genfromtxt(a.table, delimiter=",", skip_header=1)
    fold = np.random.default_rng(0).permutation(np.arange(len(A)) % a.folds)
    j, seconds = ours(a, A, names, fold)
    b = j["best"]
    print(f"ridgewalk search: {seconds[0]:.1f} s ({seconds[1]:.1f} s of the processor), {a.trials} trials, held-out error {b['mean']:.5f} +- {b['se']:.5f} (lambda 2^{np.log2(b['lambda']):.1f}, "
          f"{b['hidden'][0]} {b['activation']} units); {sum(t['certified'] for t in j['trials'])} of {sum(t['fits'] for t in j['trials'])} fits certified",
          flush=True)
    for solver in a.solvers.split(","):
        error, best, n, their_seconds = theirs(a, A, fold, solver)
        print(f"RandomizedSearchCV over MLPRegressor ({solver}, max_iter {a.max_iter}): {their_seconds[0]:.1f} s ({their_seconds[1]:.1f} s), held-out error {error:.5f} "
              f"(lambda 2^{np.log2(best['alpha'] / n):.1f}, {best['hidden_layer_sizes'][0]} {best['activation']} units): "
              f"{their_seconds[0] / seconds[0]:.1f} times our time ({their_seconds[1] / seconds[1]:.1f} of the processor), {error / b['mean']:.3f} times our error", flush=True)


if __name__ == "__main__":
    main()
