"""scikit-learn's estimators with the penalty chosen by cross-validation."""
from __future__ import annotations

import json
import numbers
import os
import tempfile
from typing import Any, Optional, Sequence

import numpy as np

from . import _core
from ._estimator import BaseRidgewalk, RidgewalkClassifier, RidgewalkRegressor
from ._path import TEXTS, stored_path, texts_of
from ._problem import split_settings
from ._scale import Lambdas, grid


def _of_splits(splits: list[Any], rows: int) -> np.ndarray:
    """The fold of every row, from (train, test) pairs that divide the rows."""
    fold = np.full(rows, -1)
    for k, pair in enumerate(splits):
        try:
            train, test = (np.arange(rows)[np.asarray(part)] for part in pair)
        except (TypeError, ValueError, IndexError):
            raise ValueError(f"cv: split {k} is no pair (train, test) of rows from 0 to {rows - 1}") from None
        if len(test) == 0 or np.any(fold[test] >= 0) or len(np.unique(test)) < len(test):
            raise ValueError(f"cv: split {k} tests no row, or one that is tested twice; the splits must divide the rows, each tested once")
        if not np.array_equal(np.sort(train), np.setdiff1d(np.arange(rows), test)):
            raise ValueError(f"cv: split {k} trains on other rows than all that it does not test; the paths of ridgewalk are of these")
        fold[test] = k
    if np.any(fold < 0):
        raise ValueError(f"cv: row {np.argmin(fold)} is never tested; the splits must divide the rows")
    return fold


def folds_of(cv: Any, X: np.ndarray, y: np.ndarray) -> tuple[Optional[int], Optional[np.ndarray]]:
    """How many folds the library is to make; or the fold of every row."""
    if cv is None:
        cv = 5
    if isinstance(cv, numbers.Integral) and not isinstance(cv, bool):
        if cv < 2:
            raise ValueError(f"cv: {cv} folds; 2 are wanted at least")
        return int(cv), None
    if hasattr(cv, "split") and not isinstance(cv, str):
        return None, _of_splits(list(cv.split(X, y)), len(X))
    try:
        items = list(cv) if not isinstance(cv, str) else None
    except TypeError:
        items = None
    if not items:
        raise ValueError(f"cv: {cv!r} is no number of folds, no splitter, and neither splits nor the fold of every row")
    if isinstance(items[0], (tuple, list)) or getattr(items[0], "ndim", 0) > 0:
        return None, _of_splits(items, len(X))
    labels = np.asarray(cv if hasattr(cv, "__array__") else items)
    if labels.shape != (len(X),):
        raise ValueError(f"cv: {len(items)} folds for {len(X)} rows; one a row is wanted")
    return None, np.unique(labels, return_inverse=True)[1]


class BaseRidgewalkCV(BaseRidgewalk):
    """From validated arrays to a path of which a fit is chosen."""

    _least_rows = 2

    def __init__(self, hidden_layer_sizes: Any = (8,), activation: str = "tanh", *, alphas: Lambdas = None, cv: Any = 5, choice: str = "min",
                 walk: Sequence[str] = ("up", "best"), effort: str = "low", convention: str = "sklearn", standardize: bool = False,
                 n_starts: int = 1, tol: Optional[float] = None, max_iter: int = 2000, random_state: Any = None,
                 n_jobs: Optional[int] = None):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alphas = alphas
        self.cv = cv
        self.choice = choice
        self.walk = walk
        self.effort = effort
        self.convention = convention
        self.standardize = standardize
        self.n_starts = n_starts
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_jobs = n_jobs

    def _fitted_alpha(self) -> float:
        return self.alpha_

    def _set_alpha(self, alpha: float) -> None:
        self.alpha_ = float(alpha)

    def _settings(self) -> dict[str, Any]:
        walk = (self.walk,) if isinstance(self.walk, str) else tuple(self.walk)
        if "best" not in walk:
            raise ValueError(f"walk: {self.walk!r}; best must be among them, for it is what is cross-validated")
        settings = {"walk": walk, "effort": self.effort, "starts": self.n_starts, "seed": self._seed(), "max_iter": self.max_iter}
        if self.tol is not None:
            settings["grad_tol"] = self.tol
        return settings

    def _fit(self, X: np.ndarray, Y: np.ndarray, weights: Optional[np.ndarray]) -> None:
        if self.choice not in ("min", "1se"):
            raise ValueError(f"choice: {self.choice!r} is neither 'min' nor '1se'")
        settings, threads = self._settings(), self._threads()
        target = Y[:, 0] if Y.shape[1] == 1 else Y.argmax(axis=1) if self._loss == "softmax" else Y
        count, labels = folds_of(self.cv, X, target)
        used = np.ones(len(X), dtype=bool) if weights is None else weights > 0
        if not used.all():  # rows of weight 0 are none
            X, Y, weights = X[used], Y[used], weights[used]
            labels = None if labels is None else labels[used]
        network = self._network_over(X, Y, weights, recorded=True)
        table, folds = network._table, {"seed": settings["seed"]}
        if labels is None:
            folds["count"] = count
        else:
            name = "fold"
            while name in table["names"]:
                name += "_"
            table = {**table, "table": np.column_stack([table["table"], labels]), "names": (*table["names"], name), "folded": True}
        lambdas = grid(self.alphas, network.scale)
        found, content = self._cross_validate(network, table, folds, lambdas, settings, threads)
        cv, path = found["cv"], stored_path(found, network, network.scale, content)
        index = {choice: cv["summary"][f"index_{choice}"] for choice in ("min", "1se")}
        self.alphas_ = path.lambdas
        self.lambda_min_, self.lambda_1se_ = (float(path.lambdas[index[choice]]) for choice in ("min", "1se"))
        self.cv_mean_, self.cv_se_ = (np.array([p[key] for p in cv["points"]]) for key in ("mean", "se"))
        self.folds_ = np.full(len(used), -1)
        self.folds_[used] = np.frombuffer(cv["fold"]).reshape(-1, network.outputs)[:, 0]
        self._set_alpha(path.lambdas[index[self.choice]])
        assert path.best is not None
        point = path.best.points[index[self.choice]]
        assert point is not None
        self._keep(path, point)

    @staticmethod
    def _cross_validate(network: Any, table: dict, folds: dict, lambdas: Optional[np.ndarray], settings: dict,
                        threads: int) -> tuple[dict, bytes]:
        """What the library's run file holds, and the file."""
        walk = settings["walk"]
        of_path, of_solver, of_certify = split_settings({k: v for k, v in settings.items() if k != "walk"})
        told = {**settings, "walk": ",".join(walk)}
        if "count" in folds:
            told["folds"] = folds["count"]
        if lambdas is not None:
            told["lambda"] = ",".join(repr(float(v)) for v in network.scale.outside(lambdas))
        with tempfile.TemporaryDirectory(prefix="ridgewalk-") as folder:
            file = os.path.join(folder, "cv.rwk")
            _core.cv(file, table, network.hidden, network._settings, of_path, of_solver, of_certify, walk, lambdas, folds,
                     texts_of(network, network.scale, told, "cv"), threads)
            found = _core.run_load(file, TEXTS)
            if network.loss != "mse":
                best = [np.frombuffer(fit["w"]) for fit in found["fits"] if fit["walk"] == "best"]
                _core.run_set(file, {"accuracy": json.dumps({"best/0": [network.accuracy(w) for w in best]})})
            with open(file, "rb") as f:
                return found, f.read()


class RidgewalkRegressorCV(BaseRidgewalkCV, RidgewalkRegressor):
    """`RidgewalkRegressor` with the penalty chosen by cross-validation of the whole certified path.

    For every fold a network is fitted to the other rows along the whole grid, every fit certified, and tried on the fold; the error
    beside each penalty is the mean over the folds. A fold's objective is loss_scale (W / W_f) SSE + lambda R, W the weight of all rows
    and W_f that of the rows it is fitted to, so that `alpha` of the default convention is smaller there in proportion to the rows. The
    numbers are those of ``ridgewalk cv`` with the same table, folds, seed and settings, to the last bit. Predictions are those of a
    fit to all rows.

    Parameters
    ----------
    hidden_layer_sizes, activation, effort, convention, n_starts, tol, max_iter, random_state, n_jobs
        As of `RidgewalkRegressor`; `random_state` is the seed of the folds too.
    alphas : str or array_like, optional
        The grid, "FROM:TO[:FACTOR]" or penalties. Without it 17 penalties from twice the one at which all weights are zero down.
    cv : int, splitter, iterable of (train, test), or array_like of shape (rows,), default 5
        How many folds, each with its share of each class or of small and of large targets; or scikit-learn's splits, which must
        divide the rows: each is tested once, by a fit to all that are not tested with it; or the fold of every row.
    choice : {"min", "1se"}, default "min"
        The penalty with the smallest mean error; or the largest from there on whose mean is within one standard error of it.
    walk : sequence of {"up", "down", "cold", "best"}, default ("up", "best")
        "best" must be among them: it is what is cross-validated.
    standardize : bool, default False
        Features and targets to mean 0 and variance 1 first, by the rows of each fit alone.

    Attributes
    ----------
    alpha_ : float
        The penalty that was chosen: `lambda_min_` or `lambda_1se_`.
    lambda_min_, lambda_1se_ : float
        Both choices.
    alphas_ : ndarray of shape (penalties,)
        The grid, ascending.
    cv_mean_, cv_se_ : ndarray of shape (penalties,)
        Mean squared error of what was held out, in variances of the targets, and its standard error.
    folds_ : ndarray of shape (rows,)
        The fold of every row; -1 for rows of weight 0, which are left out.
    path_ : Path
        The path of all rows.
    certificate_, drops_, coefs_, intercepts_, loss_, n_iter_, n_layers_, n_outputs_, n_features_in_, feature_names_in_
        As of `RidgewalkRegressor`, of the fit to all rows at `alpha_`.

    References
    ----------
    docs/cv.md; ``ridgewalk/cv.h``.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> r = RidgewalkRegressorCV((4,), standardize=True, alphas="2^3:2^9", random_state=0).fit(X, y)
    >>> r.alpha_ == r.alphas_[r.cv_mean_.argmin()]
    True
    """


class RidgewalkClassifierCV(BaseRidgewalkCV, RidgewalkClassifier):
    """`RidgewalkClassifier` with the penalty chosen by cross-validation of the whole certified path.

    Parameters
    ----------
    hidden_layer_sizes, activation, alphas, cv, choice, walk, effort, n_starts, tol, max_iter, random_state, n_jobs
        As of `RidgewalkRegressorCV`.
    convention, standardize
        As of `RidgewalkClassifier`.

    Attributes
    ----------
    classes_ : ndarray of shape (classes,)
        The labels, in order.
    cv_mean_, cv_se_ : ndarray of shape (penalties,)
        Mean cross-entropy of what was held out, in nats, and its standard error.
    alpha_, lambda_min_, lambda_1se_, alphas_, folds_, path_, certificate_, drops_, coefs_, intercepts_, loss_, n_iter_, n_layers_, n_outputs_, \
n_features_in_, feature_names_in_
        As of `RidgewalkRegressorCV`.

    References
    ----------
    docs/cv.md, docs/classes.md.
    """
