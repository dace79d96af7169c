"""What is known of a point."""
from __future__ import annotations

import html
import math
from dataclasses import dataclass, field, fields
from typing import Any, Optional

import numpy as np

from ._scale import Scale, text

WORDS = {"strict_min": "strict minimum", "degenerate_min": "minimum (flat directions explained)", "saddle": "saddle",
         "not_stationary": "not stationary", "nonsmooth": "on a kink", "inconclusive": "inconclusive"}


@dataclass(frozen=True, eq=False, repr=False)
class Certificate:
    """What kind of point some weights are, at one penalty.

    Attributes
    ----------
    verdict : {"strict_min", "degenerate_min", "saddle", "not_stationary", "nonsmooth", "inconclusive"}
        What the point is. Silence is never success: what double precision cannot decide is ``inconclusive``.
    reason : str
        One sentence: why.
    lambda_ : float
        The penalty, in the units of the convention (scikit-learn's alpha, say).
    mse : float
        Mean squared error in sample, (1/n) SSE summed over outputs; of classes the mean cross-entropy; for a problem that is no
        network, the loss.
    loss, penalty, objective : float
        L, R = sum of squared penalised weights, and J = L + lambda R, in the units of the convention.
    grad_inf, grad_norm, grad_limit : float
        Largest entry and Euclidean norm of dJ/dw; what the first was held against.
    nearest_factor, nearest_grad : float
        The weights are closest to critical at so many times this penalty, and the largest gradient entry there.
    min_eig, min_eig_error, min_eig_rest, max_eig, zero_limit : float
        Smallest eigenvalue of the Hessian of J, its error bound, the smallest off the explained flat directions, the largest in
        size, and what cannot be told from 0.
    positive, zero, negative : int
        Inertia; -1 each where it was not counted (large problems).
    flats, kinks : int
        Explained flat directions; active kinks of the activation.
    escapable : bool
        A dead unit's bias can slide to where J falls.
    escape_curvature, doubt : float
        The curvature there; the chance that "no negative eigenvalue" is wrong (0 where all eigenvalues were bounded).
    dense : bool
        All eigenvalues were bounded; else Lanczos.
    products : int
        Hessian-vector products used.
    seconds : float
        Wall time.
    w : ndarray of shape (dim,)
        The weights.
    direction : ndarray of shape (dim,) or None
        Unit eigenvector of `min_eig`.
    finished : Certificate or None
        Where Newton's method ends that begins here, for points that are no minimum.
    distance : float
        Euclidean distance to `finished`; NaN where there is none.

    References
    ----------
    docs/certificates.md has the thresholds and why; ``ridgewalk/certify.h`` is the C interface.
    """
    verdict: str
    reason: str
    lambda_: float
    mse: float
    loss: float
    penalty: float
    objective: float
    grad_inf: float
    grad_norm: float
    grad_limit: float
    nearest_factor: float
    nearest_grad: float
    min_eig: float
    min_eig_error: float
    min_eig_rest: float
    max_eig: float
    zero_limit: float
    positive: int
    zero: int
    negative: int
    flats: int
    kinks: int
    escapable: bool
    escape_curvature: float
    doubt: float
    dense: bool
    products: int
    seconds: float
    w: np.ndarray = field(repr=False)
    direction: Optional[np.ndarray] = field(default=None, repr=False)
    finished: Optional["Certificate"] = field(default=None, repr=False)
    distance: float = math.nan
    symbol: str = "lambda"

    @property
    def is_minimum(self) -> bool:
        """A minimum, with no way down from it."""
        return self.verdict in ("strict_min", "degenerate_min") and not self.escapable

    @property
    def inertia(self) -> Optional[tuple[int, int, int]]:
        """(positive, zero, negative), or None where it was not counted."""
        return None if self.positive < 0 else (self.positive, self.zero, self.negative)

    def to_dict(self) -> dict[str, Any]:
        """All but the arrays, as plain numbers and texts."""
        skip = {"w", "direction", "finished"}
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name not in skip}

    def _lines(self) -> list[tuple[str, str]]:
        rows = [(f"at {self.symbol}", text(self.lambda_)), ("why", self.reason),
                ("objective", f"{self.objective:.10g} (MSE or loss {self.mse:.8g}, penalty {self.penalty:.8g})"),
                ("largest gradient entry", f"{self.grad_inf:.3e} (limit {self.grad_limit:.1e})")]
        if math.isfinite(self.min_eig):
            rows.append(("smallest eigenvalue", f"{self.min_eig:.6e} (+- {self.min_eig_error:.1e}), largest {self.max_eig:.4e}"))
        if self.inertia:
            rows.append(("inertia", f"{self.positive} positive, {self.zero} zero, {self.negative} negative; "
                                    f"{self.flats} flat directions explained"))
        if self.escapable:
            rows.append(("escapable", f"a dead unit's bias can slide to where the curvature is {self.escape_curvature:.3e}"))
        if self.finished is not None:
            rows.append(("finished by Newton", f"{WORDS[self.finished.verdict]}, at distance {self.distance:.4g} (|w| here "
                                               f"{np.linalg.norm(self.w):.4g}); the objective falls by "
                                               f"{self.objective - self.finished.objective:.4g}"))
        return rows

    def __str__(self) -> str:
        return "\n".join([WORDS[self.verdict]] + [f"  {k}: {v}" for k, v in self._lines()])

    def __repr__(self) -> str:
        return (f"<{type(self).__name__} {self.verdict} at {self.symbol} {text(self.lambda_)}: objective {self.objective:.6g}, "
                f"grad_inf {self.grad_inf:.1e}, min_eig {self.min_eig:.3e}>")

    def _repr_html_(self) -> str:
        rows = "".join(f"<tr><th style='text-align:left'>{html.escape(k)}</th><td style='text-align:left'>{html.escape(v)}</td></tr>"
                       for k, v in self._lines())
        return f"<table><caption><b>{html.escape(WORDS[self.verdict])}</b></caption>{rows}</table>"


def fill(cls: type, found: dict[str, Any], lambda_: float, scale: Scale, w: np.ndarray, more: dict[str, Any]) -> Any:
    """An object of `cls`, a Certificate, from what the extension returns, whose names are its attributes; lambda_ in the user's units."""
    made = object.__new__(cls)  # a frozen class sets its attributes one by one, which takes longer than all the rest
    known = made.__dict__
    known.update(found)
    known.update(more)
    known.pop("lambda", None)
    known["lambda_"], known["mse"], known["w"], known["symbol"] = lambda_, scale.mse(found["loss"]), w, scale.symbol
    return made


def certificate_of(found: dict[str, Any], lambda_: float, scale: Scale, w: np.ndarray, **more: Any) -> Certificate:
    """From what `certify` of the extension returns."""
    return fill(Certificate, found, lambda_, scale, w, more)
