"""A path that was walked, or read from a run file."""
from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass, field
from typing import Any, Callable, Iterator, Optional, Sequence

import numpy as np

from . import _core
from ._certificate import Certificate, fill
from ._network import Network, Recipe, matrix, prepare, row_weights
from ._problem import Problem, split_settings
from ._scale import Lambdas, Scale, text
from ._words import explain_drop, page

TEXTS = ("options", "network", "n", "rows", "features", "convention", "recipe", "fingerprint", "python", "created_at", "data")
KEPT = ("walk", "effort", "starts", "seed", "solver", "grad_tol", "max_iter", "algebra", "lambda", "folds")
COLUMNS = ("lambda", "mse", "penalty", "objective", "grad_inf", "min_eig", "verdict", "escapable", "iterations", "stop", "seconds")


@dataclass(frozen=True, eq=False, repr=False)
class Point(Certificate):
    """One fit: its certificate, and how it was made.

    Attributes
    ----------
    walk, start, index : str, int, int
        Which walk, which random start, which place in the grid.
    stop, iterations : str, int
        Why the solver stopped, and after how many iterations.
    origin : dict or None
        Of a point of `best`: where it comes from (`kind`, `walk`, `start`, `lambda`) and what was `won` in the objective.
    """
    walk: str = ""
    start: int = 0
    index: int = 0
    stop: str = "none"
    iterations: int = 0
    origin: Optional[dict[str, Any]] = None


@dataclass(frozen=True, eq=False)
class Drop:
    """The error falls while the penalty rises; or (`rise`) it rises, but the branch of minima was left.

    Attributes
    ----------
    walk, start : str, int
    from_, to : int
        Neighbouring places in the grid.
    lambda_from, lambda_to, mse_from, mse_to : float
        In the units of the convention.
    cause : str
        "unconverged", "saddle", "nonsmooth", "revival", "fold", "branch_point", "jump" or "unexplained".
    at, low, high : float
        The penalty where the cause sits, and its bracket.
    rise : bool
    evidence : dict
        The other members of ``rwk_drop`` (``ridgewalk/path.h``), penalties and errors in the units of the convention.
    """
    walk: str
    start: int
    from_: int
    to: int
    lambda_from: float
    lambda_to: float
    mse_from: float
    mse_to: float
    cause: str
    at: float
    low: float
    high: float
    rise: bool
    evidence: dict[str, Any] = field(repr=False)
    symbol: str = "lambda"

    def __str__(self) -> str:
        return explain_drop(self)


def drop_of(d: dict[str, Any], walk: str, start: int, scale: Scale) -> Drop:
    d = dict(d)
    for key in ("lambda_from", "lambda_to", "at", "low", "high", "lambda_beyond"):
        d[key] = scale.outside(d[key])
    for key, name in (("loss_from", "mse_from"), ("loss_to", "mse_to"), ("finished_from", "finished_mse_from"),
                      ("finished_to", "finished_mse_to"), ("branch_loss", "branch_mse"), ("loss_beyond", "mse_beyond")):
        d[name] = scale.mse(d.pop(key))
    d["monotone"] = None if d["monotone"] < 0 else bool(d["monotone"])
    for key in ("walk", "start"):
        d.pop(key, None)
    d["from_"] = d.pop("from")
    own = {key: d.pop(key) for key in ("from_", "to", "lambda_from", "lambda_to", "mse_from", "mse_to", "cause", "at", "low",
                                       "high", "rise")}
    return Drop(walk=walk, start=start, evidence=d, symbol=scale.symbol, **own)


@dataclass(frozen=True, eq=False)
class Walk:
    """One walk: points in the order of the grid (None where it was cut short), its drops, and its rises that are jumps."""
    name: str
    start: int
    points: list[Optional[Point]] = field(repr=False)
    drops: list[Drop]
    jumps: list[Drop] = field(repr=False)


def point_of(found: dict[str, Any], w: np.ndarray, scale: Scale, origin: Optional[dict[str, Any]]) -> Point:
    if origin is not None:
        none = origin["walk"] == "best"
        origin = {"kind": origin["kind"], "walk": None if none else origin["walk"], "start": None if none else origin["start"],
                  "lambda": scale.outside(origin["lambda"]), "won": origin["won"]}
    return fill(Point, found, scale.outside(found["lambda"]), scale, w, {"origin": origin})


class Path:
    """Every fit over a grid of penalties, with certificates, drops, and the penalty at which all weights are zero.

    Made by `path`, `Problem.path` and `load`; not by hand.

    Attributes
    ----------
    lambdas : ndarray of shape (penalties,)
        The grid, ascending, in the units of the convention.
    walks : list of Walk
        "up" and "down" one per start, "cold", "graduated" and "best" one.
    best : Walk or None
        The walk "best": no point of it is beaten by another's weights.
    drops : list of Drop
        The drops of all walks.
    jumps : list of Drop
        Rises on which the branch of minima was left.
    lambda_collapse, lambda_c : float
        The penalty from which on all weights are zero, as found and as the theory has it; NaN where there is none.
    seconds : float
    problem : Problem or None
        What was walked; None for a file that holds no network.
    scale : Scale
        The convention.
    """

    def __init__(self, problem: Optional[Problem], scale: Scale, lambdas: np.ndarray, walks: list[Walk], collapse: dict[str, float],
                 seconds: float, options: dict[str, Any]):
        self.problem, self.scale, self.lambdas, self.walks = problem, scale, lambdas, walks
        self.lambda_collapse = scale.outside(collapse["collapse"])
        self.lambda_c = scale.outside(collapse["lambda_c"])
        self.seconds = seconds
        self._options = options
        self._handle: Any = None  # the library's path
        self._bytes: Optional[bytes] = None  # or its run file

    @classmethod
    def _walked(cls, problem: Problem, lambdas: Lambdas, walk: Sequence[str], init: Any, threads: int, progress: Optional[Callable],
                settings: dict[str, Any]) -> "Path":
        walk = (walk,) if isinstance(walk, str) else tuple(walk)
        of_path, of_solver, of_certify = split_settings(settings)
        if init is not None:
            init = problem._weights(init)
        handle = _core.path(problem._core, of_path, of_solver, of_certify, walk, problem._grid(lambdas), init, int(threads),
                            progress, None)
        scale = problem.scale
        walks = []
        for k, found in enumerate(handle.walks()):
            name, start, origins = found["walk"], found["start"], found["origins"]
            points = [None if p is None else point_of(p, np.asarray(handle.weights(k, i)), scale, origins[i] if origins else None)
                      for i, p in enumerate(found["points"])]
            walks.append(Walk(name, start, points, [drop_of(d, name, start, scale) for d in found["drops"]],
                              [drop_of(d, name, start, scale) for d in found["jumps"]]))
        grid = scale.outside(np.asarray(handle.lambda_()))
        self = cls(problem, scale, grid, walks, handle.collapse(), handle.seconds(), {"walk": ",".join(walk), **settings})
        self._handle = handle
        return self

    # ---- what people ask ----

    @property
    def best(self) -> Optional[Walk]:
        return next((w for w in self.walks if w.name == "best"), None)

    @property
    def drops(self) -> list[Drop]:
        return [d for w in self.walks for d in w.drops]

    @property
    def jumps(self) -> list[Drop]:
        return [d for w in self.walks for d in w.jumps]

    @property
    def certified(self) -> bool:
        """Every fit is a minimum with no way down from it."""
        return all(p is not None and p.is_minimum for w in self.walks for p in w.points)

    def point(self, lambda_: float, walk: Optional[str] = None, start: Optional[int] = None) -> Point:
        """The fit at a penalty of the grid: of a walk, or else of `best`, or else the one with the lowest objective.

        Raises
        ------
        KeyError
            Where the grid has no such penalty (to 1e-9), or the walk no such fit; the nearest is named.
        """
        nearest = int(np.argmin(np.abs(np.log(self.lambdas / lambda_)))) if lambda_ > 0 else 0
        if not lambda_ > 0 or abs(self.lambdas[nearest] / lambda_ - 1) > 1e-9:
            raise KeyError(f"no fit at {self.scale.symbol} {lambda_!r}; the nearest is at {text(self.lambdas[nearest])}")
        if walk is None and self.best is not None:
            walk = "best"
        found = [w.points[nearest] for w in self.walks if walk in (None, w.name) and start in (None, w.start)]
        found = [p for p in found if p is not None]
        if not found:
            raise KeyError(f"walk {walk!r} has no fit there; there are {', '.join(sorted({w.name for w in self.walks}))}")
        return min(found, key=lambda p: p.objective)

    def explain(self, i: int) -> str:
        """Drop number i in words: its cause, where it sits, what proves it, and which end is not global. After the drops come the
        jumps: rises on which the branch of minima was left.

        Raises
        ------
        IndexError
        """
        every = self.drops + self.jumps
        if not -len(every) <= i < len(every):
            raise IndexError(f"there are {len(self.drops)} drops and {len(self.jumps)} jumps, none of number {i}")
        return explain_drop(every[i])

    def branch(self, lambda_: float, to: Optional[float] = None, walk: Optional[str] = None, **settings: Any) -> dict[str, Any]:
        """Follows the branch of minima through a fit, point by point, towards the next larger penalty or `to`.

        Returns what `Problem.trace` returns.
        """
        p = self.point(lambda_, walk)
        if to is None:
            to = float(self.lambdas[p.index + 1]) if p.index + 1 < len(self.lambdas) else 2 * p.lambda_
        if self.problem is None:
            raise _core.UnsupportedError("this path came from a file that holds no network, so its problem is not known here")
        return self.problem.trace(p.w, p.lambda_, to, **settings)

    def predict(self, X: Any, lambda_: float, walk: Optional[str] = None) -> np.ndarray:
        """Predictions of the fit at a penalty of the grid, in the target's own units.

        Parameters
        ----------
        X : array_like of shape (rows, features), or data frame with the columns of the table that was walked
        lambda_ : float
        walk : str, optional

        Returns
        -------
        ndarray of shape (rows,) or (rows, targets)
        """
        network = self._network()
        if network.recipe is not None and hasattr(X, "columns"):
            missing = [n for n in network.recipe.names if n not in set(map(str, X.columns))]
            if missing:
                raise ValueError(f"X: no column {missing[0]!r}")
            X = X.rename(columns=str)[list(network.recipe.names)]
        F = network.predict(matrix(X)[0], self.point(lambda_, walk).w)
        return F[:, 0] if F.shape[1] == 1 else F

    def coefs(self, lambda_: float, walk: Optional[str] = None) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Weights [inputs x outputs] and biases of the layers, as scikit-learn's `coefs_` and `intercepts_`."""
        return self._network().unpack(self.point(lambda_, walk).w)

    def _network(self) -> Network:
        if not isinstance(self.problem, Network):
            raise _core.UnsupportedError("this path is of a problem that is no network of ours")
        return self.problem

    def to_frame(self) -> Any:
        """A pandas DataFrame with a row per fit: walk, start, lambda, mse, penalty, objective, grad_inf, min_eig, verdict,
        escapable, iterations, stop, seconds, and whether the error fell since the smaller penalty before (`drop`)."""
        import pandas
        rows = []
        for w in self.walks:
            fell = {d.to for d in w.drops}
            rows += [{"walk": w.name, "start": w.start,
                      **{c: getattr(p, "lambda_" if c == "lambda" else c) for c in COLUMNS}, "drop": p.index in fell}
                     for p in w.points if p is not None]
        return pandas.DataFrame(rows, columns=["walk", "start", *COLUMNS, "drop"])

    def plot(self, ax: Any = None) -> Any:
        """Error against penalty, every walk a line, drops marked, hollow where a fit is not certified.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional

        Returns
        -------
        matplotlib.axes.Axes
        """
        from ._plot import plot_path
        return plot_path(self, ax)

    def __repr__(self) -> str:
        fits = [p for w in self.walks for p in w.points if p is not None]
        good = sum(p.is_minimum for p in fits)
        return (f"<Path: {len(self.lambdas)} penalties, {len(fits)} fits, {good} certified minima, {len(self.drops)} drops, "
                f"{self.seconds:.3g} s>")

    def _repr_html_(self) -> str:
        return page(self)

    # ---- run files ----

    def save(self, file: Any, replace: bool = False, pictures: bool = True) -> None:
        """Writes a run file, which `load` and the program read (``ridgewalk runs show``, ``ridgewalk predict``).

        Parameters
        ----------
        file : str or path-like
            NAME.rwk; docs/run-file.md has its format.
        replace : bool, default False
            Replace a run file of that name.
        pictures : bool, default True
            Compute what a report draws beside the fits, and keep it in the file: observed and fitted values, accuracies, eigenvalues of the
            Hessians, branches beside drops. That takes about as long as explaining the drops took. Only where the path was walked
            here over a table (`path`, or an estimator with ``standardize=True``); a path that was read has what its file has.

        Raises
        ------
        FileError
            The file exists, or cannot be written.
        FormatError
            What is to be replaced is no run file.
        """
        if self._handle is not None:
            net, texts = self.problem, self._texts()
            table = net._table if pictures and isinstance(net, Network) else None
            if pictures and isinstance(net, Network) and net.loss != "mse":
                texts["accuracy"] = json.dumps({f"{w.name}/{w.start}": [p and net.accuracy(p.w) for p in w.points] for w in self.walks})
            _core.run_save(file, self._handle, texts, replace, table, bool(self._options.get("explain", True)))
            return
        assert self._bytes is not None
        if os.path.exists(file):
            with open(file, "rb") as f:
                foreign = f.read(16) != self._bytes[:16]
            if not replace:
                raise _core.FileError(f"{os.fspath(file)} exists; replace=True replaces it")
            if foreign:
                raise _core.FormatError(f"{os.fspath(file)} is not a run file of ridgewalk; it is not replaced")
        new = os.fspath(file) + ".new"
        with open(new, "wb") as f:
            f.write(self._bytes)
        os.replace(new, file)

    def report(self, file: Any, replace: bool = False) -> None:
        """Writes one HTML page with the path's pictures, tables and explanations, which needs nothing beside it.

        The page is drawn by the program, ``ridgewalk report``, from a run file with pictures (see `save`). The program is the file
        that the environment's ``RWK_PROGRAM`` names, or ``ridgewalk`` in the ``PATH``, beside the package, or beside Python.

        Parameters
        ----------
        file : str or path-like
            NAME.html.
        replace : bool, default False
            Replace a file of that name.

        Raises
        ------
        UnsupportedError
            The program is not found.
        FileError
            The file exists, or cannot be written.
        """
        from ._program import call
        if os.path.exists(file) and not replace:
            raise _core.FileError(f"{os.fspath(file)} exists; replace=True replaces it")
        with tempfile.TemporaryDirectory(prefix="ridgewalk-") as folder:
            run = os.path.join(folder, "path.rwk")
            self.save(run)
            call("report", run, "--out", os.path.abspath(file), "--quiet")

    def _texts(self) -> dict[str, str]:
        return texts_of(self.problem, self.scale, self._options)

    def __getstate__(self) -> dict:
        state = dict(self.__dict__)
        if self._handle is not None:
            with tempfile.TemporaryDirectory(prefix="ridgewalk-") as folder:
                file = os.path.join(folder, "path.rwk")
                self.save(file, pictures=False)
                with open(file, "rb") as f:
                    state["_bytes"] = f.read()
        state["_handle"] = None
        if not isinstance(self.problem, Network):
            state["problem"] = None  # functions: they are the caller's
        return state


def texts_of(problem: Optional[Problem], scale: Scale, settings: dict[str, Any], verb: str = "path") -> dict[str, str]:
    """The texts of a run file, as the program writes them; and what else `load` needs."""
    own: dict[str, Any] = {"symbol": scale.symbol, "lambda_scale": scale.lambda_scale, "loss_scale": scale.loss_scale, "n": scale.n,
                           "objective": scale.objective, "name": scale.name}
    texts = {"program": f"python {_core.version}", "python": json.dumps(own), "verb": verb}
    if not isinstance(problem, Network):
        return texts
    net, s = problem, problem._settings
    if net.recipe is not None:
        texts.update(recipe=net.recipe.json, fingerprint=net.recipe.fingerprint, features=str(len(net.recipe.kept)))
        own["names"] = list(net.recipe.names)
        texts["python"] = json.dumps(own)
    options = {"hidden": ",".join(map(str, net.hidden)) or "0", "activation": net.activation, "convention": net.convention}
    options.update({k.replace("_", "-"): str(v) for k, v in settings.items() if k in KEPT})
    for name, on in (("no-hidden-bias", not s["hidden_bias"]), ("no-output-bias", not s["output_bias"]),
                     ("no-explain", not settings.get("explain", True)),
                     ("no-standardize", net.recipe is None or not json.loads(net.recipe.json)["standardise"])):
        if on:
            options[name] = ""
    network = {"layers": [net.inputs, *(layer[1] for layer in net.layers)], "activation": net.activation, "loss": net.loss,
               "hidden_bias": s["hidden_bias"], "output_bias": s["output_bias"], "penalise_biases": s["penalise_biases"]}
    texts.update(data="arrays of Python", options=json.dumps(options), network=json.dumps(network), n=repr(scale.n),
                 rows=str(net.rows), convention=net.convention)
    texts.setdefault("features", str(net.inputs))
    return texts


def load(file: Any, X: Any = None, y: Any = None, sample_weight: Any = None) -> Path:
    """Reads a run file that `Path.save` or ``ridgewalk path`` wrote.

    Parameters
    ----------
    file : str or path-like
    X, y, sample_weight : array_like, optional
        The table, for what computes on it (`Path.branch`); files do not hold it. It must be the one that was walked. Of classes y is
        their labels; where the program walked over a column of text, the table cannot be given.

    Returns
    -------
    Path

    Raises
    ------
    FileError
        The file is not there or cannot be read.
    FormatError
        It is no run file, or damaged.
    MismatchError
        X and y are not the table that was walked.
    """
    with open(file, "rb") as f:
        content = f.read()
    found = _core.run_load(file, TEXTS)
    texts = found["texts"]
    own = json.loads(texts["python"]) if texts["python"] else None
    problem, scale = None, Scale()
    if texts["network"]:
        problem = _stored_network(texts, own)
        scale = problem.scale
    elif own:
        scale = Scale(own["loss_scale"], own["lambda_scale"], own["n"], own["name"], own["objective"], own["symbol"])
    if X is not None:
        problem = _with_table(problem, texts, X, y, sample_weight)
    return stored_path(found, problem, scale, content)


def stored_path(found: dict[str, Any], problem: Optional[Problem], scale: Scale, content: bytes) -> Path:
    """What a run file holds, over a problem that is known."""
    options = json.loads(found["texts"]["options"]) if found["texts"]["options"] else {}
    grid = np.frombuffer(found["lambda"])
    result = Path(problem, scale, scale.outside(grid), _stored_walks(found, len(grid), scale), found["collapse"], found["seconds"],
                  {k.replace("-", "_"): v for k, v in options.items()})
    result._bytes = content
    return result


def _stored_walks(found: dict[str, Any], count: int, scale: Scale) -> list[Walk]:
    walks: dict[tuple[str, int], Walk] = {}
    origins = {o["index"]: o for o in found["origins"]}
    for fit in found["fits"]:
        start = 0 if fit["walk"] in ("cold", "graduated") else fit["start"]
        w = walks.setdefault((fit["walk"], start), Walk(fit["walk"], start, [None] * count, [], []))
        origin = origins.get(fit["index"]) if fit["walk"] == "best" else None
        p = point_of(fit, np.frombuffer(fit["w"]), scale, origin)
        here = w.points[p.index] if p.index < count else None
        if p.index < count and (here is None or p.objective < here.objective):
            w.points[p.index] = p
    for d in found["drops"]:
        w = walks[d["walk"], d["start"]]
        (w.jumps if d["rise"] else w.drops).append(drop_of(d, d["walk"], d["start"], scale))
    return list(walks.values())


def _stored_network(texts: dict[str, str], own: Optional[dict[str, Any]]) -> Network:
    shape = json.loads(texts["network"])
    layers = shape["layers"]
    try:
        recipe = Recipe.parse(texts["recipe"], own and own.get("names"), texts["fingerprint"], int(texts["rows"])) \
            if texts["recipe"] else None
    except _core.UnsupportedError:
        recipe = None
    loss = shape.get("loss", "mse")
    scale, _ = Scale.of(texts["convention"], float(texts["n"]), loss)
    network = Network(np.zeros((1, layers[0])), Network.blank(layers[-1], loss), None, loss=loss, hidden=layers[1:-1], activation=shape["activation"],
                      convention=texts["convention"], hidden_bias=shape["hidden_bias"], output_bias=shape["output_bias"],
                      penalise_biases=shape["penalise_biases"], scale=scale, recipe=recipe)
    network.rows, network._has_data = int(texts["rows"]), False
    return network


def _with_table(network: Optional[Network], texts: dict[str, str], X: Any, y: Any, sample_weight: Any) -> Network:
    if network is None or network.recipe is None:
        raise _core.UnsupportedError("this run file holds no network over a table of numbers")
    array = matrix(X)[0]
    r, s = network.recipe, network._settings
    weights, told = row_weights(sample_weight, len(array)), json.loads(r.json)
    for Y, targets in _targets(network.loss, told, r, y):
        if array.shape[1] != len(r.names) or len(Y) != len(array):
            break
        Xs, Ys, used, made, table = prepare(array, Y, weights, r.names, targets, told["standardise"], len(r.kept) == len(r.names), None,
                                            network.loss)
        if made.fingerprint == r.fingerprint:
            return Network(Xs, Ys, used, hidden=network.hidden, activation=network.activation, convention=network.convention,
                           hidden_bias=s["hidden_bias"], output_bias=s["output_bias"], penalise_biases=s["penalise_biases"],
                           loss=network.loss, scale=network.scale, recipe=r, table=table)
    raise _core.MismatchError("X and y are not the table that was walked (its fingerprint is another)")


def _targets(loss: str, told: dict[str, Any], recipe: Recipe, y: Any) -> Iterator[tuple[np.ndarray, Sequence[str]]]:
    """What the targets may have been: numbers; of classes their numbers in order (an estimator's), or labels that are numbers."""
    if loss == "mse":
        yield matrix(y, "y")[0], recipe.targets
        return
    column, labels = [told["classes"]["column"]], np.asarray(y)
    if labels.ndim != 1:
        raise ValueError("y: of classes one label a row is wanted")
    names, codes = np.unique(labels, return_inverse=True)
    if len(names) == len(told["classes"]["labels"]):
        yield codes[:, None].astype(float), column
    if labels.dtype.kind in "fiub":
        yield matrix(labels, "y")[0], column
