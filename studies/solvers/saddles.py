#!/usr/bin/env python3
"""Who leaves a saddle? Strict saddles of known kind, entered 1e-6 beside them.

    studies/solvers/saddles.py

From every strict saddle of tests/data/critical-points.json, moved by a fixed vector of length 1e-6: so many iterations of saddle-free-newton; as
many of gd; and as many evaluations of objective and gradient of gd as saddle-free-newton took. A table of how far each has come down.
Exit code 1 if saddle-free-newton has not left one of them, or gd has left one in as many iterations.
"""
import argparse
import json
import math
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LEFT = 1e-4  # a fall of the objective by this share of itself, or more, is no rounding and no creeping


def files(case, folder):
    """Table and weights; a table of one row is doubled, and with it the penalty. -> table, weights, penalty"""
    X, y, lam = case["X"], case["y"], case["lam"]
    if len(X) == 1:
        X, y, lam = X * 2, y * 2, 2 * lam
    table, weights = os.path.join(folder, "d.csv"), os.path.join(folder, "w.json")
    with open(table, "w", encoding="utf-8") as f:
        f.write(",".join(f"x{i}" for i in range(len(X[0]))) + ",y\n")
        for x, t in zip(X, y):
            f.write(",".join(repr(float(v)) for v in x + [t]) + "\n")
    W, b, v, c = [list(t) for t in zip(*case["W"])], case["b"], [[v] for v in case["v"]], [case["c"]]
    free = [r for r in W] + ([b] if case["hidden_bias"] else []) + v + ([c] if case["output_bias"] else [])
    n = sum(len(r) for r in free)
    way = [math.sin(1 + 2.3 * k) for k in range(n)]
    length = math.sqrt(sum(t * t for t in way))
    k = 0
    for r in free:
        for i in range(len(r)):
            r[i] += 1e-6 * way[k] / length
            k += 1
    with open(weights, "w", encoding="utf-8") as f:
        json.dump({"layers": [{"W": W, "b": b}, {"W": v, "b": c}]}, f)
    return table, weights, lam


def run(program, case, solvers, iterations, folder):
    table, weights, lam = files(case, folder)
    args = [program, "compare", table, "--target", "y", "--init", weights, "--hidden", len(case["W"]), "--lambda", lam, "--activation",
            {"linear": "identity"}.get(case["act"], case["act"]), "--convention", "half-sse", "--no-standardize", "--solvers", solvers, "--max-iter",
            iterations, "--grad-tol", "1e-12", "--json", "--quiet"]
    args += ["--no-hidden-bias"] * (not case["hidden_bias"]) + ["--no-output-bias"] * (not case["output_bias"])
    r = subprocess.run([str(a) for a in args], stdout=subprocess.PIPE, text=True)
    if r.returncode not in (0, 1):
        raise SystemExit(f"{case['id']}: exit code {r.returncode}")
    out = {}
    for s in json.loads(r.stdout)["solvers"]:
        t = s["trace"]
        out[s["solver"]] = (t["objective"][0], [(e, t["objective"][0] - o) for e, o in zip(t["evaluations"], t["objective"])], s["evaluations"])
    return out


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--program", default=os.path.join(ROOT, "build/release/ridgewalk"))
    p.add_argument("--iterations", type=int, default=3)
    a = p.parse_args()
    with open(os.path.join(ROOT, "tests/data/critical-points.json"), encoding="utf-8") as f:
        cases = [c for c in json.load(f) if c["type"] == "strict_saddle"]
    print(f"| saddle | J | fall of saddle-free-newton, {a.iterations} iterations | its evaluations | fall of gd, {a.iterations} iterations | fall of gd, "
          "as many evaluations |")
    print("|---|---|---|---|---|---|")
    left, stayed, later = 0, 0, 0
    for case in cases:
        with tempfile.TemporaryDirectory() as folder:
            r = run(a.program, case, "saddle-free-newton,gd", a.iterations, folder)
            J, free, cost = r["saddle-free-newton"]
            few = r["gd"][1][-1][1]
            long = run(a.program, case, "gd", 1000, folder)["gd"][1]
            same = max(fall for e, fall in long if e <= cost)
        left += free[-1][1] > LEFT * J
        stayed += few <= LEFT * J
        later += same > LEFT * J
        print(f"| {case['id']} | {J:.6g} | {free[-1][1]:.2g} | {cost:.0f} | {few:.2g} | {same:.2g} |")
    print(f"\nOf {len(cases)} saddles saddle-free-newton has left {left}, gd {len(cases) - stayed} in as many iterations and {later} in as many evaluations.")
    return 0 if left == len(cases) and stayed == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
