"""A path by several processes that mpirun starts: the numbers of one, also when a process is killed and the run gone on with."""
import glob
import os
import shutil
import subprocess
import time
import unittest
from harness import PROGRAM, YACHT, Case, main, numbers

PATH = ["path", YACHT, "--target", "residuary_resistance", "--hidden", "3", "--walk", "up,cold,best", "--effort", "low", "--starts", "4",
        "--lambda", "2^-8:2^0:4", "--json", "--quiet"]


def has_mpi():
    linked = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=False).stdout if PROGRAM else ""
    return shutil.which("mpirun") and "libmpi" in linked


@unittest.skipUnless(has_mpi(), "no mpirun, or a program built without MPI")
class Ranks(Case):
    def ranks(self, n, *args, **kw):
        command = ["mpirun", "--oversubscribe", "-n", str(n), PROGRAM, *args]
        if os.geteuid() == 0:
            command.insert(1, "--allow-run-as-root")
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)

    def test_same_numbers(self):
        import json
        wanted = numbers(self.json(*PATH[:-2], "--out", "one.rwk"))
        for n in (1, 3):
            child = self.ranks(n, *PATH, "--out", f"{n}.rwk")
            out, said = child.communicate(timeout=200)
            self.assertIn(child.returncode, (0, 1), said)
            self.assertEqual(numbers(json.loads(out)), wanted)
        self.assertEqual(numbers(self.json("path", "--resume", "3.rwk")), wanted)

    def test_a_rank_that_is_killed(self):
        wanted = numbers(self.json(*PATH[:-2], "--out", "one.rwk"))
        child = self.ranks(3, *PATH, "--out", "k.rwk")
        while not os.path.exists(self.file("k.rwk")) and child.poll() is None:
            time.sleep(0.01)
        for name in glob.glob("/proc/[0-9]*/environ"):  # the worker with number 2, by its environment
            try:
                with open(name, "rb") as f:
                    mine = b"OMPI_COMM_WORLD_RANK=2\0" in f.read()
                if mine and os.readlink(os.path.join(os.path.dirname(name), "cwd")) == os.path.realpath(self.folder):
                    os.kill(int(name.split("/")[2]), 9)
            except OSError:
                continue
        child.communicate(timeout=100)
        self.assertEqual(numbers(self.json("path", "--resume", "k.rwk")), wanted)

    def test_a_mistake_ends_all(self):
        child = self.ranks(2, "path", YACHT, "--target", "nobody", "--out", "x.rwk")
        _, said = child.communicate(timeout=60)
        self.assertNotEqual(child.returncode, 0)
        self.assertIn("no column 'nobody'", said)


if __name__ == "__main__":
    main()
