"""Artifacts that can be played: the same way, whichever runtime runs them."""

import abc
import json
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kaudio.artifacts.describe import check_version

Arrays = dict[str, np.ndarray]
# Format, and what it is called in an exported folder.
FORMATS = {
    "keras": "model.keras",
    "saved_model": "saved_model",
    "tflite": "model.tflite",
    "tflite_float16": "model.float16.tflite",
    "tflite_int8": "model.int8.tflite",
}


class Player(abc.ABC):
    """An artifact, loaded into the runtime that it is for.

    Attributes:
        metadata: What the artifact tells of itself.
    """

    metadata: dict[str, Any]

    @abc.abstractmethod
    def run(self, endpoint: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
        """Runs an endpoint on inputs of the right shapes."""

    def call(self, endpoint: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
        """Runs an endpoint.

        Args:
            endpoint: "generate", "start", "prime", "stream" or "serve".
            inputs: All of its inputs by name.

        Returns:
            What it gives, by name.

        Raises:
            ValueError: If noise or audio have another shape than the endpoint takes.
        """
        draws = tuple(self.metadata["noise_shape"])
        if "noise" in inputs and inputs["noise"].shape[2:] != draws:
            expected = ", ".join(map(str, ["batch", "steps", *draws]))
            raise ValueError(
                f"`noise` must have the shape ({expected}). Received: shape "
                f"{inputs['noise'].shape}."
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
        for name, value in given.items():
            if not 0 <= value < math.inf:
                raise ValueError(f"`{name}` must be a number, 0 or more. Received: {name}={value}.")
        return {name: np.array(value, "float32") for name, value in {**known, **given}.items()}


class SavedModelPlayer(Player):
    """A SavedModel, run by TensorFlow.

    Args:
        folder: Of the SavedModel.
    """

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
        self.metadata = json.loads(self.loaded.describe().numpy())
        check_version(self.metadata, str(folder))

    def run(self, endpoint: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
        import tensorflow as tf

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

        from kaudio.artifacts.lite_metadata import read_metadata

        content = file.read_bytes()
        try:  # which looks at all of the file before it reads any of it
            self.interpreter = Interpreter(model_content=content, num_threads=threads)
            self.interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise ValueError(
                f"'{file}' is not a TensorFlow Lite file, or a damaged one. Export the model again."
            ) from error
        self.metadata = read_metadata(content)
        check_version(self.metadata, str(file))

    def run(self, endpoint: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
        return self.interpreter.get_signature_runner(endpoint)(**inputs)


def open_player(path: Path, format: str) -> Player:
    """Loads an artifact.

    Args:
        path: Of the artifact itself.
        format: One of `FORMATS`, but for "keras".
    """
    return SavedModelPlayer(path) if format == "saved_model" else TFLitePlayer(path)


def play(
    player: Player,
    *,
    batch_size: int = 1,
    seed: int = 0,
    controls: Mapping[str, float] | None = None,
    conditions: Mapping[str, Any] | None = None,
    prime: np.ndarray | None = None,
    block_seconds: float = 0.25,
) -> Iterator[np.ndarray]:
    """Draws audio from an artifact without end: what `kaudio.stream` draws from its model.

    Args:
        player: The artifact.
        batch_size: Clips side by side.
        seed: Of the draws.
        controls: As for `kaudio.stream`.
        conditions: For each condition `(channels,)`, or a function of times in seconds `(count,)`
            that returns `(count, channels)`.
        prime: A waveform `(num_samples,)` to go on from.
        block_seconds: Length of a block.

    Yields:
        Blocks of the waveforms, `(batch_size, num_samples)`.
    """
    if seed < 0 or batch_size < 1:
        raise ValueError(
            "`seed` must be 0 or more, `batch_size` 1 or more. Received: "
            f"seed={seed}, batch_size={batch_size}."
        )
    if isinstance(player, TFLitePlayer) and batch_size != 1:
        raise ValueError(
            f"A TensorFlow Lite file plays one clip at a time. Received: batch_size={batch_size}. "
            "Play several with the SavedModel or the `.keras` file."
        )
    about = player.metadata
    rate, hop = about["sample_rate"], about["hop_length"]
    steps = max(64, round(block_seconds * rate / hop))
    values = player.controls(controls or {})
    generators = [np.random.default_rng([seed, i]) for i in range(batch_size)]

    def told(start: int, count: int) -> Arrays:
        times = np.arange(start, start + count) * hop / rate
        return {
            f"{name}_condition": _over(times, (conditions or {}).get(name), batch_size, channels)
            for name, channels in about["conditions"].items()
        }

    if prime is None:
        state = _start(player, told(0, 1), batch_size)
        hidden = 0
    else:
        heard = np.repeat(_whole(prime, about)[None], batch_size, axis=0)
        state = player.call("prime", {"audio": heard, **told(0, 1)})
        hidden = about["frame_length"] - hop
    position = 0
    while True:
        shape = (steps, *about["noise_shape"])
        noise = np.stack([g.random(shape, dtype="float32") for g in generators])
        inputs = {"noise": noise, **values, **told(position, steps), **state}
        state = player.call("stream", inputs)
        audio = state.pop("audio")
        position += steps
        cut, hidden = min(hidden, audio.shape[1]), max(0, hidden - audio.shape[1])
        if cut < audio.shape[1]:
            yield audio[:, cut:]


def _start(player: Player, told: Arrays, batch_size: int) -> Arrays:
    if isinstance(player, SavedModelPlayer):
        told = {**told, "batch_size": np.array(batch_size, "int32")}
    return player.call("start", told)


def _whole(prime: np.ndarray, about: dict) -> np.ndarray:
    if len(prime) < about["frame_length"]:
        raise ValueError(
            f"The prime must have at least {about['frame_length']} samples at "
            f"{about['sample_rate']} Hz. Received: {len(prime)}. Pass a longer one, or none to "
            "start from silence."
        )
    if not np.isfinite(prime).all():
        raise ValueError("The prime must be finite numbers. Received: some that are not.")
    return prime.astype("float32")


def _over(times: np.ndarray, value: Any, batch_size: int, channels: int) -> np.ndarray:
    if value is None:
        value = np.zeros(channels)
    rows = value(times) if callable(value) else np.broadcast_to(value, (len(times), channels))
    rows = np.asarray(rows, "float32")
    if rows.shape != (len(times), channels):
        raise ValueError(f"A condition has {channels} channels. Received: shape {rows.shape}.")
    return np.repeat(rows[None], batch_size, axis=0)
