"""How each operator of TensorFlow that models here use is written in ONNX."""

from collections.abc import Callable
from typing import Any

import numpy as np

from kaudio.artifacts.onnx_graph import TYPES, Graph, Handler, Node
from kaudio.artifacts.onnx_shapes import SHAPES
from kaudio.artifacts.onnx_slices import SLICES

OPSET = 18

SAME = {
    "AddV2": "Add", "Sub": "Sub", "Mul": "Mul", "RealDiv": "Div", "Neg": "Neg", "Exp": "Exp",
    "Log": "Log", "Sqrt": "Sqrt", "Sin": "Sin", "Cos": "Cos", "Tanh": "Tanh", "Abs": "Abs",
    "Sigmoid": "Sigmoid", "Relu": "Relu", "Softplus": "Softplus", "Floor": "Floor", "Pow": "Pow",
    "Sign": "Sign", "Minimum": "Min", "Maximum": "Max", "Less": "Less", "Greater": "Greater",
    "LessEqual": "LessOrEqual", "GreaterEqual": "GreaterOrEqual", "Equal": "Equal",
    "LogicalAnd": "And", "LogicalOr": "Or", "LogicalNot": "Not", "SelectV2": "Where",
    "FloorMod": "Mod", "Range": "Range", "BiasAdd": "Add", "Identity": "Identity",
    "StopGradient": "Identity",
}  # fmt: skip
REDUCE = {
    "Sum": "ReduceSum", "Prod": "ReduceProd", "Max": "ReduceMax", "Min": "ReduceMin",
    "Mean": "ReduceMean",
}  # fmt: skip


def _same(kind: str) -> Handler:
    return lambda graph, node, inputs: [graph.add(kind, *inputs)]


def _reduce(kind: str) -> Handler:
    def run(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
        axes = graph.add("Reshape", graph.longs(inputs[1]), graph.constant([-1], "int64"))
        return [graph.add(kind, inputs[0], axes, keepdims=int(node.keep_dims))]

    return run


def _identities(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return inputs


def _matmul(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    a, b = inputs
    a = graph.add("Transpose", a, perm=[1, 0]) if node.transpose_a else a
    b = graph.add("Transpose", b, perm=[1, 0]) if node.transpose_b else b
    return [graph.add("MatMul", a, b)]


def _batch_matmul(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    perm = list(range(len(node.shape())))
    perm[-2:] = perm[:-3:-1]
    turned = (node.adj_x, node.adj_y)
    pair = [
        graph.add("Transpose", x, perm=perm) if turn else x
        for x, turn in zip(inputs, turned, strict=True)
    ]
    return [graph.add("MatMul", *pair)]


def _scatter(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    x, rows, values = inputs
    return [graph.add("ScatterND", x, graph.longs(rows), values)]


def _cumsum(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    kinds = {"exclusive": int(node.exclusive), "reverse": int(node.reverse)}
    return [graph.add("CumSum", *inputs, **kinds)]


def _top_k(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    count = graph.add("Reshape", graph.longs(inputs[1]), graph.constant([1], "int64"))
    values, indices = graph.add_many("TopK", [inputs[0], count], 2)
    return [values, graph.add("Cast", indices, to=TYPES[node.index_type])]


def _floor_div(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    a, b = inputs
    return [graph.add("Div", graph.add("Sub", a, graph.add("Mod", a, b)), b)]


def _square(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Mul", *inputs, *inputs)]


def _squared_difference(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return _square(graph, node, [graph.add("Sub", *inputs)])


def _rsqrt(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Reciprocal", graph.add("Sqrt", *inputs))]


def _log1p(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Log", graph.add("Add", *inputs, graph.constant(1, "float32")))]


def _softmax(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Softmax", *inputs, axis=-1)]


def _einsum(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Einsum", *inputs, equation=node.equation)]


def _one_hot(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    indices, depth, on, off = inputs
    one = graph.constant([1], "int64")
    values = graph.add("Concat", *(graph.add("Reshape", v, one) for v in (off, on)), axis=0)
    return [graph.add("OneHot", indices, graph.longs(depth), values, axis=node.axis)]


def _argmax(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    axis = int(graph.arrays[inputs[1]])
    found = graph.add("ArgMax", inputs[0], axis=axis, keepdims=0)
    return [graph.add("Cast", found, to=TYPES[node.output_type])]


def _planes(graph: Graph, x: str, run: Any) -> list[str]:
    """Runs an operator on images whose channels come first."""
    y = run(graph.add("Transpose", x, perm=[0, 3, 1, 2]))
    return [graph.add("Transpose", y, perm=[0, 2, 3, 1])]


def _window(node: Node) -> dict[str, Any]:
    kind = {"SAME": "SAME_UPPER", "VALID": "VALID"}[node.padding]
    return {"auto_pad": kind, "strides": node.strides[1:3]}


def _conv(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    kernel = graph.add("Transpose", inputs[1], perm=[3, 2, 0, 1])
    options = {**_window(node), "dilations": node.dilations[1:3]}
    return _planes(graph, inputs[0], lambda x: graph.add("Conv", x, kernel, **options))


def _average(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    options = {**_window(node), "kernel_shape": node.ksize[1:3]}
    return _planes(graph, inputs[0], lambda x: graph.add("AveragePool", x, **options))


def _rfft(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    """Complex numbers are pairs along a last axis, until `Real` and `Imag` tell them apart."""
    rank = len(node.shape())
    x = graph.add("Unsqueeze", inputs[0], graph.constant([rank], "int64"))
    length = graph.add("Reshape", graph.longs(inputs[1]), graph.constant([], "int64"))
    return [graph.add("DFT", x, length, axis=rank - 1, onesided=1)]


def _part(number: int) -> Handler:
    return lambda graph, node, inputs: [
        graph.add("Gather", *inputs, graph.constant(number, "int64"), axis=-1)
    ]


# What is worked out while it is written, if its inputs are constants: others need it as numbers.
FOLDED: dict[str, Callable] = {
    "AddV2": lambda node, a, b: a + b,
    "Sub": lambda node, a, b: a - b,
    "Mul": lambda node, a, b: a * b,
    "Neg": lambda node, a: -a,
    "Range": lambda node, *limits: np.arange(*limits),
    "Pack": lambda node, *values: np.stack(values, node.axis),
    "ConcatV2": lambda node, *values: np.concatenate(values[:-1], int(values[-1])),
}


def _folded(kind: str, handler: Handler) -> Handler:
    def run(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
        if not all(name in graph.arrays for name in inputs):
            return handler(graph, node, inputs)
        values = [graph.arrays[name] for name in inputs]
        return [graph.constant(FOLDED[kind](node, *values), values[0].dtype)]

    return run


HANDLERS: dict[str, Handler] = {
    **{kind: _same(other) for kind, other in SAME.items()},
    **{kind: _reduce(other) for kind, other in REDUCE.items()},
    **SLICES,
    **SHAPES,
    "ArgMax": _argmax, "AvgPool": _average, "BatchMatMulV2": _batch_matmul, "Conv2D": _conv,
    "Cumsum": _cumsum, "Einsum": _einsum, "FloorDiv": _floor_div, "IdentityN": _identities,
    "Imag": _part(1), "Log1p": _log1p, "MatMul": _matmul, "OneHot": _one_hot, "RFFT": _rfft,
    "Real": _part(0), "Rsqrt": _rsqrt, "Softmax": _softmax, "Square": _square,
    "SquaredDifference": _squared_difference, "TensorScatterUpdate": _scatter, "TopKV2": _top_k,
}  # fmt: skip
HANDLERS |= {kind: _folded(kind, HANDLERS[kind]) for kind in FOLDED}
