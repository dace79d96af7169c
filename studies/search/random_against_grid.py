#!/usr/bin/env python3
"""Random search, Sobol's sequence and a grid at equal cost.

    studies/search/random_against_grid.py [--program P] [--trials 50] [--pool 150] [--hidden 2:32] [--lambda 2^-16:2^2] [--activation tanh,logistic]
                                          [--depth 1] [--folds 5] [--seed 0] [--threads 1] [--plot FILE.png] [TABLE.csv ...]

For every table (diabetes, yacht and concrete of tests/data by default) a third of the rows is put aside; on the rest a pool of random trials, a grid and
a Sobol sequence are searched over the same space with the same folds. A line each: the lowest held-out error, the error of its model on the rows put
aside, and, against the pool, the expected best of as many random trials and how many of them are expected to do as well as the grid. Needs numpy, and
matplotlib for the plot. What was expected and what came out: README.md beside this file.
"""
import argparse
import csv
import json
import os
import subprocess
import tempfile
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def write(name, header, rows):
    with open(name, "w", encoding="utf-8", newline="") as f:
        out = csv.writer(f)
        out.writerow(header)
        out.writerows(rows)


def search(a, folder, train, test, target, draw, trials):
    run = os.path.join(folder, f"{draw}.rwk")
    r = subprocess.run([a.program, "search", train, "--target", target, "--draw", draw, "--trials", str(trials), "--hidden", a.hidden, "--lambda",
                        getattr(a, "lambda"), "--activation", a.activation, "--depth", a.depth, "--folds", str(a.folds), "--seed", str(a.seed), "--threads", str(a.threads),
                        "--json", "--quiet", "--force", "--out", run], stdout=subprocess.PIPE, check=False)
    if r.returncode not in (0, 1):
        raise SystemExit(f"search of {train} failed")
    p = subprocess.run([a.program, "predict", run, test, "--quiet"], stdout=subprocess.PIPE, check=False)
    with open(test, encoding="utf-8") as f:
        y = np.array([float(row[target]) for row in csv.DictReader(f)])
    with open(train, encoding="utf-8") as f:
        variance = np.var([float(row[target]) for row in csv.DictReader(f)])
    predicted = np.array([float(x) for x in p.stdout.split()[1:]])
    return json.loads(r.stdout), float(np.mean((predicted - y) ** 2) / variance)


def study(a, folder, table):
    with open(table, encoding="utf-8") as f:
        rows = list(csv.reader(f))
    header, rows = rows[0], rows[1:]
    order = np.random.default_rng(0).permutation(len(rows))
    cut = len(rows) // 3
    train, test = os.path.join(folder, "train.csv"), os.path.join(folder, "test.csv")
    write(test, header, [rows[i] for i in order[:cut]])
    write(train, header, [rows[i] for i in order[cut:]])
    name = os.path.basename(table)
    grid, grid_test = search(a, folder, train, test, header[-1], "grid", a.trials)
    cost = len(grid["trials"])
    sobol, sobol_test = search(a, folder, train, test, header[-1], "sobol", cost)
    pool, pool_test = search(a, folder, train, test, header[-1], "random", a.pool)
    curve = [e["mean"] for e in pool["efficiency"]]
    target = grid["best"]["mean"]
    enough = next((m + 1 for m, x in enumerate(curve) if x <= target), None)
    shares = ", ".join(f"{' x '.join(e['settings'])} {100 * e['share']:.0f}%" for e in pool["importance"][:3])
    print(f"{name}: the error depends on {shares} (explained {100 * pool['explained']:.0f}%)")
    print(f"  grid,   {cost} trials: {target:.5f} held out, {grid_test:.5f} on rows put aside; {len({t['lambda'] for t in grid['trials']})} penalties")
    print(f"  sobol,  {cost} trials: {sobol['best']['mean']:.5f} held out, {sobol_test:.5f} on rows put aside")
    print(f"  random, {cost} trials: {curve[cost - 1]:.5f} expected (quartiles {pool['efficiency'][cost - 1]['low']:.5f} to "
          f"{pool['efficiency'][cost - 1]['high']:.5f}); all {a.pool}: {pool['best']['mean']:.5f} held out, {pool_test:.5f} on rows put aside")
    print(f"  as good as the grid are in expectation {enough if enough else 'more than ' + str(a.pool)} random trials", flush=True)
    return name, pool["efficiency"], cost, target, sobol["best"]["mean"]


def plot(file, results):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, axes = plt.subplots(1, len(results), figsize=(4 * len(results), 3.4), squeeze=False)
    for ax, (name, curve, cost, grid, sobol) in zip(axes[0], results):
        m = [e["trials"] for e in curve]
        ax.plot(m, [e["mean"] for e in curve], "k", label="random: expected best")
        ax.fill_between(m, [e["low"] for e in curve], [e["high"] for e in curve], color="0.85", label="its quartiles")
        ax.plot([cost], [grid], "s", label="grid")
        ax.plot([cost], [sobol], "D", label="Sobol")
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        ax.set_title(name)
        ax.set_xlabel("trials")
    axes[0][0].set_ylabel("lowest error held out")
    axes[0][0].legend()
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("tables", nargs="*", default=[os.path.join(ROOT, "tests", "data", f"{t}.csv") for t in ("diabetes", "yacht", "concrete")])
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--trials", type=int, default=50)
    p.add_argument("--pool", type=int, default=150)
    p.add_argument("--hidden", default="2:32")
    p.add_argument("--lambda", default="2^-16:2^2")
    p.add_argument("--activation", default="tanh,logistic")
    p.add_argument("--depth", default="1")
    p.add_argument("--folds", type=int, default=5)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--plot", help="a picture of the efficiency curves")
    a = p.parse_args()
    results = []
    with tempfile.TemporaryDirectory() as folder:
        for table in a.tables:
            results.append(study(a, folder, table))
    if a.plot:
        plot(a.plot, results)


if __name__ == "__main__":
    main()
