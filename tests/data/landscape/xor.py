#!/usr/bin/env python3
"""Passes between the minima of a 2-2-1 tanh network on XOR, by exhaustion: writes xor.json.

J = MSE + lambda * (sum of squared weights), biases free. Critical points are looked for from many random starts by
Levenberg and Marquardt on the gradient; every one is taken with its images under the symmetries (units exchanged, signs
turned). From each saddle with one negative eigenvalue the gradient flow is followed down both sides by small steps. Then
the minima are joined saddle by saddle, the lowest first: the saddle that joins two of them is the lowest pass between
them (mountain pass theorem). The height of the straight line is the largest of 2,000,001 values. Nothing here is shared
with the program: numpy alone, derivatives by complex steps.
"""
import json
import sys
import numpy as np

X = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]], float)
Y = np.array([-1, 1, 1, -1], float)
PEN = np.array([1, 1, 1, 1, 0, 0, 1, 1, 0], float)  # W1 (a row per input), b1, W2, b2


def objective(w, lam):
    """[..., 9] -> [...]; analytic in w."""
    z = X[:, 0, None] * w[..., None, 0:2] + X[:, 1, None] * w[..., None, 2:4] + w[..., None, 4:6]
    f = np.sum(np.tanh(z) * w[..., None, 6:8], -1) + w[..., None, 8]
    return np.mean((f - Y) ** 2, -1) + lam * np.sum(PEN * w * w, -1)


def gradient(w, lam):
    a = np.tanh(X[:, 0, None] * w[..., None, 0:2] + X[:, 1, None] * w[..., None, 2:4] + w[..., None, 4:6])
    r = 2 * (np.sum(a * w[..., None, 6:8], -1) + w[..., None, 8] - Y) / 4
    d = r[..., None] * w[..., None, 6:8] * (1 - a * a)
    g = [np.sum(d * X[:, 0, None], -2), np.sum(d * X[:, 1, None], -2), np.sum(d, -2), np.sum(r[..., None] * a, -2), np.sum(r, -1)[..., None]]
    return np.concatenate(g, -1) + 2 * lam * PEN * w


def hessian(w, lam):
    H = np.empty(w.shape + (9,))
    for i in range(9):
        z = w.astype(complex)
        z[..., i] += 1e-30j
        H[..., i, :] = gradient(z, lam).imag / 1e-30
    return H


def critical_points(lam, starts, rng):
    w = rng.normal(size=(starts, 9)) * rng.choice([0.5, 1, 2], size=(starts, 1))
    mu = np.full(starts, 1e-2)
    g = gradient(w, lam)
    for _ in range(400):
        H = hessian(w, lam)
        A = H @ H + mu[:, None, None] * np.eye(9)
        trial = w - np.linalg.solve(A, (H @ g[..., None]))[..., 0]
        new = gradient(trial, lam)
        better = np.linalg.norm(new, axis=-1) < np.linalg.norm(g, axis=-1)
        w = np.where(better[:, None], trial, w)
        g = np.where(better[:, None], new, g)
        mu = np.where(better, mu / 5, mu * 4).clip(1e-13, 1e6)
    done = np.linalg.norm(g, axis=-1) < 1e-11
    return w[done & (np.abs(w).max(-1) < 50)]


def images(w):
    for swap in (0, 1):
        for s in (1, -1):
            for t in (1, -1):
                W = np.array([w[0:2], w[2:4], w[4:6], w[6:8]])
                if swap:
                    W = W[:, ::-1]
                W = W * np.array([s, t])
                yield np.concatenate([W.ravel(), w[8:]])


def same(a, b):
    return np.abs(a - b).max() < 1e-5


def without_flat(w, lam):
    """A unit without weights leaves its bias without effect: where that is 0 the way down from it is steepest, and there the
    point is taken, if one eigenvalue is negative; the zero one is left out."""
    dead = [j for j in (0, 1) if np.abs(w[[j, 2 + j, 6 + j]]).max() < 1e-6]
    if len(dead) != 1:
        return None, None
    w = w.copy()
    w[[dead[0], 2 + dead[0], 4 + dead[0], 6 + dead[0]]] = 0
    e = np.linalg.eigvalsh(hessian(w, lam))
    if np.abs(gradient(w, lam)).max() > 1e-9 or e[0] > -1e-7:
        return None, None
    return w, np.delete(e, np.abs(e).argmin())


def find(points, w):
    return next((k for k, p in enumerate(points) if same(p, w)), None)


def flow(w, lam):
    """Gradient descent of all rows of w by steps that are short against the curvature; Newton's method at the very end."""
    for _ in range(200000):
        g = gradient(w, lam)
        if np.abs(g).max() < 1e-7:
            break
        w = w - 0.05 * g
    for _ in range(5):
        w = w - (np.linalg.pinv(hessian(w, lam), 1e-9, hermitian=True) @ gradient(w, lam)[..., None])[..., 0]
    return w


def main():
    lam, starts = float(sys.argv[1]), int(sys.argv[2])
    rng = np.random.default_rng(1)
    minima, saddles, flat = [], [], []
    for w in critical_points(lam, starts, rng):
        e = np.linalg.eigvalsh(hessian(w, lam))
        if np.sum(PEN * w * w) < 1e-2:
            continue  # the empty model, J = 1: higher than every pass that is needed
        if np.abs(e).min() < 1e-7:
            flat.append(w)
            w, e = without_flat(w, lam)
            if w is None:
                continue
        if e[1] < 0:
            continue
        into = minima if e[0] > 0 else saddles
        if find(into, w) is None:
            into += [i for k, i in enumerate(images(w)) if find(into, i) is None]
    heights = lambda points: sorted({round(float(objective(p, lam)), 8) for p in points})
    print("minima", len(minima), heights(minima), "saddles", len(saddles), heights(saddles), "degenerate (units without weights)", heights(flat), file=sys.stderr)
    if len(sys.argv) < 4:
        return
    down = np.array([np.linalg.eigh(hessian(s, lam))[1][:, 0] for s in saddles])
    one, other = (flow(np.array(saddles) + sign * 1e-3 * down, lam) for sign in (1, -1))
    edges = [(float(objective(s, lam)), find(minima, a), find(minima, b)) for s, a, b in zip(saddles, one, other)]
    print("saddles that lead elsewhere:", sum(None in e for e in edges), file=sys.stderr)
    start = next(m for m in minima if abs(objective(m, lam) - heights(minima)[0]) < 1e-7)
    cases, kinds = [], set()
    for k, m in enumerate(minima):
        if same(m, start):
            continue
        group = list(range(len(minima)))
        top = None
        for J, a, b in sorted(e for e in edges if None not in e):
            group = [group[a] if x == group[b] else x for x in group]
            if group[find(minima, start)] == group[k]:
                top = J
                break
        line = max(float(objective(start + t[:, None] * (m - start), lam).max()) for t in np.array_split(np.linspace(0, 1, 2000001), 200))
        kind = (top and round(top, 6), round(line, 5))
        if kind in kinds:  # an image of a case that is there
            continue
        kinds.add(kind)
        cases.append({"from": start.tolist(), "to": m.tolist(), "pass": top, "line": line})
    json.dump({"lambda": lam, "minima": heights(minima), "saddles": heights(saddles), "cases": cases}, sys.stdout, indent=1)
    print()


main()
