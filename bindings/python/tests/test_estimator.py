"""RidgewalkRegressor in scikit-learn's world."""
import io
import json
import pickle
import unittest
import warnings

import joblib
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError, SkipTestWarning
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

import ridgewalk as rw
from harness import Case, small, table


class Checks(Case):
    def test_check_estimator(self):
        for e in (rw.RidgewalkRegressor(), rw.RidgewalkRegressor(standardize=True, n_starts=2, convention="mse", alpha=0.01),
                  rw.RidgewalkRegressor((3,), alphas=[0.1, 10.0], walk=("up",))):
            with self.subTest(repr(e)):
                seen = list(check_estimator(e, generate_only=True))
                self.assertGreater(len(seen), 40)
                tags = e._get_tags() if hasattr(e, "_get_tags") else {}
                self.assertFalse(tags.get("_xfail_checks"))
                self.assertFalse(tags.get("no_validation") or tags.get("_skip_test") or tags.get("non_deterministic"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", SkipTestWarning)
            check_estimator(rw.RidgewalkRegressor())

    def test_others_pass_too(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_estimator(rw.RidgewalkRegressor((3,), standardize=True, convention="mse", alpha=0.01))


class World(Case):
    def setUp(self):
        super().setUp()
        self.X, self.y = small()
        self.r = rw.RidgewalkRegressor((4,), random_state=0)

    def test_objective_is_that_of_mlpregressor(self):
        """Its gradient at our fit is zero, with one target and two; with one its loss is ours (with two it divides by them)."""
        for Y in (self.y, np.column_stack([self.y, self.y ** 2])):
            r = clone(self.r).fit(self.X, Y)
            m = MLPRegressor((4,), activation="tanh", alpha=1.0, solver="lbfgs", max_iter=1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)
                m.fit(self.X, Y)
            units = [3, 4, r.n_outputs_]
            activations = [self.X] + [None] * 2
            deltas, coefs, intercepts = [None] * 2, [np.empty((a, b)) for a, b in zip(units, units[1:])], [np.empty(b) for b in units[1:]]
            m.coefs_, m.intercepts_ = [c.copy() for c in r.coefs_], [b.copy() for b in r.intercepts_]
            loss, coefs, intercepts = m._backprop(self.X, Y.reshape(60, -1), activations, deltas, coefs, intercepts)
            if r.n_outputs_ == 1:
                self.assertAlmostEqual(loss, r.loss_, 12)
            self.assertLess(max(np.abs(g).max() for g in coefs + intercepts), 1e-8)
            np.testing.assert_allclose(m.predict(self.X), r.predict(self.X), rtol=1e-12)

    def test_attributes(self):
        r = self.r.fit(self.X, self.y)
        self.assertEqual(r.certificate_.verdict, "strict_min")
        self.assertEqual([c.shape for c in r.coefs_] + [b.shape for b in r.intercepts_], [(3, 4), (4, 1), (4,), (1,)])
        self.assertEqual((r.n_layers_, r.n_outputs_, r.n_features_in_, r.drops_), (3, 1, 3, []))
        self.assertGreater(r.n_iter_, 1)
        hidden = np.tanh(self.X @ r.coefs_[0] + r.intercepts_[0])
        np.testing.assert_allclose((hidden @ r.coefs_[1] + r.intercepts_[1])[:, 0], r.predict(self.X), rtol=1e-12)
        again = rw.certify(r, self.X, self.y)
        self.assertEqual(again.objective, r.loss_)
        self.assertEqual(rw.certify(r, self.X, self.y, alpha=2.0).verdict, "not_stationary")
        with self.assertRaises(NotFittedError):
            clone(r).predict(self.X)

    def test_as_the_program(self):
        names, X, y = table("diabetes.csv")
        file = self.file("d.csv")
        np.savetxt(file, np.column_stack([X, y]), "%.17g", ",", header=",".join(names), comments="")
        j = self.json("path", file, "--target", names[-1], "--hidden", 5, "--lambda", "3", "--walk", "up", "--convention", "sklearn",
                      "--seed", 7, "--threads", 1, "--out", self.file("o.rwk"))
        r = rw.RidgewalkRegressor((5,), alpha=3.0, standardize=True, random_state=7).fit(pd.DataFrame(X, columns=names[:-1]), y)
        p = j["walks"][0]["points"][0]
        for key in ("mse", "penalty", "objective", "grad_inf", "min_eig", "iterations", "verdict"):
            self.same(getattr(r.certificate_, key), p[key], key)
        text = self.program("predict", self.file("o.rwk"), file, "--lambda", "3").split()[1:]
        np.testing.assert_allclose(r.predict(pd.DataFrame(X, columns=names[:-1])), np.array(text, dtype=float), rtol=1e-12)

    def test_path_in_the_estimator(self):
        r = rw.RidgewalkRegressor((4,), alpha=1.0, alphas="2^-6:2^4:4", random_state=0).fit(self.X, self.y)
        self.assertIn(1.0, r.path_.lambdas)
        self.assertTrue(r.path_.best and r.certificate_.walk == "best")
        other = r.at(2 ** -6)
        self.assertFalse(np.array_equal(other.predict(self.X), r.predict(self.X)))
        self.assertLess(((other.predict(self.X) - self.y) ** 2).mean(), ((r.predict(self.X) - self.y) ** 2).mean())
        with self.assertRaises(KeyError):
            r.at(0.3)

    def test_pipeline_search_clone_pickle_joblib(self):
        pipe = make_pipeline(StandardScaler(), clone(self.r))
        search = GridSearchCV(pipe, {"ridgewalkregressor__alpha": [0.1, 1.0, 10.0]}, cv=3, n_jobs=2).fit(self.X, self.y)
        one = GridSearchCV(pipe, {"ridgewalkregressor__alpha": [0.1, 1.0, 10.0]}, cv=3).fit(self.X, self.y)
        self.assertEqual(list(search.cv_results_["mean_test_score"]), list(one.cv_results_["mean_test_score"]))
        self.assertEqual(len(cross_val_score(self.r, self.X, self.y, cv=3)), 3)
        r = self.r.fit(self.X, self.y)
        buffer = io.BytesIO()
        joblib.dump(r, buffer)
        buffer.seek(0)
        for copy in (pickle.loads(pickle.dumps(r)), joblib.load(buffer)):
            self.assertEqual(copy.predict(self.X).tobytes(), r.predict(self.X).tobytes())
            self.assertEqual(copy.certificate_.reason, r.certificate_.reason)
            self.assertEqual(copy.path_.lambdas.tolist(), [1.0])
        self.assertLess(len(pickle.dumps(rw.RidgewalkRegressor((4,)).fit(np.tile(self.X, (500, 1)), np.tile(self.y, 500)))), 200_000)
        params = clone(r).get_params()
        self.assertEqual(params["hidden_layer_sizes"], (4,))

    def test_frames(self):
        frame = pd.DataFrame(self.X, columns=["a", "b", "c"])
        r = self.r.fit(frame, pd.Series(self.y, name="t"))
        self.assertEqual(list(r.feature_names_in_), ["a", "b", "c"])
        with self.assertRaises(ValueError), warnings.catch_warnings():
            warnings.simplefilter("error")
            r.predict(frame[["b", "a", "c"]])
        out = r.path_.to_frame()
        self.assertEqual(list(out["verdict"]), ["strict_min"])

    def test_weights_and_warm_starts(self):
        w = np.ones(60)
        w[:10] = 3
        weighted = clone(self.r).fit(self.X, self.y, sample_weight=w)
        repeated = clone(self.r).fit(np.vstack([self.X, self.X[:10], self.X[:10]]), np.concatenate([self.y, self.y[:10], self.y[:10]]))
        self.assertAlmostEqual(weighted.loss_, repeated.loss_, 10)
        warm = clone(self.r).set_params(warm_start=True).fit(self.X, self.y)
        again = pickle.loads(pickle.dumps(warm)).fit(self.X, self.y)
        self.assertEqual(again.n_iter_, 1)
        np.testing.assert_allclose(again.predict(self.X), warm.predict(self.X), rtol=1e-9)
        with self.assertRaisesRegex(ValueError, "warm_start"):
            warm.set_params(hidden_layer_sizes=(5,)).fit(self.X, self.y)
        with self.assertRaises(ValueError):
            clone(self.r).fit(self.X, self.y, sample_weight=-w)

    def test_parameters(self):
        bad = [{"alpha": 0}, {"alpha": "1"}, {"alpha": np.inf}, {"hidden_layer_sizes": (0,)}, {"hidden_layer_sizes": (2.5,)}, {"activation": "x"},
               {"n_jobs": 0}, {"random_state": -1}, {"n_starts": 0}, {"convention": "x"}, {"alphas": "x"}, {"walk": ("x",), "alphas": [1.0]}]
        for settings in bad:
            with self.subTest(settings), self.assertRaises((ValueError, TypeError)):
                clone(self.r).set_params(**settings).fit(self.X, self.y)
        with self.assertWarns(ConvergenceWarning):
            clone(self.r).set_params(max_iter=1).fit(self.X, self.y)
        same = [clone(self.r).set_params(n_jobs=n, n_starts=3).fit(self.X, self.y).predict(self.X).tobytes() for n in (None, 2)]
        self.assertEqual(*same)
        for activation in ("logistic", "softplus", "identity", "tanh"):
            self.assertTrue(clone(self.r).set_params(activation=activation).fit(self.X, self.y).certificate_.is_minimum)


class OfOthers(Case):
    def test_mlpregressor_on_diabetes(self):
        _, X, y = table("diabetes.csv")
        X, y = StandardScaler().fit_transform(X), (y - y.mean()) / y.std()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            default = MLPRegressor(random_state=0).fit(X, y)
            m = MLPRegressor((8,), activation="tanh", solver="lbfgs", random_state=0).fit(X, y)
        self.assertEqual(rw.certify(default, X, y, finish=False).verdict, "not_stationary")
        c = rw.certify(m, X, y)
        self.assertEqual(c.verdict, "not_stationary")
        self.assertAlmostEqual(c.objective, m.loss_, 12)
        self.assertTrue(c.finished.is_minimum)
        self.assertAlmostEqual(c.distance, np.linalg.norm(c.finished.w - c.w))
        self.assertLess(c.finished.objective, c.objective)
        self.assertGreater(c.distance, 0.01)
        self.assertIn("not stationary", str(c))
        self.assertIn("finished by Newton", c._repr_html_())
        json.dumps(c.to_dict())

    def test_refusals(self):
        X, y = small()
        m = MLPRegressor((3,), max_iter=5)
        with self.assertRaisesRegex(ValueError, "fitted"):
            rw.certify(m, X, y)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            m.fit(X, y)
        for args in ((X[:, :2], y), (X, y[:-1]), (X[:0], y[:0])):
            with self.assertRaises(ValueError):
                rw.certify(m, *args)
        with self.assertRaises(TypeError):
            rw.certify(m)
        with self.assertRaises(TypeError):
            rw.certify("model", X, y)


if __name__ == "__main__":
    unittest.main(verbosity=2)
