#!/usr/bin/python3
"""Saddles of small networks: index against error at critical points, and solvers that leave them.

    studies/saddles/saddles.py [--small] [--program P] [--widths 2,4,8] [--rows 300] [--points 96] [--seeds 4] [--csv points.csv] [--plot saddles.png]

Needs numpy and scikit-learn (its digits), and matplotlib for the plot. The exit status is 1 where ridgewalk's certificate counts other signs than
the Hessian that is computed here, or the index does not rise with the error. What was expected and what came out: README.md beside this file.
"""
import argparse
import csv
import json
import os
import subprocess
import tempfile
import numpy as np
from sklearn.datasets import load_digits

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LAMBDA = 2.0 ** -10  # on all weights and biases: without it critical points lie at infinity, and free biases have directions that are flat
INPUTS, CLASSES = 10, 10
NET = ["--target", "digit", "--loss", "softmax", "--no-standardize", "--penalise-biases", "--lambda", repr(LAMBDA), "--json", "--quiet"]


class Net:
    """J, gradient and Hessian of tanh units and a softmax, written for this study alone: nothing here is ridgewalk's."""

    def __init__(self, X, y, hidden):
        self.X, self.y, self.h = np.column_stack([np.ones(len(X)), X]), y, hidden
        self.Y = np.eye(CLASSES)[y]
        self.split = (INPUTS + 1) * hidden
        self.dim = self.split + (hidden + 1) * CLASSES

    def parts(self, w):
        """U[inputs + 1 x h] and V[h + 1 x classes], biases first."""
        return w[:self.split].reshape(INPUTS + 1, self.h), w[self.split:].reshape(self.h + 1, CLASSES)

    def forward(self, w, rows):
        U, V = self.parts(w)
        T = np.tanh(self.X[rows] @ U)
        A = np.column_stack([np.ones(len(T)), T])
        F = A @ V
        F -= F.max(1, keepdims=True)
        P = np.exp(F)
        total = P.sum(1, keepdims=True)
        return A, P / total, F - np.log(total)

    def gradient(self, w, rows=slice(None)):
        """J, the share of rows that are named wrongly, and the gradient."""
        A, P, logs = self.forward(w, rows)
        n, V = len(A), self.parts(w)[1]
        R = (P - self.Y[rows]) / n
        back = (R @ V[1:].T) * (1 - A[:, 1:] ** 2)
        g = np.concatenate([(self.X[rows].T @ back).ravel(), (A.T @ R).ravel()]) + 2 * LAMBDA * w
        J = -(self.Y[rows] * logs).sum() / n + LAMBDA * w @ w
        return J, np.mean(P.argmax(1) != self.y[rows]), g

    def hessian(self, w):
        A, P, _ = self.forward(w, slice(None))
        n, h, V = len(A), self.h, self.parts(w)[1]
        T = A[:, 1:]
        slope = 1 - T ** 2
        S = (np.eye(CLASSES) * P[:, None, :] - P[:, :, None] * P[:, None, :]) / n
        back = slope[:, :, None] * (V[1:] @ S)  # [n x h x classes]
        both = (back @ V[1:].T) * slope[:, None, :]

        def over_rows(x, z, core):
            """sum_i x_ip z_iq core_ijk, as a matrix with rows (p, j) and columns (q, k)."""
            sums = (x[:, :, None] * z[:, None, :]).reshape(n, -1).T @ core.reshape(n, -1)
            return sums.reshape(x.shape[1], z.shape[1], *core.shape[1:]).transpose(0, 2, 1, 3).reshape(x.shape[1] * core.shape[1], -1)
        UV = over_rows(self.X, A, back)
        H = np.block([[over_rows(self.X, self.X, both), UV], [UV.T, over_rows(A, A, S)]])
        R = (P - self.Y) / n
        bend = -2 * T * slope * (R @ V[1:].T)
        for j in range(h):
            own = np.arange(INPUTS + 1) * h + j
            H[np.ix_(own, own)] += self.X.T @ (bend[:, j, None] * self.X)
            cross = self.X.T @ (slope[:, j, None] * R)
            out = self.split + (j + 1) * CLASSES + np.arange(CLASSES)
            H[np.ix_(own, out)] += cross
            H[np.ix_(out, own)] += cross.T
        H[np.diag_indices_from(H)] += 2 * LAMBDA
        return H

    def save(self, file, w):
        U, V = self.parts(w)
        with open(file, "w", encoding="utf-8") as f:
            json.dump({"layers": [{"W": U[1:].tolist(), "b": U[0].tolist()}, {"W": V[1:].tolist(), "b": V[0].tolist()}]}, f)

    def start(self, rng):
        U, V = rng.normal(size=(INPUTS + 1, self.h)) / np.sqrt(INPUTS), rng.normal(size=(self.h + 1, CLASSES)) / np.sqrt(self.h)
        U[0], V[0] = 0, 0
        return np.concatenate([U.ravel(), V.ravel()])


def table(rows, folder):
    """The first rows of scikit-learn's digits on their ten first principal components, each of variance one."""
    X, y = load_digits(return_X_y=True)
    X, y = X[:rows] - X[:rows].mean(0), y[:rows]
    U, _, _ = np.linalg.svd(X, full_matrices=False)
    X = U[:, :INPUTS] * np.sqrt(len(X))
    name = os.path.join(folder, "digits.csv")
    with open(name, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f)
        out.writerow([f"pc{i}" for i in range(INPUTS)] + ["digit"])
        out.writerows([*map(repr, map(float, x)), int(k)] for x, k in zip(X, y))
    return name, X, y


def call(a, *args):
    r = subprocess.run([a.program, *map(str, args)], stdout=subprocess.PIPE, check=False)
    if r.returncode not in (0, 1):
        raise SystemExit(f"{args[0]}: exit code {r.returncode}")
    return json.loads(r.stdout)


def wander(net, rng, epochs):
    """Stochastic gradient descent with momentum. -> weights after some of its epochs"""
    w, v, kept = net.start(rng), np.zeros(net.dim), []
    for epoch in range(max(epochs) + 1):
        if epoch in epochs:
            kept.append(w.copy())
        for rows in np.array_split(rng.permutation(len(net.X)), max(1, len(net.X) // 32)):
            v = 0.9 * v - 0.03 * net.gradient(w, rows)[2]
            w = w + v
    return kept


def by_newton(net, w, iterations):
    """Newton's method, H s = -g, no step longer than 1 (0.3 in its second half): it does not know up from down, and ends at saddles as at minima.
    -> weights, J, error, gradient, eigenvalues of the Hessian, |H g| / (|H| |g|)"""
    for k in range(iterations):
        J, error, g = net.gradient(w)
        h, Q = np.linalg.eigh(net.hessian(w))
        along = Q.T @ g
        if np.abs(g).max() < 1e-13:
            break
        s = -along / np.where(np.abs(h) < 1e-7, 1e-7, h)
        w = w + Q @ s * min(1, (1 if k < iterations // 2 else 0.3) / np.linalg.norm(s))
    return w, J, error, g, h, np.linalg.norm(h * along) / max(np.abs(h).max() * np.linalg.norm(g), 1e-300)


def by_norm(net, w, iterations):
    """Levenberg and Marquardt's method on |gradient|^2. It may end where the gradient is not zero but in the Hessian's null space (Frye et al. 2021):
    such an end is no critical point. -> as by_newton"""
    mu = 1e-2
    J, error, g = net.gradient(w)
    for _ in range(iterations):
        h, Q = np.linalg.eigh(net.hessian(w))
        along = Q.T @ g
        fell = np.abs(g).max() < 1e-13
        while not fell and mu < 1e8:
            there = w - Q @ (h * along / (h * h + mu))
            new = net.gradient(there)
            fell = new[2] @ new[2] < g @ g
            mu *= 0.1 if fell else 4
        if not fell or np.abs(g).max() < 1e-13:
            break
        w, (J, error, g) = there, new
    return w, J, error, g, h, np.linalg.norm(h * along) / max(np.abs(h).max() * np.linalg.norm(g), 1e-300)


def critical_points(a, net, data, folder, rng):
    """Found, checked by ridgewalk's certificate, each once. -> points, residuals |H g| / (|H| |g|) of the ends that are none, disagreements"""
    epochs = [0, 1, 2, 4, 8, 16, 32, 64]
    weights = os.path.join(folder, "w.json")
    points, none, wrong, starts = [], [], 0, []
    while len(starts) < a.points:
        starts += wander(net, rng, epochs)
    for k, w in enumerate(starts[:a.points]):
        noise = 10.0 ** -(1 + k // len(epochs) % 4)
        w, J, error, g, h, flat = (by_norm if a.norm else by_newton)(net, w + rng.uniform(-noise, noise, net.dim), a.iterations)
        if np.abs(g).max() > 1e-10:
            none.append(flat)
            continue
        negative = int(np.sum(h < 0))
        net.save(weights, w)
        c = call(a, "certify", data, "--weights", weights, *NET)
        agree = abs(c["objective"] - J) < 1e-9 and abs(c["min_eig"] - h[0]) < 1e-7 * max(1, abs(h[0])) and c["inertia"] == [net.dim - negative, 0, negative]
        wrong += not agree and np.abs(h).min() > 1e-9
        if all(abs(J - p["J"]) > 1e-9 for p in points):
            points.append({"hidden": net.h, "J": J, "error": error, "gradient": np.abs(g).max(), "residual": flat, "index": negative / net.dim,
                           "least": h[0], "eigenvalues": h})
    return points, none, wrong


def rank_correlation(x, y):
    """Spearman's, equal values with their middle rank."""
    def ranks(v):
        v = np.asarray(v)
        return np.array([(v < t).sum() + ((v == t).sum() - 1) / 2 for t in v])
    return float(np.corrcoef(ranks(x), ranks(y))[0, 1]) if len(x) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0 else float("nan")


def damped(net, w, iterations):
    """Newton's method with (H + mu I)^-1, of mu = 10^0, 10^-1, ..., 10^-6 the lowest J taken: no absolute values, no trust region."""
    J, _, g = net.gradient(w)
    trace = [J]
    for _ in range(iterations):
        h, Q = np.linalg.eigh(net.hessian(w))
        tries = [w - Q @ (Q.T @ g / (h + 10.0 ** -k)) for k in range(7)]
        values = [net.gradient(t)[0] for t in tries]
        best = int(np.nanargmin(values))
        if not values[best] < J:
            break
        w, J, g = tries[best], values[best], net.gradient(tries[best])[2]
        trace.append(J)
    return w, trace


def race(a, net, data, folder, rng):
    """SGD at its best learning rate, Newton's method damped, ridgewalk's trust region, saddle-free Newton, from the same starts."""
    ends, weights = {}, os.path.join(folder, "w.json")
    for _ in range(a.seeds):
        w = net.start(rng)
        net.save(weights, w)
        common = [data, "--hidden", net.h, "--init", weights, *NET]
        for s in call(a, "compare", *common, "--solvers", "saddle-free-newton,newton", "--max-iter", a.epochs)["solvers"]:
            ends.setdefault(s["solver"], []).append((s["objective"], s["min_eig"], s["verdict"], s["trace"]["objective"]))
        tries = [call(a, "compare", *common, "--solvers", "sgd", "--epochs", a.epochs, "--batch", 32, "--schedule", "cosine", "--learning-rate", rate)["solvers"][0]
                 for rate in (0.01, 0.03, 0.1, 0.3)]
        s = min(tries, key=lambda t: t["objective"])
        ends.setdefault("sgd", []).append((s["objective"], s["min_eig"], s["verdict"], s["trace"]["objective"]))
        w, trace = damped(net, w, min(a.epochs, a.iterations))
        net.save(weights, w)
        c = call(a, "certify", data, "--weights", weights, *NET)
        ends.setdefault("damped Newton", []).append((c["objective"], c["min_eig"], c["verdict"], trace))
    return ends


def plot(file, points, races):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(1, 2 + len(races), figsize=(3.6 * (2 + len(races)), 3.4))
    for k, hidden in enumerate(races):
        mine = [p for p in points if p["hidden"] == hidden]
        axes[0].plot([p["index"] for p in mine], [p["error"] for p in mine], ".", color=f"C{k}", label=f"{hidden} units")
    axes[0].set_xlabel("index: share of negative eigenvalues")
    axes[0].set_ylabel("training rows named wrongly")
    axes[0].legend(fontsize=7)
    last = sorted((p for p in points if p["hidden"] == max(races)), key=lambda p: p["error"])
    for p, label in ((last[0], "lowest error"), (last[len(last) // 2], "middle"), (last[-1], "highest")):
        axes[1].plot(np.sort(p["eigenvalues"]), np.linspace(0, 1, len(p["eigenvalues"])), label=f"{label}: {p['error']:.2f}")
    axes[1].set_xscale("symlog", linthresh=1e-3)
    axes[1].set_xticks([-0.1, -0.01, 0, 0.01, 0.1, 1], ["-0.1", "-0.01", "0", "0.01", "0.1", "1"], fontsize=7)
    axes[1].set_xlabel("eigenvalue")
    axes[1].set_title(f"share of the spectrum below, {max(races)} units", fontsize=8)
    axes[1].legend(fontsize=7)
    for ax, (hidden, ends) in zip(axes[2:], races.items()):
        for k, (name, runs) in enumerate(ends.items()):
            for i, run in enumerate(runs):
                ax.loglog(np.arange(1, len(run[3]) + 1), run[3], color=f"C{k}", lw=0.8, label=None if i else name)
        ax.set_xlabel("epochs, iterations")
        ax.set_title(f"J, {hidden} units", fontsize=8)
    axes[2].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(file, dpi=80)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--small", action="store_true", help="2 units, 100 rows, 32 points, one start: seconds")
    p.add_argument("--widths", default="2,4,8")
    p.add_argument("--rows", type=int, default=300)
    p.add_argument("--points", type=int, default=96, help="critical points looked for, a width")
    p.add_argument("--iterations", type=int, default=150, help="of the search for a critical point, and of damped Newton")
    p.add_argument("--epochs", type=int, default=400)
    p.add_argument("--seeds", type=int, default=4)
    p.add_argument("--norm", action="store_true", help="look for critical points by the gradient's norm, not by Newton's method")
    p.add_argument("--csv", metavar="FILE.csv", help="every critical point")
    p.add_argument("--plot", metavar="FILE.png")
    a = p.parse_args()
    if a.small:
        a.widths, a.rows, a.points, a.seeds, a.epochs = "2", 100, 32, 1, 100
    everything, races, wrong = [], {}, 0
    with tempfile.TemporaryDirectory() as folder:
        data, X, y = table(a.rows, folder)
        print("| units | weights | ends | not critical (middle residual) | critical points, each once | minima among them | index | rank correlation of index and error | of index and J | "
              "certificates that differ |\n|---|---|---|---|---|---|---|---|---|---|")
        for hidden in map(int, a.widths.split(",")):
            net = Net(X, y, hidden)
            points, none, differ = critical_points(a, net, data, folder, np.random.default_rng(hidden))
            index = [q["index"] for q in points]
            rho, rho_J = rank_correlation(index, [q["error"] for q in points]), rank_correlation(index, [q["J"] for q in points])
            print(f"| {hidden} | {net.dim} | {a.points} | {len(none)}{f' ({np.median(none):.0e})' if none else ''} | {len(points)} | {sum(i == 0 for i in index)} | {min(index, default=0):.3f} to {max(index, default=0):.3f} | "
                  f"{rho:.2f} | {rho_J:.2f} | {differ} |", flush=True)
            wrong += differ + (not rho > 0)
            everything += points
        print("\n| units | solver | J at the end, each start | smallest eigenvalue there | kind | epochs or iterations |\n|---|---|---|---|---|---|")
        for hidden in map(int, a.widths.split(",")):
            net = Net(X, y, hidden)
            races[hidden] = race(a, net, data, folder, np.random.default_rng(100 + hidden))
            for name, runs in races[hidden].items():
                print(f"| {hidden} | {name} | {', '.join(f'{r[0]:.4f}' for r in runs)} | {', '.join(f'{r[1]:.1e}' for r in runs)} | "
                      f"{', '.join(r[2] for r in runs)} | {', '.join(str(len(r[3]) - 1) for r in runs)} |", flush=True)
    for other in ("sgd", "damped Newton", "newton"):
        pairs = [(f[0], o[0]) for ends in races.values() for f, o in zip(ends.get("saddle-free-newton", []), ends.get(other, []))]
        below, above = (sum(sign * (f - o) < -1e-6 for f, o in pairs) for sign in (1, -1))
        print(f"{other}: saddle-free Newton ends lower from {below} of {len(pairs)} starts, higher from {above}")
    if a.csv:
        with open(a.csv, "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f)
            keys = ("hidden", "J", "error", "gradient", "residual", "index", "least")
            out.writerow(keys)
            out.writerows([q[k] for k in keys] for q in everything)
    if a.plot:
        plot(a.plot, everything, races)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
