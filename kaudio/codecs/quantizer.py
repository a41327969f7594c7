"""What codecs of single samples share: a table from codes to samples."""

import abc
import functools
from dataclasses import dataclass, field

import numpy as np

from kaudio.codecs.codec import Codec

MOST_LEVELS = 65_536


@dataclass(frozen=True)
class Quantizer(Codec):
    """Each sample is one step, rounded to one of `levels` values.

    The code of silence decodes to exactly 0.

    Args:
        sample_rate: Samples per second of the waveforms, in Hz.
        levels: Number of codes, 2 to 65 536.
    """

    frame_length: int = field(default=1, init=False)
    levels: int = 256

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.levels <= MOST_LEVELS:
            raise ValueError(
                f"`levels` must be from 2 to {MOST_LEVELS}. Received: levels={self.levels}."
            )

    @property
    def step_shape(self) -> tuple[int, ...]:
        return ()

    @property
    def dtype(self) -> str:
        """The smallest type that holds a code."""
        return "uint8" if self.levels <= 256 else "uint16"

    @property
    def silence(self) -> int:
        """The code of silence."""
        return self.levels // 2

    @functools.cached_property
    def table(self) -> np.ndarray:
        """The sample of each code, in ascending order: `(levels,)` in float32."""
        table = self._expand(np.arange(self.levels)).astype("float32")
        table[self.silence] = 0.0
        return table

    @abc.abstractmethod
    def _expand(self, codes: np.ndarray) -> np.ndarray:
        """Samples of codes, in float64."""

    def decode_block(self, steps: np.ndarray, tail: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return self.table[steps], tail
