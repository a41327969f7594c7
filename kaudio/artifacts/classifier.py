"""A trained classifier as a function of tensors: from a waveform to probabilities."""

from typing import Any

from keras import ops

from kaudio.models import ComposerClassifier


class Classifier:
    """What is exported of a classifier.

    Args:
        model: The model.
    """

    def __init__(self, model: ComposerClassifier) -> None:
        self.model = model

    def variables(self) -> list:
        """All that `serve` reads from."""
        return list(self.model.weights)

    def serve(self, samples: Any) -> Any:
        """Probabilities `(batch, labels)` of samples `(batch, num_samples)` in [-1, 1]."""
        return ops.softmax(self.model.logits(samples))
