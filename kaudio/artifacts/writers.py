"""What writes each format of each kind of model."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from kaudio.artifacts import classifier_files, saved_model, tflite
from kaudio.artifacts.classifier import Classifier
from kaudio.artifacts.networks import Network
from kaudio.artifacts.players import FORMATS

LEAST_BLOCK_STEPS, BLOCK_SECONDS = 64, 0.25


def write(
    exported: Network | Classifier,
    formats: Sequence[str],
    folder: Path,
    metadata: dict[str, Any],
    say: Callable[[str], object],
) -> None:
    """Writes artifacts into a folder.

    Args:
        exported: What they are of.
        formats: Some of `FORMATS`.
        folder: It is there already.
        metadata: What the artifacts tell of themselves.
        say: Is told what is done.
    """
    if "keras" in formats:
        _bare(exported.model).save(folder / FORMATS["keras"])
    if "saved_model" in formats:
        say("Writing saved_model")
        place = folder / FORMATS["saved_model"]
        if isinstance(exported, Classifier):
            classifier_files.write_saved_model(exported, place, metadata)
        else:
            saved_model.write_saved_model(exported, place, metadata, block_steps(exported))
    if "onnx" in formats:
        # A package that is there only where ONNX files are wanted.
        from kaudio.artifacts.onnx_files import write_onnx

        say("Writing onnx")
        write_onnx(exported, folder / FORMATS["onnx"], metadata)
    lite = {name: folder / FORMATS[name] for name in formats if name in tflite.VARIANTS}
    if lite:
        say(f"Writing {', '.join(file.name for file in lite.values())}")
        if isinstance(exported, Classifier):
            classifier_files.write_tflite(exported, lite, metadata)
        else:
            tflite.write_tflite(exported, lite, metadata)


def _bare(model: Any) -> Any:
    """The same model without its optimizer, which is twice as large."""
    bare = type(model).from_config(model.get_config())
    bare.set_weights(model.get_weights())
    return bare


def block_steps(exported: Network) -> int:
    """Steps that a SavedModel compiles as one."""
    return max(LEAST_BLOCK_STEPS, round(BLOCK_SECONDS * exported.model.codec.steps_per_second))
