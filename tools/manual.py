#!/usr/bin/env python3
"""The manual page of every verb, from docs/ridgewalk.1 and from what the program says of itself.

    tools/manual.py PROGRAM [FOLDER]      writes docs/man/ridgewalk-VERB.1 (or FOLDER/...) for every verb of `PROGRAM help`

The program knows which verbs there are and which options each takes; docs/ridgewalk.1 has the words: an entry a verb under VERBS, an entry an option
under OPTIONS, which may begin with the verbs that it is meant for (`.BR cv :`). A test makes the pages anew and compares.
"""
import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def sections(text):
    found, name = {}, ""
    for line in text.split("\n"):
        if line.startswith(".SH "):
            name = line[4:]
            found[name] = []
        elif name:
            found[name].append(line)
    return found


def entries(lines):
    """[(tag, body)] of tagged paragraphs."""
    found = []
    for line in lines:
        if line == ".TP":
            found.append([])
        elif found:
            found[-1].append(line)
    return [(e[0], e[1:]) for e in found]


def meant_for(body):
    """(verbs, the rest): the verbs that an entry begins with, or None."""
    match = re.fullmatch(r"\.BR ([a-z\", ]+) :", body[0]) if body else None
    if not match:
        return None, body
    return re.findall("[a-z]+", match.group(1)), body[1:]


def says(program, *words):
    return subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout


def plain(words):
    return words.replace("\\", "\\e").replace("-", "\\-")


def page(program, verb, head, found):
    text = says(program, verb, "--help")
    usage, does = re.match(r"ridgewalk (.*?): (.*)\n", text).groups()
    example = re.search(r"Example:\n((?:  .*\n)+)", text).group(1)
    options = re.findall(r"^  --([a-z0-9-]+)", text, re.M)
    about = next((body for tag, body in entries(found["VERBS"]) if tag.split()[-1] == verb), None)
    if about is None:
        raise SystemExit(f"docs/ridgewalk.1: VERBS has no entry {verb}")
    out = [re.sub(r"^\.TH RIDGEWALK ", f".TH RIDGEWALK-{verb.upper()} ", head), ".SH NAME", f"ridgewalk-{verb} \\- {plain(does)}", ".SH SYNOPSIS",
           f".B ridgewalk {usage.split(' ', 1)[0]}", plain(usage.split(" ", 1)[1]), ".SH DESCRIPTION", *about, ".SH OPTIONS"]
    missing = set(options)
    for tag, body in entries(found["OPTIONS"]):
        names = re.findall("--([a-z0-9-]+)", tag.replace("\\-", "-"))
        verbs, rest = meant_for(body)
        if not missing & set(names) or (verbs and verb not in verbs and not (verb == "cv" and "path" in verbs)):  # cv takes what path takes
            continue
        missing -= set(names)
        out += [".TP", tag, *(rest or body)]
    if missing:
        raise SystemExit(f"docs/ridgewalk.1: OPTIONS has no entry for {verb}: {', '.join('--' + m for m in sorted(missing))}")
    out += [".SH EXIT STATUS", *found["EXIT STATUS"], ".SH EXAMPLE", ".nf", *(plain(line.strip()) for line in example.splitlines()), ".fi",
            ".SH SEE ALSO", ".BR ridgewalk (1)"]
    return "\n".join(line for line in out if line) + "\n"


def main():
    program, folder = str(Path(sys.argv[1]).resolve()), Path(sys.argv[2] if len(sys.argv) > 2 else DOCS / "man")
    text = (DOCS / "ridgewalk.1").read_text(encoding="utf-8")
    head, found = text.split("\n", 1)[0], sections(text)
    folder.mkdir(exist_ok=True)
    verbs = re.findall(r"^  ridgewalk ([a-z]+) ", says(program, "help"), re.M)
    for verb in verbs:
        (folder / f"ridgewalk-{verb}.1").write_text(page(program, verb, head, found), encoding="utf-8")
    for old in folder.glob("ridgewalk-*.1"):
        if old.stem.split("-", 1)[1] not in verbs:
            old.unlink()


main()
