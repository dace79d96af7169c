#!/usr/bin/env python3
"""Do Laplace intervals of predictions cover the truth? On friedman1, whose truth is known.

    studies/intervals/coverage.py [--seeds 20] [--rows 200] [--hidden 8] [--level 0.9] [--choice min] [--option=...]

For each seed: `rows` points of 10 uniform features, y = 10 sin(pi x1 x2) + 20 (x3 - 1/2)^2 + 10 x4 + 5 x5 + N(0, 1); `ridgewalk cv`, and then
`predict --se` at the chosen penalty on 500 new points. A line a seed: the share of new points whose noise-free y lies within prediction +- z se,
the root mean square of (prediction - truth) and of se. Predictions are off by bias too, which a standard error does not know of.
"""
import argparse
import csv
import io
import json
import math
import os
import random
import statistics
import subprocess
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def truth(x):
    return 10 * math.sin(math.pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4]


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([[f"x{k}" for k in range(1, 11)] + ["y"], *rows])


def one_seed(a, seed):
    r = random.Random(seed)
    points = [[r.random() for _ in range(10)] for _ in range(a.rows + 500)]
    y = [truth(x) + r.gauss(0, 1) for x in points]
    with tempfile.TemporaryDirectory() as folder:
        train, new, run = (os.path.join(folder, n) for n in ("train.csv", "new.csv", "r.rwk"))
        write(train, [[*x, v] for x, v in zip(points[:a.rows], y)])
        write(new, [[*x, 0] for x in points[a.rows:]])
        out = subprocess.run([a.program, "cv", train, "--hidden", a.hidden, "--lambda", "2^-12:2^0", "--no-explain", "--json", "--quiet", "--out", run,
                              *a.option], capture_output=True, text=True, check=False)
        j = json.loads(out.stdout)
        p = subprocess.run([a.program, "predict", run, new, "--lambda", a.choice, "--se", "--quiet"], capture_output=True, text=True, check=False)
        if p.returncode != 0:
            return None, p.stderr.strip(), j
        got = [(float(row["y"]), float(row["y.se"])) for row in csv.DictReader(io.StringIO(p.stdout))]
    return got, [truth(x) for x in points[a.rows:]], j


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--seeds", type=int, default=20)
    p.add_argument("--rows", type=int, default=200)
    p.add_argument("--hidden", default="8")
    p.add_argument("--level", type=float, default=0.9)
    p.add_argument("--choice", default="min")
    p.add_argument("--option", action="append", default=[])
    a = p.parse_args()
    z = statistics.NormalDist().inv_cdf(0.5 + a.level / 2)
    shares = []
    for seed in range(a.seeds):
        got, f, j = one_seed(a, seed)
        at = j["lambda_min"] if a.choice == "min" else j["lambda_1se"]
        if got is None:
            print(f"seed {seed}: refused at {at:.3g}: {f}", flush=True)
            continue
        share = sum(abs(m - t) <= z * s for (m, s), t in zip(got, f)) / len(f)
        shares.append(share)
        error, se = (math.sqrt(statistics.fmean(x)) for x in ([(m - t) ** 2 for (m, _), t in zip(got, f)], [s * s for _, s in got]))
        print(f"seed {seed}: {100 * share:.1f}% within {100 * a.level:.0f}% intervals at lambda {at:.3g}; error {error:.3f}, se {se:.3f}", flush=True)
    print(f"{len(shares)} of {a.seeds} seeds: {100 * statistics.fmean(shares):.1f}% covered on average, {100 * min(shares):.1f}% to {100 * max(shares):.1f}%")


if __name__ == "__main__":
    main()
