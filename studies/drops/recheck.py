#!/usr/bin/env python3
"""Are the folds and branch points that `ridgewalk explain` reports really there? A second opinion that shares no code with the program.

    studies/drops/recheck.py RUN.rwk TABLE.csv [--program P] [--all] [--no-standardize]
    studies/drops/recheck.py --sweep [--tables ...] [--hidden ...] [--activation ...] [--seeds N] [--all]

From the program come only the weights of the branch just before the place `at`, where it says that the branch ends. The network, its
gradient, its Hessian (complex step of the gradient: exact to rounding) and a trust-region Newton are written anew here, with numpy alone.
Checked at every drop (with --all also at every rise that leaves its branch) whose cause is fold or branch_point:

  0  error and penalty of the program's points are those of its weights; the branch reaches both points before `at`
  1  at both, max |gradient| <= 1e-8, and the smallest eigenvalue is positive (off the biases of dead units)
  2  fold: the smallest eigenvalue goes to 0 like the square root of the distance, and its vector meets M w;
     branch point: it goes to 0 like the distance, and its vector does not meet M w
  3  just beyond `at`, Newton from the last point before it goes elsewhere: to a minimum much farther away than the branch moves over the
     same distance before `at`, with a J below what the branch could have; at a branch point, the branch that goes on is one of saddles
  4  identity and bound of a drop: l2 a + l1 b = (l2 - l1) D and max(a, b) >= D (l2 - l1) / (l2 + l1), by the JSON and by the weights

Distances are relative to `at`: 1e-4 and 1e-6, or smaller where the last fit before `at` is nearer. Where the square root has not set in by then
(another branch point or small eigenvalue nearby), smaller pairs are tried, then the product of the two smallest eigenvalues, and the report
says so. Exit code 1 if a check fails.
Tables: numbers only, a header, the last column is the target; convention mse, biases free, tanh or logistic.
"""
import argparse
import concurrent.futures
import csv
import json
import math
import os
import subprocess
import sys
import tempfile

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import numpy as np  # noqa: E402  (after the number of threads)

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GRADIENT = 1e-8
FARTHER = 5  # check 3: how many times farther than the branch moves


# ---- the table and the network, from scratch ----

def read_table(path, standardise=True):
    """X [n, d] and y [n]; columns that do not vary are left out where the others are standardised."""
    with open(path, newline="", encoding="utf-8-sig") as f:
        rows = [r for r in csv.reader(f) if r]
    A = np.array([[float(x) for x in r] for r in rows[1:]])
    if standardise:
        A = A[:, A.min(axis=0) < A.max(axis=0)]
        A = A - np.array([math.fsum(c) for c in A.T]) / len(A)
        A = A / np.sqrt(np.array([math.fsum(c * c) for c in A.T]) / len(A))
    return A[:, :-1], A[:, -1]


class Net:
    """J(w) = SSE / n + lambda * (sum of squared weights, biases free), with w = (W1, b1, W2, b2, ...), W row by row, an input a row."""

    def __init__(self, X, y, sizes, has_bias, activation):
        self.X, self.y, self.n = X, y, len(y)
        self.activation = activation
        self.where = []  # (W slice, W shape, b slice or None)
        at, mask = 0, []
        for rows, columns, bias in zip(sizes[:-1], sizes[1:], has_bias):
            W = slice(at, at + rows * columns)
            at += rows * columns
            mask += [1.0] * (rows * columns)
            b = slice(at, at + columns) if bias else None
            if bias:
                at += columns
                mask += [0.0] * columns
            self.where.append((W, (rows, columns), b))
        self.dim = at
        self.mask = np.array(mask)

    def pack(self, layers):
        w = np.empty(self.dim)
        for (W, shape, b), layer in zip(self.where, layers):
            w[W] = np.array(layer["W"], dtype=float).reshape(shape).ravel()
            if b:
                w[b] = layer["b"]
        return w

    def squash(self, z):
        """The activation and its derivative. A complex z carries an imaginary part of 1e-40 at most, so the first order is all there is."""
        if self.activation == "tanh":
            t = np.tanh(z.real)
            slope, bend = 1 - t * t, -2 * t
        else:
            t = np.exp(-np.logaddexp(0, -z.real))
            slope, bend = t * (1 - t), 1 - 2 * t
        if not np.iscomplexobj(z):
            return t, slope
        d = slope * z.imag
        return t + 1j * d, slope + 1j * (bend * d)

    def forward(self, w):
        a, inputs, slopes = self.X, [], []
        for k, (W, shape, b) in enumerate(self.where):
            inputs.append(a)
            a = a @ w[W].reshape(shape)
            if b:
                a = a + w[b]
            if k + 1 < len(self.where):
                a, s = self.squash(a)
                slopes.append(s)
        return a[:, 0], inputs, slopes

    def loss(self, w):
        r = self.forward(w)[0] - self.y
        return r @ r / self.n

    def penalty(self, w):
        return (self.mask * w) @ w

    def J(self, w, lam):
        return self.loss(w) + lam * self.penalty(w)

    def gradient(self, w, lam):
        f, inputs, slopes = self.forward(w)
        g = 2 * lam * self.mask * w
        delta = (2 / self.n * (f - self.y))[:, None]
        for k in range(len(self.where) - 1, -1, -1):
            W, shape, b = self.where[k]
            g[W] += (inputs[k].T @ delta).ravel()
            if b:
                g[b] += delta.sum(axis=0)
            if k:
                delta = (delta @ w[W].reshape(shape).T) * slopes[k - 1]
        return g

    def hessian(self, w, lam):
        h = 1e-40
        H = np.empty((self.dim, self.dim))
        z = w.astype(complex)
        for i in range(self.dim):
            z[i] = w[i] + 1j * h
            H[i] = self.gradient(z, lam).imag / h
            z[i] = w[i]
        return (H + H.T) / 2

    def dead_biases(self, w):
        """Coordinates of the biases of units whose weights in and out are all exactly 0."""
        out = []
        for (W, shape, b), (V, out_shape, _) in zip(self.where[:-1], self.where[1:]):
            into, onward = w[W].reshape(shape), w[V].reshape(out_shape)
            out += [b.start + j for j in range(shape[1]) if b and not into[:, j].any() and not onward[j].any()]
        return out

    def spectrum(self, w, lam):
        """Smallest eigenvalue off the biases of dead units, the next one, and the smallest one's vector [dim]."""
        alive = np.setdiff1d(np.arange(self.dim), self.dead_biases(w))
        e, V = np.linalg.eigh(self.hessian(w, lam)[np.ix_(alive, alive)])
        v = np.zeros(self.dim)
        v[alive] = V[:, 0]
        return e[0], e[1], v

    def self_check(self, w, lam):
        """Largest difference between the gradient and the complex step of J, and between H d and central differences of the gradient."""
        h = 1e-40
        z, worst, g = w.astype(complex), 0.0, self.gradient(w, lam)
        for i in range(self.dim):
            z[i] = w[i] + 1j * h
            f = self.forward(z)[0] - self.y
            worst = max(worst, abs(((f * f).sum() / self.n + lam * (self.mask * z * z).sum()).imag / h - g[i]))
            z[i] = w[i]
        d = np.cos(np.arange(self.dim))
        t = 1e-5
        by_difference = (self.gradient(w + t * d, lam) - self.gradient(w - t * d, lam)) / (2 * t)
        Hd = self.hessian(w, lam) @ d
        return worst, np.abs(by_difference - Hd).max() / (1 + np.abs(Hd).max())


# ---- Newton ----

def newton_alone(net, w, lam, steps=30):
    """Plain Newton: to a critical point of whatever kind. The steps come from an eigendecomposition, so flat directions stay where they are."""
    for _ in range(steps):
        g = net.gradient(w, lam)
        if np.abs(g).max() <= 1e-13:
            break
        e, V = np.linalg.eigh(net.hessian(w, lam))
        keep = np.abs(e) > 1e-13 * np.abs(e).max()
        w = w - V[:, keep] @ ((V[:, keep].T @ g) / e[keep])
    return w


def ball_step(e, c, radius):
    """Minimises c'p + p'diag(e)p/2 over |p| <= radius, e ascending; the hard case included."""
    tiny = 1e-13 * max(abs(e[0]), abs(e[-1]))

    def p(mu):
        d = e + mu
        safe = np.abs(d) > tiny
        return np.where(safe, -c / np.where(safe, d, 1), 0)

    if e[0] > -tiny:
        step = p(0.0)
        if np.linalg.norm(step) <= radius:
            return step
    low = max(0.0, -e[0])
    step = p(low)
    left = radius ** 2 - step @ step
    if e[0] < -tiny and left >= 0 and np.abs(c[np.abs(e - e[0]) <= tiny]).max() <= 1e-14:
        step[0] = -math.copysign(math.sqrt(left), c[0])  # hard case: along the curvature
        return step
    high = low + np.linalg.norm(c) / radius + tiny
    for _ in range(200):
        mid = (low + high) / 2
        if mid in (low, high):
            break
        if np.linalg.norm(p(mid)) > radius:
            low = mid
        else:
            high = mid
    return p(high)


def descend(net, w, lam, radius=0.05, steps=1500):
    """Trust-region Newton to a local minimum: (w, max |gradient|, smallest eigenvalue)."""
    J, g, fresh = net.J(w, lam), net.gradient(w, lam), True
    for _ in range(steps):
        if fresh:
            e, V = np.linalg.eigh(net.hessian(w, lam))
            c = V.T @ g
        flat = 1e-11 * e[-1]
        if np.abs(g).max() <= 1e-12 and e[0] >= -flat:
            break
        p = ball_step(e, c, radius)
        promised = -(c @ p + 0.5 * p @ (e * p))
        if promised <= 1e-13 * J and e[0] >= -flat:
            # At a minimum with a dead unit the curvature along its bias is 0, and near it of the order of the unit's weights squared, of
            # either sign: no step along it is determined. Newton's method goes on off such directions.
            p = np.where(e > flat, -c / np.where(e > flat, e, 1), 0)
        w2 = w + V @ p
        J2 = net.J(w2, lam)
        if promised <= 1e-13 * J:  # J cannot tell any more; the gradient can
            g2 = net.gradient(w2, lam)
            good = np.linalg.norm(g2) < np.linalg.norm(g) or (e[0] < -flat and J2 <= J * (1 + 1e-15))
            if not good and e[0] >= -flat:
                break
            ratio = 1.0 if good else 0.0
        else:
            ratio = (J - J2) / promised
        fresh = ratio > 1e-4
        if fresh:
            w, J, g = w2, J2, net.gradient(w2, lam)
        if ratio < 0.25:
            radius = 0.25 * np.linalg.norm(p)
        elif ratio > 0.75 and np.linalg.norm(p) > 0.99 * radius:
            radius *= 2
    return w, np.abs(net.gradient(w, lam)).max(), net.spectrum(w, lam)[0]


# ---- one drop ----

def ask(program, *words):
    r = subprocess.run([program, *words, "--json", "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if r.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(r.args)}: exit code {r.returncode}: {r.stderr.strip()}")
    return json.loads(r.stdout)


def branch(program, run, walk, lam, to):
    return ask(program, "explain", run, "--walk", walk["name"], "--start", str(walk["start"]), "--from", repr(lam), "--to", repr(to),
               "--with-weights")


class Verdict:
    """What was found at one drop: text, and what failed."""

    def __init__(self):
        self.said, self.failed = [], []

    def check(self, good, text):
        (self.said if good else self.failed).append(text)


def ends(v, net, program, run, walk, d):
    """Check 4."""
    P = {p["lambda"]: p for p in walk["points"]}
    l1, l2 = sorted((d["from"], d["to"]))
    sources = [("JSON", [(P[x]["mse"], P[x]["penalty"]) for x in (l1, l2)])]
    found = [branch(program, run, walk, x, x * 1.001)["points"] for x in (l1, l2)]
    if all(found):
        w = [net.pack(f[0]["weights"]["layers"]) for f in found]
        sources.append(("weights", [(net.loss(x), net.penalty(x)) for x in w]))
    for name, ((L1, R1), (L2, R2)) in sources:
        D = L1 - L2
        a, b = (L1 + l1 * R1) - (L2 + l1 * R2), (L2 + l2 * R2) - (L1 + l2 * R1)
        rounding = 1e-14 * (L1 + L2 + l2 * (R1 + R2)) * (l1 + l2)
        v.check(abs(l2 * a + l1 * b - (l2 - l1) * D) <= rounding, f"identity by {name}: off by {l2 * a + l1 * b - (l2 - l1) * D:.1e}")
        v.check(max(a, b) >= D * (l2 - l1) / (l2 + l1) - rounding / l2, f"bound by {name}: {max(a, b):.6g} >= {D * (l2 - l1) / (l2 + l1):.6g}")
        given = d["mse_from"] - d["mse_to"] if d["from"] < d["to"] else d["mse_to"] - d["mse_from"]
        v.check(abs(D - given) <= 1e-9, f"fall by {name}: {D:.9g}, the drop says {given:.9g}")


def shrinks(v, net, cause, seen, both=False):
    """Check 2 on [(distance, lambda, w, smallest, next, vector)], the larger distance first.

    With `both` the product of the two smallest eigenvalues is held against the square root. Another small eigenvalue (of the bias of a unit that
    is nearly dead, say) does not go to 0, so the product does as the fold's eigenvalue alone would; the smallest one does so only from where it
    is far below the other, which can be nearer than `at` is known. Two eigenvalues that both vanish would show the power 1.
    """
    (t1, _, _, e1, next1, _), (t2, _, w2, e2, next2, u2) = seen
    share = abs(u2 @ (net.mask * w2)) / np.linalg.norm(net.mask * w2)
    text = f"next eig {next1:.1e}, {next2:.1e}), share of M w {share:.1e}"
    if both:
        e1, e2 = e1 * next1, e2 * next2
    power = math.log(e1 / e2) / math.log(t1 / t2) if e1 > 0 and e2 > 0 else math.nan
    name = "both eigs" if both else "eig"
    text = f"{name}({t1:.0e})/{name}({t2:.0e}) = {e1:.3e}/{e2:.3e} = {e1 / e2:.2f} (power {power:.3f}; {text}"
    if cause == "fold":  # 8 to 12 over a factor 100
        good = math.log(8, 100) <= power <= math.log(12, 100) and share > 1e-4
    else:
        good = math.log(80, 100) <= power <= math.log(120, 100) and share < 1e-4
    return good, text


def beyond(v, net, cause, f, sign, far, one, two, look):
    """Check 3: Newton at distance `far` beyond `at`, from the last point before it.

    Before a fold the branch moves by c sqrt(far), which goes to 0 with far, while the distance to the minimum beyond has a limit above 0. Where
    that minimum is near by (the curve turns back after a short stretch, as it does near a cusp), 1e-4 can be too far away to tell them apart;
    then far / 100 must, where the branch moves 10 times less.
    """
    away = moved = 0.0
    for again in (False, True):
        if again:
            far, one, two = far / 100, two, look(far / 10000)
        lam, w0 = f * (1 + sign * far), two[2]
        moved = np.linalg.norm(one[2] - w0)
        gains = net.J(one[2], two[1]) - net.J(w0, two[1])  # what moving along the branch over that distance is worth
        start, stays, flat, e = w0, 0.0, 0.0, -1.0
        if cause == "branch_point":
            start = newton_alone(net, w0, lam)
            e = net.spectrum(start, lam)[0]
            stays, flat = np.linalg.norm(start - w0), np.abs(net.gradient(start, lam)).max()
        w, g, lowest = descend(net, start, lam)
        away, below = np.linalg.norm(w - w0), net.J(w0, lam) - net.J(w, lam)
        if away > FARTHER * moved:
            break
    if cause == "branch_point":
        v.check(flat <= GRADIENT and stays < 3 * moved + 1e-6, f"the branch goes on: moved {stays:.2e}, |g| {flat:.1e}")
        v.check(e < 0, f"its smallest eig beyond: {e:.3e}")
    v.check(g <= GRADIENT and lowest > -1e-10, f"Newton {far:.0e} beyond ends with |g| {g:.1e}, smallest eig {lowest:.2e}")
    v.check(away > FARTHER * moved, f"it goes {away:.3g}, the branch {moved:.3g}: {away / moved:.3g} times")
    v.check(below > gains, f"J lower by {below:.3g}, along the branch {gains:.3g}")
    v.times = away / moved


def recheck(program, run, net, walk, d):
    """All checks on one drop d of a walk."""
    v = Verdict()
    f, cause = d["at"], d["cause"]
    sign = 1.0 if d["to"] > d["from"] else -1.0  # beyond `at` is sign * at further
    far = min(1e-4, abs(f / d["from"] - 1) / 2)
    seen = {}

    def look(t):
        """The branch's point at distance t before `at`."""
        if t in seen:
            return seen[t]
        lam = f * (1 - sign * t)
        j = branch(program, run, walk, d["from"], lam)
        last = j["points"][-1]
        reached = j["events"][-1]["kind"] == "reached"
        v.check(reached and abs(last["lambda"] / lam - 1) < 1e-12, f"at distance {t:.0e}: {j['events'][-1]['kind']} at {last['lambda']!r}")
        w = net.pack(last["weights"]["layers"])
        lam = last["lambda"]
        off = max(abs(net.loss(w) - last["mse"]), abs(net.penalty(w) / last["penalty"] - 1))
        v.check(off <= 1e-10, f"at distance {t:.0e}: error and penalty off by {off:.1e}")
        g = np.abs(net.gradient(w, lam)).max()
        e, after, u = net.spectrum(w, lam)
        v.check(g <= GRADIENT, f"at distance {t:.0e}: |g| {g:.1e}")
        v.check(e > 0, f"at distance {t:.0e}: smallest eig {e:.3e}")
        seen[t] = (t, lam, w, e, after, u)
        return seen[t]

    v.check(min(d["from"], d["to"]) <= f <= max(d["from"], d["to"]), f"at {f!r} lies in the step")
    one, two = look(far), look(far / 100)
    good, text = shrinks(v, net, cause, (one, two))
    first = text
    for shift, both in ((10, False), (100, False), (1, True), (10, True), (100, True)):
        if not good and cause == "fold" and far / 100 / shift >= 0.99e-8:
            good, text = shrinks(v, net, cause, (look(far / shift), look(far / 100 / shift)), both)
            text += f" [larger distances: {first}]"
    v.check(good, text)
    v.late = good and text != first
    v.share = abs(two[5] @ (net.mask * two[2])) / np.linalg.norm(net.mask * two[2])

    beyond(v, net, cause, f, sign, far, one, two, look)
    ends(v, net, program, run, walk, d)
    return v


def power_of_two(x):
    k = round(math.log2(x))
    return f"2^{k}" if x == 2.0 ** k else f"{x:.6g}"


def recheck_run(program, run, table, rises=False, standardise=True):
    """[(walk, drop, verdict)], and how many drops there are of other causes."""
    j = ask(program, "explain", run)
    if j["convention"]["name"] != "mse" or j["network"]["activation"] not in ("tanh", "logistic"):
        raise SystemExit(f"{run}: only convention mse, tanh or logistic")
    X, y = read_table(table, standardise)
    out, other, net = [], 0, None
    for walk in j["walks"]:
        for d in walk["drops"] + (walk["jumps"] if rises else []):
            if d["cause"] not in ("fold", "branch_point"):
                other += 1
                continue
            if net is None:
                layers = branch(program, run, walk, d["from"], d["from"] * 1.001)["points"][0]["weights"]["layers"]
                sizes = [len(layers[0]["W"])] + [len(x["W"][0]) for x in layers]
                if sizes[0] != X.shape[1]:
                    raise SystemExit(f"{table}: {X.shape[1]} features, the network has {sizes[0]}")
                net = Net(X, y, sizes, [bool(x["b"]) for x in layers], j["network"]["activation"])
                by_J, by_g = net.self_check(net.pack(layers), d["from"])
                if by_J > 1e-12 or by_g > 1e-6:
                    raise SystemExit(f"own derivatives are wrong: {by_J:.1e}, {by_g:.1e}")
            out.append((walk, d, recheck(program, run, net, walk, d)))
    return out, other


def tell(found, verbose):
    lines = []
    for walk, d, v in found:
        place = f"{walk['name']}, start {walk['start']}, {power_of_two(d['from'])} -> {power_of_two(d['to'])}: {d['cause']} at {d['at']!r}"
        if verbose or v.failed or v.late:
            lines.append(f"  {place}: {'FAILED' if v.failed else 'holds'}")
            lines += [f"    FAILED: {t}" for t in v.failed]
            lines += [f"    {t}" for t in v.said] if verbose else [f"    {t}" for t in v.said if v.late and "eig" in t and "power" in t]
    return lines


def one_cell(program, table, hidden, activation, seed, rises):
    with tempfile.TemporaryDirectory() as folder:
        run = os.path.join(folder, "r.rwk")
        ask(program, "path", table, "--hidden", hidden, "--activation", activation, "--lambda", "2^-16:2^2", "--walk", "up", "--seed", str(seed),
            "--threads", "1", "--out", run)
        return recheck_run(program, run, table, rises)


def sweep(a):
    cells = [(t, h, f, s) for t in a.tables for h in a.hidden for f in a.activation for s in range(a.seeds)]
    total = bad = late = other_total = 0
    nearest, shares = math.inf, {"fold": [], "branch_point": []}
    with concurrent.futures.ProcessPoolExecutor(a.jobs) as pool:
        futures = [pool.submit(one_cell, a.program, *c, a.all) for c in cells]
        for (t, h, f, s), future in zip(cells, futures):
            found, other = future.result()
            failed = [x for x in found if x[2].failed]
            total, bad, other_total = total + len(found), bad + len(failed), other_total + other
            late += sum(x[2].late for x in found)
            times = [x[2].times for x in found]
            for _, d, v in found:
                shares[d["cause"]].append(v.share)
            nearest = min([nearest] + times)
            causes = ", ".join(f"{n} {c}" for c in ("fold", "branch_point") for n in [sum(x[1]["cause"] == c for x in found)] if n)
            print(f"{os.path.basename(t)} {h} {f} seed {s}: {causes or 'nothing to check'}"
                  + (f", {other} of other causes" if other else "") + (f"; goes at least {min(times):.3g} times farther" if times else "")
                  + (f"; {len(failed)} FAILED" if failed else ""), flush=True)
            for line in tell(found, a.verbose):
                print(line, flush=True)
    print(f"total: {len(cells)} walks, {total} folds and branch points checked ({late} of them closer than 1e-4, or by two eigenvalues), {bad} failed, "
          f"{other_total} of other causes; least distance ratio {nearest:.3g}")
    print("share of M w in the null vector: " + "; ".join(f"{len(x)} of {c}, {min(x):.1e} to {max(x):.1e}" for c, x in shares.items() if x))
    return 1 if bad else 0


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("files", nargs="*", metavar="RUN.rwk TABLE.csv")
    p.add_argument("--program", default=os.path.join(ROOT, "build/release/ridgewalk"))
    p.add_argument("--all", action="store_true", help="rises that leave their branch, too")
    p.add_argument("--no-standardize", action="store_true", help="the run was made with it")
    p.add_argument("--sweep", action="store_true")
    p.add_argument("--tables", nargs="+", default=[os.path.join(ROOT, "tests/data", n) for n in ("diabetes.csv", "yacht.csv", "concrete.csv")])
    p.add_argument("--hidden", nargs="+", default=["8", "16", "8,8"])
    p.add_argument("--activation", nargs="+", default=["tanh", "logistic"])
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--verbose", action="store_true", help="sweep: every figure of every drop")
    a = p.parse_args()
    if a.sweep:
        if a.files:
            p.error("--sweep makes its own run files")
        return sweep(a)
    if len(a.files) != 2:
        p.error("a run file and its table, or --sweep")
    found, other = recheck_run(a.program, *a.files, a.all, not a.no_standardize)
    for line in tell(found, True):
        print(line)
    bad = sum(bool(v.failed) for _, _, v in found)
    print(f"total: {len(found)} folds and branch points checked, {bad} failed, {other} of other causes")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
