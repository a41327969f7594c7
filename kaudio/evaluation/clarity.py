"""How much of a piece of audio is tone, and how much is noise."""

import numpy as np
from scipy import fft, signal

from kaudio.evaluation.sound import ROUNDING_POWER, SILENCE_DB

FRAME_SECONDS = 0.1
# Periods of common fundamentals: chords have theirs below all of their notes.
LONGEST_PERIOD = 1 / 40
SHORTEST_PERIOD = 1 / 2_000


def tonal_clarity(samples: np.ndarray, sample_rate: int) -> float | None:
    """Share of the power that is periodic, 0 to 1: the height of the autocorrelation.

    In frames of 100 ms, under a Hann window and each half over the next, it is the highest peak
    of the normalised autocorrelation at periods from 0.5 to 25 ms, made up for the window
    (Boersma, "Accurate Short-term Analysis of the Fundamental Frequency and the
    Harmonics-to-Noise Ratio of a Sampled Sound", 1993). The mean is taken over the frames that
    are not silent. A harmonic tone has 1, one with as much white noise 0.5, and white noise
    itself 0.07 to 0.14 (at 44 to 8 kHz), the highest of many small peaks, not 0; noise with most
    of its power in the bass some 0.3.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1.
        sample_rate: In Hz.

    Returns:
        The mean height, or None with less than 0.1 s or nothing but silence.

    Example:
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    >>> round(tonal_clarity(sine, 16_000), 3)
    1.0
    """
    length = max(8, round(FRAME_SECONDS * sample_rate))
    if len(samples) < length:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[:: length // 2]
    heard = np.flatnonzero(frames.std(axis=1) >= 10 ** (SILENCE_DB / 20))
    if not len(heard):
        return None
    blocks = (frames[heard[k : k + 256]] for k in range(0, len(heard), 256))
    heights = np.concatenate([_heights(block, sample_rate) for block in blocks])
    return float(heights.mean())


def _heights(frames: np.ndarray, sample_rate: int) -> np.ndarray:
    frames = frames.astype("float32")
    length = frames.shape[1]
    window = signal.windows.hann(length, sym=False).astype("float32")
    frames = (frames - frames.mean(axis=1, keepdims=True)) * window
    first = max(2, round(SHORTEST_PERIOD * sample_rate))
    last = min(length // 2, round(LONGEST_PERIOD * sample_rate))
    products = _autocorrelation(frames, last + 2)
    power = products[:, :1] + ROUNDING_POWER * np.sum(window**2)
    correlation = products / power / _autocorrelation(window[None], last + 2)
    correlation[:, 1:] *= np.sum(window**2)
    middle, before, after = (correlation[:, first + k : last + 1 + k] for k in (0, -1, 1))
    is_peak = (middle >= before) & (middle >= after)
    # The top of a parabola through three points lies between samples.
    bend = (2 * middle - before - after).clip(min=1e-6)
    tops = middle + (after - before) ** 2 / (8 * bend)
    return np.where(is_peak, tops, 0).max(axis=1, initial=0).clip(0, 1)


def _autocorrelation(frames: np.ndarray, lags: int) -> np.ndarray:
    size = fft.next_fast_len(frames.shape[1] + lags, real=True)
    return fft.irfft(np.abs(fft.rfft(frames, size)) ** 2, size)[:, :lags]
