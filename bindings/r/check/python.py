"""The R package and the Python package give the same path, to the last bit: python.py RSCRIPT TABLE.csv"""
import os
import subprocess
import sys
import tempfile

import numpy as np
import ridgewalk

COLUMNS = ("lambda", "mse", "penalty", "objective", "grad_inf", "min_eig")
CODE = """
library(ridgewalk)
path <- ridgewalk(as.matrix(diabetes[1:10]), diabetes$progression, hidden = 5, lambda = "2^-10:2^1", seed = 2, effort = "low",
                  convention = "nnet")
read <- function(name) readBin(name, "double", file.size(name) / 8)
same <- c(weights = identical(read("weights"), c(path$weights)), points = identical(read("points"), c(t(as.matrix(path$points[COLUMNS])))))
print(same)
quit(status = if (all(same)) 0 else 1)
"""

rscript, table = sys.argv[1:]
d = np.genfromtxt(table, delimiter=",", skip_header=1)
path = ridgewalk.path(d[:, :10], d[:, 10], hidden=(5,), lambdas="2^-10:2^1", seed=2, effort="low", convention="nnet")
points = [p for walk in path.walks for p in walk.points]
with tempfile.TemporaryDirectory() as folder:
    np.concatenate([p.w for p in points]).tofile(os.path.join(folder, "weights"))
    np.array([[getattr(p, "lambda_" if c == "lambda" else c) for c in COLUMNS] for p in points]).tofile(os.path.join(folder, "points"))
    code = CODE.replace("COLUMNS", "c(" + ", ".join(f'"{c}"' for c in COLUMNS) + ")")
    sys.exit(subprocess.run([rscript, "-e", code], cwd=folder).returncode)
