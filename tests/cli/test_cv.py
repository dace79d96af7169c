"""Cross-validation through the program: the curve against ridge regression worked out here, the rules of choice, folds that keep their promises,
scales learnt from the training rows alone, the same numbers however it was run, and predictions with standard errors."""
import csv
import io
import math
import os
import random
import signal
import subprocess
import time
from harness import Case, DATA, DIABETES, PROGRAM, main

FAST = ("--hidden", "2", "--lambda", "2^-6:2^-2:4", "--no-explain", "--folds", "3")


def solve(A, b):
    """Gauss with pivots."""
    n = len(b)
    M = [row[:] + [v] for row, v in zip(A, b)]
    for i in range(n):
        p = max(range(i, n), key=lambda k: abs(M[k][i]))
        M[i], M[p] = M[p], M[i]
        for k in range(i + 1, n):
            f = M[k][i] / M[i][i]
            M[k] = [a - f * c for a, c in zip(M[k], M[i])]
    x = [0.0] * n
    for i in reversed(range(n)):
        x[i] = (M[i][n] - sum(M[i][j] * x[j] for j in range(i + 1, n))) / M[i][i]
    return x


def moments(x, w):
    m = sum(a * b for a, b in zip(x, w)) / sum(w)
    return m, math.sqrt(sum(b * (a - m) ** 2 for a, b in zip(x, w)) / sum(w))


def ridge(train, weights, held, lam):
    """min sum w (y - b - x'beta)^2 / sum w + lam |beta|^2 in standardised units of the training rows; predictions for held, own units."""
    scales = [moments([r[j] for r in train], weights) for j in range(len(train[0]))]
    Z = [[(r[j] - m) / s for j, (m, s) in enumerate(scales)] for r in train]
    p, total = len(train[0]) - 1, sum(weights)
    A = [[sum(w * z[i] * z[j] for z, w in zip(Z, weights)) / total + (lam if i == j else 0) for j in range(p)] for i in range(p)]
    beta = solve(A, [sum(w * z[i] * z[p] for z, w in zip(Z, weights)) / total for i in range(p)])
    return [sum(b * (r[j] - scales[j][0]) / scales[j][1] for j, b in enumerate(beta)) * scales[p][1] + scales[p][0] for r in held]


class Cv(Case):
    def cv(self, data, *args, **kw):
        if "--out" not in args:
            args = (*args, "--out", self.file(f"{len(os.listdir(self.folder))}.rwk"))
        return self.json("cv", data, *args, **kw)

    def table(self, n, seed=1, weighted=False):
        r = random.Random(seed)
        rows = [[r.gauss(0, 1) + 3, r.uniform(0, 50), r.gauss(0, 1)] for _ in range(n)]
        rows = [x + [2 * x[0] - 0.1 * x[1] + r.gauss(0, 1) + 100, 1 + r.random() if weighted else 1, "abc"[k * 3 // n] + str(k % 2)]
                for k, x in enumerate(rows)]
        return rows, self.file(f"t{seed}.csv", "a,b,c,y,w,fold\n" + "".join(",".join(repr(v) if isinstance(v, float) else str(v) for v in x) + "\n"
                                                                          for x in rows))

    def test_linear_model_is_ridge_regression(self):
        """Curve, standard errors, both choices and RMSE of a linear model, from the rows alone: scales are of the training rows, or this fails."""
        for weighted in (False, True):
            rows, data = self.table(41, 2 + weighted, weighted)
            j = self.cv(data, "--target", "y", "--hidden", "0", "--lambda", "2^-8:2^4", "--fold-column", "fold", "--row-weights", "w")
            labels = list(dict.fromkeys(r[5] for r in rows))
            self.assertEqual(j["folds"], len(labels))
            sd = moments([r[3] for r in rows], [r[4] for r in rows])[1]
            means, errors, rmses = [], [], []
            for lam in j["lambda"]:
                parts = []
                for label in labels:
                    train, held = ([r for r in rows if (r[5] != label) == t] for t in (True, False))
                    f = ridge([r[:4] for r in train], [r[4] for r in train], held, lam)
                    parts.append((sum(r[4] for r in held), sum(r[4] * ((r[3] - p) / sd) ** 2 for r, p in zip(held, f))))
                W = sum(w for w, _ in parts)
                mean = sum(s for _, s in parts) / W
                means.append(mean)
                errors.append(math.sqrt(sum(w * (s / w - mean) ** 2 for w, s in parts) / W / (len(parts) - 1)))
                rmses.append(sd * math.sqrt(mean))
            for ours, theirs in ((j["mean"], means), (j["se"], errors)):
                for a, b in zip(ours, theirs):
                    self.assertAlmostEqual(a, b, delta=1e-9)
            i = means.index(min(means))
            one = max(k for k in range(i, len(means)) if means[k] <= means[i] + errors[i])
            self.assertEqual((j["lambda_min"], j["lambda_1se"]), (j["lambda"][i], j["lambda"][one]))
            self.assertAlmostEqual(j["rmse"]["min"], rmses[i], delta=1e-8)
            self.assertAlmostEqual(j["rmse"]["1se"], rmses[one], delta=1e-8)
            self.check_parameters(j, rows)

    def check_parameters(self, j, rows):
        """tr((X'X/n + lambda)^-1 X'X/n) + 1 for the bias."""
        w = [r[4] for r in rows]
        scales = [moments([r[i] for r in rows], w) for i in range(3)]
        Z = [[(r[i] - m) / s for i, (m, s) in enumerate(scales)] for r in rows]
        S = [[sum(v * z[i] * z[k] for z, v in zip(Z, w)) / sum(w) for k in range(3)] for i in range(3)]
        for lam, df, gn in zip(j["lambda"], j["parameters"], j["parameters_gn"]):
            A = [[S[i][k] + (lam if i == k else 0) for k in range(3)] for i in range(3)]
            wanted = 1 + sum(solve(A, [S[i][k] for i in range(3)])[k] for k in range(3))
            self.assertAlmostEqual(df, wanted, delta=1e-9)
            self.assertAlmostEqual(gn, wanted, delta=1e-9)

    def test_one_standard_error_and_refit(self):
        out = self.file("d.rwk")
        j = self.cv(DIABETES, "--target", "progression", *FAST, "--out", out)
        self.assertEqual(j["lambda"], [2.0**-6, 2.0**-4, 2.0**-2])
        self.assertEqual(j["fold_fits"], 9)
        path = self.path(*FAST[:-2], "--walk", "up,best", "--effort", "low")
        for choice in ("min", "1se"):
            a = self.expect(0, "predict", out, DIABETES, "--lambda", choice, "--quiet").stdout
            b = self.expect(0, "predict", out, DIABETES, "--lambda", repr(j["lambda_" + choice]), "--quiet").stdout
            self.assertEqual(a, b)
        self.assertEqual(self.json("runs", "show", out), j, "from the file alone")
        best = [p["verdict"] for p in path["best"]["points"]]
        self.assertEqual(j["verdicts"], best, "the refit is the path of all rows")
        self.assertEqual(j["grid_end"], {0: "smallest", 2: "largest"}.get(j["lambda"].index(j["lambda_min"])))
        text = self.expect(0, "runs", "show", out).stdout
        self.assertIn("<- lambda_min", text)
        self.assertIn("certified minima", text)

    def test_same_bits(self):
        a, b, c = (self.cv(DIABETES, "--target", "progression", *FAST, "--threads", t, "--repeats", "2", "--seed", s) for t, s in
                   ((1, 5), (4, 5), (1, 6)))
        for x in (a, b, c):
            del x["seconds"]
        self.assertEqual(a, b)
        self.assertNotEqual(a["mean"], c["mean"])
        self.assertEqual(a["repeats"], 2)

    def test_killed_and_interrupted(self):
        args = ("cv", DIABETES, "--target", "progression", "--hidden", "6", "--lambda", "2^-10:2^2", "--quiet", "--threads", "1")
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
                if kind == signal.SIGINT:
                    self.assertEqual(p.wait(), 130)
                    self.assertIn("ridgewalk cv --resume", self.expect(0, "runs", out).stdout)
            p.wait()
            self.expect(2, "path", "--resume", out, say="was made by cv")
            j = self.json("cv", "--resume", out)
            self.assertEqual({a: b for a, b in j.items() if a != "seconds"}, {a: b for a, b in whole.items() if a != "seconds"})
            self.assertEqual(self.json("cv", "--resume", out), j, "finished: only shown")
            self.expect(0, "plot", out, "--what", "residuals", "--lambda", "min", "--out", "r.svg", "--quiet")  # pictures are kept, too
            self.assertEqual([n for n in os.listdir(self.folder) if n.startswith(f"{k}.rwk-")], [])
        self.assertGreater(killed, 0)

    def rows_of(self, run):
        import sqlite3
        db = sqlite3.connect(f"file:{run}?mode=ro", uri=True)
        rows = db.execute("SELECT repeat, data_row, fold, observed, at_min FROM cv_row ORDER BY id").fetchall()
        db.close()
        return rows

    def test_folds(self):
        rows, data = self.table(40)
        cases = {(): None, ("--no-stratify",): None, ("--group", "fold"): "fold"}
        for more, grouped in cases.items():
            out = self.file(f"f{len(more)}{bool(grouped)}.rwk")
            exclude = () if grouped else ("--exclude", "fold")
            self.cv(data, "--target", "y", "--hidden", "0", "--lambda", "0.1,1", "--repeats", "2", "--folds", "4", "--out", out, *exclude, *more)
            found = self.rows_of(out)
            self.assertEqual([(r[0], r[1]) for r in found], [(a, b) for a in range(2) for b in range(40)])
            self.assertNotEqual([r[2] for r in found[:40]], [r[2] for r in found[40:]])
            for repeat in (found[:40], found[40:]):
                self.assertEqual({r[2] for r in repeat}, set(range(4)))
                sizes = [sum(r[2] == k for r in repeat) for k in range(4)]
                if grouped:
                    for label in {r[5] for r in rows}:
                        self.assertEqual(len({f[2] for f, r in zip(repeat, rows) if r[5] == label}), 1)
                    continue
                self.assertEqual(sizes, [10] * 4)
                if not more:  # every four neighbours in the order of the target are in four folds
                    ordered = [f[2] for _, f in sorted(zip([r[3] for r in rows], repeat))]
                    for k in range(0, 40, 4):
                        self.assertEqual(set(ordered[k:k + 4]), set(range(4)))

    def test_wrong_words_and_tables(self):
        _, data = self.table(12)
        for code, args, say in ((2, ("--folds", "1"), "--folds"), (3, ("--folds", "13"), "12 rows cannot make 13 folds"),
                                (3, ("--group", "fold", "--folds", "7"), "groups cannot make 7 folds"),
                                (3, ("--group", "Fold"), "did you mean 'fold'?"), (2, ("--fold-column", "fold", "--folds", "3"), "exclude each"),
                                (2, ("--fold-column", "fold", "--repeats", "3"), "nothing to group or repeat"),
                                (2, ("--ensemble", "9"), "1 to 6"), (2, ("--walk", "up"), "best must be among them"),
                                (2, ("--repeats", "0"), "--repeats"), (2, ("--stratfy",), "no option --stratfy")):
            self.expect(code, "cv", data, "--target", "y", "--hidden", "1", "--lambda", "1", *args, say=say)
        twins = self.file("twins.csv", "x,y\n" + "".join(f"{k % 6},{k % 6 * 2 + (k % 6) ** 2}\n" for k in range(18)))
        self.assertEqual(self.cv(twins, "--hidden", "0", "--lambda", "0.1,1", "--no-stratify")["twins"], 18)
        self.assertIn("have a twin", self.expect(0, "cv", twins, "--hidden", "0", "--lambda", "0.1,1", "--out", "u.rwk").stdout)
        level = self.file("level.csv", "c,x,y\n" + "".join(f"{'rare' if k == 3 else 'abc'[k % 3]},{k},{k * k % 7}\n" for k in range(15)))
        j = self.cv(level, "--hidden", "0", "--lambda", "0.1,1", "--folds", "3")  # a level that a fold's training rows do not have
        self.assertTrue(all(math.isfinite(x) for x in j["mean"]))

    def test_ensemble_averages(self):
        out = self.file("e.rwk")
        j = self.cv(DIABETES, "--target", "progression", "--hidden", "3", "--lambda", "2^-9:2^-6:8", "--no-explain", "--folds", "2", "--starts", "3",
                    "--ensemble", "3", "--out", out)
        self.assertEqual(j["ensemble"], 3)

        def predictions(*args):
            r = self.run_program("predict", out, DIABETES, "--lambda", "2^-9", "--quiet", *args)
            return [float(x) for x in r.stdout.split()[1:]]
        members = [predictions("--start", str(k)) for k in range(3)]
        members = [m for m in members if m]
        self.assertGreater(len(members), 1)
        self.assertNotEqual(members[0], members[1])
        for row in zip(predictions(), *members):
            self.assertAlmostEqual(row[0], sum(row[1:]) / len(members), delta=1e-9)
        errors = [self.errors(out, "--start", str(k)) for k in range(len(members))]
        for e, row, each in zip(self.errors(out), zip(*members), zip(*errors)):  # the law of total variance
            mean = sum(row) / len(row)
            self.assertAlmostEqual(e ** 2, sum(x ** 2 + (m - mean) ** 2 for x, m in zip(each, row)) / len(row), delta=1e-6)

    def errors(self, run, *args):
        r = self.expect(0, "predict", run, DIABETES, "--lambda", "2^-9", "--se", "--quiet", *args)
        return [float(x["progression.se"]) for x in csv.DictReader(io.StringIO(r.stdout))]


class StandardErrors(Case):
    def test_linear_model(self):
        """Of ridge regression the posterior is known: sigma^2/n (1 + z' (Z'Z/n + lambda)^-1 z), sigma^2 = SSE / (n - df)."""
        r = random.Random(4)
        rows = [[r.gauss(0, 1), r.gauss(2, 3)] for _ in range(30)]
        rows = [x + [x[0] - 0.5 * x[1] + r.gauss(0, 0.3)] for x in rows]
        data = self.file("t.csv", "a,b,y\n" + "".join(",".join(map(repr, x)) + "\n" for x in rows))
        run = self.file("r.rwk")
        lam = 0.25
        for convention, user in (("mse", lam), ("sklearn", lam * 30), ("half-sse", lam * 30)):
            self.expect(0, "path", data, "--hidden", "0", "--lambda", repr(user), "--walk", "up", "--out", run, "--force", "--quiet", "--convention",
                        convention)
            got = self.expect(0, "predict", run, data, "--se", "--quiet").stdout
            got = list(csv.DictReader(io.StringIO(got)))
            n, w = len(rows), [1] * len(rows)
            scales = [moments([x[j] for x in rows], w) for j in range(3)]
            Z = [[(x[j] - m) / s for j, (m, s) in enumerate(scales)] for x in rows]
            S = [[sum(z[i] * z[k] for z in Z) / n for k in range(2)] for i in range(2)]
            A = [[S[i][k] + (lam if i == k else 0) for k in range(2)] for i in range(2)]
            beta = solve(A, [sum(z[i] * z[2] for z in Z) / n for i in range(2)])
            sse = sum((z[2] - beta[0] * z[0] - beta[1] * z[1]) ** 2 for z in Z)
            df = 1 + sum(solve(A, [S[i][k] for i in range(2)])[k] for k in range(2))
            for g, z in zip(got, Z):
                q = 1 + sum(a * b for a, b in zip(z[:2], solve(A, z[:2])))
                self.assertAlmostEqual(float(g["y.se"]), scales[2][1] * math.sqrt(sse / (n - df) / n * q), delta=1e-9)

    def test_refused(self):
        run = self.file("r.rwk")
        self.path("--hidden", "2", "--lambda", "0.01,4", "--walk", "up", "--out", run)
        self.expect(3, "predict", run, DIABETES, "--lambda", "4", "--se", say="need a certified strict minimum")
        moved = self.file("moved.csv")
        with open(DIABETES, encoding="utf-8") as f:
            text = f.read()
        self.file("moved.csv", text)
        run = self.file("s.rwk")
        self.path("--hidden", "2", "--lambda", "0.01", "--walk", "up", "--out", run, data=moved)
        os.rename(moved, self.file("new.csv"))
        self.expect(3, "predict", run, DIABETES, "--se", say="is gone")
        self.expect(0, "predict", run, DIABETES, "--se", "--data", "new.csv", "--quiet")
        self.file("other.csv", text.replace("151", "152", 1))
        self.expect(3, "predict", run, DIABETES, "--se", "--data", "other.csv", say="has changed")
        self.expect(3, "predict", run, os.path.join(DATA, "yacht.csv"), say="columns that the network needs are not there")


if __name__ == "__main__":
    main()
