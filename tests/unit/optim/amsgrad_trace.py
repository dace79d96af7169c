#!/usr/bin/env python3
"""Writes amsgrad_trace.h: AMSGrad (Reddi, Kale and Kumar 2018, algorithm 2) in numpy, written from the paper and sharing no code with the library.

    python3 amsgrad_trace.py > amsgrad_trace.h
"""
import numpy as np

rng = np.random.default_rng(7)
steps, dim, alpha, b1, b2 = 60, 3, 0.05, 0.9, 0.99
g = rng.normal(size=(steps, dim)) * np.array([1.0, 10.0, 0.1]) * (1 + 5 * (np.arange(steps) % 7 == 0))[:, None]
x, m, v, vhat, trace = np.array([0.5, -0.25, 0.0]), np.zeros(dim), np.zeros(dim), np.zeros(dim), []
for t in range(steps):
    m = b1 * m + (1 - b1) * g[t]
    v = b2 * v + (1 - b2) * g[t] ** 2
    vhat = np.maximum(vhat, v)
    x = np.clip(x - alpha / np.sqrt(t + 1) * m / np.sqrt(vhat), -0.6, 0.6)
    trace.append(x)


def rows(a):
    return ",\n".join("    {" + ", ".join(f"{t:.17g}" for t in r) + "}" for r in a)


print("/* Made by amsgrad_trace.py: gradients, and AMSGrad's iterates in numpy, step size 0.05 / sqrt(t), clipped to 0.6. */")
print(f"enum {{ AMSGRAD_STEPS = {steps}, AMSGRAD_DIM = {dim} }};")
print(f"static const double amsgrad_gradients[{steps}][{dim}] = {{\n{rows(g)}}};")
print(f"static const double amsgrad_iterates[{steps}][{dim}] = {{\n{rows(np.array(trace))}}};")
