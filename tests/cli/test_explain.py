"""Why the error falls: every cause planted, told apart, and held against what is known of it without the program."""
import json
import math
import os
import random
import re
from harness import Case, DATA, DIABETES, YACHT, main

LADDER = ("--lambda", "2^-16:2^2", "--walk", "up", "--hidden", "8")


def whitened(n=40, d=3, seed=1):
    """A table with X'X = n I, columns centred, |X'y|/n = 1: Gram and Schmidt in plain Python."""
    r = random.Random(seed)
    columns = []
    for k in range(d + 1):
        c = [r.gauss(0, 1) for _ in range(n)]
        for _ in range(2):
            m = sum(c) / n
            c = [v - m for v in c]
            for q in columns:
                s = sum(a * b for a, b in zip(c, q)) / n
                c = [a - s * b for a, b in zip(c, q)]
        size = math.sqrt(sum(v * v for v in c) / n)
        columns.append([v / size for v in c])
    y = [0.6 * a + 0.48 * b + 0.64 * c + 0.3 * e for a, b, c, e in zip(*columns)]
    rows = zip(*columns[:3], y)
    return "a,b,c,y\n" + "".join(",".join(map(repr, row)) + "\n" for row in rows)


class Explain(Case):
    def test_folds_of_known_place(self):
        with open(os.path.join(DATA, "folds.json"), encoding="utf-8") as f:
            cases = json.load(f)
        for c in cases:
            d = self.file("d.csv", "x,y\n" + "".join(f"{x},{y}\n" for x, y in zip(c["x"], c["y"])))
            w = self.file("w.json", json.dumps({"layers": [{"W": [c["w1"]], "b": c["b"]}, {"W": [[v] for v in c["v"]], "b": [c["c"]]}]}))
            k = int(c["lambda1"].split("^")[1])
            j = self.json("path", d, "--target", "y", "--hidden", "2", "--lambda", f"2^{k}:2^{k + 1}", "--walk", "up", "--init", w,
                          "--no-standardize", "--out", f"{c['id']}.rwk")
            walk = j["walks"][0]
            (drop,) = walk["drops"]
            e = drop["evidence"]
            self.assertEqual(drop["cause"], "fold")
            self.assertLess(abs(drop["at"] / c["lambda_fold"] - 1), 1e-4)
            self.assertLessEqual(e["low"], drop["at"])
            self.assertLessEqual(drop["at"], e["high"])
            self.assertLess(e["high"] / e["low"] - 1, 1e-7)
            self.assertEqual([p["verdict"] for p in walk["points"]], ["strict_min", "strict_min"])
            self.assertAlmostEqual(e["branch_mse"], c["mse_at_fold"], delta=1e-4)
            self.assertLess(drop["mse_to"], drop["mse_from"])
            self.assertTrue(e["monotone"])
            self.assertGreater(e["transversality"], 1e-3)
            a, b, l1, l2 = e["excess_from"], e["excess_to"], drop["from"], drop["to"]  # T2
            fall = drop["mse_from"] - drop["mse_to"]
            self.assertAlmostEqual(l2 * a + l1 * b, (l2 - l1) * fall, delta=1e-12)
            self.assertGreaterEqual(max(a, b), fall * (l2 - l1) / (l2 + l1))
            self.assertAlmostEqual(e["certain"], fall * (l2 - l1) / (l2 + l1), delta=1e-14)

    def test_linear_networks(self):
        d = self.file("l.csv", whitened())
        two = self.json("path", d, "--target", "y", "--no-standardize", "--activation", "identity", "--hidden", "3", "--lambda", "0.01:0.9:1.5",
                        "--walk", "up", "--out", "two.rwk")
        self.assertEqual(two["walks"][0]["drops"] + two["walks"][0]["jumps"], [])
        three = self.json("path", d, "--target", "y", "--no-standardize", "--activation", "identity", "--hidden", "2,2", "--lambda", "0.1:0.9:1.25",
                          "--out", "three.rwk")
        up, down = three["walks"][:2]
        self.assertEqual(up["drops"], [])
        (jump,) = up["jumps"]
        self.assertEqual(jump["cause"], "fold")
        self.assertAlmostEqual(jump["at"] / 0.472470394, 1, delta=1e-8)  # T6
        self.assertEqual([p["penalty"] for p in down["points"]], [0] * len(down["points"]))
        text = self.expect(0, "runs", "show", "three.rwk").stdout
        self.assertIn("Coming down, the weights never leave zero", text)

    def test_saddles_are_no_pass(self):
        for value, walk in ((0, "down"), (0.1, "up")):
            w = {"layers": [{"W": [[value] * 4] * 10, "b": [value] * 4}, {"W": [[value]] * 4, "b": [0]}]}
            r = self.expect(1, "path", DIABETES, "--target", "progression", "--hidden", "4", "--solver", "lbfgs", "--grad-tol", "1e-9", "--max-iter",
                            "100000", "--lambda", "2^-6:2^0", "--walk", walk, "--init", self.file("w.json", json.dumps(w)), "--out", f"{walk}.rwk")
            self.assertIn("no path of minima all the same", r.stdout)
            self.assertIn("saddle", r.stdout)

    def test_early_stop(self):
        j = self.path(*LADDER, "--solver", "lbfgs", "--max-iter", "60", codes=(1,))
        drops = j["walks"][0]["drops"]
        self.assertTrue(drops)
        for d in drops:
            self.assertEqual(d["cause"], "unconverged")
            self.assertIsNotNone(d["evidence"]["finished_mse_from"])

    def first_drop(self, cause, *args):
        """The first seed at which a walk has a drop of that cause; which seed that is, is a matter of rounding."""
        for seed in range(40):
            out = self.file(f"{cause}-{seed}.rwk")
            j = self.path(*args, "--seed", str(seed), "--out", out)
            for d in j["walks"][0]["drops"]:
                if d["cause"] == cause:
                    return d, out
        self.fail(f"no drop with cause {cause}")

    def test_jump(self):
        # random starts at every penalty: the branch through one goes on, and the next is on another
        drop, out = self.first_drop("jump", "--hidden", "3", "--lambda", "2^-10:2^-3", "--walk", "cold")
        self.assertGreater(drop["evidence"]["branch_mse"], drop["mse_from"])
        self.assertTrue(drop["evidence"]["monotone"])
        b = self.json("explain", out, "--walk", "cold", "--from", repr(drop["from"]), "--to", repr(drop["to"]), "--with-weights")
        self.assertEqual(b["events"][-1]["kind"], "reached")
        end = b["points"][-1]
        self.assertAlmostEqual(end["mse"], drop["evidence"]["branch_mse"], delta=1e-9)
        p = self.json("certify", DIABETES, "--target", "progression", "--weights", self.file("e.json", json.dumps(end["weights"])), "--lambda",
                      repr(drop["to"]))
        self.assertIn(p["verdict"], ("strict_min", "degenerate_min"))

    def test_splits_and_revivals_do_not_depend_on_the_start(self):
        found = {"branch_point": set(), "revival": set()}
        for seed in range(3):
            j = self.path("--lambda", "2^-8:2^-2", "--walk", "up", "--hidden", "8", "--seed", seed, data=YACHT, target="residuary_resistance")
            for e in j["walks"][0]["jumps"]:
                if e["cause"] in found and e["from"] == {"branch_point": 2**-7, "revival": 2**-4}[e["cause"]]:
                    found[e["cause"]].add(round(math.log(e["at"]), 7))
        self.assertEqual([len(v) for v in found.values()], [1, 1], found)

    def test_one_branch(self):
        drop, out = self.first_drop("fold", *LADDER)
        start = repr(drop["from"])
        places = []
        for step in ("0.5", "0.1", "0.02", "0.005"):
            b = self.json("explain", out, "--from", start, "--step", step, "--beyond", "6")
            self.assertEqual([e["kind"] for e in b["events"]], ["fold"])
            places.append(b["events"][0]["lambda"])
            before = [p for p in b["points"] if p["min_eig"] > 1e-9]
            self.assertTrue(all(p["gradient"] <= 1e-8 for p in b["points"]))
            self.assertEqual(sorted(p["mse"] for p in before), [p["mse"] for p in before])
        for at in places:
            self.assertAlmostEqual(at / drop["at"], 1, delta=1e-8)
        for p in before[2:-4]:  # T4 against differences
            self.assertAlmostEqual(p["slope_by_differences"] / p["slope"], 1, delta=0.02)
        # the smallest eigenvalue goes like the square root of the distance
        near = [(places[-1] - p["lambda"], p["min_eig"]) for p in before if p["lambda"] > 0.99 * places[-1]]
        self.assertGreater(len(near), 2)
        for (d1, e1), (d2, e2) in zip(near, near[1:]):
            self.assertAlmostEqual(math.log(e1 / e2) / math.log(d1 / d2), 0.5, delta=0.1)
        text = self.expect(0, "explain", out, "--from", start).stdout
        self.assertAlmostEqual(float(re.search("Fold at lambda = ([^,]*),", text).group(1)) / drop["at"], 1, delta=1e-8)
        self.assertIn("<- fold", text)
        self.assertIn("the error falls", self.expect(0, "explain", out).stdout)

    def test_another_penalty_is_named(self):
        out = self.file("d.rwk")
        self.path("--lambda", "2^-6", "--walk", "up", "--hidden", "3", "--out", out)
        w = self.json("explain", out, "--from", "2^-6", "--with-weights")["points"][0]["weights"]
        r = self.expect(1, "certify", DIABETES, "--target", "progression", "--weights", self.file("w.json", json.dumps(w)), "--lambda", "2^-5")
        self.assertIn("not stationary", r.stdout)
        self.assertIn("at 0.5 times this penalty", r.stdout)
        out = self.file("e.rwk")
        self.path("--lambda", "2^-40", "--walk", "up", "--hidden", "1", "--out", out)  # no penalty to speak of: decay that was decoupled
        w = self.json("explain", out, "--from", "2^-40", "--with-weights")["points"][0]["weights"]
        r = self.expect(1, "certify", DIABETES, "--target", "progression", "--weights", self.file("w.json", json.dumps(w)), "--lambda", "2^-8")
        self.assertIn("had no penalty", r.stdout)

    def test_what_cannot_be_asked(self):
        out = self.file("d.rwk")
        self.path("--lambda", "2^-6:2^-4", "--walk", "up", "--hidden", "2", "--out", out)
        self.expect(2, "explain", say="explain wants one run file")
        self.expect(3, "explain", "nowhere.rwk")
        self.expect(2, "explain", out, "--to", "1", say="go with --from")
        self.expect(2, "explain", out, "--from", "0.3", say="no fit at 0.3; the nearest is at")
        self.expect(2, "explain", out, "--from", "x", say="is not a penalty")
        self.expect(2, "explain", out, "--from", "2^-5", "--to", "2^-5", say="to itself")
        self.expect(2, "explain", out, "--from", "2^-5", "--walk", "side", say="none of up, down, cold")
        self.expect(2, "explain", out, "--from", "2^-5", "--start", "7", say="has no fit")
        self.expect(2, "explain", out, "--from", "2^-5", "--step", "0", say="--step")


if __name__ == "__main__":
    main()
