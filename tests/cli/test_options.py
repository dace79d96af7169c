"""Words that are wrong get a sentence and the right exit code; help agrees with the manual page."""
import os
import re
from harness import Case, DATA, DIABETES, main


class Options(Case):
    def test_verbs(self):
        self.assertIn("ridgewalk path", self.expect(0, "help").stdout)
        self.expect(2)
        self.expect(2, "paht", say="no verb 'paht'")
        self.assertRegex(self.expect(0, "--version").stdout, r"^ridgewalk \d+\.\d+\.\d+\n$")
        for verb in ("path", "cv", "search", "compare", "certify", "explain", "predict", "export", "runs", "audit", "convert", "landscape"):
            a, b = self.expect(0, verb, "--help").stdout, self.expect(0, "help", verb).stdout
            self.assertEqual(a, b)
            self.assertIn("Example:", a)
            self.assertIn("130 interrupted", a)

    def test_wrong_words(self):
        for args, say in (
            (("path",), "wants one table"),
            (("path", DIABETES, DIABETES), "wants one table"),
            (("path", DIABETES, "--hiden", "3"), "did you mean --hidden?"),
            (("path", DIABETES, "--hidden"), "--hidden wants N"),
            (("path", DIABETES, "--hidden="), "not an empty text"),
            (("path", DIABETES, "--hidden", "x"), "not a list of widths"),
            (("path", DIABETES, "--hidden", "3", "--hidden", "4"), "given twice"),
            (("path", DIABETES, "--json=1"), "takes no value"),
            (("path", DIABETES, "-j"), "options are long here"),
            (("path", DIABETES, "--lambda", "2^-3:1:1:1"), "FROM:TO[:FACTOR]"),
            (("path", DIABETES, "--lambda", "1:0.5"), "0 < from <= to"),
            (("path", DIABETES, "--lambda", "0,1"), "'0' is not a positive penalty"),
            (("path", DIABETES, "--lambda", "nan"), "not a positive penalty"),
            (("path", DIABETES, "--lambda", "0x10"), "not a positive penalty"),
            (("path", DIABETES, "--lambda", "1,1"), "given twice"),
            (("path", DIABETES, "--walk", "sideways"), "none of up, down, cold"),
            (("path", DIABETES, "--walk", "worst"), "none of up, down, cold, best"),
            (("path", DIABETES, "--effort", "much"), "none of low, normal, high"),
            (("path", DIABETES, "--starts", "0"), "--starts"),
            (("path", DIABETES, "--seed", "-1"), "--seed"),
            (("path", DIABETES, "--solver", "rmsprop"), "none of newton, lbfgs"),
            (("path", DIABETES, "--activation", "sin"), "none of tanh"),
            (("path", DIABETES, "--convention", "mine"), "none of mse"),
            (("path", DIABETES, "--algebra", "sparse"), "none of auto"),
            (("path", DIABETES, "--threads", "0"), "--threads"),
            (("path", DIABETES, "--sep", "ab"), "not one character"),
            (("path", DIABETES, "--missing", "guess"), "neither error nor drop"),
            (("path", DIABETES, "--header", "--no-header"), "exclude each other"),
            (("path", "--resume", "x.rwk", "--out", "y.rwk"), "leave --out away"),
            (("certify", DIABETES, "--lambda", "1"), "--weights FILE is needed"),
            (("predict", "x.rwk"), "wants a run file and a table"),
            (("predict", "x.rwk", "y.csv", "--hidden", "3"), "no option --hidden"),
        ):
            self.expect(2, *args, say=say)

    def test_bad_data(self):
        self.expect(3, "path", "nowhere.csv", say="nowhere.csv: No such file")
        self.expect(3, "path", DIABETES, "--target", "Progression", say="no column 'Progression'; did you mean 'progression'?")
        self.expect(3, "path", self.file("a.csv", "x,y\n1,2\n2\n"), say="a.csv, line 3: 1 fields, expected 2")
        self.expect(3, "path", self.file("b.csv", "x,y\n1,2\nNA,2\n3,1\n"), say="line 3, column 'x': missing value 'NA'")
        self.expect(3, "path", "--resume", "none.rwk", say="none.rwk")
        self.expect(3, "path", "--resume", DIABETES, say="diabetes.csv")
        self.expect(3, "certify", DIABETES, "--weights", "none.json", "--lambda", "1", say="none.json: No such file")
        self.expect(3, "certify", DIABETES, "--weights", self.file("w.json", '{"layers":[{"W":[[1]],"b":[0]}]}'), "--lambda", "1",
                    say="layers[0].W is 1 x 1")
        self.assertFalse([n for n in os.listdir(self.folder) if n.endswith(".rwk")], "a run that could not begin leaves no file")

    def test_names_are_escaped(self):
        f = self.file("e.csv", '"\x1b[31mred",x,y\n1,2,3\n2,4,1\n3,1,2\n4,1,5\n')
        r = self.run_program("path", f, "--hidden", "1", "--lambda", "1", "--walk", "up")
        self.assertNotIn("\x1b", r.stdout + r.stderr)

    def test_manual_page(self):
        page = os.path.join(DATA, "..", "..", "docs", "ridgewalk.1")
        with open(page, encoding="utf-8") as f:
            page = f.read().replace("\\-", "-")
        for verb in ("path", "cv", "search", "compare", "certify", "explain", "predict", "export", "runs", "audit", "convert", "landscape"):
            for option in re.findall(r"^  (--[a-z-]+)", self.expect(0, verb, "--help").stdout, re.M):
                self.assertIn(option, page, "the manual page lacks an option of " + verb)


if __name__ == "__main__":
    main()
