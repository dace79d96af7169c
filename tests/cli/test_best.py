"""The walk `best`: no drop, nothing above the walks, nobody beaten by another's weights, and the same from the file."""
import math
import os
from harness import Case, DATA, DIABETES, YACHT, main, numbers


class Best(Case):
    def hold(self, j):
        """T1 and T3 for every pair of points, by the numbers of the JSON alone."""
        best = j["best"]
        points = best["points"]
        self.assertEqual([p["lambda"] for p in points], j["lambda"])
        self.assertEqual(best["drops"], [])
        for p in points:
            slack = 1e-11 * abs(p["objective"])
            for walk in [*j["walks"], best]:
                for q in walk["points"]:
                    self.assertLessEqual(p["objective"], q["mse"] + p["lambda"] * q["penalty"] + slack, (p["lambda"], q["lambda"]))
            here = [q["objective"] for w in j["walks"] for q in w["points"] if q["lambda"] == p["lambda"]]
            self.assertAlmostEqual(p["origin"]["won"], max(0, min(here) - p["objective"]), delta=slack)
            if p["origin"]["kind"] == "found":
                self.assertEqual(p["origin"]["lambda"], p["lambda"])
                self.assertIn(p["objective"], [q["objective"] for w in j["walks"] for q in w["points"] if w["name"] == p["origin"]["walk"]])
        for p, q in zip(points, points[1:]):
            self.assertGreaterEqual(q["mse"], p["mse"] - 1e-9 * p["mse"])
            self.assertLessEqual(q["penalty"], p["penalty"] + 1e-9 * p["penalty"])

    def test_no_drop(self):
        for hidden, activation, effort in (("4", "tanh", "normal"), ("3,2", "logistic", "normal"), ("5", "tanh", "low")):
            j = self.path("--hidden", hidden, "--activation", activation, "--lambda", "2^-12:2^1", "--starts", "2", "--effort", effort)
            self.hold(j)
            self.assertTrue(all(p["verdict"] in ("strict_min", "degenerate_min") and not p["escapable"] for p in j["best"]["points"]))

    def test_a_walk_that_stops_early(self):
        j = self.path("--hidden", "4", "--lambda", "2^-10:2^0", "--walk", "up,best", "--solver", "lbfgs", "--max-iter", "40", codes=(1,))
        self.hold(j)
        self.assertTrue(all(p["grad_inf"] <= 1e-8 for p in j["best"]["points"]))
        self.assertTrue(any(p["origin"]["won"] > 0 for p in j["best"]["points"]))

    def test_effort(self):
        sums = []
        for effort in ("low", "normal", "high"):
            j = self.path("--hidden", "3", "--lambda", "2^-12:2^-4:4", "--effort", effort, data=YACHT, target="residuary_resistance")
            self.hold(j)
            sums.append(sum(math.log(p["objective"]) for p in j["best"]["points"]))
        self.assertLessEqual(sums[1], sums[0] + 1e-9)

    def test_alone_and_without(self):
        j = self.path("--hidden", "3", "--lambda", "2^-8:2^0", "--walk", "best")
        self.assertEqual(j["walks"], [])
        self.assertEqual(len(j["best"]["points"]), 9)
        self.assertIsNone(j["best"]["points"][0]["origin"]["won"])
        self.assertIsNone(self.path("--hidden", "3", "--lambda", "2^-8:2^0", "--walk", "up")["best"])

    def test_the_file_keeps_it(self):
        out = self.file("b.rwk")
        j = self.path("--hidden", "3", "--lambda", "2^-9:2^0", "--out", out)
        again = self.json("runs", "show", out)
        self.assertEqual(again["best"], j["best"])
        self.assertEqual(numbers(again), numbers(j))
        for threads in ("1", "2"):
            other = self.path("--hidden", "3", "--lambda", "2^-9:2^0", "--threads", threads)
            for p in other["best"]["points"] + j["best"]["points"]:
                p.pop("seconds", None)
            self.assertEqual(other["best"]["points"], j["best"]["points"])
        text = self.expect(0, "runs", "show", out).stdout
        self.assertIn("MSE best", text)
        self.assertIn("no fit is beaten by another's weights", text)
        new = os.path.join(DATA, "diabetes.csv")
        best = self.expect(0, "predict", out, new, "--lambda", "2^-9", "--walk", "best").stdout
        self.assertEqual(best, self.expect(0, "predict", out, new, "--lambda", "2^-9").stdout)
        self.expect(0, "explain", out, "--from", "2^-9", "--walk", "best")


if __name__ == "__main__":
    main()
