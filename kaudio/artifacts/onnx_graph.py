"""ONNX graphs while they are built, and the nodes of TensorFlow that they are made of."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from onnx import TensorProto, helper
from tensorflow import dtypes

TYPES = {
    dtypes.float32.as_datatype_enum: TensorProto.FLOAT,
    dtypes.int32.as_datatype_enum: TensorProto.INT32,
    dtypes.int64.as_datatype_enum: TensorProto.INT64,
    dtypes.bool.as_datatype_enum: TensorProto.BOOL,
    dtypes.uint8.as_datatype_enum: TensorProto.UINT8,
}


class Graph:
    """An ONNX graph that is being built: the whole, or the body of a loop or a branch.

    Args:
        outer: The graph that it is a part of, if any. All of its names are known here.
    """

    def __init__(self, outer: "Graph | None" = None) -> None:
        self.nodes: list = []
        self.arrays: dict[str, np.ndarray] = outer.arrays if outer else {}
        self.known: dict[tuple, str] = outer.known if outer else {}
        self.numbers: Iterator[int] = outer.numbers if outer else itertools.count()

    def name(self) -> str:
        """A name that nothing has yet."""
        return f"t{next(self.numbers)}"

    def constant(self, value: Any, dtype: Any = None) -> str:
        """The name of a constant. Equal ones have the same."""
        array = np.asarray(value, dtype)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self.known:
            self.known[key] = self.name()
            self.arrays[self.known[key]] = array
        return self.known[key]

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """Adds an operator, and gives the name of its output."""
        return self.add_many(kind, inputs, 1, **attributes)[0]

    def add_many(
        self, kind: str, inputs: Sequence[str], count: int, **attributes: Any
    ) -> list[str]:
        """Adds an operator of several outputs, and gives their names."""
        outputs = [self.name() for _ in range(count)]
        self.nodes.append(helper.make_node(kind, inputs, outputs, **attributes))
        return outputs

    def longs(self, name: str) -> str:
        """The same tensor in int64, as ONNX takes shapes, axes and positions."""
        if name in self.arrays:
            return self.constant(self.arrays[name], "int64")
        return self.add("Cast", name, to=TensorProto.INT64)

    def made(self, inputs: list, outputs: list) -> Any:
        """The graph, once all of its nodes are there."""
        return helper.make_graph(self.nodes, self.name(), inputs, outputs)


class Node:
    """A node of a TensorFlow graph.

    Args:
        proto: Its definition.
        library: All functions, by name.
    """

    def __init__(self, proto: Any, library: Mapping[str, Any]) -> None:
        self.proto, self.library = proto, library
        self.kind, self.name = proto.op, proto.name

    def shape(self, number: int = 0) -> list[int | None]:
        """The shape of an output, as far as it is known."""
        shape = self.proto.attr["_output_shapes"].list.shape[number]
        return [None if d.size < 0 else d.size for d in shape.dim]

    def __getattr__(self, name: str) -> Any:
        """An attribute of the operator."""
        value = self.proto.attr[name]
        kind = value.WhichOneof("value")
        value = getattr(value, kind)
        if kind == "list":
            return list(value.i)
        return value.decode() if kind == "s" else value


Handler = Callable[[Graph, Node, list[str]], list[str]]
