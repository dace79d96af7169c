"""Classification through the program: what is taken for a class, losses that are what predictions say, certificates, the choice of a penalty, and
everything that is made of a run."""
import csv
import ctypes
import io
import json
import math
import os
import random
import shutil
import subprocess
from harness import Case, DIABETES, main
from onnx_reader import Model

FAST = ("--hidden", "2", "--lambda", "2^-8:2^-4:4", "--no-explain", "--walk", "up,best", "--effort", "low")


def table(kinds, n=60, seed=3):
    """Two inputs, a colour, and a class that depends on them by chance; kinds(k) is its label."""
    r, rows = random.Random(seed), ["a,b,colour,kind"]
    for i in range(n):
        k = i % 3
        a, b = r.gauss((0, 1.5, -1)[k], 1), r.gauss((1, -0.5, -1)[k], 1)
        rows.append(f"{a:.4f},{b:.4f},{('red', 'green')[r.random() < 0.3 + 0.4 * (k == 1)]},{kinds(k)}")
    return "\n".join(rows) + "\n"


THREE = table(("red", "green", "blue").__getitem__)
TWO = table(("no", "yes", "no").__getitem__)


class Classes(Case):
    def walked(self, text, *args, name="t"):
        data, run = self.file(name + ".csv", text), self.file(name + ".rwk")
        return data, run, self.json("path", data, *FAST, *args, "--out", run)

    def predicted(self, run, data, *args, lam="2^-6"):
        r = self.run_program("predict", run, data, "--lambda", lam, *args)
        self.assertIn(r.returncode, (0, 1), r.stderr)
        header, *rows = csv.reader(io.StringIO(r.stdout))
        return header, [(row[0], [float(x) for x in row[1:]]) for row in rows], r.stderr

    def labels(self, text):
        return [row["kind"] for row in csv.DictReader(io.StringIO(text))]

    def test_predictions_and_losses_are_of_one_mind(self):
        """The loss of a fit is the mean of -log of the probability that predict gives the class of the row, J adds the penalty, and accuracy
        counts the rows whose likeliest class is theirs."""
        for text, loss, classes in ((THREE, "softmax", ["blue", "green", "red"]), (TWO, "logistic", ["no", "yes"])):
            data, run, j = self.walked(text, name=loss)
            self.assertEqual((j["loss"], j["classes"], j["network"]["layers"][-1]), (loss, classes, len(classes) if loss == "softmax" else 1))
            p = j["best"]["points"][1]
            header, rows, said = self.predicted(run, data)
            self.assertEqual(header, ["kind"] + [c + ".p" for c in classes])
            truth = self.labels(text)
            mean = sum(-math.log(probabilities[classes.index(t)]) for (_, probabilities), t in zip(rows, truth)) / len(rows)
            self.assertAlmostEqual(p["loss"], mean, 12)
            self.assertIsNone(p["mse"])
            self.assertAlmostEqual(p["objective"], p["loss"] + p["lambda"] * p["penalty"], 12)
            right = sum(label == t for (label, _), t in zip(rows, truth))
            self.assertAlmostEqual(p["accuracy"], right / len(rows), 12)
            self.assertIn(f"accuracy here: {100 * right / len(rows):.2f}% ({right} of {len(rows)} rows)", said)
            for label, probabilities in rows:
                self.assertAlmostEqual(sum(probabilities), 1, 12)
                self.assertEqual(label, classes[probabilities.index(max(probabilities))])
            self.assertTrue(all(q["verdict"] == "strict_min" for w in [*j["walks"], j["best"]] for q in w["points"]))

    def test_what_is_a_class(self):
        numbers, few = table((1.5, 2.5, 1.5).__getitem__), table((7, 10, 9).__getitem__)
        for text, args, loss, classes in (
                (numbers, (), "mse", None), (few, (), "mse", None), (few, ("--loss", "mse"), "mse", None),
                (numbers, ("--loss", "auto"), "logistic", ["1.5", "2.5"]), (few, ("--loss", "auto"), "softmax", ["7", "9", "10"]),
                (few, ("--categories", "kind"), "softmax", ["7", "9", "10"]), (TWO, ("--loss", "softmax"), "softmax", ["no", "yes"]),
                (numbers, ("--loss", "logistic"), "logistic", ["1.5", "2.5"]), (THREE, ("--loss", "auto"), "softmax", ["blue", "green", "red"])):
            j = self.walked(text, *args, "--force")[2]
            self.assertEqual((j["loss"], j.get("classes")), (loss, classes))
        j = self.json("path", DIABETES, "--loss", "auto", "--hidden", "1", "--lambda", "1", "--out", self.file("d.rwk"))
        self.assertEqual(j["loss"], "mse")  # more than 20 different numbers
        r = self.run_program("path", self.file("n.csv", numbers), *FAST, "--out", self.file("n.rwk"))
        self.assertIn("the target has two different values, and is fitted as a number; --loss logistic", r.stderr)

    def test_refusals(self):
        three, two = self.file("three.csv", THREE), self.file("two.csv", TWO)
        out = ("--out", self.file("r.rwk"))
        self.expect(3, "path", three, *FAST, "--loss", "logistic", *out, say="the target has 3 classes; --loss softmax takes any number")
        self.expect(2, "path", three, *FAST, "--loss", "hinge", *out, say="'hinge' is none of auto, mse, logistic, softmax")
        self.expect(3, "path", three, *FAST, "--loss", "mse", *out, say="target 'kind': 'red' is not a number")
        self.expect(2, "path", two, *FAST, "--convention", "half-sse", *out, say="its objective is of squared errors")
        self.expect(3, "path", self.file("one.csv", table(lambda k: "x")), *FAST, *out, say="all rows are of one class")
        self.expect(3, "path", DIABETES, *FAST, "--loss", "softmax", *out, say="a class wants several rows")
        self.expect(3, "path", three, *FAST, "--target", "kind,a", *out, say="target 'kind': 'red' is not a number")
        self.expect(3, "path", three, *FAST, "--target", "kind,a", "--loss", "softmax", *out, say="2 targets; classes are of one column")
        self.assertFalse(os.path.exists(self.file("r.rwk")))
        run = self.walked(TWO)[1]
        self.expect(2, "predict", run, two, "--lambda", "2^-6", "--se", say="standard errors are of numbers")

    def test_text_and_picture(self):
        data = self.file("t.csv", THREE)
        r = self.expect(0, "path", data, "--hidden", "2", "--lambda", "2^-8:2^-2", "--walk", "up", "--out", self.file("t.rwk"))
        self.assertIn("J = CE/n + lambda R", r.stdout)
        self.assertIn("(softmax) of 3 classes: blue, green, red", r.stdout)
        self.assertIn("sklearn: alpha = 120 lambda", r.stdout)  # CE/n + alpha/(2n) R
        self.assertIn("loss up", r.stdout)
        self.assertIn("accuracy", r.stdout)
        self.assertNotIn("MSE", r.stdout)
        shown = self.expect(0, "runs", "show", self.file("t.rwk"))
        self.assertIn(r.stdout.splitlines()[5], shown.stdout)  # a line of the table, accuracy and all
        explained = self.expect(0, "explain", self.file("t.rwk"), "--from", "2^-6")
        self.assertIn("dloss/dlambda", explained.stdout)
        self.assertNotIn("MSE", explained.stdout)
        self.expect(0, "report", self.file("t.rwk"), "--quiet")
        with open(self.file("t.html"), encoding="utf-8") as f:
            page = f.read()
        self.assertIn("Mean cross-entropy", page)
        self.assertNotIn("Mean squared error", page)
        for what in ("path", "traces", "residuals", "spectrum"):
            self.expect(0, "plot", self.file("t.rwk"), "--what", what, "--quiet")

    def test_certify(self):
        """Weights that leave the program come back as the same minimum, with a shift of all output biases that softmax does not see, too."""
        data, run, j = self.walked(THREE)
        out = self.file("w.json")
        self.expect(0, "export", run, "--lambda", "2^-6", "--out", out, "--quiet")
        with open(out, encoding="utf-8") as f:
            w = json.load(f)
        self.assertEqual((w["loss"], w["recipe"]["classes"]), ("softmax", {"column": "kind", "labels": ["blue", "green", "red"]}))
        p = j["best"]["points"][1]
        c = self.json("certify", data, "--weights", out, "--lambda", "2^-6")
        self.assertEqual((c["accuracy"], c["verdict"]), (p["accuracy"], p["verdict"]))
        for key in ("loss", "objective", "penalty"):
            self.assertAlmostEqual(c[key], p[key], 13)  # its output biases are made to sum to 0 once more
        w["layers"][-1]["b"] = [b + 3 for b in w["layers"][-1]["b"]]
        shifted = self.json("certify", data, "--weights", self.file("s.json", json.dumps(w)), "--lambda", "2^-6")
        self.assertEqual(shifted["verdict"], "strict_min")
        self.assertAlmostEqual(shifted["objective"], p["objective"], 13)
        self.assertEqual(self.json("certify", data, "--weights", out, "--lambda", "2^-5")["verdict"], "not_stationary")
        said = self.expect(0, "certify", data, "--weights", out, "--lambda", "2^-6").stdout
        self.assertIn("mean cross-entropy", said)
        self.assertIn("softmax over 3 classes, accuracy in sample", said)

    def test_conventions(self):
        """R's nnet sums where ours takes means: the same minimum, with biases penalised."""
        data = self.file("t.csv", TWO)
        ours = self.json("path", data, "--hidden", "2", "--lambda", "2^-5", "--walk", "up", "--penalise-biases", "--out", self.file("a.rwk"))
        nnet = self.json("path", data, "--hidden", "2", "--lambda", str(60 * 2 ** -5), "--walk", "up", "--convention", "nnet", "--out",
                         self.file("b.rwk"))
        a, b = ours["walks"][0]["points"][0], nnet["walks"][0]["points"][0]
        self.assertAlmostEqual(60 * a["objective"], b["objective"], 8)
        self.assertAlmostEqual(a["loss"], b["loss"], 8)
        self.assertEqual(nnet["convention"]["objective"], "CE + decay R")

    def test_cross_validation(self):
        """The curve is the mean over held-out rows of -log p, p from a path of the other rows, worked out here by path and predict."""
        for text, loss in ((THREE, "softmax"), (TWO, "logistic")):
            lines = text.splitlines()
            folds = [i // 3 % 3 for i in range(len(lines) - 1)]
            data = self.file("cv.csv", "\n".join([lines[0] + ",fold"] + [f"{x},{k}" for x, k in zip(lines[1:], folds)]) + "\n")
            run = self.file("cv.rwk")
            j = self.json("cv", data, "--target", "kind", "--fold-column", "fold", *FAST, "--force", "--out", run)
            self.assertEqual((j["loss"], j["folds"]), (loss, 3))
            self.assertIsNone(j["rmse"])
            sums, right = [0.0] * len(j["lambda"]), [0] * len(j["lambda"])
            for k in range(3):
                held = "\n".join([lines[0]] + [x for x, f in zip(lines[1:], folds) if f == k]) + "\n"
                rest = "\n".join([lines[0]] + [x for x, f in zip(lines[1:], folds) if f != k]) + "\n"
                one = self.walked(rest, "--force", name="fold")[1]
                for i, lam in enumerate(j["lambda"]):
                    _, rows, _ = self.predicted(one, self.file("held.csv", held), "--walk", "best", lam=repr(lam))
                    for (label, p), truth in zip(rows, self.labels(held)):
                        sums[i] -= math.log(p[j["classes"].index(truth)])
                        right[i] += label == truth
            for mean, total in zip(j["mean"], sums):
                self.assertAlmostEqual(mean, total / 60, 10)
            for choice in ("min", "1se"):
                self.assertAlmostEqual(j["accuracy"][choice], right[j["lambda"].index(j["lambda_" + choice])] / 60, 12)
            shown = self.run_program("runs", "show", run).stdout
            self.assertIn("held-out accuracy", shown)
            self.assertIn("nats (half the deviance", shown)
            self.assertIn("% ", shown.splitlines()[6])
            header, rows, _ = self.predicted(run, data, lam="1se")
            self.assertEqual(len(rows), 60)

    def test_folds_have_their_share_of_every_class(self):
        rare = table(lambda k: "common").splitlines()
        rare = "\n".join([rare[0]] + [x.replace("common", "rare") if i % 10 == 3 else x for i, x in enumerate(rare[1:])]) + "\n"
        run = self.file("r.rwk")
        self.json("cv", self.file("rare.csv", rare), "--target", "kind", "--folds", "3", *FAST, "--out", run)
        shown = subprocess.run(["/usr/bin/python3", "-c", "import sqlite3,sys; c=sqlite3.connect(sys.argv[1]); "
                                "print(c.execute('select fold, sum(observed) from cv_row group by fold order by fold').fetchall())", run],
                               capture_output=True, text=True, check=True).stdout
        self.assertEqual(shown.strip(), "[(0, 2.0), (1, 2.0), (2, 2.0)]")

    def test_an_ensemble_averages_probabilities(self):
        run, data = self.file("e.rwk"), self.file("t.csv", THREE)
        self.json("cv", data, "--folds", "2", "--hidden", "3", "--lambda", "2^-9:2^-8", "--no-explain", "--ensemble", "3", "--effort", "normal", "--out",
                  run)
        mean = self.predicted(run, data, lam="2^-9")[1]
        each = []
        while len(each) < 3 and self.run_program("predict", run, data, "--lambda", "2^-9", "--start", len(each)).returncode < 2:
            each.append(self.predicted(run, data, "--start", str(len(each)), lam="2^-9")[1])
        self.assertGreater(len(each), 1)
        for i, (_, p) in enumerate(mean):
            for k in range(3):
                self.assertAlmostEqual(p[k], sum(e[i][1][k] for e in each) / len(each), 12)
        self.expect(2, "export", run, "--lambda", "2^-9", "--out", self.file("e.c"), say="a mean of probabilities, which is no network")
        self.expect(0, "export", run, "--lambda", "2^-9", "--start", "0", "--out", self.file("e.c"), "--quiet")

    def test_exports_give_probabilities(self):
        for text, outputs in ((THREE, 3), (TWO, 1)):
            data, run, _ = self.walked(text, "--force")
            wanted = [p if outputs > 1 else p[1:] for _, p in self.predicted(run, data)[1]]
            self.expect(0, "export", run, "--lambda", "2^-6", "--out", self.file("m.onnx"), "--quiet")
            with open(self.file("m.onnx"), "rb") as f:
                m = Model(f.read())
            names = m.names["inputs"]
            rows = [[float(r[n]) if "=" not in n else float(r[n.split("=")[0]] == n.split("=")[1]) for n in names]
                    for r in csv.DictReader(io.StringIO(text))]
            source, library = self.file(f"m{outputs}.c"), self.file(f"m{outputs}.so")
            self.expect(0, "export", run, "--lambda", "2^-6", "--out", source, "--quiet")
            subprocess.run([shutil.which("cc") or shutil.which("gcc") or shutil.which("clang"), "-std=c99", "-Wall", "-Wextra", "-Wpedantic",
                            "-Werror", "-shared", "-fPIC", "-o", library, source, "-lm"], check=True)
            predict = ctypes.CDLL(library).predict
            for row, p in zip(rows, wanted):
                y = (ctypes.c_double * outputs)()
                predict((ctypes.c_double * len(row))(*row), y)
                for a, b, c in zip(m.run(row), y, p):
                    self.assertAlmostEqual(a, c, 12)
                    self.assertAlmostEqual(b, c, 12)

    def test_new_rows(self):
        data, run, _ = self.walked(THREE)
        header, *rows = THREE.splitlines()
        without = "\n".join(",".join(r.split(",")[:3]) for r in [header, *rows]) + "\n"
        said = self.predicted(run, self.file("w.csv", without))
        self.assertNotIn("accuracy", said[2])
        self.assertEqual(said[1], self.predicted(run, data)[1])
        strange = "\n".join([header, rows[0].rsplit(",", 1)[0] + ",mauve"]) + "\n"
        self.assertIn("'mauve' on line 2", self.predicted(run, self.file("s.csv", strange))[2])

    def test_going_on(self):
        """A run keeps the loss: it is resumed with it, and no other."""
        few = self.file("f.csv", table((7, 8, 9).__getitem__))
        run = self.file("f.rwk")
        first = self.json("path", few, *FAST, "--loss", "auto", "--out", run)
        again = self.json("path", "--resume", run)
        for j in (first, again):
            for w in [*j["walks"], j["best"]]:
                for p in w["points"]:
                    p.pop("seconds")
        self.assertEqual(first["best"], again["best"])
        self.assertEqual(again["loss"], "softmax")
        self.expect(2, "path", "--resume", run, "--loss", "mse", say="--loss: the run file")


if __name__ == "__main__":
    main()
