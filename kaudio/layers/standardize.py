"""Means and scales of the data, kept as weights."""

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
from keras import ops

KINDS = ("feature", "global", "range", "none")


@keras.saving.register_keras_serializable("kaudio")
class Standardize(keras.layers.Layer):
    """Subtracts a mean and divides by a scale, both learned by `adapt()`.

    Args:
        kind: "feature" has a mean and a standard deviation for each feature (GRUV); "global" one
            for all of them; "range" divides by largest minus smallest value (Beckham); "none"
            leaves the input as it is.
        floor_db: No scale is smaller than the largest one by more than this many decibels.
            Without such a floor, a bin of a spectrum that is all but empty is blown up to the
            weight of one full of music.

    Call arguments:
        x: The input.
        inverse: Whether to multiply and add instead, which gives back what was standardised.

    Input shape:
        `(..., features)`.

    Output shape:
        The same.

    Example:
    >>> layer = Standardize()
    >>> layer.build((None, 2))
    >>> layer.adapt([np.array([[0.0, 2.0], [2.0, 6.0]])])
    >>> ops.convert_to_numpy(layer(np.array([[2.0, 4.0]])))
    array([[1., 0.]], dtype=float32)
    """

    def __init__(self, kind: str = "feature", floor_db: float = -80.0, **kwargs: Any) -> None:
        # Statistics are statistics, whatever precision the rest of a model runs in.
        kwargs.setdefault("dtype", "float32")
        super().__init__(**kwargs)
        if kind not in KINDS:
            raise ValueError(f"`kind` must be one of {', '.join(KINDS)}. Received: kind='{kind}'.")
        if not floor_db <= 0:
            raise ValueError(f"`floor_db` must be 0 dB or less. Received: floor_db={floor_db}.")
        self.kind = kind
        self.floor_db = floor_db

    def build(self, input_shape: tuple) -> None:
        shape = (input_shape[-1],)
        self.mean = self.add_weight(shape, initializer="zeros", trainable=False, name="mean")
        self.scale = self.add_weight(shape, initializer="ones", trainable=False, name="scale")

    def call(self, x: Any, inverse: bool = False) -> Any:
        x = ops.cast(x, self.compute_dtype)
        if inverse:
            return ops.add(ops.multiply(x, self.scale), self.mean)
        return ops.divide(ops.subtract(x, self.mean), self.scale)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return input_shape

    def adapt(self, arrays: Iterable[np.ndarray]) -> None:
        """Learns mean and scale.

        Args:
            arrays: Arrays of shape `(..., features)`, gone through once, one in memory at a time.
        """
        if self.kind == "none":
            return
        count, total, squares = 0, np.zeros(()), np.zeros(())
        low, high = np.inf, -np.inf
        for array in arrays:
            rows = np.asarray(array, "float64").reshape(-1, array.shape[-1])
            count += len(rows)
            total = total + rows.sum(axis=0)
            squares = squares + (rows**2).sum(axis=0)
            low, high = min(low, rows.min()), max(high, rows.max())
        if count == 0:
            raise ValueError("`adapt()` needs at least one row of data. Received: none.")
        mean, power = total / count, squares / count
        if self.kind == "feature":
            scale = np.sqrt(np.maximum(power - mean**2, 0))
        else:
            mean, power = np.full_like(mean, mean.mean()), power.mean()
            spread = high - low if self.kind == "range" else np.sqrt(max(power - mean[0] ** 2, 0))
            scale = np.full_like(mean, spread)
        floor = scale.max() * 10 ** (self.floor_db / 20)
        self.mean.assign(mean)
        # Data that never changes has no scale: 1 leaves it alone.
        self.scale.assign(np.maximum(scale, floor) if floor > 0 else np.ones_like(scale))

    def get_config(self) -> dict:
        return {**super().get_config(), "kind": self.kind, "floor_db": self.floor_db}
