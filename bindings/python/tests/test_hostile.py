"""What is thrown at the package: each a clear exception or the right number, never a crash. numpy alone."""
import os
import signal
import subprocess
import sys
import threading
import time
import unittest
import warnings

import numpy as np
import ridgewalk as rw
from ridgewalk import _core
from harness import SANITIZED, Case, small


def fit(X, y, **how):
    return rw.path(X, y, **{"lambdas": [0.1], "walk": ("up",), "hidden": (3,), "threads": 1, "collapse_tol": 0.0, "explain": False, **how})


class Arrays(Case):
    def test_layouts_and_types_give_the_same_bits(self):
        X, y = small()
        X, y = np.round(X, 2).astype(np.float32).astype(float), np.round(y, 2).astype(np.float32).astype(float)
        want = fit(X, y).walks[0].points[0].w.tobytes()
        wide = np.zeros((60, 9))
        wide[:, ::3] = X
        padded = np.zeros((60, 5))
        padded[:, 1:4] = X
        locked = X.copy()
        locked.flags.writeable = False
        others = {"Fortran": np.asfortranarray(X), "read-only": locked, "strided": wide[:, ::3], "part": padded[:, 1:4],
                  "backwards": X[::-1].copy()[::-1], "float32": X.astype(np.float32), "big end": X.astype(">f8"), "lists": X.tolist(),
                  "objects": X.astype(object), "matrix of one more owner": np.asarray(memoryview(X))}
        for name, other in others.items():
            with self.subTest(name):
                self.assertEqual(fit(other, y).walks[0].points[0].w.tobytes(), want)
        self.assertEqual(fit(X, y[:, None]).walks[0].points[0].w.tobytes(), want)
        self.assertEqual(fit(X, y.astype(np.float32)).walks[0].points[0].w.tobytes(), want)

    def test_refusals(self):
        X, y = small()
        nan, inf = X.copy(), y.copy()
        nan[4, 2], inf[7] = np.nan, np.inf
        cases = [(TypeError, "complex", (X + 1j, y)), (TypeError, "X: not an array", ([["a", "b"]] * 3, y[:3])),
                 (ValueError, "X: row 4, column 2 is nan", (nan, y)), (ValueError, "y: row 7, column 0 is inf", (X, inf)),
                 (ValueError, "X: 0 rows", (X[:0], y[:0])), (ValueError, "X: 60 rows and 0 columns", (X[:, :0], y)),
                 (ValueError, "two dimensions", (X[0], y)), (ValueError, "two dimensions", (X[None], y)),
                 (ValueError, "X has 60 rows, and y 59", (X, y[1:])), (TypeError, "not an array", ([[1, 2], [3]], [1, 2])),
                 (TypeError, "y: the targets", (X, None)), (ValueError, "two dimensions", (None, y)),
                 (TypeError, "X: not an array", ([object()] * 60, y)), ((ValueError, rw.DataError), "1 row", (X[:1], y[:1])),
                 ((ValueError, rw.DataError), "too large|constant|feature", (np.full((60, 2), 3.0), y)),
                 (rw.DataError, "too large", (X * 1e200, y, {"standardize": False}))]
        for kind, text, table in cases:
            with self.subTest(text), warnings.catch_warnings(), self.assertRaisesRegex(kind, text):
                warnings.simplefilter("ignore")
                fit(*table[:2], **(table[2] if len(table) == 3 else {}))

    def test_settings(self):
        X, y = small()
        cases = [(ValueError, "lambdas", {"lambdas": []}), (ValueError, "lambdas", {"lambdas": [0.1, -1]}),
                 (ValueError, "twice", {"lambdas": [0.1, 0.1]}), (ValueError, "FROM:TO", {"lambdas": "1:2:3:4"}),
                 (ValueError, "'x' is not a number", {"lambdas": "x:2"}), (ValueError, "lambda", {"lambdas": "4:1"}),
                 (ValueError, "not a number", {"lambdas": "2^9999:1"}), (ValueError, "hidden", {"hidden": (0,)}),
                 (ValueError, "activation", {"activation": "sine"}), (ValueError, "convention", {"convention": "ours"}),
                 (ValueError, "walk: 'left'", {"walk": ("left",)}), (ValueError, "walk", {"walk": ()}), (ValueError, "starts", {"starts": 0}),
                 (TypeError, "starts", {"starts": 1.5}), (TypeError, "seed", {"seed": -1}), (TypeError, "'sede'", {"sede": 1}),
                 (ValueError, "threads", {"threads": -2}), (ValueError, "effort", {"effort": "all"}), (TypeError, "max_iter", {"max_iter": "x"}),
                 (ValueError, "sample_weight", {"sample_weight": -np.ones(60)}), (ValueError, "sample_weight", {"sample_weight": np.ones(3)}),
                 (ValueError, "sample_weight", {"sample_weight": np.zeros(60)}), (ValueError, "w: ", {"init": np.zeros(3)}),
                 (ValueError, "finite", {"init": np.full(16, np.nan)}), (rw.Error, "grad_tol", {"grad_tol": -1.0}),
                 (TypeError, "callable", {"progress": 3}),
                 ((ValueError, OverflowError, rw.Error), "", {"hidden": (2 ** 62,)})]
        for kind, text, settings in cases:
            with self.subTest(str(settings)[:50]), self.assertRaisesRegex(kind, text):
                fit(X, y, **settings)

    def test_the_extension_itself(self):
        """What the classes keep away from it must not crash it either."""
        X, y = small()
        net = _core.network(X, y[:, None], (3,), {})
        w = np.zeros(net.dim)
        locked = w.copy()
        locked.flags.writeable = False
        out = np.zeros((60, 1))
        spec = {"table": np.column_stack([X, y]), "names": ("a", "b", "c", "d"), "outputs": 1}

        def cv(table, **other):
            _core.cv(**{"file": self.file("cv.rwk"), "table": table, "hidden": (2,), "network": {}, "path": {}, "solver": {}, "certify": {},
                        "walks": ("up", "best"), "lambda_": np.array([0.1, 1.0]), "folds": {"count": 2}, "texts": {}, "threads": 1, **other})
        cv(spec)
        self.assertEqual(_core.run_load(self.file("cv.rwk"), ())["cv"]["summary"]["folds"], 2)
        calls = [lambda: _core.network(X, y, (3,), {}), lambda: _core.network(X[::-1], y[:, None], (3,), {}),
                 lambda: _core.network(X.T, y[:, None], (3,), {}), lambda: _core.network(X, y[:5, None], (3,), {}),
                 lambda: _core.network(X, y[:, None], [3], {}), lambda: _core.network(X, y[:, None], ("3",), {}),
                 lambda: _core.network(X, y[:, None], (3,), [1]), lambda: _core.network(X, y[:, None], (3,), {1: 2}),
                 lambda: _core.network(X, y[:, None], (3,), {"activation": 3}), lambda: _core.network("X", y[:, None], (3,), {}),
                 lambda: _core.network(X, y[:, None], (3,), {}, y[:3]), lambda: _core.certify(net, locked[:2], 1.0, {}),
                 lambda: _core.certify(object(), w, 1.0, {}), lambda: _core.solve(net, locked, 1.0, {}),
                 lambda: _core.certify(net, w.astype(np.float32), 1.0, {}), lambda: _core.certify(net, w, 1.0, {}, locked),
                 lambda: _core.solve(net, w, np.nan, {}), lambda: _core.certify(net, w, -1.0, {}), lambda: net.predict(out[:3], X, w),
                 lambda: net.predict(out, X[:, :2].copy(), w), lambda: net.predict(out, X, w[:-1]), lambda: net.mse("x"),
                 lambda: type(net)(), lambda: type(fit(X, y)._handle)(), lambda: _core.scale("mse", 0.0),
                 lambda: _core.path(net, {}, {}, {}, None, w * np.nan, None, 1, None, None),
                 lambda: _core.path(net, {}, {}, {}, ["up"], None, None, 1, None, None),
                 lambda: _core.path(net, {}, {}, {}, None, None, None, 1, None, ()), lambda: _core.lambda_grid(1.0, 2.0, 1.0),
                 lambda: _core.user_problem(0, None, len, len, None, None, None, None, False),
                 lambda: _core.user_problem(2, b"1", len, len, None, None, None, None, False),
                 lambda: _core.user_problem(2, None, 1, len, None, None, None, None, False),
                 lambda: _core.user_problem(2, None, len, len, None, None, [0, 5], ("a",), False),
                 lambda: _core.user_problem(-1, None, len, len, None, None, None, None, False),
                 lambda: _core.audit((w,), {}, None), lambda: _core.audit((w, w, w, w, w, w[:2]), {}, None),
                 lambda: _core.rounding(w[:1], w, True), lambda: _core.design({"table": X, "names": ("a",)}, None),
                 lambda: _core.design({"table": X, "names": ("a", "a", "b")}, None), lambda: _core.design({"table": X, "names": (1, 2, 3)}, None),
                 lambda: _core.read_columns(self.file("none.csv")), lambda: _core.run_load(self.file("none.rwk"), ()),
                 lambda: _core.run_save(self.file("a.rwk"), net, {}, False), lambda: _core.run_set(self.file("none.rwk"), {"a": "b"}),
                 lambda: _core.run_save(self.file("a.rwk"), fit(X, y)._handle, {}, False, {"table": X}), lambda: net.accuracy(w[:-1]),
                 lambda: _core.design({**spec, "outputs": 5}, None), lambda: _core.design({**spec, "outputs": -1}, None),
                 lambda: _core.design({**spec, "loss": "x"}, None), lambda: _core.design({**spec, "outputs": 4, "folded": True}, None),
                 lambda: cv({"table": X}), lambda: cv(spec, folds={"count": 1}), lambda: cv(spec, folds={"counts": 3}), lambda: cv(spec, hidden=[3]),
                 lambda: cv(spec, lambda_=np.array([2.0, 1.0])), lambda: cv(spec, walks=("up",)), lambda: cv(spec, texts={"a": 1}),
                 lambda: cv(spec, network={"loss": "softmax"}), lambda: cv(spec, threads=-1), lambda: cv(spec, file=self.file("no/a.rwk"))]
        for k, call in enumerate(calls):
            with self.subTest(k), self.assertRaises((TypeError, ValueError, rw.Error)):
                call()

    def test_one_row_of_everything(self):
        p = rw.Problem(lambda w: (float(w @ w), 2 * w), lambda w, v: 2 * v, 1)
        self.assertTrue(p.path([1.0], collapse_tol=0.0).certified)

    def test_the_functions_may_do_anything(self):
        """Keeping what they were given, changing it, calling back into the package."""
        kept = []

        def value(w):
            kept.append(w)
            w[:] += 0.0
            if len(kept) < 3:
                fit(*small())
            return float(w @ w), 2 * w
        p = rw.Problem(value, lambda w, v: (kept.append(v), 2 * v)[1], 2)
        self.assertTrue(p.fit(1.0, np.ones(2)).is_minimum)
        self.assertTrue(all(np.all(np.isfinite(w)) for w in kept))


class Threads(Case):
    def test_many_at_once(self):
        tables = [small(seed=k) for k in range(4)]
        want = [fit(X, y).walks[0].points[0].w.tobytes() for X, y in tables]
        got, shared = [None] * 8, fit(*tables[0])
        predictions = [None] * 8

        def work(k):
            got[k] = fit(*tables[k % 4], threads=1 + k // 4).walks[0].points[0].w.tobytes()
            predictions[k] = shared.predict(tables[0][0], 0.1)
        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(got, want * 2)
        self.assertTrue(all(np.array_equal(p, predictions[0]) for p in predictions))


LONG = """
import sys, numpy as np, ridgewalk as rw
rng = np.random.default_rng(0)
X = rng.normal(size=(400, 6)); y = np.sin(3 * X).sum(axis=1)
def progress(p):
    print("at work", flush=True)
try:
    if sys.argv[1] == "network":
        rw.path(X, y, lambdas="2^-14:2^1", hidden=(24,), starts=60, threads=int(sys.argv[2]), effort="high", progress=progress)
    else:
        p = rw.Problem(lambda w: (float((w ** 4).sum()), 4 * w ** 3), lambda w, v: 12 * w * w * v, 20)
        p.path(np.geomspace(1e-9, 1, 400), starts=400, progress=progress)
except KeyboardInterrupt as e:
    print(type(e).__name__, flush=True)
    sys.exit(42)
"""


@unittest.skipIf(SANITIZED, "a sanitizer's library is in the way of signals")
class Interrupt(Case):
    def test_ctrl_c(self):
        for kind, threads in (("network", "1"), ("network", "2"), ("functions", "1")):
            with self.subTest(f"{kind} {threads}"):
                p = subprocess.Popen([sys.executable, "-c", LONG, kind, threads], stdout=subprocess.PIPE, text=True, env=os.environ)
                self.assertEqual(p.stdout.readline(), "at work\n")
                began = time.monotonic()
                p.send_signal(signal.SIGINT)
                rest, _ = p.communicate(timeout=120)
                self.assertEqual(p.returncode, 42)
                self.assertEqual(rest.split()[-1], "KeyboardInterrupt")
                self.assertLess(time.monotonic() - began, 20)


if __name__ == "__main__":
    unittest.main(verbosity=2)
