"""How TensorFlow's slices, taken and put back, are written in ONNX."""

import numpy as np

from kaudio.artifacts.onnx_graph import Graph, Handler, Node

END = np.iinfo("int64").max


def _element(graph: Graph, vector: str, number: int, scalar: bool = False) -> str:
    """An element of a vector, or a vector of it alone."""
    if vector in graph.arrays:
        value = graph.arrays[vector][number]
        return graph.constant(value if scalar else [value], "int64")
    index = graph.constant(number if scalar else [number], "int64")
    return graph.add("Gather", graph.longs(vector), index)


def _joined(graph: Graph, parts: list[str]) -> str:
    if all(part in graph.arrays for part in parts):
        return graph.constant(np.concatenate([graph.arrays[part] for part in parts]))
    return graph.add("Concat", *parts, axis=0)


def _strided_slice(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    x, begin, end, strides = inputs
    steps = graph.arrays[strides]
    masks = {
        name: [bool(getattr(node, f"{name}_mask") >> i & 1) for i in range(len(steps))]
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    taken = sum(masks["shrink_axis"][i] and not masks["new_axis"][i] for i in range(len(steps)))
    rank = len(node.shape()) + taken - sum(masks["new_axis"])
    axis = out = 0
    shrunk, fresh, cuts = [], [], []
    for i, step in enumerate(steps):
        if masks["ellipsis"][i]:
            left = sum(not new for new in masks["new_axis"][i + 1 :])
            out, axis = out + rank - left - axis, rank - left
        elif masks["new_axis"][i]:
            fresh.append(out)
            out += 1
        elif masks["shrink_axis"][i]:
            shrunk.append((axis, _element(graph, begin, i, scalar=True)))
            axis += 1
        else:
            whole = masks["begin"][i] and masks["end"][i] and step == 1
            first, last = (0, END) if step > 0 else (END, -END)
            low = [first] if masks["begin"][i] else None
            high = [last] if masks["end"][i] else None
            low = graph.constant(low, "int64") if low else _element(graph, begin, i)
            high = graph.constant(high, "int64") if high else _element(graph, end, i)
            cuts += [] if whole else [(low, high, axis, int(step))]
            axis, out = axis + 1, out + 1
    if cuts:
        lows, highs, axes, jumps = zip(*cuts, strict=True)
        bounds = [_joined(graph, list(lows)), _joined(graph, list(highs))]
        rest = [graph.constant(numbers, "int64") for numbers in (axes, jumps)]
        x = graph.add("Slice", x, *bounds, *rest)
    for number, index in reversed(shrunk):
        x = graph.add("Gather", x, index, axis=number)
    return [graph.add("Unsqueeze", x, graph.constant(fresh, "int64")) if fresh else x]


def _slice(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    """By where it begins and how much there is: -1 for all."""
    x, begin, size = inputs
    low, count = graph.longs(begin), graph.longs(size)
    whole = graph.add("Less", count, graph.constant(0, "int64"))
    high = graph.add("Where", whole, graph.constant(END), graph.add("Add", low, count))
    axes = graph.constant(range(len(node.shape())), "int64")
    return [graph.add("Slice", x, low, high, axes)]


def _put(graph: Graph, node: Node, inputs: list[str]) -> list[str]:
    """Whole rows, from some row on: all that loops here write."""
    x, rows, starts = inputs
    first = _element(graph, starts, 0, scalar=True)
    count = graph.add("Gather", graph.add("Shape", rows), graph.constant(0, "int64"))
    numbers = graph.add("Range", first, graph.add("Add", first, count), graph.constant(1, "int64"))
    numbers = graph.add("Unsqueeze", numbers, graph.constant([1], "int64"))
    return [graph.add("ScatterND", x, numbers, rows)]


SLICES: dict[str, Handler] = {
    "Slice": _slice,
    "StridedSlice": _strided_slice,
    "XlaDynamicUpdateSlice": _put,
}
