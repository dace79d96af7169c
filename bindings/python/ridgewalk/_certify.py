"""certify: of whatever somebody has."""
from __future__ import annotations

from typing import Any, Optional

import numpy as np

from . import _core
from ._certificate import Certificate
from ._network import Network, matrix, row_weights
from ._problem import Problem

LOSSES = {"identity": "mse", "logistic": "logistic", "softmax": "softmax"}
ACTIVATIONS = ("identity", "logistic", "relu", "tanh")


def _classes(model: Any, y: Any) -> np.ndarray:
    """Targets of 0 and 1 as MLPClassifier makes them of labels: one column for two classes, or for each of several labels at once."""
    labels = np.asarray(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2:
        return matrix(labels, "y")[0]
    unknown = labels[~np.isin(labels, model.classes_)]
    if len(unknown):
        raise ValueError(f"y: {unknown[0]!r} is none of the model's classes")
    if len(model.classes_) == 2:
        return np.ascontiguousarray((labels == model.classes_[1])[:, None], dtype=float)
    return np.ascontiguousarray(labels[:, None] == model.classes_[None, :], dtype=float)


def _sklearn(model: Any, X: Any, y: Any, alpha: Optional[float], sample_weight: Any) -> tuple[Network, np.ndarray, float]:
    """MLPRegressor's own objective: SSE/(2n) + alpha/(2n) R, biases free; MLPClassifier's: CE/n + alpha/(2n) R.

    That is what its gradient belongs to. With several targets the loss that it reports divides SSE by their number too, but not the
    gradient that its training follows.
    """
    if not hasattr(model, "coefs_"):
        raise ValueError(f"{type(model).__name__} has not been fitted yet")
    loss = LOSSES.get(getattr(model, "out_activation_", "identity"))
    if loss is None:
        raise _core.UnsupportedError(f"{type(model).__name__}: its outputs are {model.out_activation_}, which is not known here")
    if model.activation not in ACTIVATIONS:
        raise _core.UnsupportedError(f"activation {model.activation!r} is not known here")
    names = getattr(model, "feature_names_in_", None)
    if names is not None and hasattr(X, "columns") and list(names) != list(X.columns):
        raise ValueError("X: its columns are not those that the model was fitted on")
    array, _ = matrix(X)
    Y = matrix(y, "y")[0] if loss == "mse" else _classes(model, y)
    if len(array) != len(Y):
        raise ValueError(f"X has {len(array)} rows, and y {len(Y)}")
    inputs, outputs = model.coefs_[0].shape[0], model.coefs_[-1].shape[1]
    if array.shape[1] != inputs or Y.shape[1] != outputs:
        raise ValueError(f"the model takes {inputs} features to {outputs} targets, but X has {array.shape[1]} and y {Y.shape[1]}")
    network = Network(array, Y, row_weights(sample_weight, len(array)), hidden=[c.shape[1] for c in model.coefs_[:-1]],
                      activation=model.activation, convention="sklearn", loss=loss)
    return network, network.pack(model.coefs_, model.intercepts_), float(model.alpha if alpha is None else alpha)


def certify(model: Any, X: Any = None, y: Any = None, *, alpha: Optional[float] = None, lambda_: Optional[float] = None, w: Any = None,
            sample_weight: Any = None, finish: bool = True, direction: bool = False, **settings: Any) -> Certificate:
    """What kind of point is this: a minimum, a saddle, or neither?

    Parameters
    ----------
    model : MLPRegressor, MLPClassifier, RidgewalkRegressor, RidgewalkClassifier, Problem, or torch problem
        A fitted scikit-learn ``MLPRegressor`` is held against its own objective, SSE/(2n) + alpha/(2n) R with free biases, on the
        table given; an ``MLPClassifier`` against CE/n + alpha/(2n) R, CE the sum of cross-entropies. A `Problem` wants weights and a penalty; a problem of `ridgewalk.torch` has both.
    X : array_like of shape (rows, features)
        The table that the model was fitted on, as it was given to ``fit``. For a `Problem`: the weights, if `w` is not given.
    y : array_like of shape (rows,) or (rows, targets)
    alpha : float, optional
        The penalty, where it is not the model's own.
    lambda_ : float, optional
        The same for a `Problem`, in its units.
    w : array_like of shape (dim,), optional
        Weights of a `Problem`.
    sample_weight : array_like of shape (rows,), optional
    finish : bool, default True
        Where the point is no minimum, Newton's method goes on from it: the certificate's `finished` and `distance`.
    direction : bool, default False
        Also return the eigenvector of the smallest eigenvalue.
    **settings
        Of ``rwk_certify_settings``: `grad_tol` (1e-8), `algebra`, `kink_tol`, ...

    Returns
    -------
    Certificate

    Raises
    ------
    UnsupportedError
        A model whose outputs or activations are not known here.
    ValueError, TypeError
        The model is not fitted, or table and model do not belong together.

    References
    ----------
    docs/certificates.md; ``ridgewalk/certify.h``.
    """
    penalty = alpha if alpha is not None else lambda_
    how = {"finish": finish, "direction": direction, **settings}
    if isinstance(model, Problem):
        own = model._own_point()
        at, penalty = next((v for v in (w, X, own[0]) if v is not None), None), own[1] if penalty is None else penalty
        if at is None or penalty is None:
            raise TypeError("certify(problem, w, lambda_=...): weights and a penalty are wanted")
        return model.certify(at, penalty, **how)
    if X is None or y is None:
        raise TypeError("certify(model, X, y): the table that the model was fitted on is wanted")
    if hasattr(model, "_network_over"):  # an estimator of ours
        return model._certify(X, y, penalty, sample_weight, how)
    if not (hasattr(model, "activation") and hasattr(model, "alpha")):
        raise TypeError(f"{type(model).__name__}: an MLPRegressor, an MLPClassifier, an estimator of ridgewalk's or a Problem is wanted")
    network, at, penalty = _sklearn(model, X, y, penalty, sample_weight)
    return network.certify(at, penalty, **how)
