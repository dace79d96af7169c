"""Whose objective, and in whose units a penalty is."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Optional, Sequence, Union

import numpy as np

from . import _core

Lambdas = Union[None, str, float, Sequence[float], np.ndarray]


@dataclass(frozen=True)
class Scale:
    """An objective J = loss_scale * SSE + lambda_scale * (the user's lambda) * R.

    `n` is the number of rows (the sum of their weights) that makes a mean of SSE; for a problem that is no network the loss is
    reported as it is (`loss_scale` and `n` 1).
    """
    loss_scale: float = 1.0
    lambda_scale: float = 1.0
    n: float = 1.0
    name: str = "own"
    objective: str = "L + lambda R"
    symbol: str = "lambda"

    @classmethod
    def of(cls, convention: str, n: float, loss: str = "mse") -> tuple["Scale", bool]:
        """A convention for n rows and a loss; and whether it penalises biases."""
        s = _core.scale(convention, n, loss)
        return cls(s["loss_scale"], s["lambda_scale"], n, s["name"], s["objective"], s["lambda"]), s["penalise_biases"]

    def inside(self, value: float) -> float:
        return value * self.lambda_scale

    def outside(self, value: float) -> float:
        return value / self.lambda_scale

    def mse(self, loss: float) -> float:
        return loss / (self.loss_scale * self.n)


def number(text: str) -> float:
    """0.125, 1e-3 or 2^-3."""
    base, mark, power = text.strip().partition("^")
    try:
        value = float(base)
        if mark:
            exponent = float(power)
            value = math.ldexp(1.0, int(exponent)) if value == 2 and exponent == int(exponent) else value ** exponent
    except (ValueError, OverflowError):
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number such as 0.125, 1e-3 or 2^-3")
    return value


def grid(lambdas: Lambdas, scale: Scale) -> Optional[np.ndarray]:
    """A grid in the library's units, ascending, from "FROM:TO[:FACTOR]", numbers, or None (found by the library)."""
    if lambdas is None:
        return None
    if isinstance(lambdas, str) and ":" in lambdas:
        ends = [number(part) for part in lambdas.split(":")]
        if len(ends) == 2:
            ends.append(2.0)
        if len(ends) != 3:
            raise ValueError(f"lambdas: {lambdas!r} is not FROM:TO[:FACTOR], such as 2^-16:2^2")
        return np.frombuffer(_core.lambda_grid(scale.inside(ends[0]), scale.inside(ends[1]), ends[2]))
    if isinstance(lambdas, str):
        lambdas = [number(part) for part in lambdas.split(",")]
    values = np.asarray(lambdas, dtype=float)
    if values.ndim > 1:
        raise ValueError("lambdas: a list of penalties is wanted")
    listed = sorted(values.ravel().tolist())
    if not listed or not all(0 < v < math.inf for v in listed):
        raise ValueError("lambdas: positive, finite penalties are wanted")
    if len(set(listed)) < len(listed):
        raise ValueError("lambdas: a penalty is given twice")
    return np.array(listed) * scale.lambda_scale


def text(value: float) -> str:
    """2^-3 where it is a power of two, else six digits."""
    if value > 0 and math.isfinite(value) and math.frexp(value)[0] == 0.5:
        return f"2^{math.frexp(value)[1] - 1}"
    return f"{value:.6g}"


def convert(value: float, from_: str, to: str, rows: Optional[float] = None) -> float:
    """One tool's penalty in another's units.

    Parameters
    ----------
    value : float
        The penalty in the units of `from_`.
    from_, to : {"mse", "half-sse", "nnet", "sklearn", "torch", "keras"}
        Whose penalty it is, and whose is wanted. The objectives stand in the C header ``ridgewalk/mlp.h``.
    rows : float, optional
        Rows of the table, or the sum of their weights; needed where sums meet means.

    Returns
    -------
    float
        The penalty with which the objective of `to` has the minima of that of `from_`.

    Raises
    ------
    ValueError
        A convention that there is not, or `rows` missing where it matters.

    Examples
    --------
    >>> convert(1.0, "sklearn", "torch", rows=100)
    0.02
    """
    if not math.isfinite(value) or value < 0:
        raise ValueError(f"value: {value!r} is not a penalty")

    def times(n: float) -> float:
        a, b = _core.scale(from_, n), _core.scale(to, n)
        return (a["lambda_scale"] / a["loss_scale"]) / (b["lambda_scale"] / b["loss_scale"])
    if rows is None and times(1.0) != times(2.0):
        raise ValueError(f"rows: from {from_} to {to} sums meet means; say how many rows there were")
    return value * times(1.0 if rows is None else float(rows))
