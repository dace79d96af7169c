"""What the tests of the program share: it is called as a person would, and read as a script would."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None
DATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data")
DIABETES = os.path.join(DATA, "diabetes.csv")
YACHT = os.path.join(DATA, "yacht.csv")


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="rwk-cli-")
        self.addCleanup(lambda: subprocess.run(["rm", "-rf", self.folder], check=False))

    def file(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(text)
        return path

    def run_program(self, *args, cwd=None, env=None, timeout=300):
        return subprocess.run([PROGRAM, *map(str, args)], capture_output=True, text=True, timeout=timeout, errors="replace",
                              cwd=cwd or self.folder, env=env)

    def expect(self, code, *args, say=None, **kw):
        r = self.run_program(*args, **kw)
        self.assertEqual(r.returncode, code, f"{args}: {r.stdout[-300:]} {r.stderr[-600:]}")
        if say is not None:
            self.assertIn(say, r.stderr)
        return r

    def json(self, *args, codes=(0, 1), **kw):
        r = self.run_program(*args, "--json", "--quiet", **kw)
        self.assertIn(r.returncode, codes, f"{args}: {r.stderr[-600:]}")
        self.assertEqual(r.stderr, "")
        self.assertNotIn("NaN", r.stdout)
        self.assertNotIn("Infinity", r.stdout)
        return json.loads(r.stdout)

    def path(self, *args, data=DIABETES, target="progression", **kw):
        """A path with a run file of its own; its JSON."""
        if "--out" not in args:
            args = (*args, "--out", self.file(f"{len(os.listdir(self.folder))}.rwk"))
        return self.json("path", data, "--target", target, *args, **kw)


def numbers(j):
    """Everything of a path but times."""
    keys = ("lambda", "mse", "penalty", "objective", "grad_inf", "min_eig", "inertia", "verdict", "escapable", "iterations", "stop")
    walks = [(w["name"], w["start"], [tuple(map(str, (p[k] for k in keys))) for p in w["points"]], w["drops"]) for w in j["walks"]]
    if j["best"]:
        walks.append(("best", 0, [tuple(map(str, (p[k] for k in (*keys, "origin")))) for p in j["best"]["points"]], j["best"]["drops"]))
    return walks, j["lambda"], j["lambda_collapse"], j["lambda_c"]


def main():
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[2:]])
