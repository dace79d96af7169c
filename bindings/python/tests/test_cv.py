"""The estimators that choose their penalty: numbers as the program's, to the last bit; scikit-learn's checks; folds; and pages."""
import contextlib
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time
import unittest
import warnings
from unittest import mock

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import SkipTestWarning
from sklearn.model_selection import GroupKFold, KFold, RepeatedKFold, ShuffleSplit, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import ridgewalk as rw
from harness import PROGRAM, Case, small, table


class Checks(Case):
    def test_check_estimator(self):
        for e in (rw.RidgewalkRegressorCV((2,), alphas=[0.1, 1.0, 10.0], cv=3), rw.RidgewalkClassifierCV((2,), alphas=[0.1, 10.0], cv=2),
                  rw.RidgewalkRegressorCV((2,), alphas=[0.1, 10.0], cv=2, choice="1se", standardize=True)):
            with self.subTest(repr(e)), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.simplefilter("error", SkipTestWarning)
                check_estimator(e)
                tags = e._get_tags() if hasattr(e, "_get_tags") else {}
                self.assertFalse(tags.get("_xfail_checks") or tags.get("no_validation") or tags.get("_skip_test") or
                                 tags.get("non_deterministic"))


class AsTheProgram(Case):
    def compare(self, e, j):
        for ours, theirs in ((e.alphas_, "lambda"), (e.cv_mean_, "mean"), (e.cv_se_, "se"), ([e.lambda_min_], "lambda_min"),
                             ([e.lambda_1se_], "lambda_1se")):
            self.assertEqual(list(ours), j[theirs] if isinstance(j[theirs], list) else [j[theirs]], theirs)
        self.assertEqual([p.verdict for p in e.path_.best.points], j["verdicts"])

    def test_numbers(self):
        """Folds of the library, and of a column; standardised and not; weighted; with the grid that the path gives itself."""
        names, X, y = table("diabetes.csv")
        X, y = X[:120], y[:120]
        fold, weight = np.arange(120) % 7 % 3, 1.0 + np.arange(120) % 2
        data = self.file("d.csv")
        np.savetxt(data, np.column_stack([X, y, weight, fold]), "%.17g", ",", header=",".join([*names, "w", "fold"]), comments="")
        frame = pd.DataFrame(X, columns=names[:-1])
        own, cases = ["--no-standardize", "--exclude", "w,fold"], [
            ({"standardize": True, "alphas": "2^-1:2^5:4", "cv": fold, "convention": "sklearn"},
             ["--lambda", "2^-1:2^5:4", "--fold-column", "fold", "--exclude", "w", "--convention", "sklearn"], None),
            ({"alphas": [0.5, 8.0], "cv": 3, "convention": "mse", "random_state": 5},
             ["--lambda", "0.5,8", "--folds", 3, "--seed", 5], None),
            ({"standardize": True, "cv": 2, "convention": "mse", "n_jobs": 2}, ["--folds", 2, "--row-weights", "w", "--exclude", "fold"], weight)]
        for k, (settings, options, weights) in enumerate(cases):
            with self.subTest(k):
                e = rw.RidgewalkRegressorCV((2,), **{"random_state": 0, **settings}).fit(frame, y, sample_weight=weights)
                self.compare(e, self.json("cv", data, "--target", names[-1], "--hidden", 2, "--walk", "up,best", "--effort", "low", "--threads", 1,
                                          "--out", self.file(f"{k}.rwk"), *options, *(own if "--exclude" not in options else [])))
                saved = self.file(f"own{k}.rwk")
                e.path_.save(saved)
                self.compare(e, self.json("runs", "show", saved))

    def test_classes(self):
        """Of three, and of two; labels of text."""
        X, y = load_iris(return_X_y=True)
        X, label = X[::3], np.array(["setosa", "versicolor", "virginica"])[y[::3]]
        for rows in (np.arange(len(X)), np.flatnonzero(label != "setosa")):
            data = self.file(f"{len(rows)}.csv")
            with open(data, "w", encoding="ascii") as f:
                f.write("a,b,c,d,y\n" + "".join(",".join(repr(float(v)) for v in X[i]) + f",{label[i]}\n" for i in rows))
            c = rw.RidgewalkClassifierCV((2,), alphas="2^-4:2^2:4", cv=3, standardize=True, random_state=1).fit(X[rows], label[rows])
            j = self.json("cv", data, "--target", "y", "--hidden", 2, "--lambda", "2^-4:2^2:4", "--folds", 3, "--seed", 1, "--walk", "up,best",
                          "--effort", "low", "--threads", 1, "--convention", "sklearn", "--out", self.file(f"{len(rows)}.rwk"))
            self.compare(c, j)
            self.assertEqual(list(c.classes_), j["classes"])
            self.assertEqual(c.predict_proba(X).shape, (50, len(c.classes_)))
            own = self.file(f"own{len(rows)}.rwk")
            c.path_.save(own)
            shown = self.json("runs", "show", own)
            self.compare(c, shown)
            self.assertEqual(shown["accuracy"], j["accuracy"])


class World(Case):
    def setUp(self):
        super().setUp()
        self.X, self.y = small()
        self.r = rw.RidgewalkRegressorCV((3,), alphas="2^-5:2^5:4", cv=3, random_state=0)

    def test_choice(self):
        r = clone(self.r).fit(self.X, self.y)
        least = r.cv_mean_.argmin()
        within = np.flatnonzero(r.cv_mean_ <= r.cv_mean_[least] + r.cv_se_[least])
        self.assertEqual((r.alpha_, r.lambda_min_), (r.alphas_[least],) * 2)
        self.assertEqual(r.lambda_1se_, r.alphas_[within[within >= least].max()])
        one = clone(self.r).set_params(choice="1se").fit(self.X, self.y)
        self.assertEqual((one.alpha_, one.cv_mean_.tolist()), (r.lambda_1se_, r.cv_mean_.tolist()))
        np.testing.assert_array_equal(one.predict(self.X), one.path_.predict(self.X, one.alpha_))
        np.testing.assert_array_equal(r.at(r.alphas_[0]).predict(self.X), r.path_.predict(self.X, r.alphas_[0]))
        self.assertEqual(r.certificate_.lambda_, r.alpha_)
        self.assertEqual(rw.certify(r, self.X, self.y).objective, r.loss_)
        np.testing.assert_array_equal(r.coefs_[0], r.path_.coefs(r.alpha_)[0][0])

    def test_the_curve_is_that_of_its_folds(self):
        """The mean at one penalty, from RidgewalkRegressor on each fold's other rows: an objective of n in place of W / W_f."""
        r = clone(self.r).set_params(alphas=[2.0], convention="mse").fit(self.X, self.y)
        total = 0.0
        for k in range(3):
            out = r.folds_ == k
            part = rw.RidgewalkRegressor((3,), alpha=2.0, alphas=[2.0], convention="mse", random_state=0).fit(self.X[~out], self.y[~out])
            total += ((part.predict(self.X[out]) - self.y[out]) ** 2).sum()
        self.assertAlmostEqual(r.cv_mean_[0], total / 60, delta=1e-7)

    def test_folds(self):
        labels = np.arange(60) % 3
        splits = [(np.flatnonzero(labels != k), np.flatnonzero(labels == k)) for k in range(3)]
        fits = [clone(self.r).set_params(cv=cv).fit(self.X, self.y) for cv in
                (labels, labels.tolist(), np.array(["x", "y", "z"])[labels], splits, iter([(labels != k, labels == k) for k in range(3)]))]
        for f in fits:
            self.assertEqual(f.cv_mean_.tolist(), fits[0].cv_mean_.tolist())
            self.assertEqual(f.folds_.tolist(), labels.tolist())
        folds = clone(self.r).set_params(cv=KFold(4, shuffle=True, random_state=1)).fit(self.X, self.y).folds_
        for k, (_, test) in enumerate(KFold(4, shuffle=True, random_state=1).split(self.X)):
            self.assertEqual(len(set(folds[test])), 1, k)
        groups = list(GroupKFold(3).split(self.X, self.y, np.arange(60) // 6))
        self.assertEqual(len(set(clone(self.r).set_params(cv=groups).fit(self.X, self.y).folds_)), 3)
        weights = np.r_[np.zeros(6), np.ones(54)]
        some = clone(self.r).fit(self.X, self.y, sample_weight=weights)
        self.assertEqual(some.folds_[:6].tolist(), [-1] * 6)
        self.assertEqual(some.cv_mean_.tolist(), clone(self.r).fit(self.X[6:], self.y[6:]).cv_mean_.tolist())
        X, y = load_iris(return_X_y=True)
        c = rw.RidgewalkClassifierCV((2,), alphas=[1.0], cv=StratifiedKFold(3), random_state=0).fit(X, y)
        self.assertEqual(np.bincount(c.folds_).tolist(), [50, 50, 50])

    def test_refusals(self):
        bad = [{"cv": 1}, {"cv": 61}, {"cv": 2.5}, {"cv": "five"}, {"cv": []}, {"cv": [0, 1]}, {"cv": np.zeros(60)}, {"cv": [(1, 2, 3)]},
               {"cv": [([0], [99])]}, {"cv": ShuffleSplit(3, random_state=0)}, {"cv": RepeatedKFold(n_splits=3, n_repeats=2)},
               {"cv": [(np.arange(30), np.arange(30, 60))]}, {"choice": "best"}, {"walk": ("up",)}, {"walk": ("best", "graduated")}, {"alphas": [0.0]},
               {"n_jobs": 0}, {"hidden_layer_sizes": (0,)}, {"convention": "x"}, {"effort": "x"}]
        for settings in bad:
            with self.subTest(repr(settings)), self.assertRaises((ValueError, TypeError)):
                clone(self.r).set_params(**settings).fit(self.X, self.y)

    def test_world(self):
        frame = pd.DataFrame(self.X, columns=["a", "b", "c"])
        r = clone(self.r).fit(frame, self.y)
        copy = pickle.loads(pickle.dumps(r))
        self.assertEqual((copy.alpha_, copy.predict(frame).tobytes()), (r.alpha_, r.predict(frame).tobytes()))
        self.assertEqual(len(cross_val_score(make_pipeline(StandardScaler(), clone(self.r)), self.X, self.y, cv=2)), 2)
        two = clone(self.r).fit(self.X, np.column_stack([self.y, self.y ** 2]))
        self.assertEqual(two.predict(self.X).shape, (60, 2))
        same = [clone(self.r).set_params(n_jobs=n).fit(self.X, self.y).cv_mean_.tolist() for n in (None, 2)]
        self.assertEqual(*same)


class Pages(Case):
    def test_report(self):
        X, y = small()
        path = rw.path(X, y, lambdas="2^-6:2^0:4", walk=("up", "best"), effort="low", hidden=(3,), threads=1)
        path.save(self.file("p.rwk"))
        path.save(self.file("bare.rwk"), pictures=False)
        for name, some in (("p.rwk", True), ("bare.rwk", False)):
            with contextlib.closing(sqlite3.connect(self.file(name))) as file:
                kinds = file.execute("SELECT count(DISTINCT kind) FROM series").fetchone()[0]
                self.assertEqual(kinds >= 3, some)
        classes = rw.RidgewalkClassifier((2,), alphas="2^-4:2^0:4", standardize=True, random_state=0).fit(X, np.digitize(y, [-0.5, 0.5]))
        cv = rw.RidgewalkRegressorCV((2,), alphas=[0.1, 10.0], cv=2, random_state=0).fit(X, y)
        env = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
        with mock.patch.dict(os.environ, {**env, "RWK_PROGRAM": PROGRAM}, clear=True):
            for name, p in (("path", path), ("loaded", rw.load(self.file("p.rwk"))), ("classes", classes.path_), ("cv", cv.path_)):
                with self.subTest(name):
                    page = self.file(f"{name}.html")
                    p.report(page)
                    with open(page, encoding="utf-8") as f:
                        text = f.read()
                    self.assertIn("arrays of Python", text)
                    self.assertEqual("Held-out residuals" in text, name == "cv")
                    with self.assertRaises(rw.FileError):
                        p.report(page)
                    p.report(page, replace=True)
            with open(self.file("path.html"), encoding="utf-8") as f, open(self.file("loaded.html"), encoding="utf-8") as g:
                self.assertEqual(f.read().count("<svg"), g.read().count("<svg"))
            with self.assertRaisesRegex(rw.FileError, "report"):
                path.report(self.file("no/such/folder.html"))
        with mock.patch.dict(os.environ, {"PATH": "", "RWK_PROGRAM": ""}), mock.patch("shutil.which", return_value=None):
            with self.assertRaisesRegex(rw.UnsupportedError, "RWK_PROGRAM"):
                path.report(self.file("q.html"))


LONG = """
import sys, threading, numpy as np, ridgewalk as rw
rng = np.random.default_rng(0)
X = rng.normal(size=(400, 6)); y = np.sin(3 * X).sum(axis=1)
threading.Timer(0.5, lambda: print("at work", flush=True)).start()
try:
    rw.RidgewalkRegressorCV((24,), n_starts=60, n_jobs=int(sys.argv[1]), effort="high").fit(X, y)
except KeyboardInterrupt as e:
    print(type(e).__name__, flush=True)
    sys.exit(42)
"""


class Interrupt(Case):
    def test_ctrl_c(self):
        """And the lock is free meanwhile: the other thread spoke."""
        for threads in ("1", "2"):
            with self.subTest(threads):
                p = subprocess.Popen([sys.executable, "-c", LONG, threads], stdout=subprocess.PIPE, text=True, env=os.environ)
                self.assertEqual(p.stdout.readline(), "at work\n")
                began = time.monotonic()
                p.send_signal(signal.SIGINT)
                rest, _ = p.communicate(timeout=120)
                self.assertEqual((p.returncode, rest), (42, "KeyboardInterrupt\n"))
                self.assertLess(time.monotonic() - began, 20)


if __name__ == "__main__":
    unittest.main(verbosity=2)
