#!/usr/bin/env python3
"""Instructions of fixed pieces of work against stored figures: check.py SOURCE BUILD [--store]

Builds bench/instructions as users build the program, counts by valgrind's callgrind, and fails where a count is more than 15 % above
expected.json. Counts do not depend on what else the machine does; they are of the AVX2 kernels, ours and OpenBLAS's. --store writes them.
Exit code 77, skipped, where the processor has no AVX2 or there is no valgrind.
"""
import json
import os
import shutil
import subprocess
import sys

TOLERANCE = 1.15


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **options)


def must(*command):
    r = run(*command)
    if r.returncode:
        sys.exit(f"{' '.join(command)}:\n{r.stdout}")


def count(program, what):
    r = run("valgrind", "--tool=callgrind", "--toggle-collect=measured", "--callgrind-out-file=/dev/null", program, what,
            env={**os.environ, "OPENBLAS_CORETYPE": "Haswell", "OPENBLAS_NUM_THREADS": "1"})
    lines = [line for line in r.stdout.splitlines() if "Collected" in line]
    if r.returncode or len(lines) != 1:
        sys.exit(f"{program} {what}:\n{r.stdout}")
    return int(lines[0].split()[-1])


def main():
    source, build = sys.argv[1:3]
    figures = os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected.json")
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        flags = f.read()
    if not shutil.which("valgrind") or " avx2" not in flags or " fma" not in flags:
        print("no valgrind, or no AVX2: skipped")
        sys.exit(77)
    must("cmake", "-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DRWK_BUILD_TESTS=OFF", "-DRWK_BUILD_BENCH=ON")
    must("cmake", "--build", build, "--target", "bench_instructions")
    program = os.path.join(build, "bench", "instructions")
    with open(figures, encoding="utf-8") as f:
        expected = json.load(f)
    found = {what: count(program, what) for what in expected}
    if "--store" in sys.argv:
        with open(figures, "w", encoding="utf-8") as f:
            f.write(json.dumps(found) + "\n")
    worse = 0
    for what, number in found.items():
        ratio = number / expected[what]
        worse += ratio > TOLERANCE
        note = ": too many" if ratio > TOLERANCE else ": fewer; --store makes that the figure" if ratio < 1 / TOLERANCE else ""
        print(f"{what}: {number} instructions, {ratio:.3f} of the stored figure{note}")
    sys.exit(worse > 0)


main()
