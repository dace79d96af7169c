#!/usr/bin/env python3
"""Plain text rules for every file of the tree that is not data.

No tab, no trailing blank, no carriage return, a newline at the end, sources in ASCII, at most 700 lines, no path of anybody's
machine, no note to self. --self-test plants each and expects it to be found.
"""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ["include", "src", "tests", "bench", "tools", "cmake", "docs", "examples", "studies", "bindings", ".ci"]
SUFFIXES = {".c", ".h", ".py", ".pyi", ".toml", ".sh", ".cmake", ".txt", ".in", ".md", ".json", ".R", ".1", ".sql", ".html", ".js", ""}
SKIP = {"data", "reference", "__pycache__", "corpus", "build", "ridgewalk.egg-info"}  # tables, and what other programs wrote
ASCII = {".c", ".h", ".py", ".pyi", ".toml", ".sh", ".cmake", ".in", ".R", ".sql"}
MOST_LINES = 700
RULES = [  # the expressions are spelt so that they do not find themselves
    ("tab", re.compile("\t")),
    ("carriage return", re.compile("\r")),
    ("trailing blank", re.compile(r"[ \t]+$")),
    ("path of one machine", re.compile(r"(?<![\w.])/(?:home|root|work|Users)/")),
    ("note to self", re.compile(r"\b(?:TO[D]O|FIX[M]E|XX[X])\b")),
]


def check_text(name, text):
    suffix = Path(name).suffix
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        for rule, expression in RULES:
            if expression.search(line):
                yield f"{name}:{number}: {rule}"
        if suffix in ASCII and not line.isascii():
            yield f"{name}:{number}: not ASCII"
    if text and not text.endswith("\n"):
        yield f"{name}: no newline at the end"
    if len(lines) > MOST_LINES + 1:
        yield f"{name}: {len(lines) - 1} lines; {MOST_LINES} are enough"


def files():
    for path in sorted(ROOT.iterdir()):
        if path.is_file() and path.name not in ("LICENSE", ".git"):
            yield path
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and path.suffix in SUFFIXES and not SKIP & set(path.relative_to(ROOT).parts):
                yield path


def check():
    for path in files():
        try:
            text = path.read_bytes().decode("utf-8")
        except UnicodeDecodeError:
            yield f"{path.relative_to(ROOT)}: not UTF-8"
            continue
        yield from check_text(str(path.relative_to(ROOT)), text)


def self_test():
    planted = ["a\tb\n", "a \n", "a\r\n", "open /ro" + "ot/x\n", "open /ho" + "me/x\n", "TO" + "DO\n", "\u00e9\n", "a", "a\n" * 701]
    missed = [f"not found: {text[:20]!r}" for text in planted if not list(check_text("planted.c", text))]
    if list(check_text("clean.c", "int a; /* b */\n" * 700)):
        missed.append("false alarm")
    print(f"{len(planted) - len(missed)} of {len(planted)} planted violations found")
    return missed


found = self_test() if "--self-test" in sys.argv[1:] else list(check())
print("\n".join(found) if found else "text: nothing found")
sys.exit(1 if found else 0)
