"""A sampler as a SavedModel: for any TensorFlow program, and for Keras's `TFSMLayer`."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from kaudio.artifacts.endpoints import Endpoints
from kaudio.artifacts.functions import Functions, with_options
from kaudio.artifacts.networks import Network
from kaudio.artifacts.slim import save
from kaudio.generation.loop import generate_block, prime_block


class BlockEndpoints(Endpoints):
    """Endpoints whose loop is compiled by XLA, in blocks: once, whatever the length.

    Args:
        network: The network.
        block_steps: Steps of a block.
    """

    def __init__(self, network: Network, block_steps: int) -> None:
        super().__init__(network)
        self.block_steps = block_steps
        self._run_block = self._compiled(generate_block)
        self._hear_block = self._compiled(prime_block)

    def _compiled(self, block: Callable) -> Callable:
        """A block for any number of clips. A single one has a form of its own, which is faster."""
        compiled = tf.function(partial(block, self.source), autograph=False, jit_compile=True)

        def run(*arguments: Any, count: Any) -> tuple:
            def one() -> tuple:
                return compiled(*keras.tree.map_structure(_single, arguments), count=count)

            def many() -> tuple:
                return compiled(*arguments, count=count)

            return tf.cond(tf.equal(tf.shape(arguments[0])[0], 1), one, many)

        return run

    def run(self, x: Any, state: Any, noise: Any, controls: dict, told: dict) -> tuple:
        message = "`noise` must be of as many clips as the state."
        tf.debugging.assert_equal(tf.shape(noise)[1], tf.shape(x)[0], message)
        size, total = self.block_steps, tf.shape(noise)[0]
        blocks = (total + size - 1) // size
        noise, told = keras.tree.map_structure(lambda t: _padded(t, size), (noise, told))
        out = tf.TensorArray(x.dtype, blocks, element_shape=(size, *x.shape))

        def body(i: Any, x: Any, state: Any, out: Any) -> tuple:
            here = slice(i * size, (i + 1) * size)
            now = {name: _block(values[here], size) for name, values in told.items()}
            count = tf.minimum(size, total - i * size)
            draws = _block(noise[here], size)
            steps, x, state = self._run_block(x, state, draws, controls, now, count=count)
            return i + 1, x, state, out.write(i, steps)

        first = (tf.constant(0), x, state, out)
        shapes = keras.tree.map_structure(lambda t: t.shape, (x, state))
        invariants = (tf.TensorShape([]), *shapes, tf.TensorShape(None))
        _, x, state, out = tf.while_loop(
            lambda i, *_: i < blocks, body, first, shape_invariants=invariants
        )
        return out.concat()[:total], x, state

    def hear(self, x: Any, state: Any, steps: Any, told: dict) -> tuple:
        given, size = steps[1:], self.block_steps
        total = tf.shape(given)[0]
        blocks = (total + size - 1) // size
        given = _padded(given, size)

        def body(i: Any, x: Any, state: Any) -> tuple:
            here = _block(given[i * size : (i + 1) * size], size)
            count = tf.minimum(size, total - i * size)
            return i + 1, *self._hear_block(x, state, here, told, count=count)

        shapes = keras.tree.map_structure(lambda t: t.shape, (x, state))
        _, x, state = tf.while_loop(
            lambda i, *_: i < blocks,
            body,
            (tf.constant(0), x, state),
            shape_invariants=(tf.TensorShape([]), *shapes),
        )
        return x, state


def _single(x: Any) -> Any:
    """The same tensor, of a single clip: that is the only size that is not known before."""
    shape = [1 if size is None else size for size in x.shape]
    # `tf.ensure_shape` would do, if TensorFlow did not move it to where it sees many clips.
    first = x[tuple(slice(size) for size in shape)]
    first.set_shape(shape)
    return first


def _padded(x: Any, size: int) -> Any:
    missing = -tf.shape(x)[0] % size
    return tf.pad(x, [[0, missing], *[[0, 0]] * (len(x.shape) - 1)])


def _block(x: Any, size: int) -> Any:
    return tf.ensure_shape(x, (size, *x.shape[1:]))


def write_saved_model(network: Network, folder: Path, metadata: dict, block_steps: int) -> None:
    """Writes a SavedModel.

    Functions of the loaded object: `generate`, `prime`, `stream`, `start`, `serve`, `seed` and
    `describe`. Controls and conditions may be left out; states are lists. Its signatures (all of
    these but `seed`) have all inputs, by name, and dicts of named tensors as outputs.

    Args:
        network: The network.
        folder: Where it goes.
        metadata: What `describe()` returns as JSON.
        block_steps: Steps that are compiled as one block.
    """
    functions = Functions(BlockEndpoints(network, block_steps), None)
    root = rooted(network.variables(), metadata)
    signatures = {"start": functions.first(), "describe": described(root)}
    for name in functions.inputs():
        signatures[name] = functions.concrete(name)
        setattr(root, name, _for_people(name, signatures[name], functions))
    for name, function in _helpers(functions).items():
        setattr(root, name, function)
    save(root, folder, signatures)


def rooted(variables: list, metadata: dict) -> Any:
    """What is saved: an object that tells of itself, and holds what its functions read.

    The model itself would bring its optimizer along.
    """
    root, text = tf.Module(), json.dumps(metadata, indent=1)
    root.weights = [variable.value for variable in variables]
    root.describe = with_options(lambda inputs: tf.constant(text), {})
    return root


def described(root: Any) -> Any:
    """What it tells of itself, for runtimes that know nothing but signatures."""

    @tf.function(input_signature=[])
    def describe() -> dict:
        return {"description": root.describe()}

    return describe


def _for_people(name: str, whole: Callable, functions: Functions) -> Any:
    """An endpoint with arguments that may be left out, and with a state as one argument."""
    required, controls, conditions = functions.inputs()[name]
    names = list(functions.state)
    if names[0] in required:
        required = {"state": list(functions.state.values()), "noise": required["noise"]}

    def run(inputs: dict) -> Any:
        like = inputs["noise" if "noise" in inputs else "audio"]
        told = functions.conditions_of(inputs, like)
        state = dict(zip(names, inputs.pop("state", []), strict=False))
        outputs = whole(**{**inputs, **state, **told})
        after = [outputs[name] for name in names if name in outputs]
        rest = [value for name, value in outputs.items() if name not in names]
        return (*rest, after) if rest and after else after or rest[0]

    defaults = {name: functions.defaults[name] for name in controls}
    return with_options(run, required, defaults, conditions)


def _helpers(functions: Functions) -> dict[str, Any]:
    number = tf.TensorSpec((), tf.int32)

    def seed(inputs: dict) -> Any:
        shape = [inputs["batch_size"], inputs["steps"], *functions.noise_shape]
        return tf.random.stateless_uniform(shape, [inputs["seed"], 0])

    def start(inputs: dict) -> list:
        return list(functions.start(inputs).values())

    return {
        "seed": with_options(seed, {"seed": number, "steps": number, "batch_size": number}),
        "start": with_options(start, {"batch_size": number}, tensors=functions.conditions),
    }
