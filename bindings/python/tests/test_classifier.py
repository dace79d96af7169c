"""RidgewalkClassifier in scikit-learn's world, and certificates of MLPClassifier."""
import pickle
import unittest
import warnings

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning, SkipTestWarning
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import ridgewalk as rw
from harness import Case


def fitted(model, X, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X, y)


class Checks(Case):
    def test_check_estimator(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", SkipTestWarning)
            check_estimator(rw.RidgewalkClassifier())
        tags = rw.RidgewalkClassifier()._get_tags() if hasattr(rw.RidgewalkClassifier, "_get_tags") else {}
        self.assertFalse(tags.get("_xfail_checks") or tags.get("no_validation") or tags.get("_skip_test") or tags.get("non_deterministic"))


class World(Case):
    def setUp(self):
        super().setUp()
        self.X, self.y = load_iris(return_X_y=True)
        self.X = StandardScaler().fit_transform(self.X)[::2]
        self.y = np.array(["setosa", "versicolor", "virginica"])[self.y[::2]]
        self.c = rw.RidgewalkClassifier((3,), random_state=0)

    def test_objective_is_that_of_mlpclassifier(self):
        """Its loss at our fit is ours, and its gradient there is zero: of three classes, and of two."""
        for y in (self.y, self.y == "virginica"):
            c = clone(self.c).fit(self.X, y)
            m = fitted(MLPClassifier((3,), activation="tanh", alpha=1.0, solver="lbfgs", max_iter=1), self.X, y)
            outputs = c.n_outputs_
            Y = m._label_binarizer.transform(y)
            m.coefs_, m.intercepts_ = [w.copy() for w in c.coefs_], [b.copy() for b in c.intercepts_]
            activations, deltas = [self.X, None, None], [None, None]
            units = [4, 3, outputs]
            loss, coefs, intercepts = m._backprop(self.X, Y, activations, deltas, [np.empty((a, b)) for a, b in zip(units, units[1:])],
                                                  [np.empty(b) for b in units[1:]])
            self.assertAlmostEqual(loss, c.loss_, 10)
            self.assertLess(max(np.abs(g).max() for g in coefs + intercepts), 1e-8)
            np.testing.assert_allclose(m.predict_proba(self.X), c.predict_proba(self.X), atol=1e-12)
            self.assertEqual(list(m.predict(self.X)), list(c.predict(self.X)))
            self.assertEqual(c.certificate_.verdict, "strict_min")

    def test_outputs(self):
        for y, classes in ((self.y, ["setosa", "versicolor", "virginica"]), (self.y == "setosa", [False, True]), (np.repeat([2.0, 7.0, 9.0], 25), [2, 7, 9])):
            c = clone(self.c).fit(self.X, y)
            self.assertEqual(list(c.classes_), classes)
            P, F = c.predict_proba(self.X), c.decision_function(self.X)
            self.assertEqual((P.shape, F.shape), ((75, len(classes)), (75,) if len(classes) == 2 else (75, 3)))
            np.testing.assert_allclose(P.sum(axis=1), 1)
            np.testing.assert_allclose(np.exp(c.predict_log_proba(self.X)), P, rtol=1e-12)
            self.assertEqual(list(c.classes_[P.argmax(axis=1)]), list(c.predict(self.X)))
            truth = P[np.arange(75), np.searchsorted(c.classes_, y)]
            self.assertAlmostEqual(c.certificate_.mse, -np.log(truth).mean(), 12)
            self.assertGreater(c.score(self.X, y), 0.9)
        if len(c.intercepts_[-1]) == 3:
            self.assertAlmostEqual(c.intercepts_[-1].sum(), 0, 10)

    def test_as_the_program(self):
        file = self.file("i.csv")
        pd.DataFrame(self.X, columns=list("abcd")).assign(kind=self.y).to_csv(file, index=False, float_format="%.17g")
        j = self.json("path", file, "--hidden", 3, "--lambda", "1", "--walk", "up", "--convention", "sklearn", "--seed", 5, "--threads", 1,
                      "--no-standardize", "--out", self.file("i.rwk"))
        c = rw.RidgewalkClassifier((3,), alpha=1.0, random_state=5).fit(self.X, self.y)
        p = j["walks"][0]["points"][0]
        for mine, key in (("mse", "loss"), ("penalty", "penalty"), ("objective", "objective"), ("min_eig", "min_eig"), ("verdict", "verdict")):
            self.same(getattr(c.certificate_, mine), p[key], key)

    def test_weights_pipeline_pickle_frames(self):
        w = np.ones(75)
        w[:10] = 3
        weighted = clone(self.c).fit(self.X, self.y, sample_weight=w)
        repeated = clone(self.c).fit(np.vstack([self.X, self.X[:10], self.X[:10]]), np.concatenate([self.y, self.y[:10], self.y[:10]]))
        self.assertAlmostEqual(weighted.loss_, repeated.loss_, 9)
        none = clone(self.c).fit(self.X, self.y, sample_weight=(self.y != "setosa").astype(float))
        self.assertEqual(list(none.classes_), ["versicolor", "virginica"])
        search = GridSearchCV(make_pipeline(StandardScaler(), clone(self.c)), {"ridgewalkclassifier__alpha": [0.3, 3.0]}, cv=3)
        self.assertGreater(search.fit(self.X, self.y).best_score_, 0.9)
        c = pickle.loads(pickle.dumps(weighted))
        np.testing.assert_array_equal(c.predict_proba(self.X), weighted.predict_proba(self.X))
        frame = pd.DataFrame(self.X, columns=list("abcd"))
        scaled = rw.RidgewalkClassifier((3,), standardize=True, random_state=0).fit(frame, pd.Series(self.y))
        self.assertEqual(list(scaled.feature_names_in_), list("abcd"))
        plain = rw.RidgewalkClassifier((3,), random_state=0).fit(StandardScaler().fit_transform(self.X), self.y)
        np.testing.assert_allclose(scaled.predict_proba(frame), plain.predict_proba(StandardScaler().fit_transform(self.X)), atol=1e-7)
        warm = clone(self.c).set_params(warm_start=True).fit(self.X, self.y).fit(self.X, self.y)
        self.assertEqual(warm.n_iter_, 1)

    def test_path(self):
        c = rw.RidgewalkClassifier((3,), alpha=1.0, alphas=[0.25, 1.0, 4.0], random_state=0).fit(self.X, self.y)
        self.assertEqual(len(c.path_.lambdas), 3)
        self.assertLess(c.at(0.25).certificate_.mse, c.certificate_.mse)
        self.assertEqual(c.at(4.0).predict(self.X).shape, (75,))
        file = self.file("c.rwk")
        c.path_.save(file)
        again = rw.load(file)
        self.assertEqual(again.point(1.0).objective, c.loss_)
        self.assertEqual(again.problem.loss, "softmax")
        self.assertIn("strict minima", self.program("runs", "show", file))

    def test_refusals(self):
        for y in (np.zeros(75), np.linspace(0, 1, 75)):
            with self.assertRaises(ValueError):
                clone(self.c).fit(self.X, y)
        with self.assertRaisesRegex(ValueError, "squared errors"):
            clone(self.c).set_params(convention="half-sse").fit(self.X, self.y)

    def test_tables_of_run_files(self):
        """Of an estimator with labels of text, and of the program with numbers."""
        c = rw.RidgewalkClassifier((2,), alphas=[0.1, 1.0], standardize=True, random_state=0).fit(self.X, self.y)
        c.path_.save(self.file("c.rwk"))
        again = rw.load(self.file("c.rwk"), self.X, self.y)
        self.assertEqual(again.branch(0.1, walk="up")["points"][0]["mse"], c.path_.point(0.1, "up").mse)
        for y in (self.y[::-1], np.where(self.y == "setosa", "virginica", self.y)):
            with self.assertRaises(rw.MismatchError):
                rw.load(self.file("c.rwk"), self.X, y)
        codes = np.unique(self.y, return_inverse=True)[1] * 2 + 3
        np.savetxt(self.file("d.csv"), np.column_stack([self.X, codes]), "%.17g", ",", header="a,b,c,d,y", comments="")
        self.program("path", self.file("d.csv"), "--target", "y", "--loss", "softmax", "--hidden", 2, "--lambda", "0.1,1", "--walk", "up", "--out",
                     self.file("d.rwk"), "--quiet")
        theirs = rw.load(self.file("d.rwk"), self.X, codes)
        self.assertTrue(rw.certify(theirs.problem, theirs.point(0.1).w, lambda_=0.1).is_minimum)


class OfOthers(Case):
    def test_mlpclassifier(self):
        """Its own loss is the certificate's objective; Newton's method finishes what it left."""
        X, y = load_iris(return_X_y=True)
        X = StandardScaler().fit_transform(X)
        for labels in (y, y > 0, np.array(["a", "b", "c"])[y]):
            m = fitted(MLPClassifier((4,), activation="tanh", solver="lbfgs", alpha=1.0, random_state=0, tol=1e-3), X, labels)
            c = rw.certify(m, X, labels)
            self.assertAlmostEqual(c.objective, m.loss_, 10)
            self.assertEqual(c.verdict, "not_stationary")
            self.assertTrue(c.finished.is_minimum)
            self.assertLess(c.finished.objective, c.objective)
        several = np.column_stack([y > 0, y > 1]).astype(int)
        m = fitted(MLPClassifier((4,), activation="tanh", solver="lbfgs", alpha=1.0, random_state=0), X, several)
        self.assertAlmostEqual(rw.certify(m, X, several).objective, m.loss_, 10)
        with self.assertRaisesRegex(ValueError, "none of the model's classes"):
            rw.certify(fitted(MLPClassifier((2,), max_iter=5), X, y), X, y + 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
