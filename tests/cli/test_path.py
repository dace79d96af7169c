"""The path of a real table: what is promised of it, and that its numbers do not depend on how it was run."""
import csv
import os
import shutil
import signal
import subprocess
import sys
import time
from harness import Case, DIABETES, PROGRAM, YACHT, main, numbers

LADDER = ("--activation", "tanh", "--lambda", "2^-16:2^2", "--walk", "up")


class Path(Case):
    def certified(self, j, points):
        for w in j["walks"]:
            self.assertEqual(len(w["points"]), points)
            for p in w["points"]:
                self.assertIn(p["verdict"], ("strict_min", "degenerate_min"), p)
                self.assertFalse(p["escapable"])
                self.assertLessEqual(p["grad_inf"], 1e-8)

    def test_ladder_of_16(self):
        j = self.path("--hidden", "16", *LADDER, "--seed", "0")
        self.certified(j, 19)
        self.assertTrue(j["certified"])
        self.assertEqual(j["lambda"], [2.0**k for k in range(-16, 3)])
        self.assertEqual(j["data"], {"rows": 442, "features": 10, "targets": 1})
        self.assertEqual(j["network"], {"layers": [10, 16, 1], "activation": "tanh", "parameters": 193})

    def test_ladders_of_8(self):
        for seed in range(5):
            self.certified(self.path("--hidden", "8", *LADDER, "--seed", seed), 19)

    def test_two_hidden_layers_and_relu(self):
        j = self.path("--hidden", "5,3", "--lambda", "2^-10:2^0")
        self.certified(j, 11)
        self.assertIsNone(j["lambda_c"])
        self.assertGreater(j["lambda_collapse"], 0)
        down = [w for w in j["walks"] if w["name"] == "down"][0]
        self.assertTrue(all(p["penalty"] == 0 for p in down["points"]), "zero is a strict minimum: no way down from it")
        j = self.path("--hidden", "4", "--activation", "relu", "--lambda", "2^-8:2^0", "--walk", "up")
        known = {"strict_min", "degenerate_min", "nonsmooth", "inconclusive", "saddle", "not_stationary"}
        self.assertTrue(all(p["verdict"] in known for p in j["walks"][0]["points"]))

    def test_early_stop_is_called_by_its_name(self):
        j = self.path("--hidden", "16", *LADDER, "--solver", "lbfgs", "--max-iter", "200", codes=(1,))
        drops = j["walks"][0]["drops"]
        self.assertTrue([d for d in drops if d["cause"] == "unconverged"])
        for d in drops:
            self.assertLess(d["mse_to"], d["mse_from"])
            a, b = d["evidence"]["excess_from"], d["evidence"]["excess_to"]
            self.assertAlmostEqual(d["to"] * a + d["from"] * b, (d["to"] - d["from"]) * (d["mse_from"] - d["mse_to"]), delta=1e-12)

    def test_conventions_are_one_problem(self):
        n = 308
        a = self.path("--hidden", "3", "--lambda", "2^-6:2^0", "--walk", "up", data=YACHT, target="residuary_resistance")
        for name, factor in (("half-sse", n), ("sklearn", n), ("keras", 1)):
            b = self.path("--hidden", "3", "--lambda", f"{factor * 2**-6}:{factor}", "--walk", "up", "--convention", name, data=YACHT,
                          target="residuary_resistance")
            for p, q in zip(a["walks"][0]["points"], b["walks"][0]["points"]):
                self.assertAlmostEqual(q["lambda"], factor * p["lambda"])
                self.assertAlmostEqual(q["mse"], p["mse"], delta=1e-6)
        b = self.path("--hidden", "3", "--lambda", f"{n * 2**-6}:{n}", "--walk", "up", "--convention", "nnet", data=YACHT,
                      target="residuary_resistance")
        p = b["walks"][0]["points"][0]
        self.assertAlmostEqual(p["objective"], n * p["mse"] + p["lambda"] * p["penalty"], delta=1e-9)

    def test_threads(self):
        args = ("--hidden", "5", "--lambda", "2^-8:2^0", "--starts", "3", "--seed", "4")
        one, two = self.path(*args, "--threads", "1"), self.path(*args, "--threads", "2")
        self.assertEqual(numbers(one), numbers(two))
        self.assertEqual([(w["name"], w["start"]) for w in one["walks"]],
                         [("up", 0), ("up", 1), ("up", 2), ("down", 0), ("down", 1), ("down", 2), ("cold", 0)])

    def test_text(self):
        r = self.expect(0, "path", DIABETES, "--target", "progression", "--hidden", "4", "--lambda", "2^-8:2^2", "--out", "t.rwk",
                        env={**os.environ, "LC_ALL": "C"})
        for part in ("442 rows, 10 features; net 10-4-1 tanh, 49 weights and biases", "nnet: decay = 442 lambda", "2^-8", "strict minimum",
                     "smallest eig", "MSE up", "All weights are zero from", "Run file: t.rwk"):
            self.assertIn(part, r.stdout)
        self.assertEqual(r.stderr, "")
        self.assertTrue(r.stdout.isascii())
        again = self.expect(0, "runs", "show", "t.rwk", env={**os.environ, "LC_ALL": "C"})
        self.assertEqual(again.stdout, r.stdout)
        self.assertIn("t.rwk", self.expect(0, "runs").stdout)
        self.assertEqual(self.expect(0, "path", DIABETES, "--hidden", "2", "--lambda", "1", "--quiet").stdout, "")

    def test_files_are_not_overwritten(self):
        args = ("path", DIABETES, "--hidden", "2", "--lambda", "1", "--walk", "up", "--quiet")
        self.expect(0, *args)
        self.expect(0, *args)
        self.assertEqual(sorted(os.listdir(self.folder)), ["diabetes-2.rwk", "diabetes.rwk"])
        self.expect(2, *args, "--out", "diabetes.rwk", say="--resume")
        self.expect(0, *args, "--out", "diabetes.rwk", "--force")

    def test_init(self):
        w = '{"layers":[{"W":[[1,0.5]],"b":[0.1,0.2]},{"W":[[1],[-1]],"b":[0]}]}'
        d = self.file("d.csv", "x,y\n" + "".join(f"{x},{abs(x - 3)}\n" for x in range(9)))
        a = self.json("path", d, "--hidden", "2", "--lambda", "2^-6:2^-2", "--walk", "up", "--init", self.file("w.json", w), "--out", "i.rwk")
        os.remove(self.file("w.json"))
        b = self.json("path", "--resume", "i.rwk")
        self.assertEqual(numbers(a), numbers(b))

    def test_predictions_reproduce_the_fit(self):
        out = self.file("p.rwk")
        j = self.path("--hidden", "4", "--lambda", "2^-6:2^0", "--walk", "up", "--out", out)
        with open(DIABETES, encoding="utf-8") as f:
            rows = list(csv.reader(f))
        y = [float(r[-1]) for r in rows[1:]]
        mean = sum(y) / len(y)
        variance = sum((v - mean) ** 2 for v in y) / len(y)
        shuffled = self.file("s.csv", "".join(",".join(r[-2::-1]) + "\n" for r in rows))  # other order, no target
        for k in range(-6, 1):
            r = self.expect(0, "predict", out, shuffled, "--lambda", f"2^{k}")
            p = list(csv.reader(r.stdout.splitlines()))
            self.assertEqual(p[0], ["progression"])
            mse = sum((float(a[0]) - b) ** 2 for a, b in zip(p[1:], y)) / len(y) / variance
            self.assertAlmostEqual(mse, j["walks"][0]["points"][k + 6]["mse"], delta=1e-12)
        self.expect(2, "predict", out, shuffled, "--lambda", "0.3", say="the nearest is at 2^-2")
        self.expect(2, "predict", out, shuffled, say="--lambda is needed")
        with open(shuffled, encoding="utf-8") as f:
            renamed = self.file("r.csv", f.read().replace("bmi", "BMI", 1))
        self.expect(3, "predict", out, renamed, "--lambda", "1", say="no column 'bmi'; did you mean 'BMI'?")

    def test_from_another_folder(self):
        shutil.copy(YACHT, self.file("y.csv"))
        self.expect(0, "path", "y.csv", "--hidden", "2", "--lambda", "2^-2:1", "--walk", "up", "--out", "y.rwk", "--quiet")
        os.mkdir(self.file("sub"))
        self.json("path", "--resume", "../y.rwk", cwd=self.file("sub"))


class Resume(Case):
    ARGS = ("--target", "progression", "--hidden", "6", "--lambda", "2^-10:2^2", "--starts", "2", "--seed", "3", "--effort", "low", "--quiet")

    def begin(self, out):
        return subprocess.Popen([PROGRAM, "path", DIABETES, *self.ARGS, "--out", out], cwd=self.folder, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def test_killed_and_resumed(self):
        t = time.time()
        whole = self.json("path", DIABETES, *self.ARGS[:-1], "--out", "whole.rwk")
        t = time.time() - t
        killed = 0
        for k in range(4):
            out = self.file(f"{k}.rwk")
            p = self.begin(out)
            for share in (0.15 + 0.1 * k, 0.3):
                time.sleep(t * share)
                if p.poll() is None and os.path.exists(out):
                    p.send_signal(signal.SIGKILL)
                    killed += 1
                p.wait()
                p.stderr.close()
                if not os.path.exists(out):
                    p = self.begin(out)
                    continue
                p = subprocess.Popen([PROGRAM, "path", "--resume", out, "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            p.wait()
            p.stderr.close()
            self.assertEqual(numbers(self.json("path", "--resume", out)), numbers(whole))
            self.assertEqual([n for n in os.listdir(self.folder) if n.startswith(f"{k}.rwk-")], [], "one file when done")
        self.assertGreater(killed, 2)

    def test_interrupted(self):
        out = self.file("i.rwk")
        p = subprocess.Popen([PROGRAM, "path", DIABETES, "--target", "progression", "--hidden", "60", "--lambda", "2^-16:2^2", "--starts", "4",
                              "--out", out], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while not os.path.exists(out):
            time.sleep(0.02)
        time.sleep(0.7)
        t = time.time()
        p.send_signal(signal.SIGINT)
        _, err = p.communicate(timeout=60)
        self.assertEqual(p.returncode, 130)
        if "sanitize" not in os.environ.get("ASAN_OPTIONS", "") and not os.environ.get("TSAN_OPTIONS") and not os.environ.get("ASAN_OPTIONS"):
            self.assertLess(time.time() - t, 1)
        self.assertIn("go on with: ridgewalk path --resume", err)
        self.assertIn("--resume", self.expect(0, "runs", out).stdout)

    def test_changed_data(self):
        d = self.file("d.csv", "x,y\n1,2\n2,3\n3,5\n4,4\n")
        self.expect(0, "path", d, "--hidden", "1", "--lambda", "2^-2:1", "--out", "d.rwk", "--quiet")
        self.expect(2, "path", "--resume", "d.rwk", "--hidden", "2", say="was made with 1")
        moved = shutil.move(d, self.file("moved.csv"))
        self.expect(3, "path", "--resume", "d.rwk", say="is gone")
        self.expect(0, "path", moved, "--resume", "d.rwk", "--quiet")
        self.file("d.csv", "x,y\n1,2\n2,3\n3,5\n4,4.5\n")
        self.expect(3, "path", "--resume", "d.rwk", say="has changed")


if __name__ == "__main__":
    main()
