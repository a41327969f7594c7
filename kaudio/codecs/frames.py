"""Raw frames: a waveform as a sequence of pieces of itself (Beckham)."""

import math
from dataclasses import dataclass
from typing import Any, Self

import keras
import numpy as np

from kaudio.codecs.codec import Codec


@keras.saving.register_keras_serializable("kaudio")
@dataclass(frozen=True)
class Frames(Codec):
    """Cuts a waveform into frames of samples, end to end.

    Args:
        sample_rate: Samples per second of the waveforms, in Hz.
        frame_length: Samples in a frame, at least 1.

    Example:
    >>> codec = Frames(sample_rate=16_000, frame_length=4)
    >>> codec.encode(np.arange(8, dtype="float32")).shape
    (2, 4)

    References:
        Beckham, "A write-up of what I have done", 2016: one second is one step of an LSTM.
    """

    @classmethod
    def from_seconds(cls, sample_rate: int, frame_seconds: float, **options: Any) -> Self:
        """Makes a codec whose frames last `frame_seconds`, rounded to whole samples."""
        return cls(sample_rate, round(sample_rate * frame_seconds), **options)

    @property
    def step_shape(self) -> tuple[int, ...]:
        return (self.frame_length,)

    @property
    def window(self) -> np.ndarray:
        """What frames are multiplied by before `transform()` and after `inverse()`."""
        return np.ones(self.frame_length, "float32")

    def transform(self, frames: np.ndarray) -> np.ndarray:
        """Steps of frames `(..., frame_length)`: a linear map whose transpose is `inverse()`."""
        return frames

    def inverse(self, steps: np.ndarray) -> np.ndarray:
        """Frames `(..., frame_length)` of steps."""
        return steps

    def encode(self, samples: np.ndarray) -> np.ndarray:
        shape = (self.num_steps(len(samples)), self.frame_length)
        return samples[: math.prod(shape)].reshape(shape).astype("float32")

    def decode_block(self, steps: np.ndarray, tail: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.asarray(steps, "float32").reshape(*steps.shape[:-2], -1), tail
