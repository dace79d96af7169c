#!/usr/bin/env python3
"""Prints the numbers of src/mlp/kernel_avx512.c: 2^(j/16), by how much each is short of it, and the polynomial of exp(2 h) - 1 with the least largest
relative error for |h| <= ln 2 / 64. Needs numpy."""
import math
import struct
from decimal import Decimal, getcontext

import numpy as np

getcontext().prec = 60
short = []
print("T_bits:")
for j in range(16):
    exact = Decimal(2) ** (Decimal(j) / 16)
    bits = 49 if j < 5 else 50 if j < 11 else 51 if j < 15 else 52  # after the point
    near = float((exact * 2**bits).to_integral_value() / 2**bits)
    print(" ", hex(struct.unpack("<q", struct.pack("<d", near))[0] - (j << 48)))
    short.append(float(exact / Decimal(near) - 1))
print("short_by:", ", ".join(f"{s:.5g}" for s in short))

step = Decimal(2).ln() / 32
print("1 / step:", float(1 / step).hex(), " step:", float(step).hex())

reach = float(step) * 1.0001  # of 2 h
x = np.cos(np.pi * (np.arange(400) + 0.5) / 400)
rest = sum((reach * x) ** j / math.factorial(j) for j in range(8, 14)) / np.abs(x)  # of the Taylor polynomial of degree 7
powers = np.stack([x**j for j in range(2, 8)], 1) / np.abs(x)[:, None]
weight = np.ones(400)
for _ in range(300):  # Lawson's iteration
    c = np.linalg.lstsq(powers * np.sqrt(weight)[:, None], rest * np.sqrt(weight), rcond=None)[0]
    error = np.abs(powers @ c - rest)
    weight = weight * error / np.sum(weight * error)
print(f"error {error.max() / reach:.2g}; coefficients of h^2 to h^7:")
for j in range(2, 8):
    print(" ", (2**j * (1 / math.factorial(j) + c[j - 2] / reach**j)).hex())
