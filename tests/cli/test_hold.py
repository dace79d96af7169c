"""Strangers' names, sizes and files; limits of memory and time; the signals of batch systems."""
import json
import os
import random
import signal
import subprocess
import sys
import time
from harness import DIABETES, PROGRAM, YACHT, Case, main, numbers

ATTACKS = ["<script>alert(1)</script>", "\x1b[31mred", "\x1b]0;title\x1b\\", "\x9b2Jc1", "--out", "x'); DROP TABLE fit;--", "a\nb", 'q"uote', "\u202egnp", "*/ int main(void) {", "\x07bell"]


class Hostile(Case):
    def table(self):
        random.seed(3)
        head = ",".join('"' + name.replace('"', '""') + '"' for name in ATTACKS)
        return self.file("<b>.csv", head + "\n" + "".join(",".join(f"{random.random():.4f}" for _ in ATTACKS) + "\n" for _ in range(30)))

    def test_names_are_shown_escaped(self):
        table, out = self.table(), self.file("r.rwk")
        words = [self.run_program("path", table, "--hidden", "2", "--lambda", "2^-6:2^0", "--walk", "up", "--out", out)]
        words += [self.run_program("runs", "show", out), self.run_program("runs", self.folder), self.run_program("explain", out),
                  self.run_program("certify", table, "--target", "\x1b[2J", "--weights", "w", "--lambda", "1"),
                  self.run_program("path", table, "--hidden", "\x1b[2J"), self.run_program("\x1b[2J"),
                  self.run_program("path", "\x1b[2J.csv"), self.run_program("path", table, "--\x1b[2J")]
        sweep = self.file("\x1b[2Jsweep.csv", '"lambda","mse\x1b[2J","penalty"\n1,2,3\n2,1,3\n')
        words += [self.run_program("report", out), self.run_program("plot", out, "--what", "traces"), self.run_program("export", out),
                  self.run_program("predict", out, table, "--lambda", "2^-3", "--out", self.file("\x1b[2Jp.csv")),
                  self.run_program("audit", sweep), self.run_program("landscape", out, "--what", "\x1b[2J"),
                  self.run_program("landscape", out, "--points", "3", "--bands", "1"), self.run_program("path", "--resume", out, "--no-plot"),
                  self.run_program("compare", table, "--hidden", "1", "--lambda", "1", "--solvers", "newton,\x1b[2J"),
                  self.run_program("compare", table, "--hidden", "1", "--lambda", "1", "--solvers", "newton"),
                  self.run_program("cv", table, "--hidden", "1", "--lambda", "1,2", "--folds", "2", "--group", "\x1b[2J"),
                  self.run_program("search", table, "--hidden", "1", "--trials", "2", "--folds", "2", "--no-plot", "--fold-column", "\x9b")]
        for r in words:
            for banned in ("\x1b", "\x07", "\u202e", "\x9b"):
                self.assertNotIn(banned, r.stdout + r.stderr, r.args)
        self.assertEqual(words[0].returncode, 0, words[0].stderr)
        self.expect(0, "report", out, "--out", self.file("r.html"), "--quiet")
        with open(self.file("r.html"), encoding="utf-8") as f:
            self.assertNotIn("<script>alert", f.read())
        model = json.loads(self.expect(0, "export", out, "--lambda", "2^-3", "--format", "json", "--quiet").stdout)
        self.assertEqual([c["name"] for c in model["recipe"]["columns"]], ATTACKS[:-1])
        self.expect(0, "export", out, "--lambda", "2^-3", "--out", self.file("m.c"), "--quiet")
        subprocess.run(["cc", "-std=c11", "-Wall", "-Werror", "-c", self.file("m.c"), "-o", self.file("m.o")], check=True)
        header = self.expect(0, "predict", out, table, "--lambda", "2^-3", "--quiet").stdout.splitlines()[0]
        self.assertEqual(header, ATTACKS[-1], "a pipe gets the name as it is")

    def test_a_line_without_end(self):
        with open(self.file("line.csv"), "wb") as f:
            for _ in range(66):
                f.write(b"a" * (1 << 20))
        self.expect(3, "path", "line.csv", say="a line of more than 64 MiB")

    def test_a_pipe_without_end(self):
        """10 GB that are one line, or one quoted cell: refused after what a line may have, in the memory of that."""
        for endless, say in (("tr '\\0' a < /dev/zero", "a line of more than 64 MiB"), ("printf '\"'; yes", "quote")):
            source = subprocess.Popen(["sh", "-c", f"({endless}) | head -c 10000000000"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            child = subprocess.Popen([PROGRAM, "path", "-", "--out", "p.rwk"], cwd=self.folder, stdin=source.stdout, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE)
            source.stdout.close()
            said = child.stderr.read().decode()
            child.stderr.close()
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            source.wait()
            self.assertEqual(child.returncode, 3, said)
            self.assertIn(say, said)
            print(f"{used.ru_maxrss / 1024:.0f} MB", file=sys.stderr)
            self.assertLess(used.ru_maxrss, 1 << 20, "1 GB, with all that a sanitizer takes")
            self.assertFalse(os.path.exists(self.file("p.rwk")))

    def test_many_columns(self):
        n = 20000
        table = self.file("wide.csv", ",".join(f"c{i}" for i in range(n)) + ",y\n" + "".join(
            ",".join(str((i * 7 + 3 * r) % 10) for i in range(n)) + f",{r % 4}\n" for r in range(5)))
        self.expect(4, "path", table, "--hidden", "1", "--out", "w.rwk", "--max-memory", "2M", say="memory ran out")
        self.assertFalse(os.path.exists(self.file("w.rwk")))

    def test_a_damaged_file_among_others(self):
        self.path("--hidden", "1", "--walk", "up", "--lambda", "1,2", "--no-explain", "--out", self.file("a.rwk"))
        self.file("b.rwk", "SQLite format 3\0" + "x" * 5000)
        r = self.expect(3, "runs", say="b.rwk is not a run file")
        self.assertIn("a.rwk", r.stdout)
        with open("/dev/full", "w", encoding="utf-8") as full:
            r = subprocess.run([PROGRAM, "runs", "show", "a.rwk", "--json"], cwd=self.folder, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(r.returncode, 3)
        self.assertIn("standard output cannot be written", r.stderr)


class Limits(Case):
    LONG = ["--hidden", "8", "--walk", "up,down,cold", "--starts", "6", "--lambda", "2^-12:2^0", "--no-explain", "--threads", "1"]

    def test_usage(self):
        for option, value in (("--max-memory", "much"), ("--max-memory", "0"), ("--time-limit", "-3"), ("--time-limit", "5y")):
            self.expect(2, "path", DIABETES, option, value, "--out", "x.rwk", say=option)

    def test_memory_that_runs_out_keeps_what_is_done(self):
        table = ["path", YACHT, "--target", "residuary_resistance", "--hidden", "20", "--walk", "cold", "--starts", "60", "--lambda", "1,2",
                 "--no-explain", "--threads", "1"]
        # the fits themselves outgrow it
        for limit in range(3600, 9000, 90):
            r = self.run_program(*table, "--max-memory", f"{limit}K", "--out", f"{limit}.rwk")
            if "fits are kept" in r.stderr:
                break
        self.assertEqual(r.returncode, 4, r.stderr)
        self.assertIn("memory ran out", r.stderr)
        kept = self.json("runs", f"{limit}.rwk")[0]
        self.assertGreater(kept["fits"], 0)
        self.assertLess(kept["fits"], kept["planned"])

    def test_time_limit(self):
        wanted = numbers(self.path(*self.LONG, "--out", self.file("whole.rwk")))
        limit = 0.1
        while True:
            r = self.run_program("path", DIABETES, "--target", "progression", *self.LONG, "--out", f"{limit}.rwk", "--time-limit", limit)
            if "of" in r.stderr and "fits are kept" in r.stderr and " 0 of" not in r.stderr:
                break
            self.assertLess(limit, 10, r.stderr)
            limit *= 2
        self.assertEqual(r.returncode, 130)
        self.assertIn("the time limit is reached", r.stderr)
        self.assertIn("of", self.expect(0, "runs", f"{limit}.rwk").stdout)
        self.assertEqual(numbers(self.json("path", "--resume", f"{limit}.rwk")), wanted)

    def test_signals(self):
        wanted = numbers(self.path(*self.LONG, "--out", self.file("whole.rwk")))
        for number, word in ((signal.SIGUSR1, "SIGUSR1"), (signal.SIGXCPU, "SIGXCPU"), (signal.SIGTERM, "interrupted")):
            out = self.file(f"{word}.rwk")
            child = subprocess.Popen([PROGRAM, "path", DIABETES, "--target", "progression", *self.LONG, "--out", out], cwd=self.folder,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            while not os.path.exists(out) and child.poll() is None:
                time.sleep(0.01)
            child.send_signal(number)
            _, said = child.communicate(timeout=60)
            if child.returncode in (0, 1):
                continue  # done before it came
            self.assertEqual(child.returncode, 130, said)
            self.assertIn(word, said)
            self.assertEqual(numbers(self.json("path", "--resume", out)), wanted)


if __name__ == "__main__":
    main()
