#!/usr/bin/env python3
"""The library's manners, read off its symbols.

check_symbols.py SHARED STATIC   the shared library exports only rwk_*, and the objects of the static one call nothing that ends
                                 the process, prints, draws from the C library's random numbers, or touches locale and signals,
                                 and hold no variables
check_symbols.py --report OBJECT...
                                 the objects of the report call nothing of the library but the run file, names, and memory:
                                 they fit, certify and follow nothing
check_symbols.py --self-test     compiles objects that do each of it and expects each to be found
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

FORBIDDEN = set("""exit _exit _Exit quick_exit abort atexit printf vprintf puts putchar putc fputc fputs perror stdout stderr
    scanf gets stdin rand srand random srandom rand_r drand48 srand48 lrand48 setlocale uselocale signal sigaction sigprocmask
    raise system fork strtok localtime gmtime setenv putenv __assert_fail __printf_chk __vprintf_chk""".split())
ALLOWED_IN_DEBUG = {"__assert_fail"}  # assert is for bugs of ours, and gone from release builds


def nm(*arguments):
    return subprocess.run(["nm", *arguments], check=True, text=True, capture_output=True).stdout.splitlines()


def check_exports(shared):
    for line in nm("-D", "--defined-only", shared):
        name = line.split()[-1].split("@")[0]
        if not name.startswith("rwk_"):
            yield f"exports {name}"


def check_objects(archive):
    """Symbols of every object: U undefined; b B d D C variables. `.data.rel.ro` and rodata are constants."""
    member = ""
    for line in nm("--format=sysv", archive):
        if line.startswith("Symbols from"):
            member = re.sub(r".*\[(.*)\].*|Symbols from (.*):", lambda m: m[1] or m[2], line)
        fields = [field.strip() for field in line.split("|")]
        if len(fields) < 7 or fields[0] == "Name":
            continue
        name, kind, section = fields[0], fields[2], fields[6]
        if name.startswith((".L", ".gomp_critical_user_rwk_")):  # the latter: the lock of `omp critical (rwk_...)`
            continue
        if kind == "U" and name.split("@")[0] in FORBIDDEN - ALLOWED_IN_DEBUG:
            yield f"{member} calls {name}"
        if kind in "bBdDC" and not section.startswith(".data.rel.ro"):
            yield f"{member} holds the variable {name}"


REPORT_MAY = re.compile(r"rwk_(run_\w+|\w+_name|alloc|calloc|realloc|free|strdup|grow|set_error|fail\w*|context_error)$")


def check_report(objects):
    lines = [line.split() for line in nm(*objects) if line and not line.endswith(":")]
    own = {fields[-1] for fields in lines if len(fields) == 3}
    for name in sorted({fields[-1] for fields in lines if len(fields) == 2} - own):
        if name.startswith("rwk_") and not REPORT_MAY.match(name):
            yield f"the report calls {name}"


PLANTED = {
    "exit": "#include <stdlib.h>\nvoid rwk_f(void) { exit(1); }",
    "abort": "#include <stdlib.h>\nvoid rwk_f(void) { abort(); }",
    "printf": '#include <stdio.h>\nvoid rwk_f(int a) { printf("%d", a); }',
    "puts": '#include <stdio.h>\nvoid rwk_f(int a) { printf("one line\\n"); }',
    "stderr": '#include <stdio.h>\nvoid rwk_f(int a) { fprintf(stderr, "%d", a); }',
    "rand": "#include <stdlib.h>\nint rwk_f(void) { return rand(); }",
    "setlocale": '#include <locale.h>\nvoid rwk_f(void) { setlocale(LC_ALL, "C"); }',
    "signal": "#include <signal.h>\nvoid rwk_f(void) { signal(SIGINT, SIG_IGN); }",
    "variable rwk_global": "int rwk_global; int rwk_f(void) { return rwk_global; }",
    "variable counter": "int rwk_f(void) { static int counter; return counter++; }",
    "variable table": "int rwk_f(int i) { static double table[4] = {1, 2, 3, 4}; return (int)++table[i]; }",
    "exports": "int helper(void) { return 1; }",
}
CLEAN = ('static const char *const names[] = {"a", "b"}; typedef int (*fn)(int); int rwk_g(int i) { return names[i][0]; }\n'
         "static const struct { const char *name; fn call; } ops = {\"x\", rwk_g}; int rwk_f(int i) { return ops.call(i); }")


def self_test():
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        for want, code in [*PLANTED.items(), (None, CLEAN)]:
            source, shared, static = (Path(folder) / name for name in ("p.c", "p.so", "p.o"))
            source.write_text(code + "\n")
            for flags in (["-c", "-o", static], ["-shared", "-o", shared]):
                subprocess.run([os.environ.get("CC", "cc"), "-O1", "-fPIC", "-w", source, *flags], check=True)
            found = [*check_exports(shared), *check_objects(static)]
            if not any(want in line for line in found) if want else found:
                missed.append(f"not found: {want}" if want else f"false alarm: {found}")
        source, static = Path(folder) / "r.c", Path(folder) / "r.o"
        source.write_text("int rwk_certify(void); int rwk_run_get(void); int rwk_f(void) { return rwk_certify() + rwk_run_get(); }\n")
        subprocess.run([os.environ.get("CC", "cc"), "-O1", "-c", "-w", source, "-o", static], check=True)
        if list(check_report([static])) != ["the report calls rwk_certify"]:
            missed.append("not found: a report that certifies")
    print(f"{len(PLANTED) + 2 - len(missed)} of {len(PLANTED) + 2} cases right")
    return missed


if sys.argv[1:] == ["--self-test"]:
    found = self_test()
elif sys.argv[1] == "--report":
    found = list(check_report(sys.argv[2:]))
else:
    found = [*check_exports(sys.argv[1]), *check_objects(sys.argv[2])]
print("\n".join(found) if found else "symbols: nothing found")
sys.exit(1 if found else 0)
