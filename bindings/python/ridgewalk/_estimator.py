"""scikit-learn's estimators."""
from __future__ import annotations

import math
import numbers
import warnings
from typing import Any, Optional, Sequence

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ._certificate import Certificate
from ._network import Network, prepare
from ._path import Path, Point
from ._scale import Lambdas, grid

try:
    from sklearn.utils.validation import validate_data as _validate
except ImportError:  # before 1.6
    def _validate(estimator, *args, **how):
        return estimator._validate_data(*args, **how)


class BaseRidgewalk(BaseEstimator):
    """What regressors and classifiers share: from validated arrays to a certified fit."""

    _loss = "mse"
    _least_rows = 1

    def __init__(self, hidden_layer_sizes: Any = (8,), activation: str = "tanh", *, alpha: float = 1.0, alphas: Lambdas = None,
                 walk: Sequence[str] = ("up", "best"), effort: str = "low", convention: str = "sklearn", standardize: bool = False,
                 n_starts: int = 1, tol: Optional[float] = None, max_iter: int = 2000, random_state: Any = None,
                 n_jobs: Optional[int] = None, warm_start: bool = False):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.alphas = alphas
        self.walk = walk
        self.effort = effort
        self.convention = convention
        self.standardize = standardize
        self.n_starts = n_starts
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.warm_start = warm_start

    def _threads(self) -> int:
        n = self.n_jobs
        if n is None:
            return 1
        if not isinstance(n, numbers.Integral) or n == 0 or n < -1:
            raise ValueError(f"n_jobs: {n!r} is neither None, -1 (all) nor a whole number from 1 on")
        return 0 if n == -1 else int(n)

    def _seed(self) -> int:
        if isinstance(self.random_state, numbers.Integral):
            if self.random_state < 0:
                raise ValueError(f"random_state: {self.random_state} is negative")
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2 ** 31 - 1))

    def _network_over(self, X: np.ndarray, Y: np.ndarray, weights: Optional[np.ndarray], recorded: bool = False) -> Network:
        """recorded: with a recipe although nothing is scaled."""
        hidden = self.hidden_layer_sizes
        hidden = (hidden,) if isinstance(hidden, numbers.Number) else tuple(hidden)
        if any(not isinstance(h, numbers.Integral) or h < 1 for h in hidden):
            raise ValueError(f"hidden_layer_sizes: {self.hidden_layer_sizes!r} are not widths, whole numbers from 1 on")
        recipe = table = None
        if self.standardize or recorded:
            classes = {"mse": None, "logistic": Y, "softmax": Y.argmax(axis=1)[:, None]}[self._loss]
            X, Y, weights, recipe, table = prepare(X, Y if classes is None else classes, weights, getattr(self, "feature_names_in_", None),
                                                   None, bool(self.standardize), True, None, self._loss)
        return Network(X, Y, weights, hidden=hidden, activation=self.activation, convention=self.convention, loss=self._loss, recipe=recipe,
                       table=table)

    @staticmethod
    def _weights(sample_weight: Any, X: np.ndarray) -> Optional[np.ndarray]:
        if sample_weight is None:
            return None
        sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        if sample_weight.min() < 0 or not sample_weight.sum() > 0:
            raise ValueError("sample_weight: numbers from 0 on are wanted, not all of them 0")
        return sample_weight

    def _alpha(self) -> float:
        if not isinstance(self.alpha, numbers.Real) or not 0 < self.alpha < math.inf:
            raise ValueError(f"alpha: {self.alpha!r} is not a positive, finite penalty")
        return float(self.alpha)

    def _fitted_alpha(self) -> float:
        return self.alpha

    def _predict_at(self, point: Point) -> None:
        self.certificate_, self.loss_, self.n_iter_ = point, point.objective, max(1, point.iterations)
        self.coefs_, self.intercepts_ = self.path_.problem.unpack(point.w)
        self.n_layers_, self.n_outputs_ = len(self.coefs_) + 1, self.path_.problem.outputs

    def _walk(self, network: Network) -> Path:
        """One fit, or the path with alpha in its grid."""
        alpha, shared = self._alpha(), {"seed": self._seed(), "starts": self.n_starts, "max_iter": self.max_iter, "threads": self._threads()}
        if self.tol is not None:
            shared["grad_tol"] = self.tol
        init = None
        if self.warm_start and hasattr(self, "coefs_"):
            if [c.shape for c in self.coefs_] != [(i, o) for i, o, _, _ in network.layers]:
                raise ValueError("warm_start: the fit before had another shape; set warm_start=False, or clone the estimator")
            init = network.pack(self.coefs_, self.intercepts_)
        if self.alphas is None:
            return network.path([alpha], walk=("up",), init=init, explain=False, collapse_tol=0.0, **shared)
        inside = grid(self.alphas, network.scale)
        values = network.scale.outside(inside)
        if not np.any(np.abs(values / alpha - 1) <= 1e-9):
            values = np.sort(np.append(values, alpha))
        return network.path(values, walk=self.walk, init=init, effort=self.effort, **shared)

    def _fit(self, X: np.ndarray, Y: np.ndarray, weights: Optional[np.ndarray]) -> None:
        path = self._walk(self._network_over(X, Y, weights))
        if self.alphas is None:
            point = min((w.points[0] for w in path.walks), key=lambda p: p.objective)
        else:
            point = path.point(self._alpha())
        self._keep(path, point)

    def _keep(self, path: Path, point: Point) -> None:
        self.path_, self.drops_ = path, path.drops
        self._predict_at(point)
        if not point.is_minimum:
            warnings.warn(f"the fit is no certified minimum but {point.verdict}: {point.reason}", ConvergenceWarning, stacklevel=4)

    def _output(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = _validate(self, X, dtype=np.float64, order="C", reset=False)
        return self.path_.problem.predict(X, self.certificate_.w)

    def at(self, alpha: float) -> "BaseRidgewalk":
        """A copy that predicts by the fit at another penalty of the path.

        Raises
        ------
        KeyError
            The path has no such penalty.
        """
        import copy
        check_is_fitted(self)
        point = self.path_.point(alpha)
        other = copy.copy(self)
        other._predict_at(point)
        other._set_alpha(alpha)
        return other

    def _set_alpha(self, alpha: float) -> None:
        self.alpha = alpha

    def _certify(self, X: Any, y: Any, alpha: Optional[float], sample_weight: Any, how: dict) -> Certificate:
        check_is_fitted(self)
        network = self._network_over(*self._table(X, y, sample_weight, False))
        return network.certify(self.certificate_.w, self._fitted_alpha() if alpha is None else alpha, **how)


class RidgewalkRegressor(MultiOutputMixin, RegressorMixin, BaseRidgewalk):
    """A neural network with an L2 penalty, fitted to a certified minimum.

    The objective is that of ``sklearn.neural_network.MLPRegressor``, SSE/(2n) + alpha/(2n) R with free biases, unless `convention`
    says otherwise; it is minimised by a Newton method with the exact Hessian to a gradient of `tol`, and what kind of point the fit
    is stands in `certificate_`.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default (8,)
        Widths of the hidden layers.
    activation : {"tanh", "logistic", "relu", "identity", "softplus"}, default "tanh"
        With "relu" there is no Hessian at kinks, and fits that sit on one are told to be ``nonsmooth``.
    alpha : float, default 1.0
        The penalty, > 0, in the units of `convention`.
    alphas : str or array_like, optional
        Walk the whole path, "FROM:TO[:FACTOR]" or penalties, with `alpha` among them; predictions are those of `alpha`, and
        `path_` has the rest. Without it there is one fit.
    walk : sequence of {"up", "down", "cold", "best"}, default ("up", "best")
        Which walks, with `alphas`.
    effort : {"low", "normal", "high"}, default "low"
        How far "best" looks beyond the walks.
    convention : {"sklearn", "mse", "half-sse", "nnet", "torch", "keras"}, default "sklearn"
        Whose objective, and so whose penalty.
    standardize : bool, default False
        Features and targets to mean 0 and variance 1 first; predictions are in the target's units, `coefs_` in the scaled ones.
    n_starts : int, default 1
        Random starts; the fit with the lowest objective is kept.
    tol : float, optional
        Largest entry of the gradient, times max(1, J); 1e-8 by default.
    max_iter : int, default 2000
        Newton iterations of a fit at most.
    random_state : int, RandomState or None
        Seed of the random starts.
    n_jobs : int, optional
        Threads: None is 1, -1 is all. The numbers do not depend on it.
    warm_start : bool, default False
        Begin with the weights of the fit before.

    Attributes
    ----------
    certificate_ : Point
        What kind of point the fit is.
    path_ : Path
        Every fit.
    drops_ : list of Drop
        Where the error fell while the penalty rose, each with its cause.
    coefs_, intercepts_ : list of ndarray
        Weights [inputs x outputs] and biases [outputs] of the layers.
    loss_ : float
        The objective at the fit, in the units of `convention`.
    n_iter_, n_layers_, n_outputs_, n_features_in_ : int
    feature_names_in_ : ndarray of str
        Where X was a data frame.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> RidgewalkRegressor(standardize=True, random_state=0).fit(X, y).certificate_.verdict
    'strict_min'
    """

    def _table(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[np.ndarray, np.ndarray, Optional[np.ndarray]]:
        X, y = _validate(self, X, y, dtype=np.float64, order="C", multi_output=True, y_numeric=True, reset=reset,
                         ensure_min_samples=self._least_rows)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if reset:
            self._one_target = y.ndim == 1
        Y = np.ascontiguousarray(y, dtype=np.float64)
        return X, Y[:, None] if Y.ndim == 1 else Y, self._weights(sample_weight, X)

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "RidgewalkRegressor":
        """Fits, certifies, and explains what there is to explain.

        Parameters
        ----------
        X : array_like of shape (rows, features)
        y : array_like of shape (rows,) or (rows, targets)
        sample_weight : array_like of shape (rows,), optional
            n of the objective is their sum.

        Returns
        -------
        self

        Warns
        -----
        ConvergenceWarning
            The fit is no certified minimum.
        """
        self._fit(*self._table(X, y, sample_weight, True))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predictions, of shape (rows,) or (rows, targets)."""
        F = self._output(X)
        return F[:, 0] if self._one_target else F


class RidgewalkClassifier(ClassifierMixin, BaseRidgewalk):
    """A neural network with a cross-entropy and an L2 penalty, fitted to a certified minimum.

    The objective is that of ``sklearn.neural_network.MLPClassifier``, CE/n + alpha/(2n) R with free biases and CE the sum of
    cross-entropies in nats, unless `convention` says otherwise: of two classes with one logistic output, of more with a softmax over
    an output each. It is minimised by a Newton method with the exact Hessian, and what kind of point the fit is stands in
    `certificate_`. Softmax does not see a number that is added to all outputs: the biases of the outputs are those that sum to 0.

    Parameters
    ----------
    hidden_layer_sizes, activation, alpha, alphas, walk, effort, n_starts, tol, max_iter, random_state, n_jobs, warm_start
        As of `RidgewalkRegressor`.
    convention : {"sklearn", "mse", "nnet", "torch", "keras"}, default "sklearn"
        Whose objective, and so whose penalty; "mse" is CE/n + lambda R here.
    standardize : bool, default False
        Features to mean 0 and variance 1 first.

    Attributes
    ----------
    classes_ : ndarray of shape (classes,)
        The labels, in order.
    certificate_, path_, drops_, coefs_, intercepts_, loss_, n_iter_, n_layers_, n_outputs_, n_features_in_, feature_names_in_
        As of `RidgewalkRegressor`; where a path or a certificate has `mse`, it is the mean cross-entropy.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> RidgewalkClassifier((3,), standardize=True, random_state=0).fit(X, y).certificate_.verdict
    'strict_min'
    """

    @property
    def _loss(self) -> str:
        return "softmax" if len(self.classes_) > 2 else "logistic"

    def _table(self, X: Any, y: Any, sample_weight: Any, reset: bool) -> tuple[np.ndarray, np.ndarray, Optional[np.ndarray]]:
        X, y = _validate(self, X, y, dtype=np.float64, order="C", reset=reset, ensure_min_samples=self._least_rows)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        weights = self._weights(sample_weight, X)
        counted = y if weights is None else y[weights > 0]
        if reset:
            self.classes_ = np.unique(counted)
            if len(self.classes_) < 2:
                raise ValueError(f"y: there is one class, {self.classes_[0]!r}; a classifier wants two or more")
        known = np.isin(y, self.classes_)
        if not known.all() and (weights is None or np.any(weights[~known] > 0)):
            raise ValueError(f"y: {y[~known][0]!r} is none of the classes")
        if len(self.classes_) == 2:
            Y = (y == self.classes_[1])[:, None]
        else:
            Y = y[:, None] == self.classes_[None, :]
            Y[~known, 0] = True  # rows of weight 0
        return X, np.ascontiguousarray(Y, dtype=np.float64), weights

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "RidgewalkClassifier":
        """Fits, certifies, and explains what there is to explain.

        Parameters
        ----------
        X : array_like of shape (rows, features)
        y : array_like of shape (rows,)
            Labels: numbers, text or bool, of two classes or more.
        sample_weight : array_like of shape (rows,), optional
            n of the objective is their sum. Classes whose rows all weigh 0 are none.

        Returns
        -------
        self

        Warns
        -----
        ConvergenceWarning
            The fit is no certified minimum.
        """
        self._fit(*self._table(X, y, sample_weight, True))
        return self

    def decision_function(self, X: Any) -> np.ndarray:
        """The network's outputs: of two classes the logit of the second, (rows,); of more (rows, classes)."""
        F = self._output(X)
        return F[:, 0] if len(self.classes_) == 2 else F

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities of the classes, (rows, classes), in the order of `classes_`."""
        F = self._output(X)
        if len(self.classes_) == 2:
            F = np.column_stack([np.zeros(len(F)), F])
        P = np.exp(F - F.max(axis=1, keepdims=True))
        return P / P.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Their logarithms, which do not run out of range."""
        F = self._output(X)
        if len(self.classes_) == 2:
            F = np.column_stack([np.zeros(len(F)), F])
        F = F - F.max(axis=1, keepdims=True)
        return F - np.log(np.exp(F).sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row, (rows,)."""
        F = self._output(X)
        return self.classes_[(F[:, 0] > 0).astype(int) if len(self.classes_) == 2 else F.argmax(axis=1)]
