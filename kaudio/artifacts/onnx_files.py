"""Models as ONNX files: a file for each endpoint, since such a file holds one graph."""

import json
from pathlib import Path
from typing import Any

import onnx
import tensorflow as tf
from keras import ops
from onnx import helper

from kaudio.artifacts.classifier import Classifier
from kaudio.artifacts.endpoints import Endpoints
from kaudio.artifacts.functions import with_options
from kaudio.artifacts.networks import FrameNetwork, Network
from kaudio.artifacts.onnx_operators import HANDLERS, OPSET
from kaudio.artifacts.onnx_translate import translate
from kaudio.artifacts.tflite import LiteFunctions, held, with_constants
from kaudio.artifacts.time_domain import TimeDomainLSTM
from kaudio.models import WaveNet

# Of files, as runtimes have read it since 2022.
IR_VERSION = 8


class OnnxEndpoints(Endpoints):
    """Endpoints of one clip, written with operators that ONNX has."""

    def __init__(self, network: Network) -> None:
        stepper = None
        if isinstance(network.model, WaveNet):
            laid_out = network.source.stepper(1)  # as constants, and not as what makes them

            def stepper(batch_size: int | None) -> Any:
                return laid_out

        super().__init__(network, stepper)

    def serve(self, samples: Any, conditions: dict) -> Any:
        """As for all artifacts. Over frames there is a loop of steps, which is the same."""
        if not isinstance(self.network, FrameNetwork):
            return super().serve(samples, conditions)
        steps = ops.swapaxes(self.network.encode(samples), 0, 1)
        stepper = self.stepper(1)
        # A step of frames that are heard otherwise than they sound has both.
        folded = isinstance(self.source, TimeDomainLSTM)
        length = self.source.frame_length if folded else self.source.output_shape[-1]

        def body(i: Any, state: Any, made: Any) -> tuple:
            y, state = stepper.step(ops.take(steps, i, axis=0), state, {})
            start = (i, *[0] * (len(made.shape) - 1))
            return i + 1, state, ops.slice_update(made, start, ops.expand_dims(y[:, :length], 0))

        count = ops.shape(steps)[0]
        first = (ops.convert_to_tensor(0, "int32"), stepper.enter(self.source.initial_state(1)))
        made = ops.zeros((count, 1, length))
        *_, made = ops.while_loop(lambda i, *_: i < count, body, (*first, made))
        return ops.swapaxes(made, 0, 1)


def write_onnx(exported: Network | Classifier, folder: Path, metadata: dict) -> None:
    """Writes a folder of ONNX files with standard operators only.

    Of a sampler `generate.onnx`, `start.onnx`, `prime.onnx`, `stream.onnx` and `serve.onnx`, of a
    single clip whose length is free; of a classifier `serve.onnx`, of any number of clips. Each
    file has all weights that it needs. All inputs must be given, by name. Of `stream.onnx`, the
    outputs `next_state_0`, ... are the next inputs `state_0`, ...

    Args:
        exported: What they are of.
        folder: Where they go.
        metadata: What each file tells of itself, as JSON in its metadata under "kaudio".

    Raises:
        ValueError: If the model has an operator that is not translated.
    """
    folder.mkdir()
    for name, function in _functions(exported).items():
        graph = translate(function, HANDLERS)
        model = helper.make_model(
            graph,
            ir_version=IR_VERSION,
            opset_imports=[helper.make_opsetid("", OPSET)],
            producer_name="kaudio",
        )
        helper.set_model_props(model, {"kaudio": json.dumps(metadata)})
        onnx.save(model, folder / f"{name}.onnx")


def _functions(exported: Network | Classifier) -> dict[str, Any]:
    if isinstance(exported, Classifier):
        audio = {"audio": tf.TensorSpec((None, None))}
        serve = with_constants(
            lambda inputs: {"probabilities": exported.serve(inputs["audio"])},
            held(exported.variables()),
        )
        return {"serve": with_options(serve, audio).get_concrete_function(**audio)}
    functions = LiteFunctions(OnnxEndpoints(exported))
    found = {name: functions.concrete(name) for name in functions.inputs()}
    return {**found, "start": functions.first()}
