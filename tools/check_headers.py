#!/usr/bin/env python3
"""Each public header compiles alone, twice in a row, as C11 and as C++17."""
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", f"-I{ROOT / 'include'}"]
COMPILERS = [
    [os.environ.get("CC", "cc"), "-std=c11", "-Wstrict-prototypes", "-x", "c"],
    [os.environ.get("CXX", "c++"), "-std=c++17", "-x", "c++"],
]

failed = 0
headers = sorted((ROOT / "include").rglob("*.h"))
for header in headers:
    name = header.relative_to(ROOT / "include")
    for compiler in COMPILERS:
        source = f"#include <{name}>\n#include <{name}>\n"
        run = subprocess.run([*compiler, *WARNINGS, "-"], input=source, text=True, capture_output=True)
        if run.returncode:
            failed += 1
            print(f"{name} with {' '.join(compiler)}:\n{run.stderr}")
print(f"{len(headers)} headers, {failed} failures")
sys.exit(1 if failed or not headers else 0)
