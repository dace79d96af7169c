#!/usr/bin/python3
"""Handwritten digits, 8x8 pixels: a certified path of a softmax network, the penalty by cross-validation, accuracy on a held-out third.

    studies/digits/digits.py [--hidden 32] [--lambda 2^-11:2^-5] [--folds 3] [--seed 0] [--small] [--keep FOLDER]

The table is scikit-learn's load_digits (1797 rows, 64 pixels; Alpaydin and Kaynak, UCI, 1998), so Debian's python3-sklearn is needed. A third of
the rows of each digit, drawn with --seed, is set aside before anything is fitted. `ridgewalk cv --loss softmax` sees the others alone: it walks the
path of the rows it has (up and best), certifies every fit, does the same in every fold, and chooses. `ridgewalk predict` then meets the third.
--keep: tables and run file stay in a folder, and a run that was stopped goes on from there. --small: 300 rows and 4 units, seconds. The exit status is 1 where a fit is no certified minimum.
"""
import argparse
import csv
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from sklearn.datasets import load_digits

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def write(path, X, y, rows):
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f)
        out.writerow([f"p{i}{j}" for i in range(8) for j in range(8)] + ["digit"])
        out.writerows([*(int(v) for v in X[i]), int(y[i])] for i in rows)


def divide(y, rows, seed):
    """A third of each class is held out."""
    draw, held = random.Random(seed), set()
    for k in range(10):
        mine = [i for i in rows if y[i] == k]
        draw.shuffle(mine)
        held.update(mine[:(len(mine) + 1) // 3])
    return [i for i in rows if i not in held], sorted(held)


def predict(program, run, table, truth, choice):
    """Share of the held-out rows whose digit is named."""
    r = subprocess.run([program, "predict", run, table, "--lambda", choice, "--quiet"], capture_output=True, text=True, check=False)
    if r.returncode not in (0, 1):
        raise RuntimeError(r.stderr)
    said = [row[0] for row in csv.reader(r.stdout.splitlines())][1:]
    return sum(a == b for a, b in zip(said, truth)) / len(truth)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--hidden", default="32")
    p.add_argument("--lambda", dest="grid", default="2^-11:2^-5")
    p.add_argument("--folds", default="3")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--small", action="store_true")
    p.add_argument("--keep", help="a folder for the tables and the run file; a run there goes on")
    a = p.parse_args()
    X, y = load_digits(return_X_y=True)
    rows, hidden, grid = (range(300), "4", "2^-6:2^-4") if a.small else (range(len(y)), a.hidden, a.grid)
    train, held = divide(y, rows, a.seed)
    with tempfile.TemporaryDirectory() as temporary:
        folder = a.keep or temporary
        os.makedirs(folder, exist_ok=True)
        seen, unseen, run = (os.path.join(folder, n) for n in ("train.csv", "held-out.csv", "digits.rwk"))
        write(seen, X, y, train)
        write(unseen, X, y, held)
        began = time.time()
        how = ["--resume", run] if os.path.exists(run) else \
            ["--target", "digit", "--loss", "softmax", "--hidden", hidden, "--lambda", grid, "--folds", a.folds, "--no-explain", "--out", run]
        r = subprocess.run([a.program, "cv", seen, *how, "--json", "--quiet"], stdout=subprocess.PIPE, text=True, check=False)
        if r.returncode not in (0, 1):
            sys.exit(r.returncode)
        seconds = time.time() - began
        j = json.loads(r.stdout)
        truth = [str(y[i]) for i in held]
        print(f"{len(train)} rows to fit, {len(held)} held out; {hidden} hidden units, softmax over {len(j['classes'])} classes; {seconds:.0f} s\n")
        print("| lambda | cross-entropy held out in the folds | kind of the fit to all rows |\n|---|---|---|")
        for lam, mean, se, verdict in zip(j["lambda"], j["mean"], j["se"], j["verdicts"]):
            print(f"| {lam:.6g} | {mean:.4f} +- {se:.4f} | {verdict} |")
        print()
        for choice in ("min", "1se"):
            print(f"lambda_{choice} = {j['lambda_' + choice]:.6g}: accuracy {100 * j['accuracy'][choice]:.2f}% in the folds, "
                  f"{100 * predict(a.program, run, unseen, truth, choice):.2f}% on the held-out third")
        print(f"{j['fold_fits_certified']} of {j['fold_fits']} fits in the folds, and "
              f"{sum(v in ('strict_min', 'degenerate_min') for v in j['verdicts'])} of {len(j['verdicts'])} fits to all rows, are certified minima")
    sys.exit(r.returncode)


if __name__ == "__main__":
    main()
