"""Whether artifacts do what the model does in Python."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from keras import ops

from kaudio.artifacts.classifier import Classifier
from kaudio.artifacts.compare_answers import asking
from kaudio.artifacts.compare_audio import listening
from kaudio.artifacts.comparison import Comparison, megabytes
from kaudio.artifacts.networks import Network
from kaudio.artifacts.players import FORMATS, open_player
from kaudio.models.load import load

# What has the weights of the model, and not rounded ones.
EXACT = ("saved_model", "tflite", "onnx")


def compare(
    exported: Network | Classifier, folder: Path, say: Callable[[str], object] = lambda _: None
) -> list[Comparison]:
    """Runs every artifact in a folder beside the model in Python, on the same input.

    Args:
        exported: What was exported.
        folder: Where to.
        say: Is told what is done.

    Raises:
        ValueError: If one that ought to do the same does not.
    """
    judge = asking(exported) if isinstance(exported, Classifier) else listening(exported)
    found = []
    for format, name in FORMATS.items():
        path = folder / name
        if not path.exists():
            continue
        say(f"Comparing {name} with the model")
        if format == "keras":
            found.append(_same_weights(exported, path))
        else:
            found.append(judge(path, open_player(path, format), format in EXACT))
    return found


def _same_weights(exported: Network | Classifier, file: Path) -> Comparison:
    """Of the same model in Keras, the weights are compared."""
    pairs = zip(exported.model.weights, load(file).weights, strict=True)
    apart = [np.abs(ops.convert_to_numpy(a) - ops.convert_to_numpy(b)).max() for a, b in pairs]
    if max(apart):
        raise ValueError(
            f"'{file}' does not hold the weights of the model: {max(apart):.3g} apart."
        )
    return Comparison(file.name, megabytes(file), 0, 0.0, 0.0, None, True, "")
