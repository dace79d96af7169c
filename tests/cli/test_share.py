"""One path by several processes over one run file: the numbers of one process, also when one of them is killed."""
import json
import os
import re
import signal
import subprocess
import sys
import time
from harness import DIABETES, PROGRAM, Case, main, numbers


def walks(**more):
    """A path of some 0.3 s, with options changed; None leaves one out, True is a flag."""
    options = {"target": "progression", "hidden": 6, "walk": "up,down,cold,best", "effort": "low", "starts": 4, "lambda": "2^-12:2^0:4",
               "threads": 1, **{k.replace("_", "-"): v for k, v in more.items()}}
    words = ["path", more.pop("data", DIABETES)]
    for name, value in options.items():
        if value is not None and name != "data":
            words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return words


WALKS = walks()


class Share(Case):
    def begin(self, *args, **kw):
        return subprocess.Popen([PROGRAM, *args], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kw)

    def wait_for(self, name, *children):
        while not os.path.exists(self.file(name)) and any(c.poll() is None for c in children):
            time.sleep(0.002)

    def together(self, out, count=2, named=True):
        """So many processes at one run: the first waits until the others have come."""
        command = [*WALKS, "--json", *(["--out", out] if named else [])]
        children = [self.begin(*command)]
        self.wait_for(out + "-share", *children)
        time.sleep(0.03)
        children[0].send_signal(signal.SIGSTOP)
        children += [self.begin(*command) for _ in range(count - 1)]
        for c in children[1:]:
            self.assertRegex(c.stderr.readline(), f"{out}: process [0-9]+ is at the same run; this one helps it")
        children[0].send_signal(signal.SIGCONT)
        return children

    def result(self, child):
        out, said = child.communicate(timeout=300)
        self.assertIn(child.returncode, (0, 1), said)
        return numbers(json.loads(out))

    def only(self, *names):
        self.assertEqual(sorted(n for n in os.listdir(self.folder) if "-" in n), sorted(names))

    def test_several(self):
        began = time.monotonic()
        wanted = numbers(self.json(*WALKS, "--out", "one.rwk"))
        alone = time.monotonic() - began
        for count in (2, 3):
            began, out = time.monotonic(), f"{count}.rwk"
            ends = [self.result(c) for c in self.together(out, count)]
            print(f"{count} processes {time.monotonic() - began:.2f} s, one {alone:.2f} s", file=sys.stderr)
            for got in ends:
                self.assertEqual(got, wanted)
            self.only()
            self.assertEqual(numbers(self.json("runs", "show", out)), wanted)

    def test_one_is_killed(self):
        wanted = numbers(self.json(*WALKS, "--out", "one.rwk"))
        for number, victim in ((signal.SIGKILL, 0), (signal.SIGKILL, 1), (signal.SIGTERM, 0)):
            out = f"{number}-{victim}.rwk"
            children = self.together(out)
            children[victim].send_signal(number)
            children[victim].communicate(timeout=60)
            self.assertEqual(self.result(children[1 - victim]), wanted)
            self.assertFalse(os.path.exists(self.file(out + "-share")))

    def test_all_are_killed(self):
        wanted = numbers(self.json(*WALKS, "--out", "one.rwk"))
        children = self.together("k.rwk")
        for c in children:
            c.kill()
            c.communicate(timeout=60)
        r = self.run_program(*WALKS, "--out", "k.rwk")
        if r.returncode == 2:  # else both were done
            self.assertIn("k.rwk exists; go on with it by --resume", r.stderr)
        children = [self.begin("path", "--resume", "k.rwk", "--json") for _ in range(2)]
        for c in children:
            self.assertEqual(self.result(c), wanted)
        self.only()

    def test_what_is_joined(self):
        first = self.begin(*walks(starts=400), "--out", "d.rwk")
        self.wait_for("d.rwk-share", first)
        first.send_signal(signal.SIGSTOP)
        try:
            for more, say in (({"hidden": 5}, "whose run has --hidden 6 where this one has --hidden 5"),
                              ({"seed": 3}, "whose run has no --seed where this one has --seed 3"),
                              ({"no_explain": True}, "whose run has no --no-explain where this one has --no-explain")):
                r = self.expect(2, *walks(**{"starts": 400, **more}), "--out", "d.rwk", say=say)
                self.assertIn(f"d.rwk is being written by process {first.pid}", r.stderr)
            self.expect(2, "path", "--resume", "d.rwk", "--hidden", "5", say="--hidden: the run file d.rwk was made with 6")
            self.expect(3, *WALKS, "--out", "d.rwk", "--force", say="d.rwk: another program has it open")
            table = self.file("other.csv", "".join(open(DIABETES, encoding="utf-8").readlines()[:300]))
            self.expect(2, *walks(starts=400, data=table), "--out", "d.rwk", say="whose run is of another table")
        finally:
            first.kill()
            first.communicate()

    def test_what_is_left(self):
        """Of a run that somebody is at: which fits are there, who is at what; of one that nobody is at, how to go on."""
        child = self.begin(*walks(starts=400), "--out", "l.rwk")
        self.wait_for("l.rwk-share", child)
        j = self.json("runs", "l.rwk")[0]
        while j["fits"] < 20 and child.poll() is None:
            time.sleep(0.02)
            j = self.json("runs", "l.rwk")[0]
        left = j["left"]
        self.assertEqual([w["walk"] for w in left["walks"]], ["up", "down", "cold"])
        self.assertEqual([w["planned"] for w in left["walks"]], [400 * 7] * 3)
        self.assertEqual(sum(w["fits"] for w in left["walks"]), j["fits"])
        self.assertGreater(left["seconds"], 0)
        self.assertEqual([p["process"] for p in left["processes"]], [child.pid])
        text = self.run_program("runs", "show", "l.rwk", "--no-plot").stdout
        self.assertRegex(text, "Fits there: up [0-9]+ of 2800, down [0-9]+ of 2800, cold [0-9]+ of 2800.")
        self.assertIn(f"Process {child.pid} is at it", text)
        self.assertRegex(self.expect(0, "runs").stdout, "1 process is at it now")
        child.terminate()
        child.communicate(timeout=60)
        text = self.run_program("runs", "show", "l.rwk", "--no-plot").stdout
        self.assertIn("go on with ridgewalk path --resume l.rwk", text)
        self.assertNotIn("is at it", text)

    def test_the_name_that_nobody_gave(self):
        children = self.together("diabetes.rwk", named=False)
        other = self.expect(0, *walks(walk="up", starts=1, **{"lambda": "1,2"}))
        self.assertIn("Run file: diabetes-2.rwk", other.stdout)
        one, two = [self.result(c) for c in children]
        self.assertEqual(one, two)
        self.assertEqual(sorted(n for n in os.listdir(self.folder) if n.startswith("diabetes")), ["diabetes-2.rwk", "diabetes.rwk"])

    def test_the_clock_and_folders(self):
        """What a process is at is a lock of the system: nothing of it is a time."""
        share = open(self.file("c.rwk-share"), "wb")  # of a process long gone: a number that may be anybody's now
        share.write(os.getpid().to_bytes(8, "little") * 4096)
        share.close()
        os.utime(self.file("c.rwk-share"), (2e9, 2e9))
        r = self.run_program(*walks(starts=1), "--out", "c.rwk", "--no-plot")
        self.assertIn(r.returncode, (0, 1), r.stderr)
        self.assertNotIn("helps it", r.stderr)
        self.assertIsNone(re.search("-share", " ".join(os.listdir(self.folder))))


if __name__ == "__main__":
    main()
