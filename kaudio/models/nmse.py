"""Normalised mean squared error: the share of the variance that a prediction misses."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("kaudio")
class NMSE(keras.metrics.Metric):
    """Squared error over the squared error of predicting the mean.

    0 is perfect, 1 is what predicting the mean of the training data scores, and a model above 1
    would do better to predict nothing. It has no unit. Targets must be standardised, so that
    their mean in the training data is zero: `FrameLSTM` sees to that.

    Args:
        name: Name of the metric.

    Example:
    >>> metric = NMSE()
    >>> metric.update_state([[2.0, -2.0]], [[1.0, -1.0]])
    >>> float(metric.result())
    0.25
    """

    def __init__(self, name: str = "nmse", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.error = self.add_variable((), "zeros", name="error")
        self.power = self.add_variable((), "zeros", name="power")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred = ops.cast(y_true, self.dtype), ops.cast(y_pred, self.dtype)
        self.error.assign_add(ops.sum(ops.square(y_true - y_pred)))
        self.power.assign_add(ops.sum(ops.square(y_true)))

    def result(self) -> Any:
        return self.error / ops.maximum(self.power, keras.config.epsilon())
