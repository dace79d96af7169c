"""Numbers: as the program's, to the last bit; the caller's functions; run files. numpy alone."""
import pickle
import threading
import time
import unittest
import warnings

import numpy as np
import ridgewalk as rw
from ridgewalk import _core
from harness import SANITIZED, Case, members, small, table

POINT = ("mse", "penalty", "objective", "grad_inf", "min_eig", "verdict", "escapable", "min_eig_error", "min_eig_rest", "zero_limit",
         "flats", "reason", "iterations", "stop")
DROP = ("mse_from", "mse_to", "cause", "at")


class AsTheProgram(Case):
    def compare(self, path, j):
        for ours, theirs in zip(path.lambdas, j["lambda"], strict=True):
            self.assertEqual(ours, theirs)
        self.same(path.lambda_collapse, j["lambda_collapse"])
        self.same(path.lambda_c, j["lambda_c"])
        walks = [(w, t) for w, t in zip([w for w in path.walks if w.name != "best"], j["walks"], strict=True)]
        if j["best"]:
            walks.append((path.best, j["best"]))
        for w, t in walks:
            self.assertEqual(w.name, t.get("name", "best"))
            for p, q in zip(w.points, t["points"], strict=True):
                self.assertEqual(p.lambda_, q["lambda"])
                for key in POINT:
                    self.same(getattr(p, key), q[key], f"{w.name} {q['lambda']} {key}")
                self.assertEqual(None if p.inertia is None else list(p.inertia), q["inertia"])
                if "origin" in q:
                    for key, value in q["origin"].items():
                        self.same(p.origin[key], value, key)
            for d, q in [*zip(w.drops, t["drops"], strict=True), *zip(w.jumps, t.get("jumps", []), strict=True)]:
                self.assertEqual((d.lambda_from, d.lambda_to), (q["from"], q["to"]))
                for key in DROP:
                    self.same(getattr(d, key), q[key], key)
                for key, value in q["evidence"].items():
                    self.same(getattr(d, key) if key in ("low", "high") else d.evidence[key], value, key)

    def test_paths(self):
        names, X, y = table("diabetes.csv")
        data = self.file("d.csv")
        np.savetxt(data, np.column_stack([X, y]), "%.17g", ",", header=",".join(names), comments="")
        cases = [({"hidden": (4,), "lambdas": "2^-9:2^1", "seed": 3, "effort": "low"},
                  ["--hidden", 4, "--lambda", "2^-9:2^1", "--seed", 3, "--effort", "low"]),
                 ({"hidden": (3, 2), "lambdas": "0.5:64:4", "walk": ("up",), "convention": "sklearn", "starts": 2, "standardize": False,
                   "activation": "logistic", "solver": "lbfgs", "max_iter": 40, "explain": False},
                  ["--hidden", "3,2", "--lambda", "0.5:64:4", "--walk", "up", "--convention", "sklearn", "--starts", 2,
                   "--no-standardize", "--activation", "logistic", "--solver", "lbfgs", "--max-iter", 40, "--no-explain"])]
        if SANITIZED:
            cases = [({"hidden": (2,), "lambdas": "2^-3:2^1", "walk": ("up", "best"), "effort": "low"},
                      ["--hidden", 2, "--lambda", "2^-3:2^1", "--walk", "up,best", "--effort", "low"])]
        for k, (settings, options) in enumerate(cases):
            with self.subTest(k):
                path = rw.path(X, y, threads=1, **settings)
                self.compare(path, self.json("path", data, "--target", names[-1], "--out", self.file(f"{k}.rwk"), "--threads", 1, *options))

    def test_fingerprint_of_frames_and_threads(self):
        """The same bits for any number of threads, and for a matrix in Fortran's order."""
        X, y = small()
        one = rw.path(X, y, lambdas=[0.01, 0.1], threads=1, effort="low", hidden=(3,))
        two = rw.path(np.asfortranarray(X), y, lambdas=[0.01, 0.1], threads=2, effort="low", hidden=(3,))
        for v, w in zip(one.walks, two.walks):
            for p, q in zip(v.points, w.points):
                self.assertEqual(p.w.tobytes(), q.w.tobytes())

    def test_run_files(self):
        X, y = small()
        path = rw.path(X, y, lambdas="2^-6:2^0:4", walk=("up", "best"), effort="low", hidden=(3,), threads=1)
        file = self.file("p.rwk")
        path.save(file)
        with self.assertRaises(rw.FileError):
            path.save(file)
        path.save(file, replace=True)
        self.compare(path, self.json("runs", "show", file))
        again = rw.load(file)
        self.compare(again, self.json("runs", "show", file))
        new = self.file("new.csv")
        np.savetxt(new, X[:7], "%.17g", ",", header="x0,x1,x2", comments="")
        out = self.program("predict", file, new, "--lambda", "2^-4", codes=(0,)).split()[1:]
        for p in (path, again, pickle.loads(pickle.dumps(path)), pickle.loads(pickle.dumps(again))):
            self.assertEqual(list(p.predict(X[:7], 2 ** -4)), [float(v) for v in out])
        with self.assertRaisesRegex(rw.UnsupportedError, "the table is not here"):
            again.branch(2 ** -6)
        with self.assertRaises(rw.MismatchError):
            rw.load(file, X[1:], y[1:])
        branch = rw.load(file, X, y).branch(2 ** -6)
        self.assertEqual(branch["points"][0]["lambda"], 2 ** -6)
        again.save(self.file("q.rwk"))
        with open(file, "rb") as f, open(self.file("q.rwk"), "rb") as g:
            self.assertEqual(f.read(), g.read())
        with open(self.file("own.txt"), "w", encoding="ascii") as f:
            f.write("something that somebody needs")
        for p in (path, again):
            with self.assertRaises(rw.FormatError):
                p.save(self.file("own.txt"), replace=True)
        with self.assertRaises(FileNotFoundError):
            rw.load(self.file("none.rwk"))
        with open(self.file("bad.rwk"), "wb") as f:
            f.write(b"no run file at all")
        with self.assertRaises(rw.FormatError):
            rw.load(self.file("bad.rwk"))

    def test_names_are_those_of_the_headers(self):
        X, y = small()
        net = rw.path(X, y, lambdas=[0.1], walk=("up",), threads=1).problem
        found = _core.certify(net._core, np.zeros(net.dim), 0.1, {})
        self.assertEqual(set(found), set(members("rwk_certificate")))
        result = _core.solve(net._core, np.zeros(net.dim), 0.1, {})
        self.assertEqual(set(result), set(members("rwk_solve_result")))
        for struct, function in (("rwk_solver_settings", lambda s: _core.solve(net._core, np.zeros(net.dim), 0.1, s)),
                                 ("rwk_certify_settings", lambda s: _core.certify(net._core, np.zeros(net.dim), 0.1, s)),
                                 ("rwk_branch_settings", lambda s: _core.trace(net._core, np.zeros(net.dim), 0.1, 0.2, s))):
            for name in set(members(struct)) - {"size", "progress", "progress_payload"}:
                with self.subTest(f"{struct}.{name}"), self.assertRaisesRegex((TypeError, ValueError), name):
                    function({name: object()} if name not in ("escape", "dense") else {name + "_": 1})
        self.assertEqual(set(members("rwk_drop")) - {"from", "to", "lambda_from", "lambda_to", "loss_from", "loss_to", "rise", "cause",
                                                      "at", "low", "high"},
                         {"excess_from", "excess_to", "certain", "grad_inf_from", "grad_inf_to", "min_eig_from", "min_eig_to",
                          "max_eig_from", "max_eig_to", "finished_from", "finished_to", "falls_by", "branch_loss", "branch_min_eig",
                          "transversality", "lambda_beyond", "loss_beyond", "bias", "curvature", "points", "merges", "monotone",
                          "null_weights", "null_units", "moved_weights", "moved_units", "moves", "note"})

    def test_notes_are_warnings(self):
        X, y = small()
        X[:, 1] = 3
        with self.assertWarnsRegex(UserWarning, "'x1' is constant"):
            p = rw.path(X, y, lambdas=[0.1], walk=("up",), threads=1)
        self.assertEqual(p.problem.inputs, 2)
        self.assertEqual(p.predict(X, 0.1).shape, (60,))

    def test_convert(self):
        for a, b, rows in (("sklearn", "torch", 442), ("nnet", "mse", 442), ("half-sse", "keras", 9)):
            theirs = self.program("convert", "0.3", "--from", a, "--to", b, "--rows", rows, "--json")
            self.assertIn(f"{rw.convert(0.3, a, b, rows):.15g}"[:12], theirs)
        with self.assertRaisesRegex(ValueError, "rows"):
            rw.convert(1, "sklearn", "mse")

    def test_views(self):
        """Weights are the library's own memory, read-only, and outlive the path."""
        X, y = small()
        path = rw.path(X, y, lambdas=[0.1], walk=("up",), threads=1)
        w = path.walks[0].points[0].w
        self.assertFalse(w.flags.owndata or w.flags.writeable)
        before = w.copy()
        del path
        self.assertEqual(before.tobytes(), w.tobytes())


def two_wells(c=0.25):
    """L = sum (w_i^2 - 1)^2 + c w: minima, and a saddle near 0."""
    return rw.Problem(lambda w: (float(((w * w - 1) ** 2).sum() + c * w.sum()), 4 * w * (w * w - 1) + c),
                      lambda w, v: (12 * w * w - 4) * v, dim=3)


class Functions(Case):
    def test_closed_form(self):
        p = two_wells(0.0)
        for value in p.check(np.array([0.3, -0.5, 1.2])).values():
            self.assertLess(value, 1e-7)
        zero = p.certify(np.zeros(3), 0.5, direction=True)
        self.assertEqual((zero.verdict, zero.inertia), ("saddle", (0, 0, 3)))
        self.assertAlmostEqual(zero.min_eig, -4 + 2 * 0.5)
        self.assertAlmostEqual(np.linalg.norm(zero.direction), 1)
        root = np.sqrt(1 - 0.5 / 2)  # 4 w (w^2 - 1) + 2 lambda w = 0
        self.assertEqual(zero.finished.verdict, "strict_min")
        np.testing.assert_allclose(np.abs(zero.finished.w), root, rtol=1e-12)
        self.assertAlmostEqual(zero.distance, root * np.sqrt(3))
        self.assertEqual(p.certify(np.zeros(3), 2.5).verdict, "strict_min")
        self.assertEqual(rw.certify(p, np.full(3, 0.9), lambda_=0.5).verdict, "not_stationary")

    def test_path_and_penalised(self):
        """L = |w - 1|^2 with only the first weight penalised: w_0 = 1 / (1 + lambda)."""
        p = rw.Problem(lambda w: (((w - 1) ** 2).sum(), 2 * (w - 1)), lambda w, v: 2 * v, 2, penalised=[1, 0], hessian=lambda w: 2 * np.eye(2),
                       start=lambda rng: rng.normal(size=2), groups=["a", "b"])
        path = rw.path(p, lambdas=[0.1, 1, 10], walk=("up", "down"), collapse_tol=0.0)
        for w in path.walks:
            for q in w.points:
                np.testing.assert_allclose(q.w, [1 / (1 + q.lambda_), 1], rtol=1e-12)
        path.save(self.file("f.rwk"))
        self.assertEqual([q.mse for w in rw.load(self.file("f.rwk")).walks for q in w.points], [q.mse for w in path.walks for q in w.points])

    def test_branch(self):
        p = two_wells(0.25)
        top = p.fit(0.1, np.array([1.0, 1, 1]))
        found = p.trace(top.w, 0.1, 5.0)
        self.assertEqual(found["events"][-1]["kind"], "fold")
        # w (4 w^2 - 4 + 2 l) = -c folds where 12 w^2 = 4 - 2 l, that is where 8 w^3 = c
        w = (0.25 / 8) ** (1 / 3)
        self.assertAlmostEqual(found["events"][-1]["lambda"], (4 - 12 * w * w) / 2, 7)

    def test_exceptions_pass_through(self):
        class Own(Exception):
            pass

        def fails(w):
            raise Own("from inside")
        p = rw.Problem(fails, lambda w, v: v, 2)
        for call in (lambda: p.certify(np.zeros(2), 1), lambda: p.fit(1, np.ones(2)), lambda: p.path([1.0]), lambda: p.check(np.ones(2))):
            with self.assertRaisesRegex(Own, "from inside"):
                call()
        q = rw.Problem(lambda w: (1.0, np.zeros(3)), lambda w, v: v, 2)
        with self.assertRaisesRegex(ValueError, r"shape \(2,\)"):
            q.certify(np.zeros(2), 1)
        q = rw.Problem(lambda w: (0.0, w), lambda w, v: v[:1], 2)
        with self.assertRaisesRegex(ValueError, r"hvp: .*shape \(2,\)"):
            q.certify(np.zeros(2), 1)
        q = rw.Problem(lambda w: (float("nan"), w), lambda w, v: v, 2)
        with self.assertRaises(rw.NumericalError):
            q.fit(1, np.ones(2))
        self.assertTrue(two_wells().certify(np.zeros(3), 9.0).verdict)  # the next call is not touched

    def test_threads_of_the_library(self):
        """A problem that says so is called from several threads at once, and what one of them raises is raised."""
        seen = set()

        def value(w):
            seen.add(threading.get_ident())
            time.sleep(0.0005)
            return float((w ** 4).sum()), 4 * w ** 3
        p = rw.Problem(value, lambda w, v: 12 * w * w * v, 2, thread_safe=True)
        path = p.path([0.1, 1, 10], walk=("cold",), starts=4, threads=2, collapse_tol=0.0)
        self.assertGreaterEqual(len(seen), 2)
        self.assertTrue(path.certified)
        own = rw.Problem(value, lambda w, v: 12 * w * w * v, 2)
        seen.clear()
        own.path([0.1, 1], walk=("cold",), starts=4, threads=2, collapse_tol=0.0)
        self.assertEqual(seen, {threading.get_ident()})

        def fails(w):
            raise LookupError("in a thread")
        with self.assertRaises(LookupError):
            rw.Problem(fails, lambda w, v: v, 2, thread_safe=True).path([0.1, 1], walk=("cold",), starts=4, threads=2)

    def test_progress(self):
        X, y = small()
        seen = []
        rw.path(X, y, lambdas=[0.1, 1], walk=("up",), threads=1, progress=seen.append)
        self.assertEqual(sorted({s["done"] for s in seen}), [1, 2])
        self.assertEqual([s["done"] for s in seen], sorted(s["done"] for s in seen))
        with self.assertRaises(rw.CancelledError) as caught:
            rw.path(X, y, lambdas=[0.1, 1], walk=("up",), threads=1, progress=lambda p: False)
        self.assertIsInstance(caught.exception, KeyboardInterrupt)
        with self.assertRaises(ZeroDivisionError):
            rw.path(X, y, lambdas=[0.1, 1], walk=("up",), threads=1, progress=lambda p: 1 / 0)

    def test_statuses(self):
        kinds = [rw.InvalidArgumentError, rw.OutOfMemoryError, rw.FileError, rw.FormatError, rw.DataError, rw.UnsupportedError,
                 rw.NumericalError, rw.CancelledError, rw.MismatchError, rw.CallbackError, rw.InternalError]
        self.assertEqual(len({k.status for k in kinds}), len(kinds))
        for k in kinds:
            self.assertTrue(issubclass(k, rw.Error) and len(k.__mro__) > 4 and k.__doc__, k)

    def test_lock_is_free(self):
        X, y = table("diabetes.csv")[1:]
        done = threading.Event()

        def work():
            rw.path(X, y, lambdas="2^-8:2^0", hidden=(8,), walk=("up",), threads=1)
            done.set()
        t = threading.Thread(target=work)
        ticks, most = 0, 0.0
        t.start()
        while not done.is_set():
            before = time.perf_counter()
            time.sleep(0.001)
            most = max(most, time.perf_counter() - before)
            ticks += 1
        t.join()
        self.assertGreater(ticks, 10)

    def test_import_is_light(self):
        import subprocess
        import sys
        code = "import sys, ridgewalk; print([m for m in ('torch', 'sklearn', 'pandas', 'matplotlib') if m in sys.modules])"
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        self.assertEqual(out.strip(), "[]")


if __name__ == "__main__":
    warnings.simplefilter("error", ResourceWarning)
    unittest.main(verbosity=2)
