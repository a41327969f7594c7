"""From a sequence at a low rate to one at the rate of samples, learned."""

from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable("kaudio")
class Upsample(keras.layers.Layer):
    """A transposed convolution whose kernel is as long as its stride.

    Each position becomes `hop_length` positions, each by a matrix of its own. As kernels do not
    overlap, nothing has to be known of the future.

    Args:
        filters: Number of output channels, at least 1.
        hop_length: Positions made of one, at least 1.
        **kwargs: As for `keras.layers.Layer`.

    Input shape:
        `(batch, frames, channels)`.

    Output shape:
        `(batch, frames * hop_length, filters)`.

    Example:
    >>> tuple(Upsample(8, hop_length=64)(np.zeros((1, 10, 3))).shape)
    (1, 640, 8)

    References:
        Van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016, section 2.5.
    """

    def __init__(self, filters: int, hop_length: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if min(filters, hop_length) < 1:
            raise ValueError(
                "`filters` and `hop_length` must be at least 1. "
                f"Received: filters={filters}, hop_length={hop_length}."
            )
        self.filters = filters
        self.hop_length = hop_length

    def build(self, input_shape: tuple) -> None:
        channels = input_shape[-1]
        scale = (2 / (channels + self.filters)) ** 0.5
        self.kernel = self.add_weight(
            (channels, self.hop_length, self.filters),
            initializer=keras.initializers.RandomNormal(stddev=scale),
            name="kernel",
        )

    def call(self, x: Any) -> Any:
        kernel = ops.reshape(ops.cast(self.kernel, x.dtype), (x.shape[-1], -1))
        y = ops.matmul(x, kernel)
        return ops.reshape(y, (ops.shape(x)[0], -1, self.filters))

    def step(self, x: Any, phase: Any) -> Any:
        """Position number `phase` of those that `(batch, channels)` becomes."""
        kernel = ops.take(ops.cast(self.kernel, self.compute_dtype), phase, axis=1)
        return ops.matmul(ops.cast(x, self.compute_dtype), kernel)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, frames, _ = input_shape
        return (batch, None if frames is None else frames * self.hop_length, self.filters)

    def get_config(self) -> dict:
        config = {"filters": self.filters, "hop_length": self.hop_length}
        return {**super().get_config(), **config}
