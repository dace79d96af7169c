"""The surface between fits: what is one minimum, barriers that the numbers written out bear out, planes, densities, pictures."""
import csv
import json
import math
import os
import re
import sqlite3
from harness import Case, DIABETES, main


def weights_json(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


class Landscape(Case):
    def run_file(self, *args):
        out = self.file("r.rwk")
        if not os.path.exists(out):
            self.path("--hidden", "6", "--lambda", "2^-8:2^-6:4", "--walk", "up,down", "--starts", "2", "--no-explain", *args, "--out", out)
        return out

    def test_relabelled_network_is_the_same_minimum(self):
        run = self.run_file()
        export = self.file("a.json")
        self.run_program("export", run, "--lambda", "2^-6", "--walk", "up", "--start", "0", "--out", export, "--quiet")
        w = weights_json(export)["layers"]
        order, sign = [3, 0, 5, 1, 2, 4], [1, -1, -1, 1, 1, -1]
        turned = [{"W": [[row[j] * s for j, s in zip(order, sign)] for row in w[0]["W"]], "b": [w[0]["b"][j] * s for j, s in zip(order, sign)]},
                  {"W": [[w[1]["W"][j][0] * s] for j, s in zip(order, sign)], "b": w[1]["b"]}]
        init = self.file("t.json", json.dumps({"layers": turned}))
        both = self.file("b.rwk")
        self.path("--hidden", "6", "--lambda", "2^-6", "--walk", "up", "--starts", "1", "--init", init, "--no-explain", "--out", both)
        fits = self.json("landscape", both)["fits"]
        self.assertEqual(len(fits), 1)
        # the same network under its own names, as the second start of a run: by hand into the run that has it once
        self.path("--hidden", "6", "--lambda", "2^-6", "--walk", "up,down", "--init", export, "--no-explain", "--out", self.file("c.rwk"))
        j = self.json("landscape", self.file("c.rwk"), "up:2^-6", "down:2^-6")
        self.assertTrue(j["fits"][1]["to_first"]["same_minimum"])

    def test_list_groups_fits(self):
        run = self.run_file()
        fits = self.json("landscape", run)["fits"]
        self.assertEqual([f["fit"] for f in fits], list(range(1, 9)))
        for f in fits:
            if f["same_as"]:
                first = fits[f["same_as"] - 1]
                self.assertEqual(first["lambda"], f["lambda"])
                self.assertAlmostEqual(first["objective"], f["objective"], delta=1e-9)
                self.assertAlmostEqual(first["mse"], f["mse"], delta=1e-7)
        self.assertTrue(any(f["same_as"] for f in fits))
        some = self.json("landscape", run, "--lambda", "2^-6")["fits"]
        self.assertEqual(len(some), 4)

    def two(self, run):
        """Two different minima at one penalty."""
        fits = self.json("landscape", run)["fits"]
        for lam in (2**-8, 2**-6):
            kinds = [f for f in fits if f["lambda"] == lam and not f["same_as"] and f["verdict"] == "strict_min"]
            if len(kinds) > 1:
                return kinds[0]["fit"], kinds[1]["fit"]
        self.fail("one minimum only")

    def test_curve_between_two_minima(self):
        run = self.run_file()
        a, b = self.two(run)
        out, table = self.file("c.svg"), self.file("c.csv")
        j = self.json("landscape", run, a, b, "--out", out, "--csv", table, "--bands", "12")
        curve, line = j["curve"], j["line"]
        ends = [f["objective"] for f in j["fits"]]
        self.assertFalse(j["fits"][1]["to_first"]["same_minimum"])
        self.assertLessEqual(curve["top"], line["top"] + 1e-12)
        self.assertAlmostEqual(curve["barrier_from"], curve["top"] - ends[0], delta=1e-12)
        self.assertAlmostEqual(line["points"][0]["objective"], ends[0], delta=1e-12)
        self.assertAlmostEqual(line["points"][-1]["objective"], ends[1], delta=1e-12)
        self.assertLessEqual(max(p["objective"] for p in line["points"]), line["top"])
        for p in curve["points"]:
            self.assertLessEqual(p["objective"], curve["top"] + 1e-12)
            self.assertAlmostEqual(p["objective"], p["mse"] + j["lambda"] * p["penalty"], delta=1e-12)
        top = [s for s in curve["stops"] if s["point"] == curve["top_point"]]
        if curve["certified"]:
            self.assertEqual(top[0]["kind"], "saddle")
            self.assertEqual(top[0]["inertia"][2], 1)
            self.assertLess(top[0]["grad_inf"], 1e-8)
            self.assertLess(top[0]["min_eig"], 0)
        with open(table, encoding="utf-8") as f:
            rows = list(csv.DictReader(f))
        self.assertEqual(sum(r["road"] == "line" for r in rows), len(line["points"]))
        self.assertEqual([float(r["objective"]) for r in rows if r["road"] == "curve"], [p["objective"] for p in curve["points"]])
        with open(out, encoding="utf-8") as f:
            svg = f.read()
        for words in ("straight line", "curve over the lowest pass found", "smallest eigenvalue", "saddle"):
            self.assertIn(words, svg)
        text = self.run_program("landscape", run, a, b, "--bands", "2").stdout
        self.assertIn("They are two.", text)
        self.assertIn("Straight line: J up to", text)

    def test_same_minimum_has_nothing_between(self):
        run = self.run_file()
        fits = self.json("landscape", run)["fits"]
        f = next(f for f in fits if f["same_as"])
        r = self.run_program("landscape", run, f["same_as"], f["fit"])
        self.assertIn("the same minimum up to relabelling", r.stdout)
        j = self.json("landscape", run, f["same_as"], f["fit"])
        self.assertNotIn("curve", j)
        self.assertLess(j["fits"][1]["to_first"]["distance"], 1e-6)

    def test_other_penalty(self):
        run = self.run_file()
        j = self.json("landscape", run, "up:2^-8", "up:2^-6", "--bands", "2")
        self.assertEqual(j["lambda"], 2**-8)
        self.assertFalse(j["fits"][0]["descended"])
        self.assertTrue(j["fits"][1]["descended"])
        self.assertIn(j["fits"][1]["verdict"], ("strict_min", "degenerate_min"))
        j = self.json("landscape", run, "up:2^-8", "--lambda", "2^-7", "--what", "density", "--probes", "2")
        self.assertEqual(j["lambda"], 2**-7)
        self.assertTrue(j["fits"][0]["descended"])

    def test_planes(self):
        run = self.run_file()
        for around in ("random", "eigen"):
            out = self.file(around + ".svg")
            j = self.json("landscape", run, "1", "--around", around, "--points", "9", "--out", out, "--csv", self.file("p.csv"))
            plane = j["plane"]
            self.assertEqual((len(plane["x"]), len(plane["objective"])), (9, 9))
            self.assertAlmostEqual(plane["objective"][4][4], j["fits"][0]["objective"], delta=1e-12)
            self.assertEqual(min(map(min, plane["objective"])), plane["objective"][4][4])
            with open(out, encoding="utf-8") as f:
                self.assertGreater(f.read().count("<path"), 64)
        j = self.json("landscape", run, "1", "3", "5", "--points", "9")
        self.assertAlmostEqual(j["plane"]["places"][1][0], j["fits"][1]["to_first"]["distance"], delta=1e-9)
        for ending in ("png", "pdf"):
            self.json("landscape", run, "1", "--points", "5", "--out", self.file("p." + ending))
            self.assertGreater(os.path.getsize(self.file("p." + ending)), 1000)

    def test_density(self):
        run = self.run_file()
        out = self.file("d.svg")
        j = self.json("landscape", run, "1", "--what", "density", "--probes", "20", "--out", out)
        node, share = j["density"]["eigenvalue"], j["density"]["share"]
        self.assertEqual(node, sorted(node))
        self.assertAlmostEqual(sum(share), 1, delta=1e-12)
        with sqlite3.connect(run) as base:
            blobs = base.execute("select name from sqlite_master where name='fit'").fetchall()
        self.assertTrue(blobs)
        self.assertGreater(node[0], 0)
        text = self.run_program("landscape", run, "1", "--what", "density").stdout
        rows = [float(x) for x in re.findall(r"([\d.]+) %", text)]
        self.assertTrue(math.isclose(sum(rows), 100, abs_tol=1e-2))

    def test_wrong_words(self):
        run = self.run_file()
        for args, say in (((), "wants a run file"), ((run, "9"), "'9' is no fit"), ((run, "sideways:1"), "begins with none of up"),
                          ((run, "up:2^-5"), "has no fit up:2^-5"), ((run, "up/x:2^-6"), "not a whole number"), ((run, "up:x"), "is not a penalty"),
                          ((run, "1", "2", "3", "4"), "up to three fits"), ((run, "1", "--what", "curve"), "between two fits"),
                          ((run, "1", "3", "--what", "density"), "of one fit"), ((run, "1", "--what", "path"), "none of curve, plane, density"),
                          ((run, "1", "--around", "me"), "neither random nor eigen"), ((run, "1", "--span", "0"), "--span"),
                          ((run, "1", "--points", "3"), "--points"), ((run, "1", "3", "--bands", "0"), "--bands"), ((run, "--out", "x.svg"), "name the fits"),
                          ((run, "1", "--lambda", "-1"), "not a penalty"), ((run, "1", "--points", "5", "--out", "x.gif"), "none of .svg"),
                          ((run, "1", "--points", "5", "--out", run), "ends in none of"), ((run, "1", "--points", "5", "--csv", run), "is the run file")):
            self.expect(2, "landscape", *args, say=say)
        self.expect(3, "landscape", DIABETES, "1", say="diabetes.csv")
        os.rename(run, self.file("moved.rwk"))
        self.expect(3, "landscape", self.file("moved.rwk"), "1", "--points", "5", "--csv", os.path.join(self.folder, "no", "x.csv"), say="cannot be written")


if __name__ == "__main__":
    main()
