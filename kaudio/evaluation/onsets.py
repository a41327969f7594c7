"""When something begins: spectral flux, onsets, and how steady the beat is."""

import numpy as np
from scipy import fft, ndimage

from kaudio.evaluation.bands import band_powers

FRAMES_PER_SECOND = 100
FRAME_SECONDS = 0.046
NUM_BANDS = 24
# What lies 70 dB below full scale in its band is not heard beside music.
FLOOR_POWER = 1e-7
# An onset is higher than the mean of the frames around it by so much, as a mean over bands.
THRESHOLD_DB = 1.25
PEAK_FRAMES = 3
BEFORE_FRAMES = 10
AFTER_FRAMES = 7
PIECE_SECONDS = 10.0

# Beats per minute.
SLOWEST, FASTEST = 40.0, 240.0
BEAT_SECONDS = 8.0
# White noise stays below it.
BEAT_HEIGHT = 0.25
# Of the peaks that are nearly as high as the highest, the fastest counts.
NEARLY = 0.9
# The flux of a held tone moves less, that of noise by some 0.7 dB.
STILL_DB = 0.1
SAME_TEMPO = 0.04
LEVELS = (1 / 3, 1 / 2, 1.0, 2.0, 3.0)


class Flux:
    """Collects the spectral flux of audio that comes in blocks, 100 values a second.

    The flux is how much the level rises from one frame of 46 ms to the next but one, as a mean
    over 24 mel bands, in dB; falls do not count. Two frames apart, so that they overlap little
    (Böck and Widmer, "Maximum Filter Vibrato Suppression for Onset Detection", 2013).

    Args:
        sample_rate: In Hz, at least 1000.
    """

    def __init__(self, sample_rate: int) -> None:
        self.hop = round(sample_rate / FRAMES_PER_SECOND)
        self.length = max(16, round(FRAME_SECONDS * sample_rate))
        self.sample_rate = sample_rate
        # Silence before the beginning, so that a sound at once is an onset.
        self._rest = np.zeros(self.length // 2 + 2 * self.hop, "float32")
        self._rises: list[np.ndarray] = []

    def add(self, block: np.ndarray) -> None:
        """Takes the next samples, `(num_samples,)`."""
        samples = np.concatenate([self._rest, block.astype("float32")])
        powers = band_powers(samples, self.sample_rate, self.length, self.hop, NUM_BANDS)
        if len(powers) > 2:
            levels = 10 * np.log10(powers + FLOOR_POWER)
            self._rises.append((levels[2:] - levels[:-2]).clip(min=0).mean(axis=1))
        # The last two frames are compared with those to come.
        self._rest = samples[max(0, len(powers) - 2) * self.hop :]

    def values(self) -> np.ndarray:
        """The flux in dB, where value `k` is at `k * hop` samples, float32."""
        return np.concatenate([np.empty(0, "float32"), *self._rises])


def onsets(flux: np.ndarray) -> np.ndarray:
    """The frames in which something begins.

    These are the highest within 30 ms, and higher than the mean from 100 ms before to 70 ms
    after them by 1.25 dB (the adaptive threshold of Böck, Krebs and Schedl, "Evaluating the Online
    Capabilities of Onset Detection Methods", 2012). White noise has one in some seconds.

    Args:
        flux: From `Flux`, of shape `(num_frames,)`.

    Returns:
        Rising indices into `flux`.
    """
    if not len(flux):
        return np.empty(0, int)
    highest = ndimage.maximum_filter1d(flux, 2 * PEAK_FRAMES + 1)
    padded = np.pad(flux, (BEFORE_FRAMES, AFTER_FRAMES), mode="edge")
    size = BEFORE_FRAMES + AFTER_FRAMES + 1
    mean = np.convolve(padded, np.full(size, 1 / size), "valid")
    found = np.flatnonzero((flux == highest) & (flux > mean + THRESHOLD_DB))
    return found[np.diff(found, prepend=-size) > PEAK_FRAMES]


def tempo_stability(flux: np.ndarray) -> float | None:
    """How steady the beat is: the share of windows whose tempo is that of the clip, 0 to 1.

    In windows of 8 s, each 4 s, the tempo is the highest peak of the autocorrelation of the
    flux from 40 to 240 beats per minute (Grosche and Müller, "Extracting Predominant Local Pulse
    Information from Music Recordings", 2011). That of the clip is the one that most windows
    agree with. To agree is to lie within 4 % of it, or of a half, a third, the double or the
    triple: the same beat counted at another level ("accuracy 2" of Gouyon and others, "An
    Experimental Comparison of Audio Tempo Induction Algorithms", 2006).

    Args:
        flux: From `Flux`, of shape `(num_frames,)`.

    Returns:
        The share, or None where fewer than half of the windows have a beat, a peak of at least
        0.25, and where the clip is shorter than 8 s.

    Example:
    >>> flux = Flux(16_000)
    >>> flux.add(metronome)
    >>> tempo_stability(flux.values())
    1.0
    """
    length = round(BEAT_SECONDS * FRAMES_PER_SECOND)
    starts = range(0, len(flux) - length + 1, length // 2)
    tempos = np.array([_tempo(flux[start : start + length]) for start in starts])
    if not len(tempos) or np.mean(np.isfinite(tempos)) < 0.5:
        return None
    return float(max(_agreement(tempos, tempo) for tempo in tempos[np.isfinite(tempos)]))


def _agreement(tempos: np.ndarray, tempo: float) -> float:
    levels = tempo * np.array(LEVELS)
    return np.mean((np.abs(tempos[:, None] / levels - 1) <= SAME_TEMPO).any(axis=1))


def _tempo(flux: np.ndarray) -> float:
    """The tempo in beats per minute, or NaN where there is no beat."""
    flux = flux - flux.mean()
    power = np.sum(flux**2)
    if power <= len(flux) * STILL_DB**2:
        return float("nan")
    spectrum = np.abs(fft.rfft(flux, 2 * len(flux))) ** 2
    lags = np.arange(
        int(60 / FASTEST * FRAMES_PER_SECOND), 1 + int(60 / SLOWEST * FRAMES_PER_SECOND)
    )
    # Fewer frames overlap at longer lags: that is made up for.
    heights = fft.irfft(spectrum)[: lags[-1] + 2] / power
    heights *= len(flux) / (len(flux) - np.arange(len(heights)))
    is_peak = (heights[lags] >= heights[lags - 1]) & (heights[lags] >= heights[lags + 1])
    peaks = lags[is_peak & (heights[lags] >= BEAT_HEIGHT)]
    if not len(peaks):
        return float("nan")
    peak = peaks[np.argmax(heights[peaks] >= NEARLY * heights[peaks].max())]
    before, height, after = heights[peak - 1 : peak + 2]
    # The top of a parabola through three points lies between frames.
    shift = 0.5 * (before - after) / (before - 2 * height + after)
    return 60 * FRAMES_PER_SECOND / (peak + shift)
