#!/usr/bin/env python3
"""Test RMSE on splits of tables, the penalty chosen by cross-validation on the training part only.

    studies/splits/splits.py TABLES SPLITS [NAME ...] [--splits 0-19] [--hidden 50] [--members M] [--out FILE] [--option=...]

TABLES holds NAME.csv (header, target last), SPLITS holds NAME/test_K.txt: the numbers, from 0, of the rows that split K tests on. For every
table and split `ridgewalk cv` sees the training rows alone; its refit at lambda_min (and at lambda_1se) predicts the test rows, in the target's
own units. One line of JSON a split goes to --out; splits that are there already with the same options are not made again, so that a run that was
stopped goes on. Grids and numbers of members (networks whose mean predicts, each from a start of its own: --starts M --ensemble M) are those of
SETTINGS unless --lambda and --members say otherwise. The table at the end has means over splits with their standard errors, and seconds of a split.
Without NAMEs: all tables of SPLITS. Options for the program follow --option, as in --option=--starts=3.
"""
import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SETTINGS = {"yacht": ("2^-18:2^-8", 1), "boston": ("2^-11:2^-3", 5), "energy": ("2^-18:2^-8", 1), "concrete": ("2^-14:2^-6", 5),
            "wine_red": ("2^-9:2^-3", 5), "power": ("2^-20:2^-14", 1)}  # around lambda_min, and no wider: small penalties take most of the time
OTHERS = ("2^-24:2^0", 1)


def write(path, header, rows):
    with open(path, "w", newline="", encoding="utf-8") as f:
        csv.writer(f).writerows([header, *rows])


def rmse(program, run, table, choice):
    r = subprocess.run([program, "predict", run, table, "--lambda", choice, "--quiet"], capture_output=True, text=True, check=False)
    if r.returncode not in (0, 1):
        raise RuntimeError(r.stderr)
    p = [float(x) for x in r.stdout.split()[1:]]
    with open(table, encoding="utf-8", newline="") as f:
        y = [float(row[-1]) for row in list(csv.reader(f))[1:]]
    return (sum((a - b) ** 2 for a, b in zip(p, y)) / len(y)) ** 0.5


def one_split(a, name, split):
    with open(os.path.join(a.tables, name + ".csv"), encoding="utf-8", newline="") as f:
        header, *rows = csv.reader(f)
    with open(os.path.join(a.folder, name, f"test_{split}.txt"), encoding="utf-8") as f:
        test = {int(line) for line in f if line.strip()}
    with tempfile.TemporaryDirectory() as folder:
        train, held, run = (os.path.join(folder, n) for n in ("train.csv", "test.csv", "r.rwk"))
        write(train, header, [r for i, r in enumerate(rows) if i not in test])
        write(held, header, [r for i, r in enumerate(rows) if i in test])
        began, busy = time.time(), processor()
        r = subprocess.run([a.program, "cv", train, "--target", header[-1], "--hidden", a.hidden, "--lambda", grid(a, name), "--folds", "5",
                            "--seed", str(a.seed), "--threads", str(a.threads), "--json", "--quiet", "--out", run, *options(a, name)], capture_output=True, text=True, check=False)
        if r.returncode not in (0, 1):
            raise RuntimeError(f"{name} {split}: {r.stderr}")
        j = json.loads(r.stdout)
        return {"table": name, "split": split, "settings": settings(a, name), "min": rmse(a.program, run, held, "min"),
                "1se": rmse(a.program, run, held, "1se"), "lambda_min": j["lambda_min"], "lambda_1se": j["lambda_1se"], "grid_end": j["grid_end"],
                "cv": j["rmse"], "seconds": time.time() - began, "cpu_seconds": processor() - busy}


def processor():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def grid(a, name):
    return getattr(a, "lambda") or SETTINGS.get(name, OTHERS)[0]


def options(a, name):
    members = a.members or SETTINGS.get(name, OTHERS)[1]
    return ["--no-explain", *([f"--starts={members}", f"--ensemble={members}"] if members > 1 else []), *a.option]


def settings(a, name):
    return f"hidden {a.hidden}, lambda {grid(a, name)}, 5 folds, seed {a.seed} {' '.join(options(a, name))}"


def numbers(text):
    return [k for part in text.split(",") for k in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)]


def mean_and_error(x):
    m = sum(x) / len(x)
    return m, (sum((v - m) ** 2 for v in x) / max(1, len(x) - 1) / len(x)) ** 0.5


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("tables")
    p.add_argument("folder", metavar="splits")
    p.add_argument("names", nargs="*")
    p.add_argument("--program", default=os.path.join(ROOT, "build", "release", "ridgewalk"))
    p.add_argument("--splits", default="0-19")
    p.add_argument("--hidden", default="50")
    p.add_argument("--lambda")
    p.add_argument("--members", type=int)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=1, help="no number but the time depends on it")
    p.add_argument("--out", default="splits.jsonl")
    p.add_argument("--show", action="store_true", help="the table of what is there, and nothing more")
    p.add_argument("--option", action="append", default=[])
    a = p.parse_intermixed_args()
    done = []
    if os.path.exists(a.out):
        with open(a.out, encoding="utf-8") as f:
            done = [json.loads(line) for line in f if line.endswith("\n")]
    names = a.names or sorted(os.listdir(a.folder))
    for split in () if a.show else numbers(a.splits):
        for name in names:
            if any((r["table"], r["split"], r["settings"]) == (name, split, settings(a, name)) for r in done):
                continue
            r = one_split(a, name, split)
            done.append(r)
            with open(a.out, "a", encoding="utf-8") as f:
                f.write(json.dumps(r) + "\n")
            print(f"{name} {split}: {r['min']:.4f} at lambda_min {r['lambda_min']:.3g}{' (end of the grid)' if r['grid_end'] else ''}, "
                  f"{r['1se']:.4f} at 1se, {r['seconds']:.0f} s ({r['cpu_seconds']:.0f} of the processor)", file=sys.stderr, flush=True)
    print("| table | splits | test RMSE at lambda_min | at lambda_1se | seconds a split | of the processor | settings |\n|---|---|---|---|---|---|---|")
    for name in names:
        mine = [r for r in done if r["table"] == name and r["settings"] == settings(a, name) and r["split"] in numbers(a.splits)]
        if mine:
            cells = ["%.4f +- %.4f" % mean_and_error([r[k] for r in mine]) for k in ("min", "1se")]
            seconds = [sum(r[k] for r in mine) / len(mine) for k in ("seconds", "cpu_seconds")]
            print(f"| {name} | {len(mine)} | {cells[0]} | {cells[1]} | {seconds[0]:.0f} | {seconds[1]:.0f} | {settings(a, name)} |")


if __name__ == "__main__":
    main()
