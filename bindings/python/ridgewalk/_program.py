"""The program, for what only it does."""
from __future__ import annotations

import os
import shutil
import subprocess
import sys

from . import _core


def program() -> str:
    """The file of the program ridgewalk.

    Raises
    ------
    UnsupportedError
        It is not found.
    """
    named = os.environ.get("RWK_PROGRAM")
    package = os.path.dirname(os.path.abspath(_core.__file__))
    beside = [os.path.join(package, "bin"), os.path.dirname(os.path.dirname(package)), os.path.dirname(sys.executable)]
    for place in (named and shutil.which(named), shutil.which("ridgewalk"), *(shutil.which("ridgewalk", path=p) for p in beside)):
        if place:
            return place
    raise _core.UnsupportedError("the page is drawn by the program ridgewalk, which is not found: build and install it (./dev build, or "
                                 "cmake --install, in the project's sources) and put it in the PATH, or name its file in the environment's "
                                 "RWK_PROGRAM")


def call(*arguments: str) -> None:
    """Runs the program; what it says is the error's text.

    Raises
    ------
    FileError
        It did not do what it was asked.
    """
    said = subprocess.run([program(), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    if said.returncode not in (0, 1):  # 1: something is not certified
        raise _core.FileError(f"ridgewalk {arguments[0]}: {said.stderr.strip() or said.returncode}")
