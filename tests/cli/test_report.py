"""Pages and figures of a run file: what is in them, and that nothing but the run file is needed."""
import csv
import math
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import time
import xml.etree.ElementTree as ElementTree
from harness import Case, DIABETES, PROGRAM, main

SVG = "{http://www.w3.org/2000/svg}"
FIGURES = ("path", "envelope", "traces", "branches", "spectrum", "residuals")


def series(file, kind):
    """{(walk, start, idx): rows} of a run file, read by sqlite alone."""
    with sqlite3.connect(file) as db:
        found = {}
        for walk, start, idx, rows, columns, data in db.execute(
                "SELECT walk, start, idx, rows, columns, data FROM series WHERE kind = ?", (kind,)):
            values = struct.unpack(f"<{rows * columns}d", data)
            found[walk, start, idx] = [values[i * columns:(i + 1) * columns] for i in range(rows)]
    return found


class Once(Case):
    """One run for all tests of a class; each has a copy."""

    made = None

    def once(self, out, make):
        if type(self).made is None:
            j = make()
            with open(out, "rb") as f:
                type(self).made = j, f.read()
        with open(out, "wb") as f:
            f.write(self.made[1])
        return self.made[0]


class Kept(Once):
    """What the run file keeps for pictures, against other verbs."""

    def setUp(self):
        super().setUp()
        self.out = self.file("a.rwk")
        self.j = self.once(self.out, lambda: self.path("--hidden", "8", "--lambda", "2^-14:2^-6", "--walk", "up,best", "--effort", "low", "--seed", "2",
                                                       "--out", self.out))
        self.drops = self.j["walks"][0]["drops"]

    def test_fitted_and_observed(self):
        with open(DIABETES, encoding="utf-8") as f:
            y = [float(r["progression"]) for r in csv.DictReader(f)]
        observed = series(self.out, "observed")["up", 0, 0]
        self.assertEqual(len(observed), len(y))
        for a, b in zip(observed, y):
            self.assertAlmostEqual(a[0], b, delta=1e-9)
        fitted = series(self.out, "fitted")
        self.assertEqual(len(fitted), 9)
        for (walk, start, idx), rows in fitted.items():
            self.assertEqual((walk, start), ("best", 0))
            r = self.expect(0, "predict", self.out, DIABETES, "--lambda", repr(self.j["lambda"][idx]), "--walk", "best", "--quiet")
            for a, b in zip(rows, list(csv.reader(r.stdout.splitlines()))[1:]):
                self.assertAlmostEqual(a[0], float(b[0]), delta=1e-9)

    def test_spectra(self):
        spectra = series(self.out, "spectrum")
        self.assertEqual(len(spectra), 9)
        for (_, _, idx), rows in spectra.items():
            p = self.j["best"]["points"][idx]
            values = [r[0] for r in rows]
            self.assertEqual(values, sorted(values))
            self.assertEqual(len(values), 97)
            self.assertAlmostEqual(values[0], p["min_eig"], delta=1e-3 * abs(p["min_eig"]) + 1e-12)
            self.assertEqual(sum(v > 1e-12 for v in values), p["inertia"][0])

    def test_branches(self):
        self.assertTrue(self.drops)
        branches = series(self.out, "branch")
        self.assertEqual(sorted(branches), sorted(("up", 0, self.j["lambda"].index(d["from"])) for d in self.drops))
        for d in self.drops:
            rows = branches["up", 0, self.j["lambda"].index(d["from"])]
            b = self.json("explain", self.out, "--from", repr(d["from"]), "--beyond", "12")
            self.assertEqual(len(rows), len(b["points"]))
            for r, p in zip(rows, b["points"]):
                self.assertAlmostEqual(r[0] / p["lambda"], 1, delta=1e-9)
                self.assertAlmostEqual(r[1], p["mse"], delta=1e-9)
            if d["cause"] == "fold":
                self.assertAlmostEqual(max(r[0] for r in rows) / d["at"], 1, delta=1e-6)
                self.assertLess(rows[-1][3], 0)

    def test_not_without_explaining(self):
        self.path("--hidden", "3", "--lambda", "2^-8:2^-4", "--walk", "up", "--no-explain", "--out", self.file("n.rwk"))
        self.assertEqual(series(self.file("n.rwk"), "spectrum"), {})
        self.expect(0, "report", "n.rwk", "--quiet")
        self.expect(3, "plot", "n.rwk", "--what", "spectrum", say="--no-explain")
        self.expect(0, "plot", "n.rwk", "--what", "residuals", "--quiet")

    def test_only_the_run_file_is_needed(self):
        table = shutil.copy(DIABETES, self.file("gone.csv"))
        self.expect(0, "path", table, "--hidden", "2", "--lambda", "2^-8:2^-4", "--walk", "up", "--quiet", "--out", "g.rwk")
        os.remove(table)
        os.mkdir(self.file("far"))
        shutil.move(self.file("g.rwk"), self.file("far/g.rwk"))
        self.expect(0, "report", "far/g.rwk", "--quiet")
        for what in FIGURES:
            self.expect(0, "plot", "far/g.rwk", "--what", what, "--quiet")
        self.assertEqual(sorted(os.listdir(self.file("far"))), sorted(["g.html", "g.rwk", *(f"g.{w}.svg" for w in FIGURES)]))


class Page(Case):
    def page(self, *args, **kw):
        self.path(*args, "--out", self.file("p.rwk"), **kw)
        return self.expect(0, "report", "p.rwk", "--out", "-").stdout

    def test_what_is_said(self):
        html = self.page("--hidden", "8", "--lambda", "2^-16:2^2", "--walk", "up,best", "--effort", "low", "--seed", "2")
        self.assertLess(len(html), 3_000_000)
        j = self.json("runs", "show", "p.rwk")
        for d in j["walks"][0]["drops"]:
            self.assertIn(f"<td>{d['mse_from']:.6f}</td><td>{d['mse_to']:.6f}</td>", html)
            self.assertIn(f"{d['evidence']['excess_from']:.3g}", html)
        for p in j["best"]["points"]:
            self.assertIn(f"<td>{p['mse']:.6f}</td>", html)
        text = re.sub("<[^>]*>", "", html)
        self.assertIn("All 38 fits are certified minima. The error falls 1 time while the penalty rises, in 1 of 2 walks: at a fold", text)
        self.assertIn("All weights are zero from lambda = 1.208 on.", text)
        self.assertIn("ridgewalk path", text)
        self.assertIn("--hidden 8 --lambda 2^-16:2^2 --walk up,best --effort low --seed 2</code>", html)
        self.assertEqual(html, self.expect(0, "report", "p.rwk", "--out", "-").stdout)
        for banned in ("http-equiv=\"refresh\"", "<img", "<iframe", "<object", "<form", "src=", "@import", "url("):
            self.assertNotIn(banned, re.sub(r"<script.*?</script>", "", html, flags=re.S))

    def test_the_command_makes_the_run_again(self):
        odd = self.file("it's odd.csv", "x,y z\n" + "".join(f"{x},{(x - 3) ** 2}\n" for x in range(9)))
        args = ("--hidden", "2", "--lambda", "2^-4:1", "--walk", "up", "--no-output-bias")
        html = self.page(*args, data=odd, target="y z")
        command = re.search("<pre tabindex=\"0\"><code>(.*?)</code>", html).group(1)
        for name, character in (("&#39;", "'"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
            command = command.replace(name, character)
        command = command.replace("ridgewalk", f"'{PROGRAM}'", 1) + " --out again.rwk --quiet"
        self.assertIn(subprocess.run(["sh", "-c", command], cwd=self.folder, check=False).returncode, (0, 1))
        a, b = (self.json("runs", "show", f)["walks"][0]["points"] for f in ("p.rwk", "again.rwk"))
        self.assertEqual([p["mse"] for p in a], [p["mse"] for p in b])

    def test_unfinished(self):
        p = subprocess.Popen([PROGRAM, "path", DIABETES, "--hidden", "30", "--lambda", "2^-16:2^2", "--starts", "3", "--out", self.file("w.rwk")],
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(600):
                if os.path.exists(self.file("w.rwk")) and self.json("runs", "w.rwk")[0]["fits"] >= 2:
                    break
                self.assertIsNone(p.poll())
                time.sleep(0.1)
        finally:
            p.kill()
            p.wait()
        html = self.expect(0, "report", "w.rwk", "--out", "-").stdout
        self.assertIn("The path is not finished", html)
        self.expect(3, "plot", "w.rwk", "--what", "residuals", say="when the path is finished")

    def test_what_cannot_be_asked(self):
        self.page("--hidden", "2", "--lambda", "2^-6:2^-2", "--walk", "up,best", "--effort", "low")
        self.expect(2, "report", say="report wants one run file")
        self.expect(3, "report", "nowhere.rwk")
        self.expect(3, "report", DIABETES, say="is not a run file")
        self.expect(3, "report", "p.rwk", "--out", "no/such/folder.html", say="cannot be written")
        self.expect(2, "report", "p.rwk", "--out", "p.rwk", say="is the run file")
        self.expect(0, "report", "p.rwk", "--out", "/dev/null", "--quiet")
        self.assertFalse(os.path.isfile("/dev/null"))
        self.expect(2, "plot", say="plot wants one run file")
        self.expect(2, "plot", "p.rwk", "--what", "nothing", say="none of cv, heldout, path, envelope")
        self.expect(2, "plot", "p.rwk", "--out", "a.gif", say="ends in none of .svg, .png, .pdf")
        self.expect(2, "plot", "p.rwk", "--what", "spectrum", "--lambda", "0.3", say="the nearest is at 2^-2")
        self.expect(2, "plot", "p.rwk", "--what", "spectrum", "--lambda", "x", say="is not a penalty")
        self.expect(2, "plot", "p.rwk", "--what", "traces", "--walk", "cold", say="the run has no cold")
        self.expect(2, "plot", "p.rwk", "--what", "traces", "--walk", "side", say="none of up, down, cold, best")
        self.expect(2, "plot", "p.rwk", "--start", "1", say="goes with --walk")
        self.expect(2, "plot", "p.rwk", "--width", "2", say="--width")
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("a.gif") or ".new-" in n], [])


class OfCv(Once):
    """Page and figures of a cross-validation."""

    def setUp(self):
        super().setUp()
        out = self.file("cv.rwk")
        self.j = self.once(out, lambda: self.json("cv", DIABETES, "--target", "progression", "--hidden", "3", "--lambda", "2^-9:1", "--folds", "4", "--seed",
                                                  "1", "--starts", "3", "--ensemble", "2", "--out", out))

    def svg(self, *args):
        self.expect(0, "plot", "cv.rwk", "--out", "f.svg", "--quiet", *args)
        return ElementTree.parse(self.file("f.svg")).getroot()

    def words(self, root):
        return [t.text for t in root.iter(SVG + "text")]

    def test_curve(self):
        """Means and standard errors, read back from the picture by its own ticks."""
        root = self.svg()  # the figure of a cross-validation where none is named
        self.assertEqual({"lambda_min", "lambda_1se"} & set(self.words(root)), {"lambda_min", "lambda_1se"})
        texts = [(float(t.get("x")), float(t.get("y")), t.text) for t in root.iter(SVG + "text")]
        below = [y for _, y, text in texts if text.startswith("Error in sample")][0]
        ticks = sorted((y - 2.6, float(t)) for x, y, t in texts if re.fullmatch(r"[0-9.]+", t) and y < below and x < 40)
        (ya, va), (yb, vb) = ticks[0], ticks[-1]

        def place(v):
            return ya + (v - va) / (vb - va) * (yb - ya)
        paths = [[tuple(map(float, p.split(","))) for p in re.split("[ML]", e.get("d"))[1:]] for e in root.iter(SVG + "path")
                 if not e.get("d").endswith("Z")]
        curve = [p for p in paths if len(p) == 10][0]
        for (_, y), mean in zip(curve, self.j["mean"]):
            self.assertAlmostEqual(y, place(mean), delta=0.1)
        bars = [p for p in paths if len(p) == 20][0]
        for i, (mean, se) in enumerate(zip(self.j["mean"], self.j["se"])):
            self.assertAlmostEqual(bars[2 * i][1], place(mean - se), delta=0.1)
            self.assertAlmostEqual(bars[2 * i + 1][1], place(mean + se), delta=0.1)

    def test_every_file(self):
        for what in ("cv", "heldout", *FIGURES):
            for ending, head in (("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF-")):
                self.expect(0, "plot", "cv.rwk", "--what", what, "--out", "g." + ending, "--quiet")
                with open(self.file("g." + ending), "rb") as f:
                    self.assertEqual(f.read(5)[:len(head)], head)

    def test_choices(self):
        for what in ("heldout", "residuals", "spectrum"):
            one, other = (ElementTree.tostring(self.svg("--what", what, "--lambda", x)) for x in ("min", "1se"))
            self.assertNotEqual(one, other)
            self.assertEqual(one, ElementTree.tostring(self.svg("--what", what, "--lambda", repr(self.j["lambda_min"]))))
        self.path("--hidden", "2", "--lambda", "1", "--walk", "up", "--out", self.file("p.rwk"))
        self.expect(2, "plot", "p.rwk", "--what", "residuals", "--lambda", "min", say="no finished cross-validation")
        self.expect(3, "plot", "p.rwk", "--what", "cv", say="ridgewalk cv makes one")
        self.assertNotIn('id="cv"', self.expect(0, "report", "p.rwk", "--out", "-").stdout)

    def test_page(self):
        html = self.expect(0, "report", "cv.rwk", "--out", "-").stdout
        self.assertIn("<code>ridgewalk cv ", html)
        self.assertNotIn("best 1", html)  # a further minimum is no walk
        text = re.sub("<[^>]*>", "", html)
        self.assertIn("Over 4 folds the error of rows that were held out is lowest at lambda_min = ", text)
        self.assertIn("held-out RMSE", text)
        cells = set(re.findall("<td>([^<]*)</td>", html))
        self.assertEqual({f"{m:.6g}" for m in self.j["mean"]} - cells, set())
        self.assertEqual({f"{round(100 * share, 2) + 0:g}" for share in self.j["explained"]} - cells, set())
        self.expect(0, "cv", DIABETES, "--target", "progression", "--hidden", "0", "--lambda", "1,2", "--out", "e.rwk", "--quiet")
        self.assertIn("lambda_min is the smallest penalty of the grid", self.expect(0, "report", "e.rwk", "--out", "-").stdout)

    def test_in_the_terminal(self):
        shown = self.expect(0, "runs", "show", "cv.rwk").stdout
        self.assertIn("error held out, +- standard error", shown)
        self.assertRegex(shown, r"\n +\^[^\n]*lambda_min")
        self.assertNotIn("+- standard error", self.expect(0, "runs", "show", "cv.rwk", "--no-plot").stdout)


class Figures(Once):
    def setUp(self):
        super().setUp()
        out = self.file("f.rwk")
        table = self.file("d.csv", "".join(self.attack(i) for i in range(41)))
        self.j = self.once(out, lambda: self.path("--hidden", "3", "--lambda", "2^-9:2^-4", "--walk", "up,best", "--effort", "low", "--starts", "2",
                                                  "--out", out, data=table, target="y<&>"))

    @staticmethod
    def attack(i):
        if i == 0:
            return '<script>alert(1)</script>,"a""><img src=x>",y<&>\n'
        x, z = i * 0.7 % 1, i * 0.37 % 1
        return f"{x},{z},{math.sin(6 * x) + z * z}\n"

    def svg(self, what, *args):
        self.expect(0, "plot", "f.rwk", "--what", what, "--out", "f.svg", "--quiet", *args)
        return ElementTree.parse(self.file("f.svg")).getroot()

    def test_svg(self):
        for what in FIGURES:
            root = self.svg(what)
            self.assertEqual(root.tag, SVG + "svg")
            self.assertEqual(float(root.get("width")[:-2]), 170)
            self.assertIn("d.csv", root.find(SVG + "title").text)
            self.assertEqual([e for e in root.iter() if e.tag not in {SVG + t for t in (
                "svg", "title", "desc", "rect", "g", "path", "circle", "text", "tspan", "clipPath")}], [])
            self.assertNotRegex("".join(" ".join(e.attrib.values()) for e in root.iter()), r"(?i)\b(nan|inf)\b")

    def test_dots_stand_where_they_should(self):
        """The errors of walk up, read back from the picture by its own ticks."""
        root = self.svg("path")
        texts = [(float(t.get("x")), float(t.get("y")), t.text, (t.find(SVG + "tspan").text if len(t) else None)) for t in root.iter(SVG + "text")]
        below = [y for _, y, text, _ in texts if text == "Size of the weights"][0]
        ticks = sorted((y, float(t)) for x, y, t, _ in texts if re.fullmatch(r"[0-9.]+", t) and y < below and x < 40)
        (ya, va), (yb, vb) = ticks[0], ticks[-1]
        logarithmic = len(ticks) > 2 and abs((ticks[1][0] - ya) / (yb - ya) - (ticks[1][1] - va) / (vb - va)) > 0.02
        warp = math.log if logarithmic else float
        lines = [e.get("d") for e in root.iter(SVG + "path") if e.get("stroke") == "#0072b2" and e.get("d").count("L") == 5]
        got = [float(p.split(",")[1]) for p in re.split("[ML]", lines[1 if len(lines) > 6 else 0])[1:]]
        wanted = [w for w in self.j["walks"] if w["name"] == "up"]
        best = math.inf
        for w in wanted:
            place = [ya - 2.6 + (warp(p["mse"]) - warp(va)) / (warp(vb) - warp(va)) * (yb - ya) for p in w["points"]]
            best = min(best, max(abs(a - b) for a, b in zip(got, place)))
        self.assertLess(best, 0.1)

    def test_png_and_pdf(self):
        for what in FIGURES:
            self.expect(0, "plot", "f.rwk", "--what", what, "--out", "f.png", "--width", "88", "--quiet")
            with open(self.file("f.png"), "rb") as f:
                head = f.read(24)
            self.assertEqual(head[:8], b"\x89PNG\r\n\x1a\n")
            self.assertEqual(struct.unpack(">I", head[16:20])[0], round(88 / 25.4 * 300))
            self.expect(0, "plot", "f.rwk", "--what", what, "--out", "f.pdf", "--quiet")
            with open(self.file("f.pdf"), "rb") as f:
                first = f.read()
            self.assertEqual(first[:5], b"%PDF-")
            self.expect(0, "plot", "f.rwk", "--what", what, "--out", "f.pdf", "--quiet")
            with open(self.file("f.pdf"), "rb") as f:
                self.assertEqual(f.read(), first, "the same bytes whenever it is made")
            if shutil.which("pdftotext"):
                text = subprocess.run(["pdftotext", self.file("f.pdf"), "-"], capture_output=True, text=True, check=True).stdout
                self.assertIn({"spectrum": "Eigenvalues", "residuals": "Residuals"}.get(what, "lambda"), text)

    def test_frames(self):
        a, b = (ElementTree.tostring(self.svg("residuals", "--lambda", f"2^-{k}")) for k in (9, 5))
        self.assertNotEqual(a, b)
        a, b, c = (ElementTree.tostring(self.svg("traces", *args)) for args in (("--walk", "up"), ("--walk", "up", "--start", "1"), ("--walk", "best")))
        self.assertEqual(len({a, b, c}), 3)


if __name__ == "__main__":
    main()
