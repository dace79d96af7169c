"""The picture of a path."""
from __future__ import annotations

from typing import Any


def plot_path(path: Any, ax: Any = None) -> Any:
    """See Path.plot."""
    if ax is None:
        import matplotlib.pyplot as plt
        _, ax = plt.subplots()
    for w in path.walks:
        points = [p for p in w.points if p is not None]
        if not points:
            continue
        label = w.name + (f" {w.start}" if w.start else "")
        line, = ax.plot([p.lambda_ for p in points], [p.mse for p in points], lw=2 if w.name == "best" else 1, label=label)
        for good, face in ((True, line.get_color()), (False, "white")):
            some = [p for p in points if p.is_minimum == good]
            ax.plot([p.lambda_ for p in some], [p.mse for p in some], "o", ms=4, mfc=face, mec=line.get_color())
        ends = [w.points[d.to] for d in w.drops]
        ax.plot([p.lambda_ for p in ends], [p.mse for p in ends], "v", ms=9, mfc="none", mec="crimson")
    ax.set_xscale("log", base=2)
    ax.set_xlabel(path.scale.symbol)
    ax.set_ylabel("mean squared error in sample" if path.scale.n != 1 or path.scale.name != "own" else "loss")
    ax.legend()
    return ax
