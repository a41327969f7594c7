"""TensorFlow functions as ONNX graphs: a node at a time, loops and branches included."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onnx import TensorProto, helper, numpy_helper
from tensorflow import make_ndarray

from kaudio.artifacts.onnx_graph import TYPES, Graph, Handler, Node


class Translator:
    """Translates graphs.

    Args:
        library: Functions of the TensorFlow graph, by name.
        handlers: What translates each kind of operator.
    """

    def __init__(self, library: Mapping[str, Any], handlers: Mapping[str, Handler]) -> None:
        self.library, self.handlers = library, handlers

    def nodes(self, graph: Graph, nodes: Sequence[Any], names: dict[str, list[str]]) -> None:
        """Adds nodes to a graph. `names` has those of inputs, by TensorFlow name, and gets more."""
        left = {proto.name: proto for proto in nodes}
        for first in nodes:
            waiting = [first]
            while waiting:
                proto = waiting[-1]
                inputs = [_parts(i) for i in proto.input if not i.startswith("^")]
                missing = [left[i] for i, _ in inputs if i not in names]
                if missing:
                    waiting.extend(missing)
                    continue
                waiting.pop()
                if proto.name not in names:
                    given = [names[i][number] for i, number in inputs]
                    names[proto.name] = self._node(graph, Node(proto, self.library), given)

    def _node(self, graph: Graph, node: Node, inputs: list[str]) -> list[str]:
        match node.kind:
            case "Const":
                return [graph.constant(make_ndarray(node.value))]
            case "StatelessWhile" | "While":
                return self._loop(graph, node, inputs)
            case "StatelessIf" | "If":
                return self._branch(graph, node, inputs)
            case "PartitionedCall" | "StatefulPartitionedCall":
                return self._call(graph, self.library[node.f.name], inputs)
        if node.kind not in self.handlers:
            raise ValueError(
                f"A model with TensorFlow's operator {node.kind} ('{node.name}') cannot be written "
                "as ONNX. Export the other formats: --format keras --format saved_model "
                "--format tflite."
            )
        return self.handlers[node.kind](graph, node, inputs)

    def _call(self, graph: Graph, function: Any, inputs: list[str]) -> list[str]:
        """Adds the nodes of a function, and gives what it returns."""
        arguments = [argument.name for argument in function.signature.input_arg]
        names = {name: [given] for name, given in zip(arguments, inputs, strict=True)}
        self.nodes(graph, function.node_def, names)
        returned = [_parts(function.ret[r.name]) for r in function.signature.output_arg]
        return [names[name][number] for name, number in returned]

    def _branch(self, graph: Graph, node: Node, inputs: list[str]) -> list[str]:
        branches = {}
        for key in ("then_branch", "else_branch"):
            part = Graph(graph)
            function = self.library[getattr(node, key).name]
            results = self._call(part, function, inputs[1:])
            branches[key] = part.made([], _outputs(part, function.signature.output_arg, results))
        count = len(branches["then_branch"].output)
        return graph.add_many("If", inputs[:1], count, **branches)

    def _loop(self, graph: Graph, node: Node, inputs: list[str]) -> list[str]:
        body, condition = self.library[node.body.name], self.library[node.cond.name]
        arguments = body.signature.input_arg
        # What stays the same is not carried along: then runtimes know that weights are constant.
        carried = [i for i, a in enumerate(arguments) if _origin(body, i) != a.name]
        part, (first,) = Graph(graph), self._call(graph, condition, inputs)
        now = list(inputs)
        for i in carried:
            now[i] = part.name()
        after = self._call(part, body, now)
        told = self._call(
            part, condition, [after[i] if i in carried else now[i] for i in range(len(now))]
        )
        specs = [helper.make_tensor_value_info(part.name(), TensorProto.INT64, [])]
        specs.append(helper.make_tensor_value_info(part.name(), TensorProto.BOOL, []))
        specs += [_info(now[i], arguments[i]) for i in carried]
        outputs = [body.signature.output_arg[i] for i in carried]
        ends = _outputs(
            part,
            [condition.signature.output_arg[0], *outputs],
            [*told, *(after[i] for i in carried)],
        )
        given = ["", first, *(inputs[i] for i in carried)]
        made = graph.add_many("Loop", given, len(carried), body=part.made(specs, ends))
        results = list(inputs)
        for i, name in zip(carried, made, strict=True):
            results[i] = name
        return results


def _parts(name: str) -> tuple[str, int]:
    """The node and the number of its output, of how TensorFlow writes a tensor."""
    node, *rest = name.split(":")
    if rest[:1] == ["indices"]:  # the second output of TopKV2, in functions
        return node, 1
    return node, int(rest[-1]) if rest else 0


def _origin(function: Any, number: int) -> str:
    """Where an output of a function comes from, but for identities."""
    by_name = {proto.name: proto for proto in function.node_def}
    name, _ = _parts(function.ret[function.signature.output_arg[number].name])
    while name in by_name and by_name[name].op == "Identity":
        name, _ = _parts(by_name[name].input[0])
    return name


def _info(name: str, argument: Any) -> Any:
    return helper.make_tensor_value_info(name, TYPES[argument.type], None)


def _outputs(part: Graph, arguments: Sequence[Any], results: Sequence[str]) -> list:
    """Outputs of a part: names that are made there, and each only once."""
    names = [part.add("Identity", result) for result in results]
    return [_info(name, argument) for name, argument in zip(names, arguments, strict=True)]


def translate(function: Any, handlers: Mapping[str, Handler]) -> Any:
    """An ONNX graph of a concrete function of named tensors.

    Args:
        function: Takes and returns tensors by name; its weights are constants.
        handlers: What translates each kind of operator: see `onnx_operators`.

    Raises:
        ValueError: If it has an operator that none of them translates.
    """
    proto = function.graph.as_graph_def(add_shapes=True)
    library = {f.signature.name: f for f in proto.library.function}
    graph, names, inputs = Graph(), {}, []
    count = len(function.inputs) - len(function.captured_inputs)
    for tensor in function.inputs[:count]:
        names[tensor.op.name] = [tensor.op.name]
        inputs.append(_spec(tensor.op.name, tensor))
    for tensor, value in zip(function.inputs[count:], function.captured_inputs, strict=True):
        names[tensor.op.name] = [graph.constant(value.numpy())]
    Translator(library, handlers).nodes(graph, proto.node, names)
    outputs = []
    for name, tensor in function.structured_outputs.items():
        node, number = _parts(tensor.name)
        name = f"next_{name}" if name in names else name
        graph.nodes.append(helper.make_node("Identity", [names[node][number]], [name]))
        outputs.append(_spec(name, tensor))
    made = graph.made(inputs, outputs)
    used = {name for node in _all_nodes(made) for name in node.input}
    arrays = {name: array for name, array in graph.arrays.items() if name in used}
    made.initializer.extend(numpy_helper.from_array(a, name) for name, a in arrays.items())
    return made


def _spec(name: str, tensor: Any) -> Any:
    shape = [f"{name}_{i}" if d is None else d for i, d in enumerate(tensor.shape)]
    return helper.make_tensor_value_info(name, TYPES[tensor.dtype.as_datatype_enum], shape)


def _all_nodes(graph: Any) -> Iterator[Any]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from _all_nodes(attribute.g)
