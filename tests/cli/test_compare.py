"""Solvers: every one walks and is judged by the same certificate; `compare` sets them side by side; roads; finishing."""
import os
import subprocess
import sys
from harness import Case, DATA, DIABETES, PROGRAM, YACHT, main, numbers

FIRST = ("gd", "sgd", "adam", "amsgrad", "adamw", "lbfgs")
SECOND = ("gauss-newton", "saddle-free-newton", "newton")
STUDIES = os.path.join(os.path.dirname(os.path.dirname(DATA)), "studies")
NET = ("--target", "residuary_resistance", "--hidden", "6")


def is_minimum(p):
    return p["verdict"] in ("strict_min", "degenerate_min")


class Compare(Case):
    def walk(self, solver, *args, **kw):
        return self.path("--hidden", "6", "--lambda", "2^-8:2^0", "--walk", "up", "--solver", solver, "--max-iter", "300", *args, data=YACHT,
                         target="residuary_resistance", **kw)

    def test_every_solver_walks(self):
        for s in SECOND:
            for p in self.walk(s)["walks"][0]["points"]:
                self.assertTrue(is_minimum(p), (s, p["lambda"], p["verdict"], p["grad_inf"]))
        for s in FIRST:
            j = self.walk(s, codes=(1,))
            points = j["walks"][0]["points"]
            self.assertTrue(all(p["verdict"] == "not_stationary" for p in points if p["grad_inf"] > p["objective"] * 1e-4), s)
            for d in j["walks"][0]["drops"]:
                self.assertEqual(d["cause"], "unconverged")
            self.assertEqual(len(j["finished"]), sum(p["verdict"] == "not_stationary" for p in points))
            for f in j["finished"]:
                self.assertTrue(is_minimum(f), (s, f["lambda"], f["verdict"]))
                self.assertGreater(f["stopped_at_gradient"], f["grad_inf"])
        self.assertFalse(any(is_minimum(p) for p in self.walk("adamw", codes=(1,))["walks"][0]["points"]))

    def test_finishing_leaves_nothing_unconverged(self):
        for s in ("sgd", "adamw", "lbfgs"):
            j = self.walk(s, "--finish", "newton", codes=(0,))
            self.assertTrue(all(is_minimum(p) for p in j["walks"][0]["points"]), s)
            self.assertNotIn("unconverged", [d["cause"] for d in j["walks"][0]["drops"]])
            self.assertEqual(j["finished"], [])

    def test_threads_and_seeds(self):
        args = ("--batch", "32", "--learning-rate", "0.005", "--starts", "2")
        one, four = self.walk("adam", *args, "--threads", "1"), self.walk("adam", *args, "--threads", "4")
        self.assertEqual(numbers(one), numbers(four))
        self.assertNotEqual(numbers(one), numbers(self.walk("adam", *args, "--seed", "1")))

    def test_words(self):
        text = self.expect(1, "path", YACHT, *NET, "--lambda", "2^-4:2^-2", "--walk", "up,down", "--solver", "adamw", "--no-plot", "--out",
                           self.file("w.rwk")).stdout
        self.assertIn("adamw left 6 fits before a critical point", text)
        self.assertIn("it does not minimise J", text)
        self.assertRegex(text, r"up +0 of 3 ")
        text = self.expect(1, "runs", "show", self.file("w.rwk"), "--roads", "--no-plot").stdout
        self.assertRegex(text, r"2\^-3 +down +0\.\d+ +0\.\d+ .*not stationary")

    def test_compare(self):
        svg, png = self.file("c.svg"), self.file("c.png")
        j = self.json("compare", YACHT, *NET, "--lambda", "2^-6", "--out", svg)
        self.assertEqual([s["solver"] for s in j["solvers"]], ["newton", "lbfgs", "gauss-newton", "saddle-free-newton", "gd", "sgd", "adam", "amsgrad",
                                                               "adamw"])
        first = {s["trace"]["objective"][0] for s in j["solvers"] if s["solver"] != "lbfgs"}  # lbfgs reports from its first step on
        self.assertEqual(len(first), 1)
        for s in j["solvers"]:
            t = s["trace"]
            self.assertEqual(len({len(t[k]) for k in t}), 1)
            self.assertEqual(t["objective"][-1], s["objective"])
            self.assertEqual(t["evaluations"], sorted(t["evaluations"]))
            self.assertEqual(t["evaluations"][-1], s["evaluations"])
            self.assertEqual(is_minimum(s), s["solver"] in SECOND)
            self.assertTrue(is_minimum(s["finished"]))
        with open(svg, encoding="utf-8") as f:
            text = f.read()
        for s in j["solvers"]:
            self.assertIn(s["solver"], text)
        r = self.expect(0, "compare", YACHT, *NET, "--lambda", "2^-6", "--solvers", "newton,gauss-newton", "--out", png)
        self.assertIn("strict minimum", r.stdout)
        with open(png, "rb") as f:
            self.assertEqual(f.read(8), b"\x89PNG\r\n\x1a\n")

    def test_wrong_words(self):
        for args, say in (
            (("path", DIABETES, "--solver", "rmsprop"), "'rmsprop' is none of newton, lbfgs, gauss-newton"),
            (("path", DIABETES, "--solver", "adam", "--betas", "0.9"), "not two numbers"),
            (("path", DIABETES, "--solver", "adam", "--betas", "0.9,1"), "not two numbers"),
            (("path", DIABETES, "--solver", "sgd", "--momentum", "1"), "below 1"),
            (("path", DIABETES, "--solver", "sgd", "--learning-rate", "0"), "above 0"),
            (("path", DIABETES, "--solver", "sgd", "--schedule", "slow"), "none of constant, sqrt"),
            (("path", DIABETES, "--solver", "sgd", "--batch", "0"), "--batch"),
            (("path", DIABETES, "--solver", "sgd", "--epochs", "3", "--max-iter", "3"), "exclude each other"),
            (("path", DIABETES, "--solver", "newton", "--epochs", "3"), "takes --max-iter"),
            (("path", DIABETES, "--finish", "later"), "neither newton nor none"),
            (("path", DIABETES, "--smoothing", "-1"), "not a positive number"),
            (("compare", DIABETES), "--lambda L is needed"),
            (("compare", DIABETES, "--lambda", "1", "--solvers", "gd,gd"), "given twice"),
            (("compare", DIABETES, "--lambda", "1", "--solvers", "gd,nadam"), "--solvers: 'nadam' is none of"),
            (("compare", DIABETES, "--lambda", "1:2"), "not one penalty"),
            (("compare", DIABETES, "--lambda", "1", "--solvers", "newton", "--out", "a.gif"), "ends in none of"),
            (("cv", DIABETES, "--walk", "graduated,best", "--hidden", "2"), "cv takes up, down, cold and best"),
        ):
            self.expect(2, *args, say=say)
        self.assertEqual(os.listdir(self.folder), [])

    def test_a_learning_rate_that_is_too_large(self):
        j = self.walk("sgd", "--learning-rate", "100", codes=(1,))
        points = j["walks"][0]["points"]
        self.assertEqual(points[0]["stop"], "diverged")
        for p in points:  # given back is the lowest that was met, the start itself if need be
            self.assertLess(p["mse"], 10)

    def test_graduated(self):
        j = self.path("--hidden", "3", "--lambda", "2^-6:2^-2", "--walk", "up,graduated", "--starts", "2")
        self.assertEqual([(w["name"], w["start"]) for w in j["walks"]], [("up", 0), ("up", 1), ("graduated", 0)])
        self.assertTrue(all(is_minimum(p) for p in j["walks"][2]["points"]))
        self.assertEqual([r["name"] for r in j["roads"]], ["up", "up", "graduated"])
        self.assertGreater(j["roads"][2]["evaluations"], j["roads"][0]["evaluations"])

    def test_saddles(self):
        r = subprocess.run([sys.executable, os.path.join(STUDIES, "solvers", "saddles.py"), "--program", PROGRAM], capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)

    def test_tally(self):
        r = subprocess.run([sys.executable, os.path.join(STUDIES, "solvers", "tally.py"), "--program", PROGRAM, "--hidden", "3", "--grid", "2^-8:2^0",
                            "--seeds", "1", "--jobs", "1", "--solvers", "adam", "lbfgs", "newton"], capture_output=True, text=True)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        self.assertIn("| adam --finish newton | 9 of 9 |", r.stdout)


if __name__ == "__main__":
    main()
