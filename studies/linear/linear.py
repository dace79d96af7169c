#!/usr/bin/env python3
"""Deep linear networks: no bad minima with one hidden layer, and what the penalty changes with two.

    studies/linear/linear.py [--program P] [--starts 20] [--plot linear.png]

Needs numpy, and matplotlib for the plot. What was expected and what came out: README.md beside this file.
"""
import argparse
import itertools
import json
import os
import sqlite3
import subprocess
import tempfile
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LINEAR = ["--activation", "identity", "--no-hidden-bias", "--no-output-bias", "--no-standardize", "--quiet"]
SINGULAR = (2.1, 1.2, 0.6)  # singular values of X'Y/n


def call(a, *args):
    r = subprocess.run([a.program, *map(str, args)], stdout=subprocess.PIPE, check=False)
    if r.returncode not in (0, 1):
        raise SystemExit(f"{args[0]} failed")
    return r.stdout


def whitened(n, inputs, rng):
    """X[n x inputs] with X'X/n = 1."""
    return np.linalg.qr(rng.normal(size=(n, inputs)))[0] * np.sqrt(n)


def write(name, X, Y):
    columns = [f"x{j}" for j in range(X.shape[1])] + [f"y{k}" for k in range(Y.shape[1])]
    np.savetxt(name, np.column_stack([X, Y]), delimiter=",", header=",".join(columns), comments="", fmt="%.17g")
    return ",".join(columns[X.shape[1]:])


def table_of(folder, rng):
    """A table whose X'Y/n is U diag(SINGULAR) V', beside noise that no linear model sees."""
    n, p, q = 60, 4, len(SINGULAR)
    Q = whitened(n, p + q, rng)
    U, V = np.linalg.qr(rng.normal(size=(p, q)))[0], np.linalg.qr(rng.normal(size=(q, q)))[0]
    Y = Q[:, :p] @ U @ np.diag(SINGULAR) @ V.T + 0.3 * Q[:, p:]
    name = os.path.join(folder, "linear.csv")
    return name, write(name, Q[:, :p], Y), U, V, 0.09 * q


def two_layers(lam, rest):
    """The global minimum of J: singular values are soft-thresholded (nuclear norm)."""
    return rest + sum(min((s - t) ** 2 + 2 * lam * t for t in (max(s - lam, 0),)) for s in SINGULAR)


def minima(a, folder, table, targets, rest):
    run = os.path.join(folder, "r.rwk")
    call(a, "path", table, "--target", targets, "--hidden", 4, *LINEAR, "--lambda", "2^-8:2^1", "--walk", "up,cold", "--starts", a.starts, "--no-explain",
         "--out", run)
    db = sqlite3.connect(f"file:{run}?mode=ro", uri=True)
    fits = db.execute("SELECT lambda, objective, verdict, escapable FROM fit").fetchall()
    db.close()
    gaps = [(J - two_layers(lam, rest), verdict) for lam, J, verdict, escapable in fits if not escapable]
    bad = sum(gap > 1e-8 for gap, _ in gaps)
    kinds = {v: sum(x == v for _, x in gaps) for v in sorted({x for _, x in gaps})}
    print(f"one hidden layer, 4-4-3: {len(fits)} fits at {len({f[0] for f in fits})} penalties from random starts, {kinds};")
    print(f"  J - J* between {min(g for g, _ in gaps):.1e} and {max(g for g, _ in gaps):.1e}; above the global minimum: {bad}")
    return bad


def saddles(a, folder, table, targets, U, V):
    """Every way to leave singular directions out is a critical point; its smallest eigenvalue is 2 (lambda - s), s the largest left out."""
    lam, wrong = 2.0**-6, 0
    name = os.path.join(folder, "w.json")
    for size in range(len(SINGULAR)):
        for kept in itertools.combinations(range(len(SINGULAR)), size):
            W1, W2 = np.zeros((4, 4)), np.zeros((4, 3))
            for unit, k in enumerate(kept):
                root = np.sqrt(SINGULAR[k] - lam)
                W1[:, unit], W2[unit] = root * U[:, k], root * V[:, k]
            with open(name, "w", encoding="utf-8") as f:
                json.dump({"layers": [{"W": W1.tolist()}, {"W": W2.tolist()}]}, f)
            p = json.loads(call(a, "certify", table, "--target", targets, "--weights", name, *LINEAR, "--lambda", lam, "--json"))
            theory = 2 * (lam - max(s for k, s in enumerate(SINGULAR) if k not in kept))
            fine = p["verdict"] == "saddle" and abs(p["min_eig"] - theory) < 1e-9
            wrong += not fine
            print(f"  rank {size}, singular values {[SINGULAR[k] for k in kept]} kept: {p['verdict']}, smallest eigenvalue {p['min_eig']:.10f}, "
                  f"theory {theory:.10f}")
    return wrong


def branch(lam, layers):
    """The upper root p of lambda = (1 - p) p^(1 - 2/layers)."""
    low, high = (layers - 2) / (2 * layers - 2), 1.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 - middle) * middle ** (1 - 2 / layers) > lam else (low, middle)
    return low


def deep(a, folder, layers):
    """One unit a layer, s = 1: the branch and its fold against closed forms."""
    table, run = os.path.join(folder, f"one{layers}.csv"), os.path.join(folder, f"one{layers}.rwk")
    write(table, np.array([[1.0], [-1.0], [1.0], [-1.0]]), np.array([[1.0], [-1.0], [1.0], [-1.0]]))
    p_fold, p_maxwell = (layers - 2) / (2 * layers - 2), (layers - 2) / (layers - 1)
    fold, maxwell = ((1 - p) * p ** (1 - 2 / layers) for p in (p_fold, p_maxwell))
    j = json.loads(call(a, "path", table, "--hidden", ",".join(["1"] * (layers - 1)), *LINEAR, "--lambda", f"{0.2 * fold!r}:{1.1 * fold!r}:1.02",
                        "--walk", "up,down,best", "--out", run, "--json"))
    up, down = (next(w["points"] for w in j["walks"] if w["name"] == name) for name in ("up", "down"))
    best = j["best"]["points"]
    worst = max(abs(p["mse"] - (1 - branch(p["lambda"], layers)) ** 2) for p in up if p["lambda"] < fold)
    d = json.loads(call(a, "explain", run, "--from", up[0]["lambda"], "--to", 1.1 * fold, "--json"))
    found = [e["lambda"] for e in d["events"] if e["kind"] == "fold"]
    last = max(p["lambda"] for p in best if p["penalty"] > 1e-9)
    first = min(p["lambda"] for p in best if p["penalty"] <= 1e-9)
    zero = all(p["penalty"] < 1e-12 and p["verdict"] == "strict_min" for p in down)
    print(f"{layers} layers: going up, |MSE - (1 - p)^2| <= {worst:.1e}; fold at {found[0] if found else float('nan'):.9f}, theory {fold:.9f}; "
          f"best goes to zero between {last:.6f} and {first:.6f}, theory {maxwell:.6f}; coming down stays at zero, a strict minimum: {zero}")
    return (not found or abs(found[0] - fold) > 1e-6) + (worst > 1e-7) + (not last < maxwell <= first) + (not zero), (layers, up, down, best)


def flat(a, folder):
    """Without a penalty: zero is a saddle with a negative eigenvalue for two layers, and one without any for three (Kawaguchi's bad saddle)."""
    table, name = os.path.join(folder, "one3.csv"), os.path.join(folder, "z.json")
    wrong = 0
    for layers, theory in ((2, -2.0), (3, 0.0)):
        with open(name, "w", encoding="utf-8") as f:
            json.dump({"layers": [{"W": [[0.0]]} for _ in range(layers)]}, f)
        p = json.loads(call(a, "certify", table, "--weights", name, *LINEAR, "--lambda", 0, "--json"))
        print(f"  {layers} layers, lambda 0, all weights zero: smallest eigenvalue {p['min_eig']:.1f} (theory {theory:.1f}), inertia {p['inertia']}, {p['verdict']}")
        wrong += abs(p["min_eig"] - theory) > 1e-12 or p["verdict"] != ("saddle" if layers == 2 else "inconclusive")
    return wrong


def plot(file, runs):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(1, len(runs), figsize=(4 * len(runs), 3.2), sharey=True)
    for ax, (layers, up, down, best) in zip(axes, runs):
        for points, name, style in ((up, "up", "-"), (down, "down", "--"), (best, "best", ":k")):
            ax.plot([p["lambda"] for p in points], [p["mse"] for p in points], style, label=name)
        ax.set_xlabel("lambda")
        ax.set_title(f"{layers} layers")
    axes[0].set_ylabel("MSE")
    axes[0].legend()
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--starts", type=int, default=20)
    p.add_argument("--plot", help="a picture of the paths of three to five layers")
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table, targets, U, V, rest = table_of(folder, np.random.default_rng(1))
        wrong = minima(a, folder, table, targets, rest)
        wrong += saddles(a, folder, table, targets, U, V)
        results = [deep(a, folder, layers) for layers in (3, 4, 5)]
        wrong += sum(r[0] for r in results) + flat(a, folder)
        if a.plot:
            plot(a.plot, [r[1] for r in results])
    print("everything is as the theory says" if not wrong else f"{wrong} things are not as the theory says")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
