"""large.py [ROWS]: a path over a torch module of 20,001 weights; every point's largest gradient entry.

Run by ./dev python bindings/python/bench/large.py; a few minutes.
"""
import sys
import time

import numpy as np
import torch

import ridgewalk as rw

rows = int(sys.argv[1]) if len(sys.argv) > 1 else 300
torch.manual_seed(0)
rng = np.random.default_rng(0)
X = rng.normal(size=(rows, 48))
y = np.tanh(X[:, 0] + 2 * X[:, 1] * X[:, 2]) + X[:, 3] + 0.3 * rng.normal(size=rows)
module = torch.nn.Sequential(torch.nn.Linear(48, 400), torch.nn.Tanh(), torch.nn.Linear(400, 1))
problem = rw.torch.problem(module, torch.nn.MSELoss(), (torch.tensor(X), torch.tensor(y)[:, None]))
print(f"{problem.dim} weights, {rows} rows; J = {problem.scale.objective}")
began = time.monotonic()
path = rw.path(problem, lambdas="2^-8:2^0", walk=("up",), explain=False, collapse_tol=0.0,
               progress=lambda p: print(f"  {p['done']} of {p['total']}, {p['seconds']:.0f} s", flush=True))
for p in path.walks[0].points:
    print(f"weight_decay {rw._scale.text(p.lambda_):>5}  MSE {p.mse:.6f}  grad_inf {p.grad_inf:.1e}  min_eig {p.min_eig:.2e}  {p.verdict}  "
          f"{p.iterations} iterations")
worst = max(p.grad_inf for p in path.walks[0].points)
print(f"largest grad_inf {worst:.1e}; {time.monotonic() - began:.0f} s")
sys.exit(0 if worst <= 1e-6 else 1)
