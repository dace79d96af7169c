"""Points of known kind (tests/data/critical-points.json) through `certify`."""
import json
import os
from harness import Case, DATA, DIABETES, main


class Certify(Case):
    def certify(self, c, *more):
        d = self.file("d.csv", ",".join(f"x{i}" for i in range(len(c["X"][0]))) + ",y\n" +
                      "".join(",".join(repr(float(v)) for v in x + [y]) + "\n" for x, y in zip(c["X"], c["y"])))
        layers = [{"W": [list(t) for t in zip(*c["W"])], "b": c["b"]}, {"W": [[v] for v in c["v"]], "b": [c["c"]]}]
        w = self.file("w.json", json.dumps({"layers": layers}))
        args = ["certify", d, "--target", "y", "--weights", w, "--lambda", repr(float(c["lam"])), "--activation",
                {"linear": "identity"}.get(c["act"], c["act"]), "--convention", "half-sse", "--no-standardize", *more]
        if not c["hidden_bias"]:
            args.append("--no-hidden-bias")
        if not c["output_bias"]:
            args.append("--no-output-bias")
        return self.json(*args)

    def test_known_points(self):
        with open(os.path.join(DATA, "critical-points.json"), encoding="utf-8") as f:
            cases = json.load(f)
        self.assertGreater(len(cases), 40)
        allowed = {"strict_min": {"strict_min"}, "strict_saddle": {"saddle"}, "not_stationary": {"not_stationary"},
                   "degenerate_saddle": {"saddle", "inconclusive"}, "degenerate_min": {"degenerate_min", "inconclusive", "nonsmooth"}}
        for c in cases:
            with self.subTest(c["id"]):
                p = self.certify(c)
                self.assertIn(p["verdict"], allowed[c["type"]], p["reason"])
                if c["type"] in ("strict_min", "strict_saddle"):
                    self.assertEqual(p["inertia"], c["inertia"])
                    self.assertAlmostEqual(p["min_eig"], c["min_eig"], delta=max(1e-7, p["min_eig_error"]))
                self.assertAlmostEqual(p["objective"], c["loss"], delta=1e-9)  # the reference loss holds the penalty
                if not p["verdict"] == "nonsmooth":
                    self.assertAlmostEqual(p["grad_inf"], c["grad_inf"], delta=1e-12)

    def test_krylov_agrees(self):
        with open(os.path.join(DATA, "critical-points.json"), encoding="utf-8") as f:
            cases = json.load(f)
        for c in cases:
            if c["type"] in ("strict_min", "strict_saddle", "not_stationary"):
                with self.subTest(c["id"]):
                    self.assertEqual(self.certify(c, "--algebra", "krylov")["verdict"],
                                     {"strict_saddle": "saddle"}.get(c["type"], c["type"]))

    def test_words_and_exit_codes(self):
        w = self.file("w.json", json.dumps({"layers": [{"W": [[0.1, 0.2]] * 10, "b": [0, 0]}, {"W": [[1], [1]]}]}))
        r = self.expect(1, "certify", DIABETES, "--target", "progression", "--weights", w, "--lambda", "2^-8")
        self.assertIn("not stationary at lambda = 2^-8", r.stdout)
        zero = self.file("z.json", json.dumps({"layers": [{"W": [[0, 0]] * 10}, {"W": [[0], [0]]}]}))
        r = self.expect(0, "certify", DIABETES, "--target", "progression", "--weights", zero, "--lambda", "4")
        self.assertIn("flat directions explained", r.stdout)
        self.expect(1, "certify", DIABETES, "--target", "progression", "--weights", zero, "--lambda", "0.5")
        self.expect(3, "certify", DIABETES, "--target", "progression", "--weights", self.file("b.json", json.dumps(
            {"layers": [{"W": [[0.0, 0]] * 10, "b": [1, 0]}, {"W": [[0], [0]]}]})), "--lambda", "1", "--no-hidden-bias", say="b[0] is 1")


if __name__ == "__main__":
    main()
