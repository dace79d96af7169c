"""path(X, y): from arrays to a path."""
from __future__ import annotations

import warnings
from typing import Any, Callable, Optional, Sequence

from ._network import Network, matrix, prepare, row_weights
from ._path import Path
from ._problem import Problem
from ._scale import Lambdas


def path(X: Any, y: Any = None, *, lambdas: Lambdas = None, hidden: Sequence[int] = (8,), activation: str = "tanh",
         walk: Sequence[str] = ("up", "down", "cold", "best"), convention: str = "mse", standardize: bool = True,
         sample_weight: Any = None, hidden_bias: bool = True, output_bias: bool = True, penalise_biases: bool = False,
         init: Any = None, threads: int = 0, progress: Optional[Callable] = None, **settings: Any) -> Path:
    """Walks a whole path of penalties over a table, certifies every fit and explains every drop of the error.

    The numbers are those of ``ridgewalk path`` on a CSV file with the same table, seed and settings, to the last bit.

    Parameters
    ----------
    X : array_like of shape (rows, features), data frame, or Problem
        Features, float64; copied only where the type or the layout makes it necessary. Columns that are the same on all rows are
        left out, with a warning. A `Problem` (or a PyTorch problem) is walked by its own `path`; then there is no `y`.
    y : array_like of shape (rows,) or (rows, targets)
    lambdas : str, float or array_like, optional
        "FROM:TO[:FACTOR]" such as "2^-16:2^2" (factor 2 unless it is given), or the penalties, in the convention's units. Without
        them 17 penalties from twice the one at which all weights are zero down.
    hidden : sequence of int, default (8,)
        Widths of the hidden layers.
    activation : {"tanh", "logistic", "softplus", "relu", "identity"}
    walk : sequence of {"up", "down", "cold", "best", "graduated"}
        Warm starts from the smallest penalty on, from the largest on, random starts, the envelope of all of them, and graduated
        optimisation from the largest penalty on.
    convention : {"mse", "half-sse", "nnet", "sklearn", "torch", "keras"}
        Whose objective, and so whose penalty. "mse": SSE/n + lambda R.
    standardize : bool, default True
        Features and targets to mean 0 and variance 1 (divisor n).
    sample_weight : array_like of shape (rows,), optional
    hidden_bias, output_bias, penalise_biases : bool
    init : array_like of shape (weights,), optional
        Weights that start 0 of the warm walks begins with.
    threads : int, default 0
        Threads; 0: all. The numbers do not depend on it.
    progress : callable, optional
        Called after every fit with {"done", "total", "seconds", "remaining"}; False, or an exception, ends the walk.
    **settings
        `starts` (1), `seed` (0), `effort` ("normal"), `explain` (True), `solver` ("newton"), `grad_tol` (1e-8), `max_iter`,
        `algebra` ("auto"), ...: the members of ``rwk_path_settings`` and ``rwk_solver_settings``.

    Returns
    -------
    Path

    Raises
    ------
    ValueError, TypeError
        Where the arrays or a setting cannot be used; the sentence names them.
    NumericalError, CancelledError, KeyboardInterrupt

    References
    ----------
    docs/theory.md; ``ridgewalk/path.h``.
    """
    if isinstance(X, Problem):
        if y is not None:
            raise TypeError("y: a problem has its own data")
        return X.path(lambdas, walk=walk, init=init, threads=threads, progress=progress, **settings)
    if y is None:
        raise TypeError("y: the targets are missing")
    targets = [str(c) for c in y.columns] if hasattr(y, "columns") else [str(y.name)] if getattr(y, "name", None) else None
    array, names = matrix(X)
    Y, _ = matrix(y, "y")
    if len(Y) != len(array):
        raise ValueError(f"X has {len(array)} rows, and y {len(Y)}")
    notes: list[str] = []
    Xs, Ys, weights, recipe, table = prepare(array, Y, row_weights(sample_weight, len(array)), names, targets, standardize, False, notes)
    for note in notes:
        warnings.warn(note, stacklevel=2)
    network = Network(Xs, Ys, weights, hidden=hidden, activation=activation, convention=convention, hidden_bias=hidden_bias,
                      output_bias=output_bias, penalise_biases=penalise_biases, recipe=recipe, table=table)
    return network.path(lambdas, walk=walk, init=init, threads=threads, progress=progress, **settings)
