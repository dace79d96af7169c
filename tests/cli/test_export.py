"""A fit that leaves the program predicts what the program predicts: as C, as ONNX, as JSON and as CSV; weights that come in as NumPy's archive are
certified like those of JSON. What is compared with is read and evaluated here, in plain Python."""
import csv
import ctypes
import io
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import zipfile
from harness import Case, DIABETES, main
from onnx_reader import Model

COLOURS = "colour,size,flag,price,stock\n" + "".join(
    f"{('red', 'green', 'blue')[i % 3]},{0.5 * i % 7},{('no', 'yes')[i % 2]},{3 + i % 5 + (i % 3) * 2 + math.sin(i)},{100 - i + 5 * (i % 2)}\n"
    for i in range(40))
PHI = {"tanh": math.tanh, "logistic": lambda z: 1 / (1 + math.exp(-z)), "softplus": lambda z: math.log1p(math.exp(z)), "relu": lambda z: max(0, z),
       "identity": lambda z: z}


def encode(path, names):
    """Rows of a table as the networks' inputs: NAME, or NAME=LEVEL."""
    with open(path, encoding="utf-8") as f:
        for row in csv.DictReader(f):
            yield [float(row[n]) if "=" not in n else float(row[n.split("=")[0]] == n.split("=")[1]) for n in names]


class Export(Case):
    def bytes(self, path):
        with open(path, "rb") as f:
            return f.read()

    def fit(self, *args, data=None, verb="path"):
        data = data or self.file("c.csv", COLOURS)
        self.run_program(verb, data, "--lambda", "2^-9:2^-3:8", "--quiet", "--out", self.file("r.rwk"), "--seed", "1", *args)
        return self.file("r.rwk"), data

    def predicted(self, run, data, *args):
        r = self.run_program("predict", run, data, "--lambda", "2^-6", "--quiet", *args)
        self.assertIn(r.returncode, (0, 1), r.stderr)
        return [[float(x) for x in row] for row in list(csv.reader(io.StringIO(r.stdout)))[1:]]

    def export(self, run, name, *args):
        out = self.file(name)
        r = self.run_program("export", run, "--lambda", "2^-6", "--out", out, "--quiet", *args)
        self.assertIn(r.returncode, (0, 1), r.stderr)
        return out

    def close(self, a, b, tolerance):
        self.assertEqual(len(a), len(b))
        for x, y in zip(a, b):
            self.assertEqual(len(x), len(y))
            for u, v in zip(x, y):
                self.assertLessEqual(abs(u - v), tolerance * max(1, abs(v)))

    def in_c(self, source, rows, outputs):
        compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
        library = self.file(f"m{len(os.listdir(self.folder))}.so")  # one that is loaded already would not be loaded anew
        subprocess.run([compiler, "-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-shared", "-fPIC", "-o", library, source, "-lm"],
                       check=True)
        f = ctypes.CDLL(library).predict
        f.restype = None
        out = []
        for row in rows:
            y = (ctypes.c_double * outputs)()
            f((ctypes.c_double * len(row))(*row), y)
            out.append(list(y))
        return out

    def by_onnx(self, model, rows):
        """Predictions by the package onnx, whose checker has passed the model; None where there is no such package."""
        for python in dict.fromkeys((sys.executable, "/usr/bin/python3")):
            if not os.path.exists(python):
                continue
            r = subprocess.run([python, os.path.join(os.path.dirname(os.path.abspath(__file__)), "onnx_check.py"), model], input=json.dumps(rows),
                               capture_output=True, text=True, check=False)
            if r.returncode != 77:
                self.assertEqual(r.returncode, 0, r.stderr[-2000:])
                return json.loads(r.stdout)
        return None

    def check_all(self, run, data, outputs):
        wanted = self.predicted(run, data)
        m = Model(self.bytes(self.export(run, "m.onnx")))
        self.assertEqual((m.ir_version, m.domain, m.opset), (7, "", 13))
        rows = list(encode(data, m.names["inputs"]))
        self.assertEqual(m.inputs, [("x", 11, [None, len(rows[0])])])
        self.assertEqual(m.outputs, [("y", 11, [None, outputs])])
        self.close([m.run(r) for r in rows], wanted, 1e-12)
        theirs = self.by_onnx(self.file("m.onnx"), rows)
        if theirs is not None:
            self.close(theirs, wanted, 1e-12)
        self.close(self.in_c(self.export(run, "m.c"), rows, outputs), wanted, 1e-12)
        j = json.loads(self.bytes(self.export(run, "m.json")))
        inputs = [i for c in j["recipe"]["columns"] for i in c["inputs"]]
        ours = []
        for r in rows:
            a = [(x - i["mean"]) / i["scale"] for x, i in zip(r, inputs)]
            for k, layer in enumerate(j["layers"]):
                a = [b + math.fsum(x * w[o] for x, w in zip(a, layer["W"])) for o, b in enumerate(layer["b"])]
                a = [PHI[j["activation"]](z) for z in a] if k + 1 < len(j["layers"]) else a
            ours.append([z * t["scale"] + t["mean"] for z, t in zip(a, j["recipe"]["targets"])])
        self.close(ours, wanted, 1e-12)
        with open(self.export(run, "m.csv"), encoding="utf-8") as f:
            lines = list(csv.DictReader(f))
        self.assertEqual(len(lines), sum(len(layer["W"]) * len(layer["b"]) + len(layer["b"]) for layer in j["layers"]))
        first = [float(x["weight"]) for x in lines if x["layer"] == "1" and x["from"] != "(bias)"]
        self.assertEqual(first, [w for row in j["layers"][0]["W"] for w in row])
        return j

    def test_every_activation_and_depth(self):
        for activation, hidden in (("tanh", "3"), ("logistic", "3,2"), ("softplus", "2"), ("relu", "3"), ("identity", "2"), ("tanh", "0")):
            with self.subTest(activation + hidden):
                run, data = self.fit("--activation", activation, "--hidden", hidden, "--target", "price,stock", "--walk", "up", "--no-explain",
                                     "--force")
                self.check_all(run, data, 2)

    def test_ensemble_is_one_network(self):
        run, data = self.fit("--hidden", "3,2", "--target", "price", "--starts", "3", "--ensemble", "3", "--no-explain", "--folds", "2", verb="cv")
        j = self.check_all(run, data, 1)
        self.assertGreater(j["members"], 1)
        single = self.predicted(run, data, "--start", "0")
        self.assertNotEqual(single, self.predicted(run, data))

    def test_json_is_read_by_certify(self):
        run, data = self.fit("--hidden", "3", "--target", "price", "--walk", "up,best", "--effort", "low")
        j = json.loads(self.bytes(self.export(run, "m.json")))
        p = self.json("certify", data, "--target", "price", "--weights", self.file("m.json"), "--lambda", "2^-6")
        self.assertIn(p["verdict"], ("strict_min", "degenerate_min"))
        self.assertEqual(j["lambda"], 2.0**-6)
        self.check_npz(j, data, p)

    def check_npz(self, j, data, p):
        def npy(x, order=False, kind="<f8"):
            shape = (len(x), len(x[0])) if isinstance(x[0], list) else (len(x),)
            flat = [v for c in zip(*x) for v in c] if order and len(shape) == 2 else [v for r in x for v in r] if len(shape) == 2 else x
            head = repr({"descr": kind, "fortran_order": order, "shape": shape})
            head += " " * (-(len(head) + 11) % 64) + "\n"
            body = struct.pack(f"{kind[0]}{len(flat)}{'d' if kind[2] == '8' else 'f'}", *flat)
            return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + body

        def archive(name, method, base, **kw):
            with zipfile.ZipFile(self.file(name), "w", method) as z:
                for k, layer in enumerate(j["layers"]):
                    with z.open(f"W{k + base}.npy", "w", force_zip64=True) as f:  # as numpy.savez does
                        f.write(npy(layer["W"], **kw))
                    z.writestr(f"b{k + base}.npy", npy(layer["b"]))
            return self.file(name)

        for k, (method, base, kw) in enumerate(((zipfile.ZIP_STORED, 0, {}), (zipfile.ZIP_DEFLATED, 1, {}), (zipfile.ZIP_STORED, 1, {"order": True}),
                                                (zipfile.ZIP_DEFLATED, 0, {"kind": ">f8"}))):
            q = self.json("certify", data, "--target", "price", "--weights", archive(f"w{k}.npz", method, base, **kw), "--lambda", "2^-6")
            self.assertEqual({a: b for a, b in q.items() if a != "seconds"}, {a: b for a, b in p.items() if a != "seconds"})
        q = self.json("certify", data, "--target", "price", "--weights", archive("f.npz", zipfile.ZIP_STORED, 0, kind="<f4"), "--lambda", "2^-6")
        self.assertAlmostEqual(q["objective"], p["objective"], delta=1e-6)
        whole = self.bytes(self.file("w0.npz"))
        for cut in (len(whole) - 1, len(whole) // 2, 30, 5):
            with open(self.file("cut.npz"), "wb") as f:
                f.write(whole[:cut])
            self.expect(3, "certify", data, "--target", "price", "--weights", "cut.npz", "--lambda", "1", say="cut.npz")
        self.expect(0, "path", data, "--target", "price", "--hidden", "3", "--init", "w1.npz", "--lambda", "2^-6", "--walk", "up", "--out", "i.rwk",
                    "--quiet")

    def test_wrong_words(self):
        run, _ = self.fit("--hidden", "1", "--target", "price", "--walk", "up", "--no-explain")
        for args, say in (((run, "--lambda", "2^-6"), "--format is needed"), ((run, "--lambda", "2^-6", "--format", "pmml"), "none of json, c, onnx"),
                          ((run, "--format", "c"), "--lambda is needed"), ((run, "--format", "c", "--lambda", "min"), "no finished cross-validation"),
                          ((run, run, "--format", "c"), "wants a run file"), ((run, "--lambda", "2^-5", "--format", "c"), "the nearest is at")):
            self.expect(2, "export", *args, say=say)
        self.expect(3, "export", DIABETES, "--format", "c", "--lambda", "1", say="diabetes.csv")
        self.expect(3, "export", run, "--lambda", "2^-6", "--out", os.path.join(self.folder, "no", "m.c"), say="cannot be written")


if __name__ == "__main__":
    main()
