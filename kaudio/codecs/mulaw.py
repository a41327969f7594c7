"""Mu-law: few levels, spent where the ear needs them."""

from dataclasses import dataclass

import keras
import numpy as np

from kaudio.codecs.quantizer import Quantizer


@keras.saving.register_keras_serializable("kaudio")
@dataclass(frozen=True)
class MuLaw(Quantizer):
    """Rounds samples to levels that lie closer together the softer the sound.

    With 256 levels the noise stays about 38 dB below the signal, from full scale down to
    -20 dBFS, and 33 dB below at -40 dBFS; 256 equal steps would leave 9 dB there.

    Args:
        sample_rate: Samples per second of the waveforms, in Hz.
        levels: Number of codes, 2 to 65 536; mu is one less.

    Example:
    >>> codec = MuLaw(sample_rate=16_000)
    >>> codec.encode(np.array([-1.0, 0.0, 0.01, 1.0]))
    array([  0, 128, 156, 255], dtype=uint8)

    References:
        ITU-T G.711, 1988. Van den Oord et al., "WaveNet", 2016, section 2.2.
    """

    def encode(self, samples: np.ndarray) -> np.ndarray:
        mu = self.levels - 1
        samples = np.clip(np.asarray(samples, "float64"), -1, 1)
        companded = np.sign(samples) * np.log1p(mu * np.abs(samples)) / np.log1p(mu)
        # Rounded, not floored, which would cost 6 dB; half a level goes up.
        return np.floor((companded + 1) / 2 * mu + 0.5).astype(self.dtype)

    def _expand(self, codes: np.ndarray) -> np.ndarray:
        mu = self.levels - 1
        companded = 2 * codes / mu - 1
        return np.sign(companded) * np.expm1(np.abs(companded) * np.log1p(mu)) / mu
