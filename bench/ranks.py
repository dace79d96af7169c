#!/usr/bin/python3
"""What several processes bring: wall times of one job by 1, 2, ... processes of one thread each, and what they say to each other.

    ./dev build && bench/ranks.py starts        # 16 starts, spread (docs/ranks.md)
    bench/ranks.py rows --rows 1000000          # the rows of one table, split
    bench/ranks.py messages                     # number and size of messages of both, by Open MPI's own count

--ranks 1,2 says which counts; --repeat how often: the fastest of so many is told. Ratios are to the first count. MPI puts each process on
a core of its own; on a machine that does something else, they mean little."""
import argparse
import glob
import json
import os
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.path.join(ROOT, "build/release/ridgewalk")
STARTS = ["path", os.path.join(ROOT, "tests/data/diabetes.csv"), "--target", "progression", "--hidden", "32", "--lambda", "2^-16:2^2",
          "--walk", "up,down,cold", "--no-explain", "--starts", "16"]
ROWS = ["--hidden", "16", "--lambda", "2^-6,2^-3", "--walk", "up", "--no-explain", "--split", "rows"]


def mpirun(n, arguments, folder, *more):
    """Wall time of a job, and what it printed."""
    command = ["mpirun", "--oversubscribe", *more, "-n", str(n), PROGRAM, *arguments, "--threads", "1", "--json", "--quiet", "--force",
               "--out", os.path.join(folder, "run.rwk")]
    if os.geteuid() == 0:
        command.insert(1, "--allow-run-as-root")
    began = time.monotonic()
    r = subprocess.run(command, capture_output=True, text=True, cwd=folder, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"}, check=False)
    if r.returncode not in (0, 1):
        sys.exit(r.stderr)
    return time.monotonic() - began, json.loads(r.stdout)


def table(rows, folder):
    """A made table of 10 features with a smooth target."""
    file = os.path.join(folder, "table.csv")
    draw = np.random.default_rng(1)
    X = draw.normal(size=(rows, 10))
    y = np.sin(2 * X[:, 0]) + X[:, 1] * np.tanh(X[:, 2]) + 0.3 * X[:, 3] + 0.3 * draw.normal(size=rows)
    names = ",".join(f"x{k}" for k in range(10)) + ",y"
    np.savetxt(file, np.column_stack([X, y]), fmt="%.4f", delimiter=",", header=names, comments="")
    return file


def told(j):
    """What must not depend on the number of processes."""
    return [(w["name"], w["start"], [(p["lambda"], p["objective"], p["grad_inf"]) for p in w["points"]]) for w in j["walks"]]


def ladder(name, arguments, folder, a, inner):
    first = None
    print(f"| {name} | seconds | ratio |" + (" of the path alone | ratio |" if inner else ""))
    print("|---|---|---|" + ("---|---|" if inner else ""))
    for n in map(int, a.ranks.split(",")):
        runs = [mpirun(n, arguments, folder) for _ in range(a.repeat)]
        wall, path, numbers = min(r[0] for r in runs), min(r[1]["seconds"] for r in runs), told(runs[0][1])
        first = first or (wall, path, numbers)
        if numbers != first[2]:
            sys.exit(f"{n} processes: other numbers")
        print(f"| {n} | {wall:.1f} | {first[0] / wall:.2f} |" + (f" {path:.1f} | {first[1] / path:.2f} |" if inner else ""), flush=True)


def count(name, arguments, folder):
    """Messages between two processes: Open MPI's monitoring of the point-to-point layer, of which broadcasts are made, too."""
    for old in glob.glob(os.path.join(folder, "mon*")):
        os.remove(old)
    mca = ["--mca", "pml_monitoring_enable", "1", "--mca", "pml_monitoring_enable_output", "3", "--mca", "pml_monitoring_filename",
           os.path.join(folder, "mon")]
    mpirun(2, arguments, folder, *mca)
    for rank, to in ((0, 1), (1, 0)):
        messages = size = 0
        for file in glob.glob(os.path.join(folder, f"mon*.{rank}.prof")):
            with open(file, encoding="utf-8") as f:
                for m in re.finditer(rf"^[EI]\t{rank}\t{to}\t(\d+) bytes\t(\d+) msgs", f.read(), re.M):
                    size, messages = size + int(m[1]), messages + int(m[2])
        print(f"| {name} | {rank} to {to} | {messages} | {size} | {size / max(messages, 1):.0f} |")
    with sqlite3.connect(os.path.join(folder, "run.rwk")) as db:
        return db.execute("SELECT count(*), sum(seconds), sum(solve_values + solve_products), sum(hessians) FROM fit").fetchone()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("starts", "rows", "messages"))
    parser.add_argument("--ranks", default="1,2")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--rows", type=int, default=1000000)
    parser.add_argument("--starts", type=int, default=16)
    a = parser.parse_args()
    STARTS[-1] = str(a.starts)
    with tempfile.TemporaryDirectory() as folder:
        if a.what == "starts":
            ladder(f"processes, {a.starts} starts", STARTS, folder, a, False)
        elif a.what == "rows":
            ladder(f"processes, {a.rows} rows", ["path", table(a.rows, folder), *ROWS], folder, a, True)
        else:
            print("| job, 2 processes | from | messages | bytes | bytes each |\n|---|---|---|---|---|")
            for name, arguments in (("starts", STARTS), ("rows", ["path", table(a.rows, folder), *ROWS])):
                fits, seconds, values, hessians = count(name, arguments, folder)
                print(f"\n{name}: {fits} fits, {1e3 * seconds / fits:.2f} ms each; {values} values, gradients and products, {hessians} dense Hessians\n")


if __name__ == "__main__":
    main()
