"""What keeps a dream music: steps that follow the clip, levels that hold, noise to begin with."""

from collections.abc import Callable

import numpy as np

FRAME_SECONDS = 0.064
# A cell is what an ear takes together: half a second, a third of an octave.
CELL_SECONDS = 0.5
CELL_OCTAVES = 1 / 3
# How far a cell, and all cells of a moment together, may depart from the clip.
CELL_DB = 6.0
LEVEL_DB = 2.0
BLOCK_FRAMES = 1024
OVERLAP = 4
SILENCE = 1e-20


class Shaper:
    """Holds changes of a clip to where and to how loud the clip is.

    Time and frequency are parted into overlapping cells of half a second and a third of an
    octave. Work goes on block by block, so that memory is a few times that of the clip.

    Args:
        clip: The sound as it was, `(num_samples,)`.
        sample_rate: In Hz.
    """

    def __init__(self, clip: np.ndarray, sample_rate: int) -> None:
        self.clip, self.sample_rate = clip, sample_rate
        self.frame_length = max(16, 2 ** round(np.log2(FRAME_SECONDS * sample_rate)))
        self.hop = self.frame_length // OVERLAP
        self.window = np.hanning(self.frame_length + 1)[:-1].astype("float32")
        self.frequencies = np.fft.rfftfreq(self.frame_length, 1 / sample_rate)
        self.reach = max(1, round(CELL_SECONDS * sample_rate / self.hop / 2))
        bins = np.arange(len(self.frequencies))
        width = np.maximum(1, np.round(bins * (2 ** (CELL_OCTAVES / 2) - 1))).astype(int)
        self.lowest = np.maximum(bins - width, 0)
        self.highest = np.minimum(bins + width, bins[-1]) + 1

    @property
    def max_octaves(self) -> int:
        """Octaves from half the sample rate down to where hardly a cell is left."""
        return int(np.log2(len(self.frequencies) - 1)) - 1

    def shaped(self, slope: np.ndarray, highest: float) -> np.ndarray:
        """The way up for a slope, where the clip can hide it.

        Uphill depends on what counts as far: the spectrum of the slope is multiplied by the
        magnitude that the clip has in each cell, so that a change counts for more where the clip
        is quiet, and nothing is put where it has nothing. No factor is negative: it still goes up.

        Args:
            slope: Of the score with respect to each sample, `(num_samples,)`.
            highest: Frequencies above are left out, in Hz.
        """
        octaves_above = np.log2(np.maximum(self.frequencies, 1e-6) / highest)
        passes = np.clip(1 - octaves_above / CELL_OCTAVES, 0, 1).astype("float32")
        return self._blocks(
            lambda s, clip: s * np.sqrt(self._cells(clip)) * passes, slope, self.clip
        )

    def kept(self, samples: np.ndarray) -> np.ndarray:
        """Samples whose cells are brought back to within a few decibels of those of the clip."""

        def keep(spectra: np.ndarray, clip: np.ndarray) -> np.ndarray:
            wanted = self._cells(clip)
            spectra = spectra * _gain(self._cells(spectra), wanted, CELL_DB)
            levels = self._cells(spectra).sum(axis=1, keepdims=True)
            return spectra * _gain(levels, wanted.sum(axis=1, keepdims=True), LEVEL_DB)

        return self._blocks(keep, samples, self.clip)

    def noise_like(self, change: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Noise that has as much in each cell as a change of the clip, and the same level."""
        noise = rng.standard_normal(len(change), dtype="float32")
        noise = self._blocks(lambda n, c: n * np.sqrt(self._cells(c)), noise, change)
        return noise * (rms(change) / max(rms(noise), SILENCE))

    def _cells(self, spectra: np.ndarray) -> np.ndarray:
        """Mean power of the cell around each point of spectra `(frames, bins)`."""
        power = np.square(spectra.real) + np.square(spectra.imag)
        total = np.cumsum(np.pad(power, ((0, 0), (1, 0))), axis=1, dtype="float64")
        power = (total[:, self.highest] - total[:, self.lowest]) / (self.highest - self.lowest)
        total = np.cumsum(np.pad(power, ((1, 0), (0, 0))), axis=0)
        frames = np.arange(len(power))
        first = np.maximum(frames - self.reach, 0)
        last = np.minimum(frames + self.reach, frames[-1]) + 1
        cells = (total[last] - total[first]) / (last - first)[:, None]
        # Sums that cancel leave dust.
        return np.maximum(cells, 0).astype("float32")

    def _blocks(self, function: Callable, *signals: np.ndarray) -> np.ndarray:
        """What a function of overlapping spectra makes of signals."""
        size, hop = len(signals[0]), self.hop
        lead = self.frame_length - hop
        frames = -(-size // hop) + OVERLAP - 1
        made = np.zeros((frames + OVERLAP - 1, hop), "float32")
        for start in range(0, frames, BLOCK_FRAMES):
            # Cells at the ends of a block reach into its neighbours.
            low = max(0, start - 2 * self.reach)
            high = min(frames, start + BLOCK_FRAMES + 2 * self.reach)
            spectra = [self._spectra(s, low * hop - lead, high - low) for s in signals]
            some = function(*spectra)[start - low :][:BLOCK_FRAMES]
            pieces = np.fft.irfft(some, self.frame_length) * self.window / (3 / 8 * OVERLAP)
            for i in range(OVERLAP):
                made[start + i : start + i + len(some)] += pieces[:, i * hop : (i + 1) * hop]
        return made.reshape(-1)[lead : lead + size]

    def _spectra(self, samples: np.ndarray, start: int, count: int) -> np.ndarray:
        end = start + (count - 1) * self.hop + self.frame_length
        part = samples[max(0, start) : end]
        before = max(0, -start)
        part = np.pad(part, (before, end - start - before - len(part)))
        frames = np.lib.stride_tricks.sliding_window_view(part, self.frame_length)[:: self.hop]
        return np.fft.rfft(frames * self.window)


def _gain(power: np.ndarray, wanted: np.ndarray, decibels: float) -> np.ndarray:
    """What brings a power to within some decibels of another."""
    most = 10 ** (decibels / 10)
    return np.sqrt(np.clip(power, wanted / most, wanted * most) / np.maximum(power, SILENCE))


def rms(samples: np.ndarray) -> float:
    """The root mean square."""
    return float(np.sqrt(np.mean(np.square(samples, dtype="float64"))))


def limited(samples: np.ndarray) -> np.ndarray:
    """Samples turned down, all alike, until none exceeds full scale: nothing is distorted."""
    return samples / max(1.0, float(np.abs(samples).max()))


def pink_noise(seconds: float, sample_rate: int, seed: int = 0) -> np.ndarray:
    """Noise with as much power in each octave, as music has: a sound to dream from.

    Args:
        seconds: Length, above 0.
        sample_rate: In Hz.
        seed: The same seed gives the same noise.

    Returns:
        Samples `(num_samples,)` with a root mean square of 0.1 (-20 dBFS), from 40 Hz up.

    Raises:
        ValueError: If that is not even one sample.

    Example:
    >>> from kaudio.generation import pink_noise
    >>> noise = pink_noise(10, model.sample_rate, seed=1)
    >>> dream = kaudio.dream(model, noise, layer="block_4")
    """
    if not (np.isfinite(seconds) and seconds * sample_rate >= 1):
        raise ValueError(
            "`seconds` must be above 0 and hold at least one sample. Received: "
            f"seconds={seconds} at {sample_rate} Hz."
        )
    size = round(seconds * sample_rate)
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(size))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(size, 1 / sample_rate), 40.0))
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, size)
    return (0.1 * noise / max(rms(noise), SILENCE)).astype("float32")
