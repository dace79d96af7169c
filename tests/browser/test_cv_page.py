"""The page of a cross-validation in a real browser: four walks over 19 penalties, on all rows and on those of five folds.

test_cv_page.py PROGRAM [FOLDER]   FOLDER: a picture of the page is left there, for eyes
"""
import json
import math
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))
from chrome import Browser, Keys, want_browser  # noqa: E402
from harness import DIABETES, PROGRAM  # noqa: E402

PICTURES = sys.argv[2] if len(sys.argv) > 2 else None
CHARTS = ["cv", "heldout", "path", "envelope", "traces", "branches", "spectrum", "residuals"]


class CvPage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rwk-cv-page-")
        cls.run_program("cv", DIABETES, "--target", "progression", "--hidden", "8", "--lambda", "2^-16:2^2", "--walk", "up,down,cold,best", "--folds", "5",
                        "--seed", "2", "--out", "cv.rwk", "--quiet")
        cls.run_program("report", "cv.rwk", "--quiet")
        cls.j = json.loads(cls.run_program("runs", "show", "cv.rwk", "--json"))
        with sqlite3.connect(os.path.join(cls.folder, "cv.rwk")) as db:
            cls.rows = db.execute("SELECT fold, observed, at_min, at_1se FROM cv_row ORDER BY id").fetchall()
            cls.drops = db.execute("SELECT fold, walk, idx_to, rise, cause FROM fold_drop ORDER BY id").fetchall()
        cls.file = os.path.join(cls.folder, "cv.html")
        cls.browser = Browser()
        cls.browser.cdp("Performance.enable", timeDomain="threadTicks")
        began = time.time()
        cls.browser.open(cls.file)
        cls.seconds = time.time() - began
        cls.busy = {m["name"]: m["value"] for m in cls.browser.cdp("Performance.getMetrics")["metrics"]}["TaskDuration"]
        cls.js = cls.browser.js
        if PICTURES:
            cls.browser.picture(os.path.join(PICTURES, "cv.png"))

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def run_program(cls, *args):
        r = subprocess.run([PROGRAM, *args], capture_output=True, text=True, cwd=cls.folder, timeout=600, check=False)
        if r.returncode not in (0, 1):
            raise AssertionError(r.stderr)
        return r.stdout

    def tearDown(self):
        self.assertEqual(self.browser.messages(), [])

    def see(self, name):
        self.js(f"document.getElementById('{name}').scrollIntoView()")

    def test_0_size_time_and_silence(self):
        size = os.path.getsize(self.file)
        print(f"{size / 1e3:.0f} kB, opened and drawn in {self.seconds:.2f} s, {self.busy:.2f} s of the processor in the page", file=sys.stderr)
        self.assertLess(size, 3_000_000)
        self.assertEqual(self.js("return document.documentElement.dataset.ready"), str(len(CHARTS)))
        for name in CHARTS:
            self.see(name)
            self.browser.find(f"#{name} .numbers summary").click()
        for summary in self.browser.find_all(".fold-out > summary"):
            summary.click()
        asked = [a for a in self.browser.requests() if not a.startswith("data:")]
        self.assertTrue(asked, "the log of requests works")
        self.assertEqual([a for a in asked if not (a.startswith("file://") and a.endswith("/cv.html"))], [])

    def test_every_chart_is_drawn(self):
        self.assertEqual([c.get_attribute("data-chart") for c in self.browser.find_all(".chart")], CHARTS)
        for name in CHARTS:
            drawn = self.js("return [...document.querySelectorAll(`#${arguments[0]} .panel`)].map((p) => p.querySelectorAll('.trace path').length)", name)
            self.assertTrue(drawn and all(n > 5 for n in drawn), (name, drawn))
            self.assertNotRegex(self.js("return [...document.querySelectorAll(`#${arguments[0]} .panel *`)].map((e) => [...e.attributes].map("
                                        "(a) => a.value).join(' ')).join(' ')", name), r"\b(NaN|Infinity|undefined|null)\b")

    def dots(self, panel=0, colour="ink"):
        return self.js("return [...[...document.querySelectorAll('#cv .panel')][arguments[0]].querySelectorAll(`.colour-${arguments[1]} .mark`)].map((m) => "
                       "m.getAttribute('transform').match(/translate\\(([-0-9.e]+),([-0-9.e]+)\\)/).slice(1).map(Number))", panel, colour)

    def test_curve_stands_where_the_ticks_say(self):
        ticks = self.js("return [...document.querySelector('#cv .panel').querySelectorAll('.tick')].filter((t) => t.getAttribute('text-anchor') === 'end')"
                        ".map((t) => [Number(t.getAttribute('y')), Number(t.textContent)])")
        ticks.sort()
        (ya, va), (yb, vb) = ticks[0], ticks[-1]
        logarithmic = abs((ticks[1][0] - ya) / (yb - ya) - (ticks[1][1] - va) / (vb - va)) > 0.02
        warp = math.log if logarithmic else float
        dots = self.dots()
        self.assertEqual(len(dots), 19)
        for (_, y), mean in zip(dots, self.j["mean"]):
            self.assertAlmostEqual(y, ya + (warp(mean) - warp(va)) / (warp(vb) - warp(va)) * (yb - ya), delta=0.3)
        rules = self.js("return [...document.querySelector('#cv .panel').querySelectorAll('.rule')].map((r) => [r.getAttribute('x1'), r.getAttribute('x2')].map("
                        "Number))")
        upright = [a for a, b in rules if a == b]
        chosen = [self.j["lambda"].index(self.j[c]) for c in ("lambda_min", "lambda_1se")]
        self.assertEqual(len(upright), len(set(chosen)))
        for x, index in zip(upright, chosen):
            self.assertAlmostEqual(x, dots[index][0], delta=0.01)
        names = [t.text for t in self.browser.find_all("#cv .panel:first-of-type .rule-text")]
        self.assertEqual(names, ["lambda_min", "lambda_1se"] if len(upright) == 2 else ["lambda_min = lambda_1se"])

    def test_hover(self):
        self.see("cv")
        least = self.j["lambda"].index(self.j["lambda_min"])
        for index in (least, 17):
            place = self.js("const m = document.querySelector('#cv .panel').querySelectorAll('.colour-ink .mark')[arguments[0]].getBoundingClientRect();"
                            "return [m.x + m.width / 2, m.y + m.height / 2]", index)
            self.browser.point_at(*place)
            text = self.js("const t = document.querySelector('#cv .tip'); return t.hidden ? null : t.textContent")
            said = text.replace("\u2212", "-")
            self.assertIn(f"held out at lambda = 2{index - 16}: error {self.j['mean'][index]:.4g} +- {self.j['se'][index]:.2g}", said)
            self.assertEqual("lambda_min" in text, index == least)
        svg = self.browser.find("#cv .stage svg")
        self.js("arguments[0].focus()", svg)
        self.browser.press(Keys.PAGE_DOWN, Keys.PAGE_DOWN, Keys.ARROW_RIGHT)
        self.assertRegex(self.js("return document.querySelector('#cv [role=status]').textContent"), r"^fold 1: MSE = [\d.e-]+ at lambda = 2\^.15$")

    def test_folds(self):
        """A line a fold, and a mark a drop."""
        lines = self.js("return page.data.charts[0].frames[0].panels[1].traces.filter((t) => t.line && t.colour !== 'signal').map((t) => t.name)")
        self.assertEqual(lines, [f"fold {k + 1}" for k in range(5)])
        causes = self.js("return [...[...document.querySelectorAll('#cv .panel')][1].querySelectorAll('.colour-signal .mark')].map((m) => m.dataset.mark)")
        falls = [d for d in self.drops if not d[3]]
        self.assertTrue(falls)
        self.assertEqual(causes, [d[4] for d in falls])
        texts = self.js("return page.data.charts[0].frames[0].panels[1].traces.filter((t) => t.colour === 'signal').map((t) => t.texts[0])")
        for text, (fold, walk, to, _, cause) in zip(texts, falls):
            self.assertRegex(text, rf"^fold {fold + 1}, walk {walk}, lambda 2\^-?\d+ to 2\^{to - 16}: the error falls from .*; cause: ")
        table = self.browser.find_all("#folds table")[0]
        self.assertEqual(len(table.find_elements("css selector", "tbody tr")), len(falls))

    def test_held_out(self):
        self.see("heldout")
        slider = self.browser.find("#heldout input")
        slider.send_keys(Keys.HOME)
        self.assertEqual(slider.get_attribute("aria-valuetext"), f"2^{int(math.log2(self.j['lambda_min']))}, lambda_min")
        for choice in (0, 1):
            got = self.js("const f = page.data.charts[1].frames[arguments[0]].panels; return f.map((p) => p.traces.map((t) => t.dots))", choice)
            for residual in (0, 1):
                for fold, dots in enumerate(got[residual]):
                    wanted = [v for r in self.rows if r[0] == fold for v in (r[2 + choice], r[1] - r[2 + choice] if residual else r[1])]
                    self.assertEqual(len(dots), len(wanted))
                    for a, b in zip(dots, wanted):
                        self.assertAlmostEqual(a, b, delta=1e-4 * max(1, abs(b)))
            self.assertEqual(sum(len(d) // 2 for d in got[0]), 442)

    def test_words_and_tables(self):
        verdict = self.browser.find(".verdict").text
        self.assertIn("Over 5 folds the error of rows that were held out is lowest at lambda_min = ", verdict)
        rows = self.browser.find_all("#curve tbody tr")
        self.assertEqual(len(rows), 19)
        least = self.j["lambda"].index(self.j["lambda_min"])
        self.assertTrue(rows[least].text.endswith("lambda_min") or "lambda_min," in rows[least].text, rows[least].text)
        self.assertIn(f"{self.j['mean'][least]:.6g}", rows[least].text)
        self.assertIn(f"{self.j['parameters_gn'][least]:.4g}", rows[least].text)
        self.assertTrue(re.search("ridgewalk cv .*--walk up,down,cold,best", self.browser.find("#settings code").text))


if __name__ == "__main__":
    want_browser()
    unittest.main(argv=[sys.argv[0], "-v"])
