"""The pages for newcomers are run as they stand: every command of a ```console block, in order, in one folder a page, and what is shown below a command
is what it prints. Numbers may differ in their last digits, seconds and kilobytes may differ altogether, and a line `...` stands for lines left out. A
block of another language whose first line is a comment with a file's name is that file."""
import os
import re
import shutil
import subprocess
import sys
import unittest
from harness import Case, DATA, PROGRAM, main

DOCS = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "docs")
NUMBER = re.compile(r"(?<![\w^.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w^])")
OF_THE_DAY = re.compile(r"\b[\d.e-]+ (s|kB)\b")


def blocks(page):
    """[(language, lines)] of a page's fenced blocks."""
    with open(os.path.join(DOCS, page), encoding="utf-8") as f:
        return [(kind, body.split("\n")[:-1]) for kind, body in re.findall(r"^```(\w+)\n(.*?)^```$", f.read(), re.M | re.S)]


def commands(lines):
    """[(command, shown lines)]; a command goes on after a backslash."""
    found, more = [], False
    for line in lines:
        if more:
            found[-1][0] += "\n" + line
        elif line.startswith("$ "):
            found.append([line[2:], []])
        else:
            found[-1][1].append(line)
            continue
        more = line.endswith("\\")
    return found


def same(shown, printed):
    shown, printed = (OF_THE_DAY.sub(r"# \1", " ".join(x.split())) for x in (shown, printed))
    if NUMBER.sub("#", shown) != NUMBER.sub("#", printed):
        return False
    return all(close(a, b) for a, b in zip(NUMBER.findall(shown), NUMBER.findall(printed)))


def close(a, b):
    """To 4 digits, or one in the last that is shown; below 1e-9, where gradients at the level of rounding are, anything."""
    mantissa, _, exponent = a.lower().partition("e")
    last = 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
    a, b = float(a), float(b)
    return abs(a - b) <= max(1e-4 * abs(a), 1.01 * last if "." in mantissa else 0, 1e-9)


def python_with(*modules):
    for python in dict.fromkeys(("/usr/bin/python3", sys.executable)):
        if os.path.exists(python) and subprocess.run([python, "-c", "import " + ", ".join(modules)], capture_output=True, check=False).returncode == 0:
            return python
    return None


class Docs(Case):
    def folder_of_a_reader(self):
        """With the program, the data of the repository, and the languages that are here in reach."""
        bin_ = self.file("bin")
        os.mkdir(bin_)
        os.symlink(PROGRAM, os.path.join(bin_, "ridgewalk"))
        os.mkdir(self.file("tests"))
        os.symlink(DATA, self.file("tests/data"))
        python = python_with("numpy", "sklearn")
        if python:
            os.symlink(python, os.path.join(bin_, "python3"))
        return {"PATH": bin_ + ":/usr/bin:/bin", "HOME": self.folder, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1",
                **{k: v for k, v in os.environ.items() if k.endswith("SAN_OPTIONS")}}, python

    def missing(self, python, files):
        """What this page's scripts want and is not here."""
        for name, text in files.items():
            if name.endswith(".py") and not python:
                return "numpy and scikit-learn"
            for package in re.findall(r"^library\((\w+)\)", text, re.M):
                if not shutil.which("Rscript") or subprocess.run(["Rscript", "-e", f"library({package})"], capture_output=True, check=False).returncode:
                    return f"R with {package}"
        return None

    def check(self, page):
        env, python = self.folder_of_a_reader()
        found, files = blocks(page), {}
        for kind, lines in found:
            name = re.match(r"(?:#|/\*) ([\w-]+\.\w+)(?: \*/)?$", lines[0])
            if name:
                files[name.group(1)] = "\n".join(lines) + "\n"
                self.file(*([name.group(1), files[name.group(1)]]))
        absent, ran = self.missing(python, files), 0
        for kind, lines in found:
            for command, shown in commands(lines) if kind == "console" else ():
                if absent and re.match("(python3|Rscript) ", command):
                    raise unittest.SkipTest(f"{page}: {ran} commands are right; for the others {absent} is not here")
                r = subprocess.run(["bash", "-c", command], cwd=self.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                   timeout=300, check=False)
                self.assertIn(r.returncode, (0, 1), f"{page}: $ {command}\n{r.stdout}")
                ran += 1
                self.compare(page, command, shown, r.stdout.split("\n"))
        self.assertGreater(ran, 2)

    def compare(self, page, command, shown, printed):
        at, free = 0, False
        printed = [line for line in printed if line.strip()]
        for line in shown:
            if not line.strip():
                continue
            if line.strip() == "...":
                free = True
                continue
            there = at
            while free and there < len(printed) and not same(line, printed[there]):
                there += 1
            wrong = there >= len(printed) or not same(line, printed[there])
            self.assertFalse(wrong, f"{page}: $ {command}\n  shown:   {line}\n  printed: " +
                             ("\n           ".join(printed[at:]) if free else printed[there] if there < len(printed) else "nothing more"))
            at, free = there + 1, False
        if shown and not free:
            self.assertEqual(printed[at:], [], f"{page}: $ {command} prints more")

    def test_a_wrong_number_would_be_seen(self):
        self.assertTrue(same("error 0.5184 +- 0.025 in 3.1 s at 2^-5", "error  0.5185 +- 0.02501 in 7 s at 2^-5"))
        for wrong in ("error 0.5184 +- 0.025 in 3.1 s at 2^-5", "error 0.5187 +- 0.025 in 3.1 s at 2^-4", "error 0.5187 +- 0.025 at 2^-5"):
            self.assertFalse(same(wrong, "error 0.5187 +- 0.025 in 7 s at 2^-5"))
        self.assertFalse(same("9 of 10", "8 of 10"))
        with self.assertRaises(AssertionError):
            self.compare("", "", ["a 1", "...", "b 2"], ["a 1", "x", "b 3"])

    def test_tutorial(self):
        self.check("tutorial.md")

    def test_from_glmnet(self):
        self.check("from-glmnet.md")

    def test_from_nnet(self):
        self.check("from-nnet.md")

    def test_from_scikit_learn(self):
        self.check("from-scikit-learn.md")


if __name__ == "__main__":
    main()
