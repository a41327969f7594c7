"""A sampler as a TensorFlow Lite file: for phones, browsers and plug-ins, one clip at a time."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from kaudio.artifacts.endpoints import Endpoints
from kaudio.artifacts.functions import Functions
from kaudio.artifacts.lite_metadata import with_metadata
from kaudio.artifacts.lite_stack import LiteStepper
from kaudio.artifacts.networks import Network
from kaudio.artifacts.slim import save
from kaudio.models import WaveNet

# Formats, and how they store weights.
VARIANTS = {"tflite": tf.float32, "tflite_float16": tf.float16, "tflite_int8": tf.int8}


def write_tflite(network: Network, files: dict[str, Path], metadata: dict) -> None:
    """Writes TensorFlow Lite files of a sampler, with built-in operators only.

    Signatures: `generate`, `prime`, `stream`, `start` and `serve`. All inputs of a signature must
    be given; all are of a single clip, whose length is free.

    Args:
        network: The network.
        files: Where each of `VARIANTS` goes that is wanted.
        metadata: What the file tells of itself: see `lite_metadata`.
    """
    stepper = None
    if isinstance(network.model, WaveNet):
        lite = LiteStepper(network.model)

        def stepper(batch_size: int | None) -> LiteStepper:
            return lite

    functions = LiteFunctions(Endpoints(network, stepper))
    signatures = {name: functions.concrete(name) for name in functions.inputs()}
    signatures["start"] = functions.first()
    convert(signatures, files, metadata)


def convert(signatures: dict[str, Any], files: dict[str, Path], metadata: dict) -> None:
    """Writes TensorFlow Lite files of functions.

    Args:
        signatures: Concrete functions by name.
        files: Where each of `VARIANTS` goes that is wanted.
        metadata: What the file tells of itself.
    """
    with tempfile.TemporaryDirectory() as folder:
        save(tf.Module(), Path(folder), signatures)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, list(signatures))
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        for variant, file in files.items():
            weights = VARIANTS[variant]
            converter.optimizations = [] if weights == tf.float32 else [tf.lite.Optimize.DEFAULT]
            half = weights == tf.float16
            converter.target_spec.supported_types = [tf.float16] if half else []
            file.write_bytes(with_metadata(converter.convert(), metadata))


def held(variables: list) -> list[tuple[Any, Any]]:
    """Variables, and what is in them."""
    return [(variable, ops.convert_to_numpy(variable)) for variable in variables]


def with_constants(function: Callable[[dict], Any], weights: list) -> Callable[[dict], Any]:
    """The same function, of weights that are constants: TensorFlow Lite can make those smaller."""

    def run(inputs: dict) -> Any:
        with keras.StatelessScope(weights):
            return function(inputs)

    return run


class LiteFunctions(Functions):
    """Functions that hold weights as constants."""

    def __init__(self, endpoints: Endpoints) -> None:
        super().__init__(endpoints, 1)
        self.weights = held(endpoints.network.variables())

    def traced(self, name: str) -> Callable[[dict], Any]:
        return with_constants(super().traced(name), self.weights)
