"""Waveforms to logarithmic spectrograms, inside a model."""

from typing import Any

import keras
import numpy as np
from keras import ops

DB_PER_UNIT = 10.0
# Of a block of the bank. TensorFlow Lite rounds larger matrices, and then what they multiply, to
# 8 bits: of power, that would leave the loudest 20 dB.
MOST_ENTRIES = 1_023


@keras.saving.register_keras_serializable("kaudio")
class LogSpectrogram(keras.layers.Layer):
    """Power in bands of equal width in octaves, in decibels, relative to the rest of the clip.

    The gain of a clip changes nothing: its mean over all bands is zero, and what lies `range_db`
    below its loudest point is raised to there. There are no weights.

    Args:
        sample_rate: Of the waveform, in Hz.
        frame_length: Samples in a frame, a multiple of `hop_length`.
        hop_length: Samples from one frame to the next.
        bands_per_octave: 12 is a band for each semitone.
        min_frequency: Centre of the lowest band, in Hz.
        max_frequency: No band lies above, in Hz. Defaults to 0.95 of half the sample rate.
        range_db: Between the loudest point of a clip and the lowest values, in decibels.
        **kwargs: As for `keras.layers.Layer`.

    Input shape:
        `(batch, samples)`, any number of samples.

    Output shape:
        `(batch, ceil(samples / hop_length), bands)`, in units of 10 dB. Frames are centred.

    Example:
    >>> layer = LogSpectrogram(sample_rate=6_300)
    >>> layer(np.random.default_rng(0).normal(size=(1, 6_300)).astype("float32")).shape
    TensorShape([1, 25, 139])
    """

    def __init__(
        self,
        sample_rate: int,
        frame_length: int = 2048,
        hop_length: int = 256,
        bands_per_octave: int = 24,
        min_frequency: float = 55.0,
        max_frequency: float | None = None,
        range_db: float = 60.0,
        **kwargs: Any,
    ) -> None:
        # Decibels in half precision would be a few levels.
        super().__init__(**{"dtype": "float32", **kwargs})
        highest = max_frequency or 0.95 * sample_rate / 2
        if hop_length < 1 or frame_length % hop_length or frame_length < 2 * hop_length:
            raise ValueError(
                "`frame_length` must be a multiple of `hop_length`, two of them or more. "
                f"Received: frame_length={frame_length}, hop_length={hop_length}."
            )
        if not (0 < min_frequency < highest <= sample_rate / 2 and bands_per_octave > 0):
            raise ValueError(
                "`min_frequency` must be above 0 and below `max_frequency`, which is at most half "
                f"the sample rate. Received: {min_frequency} Hz, {highest} Hz, at {sample_rate} Hz."
            )
        self.sample_rate, self.frame_length, self.hop_length = sample_rate, frame_length, hop_length
        self.bands_per_octave, self.range_db = bands_per_octave, range_db
        self.min_frequency, self.max_frequency = min_frequency, max_frequency
        octaves = np.log2(highest / min_frequency)
        steps = np.arange(-1, np.floor(octaves * bands_per_octave) + 2) / bands_per_octave
        edges = min_frequency * 2.0**steps
        self.centers = edges[1:-1]
        self.bank = _triangles(edges, np.fft.rfftfreq(frame_length, 1 / sample_rate))
        # All but 1 or 2 % of the bank is zeros.
        self.blocks = _blocks(self.bank)
        self.window = np.hanning(frame_length + 1)[:-1].astype("float32")

    def call(self, x: Any) -> Any:
        real, imaginary = ops.rfft(ops.multiply(self._frames(x), self.window))
        power = ops.square(real) + ops.square(imaginary)
        bands = [ops.matmul(power[..., bins], block) for bins, block in self.blocks]
        power = ops.concatenate(bands, axis=-1)
        # Far below what 16 bits hold; a clip of zeros stays finite.
        decibels = (10 / np.log(10)) * ops.log(ops.maximum(power, 1e-10))
        loudest = ops.max(decibels, axis=(1, 2), keepdims=True)
        decibels = ops.maximum(decibels, loudest - self.range_db)
        return (decibels - ops.mean(decibels, axis=(1, 2), keepdims=True)) / DB_PER_UNIT

    def _frames(self, x: Any) -> Any:
        """Overlapping frames `(batch, frames, frame_length)`, made of whole hops side by side."""
        hop, overlap = self.hop_length, self.frame_length // self.hop_length
        half = self.frame_length // 2
        count = -(-ops.shape(x)[1] // hop)
        x = ops.pad(x, [[0, 0], [half, half + hop]])[:, : (count + overlap - 1) * hop]
        hops = ops.reshape(x, (ops.shape(x)[0], count + overlap - 1, hop))
        return ops.concatenate([hops[:, i : i + count] for i in range(overlap)], axis=-1)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        batch, samples = input_shape
        count = None if samples is None else -(-samples // self.hop_length)
        return batch, count, len(self.centers)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "sample_rate": self.sample_rate,
            "frame_length": self.frame_length,
            "hop_length": self.hop_length,
            "bands_per_octave": self.bands_per_octave,
            "min_frequency": self.min_frequency,
            "max_frequency": self.max_frequency,
            "range_db": self.range_db,
        }


def _triangles(edges: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Overlapping triangles, each at least as wide as the bins between which it lies."""
    spacing = frequencies[1]
    columns = []
    for low, center, high in zip(edges[:-2], edges[1:-1], edges[2:], strict=True):
        rise = (frequencies - center) / max(center - low, spacing) + 1
        fall = (center - frequencies) / max(high - center, spacing) + 1
        columns.append(np.clip(np.minimum(rise, fall), 0, None))
    bank = np.stack(columns, axis=1)
    return (bank / bank.sum(axis=0)).astype("float32")


def _blocks(bank: np.ndarray) -> list[tuple[slice, np.ndarray]]:
    """The blocks along the diagonal of a bank: the bins of some bands, and what they count."""
    blocks, start = [], 0
    while start < bank.shape[1]:
        bins = [np.flatnonzero(column) for column in bank[:, start:].T]
        low, highs, width = int(bins[0][0]), [int(b[-1]) + 1 for b in bins], 1
        while width < len(bins) and (highs[width] - low) * (width + 1) <= MOST_ENTRIES:
            width += 1
        high = highs[width - 1]
        blocks.append((slice(low, high), bank[low:high, start : start + width]))
        start += width
    return blocks
