"""Balanced accuracy: the mean over labels of the share of their clips that is told right."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("kaudio")
class BalancedAccuracy(keras.metrics.Metric):
    """The mean over labels of their recall. From 0 to 1; guessing has 1 / labels.

    Labels that did not occur are left out.

    Args:
        labels: Number of labels.
        name: Name of the metric.

    Example:
    >>> metric = BalancedAccuracy(2)
    >>> metric.update_state([[1, 0], [0, 1], [0, 1]], [[2.0, 1.0], [2.0, 1.0], [1.0, 2.0]])
    >>> float(metric.result())
    0.75
    """

    def __init__(self, labels: int, name: str = "balanced_accuracy", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.labels = labels
        self.seen = self.add_variable((labels,), "zeros", name="seen")
        self.right = self.add_variable((labels,), "zeros", name="right")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Adds clips.

        Args:
            y_true: The share of each label, `(batch, labels)`; the largest counts.
            y_pred: Scores, `(batch, labels)` or, of several judges, `(batch, judges, labels)`.
            sample_weight: Of each clip, `(batch,)`, or of each clip and judge.
        """
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if len(y_pred.shape) == 2:
            y_pred = ops.expand_dims(y_pred, 1)
        weight = ops.ones_like(y_pred[..., 0])
        if sample_weight is not None:
            weight = ops.reshape(ops.cast(sample_weight, weight.dtype), ops.shape(weight))
        truth = ops.argmax(y_true, axis=-1)
        right = ops.cast(ops.equal(ops.argmax(y_pred, axis=-1), truth[:, None]), weight.dtype)
        one_hot = ops.one_hot(truth, self.labels, dtype=weight.dtype)
        self.seen.assign_add(ops.sum(one_hot * ops.sum(weight, axis=1)[:, None], axis=0))
        self.right.assign_add(ops.sum(one_hot * ops.sum(weight * right, axis=1)[:, None], axis=0))

    def result(self) -> Any:
        recall = self.right / ops.maximum(self.seen, 1e-7)
        known = ops.cast(self.seen > 0, recall.dtype)
        return ops.sum(recall * known) / ops.maximum(ops.sum(known), 1)

    def get_config(self) -> dict:
        return {**super().get_config(), "labels": self.labels}
