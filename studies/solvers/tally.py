#!/usr/bin/env python3
"""Which solver makes which drops? One ladder, many solvers, and each of them again with every fit finished by Newton's method.

    studies/solvers/tally.py [TABLE.csv]      the last column is the target; without a table: tests/data/diabetes.csv

For every solver and seed: one upward walk of 19 penalties, 2^-16 to 2^2, every fit certified, every drop explained; solvers of first order with
the budgets that people give them, with --long N once more with N iterations, a gradient of 1e-8 asked for, no other reason to stop, and (mini-batches)
the cosine schedule, and once with --finish newton. Prints a Markdown table.
Exit code 1 if a walk that was finished by Newton has an unconverged drop, or a drop is unexplained.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import statistics
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STOCHASTIC = ("sgd", "adam", "amsgrad", "adamw")
CAUSES = ("unconverged", "saddle", "fold", "branch_point", "revival", "jump", "nonsmooth", "unexplained")
SOLVERS = ("gd", "sgd", "adam", "amsgrad", "adamw", "lbfgs", "gauss-newton", "saddle-free-newton", "newton")


def walk(a, solver, options, seed):
    with tempfile.TemporaryDirectory() as folder:
        r = subprocess.run([a.program, "path", a.table, "--hidden", a.hidden, "--lambda", a.grid, "--walk", "up", "--seed", str(seed), "--solver", solver,
                            *options, "--threads", "1", "--json", "--quiet", "--out", os.path.join(folder, "r.rwk")], stdout=subprocess.PIPE, text=True)
    if r.returncode not in (0, 1):
        raise SystemExit(f"{solver} {options} {seed}: exit code {r.returncode}")
    return json.loads(r.stdout)


def row(name, walks):
    tally = collections.Counter(d["cause"] for j in walks for d in j["walks"][0]["drops"])
    points = [p for j in walks for p in j["walks"][0]["points"]]
    minima = sum(p["verdict"] in ("strict_min", "degenerate_min") and not p["escapable"] for p in points)
    print(f"| {name} | {minima} of {len(points)} | {statistics.median(p['grad_inf'] for p in points):.0e} | {sum(tally.values())} | "
          + " | ".join(str(tally[c]) for c in CAUSES) + f" | {sum(p['evaluations'] for p in points)} | {sum(j['seconds'] for j in walks):.1f} |", flush=True)
    return tally


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("table", nargs="?", default=os.path.join(ROOT, "tests/data/diabetes.csv"))
    p.add_argument("--program", default=os.path.join(ROOT, "build/release/ridgewalk"))
    p.add_argument("--hidden", default="8")
    p.add_argument("--grid", default="2^-16:2^2")
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--solvers", nargs="+", default=SOLVERS)
    p.add_argument("--long", type=int, default=0, metavar="N", help="solvers of first order once more, with N iterations")
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    a = p.parse_args()
    second = ("gauss-newton", "saddle-free-newton", "newton")
    cells = []
    for s in a.solvers:
        cells.append((s, []))
        if a.long and s not in second:
            cells.append((s, ["--max-iter", str(a.long), "--grad-tol", "1e-8"] + ["--schedule", "cosine"] * (s in STOCHASTIC)))
    cells += [(s, ["--finish", "newton"]) for s in a.solvers if s not in second]
    print("| solver | minima | middle gradient | drops | " + " | ".join(CAUSES) + " | evaluations | seconds |")
    print("|" + "---|" * (6 + len(CAUSES)))
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        runs = [(c, [pool.submit(walk, a, *c, seed) for seed in range(a.seeds)]) for c in cells]
        for (solver, options), futures in runs:
            tally = row(solver + (" --finish newton" if "--finish" in options else ", long" if options else ""), [f.result() for f in futures])
            wrong += tally["unexplained"] + (tally["unconverged"] if "--finish" in options else 0)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
