#!/usr/bin/env python3
"""Why does the error fall while the penalty rises? A tally of causes over tables, networks and starts.

    studies/drops/drops.py [TABLE.csv ...]      the last column is the target; without tables: those of tests/data

For every table, width, activation and seed: one upward walk of 19 penalties, 2^-16 to 2^2, every fit certified, every drop explained.
Prints a Markdown table, a row per table, network and activation. Exit code 1 if a drop is unexplained.
With --keep FILE everything that was said is kept; --agree FILE tells how well the places agree that were met from more than one start.
"""
import argparse
import collections
import concurrent.futures
import json
import math
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CAUSES = ("fold", "branch_point", "revival", "jump", "unconverged", "saddle", "nonsmooth", "unexplained")


def walk(program, table, hidden, activation, seed, threads):
    with tempfile.TemporaryDirectory() as folder:
        r = subprocess.run([program, "path", table, "--hidden", hidden, "--activation", activation, "--lambda", "2^-16:2^2", "--walk", "up",
                            "--seed", str(seed), "--threads", str(threads), "--json", "--quiet", "--out", os.path.join(folder, "r.rwk")],
                           stdout=subprocess.PIPE, text=True)
    if r.returncode not in (0, 1):
        raise SystemExit(f"{table} {hidden} {activation} {seed}: exit code {r.returncode}")
    return json.loads(r.stdout)


def agree(kept):
    """The same event met from several starts: equal cause, place to 1e-6 and error there to 1e-5. How far apart are the places?"""
    met = collections.defaultdict(list)
    with open(kept, encoding="utf-8") as f:
        for line in f:
            j = json.loads(line)
            for d in j["walk"]["drops"] + j["walk"]["jumps"]:
                if d["cause"] in ("fold", "branch_point", "revival"):
                    met[d["cause"], j["table"], j["hidden"], j["activation"]].append((d["at"], d["evidence"]["branch_mse"]))
    spreads = collections.defaultdict(list)
    for name, places in met.items():
        group = []
        for at, mse in sorted(places) + [(math.inf, 0)]:
            if group and not (at / group[-1][0] - 1 < 1e-6 and abs(mse / group[-1][1] - 1) < 1e-5):
                if len(group) > 1:
                    spreads[name[0]].append((group[-1][0] / group[0][0] - 1, len(group), *name[1:]))
                group = []
            group.append((at, mse))
    for cause, found in spreads.items():
        found.sort(reverse=True)
        print(f"{cause}: {len(found)} met from 2 to {max(x[1] for x in found)} starts; {sum(x[0] > 1e-8 for x in found)} spread more than 1e-8; "
              + "largest: " + ", ".join(f"{x[0]:.1e} ({' '.join(x[2:])})" for x in found[:3]))


def main():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("tables", nargs="*")
    p.add_argument("--program", default=os.path.join(ROOT, "build/release/ridgewalk"))
    p.add_argument("--hidden", nargs="+", default=["8", "16", "8,8"])
    p.add_argument("--activation", nargs="+", default=["tanh", "logistic"])
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--jobs", type=int, default=os.cpu_count())
    p.add_argument("--keep", help="file for what every walk said, a JSON object a line")
    p.add_argument("--agree", metavar="FILE", help="what --keep kept")
    a = p.parse_args()
    if a.agree:
        agree(a.agree)
        return 0
    tables = a.tables or [os.path.join(ROOT, "tests/data", n) for n in ("diabetes.csv", "yacht.csv", "concrete.csv")]
    cells = [(t, h, f) for t in tables for h in a.hidden for f in a.activation]
    keep = open(a.keep, "w", encoding="utf-8") if a.keep else None
    total = collections.Counter()
    print("| table | hidden | activation | walks | certified | drops | " + " | ".join(CAUSES) + " | rises off the branch | seconds |")
    print("|" + "---|" * (9 + len(CAUSES) - 1))
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        runs = {c: [pool.submit(walk, a.program, *c, s, 1) for s in range(a.seeds)] for c in cells}
        for (t, h, f), futures in runs.items():
            tally = collections.Counter()
            for seed, future in enumerate(futures):
                j = future.result()
                w = j["walks"][0]
                tally.update(d["cause"] for d in w["drops"])
                tally["walks"] += 1
                tally["drops"] += len(w["drops"])
                tally["jumps"] += len(w["jumps"])
                tally["certified"] += j["certified"]
                tally["seconds"] += j["seconds"]
                if keep:
                    keep.write(json.dumps({"table": os.path.basename(t), "hidden": h, "activation": f, "seed": seed, "walk": w,
                                           "seconds": j["seconds"]}) + "\n")
                    keep.flush()
            total.update(tally)
            name = os.path.splitext(os.path.basename(t))[0]
            print(f"| {name} | {h} | {f} | {tally['walks']} | {tally['certified']} | {tally['drops']} | "
                  + " | ".join(str(tally[c]) for c in CAUSES) + f" | {tally['jumps']} | {tally['seconds']:.1f} |", flush=True)
    print(f"| all | | | {total['walks']} | {total['certified']} | {total['drops']} | " + " | ".join(str(total[c]) for c in CAUSES)
          + f" | {total['jumps']} | {total['seconds']:.1f} |")
    return 1 if total["unexplained"] else 0


if __name__ == "__main__":
    sys.exit(main())
