"""The wheel: built by PEP 517 without a network, for Python's stable interface, and installed where Debian's packages are seen."""
import os
import shutil
import subprocess
import sys
import unittest
import zipfile
from pathlib import Path

from ridgewalk import _core
from harness import ROOT, Case


class Wheel(Case):
    def run_command(self, *args, **env):
        clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "LD_PRELOAD")}
        r = subprocess.run([str(a) for a in args], capture_output=True, text=True, cwd=self.folder, timeout=300, check=False, env={**clean, **env})
        self.assertEqual(r.returncode, 0, r.stdout + r.stderr)
        return r.stdout

    def test_wheel(self):
        built = Path(_core.__file__).parents[2]
        if not (built / "python" / "ridgewalk" / "_core.abi3.so").exists():  # we are installed already
            built = ROOT / "build" / "release"
        source = Path(self.folder) / "source"
        shutil.copytree(ROOT / "bindings" / "python", source / "bindings" / "python", ignore=shutil.ignore_patterns("build", "*.egg-info"))
        shutil.copy(ROOT / "CMakeLists.txt", source)
        self.run_command(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-index", "--no-build-isolation", "--no-deps", "-w", "wheels",
                         source / "bindings" / "python", RIDGEWALK_BUILD=str(built))
        wheel, = (Path(self.folder) / "wheels").iterdir()
        self.assertRegex(wheel.name, r"^ridgewalk-[\d.]+-cp311-abi3-linux_\w+\.whl$")
        with zipfile.ZipFile(wheel) as z:
            names = set(z.namelist())
        there = {p.name for p in (ROOT / "bindings" / "python" / "ridgewalk").iterdir() if p.is_file()} | {"_core.abi3.so"}
        self.assertEqual({Path(n).name for n in names if n.startswith("ridgewalk/")}, there)
        self.run_command(sys.executable, "-m", "venv", "--system-site-packages", "--without-pip", "venv")
        python = Path(self.folder) / "venv" / "bin" / "python"
        self.run_command(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-index", "--no-deps", wheel)
        out = self.run_command(python, "-c", "import ridgewalk as rw; print(rw.__version__, rw.__file__, rw.RidgewalkRegressor)")
        self.assertIn(str(self.folder), out)


if __name__ == "__main__":
    unittest.main(verbosity=2)
