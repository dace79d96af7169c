"""Functions of weights that are to be penalised: anybody's, and networks'."""
from __future__ import annotations

from typing import Any, Callable, Optional, Sequence

import numpy as np

from . import _core
from ._certificate import Certificate, certificate_of
from ._scale import Lambdas, Scale, grid

SOLVER = ("solver", "grad_tol", "max_iter", "algebra", "dense_limit", "history", "function_tol")
PATH = ("effort", "starts", "seed", "drop_tol", "explain", "explain_points", "collapse_tol", "smoothing", "smoothing_epochs", "smoothing_samples")


def _value(value_and_grad: Callable, dim: int) -> Callable:
    def value(w: memoryview, gradient: Optional[memoryview]) -> float:
        loss, slope = value_and_grad(np.frombuffer(w).copy())
        if gradient is not None:
            slope = np.asarray(slope, dtype=float)
            if slope.shape != (dim,):
                raise ValueError(f"value_and_grad: a gradient of shape ({dim},) is wanted, not {slope.shape}")
            np.frombuffer(gradient)[:] = slope
        return float(loss)
    return value


def _products(hvp: Callable, dim: int, block: bool) -> Callable:
    def products(w: memoryview, vectors: memoryview, out: memoryview) -> None:
        point, V = np.frombuffer(w).copy(), np.frombuffer(vectors).reshape(-1, dim).copy()
        HV = np.frombuffer(out).reshape(-1, dim)
        if block:
            HV[:] = hvp(point, V)
            return
        for k, v in enumerate(V):
            product = np.asarray(hvp(point, v), dtype=float)
            if product.shape != (dim,):
                raise ValueError(f"hvp: a product of shape ({dim},) is wanted, not {product.shape}")
            HV[k] = product
    return products


def _hessian(hessian: Callable, dim: int) -> Callable:
    def fill(w: memoryview, matrix: memoryview, stride: int) -> None:
        H = np.asarray(hessian(np.frombuffer(w).copy()), dtype=float)
        if H.shape != (dim, dim):
            raise ValueError(f"hessian: a matrix of shape ({dim}, {dim}) is wanted, not {H.shape}")
        np.lib.stride_tricks.as_strided(np.frombuffer(matrix), (dim, dim), (8 * stride, 8))[:] = (H + H.T) / 2
    return fill


def _start(start: Callable, dim: int) -> Callable:
    def fill(w: memoryview, seed: int, stream: int) -> None:
        np.frombuffer(w)[:] = np.asarray(start(np.random.default_rng([seed, stream])), dtype=float).reshape(dim)
    return fill


class Problem:
    """Any function L of weights, whose path J(w) = L(w) + lambda R(w) can be walked, certified and explained.

    Parameters
    ----------
    value_and_grad : callable
        ``value_and_grad(w)`` returns the float L(w) and its gradient, an array of shape (dim,), for w of shape (dim,), float64.
    hvp : callable
        ``hvp(w, v)`` returns the product of the Hessian of L at w with v, an array of shape (dim,).
    dim : int
        How many weights there are.
    penalised : array_like of bool, shape (dim,), optional
        Which weights are in R = sum of their squares; all by default.
    hessian : callable, optional
        ``hessian(w)`` returns the whole matrix, of shape (dim, dim): quicker than `dim` products, if it is at hand.
    start : callable, optional
        ``start(rng)`` returns weights to begin with, drawn from the ``numpy.random.Generator`` it is given. Without it they are
        normal with standard deviation 0.5.
    groups : sequence of str, optional
        To which part of the model each weight belongs; drops are told in these parts.
    thread_safe : bool, default False
        The functions may be called by several threads at once; else one thread, the caller's, calls them.
    lambda_scale : float, default 1
        What the caller's penalties are multiplied by to be lambda (0.5 for PyTorch's weight_decay).
    symbol : str, default "lambda"
        What the caller calls the penalty.
    block : bool, default False
        ``hvp(w, V)`` takes k vectors at once, V of shape (k, dim), and returns as many products.

    Raises
    ------
    TypeError, ValueError
        Where an argument is of the wrong kind. What the functions raise passes through whichever call it was.

    Notes
    -----
    The functions must be deterministic, smooth near the minima, and in float64: a Newton method drives the gradient to about 1e-10
    of the objective. `check` compares the derivatives with differences. The C interface is ``ridgewalk/problem.h``.

    Examples
    --------
    >>> import numpy as np
    >>> p = Problem(lambda w: (((w - 1) ** 2).sum(), 2 * (w - 1)), lambda w, v: 2 * v, dim=3)
    >>> p.certify(np.full(3, 0.5), 1.0).verdict
    'strict_min'
    """

    def __init__(self, value_and_grad: Callable, hvp: Callable, dim: int, penalised: Any = None, *,
                 hessian: Optional[Callable] = None, start: Optional[Callable] = None, groups: Optional[Sequence[str]] = None,
                 thread_safe: bool = False, lambda_scale: float = 1.0, symbol: str = "lambda", block: bool = False):
        self.dim = int(dim)
        self.scale = Scale(lambda_scale=float(lambda_scale), symbol=symbol,
                           objective="L + lambda R" if lambda_scale == 1 else f"L + {lambda_scale:g} {symbol} R")
        if not lambda_scale > 0:
            raise ValueError(f"lambda_scale: {lambda_scale!r} is not positive")
        mask = None
        if penalised is not None:
            mask = np.ascontiguousarray(np.asarray(penalised, dtype=bool))
            if mask.shape != (self.dim,):
                raise ValueError(f"penalised: an array of shape ({self.dim},) is wanted, not {mask.shape}")
        group, names = None, None
        if groups is not None:
            places: dict[str, int] = {}
            group = [places.setdefault(str(g), len(places)) for g in groups]
            names = tuple(places)
        for name, function in (("value_and_grad", value_and_grad), ("hvp", hvp)):
            if not callable(function):
                raise TypeError(f"{name}: a function is wanted")
        self._made_of = (None if mask is None else mask.tobytes(), value_and_grad, hvp, block, hessian, start, group, names,
                         bool(thread_safe))
        self._handle: Any = None

    @property
    def _core(self) -> Any:
        if self._handle is None:
            mask, value_and_grad, hvp, block, hessian, start, group, names, thread_safe = self._made_of
            self._handle = _core.user_problem(self.dim, mask, _value(value_and_grad, self.dim),
                                              _products(hvp, self.dim, block),
                                              None if hessian is None else _hessian(hessian, self.dim),
                                              None if start is None else _start(start, self.dim), group, names, thread_safe)
        return self._handle

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_handle": None}

    @property
    def penalised(self) -> np.ndarray:
        """ndarray of bool, shape (dim,): which weights are in R."""
        return np.frombuffer(self._core.penalised, dtype=np.uint8) != 0

    def _weights(self, w: Any) -> np.ndarray:
        w = np.ascontiguousarray(w, dtype=float)
        if w.shape != (self.dim,):
            raise ValueError(f"w: an array of shape ({self.dim},) is wanted, not {w.shape}")
        if not np.all(np.isfinite(w)):
            raise ValueError("w: its numbers are not all finite")
        return w

    def _penalty(self, lambda_: float) -> float:
        value = float(lambda_)
        if not (np.isfinite(value) and value >= 0):
            raise ValueError(f"{self.scale.symbol}: {lambda_!r} is not a penalty: finite, from 0 on")
        return self.scale.inside(value)

    def _own_point(self) -> tuple[Optional[np.ndarray], Optional[float]]:
        """Weights and penalty, for problems that have some themselves."""
        return None, None

    def check(self, w: Any, directions: int = 4, seed: int = 0) -> dict[str, float]:
        """Compares the derivatives at w with differences.

        Parameters
        ----------
        w : array_like of shape (dim,)
        directions : int, default 4
            Random directions; for dim <= 200 every coordinate is looked at too.
        seed : int, default 0

        Returns
        -------
        dict
            Largest relative differences: "gradient", "hessian_vector", "symmetry", "block", "hessian". About 1e-8 is right.
        """
        return _core.problem_check(self._core, self._weights(w), int(directions), int(seed))

    def certify(self, w: Any, lambda_: float, *, finish: bool = True, direction: bool = False, **settings: Any) -> Certificate:
        """What kind of point of J = L + lambda R are these weights?

        Parameters
        ----------
        w : array_like of shape (dim,)
        lambda_ : float
            The penalty, >= 0, in the problem's units.
        finish : bool, default True
            Where the point is no minimum, go on from it by Newton's method and tell where that ends.
        direction : bool, default False
            Return the eigenvector of the smallest eigenvalue too.
        **settings
            `grad_tol` (1e-8), `algebra` ("auto", "dense", "krylov"), `dense_limit`, `kink_tol`, `products`, `seed`, as
            ``rwk_certify_settings`` has them.

        Returns
        -------
        Certificate

        Raises
        ------
        ValueError, NumericalError
        """
        w, inside = self._weights(w), self._penalty(lambda_)
        along = np.zeros(self.dim) if direction else None
        found = _core.certify(self._core, w, inside, settings, along)
        more: dict[str, Any] = {"direction": along}
        minimum = found["verdict"] in ("strict_min", "degenerate_min") and not found["escapable"]
        if finish and not minimum and found["verdict"] != "inconclusive":
            end = w.copy()
            _core.solve(self._core, end, inside, {k: settings[k] for k in ("algebra", "dense_limit") if k in settings})
            more["finished"] = certificate_of(_core.certify(self._core, end, inside, settings), float(lambda_), self.scale, end)
            more["distance"] = float(np.linalg.norm(end - w))
        return certificate_of(found, float(lambda_), self.scale, w, **more)

    def fit(self, lambda_: float, w: Any, **settings: Any) -> Certificate:
        """Brings weights to a critical point, by a Newton method that leaves saddles unless another solver is asked for, and
        certifies it.

        Parameters
        ----------
        lambda_ : float
            The penalty, >= 0, in the problem's units.
        w : array_like of shape (dim,)
            Where to begin. It is not changed: the result's `w` is the end.
        **settings
            `solver` ("newton", "lbfgs", "gauss-newton", "saddle-free-newton", "gd", "sgd", "adam", "amsgrad", "adamw"), `grad_tol`, `max_iter`, `algebra`, ... as ``rwk_solver_settings`` has them.

        Returns
        -------
        Certificate
        """
        end, inside = self._weights(w).copy(), self._penalty(lambda_)
        _core.solve(self._core, end, inside, settings)
        shared = {k: settings[k] for k in ("algebra", "dense_limit") if k in settings}
        return certificate_of(_core.certify(self._core, end, inside, shared), float(lambda_), self.scale, end)

    def path(self, lambdas: Lambdas = None, *, walk: Sequence[str] = ("up", "down", "cold", "best"), init: Any = None,
             threads: int = 0, progress: Optional[Callable] = None, **settings: Any) -> "Any":
        """Walks a whole path of penalties, certifies every fit and explains every drop of the loss.

        Parameters
        ----------
        lambdas : str, float or array_like, optional
            "FROM:TO[:FACTOR]" (such as "2^-16:2^2"), or the penalties, in the problem's units. Without them 17 penalties from
            twice the one at which all weights are zero down.
        walk : sequence of {"up", "down", "cold", "best", "graduated"}
            Which walks.
        init : array_like of shape (dim,), optional
            Weights that start 0 of the warm walks begins with.
        threads : int, default 0
            Threads (0: all); every number is the same for any number. Problems that are not `thread_safe` are walked by one.
        progress : callable, optional
            ``progress({"done", "total", "seconds", "remaining"})`` after every fit. What it raises ends the walk; False does too,
            with CancelledError.
        **settings
            `starts`, `seed`, `effort`, `explain`, `drop_tol`, ... of ``rwk_path_settings``; `solver`, `grad_tol`, `max_iter`,
            `algebra`, ... of ``rwk_solver_settings``.

        Returns
        -------
        Path

        Raises
        ------
        ValueError, TypeError, NumericalError, CancelledError, KeyboardInterrupt
        """
        from ._path import Path
        return Path._walked(self, lambdas, walk, init, threads, progress, settings)

    def trace(self, w: Any, from_: float, to: float, **settings: Any) -> dict[str, Any]:
        """Follows the branch of critical points through the minimum w, from one penalty to another.

        Parameters
        ----------
        w : array_like of shape (dim,)
            A local minimum at `from_`.
        from_, to : float
            Penalties, in the problem's units.
        **settings
            Of ``rwk_branch_settings``.

        Returns
        -------
        dict
            "points" and "events", lists of dicts: `lambda`, `loss`, `penalty`, `min_eig`, `slope`, `w`, ...; the last event says
            where the branch ended (fold, branch point, ...).
        """
        found = _core.trace(self._core, self._weights(w), self._penalty(from_), self._penalty(to), settings)
        for item in found["points"] + found["events"]:
            item["mse"] = self.scale.mse(item["loss"])
            for key in ("lambda", "low", "high", "lambda_beyond"):
                if key in item:
                    item[key] = self.scale.outside(item[key])
            for key in ("w", "null_vector"):
                if item.get(key) is not None:
                    item[key] = np.frombuffer(item[key])
        return found

    def _grid(self, lambdas: Lambdas) -> Optional[np.ndarray]:
        return grid(lambdas, self.scale)


def split_settings(settings: dict[str, Any]) -> tuple[dict, dict, dict]:
    """Of a path, of its solver, of its certificates; as the program splits its options."""
    path, solver, certify = {}, {}, {}
    for name, value in settings.items():
        if name in PATH:
            path[name] = value
        elif name in SOLVER:
            solver[name] = value
        else:
            raise TypeError(f"there is no setting {name!r}; there are {', '.join(PATH + SOLVER)}")
    if "grad_tol" in solver:
        if solver.get("solver", "newton") in ("newton", "gauss-newton", "saddle-free-newton"):
            certify["grad_tol"] = solver["grad_tol"]  # what was asked for is what is held up
        else:
            solver.setdefault("function_tol", 0.0)  # it is the gradient that is to end the iteration
    if "seed" in path:
        solver.setdefault("seed", path["seed"])  # of mini-batches
    for name in ("algebra", "dense_limit"):
        if name in solver:
            certify[name] = solver[name]
    return path, solver, certify
