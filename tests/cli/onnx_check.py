"""What the package onnx makes of a model: python3 onnx_check.py MODEL < ROWS.json prints the predictions as JSON.

The model is parsed by onnx's own protocol buffers, held against the standard by onnx.checker (full_check: shapes and types are inferred and must agree),
and evaluated with numpy, operator by operator. Ends with 77 where there is no onnx.
"""
import json
import sys

try:
    import numpy as np
    import onnx
    from onnx import checker, numpy_helper
except ImportError as e:
    print(e, file=sys.stderr)
    sys.exit(77)

try:  # from 1.13 on
    from onnx.reference import ReferenceEvaluator
except ImportError:
    ReferenceEvaluator = None

OPERATORS = {"MatMul": np.matmul, "Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Tanh": np.tanh,
             "Sigmoid": lambda z: 0.5 * (1 + np.tanh(z / 2)), "Softplus": lambda z: np.logaddexp(0, z), "Relu": lambda z: np.maximum(z, 0)}


def main():
    model = onnx.load(sys.argv[1])
    checker.check_model(model, full_check=True)
    known = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    known[model.graph.input[0].name] = np.array(json.load(sys.stdin), dtype=np.float64)
    for node in model.graph.node:
        known[node.output[0]] = OPERATORS[node.op_type](*(known[name] for name in node.input))
    if ReferenceEvaluator:
        y = ReferenceEvaluator(model).run(None, {model.graph.input[0].name: known[model.graph.input[0].name]})[0]
        assert np.allclose(y, known[model.graph.output[0].name], rtol=1e-12, atol=1e-12)
    print(json.dumps([[float(v) for v in row] for row in known[model.graph.output[0].name]]))


main()
