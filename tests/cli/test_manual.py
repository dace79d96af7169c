"""A manual page for every verb, made from docs/ridgewalk.1 and from what the program says of itself (tools/manual.py): none is stale, each has every
option of --help, and the formatters find nothing wrong with any."""
import glob
import os
import re
import shutil
import subprocess
import sys
from harness import Case, PROGRAM, main

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
DOCS = os.path.join(ROOT, "docs")


def text(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Manual(Case):
    def verbs(self):
        found = re.findall(r"^  ridgewalk ([a-z]+) ", self.expect(0, "help").stdout, re.M)
        self.assertIn("cv", found)
        return found

    def test_pages_are_those_of_the_program(self):
        made = self.file("man")
        subprocess.run([sys.executable, os.path.join(ROOT, "tools", "manual.py"), PROGRAM, made], check=True)
        self.assertEqual(sorted(os.listdir(made)), sorted(f"ridgewalk-{v}.1" for v in self.verbs()))
        self.assertEqual(sorted(os.listdir(os.path.join(DOCS, "man"))), sorted(os.listdir(made)), "./dev manual makes them")
        for name in os.listdir(made):
            self.assertEqual(text(os.path.join(DOCS, "man", name)), text(os.path.join(made, name)), f"docs/man/{name} is stale: ./dev manual")

    def test_every_option_has_its_words(self):
        whole = text(os.path.join(DOCS, "ridgewalk.1")).replace("\\-", "-")
        for verb in self.verbs():
            page = text(os.path.join(DOCS, "man", f"ridgewalk-{verb}.1")).replace("\\-", "-")
            self.assertIn(f"ridgewalk {verb}", page)
            for option in re.findall(r"^  (--[a-z0-9-]+)", self.expect(0, verb, "--help").stdout, re.M):
                self.assertRegex(page, rf"\n\.TP\n\.B[A-Z]* (.*[ \"]+)?{option}(?![a-z-]).*\n[^.\n]*[A-Za-z.]", verb)
                self.assertIn(option, whole)

    def test_formatters_find_nothing_wrong(self):
        pages = [os.path.join(DOCS, "ridgewalk.1"), *sorted(glob.glob(os.path.join(DOCS, "man", "*.1")))]
        tools = [t for t in (["groff", "-ww", "-man", "-Tutf8", "-z"], ["mandoc", "-Tlint", "-W", "warning"]) if shutil.which(t[0])]
        if not tools:
            self.skipTest("neither groff nor mandoc is here")
        for tool in tools:
            for page in pages:
                r = subprocess.run([*tool, page], capture_output=True, text=True, check=False)
                self.assertEqual((r.returncode, r.stdout + r.stderr), (0, ""), f"{tool[0]}: {page}")


if __name__ == "__main__":
    main()
