"""Search through the program: what a trial scores, the same trials after a kill, the winner as a model, and what is refused."""
import math
import os
import signal
import subprocess
import time
from harness import Case, DIABETES, PROGRAM, YACHT, main

FAST = ("--target", "progression", "--hidden", "1:4", "--lambda", "2^-6:2^0", "--trials", "6", "--folds", "3")


def without_times(j):
    j = dict(j)
    for key in ("seconds",):
        j.pop(key, None)
    j["trials"] = [{k: v for k, v in t.items() if k != "seconds"} for t in j["trials"]]
    if "best" in j:
        j["best"] = {k: v for k, v in j["best"].items() if k != "seconds"}
    return j


class Search(Case):
    def search(self, data, *args, **kw):
        if "--out" not in args:
            args = (*args, "--out", self.file(f"{len(os.listdir(self.folder))}.rwk"))
        return self.json("search", data, *args, **kw)

    def test_a_trial_is_a_cross_validation(self):
        """One trial at one penalty, against cv of the same network and folds: on yacht with one unit both find the one minimum there is."""
        same = ("--hidden", "1", "--lambda", "0.03", "--folds", "4", "--seed", "3")
        j = self.search(YACHT, *same, "--trials", "1")
        cv = self.json("cv", YACHT, *same, "--starts", "3", "--out", self.file("cv.rwk"))
        self.assertAlmostEqual(j["best"]["mean"], cv["mean"][0], delta=1e-7)
        self.assertAlmostEqual(j["best"]["se"], cv["se"][0], delta=1e-7)
        self.assertEqual((j["best"]["fits"], j["best"]["certified"], j["best"]["hidden"]), (4, 4, [1]))

    def test_conventions_are_one_search(self):
        """alpha = n lambda: the same trials, the same errors."""
        ours = self.search(DIABETES, *FAST)
        n = 442
        args = [a if a != "2^-6:2^0" else f"{2.0**-6 * n!r}:{float(n)!r}" for a in FAST]
        theirs = self.search(DIABETES, *args, "--convention", "sklearn")
        for a, b in zip(ours["trials"], theirs["trials"]):
            self.assertAlmostEqual(b["lambda"], n * a["lambda"], delta=1e-9 * n)
            self.assertAlmostEqual(a["mean"], b["mean"], delta=1e-5)

    def test_holdout(self):
        j = self.search(YACHT, "--hidden", "1:2", "--trials", "4", "--holdout", "0.25")
        self.assertTrue(j["holdout"])
        self.assertEqual([t["fits"] for t in j["trials"]], [1] * 4)
        self.assertEqual(j["folds"], 4)
        self.assertTrue(all(t["se"] > 0 for t in j["trials"]))

    def test_what_is_said_hangs_together(self):
        out = self.file("d.rwk")
        j = self.search(DIABETES, *FAST, "--activation", "tanh,logistic", "--depth", "1:2", "--out", out)
        self.assertEqual(len(j["trials"]), 6)
        means = [t["mean"] for t in j["trials"]]
        self.assertEqual(j["best"], min(j["trials"], key=lambda t: t["mean"]))
        self.assertAlmostEqual(sum(t["chance"] for t in j["trials"]), 1, delta=1e-9)
        self.assertAlmostEqual(j["expected"], sum(t["chance"] * t["mean"] for t in j["trials"]), delta=1e-9)
        self.assertAlmostEqual(j["efficiency"][0]["mean"], sum(means) / 6, delta=1e-9)
        self.assertEqual(j["efficiency"][5]["mean"], min(means))
        for t in j["trials"]:
            self.assertIn(t["activation"], ("tanh", "logistic"))
            self.assertIn(len(t["hidden"]), (1, 2))
            self.assertTrue(2**-6 <= t["lambda"] <= 1 and 1 <= t["hidden"][0] <= 4)
        self.assertEqual(self.json("runs", "show", out), j, "from the file alone")
        text = self.expect(0, "runs", "show", out).stdout
        self.assertIn("Best: trial %d" % j["best"]["trial"], text)
        self.assertIn("fits are certified minima", text)
        self.assertIn("6 trials, finished", self.expect(0, "runs", out).stdout)

    def test_the_winner_is_a_model(self):
        out = self.file("d.rwk")
        j = self.search(DIABETES, *FAST, "--activation", "tanh,logistic", "--out", out)
        best = j["best"]
        again = self.path("--hidden", ",".join(map(str, best["hidden"])), "--activation", best["activation"], "--lambda", repr(best["lambda"]),
                          "--walk", "up,best", "--starts", "5")
        self.assertAlmostEqual(again["best"]["points"][0]["mse"], j["mse"], delta=1e-3)
        rows = self.expect(0, "predict", out, DIABETES, "--quiet").stdout.split()
        self.assertEqual(len(rows), 443)
        with open(DIABETES, encoding="utf-8") as f:
            names = f.readline().strip().split(",")
            y = [float(line.split(",")[names.index("progression")]) for line in f]
        mean = sum(y) / 442
        variance = sum((v - mean) ** 2 for v in y) / 442
        self.assertAlmostEqual(sum((float(p) - v) ** 2 for p, v in zip(rows[1:], y)) / 442 / variance, j["mse"], delta=1e-9)
        self.assertIn("progression.se", self.expect(0, "predict", out, DIABETES, "--se", "--quiet").stdout)
        self.assertIn(best["activation"] if best["activation"] != "logistic" else "exp", self.expect(0, "export", out, "--format", "c").stdout)
        self.expect(0, "report", out, "--quiet")
        with open(self.file("d.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertIn('id="search"', page)
        self.assertIn("ridgewalk search", page)
        for kind in ("svg", "png", "pdf"):
            self.expect(0, "plot", out, "--what", "search", "--out", self.file(f"s.{kind}"), "--quiet")
        with open(self.file("s.svg"), encoding="utf-8") as f:
            self.assertIn("Best of m trials", f.read())
        self.assertIn("Nothing to explain", self.expect(0, "explain", out).stdout)

    def test_a_page_of_a_path_has_no_search(self):
        self.path("--hidden", "1", "--lambda", "0.1,1", "--walk", "up", "--out", "p.rwk")
        self.expect(0, "report", "p.rwk", "--quiet")
        with open(self.file("p.html"), encoding="utf-8") as f:
            self.assertNotIn('id="search"', f.read())
        self.expect(3, "plot", "p.rwk", "--what", "search", say="is no search")

    def test_same_bits(self):
        a, b, c = (self.search(DIABETES, *FAST, "--threads", t, "--seed", s, "--draw", "sobol") for t, s in ((1, 5), (3, 5), (1, 6)))
        self.assertEqual(without_times(a), without_times(b))
        self.assertNotEqual([t["lambda"] for t in a["trials"]], [t["lambda"] for t in c["trials"]])
        more = self.search(DIABETES, *FAST[:-4], "--trials", "8", "--folds", "3", "--seed", "5", "--draw", "sobol")
        self.assertEqual([t["mean"] for t in more["trials"][:6]], [t["mean"] for t in a["trials"]], "trial i is the same of 6 and of 8")

    def test_killed_and_interrupted(self):
        args = ("search", DIABETES, "--target", "progression", "--hidden", "4:12", "--lambda", "2^-12:2^-2", "--trials", "30", "--quiet",
                "--threads", "1")
        t = time.time()
        whole = self.json(*args[:-3], "--threads", "1", "--out", "whole.rwk")
        t = time.time() - t
        killed = 0
        for k, kind in enumerate((signal.SIGKILL, signal.SIGINT)):
            out = self.file(f"{k}.rwk")
            p = subprocess.Popen([PROGRAM, *args, "--out", out], cwd=self.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(t * (0.35 + 0.2 * k))
            if p.poll() is None and os.path.exists(out):
                p.send_signal(kind)
                killed += 1
                p.wait()
                if kind == signal.SIGINT:
                    self.assertEqual(p.returncode, 130)
                text = self.expect(0, "runs", out).stdout
                self.assertIn("ridgewalk search --resume", text)
                self.assertIn("Not finished", self.expect(0, "runs", "show", out).stdout)
                kept = self.json("runs", "show", out)
                self.assertFalse(kept["finished"])
                self.expect(3, "predict", out, DIABETES, say="resume it first")
                self.expect(3, "report", out, say="not finished")
            p.wait()
            self.expect(2, "path", "--resume", out, say="was made by search")
            self.expect(2, "search", "--resume", out, "--trials", "31", say="--trials")
            j = self.json("search", "--resume", out)
            self.assertEqual(without_times(j), without_times(whole))
            self.assertEqual(self.json("runs", "resume", out), j, "finished: only shown")
            self.assertEqual([n for n in os.listdir(self.folder) if n.startswith(f"{k}.rwk-")], [])
        self.assertGreater(killed, 0)

    def test_grid(self):
        j = self.search(DIABETES, "--target", "progression", "--draw", "grid", "--trials", "9", "--hidden", "2:9", "--lambda", "0.01:1", "--folds", "3")
        self.assertEqual(len(j["trials"]), 9)
        penalties = sorted({round(math.log10(t["lambda"]), 9) for t in j["trials"]})
        self.assertEqual(len(penalties), 3)
        self.assertEqual(len({t["hidden"][0] for t in j["trials"]}), 3)

    def test_wrong_words(self):
        for code, args, say in ((2, ("--trials", "0"), "--trials"), (2, ("--hidden", "0:4"), "--hidden"), (2, ("--hidden", "8,4"), "--hidden"),
                                (2, ("--hidden", "8:4"), "--hidden"), (2, ("--lambda", "1:0.1"), "--lambda"), (2, ("--lambda", "0.1,1"), "--lambda"),
                                (2, ("--depth", "0"), "--depth"), (2, ("--depth", "1:1000"), "--depth"), (2, ("--activation", "tanh,swish"), "swish"),
                                (2, ("--activation", "tanh,tanh"), "given twice"), (2, ("--solver", "newton,newton"), "given twice"),
                                (2, ("--solver", "magic"), "magic"), (2, ("--draw", "lots"), "--draw"), (2, ("--holdout", "0.7"), "--holdout"),
                                (2, ("--holdout", "0"), "--holdout"), (2, ("--holdout", "0.2", "--folds", "3"), "exclude each other"),
                                (2, ("--walk", "up"), "no option --walk"), (2, ("--trial", "3"), "did you mean --trials"),
                                (3, ("--folds", "443"), "442 rows cannot make 443 folds")):
            self.expect(code, "search", DIABETES, "--target", "progression", "--out", "n.rwk", *args, say=say)
            self.assertFalse(os.path.exists(self.file("n.rwk")), args)
        self.expect(2, "search", say="search wants one table")
        constant = self.file("c.csv", "x,y\n" + "".join(f"{k},5\n" for k in range(20)))
        self.expect(3, "search", constant, "--trials", "2")


if __name__ == "__main__":
    main()
