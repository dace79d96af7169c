#!/usr/bin/python3
"""Graduated optimisation: on a function for which it was proved to work, and on networks.

    studies/gradopt/gradopt.py [--small] [--program P] [--starts 400] [--seeds 10] [--plot gradopt.png]

Needs numpy and scipy, and matplotlib for the plot. Under `./dev python` the program's own graduated walk meets the function too.
The exit status is 1 where the function is not of the class, or GradOpt misses its minimum. What was expected and what came out: README.md beside this file.
"""
import argparse
import json
import os
import subprocess
import tempfile
import numpy as np
from scipy.special import i0e, i1e

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RADIUS = 4.0  # the paper's K: a disc about the origin
SIGMA = 0.5


class Pitted:
    """f(x) = |x|^2 / 2 - sum_j d_j exp(-|x - c_j|^2 / (2 w_j^2)) in the plane: a bowl with narrow pits all round, each a minimum of its own.

    Its mean over a disc of radius delta has a closed form: a Gaussian's mean is 2 (w / delta)^2 (1 - Q1(a, b)), a = r / w, b = delta / w, with
    Marcum's Q1, whose slope in a is b exp(-(a^2 + b^2) / 2) I1(ab)."""

    def __init__(self, pits=60, width=0.015, depth=2.2, nearest=0.5, furthest=3.0):
        k = np.arange(pits)
        distance = nearest * (furthest / nearest) ** ((k * 0.618034 + 0.3) % 1)  # all distances, all directions, neighbours apart
        angle = 2 * np.pi * (k + 0.5) / pits
        self.c = np.column_stack([distance * np.cos(angle), distance * np.sin(angle)])
        self.w = width * distance
        self.d = depth * distance * self.w  # above exp(1/2) = 1.65 a pit is steeper than the bowl, and holds
        self.steepest = 1 + np.max(self.d / self.w ** 2)  # no eigenvalue of the Hessian is larger

    def value(self, x):
        r2 = ((x[..., None, :] - self.c) ** 2).sum(-1)
        return (x ** 2).sum(-1) / 2 - (self.d * np.exp(-r2 / 2 / self.w ** 2)).sum(-1)

    def gradient(self, x):
        v = x[..., None, :] - self.c
        return x + ((self.d / self.w ** 2 * np.exp(-(v ** 2).sum(-1) / 2 / self.w ** 2))[..., None] * v).sum(-2)

    def smoothed(self, x, delta):
        """Gradient and Hessian of the mean over the disc, at each row of x."""
        v = x[:, None, :] - self.c
        r = np.maximum(np.linalg.norm(v, axis=2), 1e-12)
        a, b = r / self.w, delta / self.w
        z, e = a * b, self.d * 2 / delta * np.exp(-(a - b) ** 2 / 2)
        slope = e * i1e(z)
        bend = e / self.w * (b * (i0e(z) - i1e(z) / np.maximum(z, 1e-300)) - a * i1e(z))
        u = v / r[..., None]
        g = x + (slope[..., None] * u).sum(1)
        H = np.eye(2) * (1 + (slope / r).sum(1))[:, None, None] + np.einsum("ij,ijk,ijl->ikl", bend - slope / r, u, u)
        return g, H

    def check(self, n):
        """The closed form against a mean over n points of the disc (golden spiral), and its Hessian against differences."""
        x, delta = np.array([[0.4, 0.3]]), 0.37
        k = np.arange(n) + 0.5
        r, t = delta * np.sqrt(k / n), np.pi * (1 + 5 ** 0.5) * k
        mean = np.mean([self.gradient(x + p).mean(0) for p in np.array_split(np.column_stack([r * np.cos(t), r * np.sin(t)]), 100)], 0)
        g, H = self.smoothed(x, delta)
        h = 1e-6
        D = np.array([(self.smoothed(x + h * e, delta)[0][0] - self.smoothed(x - h * e, delta)[0][0]) / (2 * h) for e in np.eye(2)])
        return float(np.abs(mean - g[0]).max()), float(np.abs(D - H[0]).max())


def nice(f, rings, angles):
    """Hazan, Levy and Shalev-Shwartz, definition: for every delta f_delta has eigenvalues >= sigma within 3 delta of its minimum, which moves by at
    most delta / 2 when delta is halved. -> (delta, minimum, least eigenvalue) from delta = 8 down to 8 / 2^14, each half a halving."""
    t = np.linspace(0, 2 * np.pi, angles, endpoint=False)
    way = np.column_stack([np.cos(t), np.sin(t)])
    x, rows = np.zeros(2), []
    for delta in 8 * 2.0 ** -np.arange(0, 14.1, 0.5):
        for _ in range(50):
            g, H = f.smoothed(x[None], delta)
            x = x - np.linalg.solve(H[0], g[0])
        points = [x + (3 * delta * np.sqrt(np.linspace(0, 1, rings))[:, None, None] * way).reshape(-1, 2)]
        for c, w in zip(f.c, f.w):  # where a pit's mean bends most: a disc about it that just reaches the pit
            r = np.maximum(delta + w * np.linspace(-4, 4, 17), 0)
            points.append(c + (r[:, None, None] * way).reshape(-1, 2))
        points = np.concatenate(points)
        points = points[np.linalg.norm(points - x, axis=1) <= 3 * delta * (1 + 1e-12)]
        least = min(np.linalg.eigvalsh(f.smoothed(p, delta)[1])[:, 0].min() for p in np.array_split(points, 1 + len(points) // 4000))
        rows.append((delta, x, float(least)))
    return rows


def descend(f, x):
    """Gradient descent with the step 1 / L, all starts at once. -> ends, gradients taken for one"""
    x = x.copy()
    for k in range(100000):
        step = f.gradient(x) / f.steepest
        x -= step
        if np.abs(step).max() < 1e-10:
            break
    return x, k + 1


def gradopt(f, x, rng, epochs, steps):
    """The paper's algorithm, all starts at once: delta from half of K's diameter, halved every epoch; projected stochastic gradients of f at x + delta u,
    u uniform in the disc, with steps 1 / (sigma t), within 1.5 delta of where the epoch began; the mean of the last half goes on."""
    x, delta = x.copy(), RADIUS
    for _ in range(epochs):
        centre, late = x.copy(), np.zeros_like(x)
        for t in range(1, steps + 1):
            u = rng.normal(size=x.shape)
            u *= (np.sqrt(rng.uniform(size=len(x))) / np.linalg.norm(u, axis=1))[:, None]
            x -= f.gradient(x + delta * u) / (SIGMA * t)
            for middle, radius in ((0, RADIUS), (centre, 1.5 * delta), (0, RADIUS)):
                away = np.linalg.norm(x - middle, axis=1, keepdims=True)
                x = middle + (x - middle) * np.minimum(1, radius / np.maximum(away, 1e-300))
            if t > steps // 2:
                late += x / (steps - steps // 2)
        x, delta = late, delta / 2
    return x


def by_ridgewalk(f, starts):
    """The program's solver and its graduated walk on the function, one start at a time. -> ends of both, or None where the package is not at hand"""
    try:
        import ridgewalk
    except ImportError:
        return None

    def product(x, v):
        return f.smoothed(x[None], 1e-5)[1][0] @ v  # a disc far below the width of a pit

    problem = ridgewalk.Problem(lambda x: (float(f.value(x)), f.gradient(x)), product, dim=2)
    ends = {"down": [], "graduated": []}
    for k, x in enumerate(starts):
        p = problem.path([1e-12], walk=tuple(ends), init=x, threads=1, seed=k, smoothing=RADIUS / 2, explain=False)
        for walk in p.walks:
            ends[walk.name].append(walk.points[0].w)
    return {k: np.array(v) for k, v in ends.items()}


def of_its_class(a):
    f = Pitted()
    errors = f.check(20000 if a.small else 200000)
    rows = nice(f, *((20, 24) if a.small else (60, 120)))
    least = min(r[2] for r in rows)
    moved = max(np.linalg.norm(p[1] - q[1]) / (p[0] / 2) for p, q in zip(rows, rows[2:]))
    print(f"mean over a disc: closed form against points of the disc {errors[0]:.0e}, its Hessian against differences {errors[1]:.0e}")
    print(f"least eigenvalue of f_delta within 3 delta of its minimum, {len(rows)} delta from 8 to {rows[-1][0]:.1g}: {least:.3f} (sigma {SIGMA}); "
          f"the minimum moves by {moved:.4f} of what is allowed")
    pits, _ = descend(f, f.c)
    print(f"minima: the bottom, f = {float(f.value(rows[-1][1])):.4f}, and {np.sum(np.linalg.norm(pits - f.c, axis=1) < 2 * f.w)} pits of {len(f.c)}, "
          f"the lowest {f.value(pits).min():.4f}")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(a.starts, 2))
    x *= (RADIUS * np.sqrt(rng.uniform(size=a.starts)) / np.linalg.norm(x, axis=1))[:, None]
    plain, taken = descend(f, x)
    epochs, steps = 9, 200
    graduated, more = descend(f, gradopt(f, x, rng, epochs, steps))
    reached = {}
    print("\n| | starts | at the bottom | in a pit | gradients a start |\n|---|---|---|---|---|")

    def line(name, ends, gradients):
        bottom = np.linalg.norm(ends - rows[-1][1], axis=1) < 1e-3
        reached[name] = bottom
        print(f"| {name} | {len(ends)} | {bottom.sum()} | {(np.linalg.norm(ends[:, None] - f.c, axis=2) < 2 * f.w).any(1).sum()} | {gradients} |")
    line("gradient descent", plain, taken)
    line("GradOpt, then gradient descent", graduated, f"{epochs * steps} + {more}")
    few = by_ridgewalk(f, x[:a.starts // 10])
    if few:
        line("ridgewalk, `--walk down`", few["down"], "")
        line("ridgewalk, `--walk graduated`", few["graduated"], "")
    wrong = (errors[0] > 1e-3) + (errors[1] > 1e-5) + (least < SIGMA) + (moved > 1) + (not reached["GradOpt, then gradient descent"].all())
    return wrong, (f, x, plain, rows)


def nets(a):
    """The walks at equal numbers of starts, over seeds: who has the lowest J that any of them found, and for what."""
    print("\n| table | walk | lowest J known, of all (seed, penalty) | middle and largest excess over it | evaluations a fit |\n|---|---|---|---|---|")
    table = []
    for name in a.tables:
        data, fits = os.path.join(ROOT, "tests", "data", name + ".csv"), {}
        for seed in range(a.seeds):
            for walks, starts, label in (("up,down,graduated,best", 1, ""), ("cold", 1, "cold"), ("cold", 10, "cold, best of 10")):
                with tempfile.TemporaryDirectory() as folder:
                    r = subprocess.run([a.program, "path", data, "--hidden", "8", "--lambda", a.grid, "--walk", walks, "--starts", str(starts), "--seed", str(seed),
                                        "--no-explain", "--threads", "1", "--json", "--quiet", "--out", os.path.join(folder, "r.rwk")],
                                       stdout=subprocess.PIPE, check=False)
                if r.returncode not in (0, 1):
                    raise SystemExit(f"{name}, {walks}: exit code {r.returncode}")
                j = json.loads(r.stdout)
                cost = {road["name"]: road["evaluations"] / road["fits"] for road in j["roads"]}
                found = {}
                for w in j["walks"] + ([j["best"]] if j["best"] else []):
                    for p in w["points"]:
                        key = (w.get("name", "best"), p["lambda"])
                        found[key] = min(p["objective"], found.get(key, np.inf))
                for (walk, lam), J in found.items():  # of ten starts the program counts the winner's work
                    fits.setdefault(label or walk, []).append((lam, J, cost.get(walk, 0)))
        low = {}
        for lam, J, _ in (p for points in fits.values() for p in points):
            low[lam] = min(J, low.get(lam, np.inf))
        ten = 10 * np.mean([c for _, _, c in fits["cold"]])
        for walk in ("up", "down", "graduated", "cold", "cold, best of 10", "best"):
            excess = np.array([J / low[lam] - 1 for lam, J, _ in fits[walk]])
            table.append((name, walk, [(lam, J / low[lam] - 1) for lam, J, _ in fits[walk]]))
            print(f"| {name} | {walk} | {np.sum(excess < 1e-6)} of {len(excess)} | {np.median(excess):.2%}, {excess.max():.2%} | "
                  f"{ten if walk.endswith('10') else np.mean([c for _, _, c in fits[walk]]):.0f} |", flush=True)
    return table


def plot(file, shown, table):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    f, x, plain, rows = shown
    names = sorted({t[0] for t in table})
    figure, axes = plt.subplots(1, 2 + len(names), figsize=(4 * (2 + len(names)), 3.6))
    bottom = np.linalg.norm(plain - rows[-1][1], axis=1) < 1e-3
    axes[0].plot(*x[bottom].T, ".", color="0.75", label="start: gradient descent to the bottom")
    axes[0].plot(*x[~bottom].T, ".", color="C3", label="start: into a pit")
    axes[0].plot(*f.c.T, "k+", ms=4, label="pits")
    axes[0].set_aspect("equal")
    axes[0].legend(fontsize=6, loc="upper right")
    axes[0].set_title("gradient descent (GradOpt: all to the bottom)", fontsize=8)
    axes[1].semilogx([r[0] for r in rows], [r[2] for r in rows], ".-")
    axes[1].axhline(SIGMA, color="0.5", ls=":")
    axes[1].set_xlabel("delta")
    axes[1].set_title("least eigenvalue within 3 delta", fontsize=8)
    for ax, name in zip(axes[2:], names):
        for k, (_, walk, points) in enumerate(t for t in table if t[0] == name):
            y = np.maximum([e for _, e in points], 1e-8)
            ax.semilogy(k + np.linspace(-0.3, 0.3, len(y)), y, ".", ms=4)
        ax.set_xticks(range(6), ["up", "down", "graduated", "cold", "cold 10", "best"], rotation=30, fontsize=7)
        ax.set_title(f"{name}: J above the lowest known, relative", fontsize=8)
    figure.tight_layout()
    figure.savefig(file, dpi=80)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--small", action="store_true", help="24 starts, one seed, one table: seconds")
    p.add_argument("--starts", type=int, default=400)
    p.add_argument("--seeds", type=int, default=10)
    p.add_argument("--grid", default="2^-12:2^-4:4")
    p.add_argument("--tables", nargs="+", default=["yacht", "diabetes"])
    p.add_argument("--plot", metavar="FILE.png")
    a = p.parse_args()
    if a.small:
        a.starts, a.seeds, a.tables = 24, 1, a.tables[:1]
    wrong, shown = of_its_class(a)
    table = nets(a)
    if a.plot:
        plot(a.plot, shown, table)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
