"""How what TensorFlow does to shapes is written in ONNX."""

from kaudio.artifacts.onnx_graph import TYPES, Graph, Handler, Node


def _shape(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Cast", graph.add("Shape", *inputs), to=TYPES[node.out_type])]


def _cast(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Cast", *inputs, to=TYPES[node.DstT])]


def _reshape(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Reshape", inputs[0], graph.longs(inputs[1]), allowzero=1)]


def _expand(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Expand", inputs[0], graph.longs(inputs[1]))]


def _fill(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Expand", inputs[1], graph.longs(inputs[0]))]


def _zeros_like(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    zero = graph.add("Cast", graph.constant(0, "float32"), to=TYPES[node.T])
    return [graph.add("Expand", zero, graph.add("Shape", *inputs))]


def _transpose(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Transpose", inputs[0], perm=graph.arrays[inputs[1]].tolist())]


def _unsqueeze(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    axes = graph.add("Reshape", graph.longs(inputs[1]), graph.constant([1], "int64"))
    return [graph.add("Unsqueeze", inputs[0], axes)]


def _squeeze(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Squeeze", *inputs, graph.constant(node.squeeze_dims, "int64"))]


def _pack(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    axis = graph.constant([node.axis], "int64")
    parts = [graph.add("Unsqueeze", name, axis) for name in inputs]
    return [graph.add("Concat", *parts, axis=node.axis)]


def _unpack(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    numbers = [graph.constant(i, "int64") for i in range(node.num)]
    return [graph.add("Gather", *inputs, number, axis=node.axis) for number in numbers]


def _concat(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    *parts, axis = inputs
    return [graph.add("Concat", *parts, axis=int(graph.arrays[axis]))]


def _split(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    axis, count = int(graph.arrays[inputs[0]]), node.num_split
    return graph.add_many("Split", inputs[1:], count, axis=axis, num_outputs=count)


def _gather(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Gather", *inputs[:2], axis=int(graph.arrays[inputs[2]]))]


def _tile(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    return [graph.add("Tile", inputs[0], graph.longs(inputs[1]))]


def _pad(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    x, widths, *value = inputs
    widths = graph.add("Transpose", graph.longs(widths), perm=[1, 0])
    widths = graph.add("Reshape", widths, graph.constant([-1], "int64"))
    return [graph.add("Pad", x, widths, *value)]


SHAPES: dict[str, Handler] = {
    "BroadcastTo": _expand, "Cast": _cast, "ConcatV2": _concat, "ExpandDims": _unsqueeze,
    "Fill": _fill, "GatherV2": _gather, "Pack": _pack, "Pad": _pad, "PadV2": _pad,
    "Reshape": _reshape, "Shape": _shape, "Split": _split, "Squeeze": _squeeze, "Tile": _tile,
    "Transpose": _transpose, "Unpack": _unpack, "ZerosLike": _zeros_like,
}  # fmt: skip
