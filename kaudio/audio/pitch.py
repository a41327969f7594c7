"""The pitch of a short sound as a whole: a drum, a mallet, a string."""

import numpy as np
from scipy import fft, ndimage

LOWEST, HIGHEST = 30.0, 4000.0  # Hz; a frame holds two periods of the lowest
SILENCE_DB = -60.0  # dBFS; quieter frames are not heard
TAIL_DB = -30.0  # below the loudest frame: quieter ones tell more of the room than of the sound
MAX_FRAMES = 128
CLEAR = 0.8  # how alike the periods of a pitched frame are, from 0 to 1
ENOUGH = 0.25  # of the frames must be pitched
FIRST = 0.8  # the first peak as high as this share of the highest is the period
FINER = 4  # lags are a quarter of a sample apart: peaks of high notes are narrow


def pitch(samples: np.ndarray, sample_rate: int) -> float | None:
    """Estimates the fundamental frequency of a short sound.

    The period of a frame is the lag at which it is most like itself, "A Smarter Way to Find
    Pitch" (McLeod and Wyvill, 2005): its normalised difference is not misled by decay, as
    autocorrelation is. The pitch is the median over the most periodic of the loud frames: where
    it glides, one on its way, and of inharmonic partials, the one that lasts.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1.
        sample_rate: In Hz.

    Returns:
        The pitch in Hz, from 30 to 4000 and up to a quarter of the sample rate, or None where
        few frames have one, as in noise and hi-hats, and where there is nothing but silence.

    Example:
    >>> from kaudio.audio import synth
    >>> round(pitch(synth.wave("saw", 60), synth.RATE))
    261
    """
    length = min(len(samples), round(2 * sample_rate / LOWEST))
    shortest = max(sample_rate / HIGHEST, 4)
    if length < 4 * shortest:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[:: length // 4]
    level = np.array([frame.std(dtype=float) for frame in frames])
    heard = level > max(10 ** (SILENCE_DB / 20), level.max() * 10 ** (TAIL_DB / 20))
    loudest = np.argsort(-level, kind="stable")[: min(np.count_nonzero(heard), MAX_FRAMES)]
    if not len(loudest):
        return None
    frames = frames[loudest] - frames[loudest].mean(axis=1, keepdims=True, dtype=float)
    lag, clear = np.array([_peak(alike, FINER * shortest) for alike in _likeness(frames)]).T
    is_pitched = clear >= CLEAR
    if np.mean(is_pitched) < ENOUGH:
        return None
    clearest = is_pitched & (clear >= np.median(clear[is_pitched]))
    return float(FINER * sample_rate / np.median(lag[clearest]))


def _likeness(frames: np.ndarray) -> np.ndarray:
    """How alike frames are to themselves at each lag up to half of them, from -1 to 1."""
    length, lags = frames.shape[1], np.arange(frames.shape[1] // 2)
    size = fft.next_fast_len(length + len(lags), real=True)
    power = np.abs(fft.rfft(frames, size)) ** 2
    product = FINER * fft.irfft(power, FINER * size)[:, : FINER * len(lags)]
    energy: np.ndarray = np.pad(np.cumsum(frames**2, axis=1), ((0, 0), (1, 0)))
    energy = energy[:, length - lags] + energy[:, -1:] - energy[:, lags]
    finer_lags = np.arange(product.shape[1]) / FINER
    return 2 * product / np.stack([np.interp(finer_lags, lags, row) for row in energy])


def _peak(alike: np.ndarray, shortest: float) -> tuple[float, float]:
    """The lag of the first high peak after the one at no lag, and the height of the highest."""
    below = np.flatnonzero(alike < 0)
    start = max(int(shortest), below[0] if len(below) else len(alike))
    is_peak = (alike == ndimage.maximum_filter1d(alike, 3)) & (alike > 0)
    peaks = start + np.flatnonzero(is_peak[start:-1])
    if not len(peaks):
        return 0.0, 0.0
    height = alike[peaks]
    first = peaks[height >= FIRST * height.max()][0]
    return float(first + _vertex(*alike[first - 1 : first + 2])), float(height.max())


def _vertex(before: float, peak: float, after: float) -> float:
    """Where the parabola through a peak and its neighbours is highest, from -0.5 to 0.5."""
    bend = before - 2 * peak + after
    return (before - after) / (2 * bend) if bend else 0.0
