#!/usr/bin/env python3
"""damage.py PROGRAM [FLIPS [KILLS]]: flips bits of a run file and asks the program for numbers; kills it at random moments and goes on.

After a flip a verb gives what it gave before, bit for bit, or refuses with a sentence that names the file. After a kill -9 the run file
is not there yet, or going on with it ends with the numbers of a run that nobody killed.
"""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

PROGRAM = os.path.abspath(sys.argv[1])
FLIPS = int(sys.argv[2]) if len(sys.argv) > 2 else 60
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 6
DATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "data", "yacht.csv")
PATH = ["path", DATA, "--target", "residuary_resistance", "--hidden", "3", "--seed", "3", "--walk", "up,best", "--effort", "low"]


def run(folder, *args):
    return subprocess.run([PROGRAM, *args], cwd=folder, capture_output=True, text=True, errors="replace", timeout=300)


def flips(folder, rng):
    run(folder, *PATH, "--lambda", "2^-8:2^0", "--out", "a.rwk")
    with open(os.path.join(folder, "a.rwk"), "rb") as f:
        whole = f.read()
    verbs = (["predict", "FILE", DATA, "--lambda", "2^-4", "--quiet"], ["runs", "show", "FILE", "--json"],
             ["export", "FILE", "--lambda", "2^-2", "--format", "json", "--quiet"], ["explain", "FILE", "--json", "--quiet"])
    call = lambda verb, name: run(folder, *(name if word == "FILE" else word for word in verb))
    wanted = [call(verb, "a.rwk") for verb in verbs]
    assert all(w.returncode in (0, 1) for w in wanted), [w.stderr for w in wanted]
    same, refused, bad = 0, 0, []
    for k in range(FLIPS):
        bytes_ = bytearray(whole)
        at = rng.randrange(8 * (len(whole) if k % 4 else 8192))  # every fourth near the header and the schema
        bytes_[at // 8] ^= 1 << at % 8
        with open(os.path.join(folder, "a.rwk"), "wb") as f:
            f.write(bytes_)
        got, right = call(verbs[k % 4], "a.rwk"), wanted[k % 4]
        if got.returncode == right.returncode and got.stdout == right.stdout:
            same += 1
        elif got.returncode == 3 and "ridgewalk: " in got.stderr and "a.rwk" in got.stderr:
            refused += 1
        else:
            bad.append(f"bit {at}, {verbs[k % 4][0]}: exit {got.returncode}: {got.stderr.strip()[-200:]}")
    print(f"{FLIPS} bit flips: {same} without effect, {refused} refused")
    return bad


def numbers(text):
    j = json.loads(text)
    strip = lambda points: [{k: v for k, v in p.items() if k != "seconds"} for p in points]
    return [(w["name"], w["start"], strip(w["points"]), w["drops"]) for w in j["walks"]], strip(j["best"]["points"]), j["lambda_collapse"]


def kills(folder, rng):
    command = [*PATH, "--lambda", "2^-10:2^0", "--starts", "4", "--json", "--quiet", "--out"]
    began = time.monotonic()
    wanted = numbers(run(folder, *command, "whole.rwk").stdout)
    whole = time.monotonic() - began
    begun, killed, bad = 0, 0, []
    for k in range(KILLS):
        name = f"{k}.rwk"
        child = subprocess.Popen([PROGRAM, *command, name], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * rng.random())
        child.send_signal(signal.SIGKILL)
        killed += child.wait() == -signal.SIGKILL
        if not os.path.exists(os.path.join(folder, name)):
            continue
        begun += 1
        got = run(folder, "path", "--resume", name, "--json", "--quiet")
        if got.returncode not in (0, 1) or numbers(got.stdout) != wanted:
            bad.append(f"kill {k}: exit {got.returncode}: {got.stderr.strip()[-200:]}")
    print(f"{KILLS} kills, {killed} while it ran: {begun} run files gone on with")
    return bad


def main():
    rng = random.Random(7)
    folder = tempfile.mkdtemp(prefix="rwk-damage-")
    try:
        bad = flips(folder, rng) + kills(folder, rng)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(bad) if bad else "no wrong number")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
