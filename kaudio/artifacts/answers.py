"""What can be asked who composed a clip: a model in Keras, or one of its artifacts."""

from pathlib import Path
from typing import Any

import numpy as np

from kaudio.artifacts.describe import classifies
from kaudio.artifacts.players import Player, find_player


class ArtifactClassifier:
    """An exported classifier that answers as a `ComposerClassifier` does, clip by clip.

    Args:
        player: The artifact.
    """

    def __init__(self, player: Player) -> None:
        self.player = player
        self.labels = tuple(player.metadata["labels"])
        self.sample_rate: int = player.metadata["sample_rate"]
        self.options = {"hop_length": player.metadata["hop_length"]}

    def predict_on_batch(self, x: np.ndarray) -> np.ndarray:
        """Probabilities `(batch, labels)` of clips `(batch, samples)`."""
        # TensorFlow Lite takes them one at a time; on a CPU, the SavedModel gains nothing by more.
        given = [{"audio": clip[None]} for clip in x]
        return np.concatenate([self.player.call("serve", g)["probabilities"] for g in given])


def open_classifier(path: Path | str, format: str = "keras") -> Any:
    """Opens a classifier, or an artifact of one in its folder, for `kaudio.classify`.

    Args:
        path: A run folder, an exported folder, or a file or folder of the format itself.
        format: One of `kaudio.artifacts.FORMATS`.

    Raises:
        FileNotFoundError: If there is nothing of that format.
        ValueError: If what is there is something else, such as a sampler.
    """
    if format == "keras":
        from kaudio.models import ComposerClassifier
        from kaudio.models.load import load

        model: Any = load(path)
        kind, tells = type(model).__name__, isinstance(model, ComposerClassifier)
    else:
        player = find_player(path, format)
        kind, tells = player.metadata["model"], classifies(player.metadata)
        model = ArtifactClassifier(player) if tells else None
    if not tells:
        raise ValueError(
            f"'{path}' holds a {kind}, which cannot tell who composed a recording. Expected a "
            "ComposerClassifier, such as `kaudio fit recipes/composer.py` trains."
        )
    return model
