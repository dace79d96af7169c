"""Audits of other people's sweeps, and penalties turned from one tool's into another's."""
import csv
import math
import os
import random
from harness import Case, DATA, DIABETES, main

SWEEPS = os.path.join(DATA, "sweeps")
N = 442


def linear(factor=1, last=0):
    """A two-layer linear network over one whitened feature, by algebra: all rows are global minima."""
    return [(2.0 ** k * factor, 0.3 + 4.0 ** k, 2 * (1 - 2.0 ** k)) for k in range(-10, last)]


class Audit(Case):
    def sweep(self, rows, header="lambda,mse,penalty", name="sweep.csv"):
        return self.file(name, header + "\n" + "".join(",".join(map(repr, r)) + "\n" for r in rows))

    def audit(self, rows, *args, header="lambda,mse,penalty", **kw):
        return self.json("audit", self.sweep(rows, header), *args, **kw)

    def test_clean(self):
        j = self.audit(linear(), "--rows", N, codes=(0,))
        self.assertEqual(j["verdict"], "consistent")
        self.assertEqual((j["drops"], j["hints"]), ([], []))
        self.assertEqual((j["scale"]["factor"], j["scale"]["convention"]), (1, "mse"))
        for k in ("slope_least", "slope_most"):
            self.assertAlmostEqual(j["scale"][k], 0.75 * math.sqrt(2), delta=1e-9)
        self.assertEqual([p["excess"] for p in j["points"]], [0] * 10)
        self.assertEqual([(p["lambda"], p["mse"], p["penalty"]) for p in j["points"]], linear())
        self.assertEqual({p["dominated_by"] for p in j["points"]}, {None})

    def test_planted(self):
        for factor, name in ((1, "mse"), (2, "torch")):
            rows = linear(factor)
            for k, e in ((2, 0.05), (4, 0.011), (7, 0.07)):
                rows[k] = (rows[k][0], rows[k][1] + e, rows[k][2] + 2 * e)
            j = self.audit(rows, "--rows", N, codes=(1,))
            self.assertEqual((j["verdict"], j["scale"]["convention"], j["scale"]["factor"]), ("not_global", name, 1 / factor))
            for i, (p, (lam, mse, size)) in enumerate(zip(j["points"], rows)):
                others = [(m + lam / factor * r, k) for k, (_, m, r) in enumerate(rows) if k != i]
                best, by = min(others)
                excess = mse + lam / factor * size - best
                self.assertEqual(p["dominated_by"], by if i in (2, 4, 7) else None)
                self.assertEqual(p["restart_line"], by + 2 if i in (2, 4, 7) else None)
                self.assertAlmostEqual(p["excess"], max(excess, 0), delta=1e-12)
                self.assertEqual(p["excess"] > 0, i in (2, 4, 7))
            self.assertTrue(j["drops"])
            for d in j["drops"]:  # T2
                l1, l2 = d["from"] / factor, d["to"] / factor
                self.assertEqual(d["D"], d["mse_from"] - d["mse_to"])
                self.assertAlmostEqual(l2 * d["a"] + l1 * d["b"], (l2 - l1) * d["D"], delta=1e-14)
                self.assertAlmostEqual(d["certain"], d["D"] * (l2 - l1) / (l2 + l1), delta=1e-15)
                self.assertGreaterEqual(max(d["a"], d["b"]), d["certain"])
                self.assertEqual(rows[d["restart"]][0], d["from"])
                self.assertEqual(rows[d["with"]][0], d["to"])

    def test_scales(self):
        for factor, name in ((2, "torch"), (N, "nnet, sklearn, half-sse"), (2 * N, "SSE + lambda/2 R"), (N / 2, "SSE/2 + lambda R")):
            j = self.audit(linear(factor), "--rows", N, codes=(0,))
            self.assertEqual(j["scale"]["convention"], name)
            self.assertAlmostEqual(j["scale"]["factor"] * factor, 1, delta=1e-14)
            self.assertEqual((j["scale"]["agree"], j["verdict"]), (10, "consistent"))
            self.assertLess(j["scale"]["agree_expected"], 3)
        text = self.expect(0, "audit", self.sweep(linear(N))).stdout
        self.assertIn("(other)", text)
        self.assertIn("say --rows N", text)
        for name in ("nnet", "sklearn", "half-sse"):
            text = self.expect(0, "audit", self.sweep(linear(N)), "--rows", N, "--convention", name).stdout
            self.assertIn(f"times the column ({name})", text)
        self.assertIn("as given: SSE/(2n) + alpha/(2n) R", self.expect(0, "audit", self.sweep(linear(N)), "--rows", N, "--convention", "sklearn").stdout)

    def test_noise(self):
        r = random.Random(4)
        for size in (0.03, 0.1):
            for _ in range(5):
                rows = [(lam, mse * (1 + size * r.gauss(0, 1)), R * (1 + size * r.gauss(0, 1))) for lam, mse, R in linear()]
                j = self.audit(rows, "--rows", N, codes=(1,))
                self.assertEqual(j["verdict"], "inconsistent")
                self.assertEqual((j["scale"]["factor"], j["scale"]["convention"]), (None, None))
                self.assertIn("dropout", j["reason"])
        text = self.expect(1, "audit", os.path.join(SWEEPS, "dropout.csv")).stdout
        self.assertIn("Scale of the penalty: none fits.", text)
        self.assertIn("as after dropout", text)

    def test_seeds(self):
        rows = [(lam, mse + 0.01 * seed, R) for lam, mse, R in linear() for seed in (2, 0, 1)]
        random.Random(1).shuffle(rows)
        j = self.audit(rows, codes=(1,))
        self.assertEqual(j["scale"]["agree"], 10)
        self.assertEqual(j["drops"], [])
        for p in j["points"]:
            clean = [m for lam, m, _ in linear() if lam == p["lambda"]][0]
            self.assertEqual(p["excess"] > 0, p["mse"] > clean)
            if p["excess"] > 0:
                self.assertEqual(j["points"][p["dominated_by"]]["excess"], 0)

    def test_columns(self):
        header = "run,MSE test,mse,x y,weight decay,note"
        rows = [(i, 9.5, 7.5, R, mse, "NA") for i, (_, mse, R) in enumerate(linear())]
        f = self.file("c.csv", header + ",l\n" + "".join(f"{a},{b},{c},{d!r},{e!r},{n},{lam[0]!r}\n" for (a, b, c, d, e, n), lam in zip(rows, linear())))
        j = self.json("audit", f, "--lambda-column", "l", "--mse-column", "weight decay", "--penalty-column", "x y", codes=(0,))
        self.assertEqual([(p["lambda"], p["mse"], p["penalty"]) for p in j["points"]], linear())
        bare = self.file("b.csv", "".join(f"{a!r};{b!r};{c!r}\n" for a, b, c in linear()).replace(".", ","))
        j = self.json("audit", bare, "--no-header", "--lambda-column", "V1", "--mse-column", "V2", "--penalty-column", "V3", codes=(0,))
        self.assertEqual(j["points"][3]["mse"], linear()[3][1])
        for h in ("alpha,train_loss,sum_squares", "Weight-Decay,Loss,norm2", "l2,training mse,ssw"):
            self.audit(linear(), header=h, codes=(0,))

    def test_logs(self):
        """The whole objective, a norm, a logarithm: each by its option, each asked for where it is missing."""
        rows = [(math.log(lam), mse + lam * R, math.sqrt(R)) for lam, mse, R in linear()]
        f = self.sweep(rows, "log_lambda,total_loss,norm")
        self.expect(3, "audit", f, say="'log_lambda' is one for --log-lambda")
        self.expect(3, "audit", f, "--log-lambda", say="'total_loss' is one for --objective")
        self.expect(3, "audit", f, "--log-lambda", "--objective", say="'norm' is one for --norm")
        j = self.json("audit", f, "--log-lambda", "--objective", "--norm", codes=(0,))
        for p, (lam, mse, R) in zip(j["points"], linear()):
            self.assertAlmostEqual(p["lambda"] / lam, 1, delta=1e-14)
            self.assertAlmostEqual(p["mse"], mse, delta=1e-14)
            self.assertAlmostEqual(p["penalty"], R, delta=1e-14)
        # Columns that do not say what they hold: the numbers do, or the verdict names what to try.
        f = self.sweep([(math.log(lam), mse, R) for lam, mse, R in linear()])
        self.expect(3, "audit", f, say="sweep.csv, line 2, column 'lambda': -6.93147 is no penalty; if the column holds natural logarithms, say --log-lambda")
        self.assertEqual(self.json("audit", f, "--log-lambda", codes=(0,))["verdict"], "consistent")
        for rows, option in (([(lam, mse + lam * R, R) for lam, mse, R in linear()], "--objective"),
                             ([(lam, mse, math.sqrt(R)) for lam, mse, R in linear()], "--norm"),
                             ([(lam, mse + lam * R, math.sqrt(R)) for lam, mse, R in linear()], "--objective --norm")):
            f = self.sweep(rows)
            text = self.run_program("audit", f, "--rows", N).stdout
            self.assertIn(f"Try {option}", text)
            self.assertIn("read so, 10 of 10 penalties agree", text)
            self.assertEqual(self.json("audit", f, "--rows", N, *option.split(), codes=(0,))["hints"], [])
        f = self.sweep(linear())
        self.assertIn("Try leaving --objective away", self.run_program("audit", f, "--objective").stdout)

    def test_conventions_of_objectives(self):
        for name, header, row in (("sklearn", "alpha", lambda lam, mse, R: (N * lam, mse / 2 + lam / 2 * R, R)),
                                  ("nnet", "decay", lambda lam, mse, R: (N * lam, N * mse + N * lam * R, R)),
                                  ("half-sse", "lambda", lambda lam, mse, R: (N * lam, N * mse / 2 + N * lam / 2 * R, R)),
                                  ("torch", "weight_decay", lambda lam, mse, R: (2 * lam, mse + lam * R, R)),
                                  ("keras", "l2", lambda lam, mse, R: (lam, mse + lam * R, R))):
            rows = [row(*r) for r in linear()]
            rows[5] = (rows[5][0], rows[5][1] * 1.01, rows[5][2])
            j = self.audit(rows, "--objective", "--convention", name, "--rows", N, header=f"{header},loss,penalty", codes=(1,))
            self.assertEqual([i for i, p in enumerate(j["points"]) if p["excess"] > 0], [5], name)
            self.assertEqual(j["scale"]["convention"], name)
            for i, (p, (_, mse, _)) in enumerate(zip(j["points"], linear())):
                if i != 5:
                    self.assertAlmostEqual(p["mse"], mse, delta=1e-12)

    def test_sweeps_of_other_programs(self):
        j = self.json("audit", os.path.join(SWEEPS, "nnet.csv"), "--rows", N, codes=(0,))
        self.assertIn("nnet", j["scale"]["convention"])
        f = os.path.join(SWEEPS, "sklearn.csv")
        j = self.json("audit", f, "--log-lambda", "--norm", "--objective", "--rows", N, "--convention", "sklearn", codes=(1,))
        self.assertEqual((j["verdict"], j["scale"]["convention"]), ("not_global", "sklearn"))
        with open(f, encoding="utf-8") as g:
            rows = list(csv.DictReader(g))
        self.assertEqual(j["scale"]["agree"], len({r["log_alpha"] for r in rows}))
        for p, r in zip(j["points"], rows):
            self.assertAlmostEqual(p["objective"], 2 * float(r["loss"]), delta=1e-12)
        j = self.json("audit", f, "--log-lambda", "--norm", codes=(1,))
        self.assertTrue(any(h.startswith("--objective") for h in j["hints"]))

    def test_own_walks(self):
        """Walks of this program: the audit finds their drops in three columns, with the scale it was given."""
        j = self.path("--hidden", "8", "--lambda", "2^-16:2^0", "--walk", "up", "--starts", "6", "--no-explain")
        found = 0
        for w in j["walks"]:
            a = self.audit([(2 * p["lambda"], p["mse"], p["penalty"]) for p in w["points"]], "--rows", N)
            self.assertEqual(a["scale"]["convention"], "torch")
            self.assertEqual([(d["from"] / 2, d["to"] / 2) for d in a["drops"]], [(d["from"], d["to"]) for d in w["drops"]])
            self.assertEqual(a["verdict"] == "consistent", not any(p["excess"] > 0 for p in a["points"]))
            found += len(a["drops"])
        self.assertGreater(found, 0)

    def test_bad_input(self):
        text = "lambda,mse,penalty\n"
        for body, args, code, say in (
            ("1,2\n", (), 3, "sweep.csv, line 2: 2 fields, expected 3"),
            ("1,2,3\n2,x,3\n", (), 3, "sweep.csv, line 3, column 'mse': 'x' is not a number"),
            ("1,2,3\n2,NA,3\n", (), 3, "sweep.csv, line 3, column 'mse': 'NA' is a missing value"),
            ("1,-2,3\n", (), 3, "sweep.csv, line 2, column 'mse': -2 is negative"),
            ("1,2,-3\n", (), 3, "sweep.csv, line 2, column 'penalty': -3 is negative"),
            ("1,1e200,3\n", (), 3, "column 'mse': 1e+200 is out of range"),
            ("1,2,1e100\n", ("--norm",), 3, "line 2: the numbers are out of range once the norm is squared"),
            ("900,2,3\n", ("--log-lambda",), 3, "line 2: the numbers are out of range once the logarithm is undone"),
            ("", (), 3, "no data rows"),
            ("1,2,3\n", ("--lambda-column", "Lambda"), 3, "no column 'Lambda'; did you mean 'lambda'?"),
            ("1,2,3\n", ("--lambda-column", "mse"), 2, "one column has two parts"),
            ("1,2,3\n", ("--rows", "0"), 2, "--rows: '0' is not a number of rows"),
            ("1,2,3\n", ("--rows", "many"), 2, "--rows: 'many'"),
            ("1,2,3\n", ("--convention", "mine"), 2, "--convention: 'mine' is none of mse"),
            ("1,2,3\n", ("--convention", "sklearn"), 2, "--rows N is needed"),
            ("1,2,3\n", ("--hidden", "3"), 2, "no option --hidden"),
        ):
            r = self.expect(code, "audit", self.file("sweep.csv", text + body), *args, say=say)
            self.assertEqual((r.stdout, r.stderr.count("\n")), ("", 1), r.stderr)
        self.expect(2, "audit", say="audit wants one table")
        self.expect(3, "audit", "nowhere.csv", say="nowhere.csv: No such file")
        self.expect(3, "audit", DIABETES, say="--lambda-column NAME (columns: 'age'")
        self.expect(3, "audit", self.file("two.csv", "alpha,decay,mse,penalty\n1,2,3,4\n"), say="several columns may hold the penalties; say which by --lambda-column NAME")
        r = self.expect(3, "audit", self.file("e.csv", '"\x1b[31mred",mse,penalty\n1,2,3\n'))
        self.assertNotIn("\x1b", r.stderr)

    def test_few_rows(self):
        self.expect(0, "audit", self.sweep(linear()[:1]))
        self.assertIn("one penalty says nothing of its scale", self.expect(1, "audit", self.sweep([(1.0, 0.5, 2.0625), (1.0, 0.625, 2.0625)])).stdout)
        text = self.expect(1, "audit", self.sweep([(1.0, 0.55, 1.0), (1.5, 0.8625, 0.5)])).stdout
        self.assertIn("cannot be told from fits that are not global", text)


class Convert(Case):
    def value(self, *args):
        return float(self.expect(0, "convert", *args, "--quiet").stdout)

    def test_values(self):
        r = self.expect(0, "convert", "0.01", "--from", "sklearn", "--to", "torch", "--rows", "442", say="biases")
        self.assertAlmostEqual(float(r.stdout) / (0.01 / 442 * 2), 1, delta=1e-15)
        self.assertIn("sklearn: J = SSE/(2n) + alpha/(2n) R, biases free, with alpha = 0.01", r.stderr)
        self.assertIn("torch: J = SSE/n + weight_decay/2 R, biases penalised, with weight_decay = ", r.stderr)
        lam = {"mse": 0.5, "half-sse": 50, "nnet": 50, "sklearn": 50, "torch": 1, "keras": 0.5}  # the same minimisers, of 100 rows
        for a, x in lam.items():
            for b, y in lam.items():
                self.assertAlmostEqual(self.value(repr(x), "--from", a, "--to", b, "--rows", "100"), y, delta=1e-14 * y)
        self.assertEqual(self.value("2^-8", "--from", "keras", "--to", "mse"), 2.0 ** -8)
        self.assertEqual(self.value("3", "--from", "nnet", "--to", "sklearn"), 3)  # n cancels
        self.assertEqual(self.value("0", "--from", "torch", "--to", "mse"), 0)

    def test_against_fits(self):
        """One network through two conventions with converted penalties: the same fit."""
        sizes = ("--hidden", "2", "--walk", "up", "--penalise-biases", "--no-explain")
        alpha = 20.0
        decay = self.value(repr(alpha), "--from", "sklearn", "--to", "torch", "--rows", N)
        a = self.path("--convention", "sklearn", "--lambda", repr(alpha), *sizes)["walks"][0]["points"][0]
        b = self.path("--convention", "torch", "--lambda", repr(decay), *sizes)["walks"][0]["points"][0]
        self.assertAlmostEqual(a["mse"], b["mse"], delta=1e-9)

    def test_json(self):
        j = self.json("convert", "0.01", "--from", "sklearn", "--to", "keras", "--rows", "442", codes=(0,))
        self.assertAlmostEqual(j["value"] * 442, 0.01, delta=1e-16)
        self.assertEqual((j["rows"], j["biases_differ"]), (442, False))
        self.assertEqual(j["to"]["objective"], "SSE/n + l2 R")

    def test_bad_input(self):
        for args, say in (
            ((), "convert wants one penalty"),
            (("x", "--from", "mse", "--to", "torch"), "'x' is not a penalty"),
            (("--from", "mse", "--to", "torch", "--", "-1"), "'-1' is not a penalty"),
            (("1", "--to", "torch"), "--from NAME is needed"),
            (("1", "--from", "torch"), "--to NAME is needed"),
            (("1", "--from", "torhc", "--to", "mse"), "--from: 'torhc' is none of mse"),
            (("1", "--from", "sklearn", "--to", "torch"), "--rows N is needed: from sklearn to torch"),
            (("1", "--from", "sklearn", "--to", "torch", "--rows", "-5"), "--rows: '-5'"),
            (("1e308", "--from", "mse", "--to", "torch"), "out of the range"),
        ):
            r = self.expect(2, "convert", *args, say=say)
            self.assertEqual((r.stdout, r.stderr.count("\n")), ("", 1))


if __name__ == "__main__":
    main()
