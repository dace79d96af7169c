"""Fully connected networks with a squared error or a cross-entropy, as problems; and how a table becomes what they see."""
from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Optional, Sequence

import numpy as np

from . import _core
from ._problem import Problem
from ._scale import Scale


def matrix(X: Any, name: str = "X") -> tuple[np.ndarray, Optional[list[str]]]:
    """float64, rows in a row (copied only where it must be), finite; and the column names of a data frame."""
    names = None
    if hasattr(X, "columns") and hasattr(X, "dtypes"):
        names = [str(c) for c in X.columns]
        bad = [str(c) for c, t in zip(X.columns, X.dtypes) if getattr(t, "kind", "O") not in "fiub"]
        if bad:
            raise TypeError(f"{name}: column {bad[0]!r} holds no numbers; encode it first, or use the program on the CSV file")
    if hasattr(X, "toarray"):
        raise TypeError(f"{name}: sparse matrices are not taken; use {name}.toarray()")
    try:
        array = np.asarray(X)
        if array.dtype.kind == "c":
            raise TypeError("complex numbers are not taken")
        array = np.ascontiguousarray(array, dtype=float)
    except (TypeError, ValueError) as e:
        raise TypeError(f"{name}: not an array of numbers ({e})") from None
    if array.ndim == 1 and name != "X":
        array = array[:, None]
    if array.ndim != 2:
        raise ValueError(f"{name}: an array of two dimensions is wanted, not {array.ndim}")
    if array.shape[0] == 0 or array.shape[1] == 0:
        raise ValueError(f"{name}: {array.shape[0]} rows and {array.shape[1]} columns; at least one of each is needed")
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        i, j = bad[0]
        raise ValueError(f"{name}: row {i}, column {j} is {array[i, j]}; every number must be finite")
    return array, names


def row_weights(weights: Any, rows: int) -> Optional[np.ndarray]:
    """float64 [rows] >= 0, or None."""
    if weights is None:
        return None
    array = np.ascontiguousarray(weights, dtype=float)
    if array.shape != (rows,):
        raise ValueError(f"sample_weight: an array of shape ({rows},) is wanted, not {array.shape}")
    if not np.all(np.isfinite(array)) or array.min() < 0 or not array.sum() > 0:
        raise ValueError("sample_weight: finite numbers from 0 on are wanted, not all of them 0")
    return array


@dataclass(frozen=True)
class Recipe:
    """How a table becomes inputs and targets: which columns, and (x - mean) / scale."""
    names: tuple[str, ...]  # of the columns of X, in order
    kept: np.ndarray  # places of those that are inputs
    x_mean: np.ndarray
    x_scale: np.ndarray
    targets: tuple[str, ...]
    y_mean: np.ndarray
    y_scale: np.ndarray
    json: str
    fingerprint: str
    rows: int

    @classmethod
    def parse(cls, text: str, names: Optional[Sequence[str]] = None, fingerprint: str = "", rows: int = 0) -> "Recipe":
        r = json.loads(text)
        if any(c["levels"] for c in r["columns"]):
            raise _core.UnsupportedError("the run's table has columns of text; use ridgewalk predict")
        kept = [c["name"] for c in r["columns"]]
        names = tuple(names or kept)
        scales = [c["inputs"][0] for c in r["columns"]]
        return cls(names, np.array([names.index(k) for k in kept], dtype=int), np.array([s["mean"] for s in scales]),
                   np.array([s["scale"] for s in scales]), tuple(t["name"] for t in r["targets"]),
                   np.array([t["mean"] for t in r["targets"]]), np.array([t["scale"] for t in r["targets"]]), text, fingerprint, rows)

    def inputs(self, X: np.ndarray) -> np.ndarray:
        if X.shape[1] != len(self.names):
            raise ValueError(f"X: {X.shape[1]} columns, but the path was walked on {len(self.names)}")
        return np.ascontiguousarray((X[:, self.kept] - self.x_mean) / self.x_scale)

    def outputs(self, F: np.ndarray) -> np.ndarray:
        return F * self.y_scale + self.y_mean


def prepare(X: np.ndarray, Y: np.ndarray, weights: Optional[np.ndarray], names: Optional[Sequence[str]],
            targets: Optional[Sequence[str]], standardize: bool, keep_constant: bool, notes: Optional[list[str]],
            loss: str = "mse") -> tuple[np.ndarray, np.ndarray, Optional[np.ndarray], Recipe, dict[str, Any]]:
    """Chosen and scaled by the library, as the program does it with a file. Of a cross-entropy Y is the number of a class, [rows x 1].
    The last of what is returned is what the extension was asked."""
    taken = [str(n) for n in names] if names is not None else [f"x{j}" for j in range(X.shape[1])]
    if targets is None:
        targets = ["y"] if Y.shape[1] == 1 else [f"y{k}" for k in range(Y.shape[1])]
    targets = [str(t) for t in targets]
    while set(targets) & set(taken):
        targets = [t + "_" for t in targets]
    every = taken + targets
    if weights is not None:
        every.append("sample_weight" if "sample_weight" not in every else "sample_weight_")
    spec = {"table": np.column_stack([X, Y] if weights is None else [X, Y, weights]), "names": tuple(every), "outputs": Y.shape[1],
            "weighted": weights is not None, "standardise": bool(standardize), "keep_constant": keep_constant, "loss": loss}
    d = _core.design(spec, notes)
    recipe = Recipe.parse(d["recipe"], taken, d["fingerprint"], len(X))
    used = None if d["row_weights"] is None else np.frombuffer(d["row_weights"])
    return (np.frombuffer(d["X"]).reshape(len(X), -1), np.frombuffer(d["Y"]).reshape(len(X), -1), used, recipe, spec)


class Network(Problem):
    """A network over a table that has been scaled already; J as a convention has it.

    Layout of the weights: layer after layer, W row-major [inputs x outputs], then b.
    """

    def __init__(self, X: np.ndarray, Y: np.ndarray, weights: Optional[np.ndarray] = None, *, hidden: Sequence[int] = (8,),
                 activation: str = "tanh", convention: str = "mse", hidden_bias: bool = True, output_bias: bool = True,
                 penalise_biases: bool = False, loss: str = "mse", scale: Optional[Scale] = None, recipe: Optional[Recipe] = None,
                 table: Optional[dict[str, Any]] = None):
        hidden = tuple(int(h) for h in (hidden if np.iterable(hidden) else (hidden,)))
        if any(h < 1 for h in hidden):
            raise ValueError(f"hidden: {hidden} are not widths; each is at least 1")
        self.rows = len(X)
        n = float(self.rows if weights is None else weights.sum())
        if scale is None:
            scale, biases_too = Scale.of(convention, n, loss)
            penalise_biases = bool(penalise_biases or biases_too)
        self.scale, self.recipe, self._table = scale, recipe, table
        self.hidden, self.activation, self.convention, self.loss = hidden, activation, convention, loss
        self.inputs, self.outputs = X.shape[1], Y.shape[1]
        self._settings = {"activation": activation, "hidden_bias": bool(hidden_bias), "output_bias": bool(output_bias),
                          "penalise_biases": bool(penalise_biases), "loss_scale": scale.loss_scale, "loss": loss}
        self._handle = _core.network(X, Y, hidden, self._settings, weights)
        self._has_data = True
        self.layers = self._handle.layers()
        self.dim = self._handle.dim

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_handle": None, "_has_data": False, "_table": None}

    @property
    def _core(self) -> Any:
        if not self._has_data:
            raise _core.UnsupportedError("the table is not here any more (pickles and run files leave it out), so nothing can be "
                                         "computed on it; load(file, X, y), or walk again")
        return self._handle

    @staticmethod
    def blank(outputs: int, loss: str) -> np.ndarray:
        """Targets of one row that any loss takes."""
        Y = np.zeros((1, outputs))
        Y[0, 0] = loss == "softmax"
        return Y

    def _shape(self) -> Any:
        """Any network of this shape, for what needs no table."""
        if self._handle is None:
            self._handle = _core.network(np.zeros((1, self.inputs)), self.blank(self.outputs, self.loss), self.hidden, self._settings)
        return self._handle

    @property
    def penalised(self) -> np.ndarray:
        return np.frombuffer(self._shape().penalised, dtype=np.uint8) != 0

    def unpack(self, w: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """coefs, [inputs x outputs] each, and intercepts of the layers: views of w (zeros where a layer has no biases)."""
        coefs, intercepts = [], []
        for inputs, outputs, W, b in self.layers:
            coefs.append(w[W:W + inputs * outputs].reshape(inputs, outputs))
            intercepts.append(np.zeros(outputs) if b is None else w[b:b + outputs])
        return coefs, intercepts

    def pack(self, coefs: Sequence[Any], intercepts: Sequence[Any]) -> np.ndarray:
        """The weights from coefs and intercepts, float64."""
        w = np.zeros(self.dim)
        if len(coefs) != len(self.layers) or len(intercepts) != len(self.layers):
            raise ValueError(f"{len(coefs)} layers of weights, but the network has {len(self.layers)}")
        for (inputs, outputs, W, b), coef, intercept in zip(self.layers, coefs, intercepts):
            if np.shape(coef) != (inputs, outputs):
                raise ValueError(f"a layer's weights are {np.shape(coef)}, but the network wants {(inputs, outputs)}")
            w[W:W + inputs * outputs] = np.asarray(coef, dtype=float).ravel()
            if b is not None:
                w[b:b + outputs] = intercept
            elif np.any(np.asarray(intercept) != 0):
                raise ValueError("a layer has biases that are not 0, but has none here")
        b = self.layers[-1][3]
        if self.loss == "softmax" and b is not None and not self._settings["penalise_biases"]:
            w[b:b + self.outputs] -= w[b:b + self.outputs].mean()  # the same model: softmax does not see it (ridgewalk/mlp.h)
        return w

    def accuracy(self, w: np.ndarray) -> float:
        """Of classes: the share of the table's rows whose class the weights name."""
        return self._core.accuracy(w)

    def predict(self, X: np.ndarray, w: np.ndarray) -> np.ndarray:
        """F [rows x outputs] for rows X as a user has them; the recipe scales both ways."""
        if self.recipe is not None:
            X = self.recipe.inputs(X)
        F = np.empty((len(X), self.outputs))
        self._shape().predict(F, X, w)
        return F if self.recipe is None else self.recipe.outputs(F)
