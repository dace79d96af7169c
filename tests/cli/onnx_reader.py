"""Reads an ONNX model from its bytes and evaluates it in plain Python: protocol buffers and nine operators, written from the formats' descriptions
(protobuf.dev/programming-guides/encoding, onnx.proto) and sharing nothing with the program that writes them."""
import math
import struct


def varint(data, at):
    x = shift = 0
    while True:
        byte = data[at]
        x |= (byte & 0x7F) << shift
        at += 1
        shift += 7
        if byte < 0x80:
            return x, at


def fields(data):
    """{field number: [values]}, an int for wire type 0 and bytes for wire type 2."""
    found, at = {}, 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
            assert len(value) == length
        else:
            raise ValueError(f"wire type {key & 7}")
        found.setdefault(key >> 3, []).append(value)
    return found


def tensor(data):
    f = fields(data)
    assert f[2] == [11], "a tensor of doubles"
    shape = f[1]
    x = struct.unpack(f"<{math.prod(shape)}d", f[9][0])
    if len(shape) == 1:
        return f[8][0].decode(), list(x)
    return f[8][0].decode(), [list(x[i * shape[1]:(i + 1) * shape[1]]) for i in range(shape[0])]


def value(data):
    f = fields(data)
    kind = fields(fields(f[2][0])[1][0])
    return f[1][0].decode(), kind[1][0], [fields(d).get(1, [None])[0] for d in fields(kind[2][0])[1]]


UNARY = {"Tanh": math.tanh, "Sigmoid": lambda z: 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z)),
         "Softplus": lambda z: max(z, 0) + math.log1p(math.exp(-abs(z))), "Relu": lambda z: max(z, 0)}
BINARY = {"Sub": lambda a, b: a - b, "Div": lambda a, b: a / b, "Mul": lambda a, b: a * b, "Add": lambda a, b: a + b}


class Model:
    def __init__(self, data):
        f = fields(data)
        self.ir_version = f[1][0]
        opset = fields(f[8][0])
        self.domain, self.opset = opset[1][0].decode(), opset[2][0]
        g = fields(f[7][0])
        self.nodes = [fields(n) for n in g[1]]
        self.tensors = dict(tensor(t) for t in g[5])
        self.inputs, self.outputs = [value(v) for v in g[11]], [value(v) for v in g[12]]
        self.names = {fields(e)[1][0].decode(): fields(e)[2][0].decode().split("\n") for e in f.get(14, [])}

    def run(self, row):
        known = dict(self.tensors)
        known[self.inputs[0][0]] = list(row)
        for n in self.nodes:
            a = [known[i.decode()] for i in n[1]]
            kind = n[4][0].decode()
            if kind == "MatMul":
                out = [math.fsum(x * w[j] for x, w in zip(a[0], a[1])) for j in range(len(a[1][0]))]
            elif kind == "Softmax":
                most = max(a[0])
                powers = [math.exp(x - most) for x in a[0]]
                out = [x / math.fsum(powers) for x in powers]
            elif kind in UNARY:
                out = [UNARY[kind](x) for x in a[0]]
            else:
                assert len(a[0]) == len(a[1])
                out = [BINARY[kind](x, y) for x, y in zip(a[0], a[1])]
            known[n[2][0].decode()] = out
        return known[self.outputs[0][0]]
