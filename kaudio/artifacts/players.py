"""Artifacts that can be run: the same way, whichever runtime runs them."""

import abc
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kaudio.artifacts.describe import read_description
from kaudio.generation.controls import check_controls

Arrays = dict[str, np.ndarray]
# Format, and what it is called in an exported folder.
FORMATS = {
    "keras": "model.keras",
    "saved_model": "saved_model",
    "tflite": "model.tflite",
    "tflite_float16": "model.float16.tflite",
    "tflite_int8": "model.int8.tflite",
    "onnx": "onnx",
}
# ONNX needs packages that are not installed with kaudio, so it is written where it is asked for.
DEFAULT_FORMATS = tuple(name for name in FORMATS if name != "onnx")


class Player(abc.ABC):
    """An artifact, loaded into the runtime that it is for.

    Attributes:
        metadata: What the artifact tells of itself.
    """

    metadata: dict[str, Any]
    # Whether it runs one clip at a time, and starts without being told how many.
    is_single: bool = True

    @abc.abstractmethod
    def run(self, endpoint: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
        """Runs an endpoint on inputs of the right shapes."""

    def call(self, endpoint: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
        """Runs an endpoint.

        Args:
            endpoint: "generate", "start", "prime", "stream" or "serve"; of a classifier, "serve".
            inputs: All of its inputs by name.

        Returns:
            What it gives, by name.

        Raises:
            ValueError: If noise or audio have another shape than the endpoint takes.
        """
        draws = tuple(self.metadata.get("noise_shape", ()))
        if "noise" in inputs:
            noise = inputs["noise"]
            shape = noise.shape
            fits = len(shape) == 2 + len(draws) and shape[2:] == draws and 0 not in shape
            if not fits or noise.dtype != np.float32:
                expected = ", ".join(map(str, ["batch", "steps", *draws]))
                raise ValueError(
                    f"`noise` must have the shape ({expected}) and be float32. Received: shape "
                    f"{shape}, {noise.dtype}."
                )
            if "state_0" in inputs and len(inputs["state_0"]) != shape[0]:
                raise ValueError(
                    f"`noise` must be of as many clips as the state. Received: {shape[0]}, and a "
                    f"state of {len(inputs['state_0'])}."
                )
        if "audio" in inputs and inputs["audio"].ndim != 2:
            raise ValueError(
                "`audio` must have the shape (batch, samples). Received: shape "
                f"{inputs['audio'].shape}."
            )
        return self.run(endpoint, inputs)

    def controls(self, given: Mapping[str, float]) -> Arrays:
        """A value for each control, the artifact's own where none is given."""
        known = self.metadata["controls"]
        if unknown := set(given) - set(known):
            raise ValueError(
                f"This artifact has the controls {', '.join(known) or '(none)'}. Received: "
                f"{', '.join(sorted(unknown))}."
            )
        check_controls(given)
        return {name: np.array(value, "float32") for name, value in {**known, **given}.items()}


class SavedModelPlayer(Player):
    """A SavedModel, run by TensorFlow.

    Args:
        folder: Of the SavedModel.
    """

    is_single = False

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
        import tensorflow as tf

        try:
            self.loaded: Any = tf.saved_model.load(str(folder))
        except Exception as error:  # of many kinds, by what is damaged
            raise ValueError(
                f"'{folder}' is not a SavedModel, or a damaged one. Export the model again."
            ) from error
        if not hasattr(self.loaded, "describe"):
            raise ValueError(
                f"'{folder}' is a SavedModel of something else. Expected one that `kaudio export` "
                "wrote."
            )
        try:
            text = self.loaded.describe().numpy()
        except Exception as error:
            raise ValueError(f"'{folder}' is damaged. Export the model again.") from error
        self.metadata = read_description(text, str(folder))

    def run(self, endpoint: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
        import tensorflow as tf

        if endpoint not in self.loaded.signatures:
            raise ValueError(
                f"The SavedModel has no endpoint {endpoint!r}. Export the model again."
            )
        function = self.loaded.signatures[endpoint]
        outputs = function(**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: value.numpy() for name, value in outputs.items()}


class TFLitePlayer(Player):
    """A TensorFlow Lite file, run by LiteRT.

    Args:
        file: The file.
        threads: How many LiteRT uses.
    """

    def __init__(self, file: Path, threads: int = 1) -> None:
        from ai_edge_litert.interpreter import Interpreter

        from kaudio.artifacts.lite_metadata import metadata_text

        content = file.read_bytes()
        try:  # which looks at all of the file before it reads any of it
            self.interpreter = Interpreter(model_content=content, num_threads=threads)
            self.interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ValueError(
                f"'{file}' is not a TensorFlow Lite file, or a damaged one. Export the model again."
            ) from error
        try:
            text = metadata_text(content)
        except (IndexError, AttributeError, TypeError, struct.error) as error:  # of wrong offsets
            raise ValueError(f"'{file}' is damaged. Export the model again.") from error
        self.metadata = read_description(text, str(file))

    def run(self, endpoint: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
        try:
            return self.interpreter.get_signature_runner(endpoint)(**inputs)
        except (ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise ValueError(f"The TensorFlow Lite file cannot do this: {reason}.") from error


def open_player(path: Path, format: str) -> Player:
    """Loads an artifact.

    Args:
        path: Of the artifact itself.
        format: One of `FORMATS`, but for "keras".
    """
    if format == "onnx":
        from kaudio.artifacts.onnx_player import OnnxPlayer

        return OnnxPlayer(path)
    return SavedModelPlayer(path) if format == "saved_model" else TFLitePlayer(path)


def find_player(path: Path | str, format: str) -> Player:
    """Loads an artifact from its folder.

    Args:
        path: An exported folder, or a file or folder of the format itself.
        format: One of `FORMATS`, but for "keras".

    Raises:
        FileNotFoundError: If there is nothing of that format.
        ValueError: If what is there is something else.
    """
    path, name = Path(path), FORMATS[format]
    found = path / name if (path / name).exists() else path
    inside = {"saved_model": "saved_model.pb", "onnx": "serve.onnx"}.get(format)
    if not (found / inside if inside else found).is_file():
        raise FileNotFoundError(
            f"There is no {name} at '{path}'. `kaudio export` writes a folder that has one."
        )
    return open_player(found, format)
