"""audit: somebody's sweep, of which only penalty, error and size of the weights are known."""
from __future__ import annotations

import html
import math
import os
from dataclasses import dataclass, field
from typing import Any, Optional

import numpy as np

from . import _core
from ._scale import text

# Names that people give such columns; the first is ours and wins over all others (src/cli/sweep.c has the same).
LAMBDA = ("lambda", "alpha", "weight_decay", "decay", "l2", "lam", "wd", "reg", "lambda_", "l2_penalty", "ridge", "reg_lambda")
MSE = ("mse", "train_mse", "mse_train", "training_mse", "error", "loss", "sse", "train_loss", "training_loss", "train_error", "rss")
OBJECTIVE = ("objective", "total_loss", "loss", "total", "cost", "j", "train_loss")
PENALTY = ("penalty", "norm2", "ssw", "sum_squares", "squared_norm", "r", "l2_sq", "norm_squared", "sumsq", "sum_sq_weights", "w2",
           "wnorm2")
NORM = ("norm", "weight_norm", "l2_norm", "w_norm", "wnorm", "norm_w")


@dataclass(frozen=True)
class Audit:
    """What a sweep's numbers prove.

    Attributes
    ----------
    verdict : {"consistent", "not_global", "inconsistent"}
    reason : str
    scale : dict
        `factor` times the column is lambda in J = MSE + lambda R, `convention`, `low` and `high`, with how many `penalties` it
        `agree`s, ...: the members of ``rwk_audit_summary``.
    points : list of dict
        A row each, in the order given: lambda, mse, penalty, objective, `excess` (proved distance to the optimum), `rounding`,
        `dominated_by` (the row whose weights are better here, or None).
    drops : list of dict
        Falls of the error while the penalty rises: rows `from` and `to`, D, a, b, `certain`, and which row to fit again (`restart`)
        beginning with whose weights (`with`).
    """
    verdict: str
    reason: str
    scale: dict[str, Any] = field(repr=False)
    points: list[dict[str, Any]] = field(repr=False)
    drops: list[dict[str, Any]]

    def to_frame(self) -> Any:
        """The points as a pandas DataFrame."""
        import pandas
        return pandas.DataFrame(self.points)

    def __str__(self) -> str:
        said = [f"{self.verdict}: {self.reason}"]
        for i, p in enumerate(self.points):
            if p["excess"] > 0:
                other = p["dominated_by"]
                said.append(f"  row {i} (lambda {text(p['lambda'])}) is not global, by {p['excess']:.4g}: fit it again from the weights "
                            f"of row {other} (lambda {text(self.points[other]['lambda'])})")
        return "\n".join(said)

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def _rows(frame: Any) -> dict[str, np.ndarray]:
    """Columns of numbers from whatever holds them."""
    if isinstance(frame, (str, os.PathLike)):
        return {name: np.frombuffer(x) for name, x in _core.read_columns(frame).items()}
    if hasattr(frame, "trials"):  # an Optuna study
        frame = frame.trials
    if isinstance(frame, dict):
        return {str(k): _numbers(v, k) for k, v in frame.items()}
    if hasattr(frame, "columns") and hasattr(frame, "__getitem__"):
        return {str(k): _numbers(frame[k], k) for k in frame.columns}
    rows = []
    for row in frame:
        if not isinstance(row, dict):
            if not hasattr(row, "params"):
                raise TypeError(f"frame: a row is a {type(row).__name__}; dicts, Optuna trials, a data frame or a CSV file are wanted")
            if getattr(row, "value", None) is None and not getattr(row, "user_attrs", None):
                continue  # a trial that did not finish
            row = {**row.params, **getattr(row, "user_attrs", {}), "value": getattr(row, "value", None)}
        rows.append(row)
    names = [k for k in (rows[0] if rows else {}) if all(isinstance(r.get(k), (int, float, np.number)) for r in rows)]
    return {str(k): _numbers([r[k] for r in rows], k) for k in names}


def _numbers(x: Any, name: Any) -> Any:
    try:
        return np.ascontiguousarray(x, dtype=float)
    except (TypeError, ValueError):
        return None  # text


def _plain(name: str) -> str:
    return name.strip().lower().translate(str.maketrans(" -.", "___"))


def _find(columns: dict[str, Any], known: tuple[str, ...], chosen: Optional[str], what: str, option: str) -> np.ndarray:
    there = {k: v for k, v in columns.items() if v is not None}
    if chosen is not None:
        if chosen not in there:
            raise ValueError(f"{option}: there is no column of numbers {chosen!r}; there are {', '.join(map(repr, there))}")
        return there[chosen]
    found = [k for k in there if _plain(k) == known[0]] or [k for k in there if _plain(k) in known]
    if len(found) != 1:
        why = f"several columns may hold the {what}" if found else f"no column is named like {what}"
        raise ValueError(f"{why}; say which by {option}=NAME (columns: {', '.join(map(repr, there)) or 'none'})")
    return there[found[0]]


def _exp(x):
    try:
        return math.exp(x)
    except OverflowError:
        return math.inf


def audit(frame: Any, *, lambda_column: Optional[str] = None, mse_column: Optional[str] = None, penalty_column: Optional[str] = None,
          rows: Optional[float] = None, convention: Optional[str] = None, objective: bool = False, norm: bool = False,
          log_lambda: bool = False) -> Audit:
    """Which fits of a sweep cannot be global minima, which restart repairs them, and is the penalty on the scale it says?

    Parameters
    ----------
    frame : data frame, list of dict, dict of columns, Optuna study or trials, or the path of a CSV file
        One row a fit. Of a trial `params`, `user_attrs` and `value` are columns; trials without numbers are left out.
    lambda_column, mse_column, penalty_column : str, optional
        The columns of penalties, mean squared errors in sample and sums of squared weights, where their names do not tell.
    rows : float, optional
        Rows of the table behind the sweep: sums against means.
    convention : str, optional
        Whose penalties they are said to be (see `convert`).
    objective : bool, default False
        The error column holds the whole objective, penalty included.
    norm : bool, default False
        The penalty column holds the norm of the weights, not its square.
    log_lambda : bool, default False
        The penalties are natural logarithms.

    Returns
    -------
    Audit

    Raises
    ------
    ValueError, DataError
        A column is missing, or a number cannot be what it is said to be; the row is named.

    References
    ----------
    docs/audit.md; ``ridgewalk/audit.h``.
    """
    columns = _rows(frame)
    given = [_find(columns, LAMBDA, lambda_column, "penalties", "lambda_column"),
             _find(columns, OBJECTIVE if objective else MSE, mse_column, "mean squared errors", "mse_column"),
             _find(columns, NORM if norm else PENALTY, penalty_column, "sums of squared weights", "penalty_column")]
    errors = [np.empty(len(x)) for x in given]
    for k, (x, error) in enumerate(zip(given, errors)):
        _core.rounding(error, x, k == 0)
    settings, unit = {"objective": objective, "rows": 0.0 if rows is None else float(rows)}, 1.0
    if convention is not None:
        n = settings["rows"] or 1.0
        s = _core.scale(convention, n)
        twice = _core.scale(convention, 2 * n)
        factor = s["lambda_scale"] / (s["loss_scale"] * n)
        if rows is None and factor != twice["lambda_scale"] / (twice["loss_scale"] * 2 * n):
            raise ValueError(f"rows: the penalty of {convention} is on another scale for another number of rows; say how many")
        settings["factor"] = factor
        unit = s["loss_scale"] * n if objective else 1.0
    lambda_, mse, penalty = given
    mse, errors[1] = mse / unit, errors[1] / unit
    if log_lambda:
        raised = np.array([_exp(x) for x in lambda_])  # numpy's own exp may differ from the program's by a unit in the last place
        errors[0] = raised * (errors[0] + 4e-16 * np.abs(lambda_))
        lambda_ = raised
    if norm:
        errors[2] = errors[2] * (2 * penalty + errors[2])
        penalty = penalty * penalty
    summary, points, drops = _core.audit((lambda_, mse, penalty, *errors), settings, convention)
    if summary["scale"] == "none":
        summary.update(factor=None, convention=None, low=None, high=None)
    return Audit(summary.pop("verdict"), summary.pop("reason"), summary, points, drops)
