"""Linear PCM: samples rounded to equal steps."""

from dataclasses import dataclass

import keras
import numpy as np

from kaudio.codecs.quantizer import Quantizer


@keras.saving.register_keras_serializable("kaudio")
@dataclass(frozen=True)
class Linear(Quantizer):
    """Rounds samples to equal steps, as WAV files do.

    Args:
        sample_rate: Samples per second of the waveforms, in Hz.
        levels: Number of codes, 2 to 65 536, which is 16 bits.

    Example:
    >>> codec = Linear(sample_rate=16_000, levels=65_536)
    >>> codec.encode(np.array([-1.0, 0.0, 1.0]))
    array([    0, 32768, 65535], dtype=uint16)
    """

    levels: int = 65_536

    def encode(self, samples: np.ndarray) -> np.ndarray:
        half = self.levels / 2
        codes = np.round(np.asarray(samples, "float64") * half) + self.silence
        return np.clip(codes, 0, self.levels - 1).astype(self.dtype)

    def _expand(self, codes: np.ndarray) -> np.ndarray:
        return (codes - self.silence) / (self.levels / 2)
