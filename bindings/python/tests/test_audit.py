"""audit: as the program, from whatever holds a sweep."""
import unittest
from types import SimpleNamespace

import numpy as np
import pandas as pd

import ridgewalk as rw
from harness import DATA, Case

SWEEPS = [("linear.csv", {}, []), ("dropout.csv", {}, []), ("torch.csv", {"convention": "torch"}, ["--convention", "torch"]),
          ("nnet.csv", {}, []), ("sklearn.csv", {}, [])]


class Audits(Case):
    def arguments(self, name):
        """What this sweep's columns need, for both."""
        with open(DATA / "sweeps" / name, encoding="utf-8") as f:
            columns = next(line for line in f if not line.startswith("#")).strip().split(",")
        ours, theirs = {}, []
        if any("log" in c for c in columns):
            ours["log_lambda"], theirs = True, theirs + ["--log-lambda"]
        if "norm" in columns:
            ours["norm"], theirs = True, theirs + ["--norm"]
        if "objective" in columns:
            ours["objective"], theirs = True, theirs + ["--objective"]
        if name == "sklearn.csv":
            ours |= {"objective": True, "rows": 442, "convention": "sklearn", "lambda_column": "log_alpha"}
            theirs += ["--objective", "--rows", 442, "--convention", "sklearn", "--lambda-column", "log_alpha"]
        return ours, theirs

    def test_as_the_program(self):
        for name, settings, options in SWEEPS:
            with self.subTest(name):
                ours, theirs = self.arguments(name)
                a = rw.audit(DATA / "sweeps" / name, **settings, **ours)
                j = self.json("audit", DATA / "sweeps" / name, *options, *theirs)
                self.assertEqual((a.verdict, a.reason), (j["verdict"], j["reason"]))
                self.same(a.scale["factor"], j["scale"]["factor"])
                for p, q in zip(a.points, j["points"], strict=True):
                    for key in ("lambda", "mse", "penalty", "objective", "excess", "rounding", "dominated_by"):
                        self.same(p[key], q[key], key)
                for d, q in zip(a.drops, j["drops"], strict=True):
                    for key in ("D", "a", "b", "certain", "restart", "with"):
                        self.same(d[key], q[key], key)

    def test_whatever_holds_a_sweep(self):
        frame = pd.read_csv(DATA / "sweeps" / "dropout.csv").rename(columns={"train_loss": "mse"})
        want = rw.audit(frame)
        rows = frame.to_dict("records")
        trials = [SimpleNamespace(params={"weight_decay": r["lambda"]}, value=r["mse"], user_attrs={"norm2": r["penalty"]}) for r in rows]
        unfinished = SimpleNamespace(params={"weight_decay": 0.5}, value=None, user_attrs={})
        for other in (rows, {c: frame[c].to_numpy() for c in frame}, frame.assign(name="a"), self.csv(frame)):
            self.assertEqual(rw.audit(other).points, want.points)
        for other in (trials + [unfinished], SimpleNamespace(trials=trials)):
            self.assertEqual(rw.audit(other, mse_column="value").points, want.points)
        self.assertEqual(rw.audit(frame.rename(columns={"lambda": "how much"}), lambda_column="how much").points, want.points)
        self.assertEqual(list(want.to_frame()["lambda"]), list(frame["lambda"]))
        self.assertIn("is not global, by", str(want))

    def csv(self, frame):
        frame.to_csv(self.file("s.csv"), index=False)
        return self.file("s.csv")

    def test_a_path_of_ours_is_consistent(self):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(50, 2))
        path = rw.path(X, np.tanh(2 * X[:, 0]) + X[:, 1] ** 2, lambdas="2^-6:2^1", walk=("up", "best"), effort="low", hidden=(3,), threads=1)
        best = path.to_frame().query("walk == 'best'")
        self.assertEqual(rw.audit(best, penalty_column="penalty").verdict, "consistent")

    def test_refusals(self):
        good = {"lambda": [1, 2.0], "mse": [1, 1.0], "penalty": [1, 1.0]}
        for change, text in (({"lambda": [-1, 2]}, "row"), ({"mse": [np.nan, 1]}, "row"), ({"mse": ["a", "b"]}, "no column"), ({"loss": [1, 1]}, None),
                             ({"penalty": [1.0]}, "penalty"), ({"lambda": []}, None)):
            with self.subTest(str(change)):
                if text is None and "loss" in change:
                    rw.audit({**good, **change})
                    continue
                with self.assertRaises((ValueError, rw.Error)):
                    rw.audit({**good, **change})
        for frame in ([], [1, 2], 3, None):
            with self.assertRaises((TypeError, ValueError)):
                rw.audit(frame)
        with self.assertRaisesRegex(ValueError, "rows"):
            rw.audit(good, convention="sklearn")
        with self.assertRaisesRegex(ValueError, "lambda_column"):
            rw.audit(good, lambda_column="nobody")
        with self.assertRaises(rw.FileError):
            rw.audit(self.file("none.csv"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
