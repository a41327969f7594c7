"""A SavedModel without what only people read, such as long names, and what only training needs."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2


def save(root: tf.Module, folder: Path, signatures: dict[str, Any]) -> None:
    """Writes a SavedModel whose graph is less than half as large as `tf.saved_model.save` makes it.

    Args:
        root: What is saved.
        folder: Where it goes.
        signatures: Functions by name.
    """
    # Gradients that layers have of their own are faster and need less memory, for training. Those
    # of the operators give the same.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(root, str(folder), signatures, options)
    slim(folder)


def slim(folder: Path) -> None:
    """Makes the graph of a SavedModel smaller. What it computes stays the same.

    TensorFlow names each node by the layers around it, again wherever it is used, and notes the
    shape of what it puts out; of a network of many small layers this is more than the weights.
    Inside the functions of the graph (what is called by name from outside stays as it is) nodes
    get short names, constants that are equal become one, and what nothing uses is left out.

    Args:
        folder: The SavedModel. Its file is written again.
    """
    file = folder / "saved_model.pb"
    saved: Any = saved_model_pb2.SavedModel.FromString(file.read_bytes())  # ty: ignore
    for graph in saved.meta_graphs:
        for function in graph.graph_def.library.function:
            _share_constants(function)
            _drop_unused(function)
            _shorten(function)
    file.write_bytes(saved.SerializeToString(deterministic=True))
    # It is a hash of the file as it was.
    (folder / "fingerprint.pb").unlink(missing_ok=True)


def _share_constants(function: Any) -> None:
    first, same = {}, {}
    for node in function.node_def:
        if node.op == "Const" and not node.input:
            value = tuple(node.attr[key].SerializeToString() for key in ("dtype", "value"))
            same[node.name] = first.setdefault(value, node.name)
    _rename(function, lambda name: same.get(name, name))
    _keep(function, [n for n in function.node_def if same.get(n.name, n.name) == n.name])


def _drop_unused(function: Any) -> None:
    nodes = {node.name: node for node in function.node_def}
    wanted = [*function.ret.values(), *function.control_ret.values()]
    used = set()
    while wanted:
        name = _node_of(wanted.pop())
        if name in nodes and name not in used:
            used.add(name)
            wanted.extend(nodes[name].input)
    _keep(function, [node for node in function.node_def if node.name in used])


def _shorten(function: Any) -> None:
    """Short names for nodes and for the weights that they read, and no notes on them."""
    weights = {
        argument.name: f"w{number}"
        for number, argument in enumerate(function.signature.input_arg)
        if argument.type == tf.resource.as_datatype_enum
    }
    nodes = {node.name: f"n{number}" for number, node in enumerate(function.node_def)}
    short = {**nodes, **weights}
    _rename(function, lambda name: short.get(name, name))
    for number, argument in enumerate(function.signature.input_arg):
        if argument.name in weights:
            argument.name = weights[argument.name]
            function.arg_attr[number].attr.pop("_user_specified_name", None)
    for node in function.node_def:
        node.name = nodes[node.name]
        for note in ("_output_shapes", "_gradient_op_type"):
            node.attr.pop(note, None)


def _rename(function: Any, new: Callable[[str], str]) -> None:
    """Puts other names into whatever refers to a node or an argument."""

    def referring(text: str) -> str:
        name = _node_of(text)
        start = text.index(name)
        return text[:start] + new(name) + text[start + len(name) :]

    for node in function.node_def:
        node.input[:] = [referring(text) for text in node.input]
    for results in (function.ret, function.control_ret):
        for name, text in list(results.items()):
            results[name] = referring(text)


def _node_of(text: str) -> str:
    """The name in `name`, `name:output:0` and `^name`."""
    return text.removeprefix("^").partition(":")[0]


def _keep(function: Any, nodes: Iterable) -> None:
    kept = list(nodes)
    del function.node_def[:]
    function.node_def.extend(kept)
