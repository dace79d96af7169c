"""Small forms of the studies: each ends with exit code 0 where what it looks for came out. Skipped where no Python with numpy and scikit-learn is."""
import os
import subprocess
import sys
import unittest
from harness import DATA, PROGRAM, Case, main

STUDIES = os.path.join(os.path.dirname(os.path.dirname(DATA)), "studies")
ENVIRONMENT = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def python():
    """This interpreter or Debian's, whichever has what the studies need."""
    for each in (sys.executable, "/usr/bin/python3"):
        try:
            if subprocess.run([each, "-c", "import numpy, scipy, sklearn"], capture_output=True, check=False).returncode == 0:
                return each
        except OSError:
            pass
    return None


PYTHON = python()


@unittest.skipUnless(PYTHON, "no numpy, scipy and scikit-learn")
class Studies(Case):
    def study(self, name, *args):
        r = subprocess.run([PYTHON, os.path.join(STUDIES, name), "--program", PROGRAM, *args], capture_output=True, text=True, cwd=self.folder, env=ENVIRONMENT, check=False)
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        return r.stdout

    def test_saddles(self):
        text = self.study("saddles/saddles.py", "--small")
        self.assertRegex(text, r"(?m)^\| 2 \| 52 \| .* \| 0 \|$")  # no certificate differs

    def test_gradient_norms_end_where_nothing_is_critical(self):
        self.assertRegex(self.run_norm(), r"(?m)^\| 2 \| 52 \| 8 \| 8 ")

    def run_norm(self):
        r = subprocess.run([PYTHON, os.path.join(STUDIES, "saddles/saddles.py"), "--program", PROGRAM, "--norm", "--widths", "2", "--rows", "100", "--points",
                            "8", "--seeds", "0"], capture_output=True, text=True, cwd=self.folder, env=ENVIRONMENT, check=False)
        return r.stdout

    def test_gradopt(self):
        text = self.study("gradopt/gradopt.py", "--small")
        self.assertRegex(text, r"GradOpt, then gradient descent \| 24 \| 24 \| 0 ")

    def test_linear(self):
        self.assertIn("everything is as the theory says", self.study("linear/linear.py", "--starts", "2"))

    def test_digits(self):
        self.study("digits/digits.py", "--small")


if __name__ == "__main__":
    main()
