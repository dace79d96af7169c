"""Drops in words, and a path as a page for notebooks."""
from __future__ import annotations

import html
import math
from typing import Any

from ._certificate import WORDS
from ._scale import text


def _branch(d: Any) -> str:
    e, at = d.evidence, f"{d.symbol} = {d.at:.6g}"
    if d.cause == "fold":
        said = f"The branch of minima ends in a fold at {at}, where it has {e['branch_mse']:.6g}"
    elif d.cause == "branch_point":
        said = f"The branch of minima splits at {at}, where it has {e['branch_mse']:.6g}"
    elif d.cause == "revival" and e["note"] and math.isfinite(e["bias"]):
        said = (f"At {at} a way down opens from a dead unit ({e['note']} at {e['bias']:.3g}, by sliding it to where the activation is "
                f"steepest)")
    elif d.cause == "revival":
        said = f"The fit at {at} has a dead unit whose bias can slide to where the objective falls"
    elif d.cause == "jump":
        said = (f"Both are minima, and the branch goes on from one penalty to the other, with {e['branch_mse']:.6g} at its end: the "
                f"next fit is on another branch")
    else:
        said = f"Not explained: {e['note'] or 'the branch was not followed'}"
    if math.isfinite(e["null_weights"]):
        said += f"; it gives way in about {max(1, e['null_weights']):.0f} weights" + (f" ({e['moves']})" if e["moves"] else "")
    return said + "."


def explain_drop(d: Any) -> str:
    """One drop, or rise that is a jump, in words."""
    e, before, after = d.evidence, text(d.lambda_from), text(d.lambda_to)
    said = [f"{d.walk}: {before} -> {after}: {d.mse_from:.6g} -> {d.mse_to:.6g}."]
    if d.cause == "unconverged":
        said.append(f"Not converged: the gradient is {e['grad_inf_from']:.1e} and {e['grad_inf_to']:.1e}.")
        if math.isfinite(e["finished_mse_from"]) and math.isfinite(e["finished_mse_to"]):
            still = "a drop is still there" if e["finished_mse_to"] < e["finished_mse_from"] else "the drop is gone"
            said.append(f"Finished by Newton's method the two fits have {e['finished_mse_from']:.6g} and "
                        f"{e['finished_mse_to']:.6g}: {still}.")
    elif d.cause == "saddle":
        falls = f"; left along it, the objective falls by at least {e['falls_by']:.3g}" if math.isfinite(e["falls_by"]) else ""
        said.append(f"The fit at {text(d.at)} is a saddle (smallest eigenvalue {e['branch_min_eig']:.2e}){falls}.")
    elif d.cause == "nonsmooth":
        said.append(f"The fit at {text(d.at)} sits on a kink of the activation.")
    else:
        said.append(_branch(d))
    if not d.rise:  # T2
        first = e["excess_from"] >= e["excess_to"]
        worse, better = (before, after) if first else (after, before)
        said.append(f"The fit at {worse} is not global: the weights found at {better} beat it there by "
                    f"{max(e['excess_from'], e['excess_to']):.3g} ({e['certain']:.3g} is certain from the fall alone).")
    return " ".join(said)


def page(path: Any) -> str:
    """A table of walks and penalties, drops marked, and the drops in words."""
    head = "".join(f"<th>{html.escape(w.name)}{f' {w.start}' if w.start else ''}</th>" for w in path.walks)
    rows = []
    for i, lambda_ in enumerate(path.lambdas):
        cells = []
        for w in path.walks:
            p = w.points[i]
            if p is None:
                cells.append("<td></td>")
                continue
            mark = " <b>v</b>" if any(d.to == i for d in w.drops) else ""
            tint = "" if p.is_minimum else " style='color:#b00'"
            cells.append(f"<td{tint} title='{html.escape(WORDS[p.verdict])}, gradient {p.grad_inf:.1e}'>{p.mse:.6g}{mark}</td>")
        rows.append(f"<tr><th>{text(lambda_)}</th>{''.join(cells)}</tr>")
    drops = "".join(f"<li>{html.escape(explain_drop(d))}</li>" for d in path.drops)
    return (f"<div><p>{html.escape(repr(path)[1:-1])}; J = {html.escape(path.scale.objective)}</p>"
            f"<table><tr><th>{html.escape(path.scale.symbol)}</th>{head}</tr>{''.join(rows)}</table>"
            f"<p>v: the error is lower than at the smaller penalty before; red: no certified minimum</p>"
            f"{f'<ul>{drops}</ul>' if drops else ''}</div>")
