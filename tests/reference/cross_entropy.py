#!/usr/bin/python3
"""Writes mlp/cross_entropy.h: cross-entropies of small networks by PyTorch's own losses, with gradients and Hessians by its automatic derivatives.

    tests/reference/cross_entropy.py > tests/reference/mlp/cross_entropy.h

Three tanh units over three inputs; logistic with one output, softmax with four. Each loss at two places: weights of size 1, and 60 times those,
where outputs are in the hundreds and exp overflows a float. Means over rows with weights; the layout is ridgewalk's, W row by input, then b.
"""
import textwrap
import numpy as np
import torch

ROWS, INPUTS, HIDDEN, CLASSES = 40, 3, 3, 4
torch.set_default_dtype(torch.float64)
rng = np.random.default_rng(20260228)
X = np.round(rng.normal(size=(ROWS, INPUTS)), 6)
label = rng.integers(0, CLASSES, size=ROWS)
weight = np.round(rng.uniform(0.5, 2, size=ROWS), 3)


def outputs(w, q):
    a, at = torch.tensor(X), 0
    for i, o in ((INPUTS, HIDDEN), (HIDDEN, q)):
        W, b = w[at:at + i * o].reshape(i, o), w[at + i * o:at + (i + 1) * o]
        a, at = a @ W + b, at + (i + 1) * o
        if o == HIDDEN and at < len(w):
            a = torch.tanh(a)
    return a


def loss(w, q):
    f = outputs(w, q)
    if q == 1:
        each = torch.nn.functional.binary_cross_entropy_with_logits(f[:, 0], torch.tensor(label % 2, dtype=torch.float64), reduction="none")
    else:
        each = torch.nn.functional.cross_entropy(f, torch.tensor(label), reduction="none")
    return (torch.tensor(weight) * each).sum() / weight.sum()


def numbers(name, values):
    text = ", ".join("%.17g" % v for v in np.ravel(values))
    print(f"static const double {name}[{np.size(values)}] = {{")
    print(textwrap.fill(text, 108, initial_indent="    ", subsequent_indent="    ") + "};")


print(f"/* Written by tests/reference/cross_entropy.py: PyTorch {torch.__version__}, NumPy {np.__version__}. */")
print("/* clang-format off */\n#ifndef TESTS_REFERENCE_CROSS_ENTROPY_H\n#define TESTS_REFERENCE_CROSS_ENTROPY_H\n")
print(f"enum {{ CE_ROWS = {ROWS}, CE_INPUTS = {INPUTS}, CE_HIDDEN = {HIDDEN}, CE_CLASSES = {CLASSES} }};")
numbers("ce_X", X)
numbers("ce_label", label)
numbers("ce_weight", weight)
for q, name in ((1, "logistic"), (CLASSES, "softmax")):
    start = np.round(rng.normal(size=(INPUTS + 1) * HIDDEN + (HIDDEN + 1) * q), 6)
    start[-q:] -= start[-q:].mean()  # the output biases of softmax sum to 0
    for place, scale in (("near", 1), ("far", 60)):
        w = torch.tensor(scale * start, requires_grad=True)
        value = loss(w, q)
        gradient, = torch.autograd.grad(value, w)
        numbers(f"ce_{name}_{place}_w", w.detach().numpy())
        numbers(f"ce_{name}_{place}_f", outputs(w, q).detach().numpy())
        numbers(f"ce_{name}_{place}_value", value.item())
        numbers(f"ce_{name}_{place}_g", gradient.numpy())
        numbers(f"ce_{name}_{place}_H", torch.autograd.functional.hessian(lambda v: loss(v, q), w.detach()).numpy())
print("\n#endif")
