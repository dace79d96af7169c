"""What the tests of the Python package share."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT / "tests" / "data"
PROGRAM = os.environ.get("RWK_PROGRAM", str(ROOT / "build" / "release" / "ridgewalk"))
SANITIZED = "RWK_SANITIZED" in os.environ


def table(name):
    """Column names, X and y (the last column) of a table of tests/data."""
    with open(DATA / name, encoding="ascii") as f:
        names = f.readline().strip().split(",")
    values = np.loadtxt(DATA / name, delimiter=",", skiprows=1)
    return names, np.ascontiguousarray(values[:, :-1]), values[:, -1].copy()


def small(rows=60, seed=0):
    """A table that is fitted in no time."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3))
    return X, np.sin(2 * X[:, 0]) + X[:, 1] * X[:, 2] + 0.1 * rng.normal(size=rows)


def members(struct):
    """The names of a struct's members, as the public headers write them."""
    text = "".join(p.read_text() for p in sorted((ROOT / "include" / "ridgewalk").glob("*.h")))
    body = re.search(r"typedef struct %s \{(.*?)\n\} %s;" % (struct, struct), text, re.S)[1]
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    names = []
    for declaration in body.split(";"):
        first, *rest = declaration.split(",")
        for part in ([first.split()[-1]] if first.strip() else []) + rest:
            names.append(re.sub(r"\[.*\]", "", part.strip()).lstrip("*"))
    return names


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rwk-python-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def file(self, name):
        return os.path.join(self.folder, name)

    def program(self, *args, codes=(0, 1)):
        env = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
        r = subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, cwd=self.folder, timeout=300, env=env, check=False)
        self.assertIn(r.returncode, codes, r.stderr)
        return r.stdout

    def json(self, *args, codes=(0, 1)):
        return json.loads(self.program(*args, "--json", "--quiet", codes=codes))

    def same(self, ours, theirs, what=""):
        """Equal to the last bit; JSON writes what is not finite as null."""
        if isinstance(ours, float) and not np.isfinite(ours):
            ours = None
        self.assertEqual(ours, theirs, what)
