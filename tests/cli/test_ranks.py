"""A job by several processes that mpirun starts: the numbers of one, also when a process is killed and the run gone on with."""
import glob
import os
import random
import shutil
import sqlite3
import subprocess
import time
import unittest
from harness import PROGRAM, YACHT, Case, main

YACHTS = [YACHT, "--target", "residuary_resistance"]
PATH = ["path", *YACHTS, "--hidden", "3", "--walk", "up,cold,best", "--effort", "low", "--starts", "16", "--lambda", "2^-8:2^0:16"]
CV = ["cv", *YACHTS, "--hidden", "2", "--folds", "3", "--repeats", "2", "--ensemble", "2"]
SEARCH = ["search", *YACHTS, "--hidden", "2:5", "--trials", "10", "--folds", "3", "--seed", "3"]
ROWS = ["--target", "y", "--hidden", "2", "--walk", "up,best", "--effort", "low", "--lambda", "2^-6:2^0:4", "--row-weights", "omega"]


def has_mpi():
    linked = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=False).stdout if PROGRAM else ""
    return shutil.which("mpirun") and "libmpi" in linked


def contents(file):
    """All of a run file but times, and checksums, which are of times too; rows in an order of their own."""
    told = {}
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            columns = [c[1] for c in db.execute(f"PRAGMA table_info({table})")]
            columns = [f'"{c}"' for c in columns if c not in ("id", "checksum", "digest") and "seconds" not in c]
            rows = db.execute(f"SELECT {', '.join(columns)} FROM {table}")
            told[table] = sorted(repr(row) for row in rows if row[0] not in ("created_at", "finished_at"))
    return told


@unittest.skipUnless(has_mpi(), "no mpirun, or a program built without MPI")
class Ranks(Case):
    def ranks(self, n, *args, **kw):
        command = ["mpirun", "--oversubscribe", "-n", str(n), PROGRAM, *args]
        if os.geteuid() == 0:
            command.insert(1, "--allow-run-as-root")
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)

    def by_ranks(self, n, *args, codes=(0, 1)):
        child = self.ranks(n, *args)
        out, said = child.communicate(timeout=200)
        self.assertIn(child.returncode, codes, said)
        return out, said

    def same(self, counts, *args, split=()):
        """The run files of one process and of several have the same contents."""
        self.json(*args, "--out", "one.rwk")
        wanted = contents(self.file("one.rwk"))
        for n in counts:
            self.by_ranks(n, *args, *split, "--json", "--quiet", "--out", f"{n}.rwk")
            found = contents(self.file(f"{n}.rwk"))
            for table, rows in wanted.items():
                self.assertEqual(found[table], rows, f"{n} processes, {table}")
        return wanted

    def kill_one(self, child, rank, file):
        """Kills a rank once some fits are in the file, and waits for the job to end."""
        while child.poll() is None:
            try:
                with sqlite3.connect(f"file:{self.file(file)}?mode=ro", uri=True) as db:
                    if db.execute("SELECT count(*) FROM fit").fetchone()[0] > 0:
                        break
            except sqlite3.Error:
                pass
            time.sleep(0.002)
        for name in glob.glob("/proc/[0-9]*/environ"):
            try:
                with open(name, "rb") as f:
                    mine = f"OMPI_COMM_WORLD_RANK={rank}\0".encode() in f.read()
                if mine and os.readlink(os.path.join(os.path.dirname(name), "cwd")) == os.path.realpath(self.folder):
                    os.kill(int(name.split("/")[2]), 9)
            except OSError:
                continue
        child.communicate(timeout=100)
        return child.returncode

    def table(self, rows):
        draw = random.Random(5)
        lines = ["a,b,omega,y"]
        for _ in range(rows):
            a, b, noise = (draw.gauss(0, 1) for _ in range(3))
            lines.append(f"{a:.3f},{b:.3f},{draw.randint(0, 3)},{a * a + abs(b) + 0.3 * noise:.3f}")
        return self.file("table.csv", "\n".join(lines) + "\n")

    def test_starts(self):
        self.assertEqual(len(self.same((1, 2, 4), *PATH)["fit"]), 16 * 2 * 3 + 3)

    def test_folds(self):
        self.same((3,), *CV)

    def test_folds_on_a_grid(self):
        self.same((2,), *CV, "--lambda", "2^-8:2^0:4")

    def test_trials(self):
        self.same((3,), *SEARCH)

    def test_rows(self):
        table = self.table(34000)
        wanted = self.same((2, 3), "path", table, *ROWS, split=("--split", "rows"))
        self.assertGreater(len(wanted["fit"]), 4)
        _, said = self.by_ranks(3, "path", table, *ROWS, "--split", "rows", "--json", "--out", "x.rwk")
        self.assertIn("1 of 3 processes have nothing to do", said)

    def test_rows_of_classes(self):
        table = self.table(34000)
        self.same((2,), "path", table, "--target", "omega", "--loss", "softmax", "--categories", "omega", "--hidden", "1", "--activation",
                  "softplus", "--walk", "up", "--lambda", "2^-2", split=("--split", "rows"))

    def test_a_rank_that_is_killed(self):
        self.json(*PATH, "--out", "one.rwk")
        wanted = contents(self.file("one.rwk"))
        self.kill_one(self.ranks(3, *PATH, "--json", "--quiet", "--out", "k.rwk"), 2, "k.rwk")
        shutil.copy(self.file("k.rwk"), self.file("l.rwk"))
        self.json("path", "--resume", "k.rwk")
        self.by_ranks(2, "path", "--resume", "l.rwk", "--json", "--quiet")
        for name in ("k.rwk", "l.rwk"):
            found = contents(self.file(name))
            for table in ("lambda", "fit", "drop_", "origin", "collapse", "series"):
                self.assertEqual(found[table], wanted[table], f"{name}, {table}")

    def test_a_rank_with_rows_that_is_killed(self):
        table = self.table(34000)
        self.json("path", table, *ROWS, "--out", "one.rwk")
        self.kill_one(self.ranks(2, "path", table, *ROWS, "--split", "rows", "--json", "--quiet", "--out", "k.rwk"), 1, "k.rwk")
        self.by_ranks(2, "path", "--resume", "k.rwk", "--split", "rows", "--json", "--quiet")
        found, wanted = contents(self.file("k.rwk")), contents(self.file("one.rwk"))
        for name in ("lambda", "fit", "drop_", "origin", "collapse", "series"):
            self.assertEqual(found[name], wanted[name], name)

    def test_mistakes(self):
        for args, say in ((["path", YACHT, "--target", "nobody"], "no column 'nobody'"),
                          (["path", YACHT, "--target", "nobody", "--split", "rows"], "no column 'nobody'"),
                          (["path", *YACHTS, "--split", "columns"], "neither starts nor rows"),
                          (["path", *YACHTS, "--split", "rows", "--solver", "adam"], "adam wants all rows in one process"),
                          (["cv", YACHT, "--target", "nobody"], "no column 'nobody'"),
                          (["audit", YACHT], "audit is not spread over processes, and mpirun started 2")):
            _, said = self.by_ranks(2, *args, codes=range(1, 256))
            self.assertEqual(said.count(say), 1 if "audit" in args else said.count("ridgewalk: "), said)


if __name__ == "__main__":
    main()
