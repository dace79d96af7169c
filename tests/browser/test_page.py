"""The page of a run in a real browser: what is drawn, what is read out, and that it does nobody any harm.

test_page.py PROGRAM [FOLDER]   FOLDER: pictures of the page are left there, for eyes
"""
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "cli"))
from chrome import Browser, Keys, want_browser  # noqa: E402
from harness import DIABETES, PROGRAM  # noqa: E402
import json  # noqa: E402

PICTURES = sys.argv[2] if len(sys.argv) > 2 else None
CHARTS = ["path", "envelope", "traces", "branches", "spectrum", "residuals"]
RUN = "document.title='pwned';window.pwned=1"
ATTACKS = [f"<script>{RUN}</script>", f"\"><img src=x onerror=\"{RUN}\">", f"</script><script>{RUN}</script>", "line\u2028and\u2029more",
           f"');{RUN};//", f"<svg onload={RUN}>", "<!--<script>", "x" * 300, "\u202eback\u202c", "a&amp;b\\\"c", f"]]>{{{{{RUN}}}}}"]
TARGET = f"</title><script>{RUN}</script>"


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Page(unittest.TestCase):
    """One page of a run with drops for all, and one browser."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="rwk-page-")
        cls.file = cls.make("a", DIABETES, "progression", "--hidden", "8", "--lambda", "2^-16:2^2", "--walk", "up,best", "--effort", "low",
                            "--seed", "2")
        cls.j = cls.read("a")
        cls.browser = Browser()
        cls.browser.open(cls.file)
        cls.js = cls.browser.js

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.folder)

    @classmethod
    def run_program(cls, *args):
        r = subprocess.run([PROGRAM, *args], capture_output=True, text=True, cwd=cls.folder, timeout=300, check=False)
        if r.returncode not in (0, 1):
            raise AssertionError(r.stderr)
        return r.stdout

    @classmethod
    def make(cls, name, data, target, *args):
        cls.run_program("path", data, "--target", target, *args, "--out", f"{name}.rwk", "--quiet")
        cls.run_program("report", f"{name}.rwk", "--quiet")
        return os.path.join(cls.folder, f"{name}.html")

    @classmethod
    def read(cls, name):
        return json.loads(cls.run_program("runs", "show", f"{name}.rwk", "--json"))

    def setUp(self):
        self.js("page.charts.forEach((c) => { c.hidden.clear(); c.at = null; c.open(c.spec.initial); c.zoomTo(d3.zoomIdentity); })")

    def tearDown(self):
        self.assertEqual(self.browser.messages(), [])

    def chart(self, name):
        return f"page.charts.find((c) => c.spec.name === '{name}')"

    def see(self, name):
        self.js(f"document.getElementById('{name}').scrollIntoView()")

    def domain(self, name, axis="x", panel=0):
        return self.js(f"return {self.chart(name)}.panels[{panel}].{axis}.domain()")

    # ---- what is drawn

    def test_every_chart_is_drawn(self):
        self.assertEqual(self.js("return document.documentElement.dataset.ready"), "6")
        self.assertEqual([c.get_attribute("data-chart") for c in self.browser.find_all(".chart")], CHARTS)
        panels = {"path": 3, "envelope": 2, "traces": 2, "branches": 1, "spectrum": 1, "residuals": 2}
        for name in CHARTS:
            drawn = self.js("return [...document.querySelectorAll(`#${arguments[0]} .panel`)].map((p) => p.querySelectorAll('.trace path').length)", name)
            self.assertEqual(len(drawn), panels[name], name)
            self.assertTrue(all(n > 5 for n in drawn), (name, drawn))
            self.assertNotRegex(self.js("return [...document.querySelectorAll(`#${arguments[0]} .panel *`)].map((e) => [...e.attributes].map("
                                        "(a) => a.value).join(' ')).join(' ')", name), r"\b(NaN|Infinity|undefined|null)\b")
        marks = self.js("return [...document.querySelectorAll('#path .panel')].map((p) => p.querySelectorAll('.trace .mark').length)")
        drops = self.j["walks"][0]["drops"]
        self.assertEqual(marks[0], 2 * 19 + len(drops))
        causes = self.js("return [...document.querySelector('#path .panel').querySelectorAll('.colour-signal .mark')].map((m) => m.dataset.mark)")
        self.assertEqual(causes, [d["cause"] for d in drops])

    def test_dots_stand_where_the_ticks_say(self):
        """Heights of the dots of walk up, by the labels of the axis alone."""
        ticks = self.js("return [...document.querySelector('#path .panel').querySelectorAll('.tick')].filter((t) => t.getAttribute('text-anchor') "
                        "=== 'end').map((t) => [Number(t.getAttribute('y')), Number(t.textContent)])")
        ticks.sort()
        (ya, va), (yb, vb) = ticks[0], ticks[-1]
        at = self.js("return [...document.querySelector('#path .panel .colour-up').querySelectorAll('.mark')].map((m) => "
                     "Number(m.getAttribute('transform').match(/,([-0-9.e]+)\\)/)[1]))")
        logarithmic = abs((ticks[1][0] - ya) / (yb - ya) - (ticks[1][1] - va) / (vb - va)) > 0.02
        warp = math.log if logarithmic else float
        for y, p in zip(at, self.j["walks"][0]["points"]):
            self.assertAlmostEqual(y, ya + (warp(p["mse"]) - warp(va)) / (warp(vb) - warp(va)) * (yb - ya), delta=0.2)

    def test_hover(self):
        self.see("path")
        points = self.j["walks"][0]["points"]
        ends = {p for d in self.j["walks"][0]["drops"] for p in (d["from"], d["to"])}
        free = [k for k, p in enumerate(points) if p["lambda"] not in ends]  # at the others the drop speaks
        for index in (free[0], 8, 18):
            place = self.js("const m = document.querySelectorAll('#path .panel .colour-up')[0].querySelectorAll('.mark')[arguments[0]]"
                            ".getBoundingClientRect(); return [m.x + m.width / 2, m.y + m.height / 2]", index)
            self.browser.point_at(place[0], place[1] - (3 if index else 0))
            text = self.js("const t = document.querySelector('#path .tip'); return t.hidden ? null : t.textContent")
            self.assertIsNotNone(text, index)
            value = float(re.search("MSE = ([0-9.]+)", text).group(1))
            self.assertTrue(text.startswith(("up: ", "best: ")), text)
            p = points[index] if text.startswith("up") else self.j["best"]["points"][index]
            self.assertAlmostEqual(value, p["mse"], delta=1e-5)
            self.assertTrue(text.endswith(f"lambda = 2{index - 16}".replace("-", "\u2212")), text)
        d = self.j["walks"][0]["drops"][0]
        place = self.js("const m = document.querySelector('#path .panel .colour-signal .mark').getBoundingClientRect();"
                        "return [m.x + m.width / 2, m.y + m.height / 2]")
        self.browser.point_at(*place)
        text = self.js("return document.querySelector('#path .tip').textContent")
        self.assertIn(f"the error falls from {d['mse_from']:.6g} to {d['mse_to']:.6g} ({d['cause']})", text)
        self.browser.point_at(2, 2)
        self.assertTrue(self.js("return document.querySelector('#path .tip').hidden"))

    def test_zoom(self):
        for name in CHARTS:
            self.see(name)
            before = self.domain(name)
            buttons = self.browser.find_all(f"#{name} .zoom button")
            self.assertEqual([b.get_attribute("title") for b in buttons], ["zoom out", "zoom in", "show everything"])
            buttons[1].click()
            after = self.domain(name)
            self.assertTrue(before[0] < after[0] and after[1] < before[1], name)
            buttons[2].click()
            self.assertEqual(self.domain(name), before)
        self.see("path")
        box = self.js("const b = document.querySelector('#path .stage svg').getBoundingClientRect(); return [b.x + 300, b.y + 120]")
        before, scrolled = self.domain("path"), self.js("return scrollY")
        self.browser.wheel(*box, -240, ctrl=True)
        time.sleep(0.2)
        self.assertLess(self.domain("path")[1], before[1], "ctrl and the wheel zoom")
        self.js(f"{self.chart('path')}.zoomTo(d3.zoomIdentity)")
        self.browser.wheel(*box, 200)
        time.sleep(0.4)
        self.assertEqual(self.domain("path"), before)
        self.assertGreater(self.js("return scrollY"), scrolled, "the wheel alone scrolls the page")
        self.js(f"{self.chart('path')}.zoomBy(2)")
        zoomed, scrolled = self.domain("path"), self.js("return scrollY")
        self.browser.wheel(*box, -100)
        time.sleep(0.4)
        self.assertEqual(self.domain("path"), zoomed)
        self.assertLess(self.js("return scrollY"), scrolled, "also where it is zoomed")
        self.js(f"{self.chart('path')}.zoomTo(d3.zoomIdentity)")
        # zoomed in, the error axis fits what is in sight
        y = self.domain("path", "y")
        self.js(f"const c = {self.chart('path')}; c.svg.call(c.zoom.scaleBy, 4, [0, 100])")
        self.assertLess(self.domain("path", "y")[1], 0.7 * y[1])

    def test_legend(self):
        self.assertEqual([e.text for e in self.browser.find_all("#path .entry")], ["up", "best", "fold"])
        lines = len(self.browser.find_all("#path .colour-up"))
        button = self.browser.find("#path .entry")
        self.see("path")
        button.click()
        self.assertEqual(button.get_attribute("aria-pressed"), "false")
        self.assertEqual(len(self.browser.find_all("#path .panel .colour-up")), 0)
        button.click()
        self.assertEqual(len(self.browser.find_all("#path .colour-up")), lines)

    def test_frames(self):
        self.see("residuals")
        slider = self.browser.find("#residuals input")
        first = self.js("return document.querySelector('#residuals .mark').getAttribute('transform')")
        slider.send_keys(Keys.HOME)
        self.assertEqual(self.browser.find("#residuals output").text.replace("\n", ""), "2\u221216")
        self.assertEqual(slider.get_attribute("aria-valuetext"), "2^-16")
        self.assertNotEqual(self.js("return document.querySelector('#residuals .mark').getAttribute('transform')"), first)
        self.see("traces")
        self.browser.find("#traces select").send_keys("best")
        self.assertIn("unit of rank 1", self.browser.find("#traces .stage svg").get_attribute("textContent"))

    # ---- keyboard and screen reader

    def test_keyboard(self):
        self.see("path")
        self.js("document.querySelector('#path .stage svg').focus()")
        said = lambda: self.js("return document.querySelector('#path [role=status]').textContent")
        self.browser.press(Keys.ARROW_RIGHT)
        points = self.j["walks"][0]["points"]
        self.assertEqual(said(), f"up: MSE = {points[0]['mse']:.5g} at lambda = 2^\u221216")
        self.browser.press(Keys.ARROW_RIGHT)
        self.assertEqual(said(), f"up: MSE = {points[1]['mse']:.5g} at lambda = 2^\u221215")
        self.browser.press(Keys.ARROW_DOWN)
        self.assertEqual(said(), f"best: MSE = {self.j['best']['points'][1]['mse']:.5g} at lambda = 2^\u221215")
        self.browser.press(Keys.END)
        self.assertTrue(said().endswith("lambda = 2^2"))
        self.browser.press(Keys.PAGE_DOWN)
        self.assertIn("sum of squared weights", said())
        before = self.domain("path")
        self.browser.press("+")
        self.assertLess(self.domain("path")[1], before[1])
        self.browser.press("0")
        self.assertEqual(self.domain("path"), before)
        self.browser.press(Keys.ARROW_RIGHT)
        self.browser.press(Keys.ESCAPE)
        self.assertTrue(self.js("return document.querySelector('#path .tip').hidden"))

    def test_everything_can_be_reached_and_has_a_name(self):
        self.js("window.scrollTo(0, 0); document.activeElement.blur()")
        reached = set()
        for _ in range(160):
            self.browser.press(Keys.TAB)
            where = self.js("const e = document.activeElement; const s = e.closest('section'); return e === document.body ? null : "
                            "[s ? s.id : '', e.tagName.toLowerCase()]")
            if where is None:
                break
            reached.add(tuple(where))
        for name in CHARTS:
            self.assertIn((name, "svg"), reached)
            self.assertIn((name, "button"), reached)
            self.assertIn((name, "summary"), reached)
        self.assertIn(("residuals", "input"), reached)
        self.assertIn(("traces", "select"), reached)
        for element in self.browser.find_all(".stage > svg"):
            self.assertGreater(len(element.get_attribute("aria-label")), 60)
        tree = self.browser.cdp("Accessibility.getFullAXTree")["nodes"]
        unnamed = [n["role"]["value"] for n in tree if not n.get("ignored") and n["role"]["value"] in ("button", "link", "slider", "combobox", "img")
                   and not n.get("name", {}).get("value")]
        self.assertEqual(unnamed, [])
        heads = [n for n in tree if n["role"]["value"] == "heading"]
        levels = [next(p["value"]["value"] for p in n["properties"] if p["name"] == "level") for n in heads]
        self.assertEqual(levels, [1] + [2] * (len(levels) - 1))
        self.assertEqual(self.js("const ids = [...document.querySelectorAll('[id]')].map((e) => e.id); return ids.length - new Set(ids).size"), 0)

    def test_numbers_behind_each_picture(self):
        for name in CHARTS:
            self.see(name)
            self.browser.find(f"#{name} .numbers summary").click()
            self.assertGreater(len(self.browser.find_all(f"#{name} .numbers tbody tr")), 15, name)
            self.browser.find(f"#{name} .numbers summary").click()
        self.assertIn(f"{self.j['walks'][0]['points'][0]['mse']:.5g}", self.js("return document.querySelector('#path .numbers table').textContent"))

    # ---- looks

    def contrast(self, a, b):
        def light(colour):
            parts = [int(x) / 255 for x in re.findall(r"\d+", colour)[:3]]
            r, g, b = (x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055)**2.4 for x in parts)
            return 0.2126 * r + 0.7152 * g + 0.0722 * b
        x, y = sorted((light(a), light(b)))
        return (y + 0.05) / (x + 0.05)

    def test_light_and_dark(self):
        for scheme, paper in (("light", "rgb(253, 252, 249)"), ("dark", "rgb(23, 24, 26)")):
            self.browser.scheme(scheme)
            colour = lambda selector, what: self.js("return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]", selector, what)
            self.assertEqual(colour("body", "backgroundColor"), paper)
            for selector, what in ((".verdict", "color"), (".objective", "color"), ("figcaption p", "color"), ("nav a", "color"), ("td", "color"),
                                   (".tick", "fill"), (".axis-label", "fill"), (".direct", "fill")):
                self.assertGreaterEqual(self.contrast(colour(selector, what), paper), 4.5, (scheme, selector))
            for name in ("up", "signal", "ink"):
                self.assertGreaterEqual(self.contrast(colour(f".trace.colour-{name} .line", "stroke"), paper), 3, (scheme, name))
            if PICTURES:
                self.browser.picture(os.path.join(PICTURES, f"{scheme}.png"))
        self.browser.scheme("light")

    def test_narrow_and_print(self):
        self.browser.cdp("Emulation.setDeviceMetricsOverride", width=360, height=740, deviceScaleFactor=1, mobile=True)
        time.sleep(0.3)
        self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), 360)
        self.assertLessEqual(self.js("return Math.max(...[...document.querySelectorAll('.stage svg')].map((s) => s.getBoundingClientRect().right))"), 360)
        if PICTURES:
            self.browser.picture(os.path.join(PICTURES, "narrow.png"))
        self.browser.cdp("Emulation.setDeviceMetricsOverride", width=1100, height=900, deviceScaleFactor=1, mobile=False)
        time.sleep(0.3)
        pdf = self.browser.pdf()
        self.assertEqual(pdf[:5], b"%PDF-")
        self.assertLessEqual(len(re.findall(rb"/Type */Page\b", pdf)), 8)
        if PICTURES:
            with open(os.path.join(PICTURES, "print.pdf"), "wb") as f:
                f.write(pdf)

    def test_without_scripts(self):
        plain = Browser(scripts=False)
        try:
            plain.open(self.file)
            text = plain.find("body").text
            self.assertIn("All 38 fits are certified minima", text)
            self.assertIn("The picture needs JavaScript", text)
            self.assertIn(f"{self.j['best']['points'][0]['mse']:.6f}", text)
        finally:
            plain.close()


class Harm(unittest.TestCase):
    """A table whose names are attacks, opened in a browser of its own."""

    @classmethod
    def setUpClass(cls):
        Page.folder = cls.folder = tempfile.mkdtemp(prefix="rwk-harm-")
        rows = [",".join(map(quoted, [*ATTACKS, TARGET]))]
        for i in range(40):
            x = [round(math.sin(1.7 * i * (j + 1) + j), 6) for j in range(len(ATTACKS))]
            rows.append(",".join(map(str, [*x, round(x[0] * x[1] + x[2], 6)])))
        name = f"<img src=x onerror={RUN}>.csv"
        with open(os.path.join(cls.folder, name), "w", encoding="utf-8") as f:
            f.write("\n".join(rows) + "\n")
        cls.file = Page.make("harm", os.path.join(cls.folder, name), TARGET, "--hidden", "3", "--lambda", "2^-8:2^-2", "--walk", "up,down,best",
                             "--starts", "2", "--effort", "low")
        cls.browser = Browser()
        began = time.time()
        cls.browser.open(cls.file)
        cls.seconds = time.time() - began

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        shutil.rmtree(cls.folder)

    def test_1_nothing_runs_and_nothing_is_asked(self):
        self.assertIsNone(self.browser.js("return window.pwned || null"))
        self.assertEqual(self.browser.messages(), [])
        for name in CHARTS:
            self.browser.js(f"document.getElementById('{name}').scrollIntoView()")
            self.browser.find(f"#{name} .numbers summary").click()
        for summary in self.browser.find_all(".fold-out > summary"):
            summary.click()
        svg = self.browser.find("#traces .stage svg")
        self.browser.js("arguments[0].focus()", svg)
        for _ in range(12):
            self.browser.press(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
        self.assertIsNone(self.browser.js("return window.pwned || null"))
        self.assertEqual(self.browser.js("return document.title"), f"<img src=x onerror={RUN}>.csv - ridgewalk")
        self.assertEqual(self.browser.js("return document.querySelectorAll('img, iframe, object, embed, script:not([type])').length"), 1)
        self.assertEqual(self.browser.messages(), [])
        asked = [a for a in self.browser.requests() if not a.startswith("data:")]
        self.assertEqual([a for a in asked if not (a.startswith("file://") and a.endswith("/harm.html"))], [])
        self.assertTrue(asked, "the log of requests works")

    def test_2_names_are_shown_as_they_are(self):
        names = self.browser.js("return page.data.charts.find((c) => c.name === 'traces').frames[0].panels.slice(-1)[0].traces.map((t) => t.name)")
        for name in ATTACKS:
            shown = name.replace("\u202e", "\ufffd").replace("\u202c", "\ufffd")
            self.assertIn(shown, names)
        self.assertIn(TARGET, self.browser.find("#settings .settings").text)

    def test_4_pictures_and_dialogs(self):
        """Figures opened by themselves, and the report from standard output: names are text there too, and nothing asks anybody anything."""
        opened = Browser()
        self.addCleanup(opened.close)
        names = []
        for what in ("path", "envelope", "traces", "residuals"):
            Page.run_program("plot", "harm.rwk", "--what", what, "--out", f"{what}.svg", "--quiet")
            names.append(f"{what}.svg")
        with open(os.path.join(self.folder, "again.html"), "w", encoding="utf-8") as f:
            f.write(Page.run_program("report", "harm.rwk", "--out", "-", "--quiet"))
        for name in (*names, "again.html"):
            opened.open(os.path.join(self.folder, name))
            if name.endswith(".svg"):
                self.assertEqual(opened.js("return document.documentElement.nodeName"), "svg", name)  # well-formed, no page of errors
                self.assertEqual(opened.js("return document.querySelectorAll('script, foreignObject, image, a, parsererror, [onload]').length"), 0)
            self.assertIsNone(opened.js("return window.pwned || null"), name)
            self.assertRaises(Exception, lambda: opened.driver.switch_to.alert.text)
            self.assertEqual(opened.messages(), [], name)

    def test_3_the_policy_holds(self):
        """Were something to get in after all, it could neither run nor call out."""
        self.browser.js("const s = document.createElement('script'); s.textContent = 'window.pwned = 2'; document.body.appendChild(s);"
                        "const i = new Image(); i.src = 'http://127.0.0.1:9/'; document.body.appendChild(i);"
                        "document.body.insertAdjacentHTML('beforeend', '<b onclick=\"window.pwned=3\" id=trap>x</b>');"
                        "document.getElementById('trap').click(); fetch('http://127.0.0.1:9/').catch(() => {});"
                        "const f = document.createElement('form'); f.action = 'http://127.0.0.1:9/'; document.body.appendChild(f); f.submit();")
        time.sleep(0.3)
        self.assertIsNone(self.browser.js("return window.pwned || null"))
        said = " ".join(self.browser.messages())
        for word in ("script", "img-src", "form-action", "connect"):
            self.assertIn(word, said)
        self.assertTrue(self.browser.js("return location.protocol") == "file:")
        self.assertEqual([a for a in self.browser.requests() if a.startswith("http") and "127.0.0.1" not in a], [])

    def test_4_size_and_time(self):
        size = os.path.getsize(self.file)
        print(f"{size / 1e3:.0f} kB, opened and drawn in {self.seconds:.2f} s", file=sys.stderr)
        self.assertLess(size, 3_000_000)


if __name__ == "__main__":
    want_browser()
    unittest.main(argv=[sys.argv[0], "-v"])
