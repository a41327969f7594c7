"""What a piece of audio is like, in numbers: level, brightness, noisiness, faults.

Every function takes `samples`, a finite array of shape `(num_samples,)` with full scale at
-1 and 1, and `sample_rate` in Hz where time or frequency matters. It returns a float, or None
where the quantity is not defined: no samples, nothing but silence, too short.
"""

from collections.abc import Callable

import numpy as np
from scipy import fft, linalg, signal

UNITS = {
    "level_db": "dBFS",
    "peak_db": "dBFS",
    "crest_db": "dB",
    "dc": "full scale",
    "clipped_share": "share of samples",
    "silent_share": "share of frames",
    "spectral_centroid": "Hz",
    "spectral_flatness": "0 to 1",
    "join_click_db": "dB",
}
# Why one is None, of audio that has samples; of a `Track` as well.
WHY_NOT = {
    "level_db": "nothing but zeros",
    "peak_db": "nothing but zeros",
    "crest_db": "nothing but zeros",
    "silent_share": "shorter than 50 ms",
    "spectral_centroid": "silent, or shorter than 50 ms",
    "spectral_flatness": "silent, or shorter than 50 ms",
    "tonal_clarity": "silent, or shorter than 100 ms",
    "onset_rate": "no samples",
}

FRAME_SECONDS = 0.05
SILENCE_DB = -60.0
# The power of 16-bit rounding noise: below it, a float signal and its WAV file differ.
ROUNDING_POWER = 2.0**-30 / 12
# One below full scale in 16 bits, so that a clipped WAV file counts as well.
CLIP_LEVEL = 1 - 2.0**-15
PREDICTION_ORDER = 64
JOIN_SAMPLES = 8
JOIN_BLOCK = 2**17
MIN_JOINS = 4


def describe(
    samples: np.ndarray, sample_rate: int, hop_length: int | None = None
) -> dict[str, float | None]:
    """Measures all that this module knows about a piece of audio.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1.
        sample_rate: In Hz.
        hop_length: Samples between the joins of a model that writes frames, or None where
            there are no joins; `"join_click_db"` is then None.

    Returns:
        A value for each name in `UNITS`, in that unit, or None where it is not defined.

    Raises:
        ValueError: If `samples` is not one channel of finite numbers.

    Example:
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    >>> round(describe(sine, 16_000)["level_db"], 2)
    -3.01
    """
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise ValueError(
            f"Expected samples of shape (num_samples,), received shape {samples.shape}. "
            "Pass one channel, or the mean of the channels."
        )
    if not np.isfinite(samples).all():
        raise ValueError(
            "Expected finite samples, received NaN or infinity. "
            "A model that gives these has diverged: train it with a lower learning rate."
        )
    return {
        "level_db": level_db(samples),
        "peak_db": peak_db(samples),
        "crest_db": crest_db(samples),
        "dc": dc(samples),
        "clipped_share": clipped_share(samples),
        "silent_share": silent_share(samples, sample_rate),
        "spectral_centroid": spectral_centroid(samples, sample_rate),
        "spectral_flatness": spectral_flatness(samples, sample_rate),
        "join_click_db": join_click_db(samples, hop_length) if hop_length else None,
    }


def until_broken(samples: np.ndarray) -> np.ndarray:
    """The samples before the first that is no number: all of them, of audio as it should be."""
    broken = ~np.isfinite(samples)
    return samples[: broken.argmax()] if broken.any() else samples


def level_db(samples: np.ndarray) -> float | None:
    """Root mean square in dBFS: a square wave at full scale has 0, a sine -3.01."""
    return _decibels(np.mean(np.square(samples, dtype=float))) if len(samples) else None


def peak_db(samples: np.ndarray) -> float | None:
    """The largest absolute sample in dBFS; 0 at full scale. Not the true (inter-sample) peak."""
    return _decibels(float(np.max(np.abs(samples))) ** 2) if len(samples) else None


def crest_db(samples: np.ndarray) -> float | None:
    """Peak over root mean square in dB: square wave 0, sine 3.01, most music 12 to 20."""
    peak, level = peak_db(samples), level_db(samples)
    return None if peak is None or level is None else peak - level


def dc(samples: np.ndarray) -> float | None:
    """The mean sample, in -1 to 1; a sound recording has about 0."""
    return float(np.mean(samples, dtype=float)) if len(samples) else None


def clipped_share(samples: np.ndarray) -> float | None:
    """Share of the samples, 0 to 1, that lie at full scale (of a 16-bit file) or beyond."""
    return float(np.mean(np.abs(samples) >= CLIP_LEVEL)) if len(samples) else None


def silent_share(samples: np.ndarray, sample_rate: int) -> float | None:
    """Share of the 50 ms frames, 0 to 1, below -60 dBFS about their mean: DC is not heard."""
    frames = _frames(samples, sample_rate)
    return float(1 - np.mean(_is_heard(frames))) if len(frames) else None


def spectral_centroid(samples: np.ndarray, sample_rate: int) -> float | None:
    """Brightness: the mean frequency, weighted by power, in Hz, 0 to half the sample rate.

    It is taken in each 50 ms frame (Hann window) and averaged over the frames that are not
    silent, so a quiet bar counts as much as a loud one. A sine has its own frequency, white
    noise a quarter of the sample rate. After Grey and Gordon, 1978.
    """

    def centroid(power: np.ndarray) -> np.ndarray:
        frequencies = np.linspace(0, sample_rate / 2, power.shape[1])
        return power @ frequencies / power.sum(axis=1)

    return _mean_over_spectra(samples, sample_rate, centroid)


def spectral_flatness(samples: np.ndarray, sample_rate: int) -> float | None:
    """Noisiness: geometric over arithmetic mean of the power spectrum, 0 to 1.

    It is taken in each 50 ms frame (Hann window) and averaged over the frames that are not
    silent: the average spectrum of a melody is flat where none of its moments is. A sine has
    0, and white noise `exp(-0.577) = 0.56`, not 1, because the power of each bin of a single
    frame of noise is exponentially distributed. After Gray and Markel, 1974.
    """

    def flatness(power: np.ndarray) -> np.ndarray:
        inner = power[:, 1:-1]
        return np.exp(np.log(inner).mean(axis=1)) / inner.mean(axis=1)

    return _mean_over_spectra(samples, sample_rate, flatness)


def join_click_db(samples: np.ndarray, hop_length: int) -> float | None:
    """How much the joins between frames click: 0 dB where they are like any other moment.

    Clicks are what a linear predictor of order 64, fitted to every few seconds, cannot explain
    (Godsill and Rayner, "Digital Audio Restoration", 1998, chapter 5): music is smooth to it,
    a step is not. Its error in the 8 samples from each join on is compared, in dB, with that
    from any other sample on. The mean is taken over decibels (a geometric mean): an arithmetic
    one would be ruled by the few joins that fall on a drum, and a median would miss clicks at
    fewer than half of the joins. Chance moves the result by about `3 / sqrt(num_joins)` dB.
    Notes that begin exactly at joins count as clicks.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1.
        hop_length: Samples from one join to the next; the joins lie between samples
            `k * hop_length - 1` and `k * hop_length`.

    Returns:
        The excess in dB, or None with fewer than 4 joins or nothing but silence.
    """
    if hop_length <= JOIN_SAMPLES:
        return None
    length = hop_length * (JOIN_BLOCK // hop_length + 1)
    blocks = [samples[start : start + length] for start in range(0, len(samples), length)]
    excess = np.concatenate([np.empty(0), *(_join_excess(block, hop_length) for block in blocks)])
    return float(excess.mean()) if len(excess) >= MIN_JOINS else None


def _join_excess(samples: np.ndarray, hop_length: int) -> np.ndarray:
    """How much each join within the samples exceeds all that is not a join, in dB."""
    residual = _prediction_residual(samples)
    if residual is None:
        return np.empty(0)
    energy = np.lib.stride_tricks.sliding_window_view(residual**2, JOIN_SAMPLES).mean(axis=1)
    surprise = 10 * np.log10(energy + ROUNDING_POWER)
    at_joins = surprise[hop_length::hop_length]
    elsewhere = (surprise.sum() - at_joins.sum()) / (len(surprise) - len(at_joins))
    return at_joins - elsewhere


def _prediction_residual(samples: np.ndarray) -> np.ndarray | None:
    """What is left of the samples when each is predicted from the 64 before it."""
    samples = np.asarray(samples, dtype=float)
    if len(samples) <= PREDICTION_ORDER:
        return None
    samples = samples - samples.mean()
    power = np.mean(samples**2)
    if power <= ROUNDING_POWER:
        return None
    size = fft.next_fast_len(len(samples) + PREDICTION_ORDER, real=True)
    spectrum = np.abs(fft.rfft(samples, size)) ** 2
    correlation = fft.irfft(spectrum, size)[: PREDICTION_ORDER + 1] / len(samples)
    correlation[0] += ROUNDING_POWER
    predictor = linalg.solve_toeplitz(correlation[:-1], correlation[1:])
    return signal.lfilter(np.concatenate([[1], -predictor]), 1, samples)


def _mean_over_spectra(
    samples: np.ndarray, sample_rate: int, metric: Callable[[np.ndarray], np.ndarray]
) -> float | None:
    """The mean of `metric(power)` over the frames that are heard, in blocks: memory is flat."""
    frames = _frames(samples, sample_rate)
    heard = np.flatnonzero(_is_heard(frames))
    if not len(heard):
        return None
    window = signal.windows.hann(frames.shape[1], sym=False)
    total = 0.0
    for start in range(0, len(heard), 256):
        block = frames[heard[start : start + 256]].astype(float)
        block = (block - block.mean(axis=1, keepdims=True)) * window
        power = np.abs(fft.rfft(block)) ** 2 + ROUNDING_POWER * np.sum(window**2)
        total += metric(power).sum()
    return float(total / len(heard))


def _frames(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    length = max(4, round(FRAME_SECONDS * sample_rate))
    return samples[: len(samples) // length * length].reshape(-1, length)


def _is_heard(frames: np.ndarray) -> np.ndarray:
    return frames.std(axis=1) >= 10 ** (SILENCE_DB / 20)


def _decibels(power: float) -> float | None:
    return float(10 * np.log10(power)) if power > 0 else None
