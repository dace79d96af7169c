#!/usr/bin/env python3
"""sweep.py FAULTS KIND [BUDGET [CASE...]]: every verb of the program, on small data, while one request after the other fails it.

KIND: memory (an allocation fails, once or from there on), files (a file operation fails), full (the disk is full), clock (the time of
day jumps). BUDGET: failures for each verb, evenly spread over all there are; `all` tries every one, as ./dev faults does (and of memory
that runs out for good every eighth place). CASE: some of the keys below, not all.

Whatever fails: the program ends by itself, keeps no block of memory, and either its result is that of a run in which nothing fails,
bit for bit, or it says in a sentence what went wrong, exits with the documented code and leaves nothing half written; a run file it
leaves can be opened, and going on with it ends with the numbers of a run in which nothing fails.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

FAULTS, KIND = os.path.abspath(sys.argv[1]), sys.argv[2]
BUDGET = sys.argv[3] if len(sys.argv) > 3 else "25"
WANTED = sys.argv[4:]
ENVIRONMENT = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1",
                   ASAN_OPTIONS="detect_leaks=0")  # inject.c counts blocks itself

TABLE = "x,kind,y\n" + "".join(f"{i / 7:.3f},{'ab'[i % 2]},{(i * i) % 11 / 5 + (i % 3)}\n" for i in range(14))
NEW = "kind,x\na,0.5\nb,1.25\n"
NEW_CLASSES = "y,x\n0.5,0.5\n1,1.25\n"
SWEEP = "lambda,mse,penalty\n0.001,0.25,30\n0.01,0.31,11\n0.1,0.29,4\n"
WEIGHTS = json.dumps({"layers": [{"W": [[0.5, -0.25], [0.75, 1]], "b": [0, 0.5]}, {"W": [[1], [-0.5]], "b": [0.25]}]})
PATH = ["path", "t.csv", "--target", "y", "--hidden", "2", "--lambda", "2^-6:2^-2:4", "--walk", "up,cold,best", "--effort", "low"]
CLASSES = ["t.csv", "--target", "kind", "--hidden", "1", "--lambda", "2^-4,2^-2"]
CV = ["cv", "t.csv", "--target", "y", "--hidden", "1", "--lambda", "2^-4,2^-2", "--folds", "2"]

# name: files it needs, what is called, what it writes
CASES = {
    "path": ([], [*PATH, "--json", "--out", "out.rwk"], "out.rwk"),
    "path-again": (["half.rwk"], ["path", "--resume", "half.rwk", "--json"], "half.rwk"),
    "cv": ([], [*CV, "--json", "--out", "out.rwk"], "out.rwk"),
    "path-classes": ([], ["path", *CLASSES, "--walk", "up", "--no-explain", "--json", "--out", "out.rwk"], "out.rwk"),
    "cv-classes": ([], ["cv", *CLASSES, "--folds", "2", "--json", "--out", "out.rwk"], "out.rwk"),
    "certify": (["w.json"], ["certify", "t.csv", "--target", "y", "--weights", "w.json", "--lambda", "2^-4", "--json"], None),
    "explain": (["run.rwk"], ["explain", "run.rwk", "--from", "2^-6", "--json"], None),
    "predict": (["run.rwk"], ["predict", "run.rwk", "new.csv", "--lambda", "2^-4", "--out", "p.csv"], "p.csv"),
    "predict-se": (["run.rwk"], ["predict", "run.rwk", "new.csv", "--lambda", "2^-6", "--se"], None),
    "predict-classes": (["classes.rwk", "classes.csv"], ["predict", "classes.rwk", "classes.csv", "--lambda", "min", "--out", "p.csv"], "p.csv"),
    "compare": ([], ["compare", "t.csv", "--target", "y", "--hidden", "1", "--lambda", "2^-4", "--solvers", "newton,gd", "--max-iter", "20",
                     "--json"], None),
    "search": ([], ["search", "t.csv", "--target", "y", "--hidden", "1:2", "--lambda", "2^-6:2^-2", "--trials", "2", "--holdout", "0.5",
                    "--json", "--out", "out.rwk"], "out.rwk"),
    "landscape": (["run.rwk"], ["landscape", "run.rwk", "up:2^-6", "cold:2^-6", "--points", "5", "--csv", "p.csv", "--json"], "p.csv"),
    "landscape-curve": (["run.rwk"], ["landscape", "run.rwk", "up:2^-6", "cold:2^-6", "--what", "curve", "--bands", "1", "--out", "p.svg"],
                        "p.svg"),
    "landscape-density": (["run.rwk"], ["landscape", "run.rwk", "up:2^-6", "--what", "density", "--probes", "1", "--json"], None),
    "runs": (["run.rwk"], ["runs", "--json"], None),
    "runs-left": (["half.rwk"], ["runs", "half.rwk", "--json"], None),
    "show": (["run.rwk"], ["runs", "show", "run.rwk"], None),
    "show-cv": (["cv.rwk"], ["runs", "show", "cv.rwk", "--json"], None),
    "audit": (["sweep.csv"], ["audit", "sweep.csv", "--json"], None),
    "convert": ([], ["convert", "0.01", "--from", "sklearn", "--to", "torch", "--rows", "442"], None),
    "export-classes": (["classes.rwk"], ["export", "classes.rwk", "--lambda", "min", "--out", "m.json"], "m.json"),
    "export-json": (["run.rwk"], ["export", "run.rwk", "--lambda", "2^-4", "--out", "m.json"], "m.json"),
    "export-csv": (["run.rwk"], ["export", "run.rwk", "--lambda", "2^-4", "--out", "m.csv"], "m.csv"),
    "export-c": (["run.rwk"], ["export", "run.rwk", "--lambda", "2^-4", "--out", "m.c"], "m.c"),
    "export-onnx": (["run.rwk"], ["export", "run.rwk", "--lambda", "2^-4", "--out", "m.onnx"], "m.onnx"),
    "report": (["run.rwk"], ["report", "run.rwk", "--out", "r.html"], "r.html"),
    "report-classes": (["classes.rwk"], ["report", "classes.rwk", "--out", "r.html"], "r.html"),
    "plot-cv": (["cv.rwk"], ["plot", "cv.rwk", "--what", "cv", "--out", "p.svg"], "p.svg"),
    "plot": (["run.rwk"], ["plot", "run.rwk", "--what", "path", "--out", "p.svg"], "p.svg"),
}


def call(folder, arguments, kind, first, step=1, times=1):
    """[(number, exit code or minus the signal, requests, blocks left)]"""
    shutil.rmtree(os.path.join(folder, str(first)), ignore_errors=True)
    got = subprocess.run([FAULTS, kind, str(first), str(step), str(times), folder, *arguments], capture_output=True, text=True,
                         env=ENVIRONMENT, check=True, timeout=20000)
    return [tuple(map(int, line.split())) for line in got.stdout.splitlines()]


def read(*names, mode="rb"):
    with open(os.path.join(*names), mode) as f:
        return f.read()


def timeless(output):
    return re.sub(rb'"seconds": *(\[[^]]*\]|[0-9.e+-]+)|[0-9.]+ s\b', b"T", output)


class Sweep:
    def __init__(self, root):
        self.root, self.bad, self.calls, self.resumed = root, [], 0, 0

    def fixture(self):
        """A finished run, an unfinished one, and a cross-validation, made by the program itself."""
        base = os.path.join(self.root, "base", "in")
        os.makedirs(base)
        for name, text in (("t.csv", TABLE), ("new.csv", NEW), ("classes.csv", NEW_CLASSES), ("sweep.csv", SWEEP), ("w.json", WEIGHTS)):
            with open(os.path.join(base, name), "w", encoding="utf-8") as f:
                f.write(text)
        for case, made in (("path", "run.rwk"), ("cv", "cv.rwk"), ("cv-classes", "classes.rwk")):
            (_, code, _, _), = call(os.path.join(self.root, "base"), CASES[case][1], "memory", 0)
            assert code in (0, 1), read(self.root, "base", "0", "stderr")
            shutil.copy(os.path.join(self.root, "base", "0", "out.rwk"), os.path.join(base, made))
        # memory that runs out three quarters of the way leaves a run that can be gone on with
        (_, _, requests, _), = call(os.path.join(self.root, "base"), CASES["path"][1], "memory", 0)
        at = requests * 3 // 4
        (_, code, _, _), = call(os.path.join(self.root, "base"), CASES["path"][1], "memory+", at)
        assert code == 4, code
        shutil.copy(os.path.join(self.root, "base", str(at), "out.rwk"), os.path.join(base, "half.rwk"))
        return base

    def complain(self, case, number, what):
        folder = os.path.join(self.root, case, str(number))
        said = read(folder, "stderr").decode(errors="replace").strip().splitlines() if os.path.exists(folder) else []
        self.bad.append(f"{case} {KIND} {number}: {what}; stderr: {said[-1:]}")
        print("  " + self.bad[-1], flush=True)

    def check(self, case, kind, row, reference):
        number, code, _, live = row
        files, _, out = CASES[case]
        folder = os.path.join(self.root, case, str(number))
        self.calls += 1
        if code < 0:
            return self.complain(case, number, f"signal {-code}")
        if live != reference["live"]:
            self.complain(case, number, f"{live - reference['live']} blocks are left")
        said = read(folder, "stderr").decode(errors="replace")
        if code in (0, 1):
            if code != reference["code"] or timeless(read(folder, "stdout")) != reference["stdout"]:
                self.complain(case, number, f"exit {code} and another result")
        else:
            allowed = (4,) if kind.startswith("memory") else (3, 4, 2)
            if code not in allowed or "ridgewalk: " not in said:
                self.complain(case, number, f"exit {code}")
            if kind.startswith("memory") and "memory" not in said:
                self.complain(case, number, "does not speak of memory")
        there = set(os.listdir(folder))
        companions = {name + tail for name in (*files, out or "") if name.endswith(".rwk") for tail in ("-wal", "-shm", "-journal")}
        stray = there - companions - {"stdout", "stderr", out} - set(os.listdir(os.path.join(self.root, case, "in")))
        if stray:
            self.complain(case, number, f"left behind: {sorted(stray)}")
        if not out:
            return None
        if out not in there:
            if code in (0, 1):
                self.complain(case, number, f"exit {code} without {out}")
        elif not out.endswith(".rwk"):
            if read(folder, out) != reference["out"]:
                self.complain(case, number, f"half written: {out}")
        return None

    def check_run(self, case, number, reference):
        """The run file that a call left: goes on to the result of a run in which nothing fails."""
        out = CASES[case][2]
        folder = os.path.join(self.root, case, str(number))
        if not os.path.exists(os.path.join(folder, out)):
            return
        again = os.path.join(folder, "again")
        os.makedirs(os.path.join(again, "in"))
        for name in os.listdir(folder):
            if name not in ("again", "stdout", "stderr"):
                shutil.copy(os.path.join(folder, name), os.path.join(again, "in"))
        (_, code, _, _), = call(again, [CASES[case][1][0], "--resume", out, "--json"], "memory", 0)
        self.resumed += 1
        if code != reference["code"] or timeless(read(again, "0", "stdout")) != reference["stdout"]:
            self.complain(case, number, f"gone on with: exit {code}: {read(again, '0', 'stderr')[-200:]}")

    def sweep(self, case, kind, base):
        files, _, out = CASES[case]
        folder = os.path.join(self.root, case)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(os.path.join(folder, "in"))
        for name in {"t.csv", "new.csv", *files}:
            shutil.copy(os.path.join(base, name), os.path.join(folder, "in"))
        (_, code, requests, live), = call(folder, CASES[case][1], "memory" if KIND == "full" else kind.rstrip("+"), 0)
        here = os.path.join(folder, "0")
        if code not in (0, 1) or live:
            self.complain(case, 0, f"exit {code}, {live} blocks left, and nothing failed")
        reference = {"code": code, "live": live, "stdout": timeless(read(here, "stdout")), "out": read(here, out) if out else None}
        if KIND == "clock":
            first, step, times = 1, 1, 1
        elif KIND == "full":
            sizes = max([os.path.getsize(os.path.join(here, name)) for name in os.listdir(here)] + [4096])
            times = 12 if BUDGET == "all" else 5
            first, step = 700, max(1, sizes // times)
        else:
            times = min(requests, int(BUDGET)) if BUDGET != "all" else requests // 8 if kind == "memory+" else requests
            first, step = 1, max(1, requests // max(times, 1))
        wrong = 0
        for begin in range(0, times, 1000):  # what a thousand calls leave is looked at, then thrown away
            for row in call(folder, CASES[case][1], kind, first + begin * step, step, min(1000, times - begin)):
                self.check(case, kind, row, reference)
                if out and out.endswith(".rwk") and row[0] // step % (16 if BUDGET == "all" else 8) == 3:
                    self.check_run(case, row[0], reference)
                wrong += row[1] not in (0, 1)
                shutil.rmtree(os.path.join(folder, str(row[0])))
        print(f"{case}: exit {code} with {requests} requests, {times} made to fail, {wrong} of them told", flush=True)

    def run(self):
        base = self.fixture()
        for kind in {"memory": ("memory", "memory+"), "files": ("files", "files+")}.get(KIND, (KIND,)):
            for case in WANTED or CASES:
                self.sweep(case, kind, base)
        print(f"{KIND}: {self.calls} calls, {self.resumed} run files gone on with, {len(self.bad)} findings")
        return 1 if self.bad else 0


def main():
    places = [p for p in (os.environ.get("TMPDIR"), "/dev/shm", "/tmp") if p and os.access(p, os.W_OK)]
    root = tempfile.mkdtemp(prefix="rwk-faults-", dir=places[0])
    try:
        return Sweep(root).run()
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
