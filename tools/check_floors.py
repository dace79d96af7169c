#!/usr/bin/env python3
"""Keeps the floors of src/ apart: who may include what.

check_floors.py [--root DIR]   checks every #include of src/, include/ and the bindings
check_floors.py --table        prints the page docs/developers/floors.md
check_floors.py --page FILE    fails if FILE is not that page
check_floors.py --self-test    plants violations in a copy and expects each to be found

The table of floors is the one the build uses: RWK_FLOOR_*, RWK_OUTSIDE_* and RWK_FLOORS in CMakeLists.txt.
"""
import argparse
import re
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
C11 = set("assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic "
          "stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype omp".split())
POSIX = set("dirent fcntl pthread sched sys/file sys/ioctl sys/mman sys/resource sys/stat sys/time sys/types sys/wait termios unistd "
            "strings".split())
POSIX_FLOORS = {"base", "data", "store", "report", "cli"}
# What no edit of the table may allow: (floor, floor below it or a public header).
NEVER = [("certify", "optim"), ("certify", "mlp"), ("optim", "mlp"), ("optim", "certify"), ("path", "mlp"), ("audit", "optim"),
         ("audit", "mlp"), ("landscape", "mlp"), ("landscape", "path"), ("cli", "base")]
# Public headers that a floor must not know either; certify.h itself needs solve.h for one enum.
NEVER_PUBLIC = {"la": "*", "certify": ["mlp.h", "table.h", "path.h", "run.h"], "optim": ["mlp.h", "table.h", "path.h", "run.h", "certify.h"],
                "path": ["mlp.h", "table.h", "run.h"], "problem": ["mlp.h", "table.h", "path.h", "run.h", "certify.h", "solve.h"],
                "audit": ["mlp.h", "table.h", "path.h"],
                "landscape": ["mlp.h", "table.h", "path.h", "run.h"],
                "report": ["mlp.h", "table.h", "path.h", "solve.h", "certify.h", "branch.h", "problem.h", "audit.h"]}
PURPOSE = {
    "base": "status texts, context (memory, notes, cancelling, threads), streams of random numbers",
    "la": "vectors, dense factorisations, Lanczos; the only place that names BLAS and LAPACK",
    "problem": "the interface of a function to be walked; derivative checker",
    "data": "tables: CSV, scaling, encoding, splits",
    "mlp": "the network as a problem: layout, kernels, losses",
    "optim": "solvers over a problem, one file each",
    "certify": "what kind of point is this? gradient, inertia, spectrum",
    "path": "grid, walks, drops, the collapse penalty",
    "audit": "sweeps of other people's making",
    "landscape": "between and around points of any problem: lines, curves over passes, planes, spectral density",
    "study": "cross-validation, search",
    "store": "the run file (SQLite): schema, write, resume, query",
    "report": "pages and figures from the run file alone; no numerics; of the program, not of the library",
    "cli": "the program: one file a verb",
}


class Table:
    def __init__(self, root):
        text = re.sub(r"#.*", "", (root / "CMakeLists.txt").read_text())
        lists = {name: words.split() for name, words in re.findall(r"set\((RWK_\w+)\b([^)]*)\)", text)}
        self.below = {k[len("RWK_FLOOR_"):]: v for k, v in lists.items() if k.startswith("RWK_FLOOR_")}
        self.outside = {k[len("RWK_OUTSIDE_"):]: v for k, v in lists.items() if k.startswith("RWK_OUTSIDE_")}
        self.order = lists["RWK_FLOORS"] + lists.get("RWK_PROGRAM_FLOORS", [])
        self.order += [f for f in self.below if f not in self.order]

    def problems(self):
        for floor in self.order:
            for below in self.below[floor]:
                if below not in self.order or self.order.index(below) >= self.order.index(floor):
                    yield f"CMakeLists.txt: {below} does not stand below {floor}"
        for floor, banned in NEVER:
            if banned in self.below.get(floor, []):
                yield f"CMakeLists.txt: {floor} must never include {banned}"
        if set(self.order) != set(PURPOSE):
            yield f"tools/check_floors.py: PURPOSE and the floors differ: {sorted(set(self.order) ^ set(PURPOSE))}"


def includes(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*(.*)', line)
        if match:
            name = re.match(r'[<"]([^>"]+)[>"]', match[1])
            yield number, name[1] if name else match[1], match[1].startswith('"')


def check_public(name, quoted, public):
    if name.startswith("ridgewalk/"):
        return None if name in public and not quoted else f"no public header {name}"
    return None if name.removesuffix(".h") in C11 - {"omp"} and not quoted else f"a public header includes {name}"


def check_floor(floor, name, quoted, table, public):
    top = name.split("/")[0]
    if ".." in name.split("/"):
        return f"{name} goes around the floors"
    if top == "ridgewalk":
        if name not in public:
            return f"no public header {name}"
        if name == "ridgewalk/ridgewalk.h" and floor != "cli":
            return "the umbrella header hides what is needed"
        banned = NEVER_PUBLIC.get(floor, [])
        return f"{floor} must not know {name}" if banned == "*" and name not in (
            "ridgewalk/status.h", "ridgewalk/context.h") or name[len("ridgewalk/"):] in banned else None
    if top in table.below and "/" in name:
        if not quoted:
            return f"<{name}>: own headers go in quotes"
        return None if top == floor or top in table.below[floor] else f"{floor} must not include {top}"
    if quoted:
        return f'"{name}": own headers are named floor/header.h'
    if name.removesuffix(".h") in C11 or name.removesuffix(".h") in POSIX and floor in POSIX_FLOORS:
        return None
    return None if name in table.outside.get(floor, []) else f"{floor} must not include <{name}>"


HOSTS = {"python": {"Python.h"}, "r": {"Rinternals.h", "R_ext/Rdynload.h", "R_ext/Visibility.h"}}  # what a binding may include besides


def check_binding(binding, name, quoted, public):
    """Bindings stand over the public headers alone."""
    if name.startswith("ridgewalk/"):
        return None if name in public and not quoted else f"no public header {name}"
    if quoted:
        return None if name == "core.h" else f"a binding must not include {name}"
    return None if name in HOSTS[binding] or name.removesuffix(".h") in C11 - {"omp"} else f"a binding must not include <{name}>"


def check(root):
    table = Table(root)
    found = list(table.problems())
    public = {str(p.relative_to(root / "include")) for p in root.glob("include/ridgewalk/*.h")}
    for path in sorted(root.glob("include/**/*.[ch]")):
        for number, name, quoted in includes(path):
            why = check_public(name, quoted, public)
            found += [f"{path.relative_to(root)}:{number}: {why}"] if why else []
    for path in sorted(root.glob("src/**/*.[ch]")):
        floor = path.relative_to(root / "src").parts[0]
        if floor not in table.below:
            found.append(f"{path.relative_to(root)}: {floor} is not in the table of floors")
            continue
        for number, name, quoted in includes(path):
            why = check_floor(floor, name, quoted, table, public)
            found += [f"{path.relative_to(root)}:{number}: {why}"] if why else []
    for path in sorted(root.glob("bindings/*/src/*.[ch]")):
        for number, name, quoted in includes(path):
            why = check_binding(path.relative_to(root).parts[1], name, quoted, public)
            found += [f"{path.relative_to(root)}:{number}: {why}"] if why else []
    return found


def page(root):
    table = Table(root)
    lines = ["# Floors", "",
             "Each folder of `src/` is a floor. It may include the floors named here, itself, the public headers and C's own; nothing",
             "above it. The build gives each floor an include path that holds just those folders, and `tools/check_floors.py` checks",
             "every `#include`. Both read the table in `CMakeLists.txt`; this page is printed from it by",
             "`tools/check_floors.py --table`, and a test compares the two.", "",
             "| floor | what it does | may include | from outside |", "|---|---|---|---|"]
    for floor in table.order:
        below = " ".join(table.below[floor]) or "-"
        outside = " ".join(f"`{h}`" for h in table.outside.get(floor, [])) or "-"
        lines.append(f"| {floor} | {PURPOSE[floor]} | {below} | {outside} |")
    lines += ["", "Whatever the table says, these never meet:", ""]
    lines += [f"- `{floor}` knows nothing of `{banned}`" for floor, banned in NEVER]
    lines += ["", "So a certificate cannot inherit a solver's mistakes, and any problem with a value, a gradient and a Hessian-vector",
              "product gets paths and certificates, not networks alone.", ""]
    return "\n".join(lines)


PLANTED = [
    ("src/certify/planted.c", '#include "optim/solver.h"'),
    ("src/certify/planted.c", '#include "mlp/network.h"'),
    ("src/certify/planted.c", "#include <ridgewalk/mlp.h>"),
    ("src/optim/planted.c", '#include "mlp/network.h"'),
    ("src/optim/planted.c", '#include "certify/spectrum.h"'),
    ("src/path/planted.c", '#include "mlp/network.h"'),
    ("src/base/planted.c", '#include "la/dense.h"'),
    ("src/base/planted.c", '#include "../la/dense.h"'),
    ("src/base/planted.c", '#  include "la/dense.h"'),
    ("src/problem/planted.h", '#include "path/path.h"'),
    ("src/optim/planted.c", "#include <cblas.h>"),
    ("src/mlp/planted.c", "#include <lapacke.h>"),
    ("src/data/planted.c", "#include <sqlite3.h>"),
    ("src/store/planted.c", "#include <csv.h>"),
    ("src/certify/planted.c", "#include <lbfgs.h>"),
    ("src/la/planted.c", "#include <sleef.h>"),
    ("src/mlp/planted.c", "#include <Random123/threefry.h>"),
    ("src/mlp/planted.c", "#include <unistd.h>"),
    ("src/landscape/planted.c", '#include "mlp/network.h"'),
    ("src/landscape/planted.c", "#include <ridgewalk/mlp.h>"),
    ("src/cli/planted.c", '#include "path/path.h"'),
    ("src/cli/planted.c", '#include "base/context.h"'),
    ("src/report/planted.c", '#include "path/path.h"'),
    ("src/report/planted.c", "#include <ridgewalk/solve.h>"),
    ("src/report/planted.c", "#include <ridgewalk/mlp.h>"),
    ("src/report/planted.c", "#include <sqlite3.h>"),
    ("src/store/planted.c", "#include <cairo.h>"),
    ("src/attic/planted.c", "#include <stdio.h>"),
    ("src/path/planted.c", "#include <ridgewalk/ridgewalk.h>"),
    ("src/path/planted.c", "#include <ridgewalk/nowhere.h>"),
    ("src/path/planted.c", '#include "path.h"'),
    ("include/ridgewalk/planted.h", '#include "base/context.h"'),
    ("include/ridgewalk/planted.h", "#include <sqlite3.h>"),
    ("bindings/python/src/planted.c", '#include "path/path.h"'),
    ("bindings/python/src/planted.c", "#include <cblas.h>"),
    ("bindings/r/src/planted.c", '#include "mlp/network.h"'),
    ("bindings/r/src/planted.c", "#include <Python.h>"),
    ("CMakeLists.txt", "set(RWK_FLOOR_base path)"),
    ("CMakeLists.txt", "set(RWK_FLOOR_certify base la problem optim)"),
]


def self_test(root):
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        shutil.copytree(root / "src", copy / "src")
        shutil.copytree(root / "include", copy / "include")
        shutil.copy(root / "CMakeLists.txt", copy)
        clean = set(check(copy))
        for name, line in PLANTED:
            path = copy / name
            before = path.read_text() if path.exists() else None
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((before or "") + line + "\n")
            if not set(check(copy)) - clean:
                missed.append(f"not found: {line} in {name}")
            path.write_text(before) if before is not None else path.unlink()
    print(f"{len(PLANTED) - len(missed)} of {len(PLANTED)} planted violations found")
    return missed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--page", type=Path)
    parser.add_argument("--self-test", action="store_true")
    args = parser.parse_args()
    if args.table:
        print(page(args.root), end="")
        return 0
    if args.self_test:
        found = self_test(args.root)
    elif args.page:
        same = args.page.read_text() == page(args.root)
        found = [] if same else [f"{args.page} is out of date: tools/check_floors.py --table >{args.page}"]
    else:
        found = check(args.root)
    print("\n".join(found) if found else "floors: nothing found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
