"""How steady a sound is, measured in blocks of audio so that memory is flat."""

from collections.abc import Iterator

import numpy as np
from scipy import fft, signal

# What repeats faster than this is heard as a pitch, or as one sound.
SHORTEST_PERIOD = 0.05
BLOCK_SECONDS = 10.0


def steadiness(samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, float]:
    """The mean of the spectra of 100 ms frames, and the share of their energy in it."""
    length = max(4, round(2 * SHORTEST_PERIOD * sample_rate))
    window = signal.windows.hann(length, sym=False)
    total, energy, count = np.zeros(length // 2 + 1), 0.0, 0
    for _, block in blocks(samples, sample_rate):
        frames = np.lib.stride_tricks.sliding_window_view(block, length)[:: length // 2]
        frames = frames - frames.mean(axis=1, keepdims=True)
        spectra = np.abs(fft.rfft(frames * window))
        total += spectra.sum(axis=0)
        energy += np.sum(spectra**2)
        count += len(spectra)
    return total / count, float(np.sum(total**2) / count / max(energy, 1e-12))


def blocks(samples: np.ndarray, sample_rate: int) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of 10 to 20 s and where they start, or all there is."""
    size = round(BLOCK_SECONDS * sample_rate)
    starts = range(0, max(1, len(samples) - size + 1), size)
    for start in starts:
        end = start + size if start != starts[-1] else len(samples)
        yield start, samples[start:end]
