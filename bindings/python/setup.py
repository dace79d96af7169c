"""The extension is built by the project's CMake; what is built already serves again: RIDGEWALK_BUILD names its folder."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


class BuildByCMake(build_ext):
    def build_extension(self, ext):
        build = os.environ.get("RIDGEWALK_BUILD")
        if build is None:
            build = Path(self.build_temp).resolve()
            subprocess.run(["cmake", "-S", str(ROOT), "-B", str(build), "-DCMAKE_BUILD_TYPE=Release", "-DRWK_BUILD_TESTS=OFF",
                            "-DRWK_BUILD_PYTHON=ON", f"-DRWK_PYTHON={sys.executable}"], check=True)
            subprocess.run(["cmake", "--build", str(build), "--target", "ridgewalk_python", "--parallel",
                            os.environ.get("JOBS", str(os.cpu_count()))], check=True)
        target = Path(self.get_ext_fullpath(ext.name))
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(build) / "python" / "ridgewalk" / "_core.abi3.so", target)


version = re.search(r"project\(ridgewalk VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
setup(version=version, ext_modules=[Extension("ridgewalk._core", [], py_limited_api=True)], cmdclass={"build_ext": BuildByCMake})
