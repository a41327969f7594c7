"""A classifier as a SavedModel and as TensorFlow Lite files."""

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

from kaudio.artifacts.classifier import Classifier
from kaudio.artifacts.functions import with_options
from kaudio.artifacts.saved_model import described, rooted
from kaudio.artifacts.slim import save
from kaudio.artifacts.tflite import convert, held, with_constants


def write_saved_model(network: Classifier, folder: Path, metadata: dict) -> None:
    """Writes a SavedModel with the functions `serve` and `describe`, and a signature `serve`.

    Args:
        network: The network.
        folder: Where it goes.
        metadata: What `describe()` returns as JSON.
    """
    audio = {"audio": tf.TensorSpec((None, None))}
    whole = with_options(_named(network), audio).get_concrete_function(**audio)
    root = rooted(network.variables(), metadata)
    root.serve = with_options(lambda inputs: whole(**inputs)["probabilities"], audio)
    save(root, folder, {"serve": whole, "describe": described(root)})


def write_tflite(network: Classifier, files: dict[str, Path], metadata: dict) -> None:
    """Writes TensorFlow Lite files with a signature `serve`, of a clip of any length.

    Args:
        network: The network.
        files: Where each of `VARIANTS` goes that is wanted.
        metadata: What the file tells of itself.

    Raises:
        ValueError: If the spectrogram has frames that TensorFlow Lite cannot transform.
    """
    spectrogram = network.model.spectrogram
    if spectrogram is not None and spectrogram.frame_length & (spectrogram.frame_length - 1):
        raise ValueError(
            "TensorFlow Lite transforms frames of a power of two samples only. Received: "
            f"hop_length={spectrogram.hop_length}, frames of {spectrogram.frame_length}. Train "
            "with another `hop_length`, or export --format keras --format saved_model."
        )
    audio = {"audio": tf.TensorSpec((1, None))}
    serve = with_options(with_constants(_named(network), held(network.variables())), audio)
    convert({"serve": serve.get_concrete_function(**audio)}, files, metadata)


def _named(network: Classifier) -> Callable[[dict], dict]:
    return lambda inputs: {"probabilities": network.serve(inputs["audio"])}
