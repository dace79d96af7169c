"""leaks.py [FITS]: resident memory over 10,000 fits with certificate, pickle and prediction, over run files and
cross-validations, and over calls that fail.

Run by ./dev python bindings/python/bench/leaks.py; about a minute.
"""
import gc
import os
import pickle
import sys
import tempfile
import warnings

import numpy as np

import ridgewalk as rw

fits = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
rng = np.random.default_rng(0)
X = rng.normal(size=(40, 3))
y = np.sin(X).sum(axis=1)
estimator = rw.RidgewalkRegressor((3,), alpha=1.0, random_state=0)
chooser = rw.RidgewalkRegressorCV((2,), alphas=[0.1, 1.0], cv=2, random_state=0)
folder = tempfile.TemporaryDirectory()
run = os.path.join(folder.name, "path.rwk")
p = rw.Problem(lambda w: (float(((w - 1) ** 2).sum()), 2 * (w - 1)), lambda w, v: 2 * v, 3)
bad = rw.Problem(lambda w: 1 / 0, lambda w, v: v, 3)


def resident():
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as f:
        return int(f.read().split()[1]) * 4


def one(k):
    estimator.fit(X, y)
    estimator.predict(X)
    rw.certify(estimator, X, y)
    p.certify(np.zeros(3), 1.0)
    if k % 50 == 0:
        pickle.loads(pickle.dumps(estimator))
        path = rw.path(X, y, lambdas=[0.01, 0.1], walk=("up", "best"), effort="low", hidden=(2,), threads=1)
        path.save(run, replace=True)
        rw.load(run, X, y)
        chooser.fit(X, y)
    for failing in (lambda: rw.RidgewalkRegressorCV(cv=99).fit(X, y), lambda: bad.certify(np.zeros(3), 1.0), lambda: rw.path(X, y, hidden=(0,)), lambda: rw.path(X, y[1:])):
        try:
            failing()
        except (ValueError, ZeroDivisionError):
            pass


warnings.simplefilter("ignore")
for k in range(2000):  # caches fill
    one(k)
before = resident()
print(f"after 2000 fits {before} kB")
for k in range(fits):
    one(k)
    if (k + 1) % max(1, fits // 5) == 0:
        print(f"after {k + 1} more {resident()} kB", flush=True)
grown = resident() - before
print(f"grown by {grown} kB, {1024 * grown / fits:.1f} bytes a fit")
sys.exit(0 if grown < 512 else 1)
