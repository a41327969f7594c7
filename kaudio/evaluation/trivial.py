"""What the level and the brightness of a clip alone tell of its label.

A model of music has to be better than this: recordings differ in loudness and bandwidth by who made
them, and not only by what is played.
"""

import numpy as np
from scipy import fft, signal, special

from kaudio.evaluation.logistic import L2, fit_logistic
from kaudio.evaluation.sound import FRAME_SECONDS, ROUNDING_POWER

TRIVIAL_UNITS = {
    "level": "dBFS",
    "peak": "dBFS",
    "crest": "dB",
    "centroid": "Hz",
    "bandwidth": "Hz",
    "rolloff": "Hz",
    "flatness": "dB",
    "zero_crossings": "per second",
}
# Of the power lies below the rolloff.
ROLLOFF_SHARE = 0.85


def trivial_features(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Level, peak and crest of a clip, and the mean shape of its spectrum.

    Of the spectrum of each 50 ms frame: its centroid, its bandwidth (the standard deviation about
    the centroid), its rolloff (85 % of the power lies below) and its flatness (geometric over
    arithmetic mean, in dB). Means are over all frames.

    Args:
        samples: A clip, `(num_samples,)`, full scale at -1 and 1, 50 ms or longer.
        sample_rate: In Hz.

    Returns:
        `(8,)`, in the order and units of `TRIVIAL_UNITS`. All are finite, of silence as well:
        nothing is quieter than the rounding noise of 16 bits.

    Raises:
        ValueError: If the clip is shorter, or not finite.

    Example:
    >>> sine = np.sin(2 * np.pi * 440 * np.arange(8_000) / 8_000)
    >>> trivial_features(sine, 8_000)[:3].round(1)
    array([-3.,  0.,  3.])

    References:
        Tzanetakis and Cook, "Musical genre classification of audio signals", 2002.
    """
    samples = np.asarray(samples, float)
    length = max(8, round(FRAME_SECONDS * sample_rate))
    if samples.ndim != 1 or len(samples) < length or not np.isfinite(samples).all():
        raise ValueError(
            f"Expected finite samples of shape (num_samples,), {length} or more at {sample_rate} "
            f"Hz. Received: shape {samples.shape}, "
            f"{np.count_nonzero(~np.isfinite(samples))} of them not finite."
        )
    level = _decibels(np.mean(samples**2))
    peak = _decibels(np.max(samples**2))
    crossings = np.count_nonzero(np.diff(np.signbit(samples))) * sample_rate / len(samples)
    frames = samples[: len(samples) // length * length].reshape(-1, length)
    spectrum = _spectrum_features(frames, sample_rate)
    return np.array([level, peak, peak - level, *spectrum, crossings])


def predict_held_out(
    features: np.ndarray, labels: np.ndarray, folds: np.ndarray, l2: float = L2
) -> np.ndarray:
    """Probabilities of each clip, by a logistic regression on the clips of all other folds.

    Args:
        features: `(clips, features)`.
        labels: Whole numbers from 0 on, `(clips,)`.
        folds: The fold of each clip, `(clips,)`. Clips of one work belong into one fold.
        l2: As for `fit_logistic`.

    Returns:
        `(clips, labels)`, rows that add up to 1.

    Raises:
        ValueError: If there is one fold only, or a label that occurs in only one of them.

    Example:
    >>> features = np.array([[0.0], [0.1], [1.0], [1.1]])
    >>> predict_held_out(features, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])).argmax(axis=1)
    array([0, 0, 1, 1])
    """
    features, labels, folds = np.asarray(features, float), np.asarray(labels), np.asarray(folds)
    count = int(labels.max()) + 1
    probabilities = np.empty((len(labels), count))
    if len(np.unique(folds)) < 2:
        raise ValueError(
            "Expected two folds or more: each is predicted from the others. Received: "
            f"{np.unique(folds).tolist()}."
        )
    for fold in np.unique(folds):
        others, held_out = folds != fold, folds == fold
        missing = set(range(count)) - set(labels[others].tolist())
        if missing:
            raise ValueError(
                f"Every label must occur outside each fold. Received: fold {fold} with all clips "
                f"of {sorted(missing)}. Spread the works of each label over the folds."
            )
        mean, deviation = features[others].mean(axis=0), features[others].std(axis=0)
        standardized = (features - mean) / np.where(deviation > 0, deviation, 1)
        weights, bias = fit_logistic(standardized[others], labels[others], l2)
        probabilities[held_out] = special.softmax(standardized[held_out] @ weights + bias, axis=1)
    return probabilities


def _spectrum_features(frames: np.ndarray, sample_rate: int) -> list[float]:
    window = signal.windows.hann(frames.shape[1], sym=False)
    frames = frames - frames.mean(axis=1, keepdims=True)
    power = np.abs(fft.rfft(frames * window)) ** 2 + ROUNDING_POWER * np.sum(window**2)
    frequencies = fft.rfftfreq(frames.shape[1], 1 / sample_rate)
    share = power / power.sum(axis=1, keepdims=True)
    centroid = share @ frequencies
    spread = np.sqrt(np.sum(share * (frequencies - centroid[:, None]) ** 2, axis=1))
    rolloff = frequencies[np.argmax(np.cumsum(share, axis=1) >= ROLLOFF_SHARE, axis=1)]
    inner = power[:, 1:-1]
    flatness = 10 * (np.log10(inner).mean(axis=1) - np.log10(inner.mean(axis=1)))
    return [float(np.mean(values)) for values in (centroid, spread, rolloff, flatness)]


def _decibels(power: float) -> float:
    return float(10 * np.log10(power + ROUNDING_POWER))
