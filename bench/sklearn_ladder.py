#!/usr/bin/python3
"""The diabetes ladder by ridgewalk and by scikit-learn's MLPRegressor, in alternation; medians of three. Once fits and certificates alone, once
with every branch followed too.

Needs python3-sklearn. From the project's root, after ./dev build: bench/sklearn_ladder.py
"""

import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.neural_network import MLPRegressor

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tests/data/diabetes.csv"
warnings.filterwarnings("ignore")  # it says at most penalties that it has not converged


def theirs(x, y):
    """alpha = n lambda: the objective is scikit-learn's own, half the squared error over n plus alpha / (2 n) times R."""
    model = MLPRegressor((16,), activation="tanh", solver="lbfgs", warm_start=True, max_iter=5000, max_fun=10**6, tol=1e-10, random_state=0)
    began = time.perf_counter()
    for k in range(-16, 3):
        model.set_params(alpha=2.0**k * len(y)).fit(x, y)
    return time.perf_counter() - began


def ours(*options):
    with tempfile.TemporaryDirectory() as folder:
        command = [ROOT / "build/release/ridgewalk", "path", TABLE, "--target", "progression", "--hidden", "16", "--lambda", "2^-16:2^2",
                   "--walk", "up", "--quiet", "--out", folder + "/ladder.rwk", *options]
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        return time.perf_counter() - began


def main():
    table = np.loadtxt(TABLE, delimiter=",", skiprows=1)
    table = (table - table.mean(0)) / table.std(0)
    triples = [(theirs(table[:, :-1], table[:, -1]), ours("--no-explain"), ours()) for _ in range(3)]
    a, b, c = (float(np.median(column)) for column in zip(*triples))
    print(f"scikit-learn {a:.2f} s, ridgewalk {b:.3f} s, ratio {a / b:.1f}; explained too {c:.3f} s, ratio {a / c:.1f}")


main()
