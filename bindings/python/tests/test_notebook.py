"""The cells of docs/tutorial.ipynb, run one after the other as Jupyter would; `test_notebook.py --write` puts what they print into the file."""
import ast
import contextlib
import io
import json
import os
import sys
import unittest
import warnings

import matplotlib
import matplotlib.axes

from harness import ROOT, Case

FILE = ROOT / "docs" / "tutorial.ipynb"


def run(source, names):
    """Runs a cell; what it printed, and the value of its last expression."""
    tree, value, out = ast.parse(source), None, io.StringIO()
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(out):
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return out.getvalue(), value


def outputs(printed, value):
    found = []
    if printed:
        found.append({"name": "stdout", "output_type": "stream", "text": printed.splitlines(True)})
    if value is not None and not isinstance(value, matplotlib.axes.Axes):
        data = {"text/plain": repr(value).splitlines(True)}
        if hasattr(value, "_repr_html_"):
            data["text/html"] = value._repr_html_().splitlines(True)
        found.append({"output_type": "execute_result", "execution_count": None, "metadata": {}, "data": data})
    return found


def execute(folder, write=False):
    matplotlib.use("Agg")
    notebook, names, before = json.loads(FILE.read_text(encoding="utf-8")), {}, os.getcwd()
    os.chdir(folder)
    try:
        for number, cell in enumerate(notebook["cells"]):
            if cell["cell_type"] != "code":
                continue
            try:
                result = run("".join(cell["source"]), names)
            except Exception as e:
                raise AssertionError(f"cell {number}: {type(e).__name__}: {e}") from e
            cell["outputs"] = outputs(*result)
    finally:
        os.chdir(before)
    if write:
        FILE.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return notebook


class Notebook(Case):
    def test_every_cell_runs(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            notebook = execute(self.folder)
        self.assertGreater(sum(c["cell_type"] == "code" for c in notebook["cells"]), 8)


if __name__ == "__main__":
    if "--write" in sys.argv:
        import tempfile
        with tempfile.TemporaryDirectory() as temporary:
            execute(temporary, True)
    else:
        unittest.main(verbosity=2)
