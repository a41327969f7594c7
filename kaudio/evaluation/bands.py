"""The power of a piece of audio in mel bands over time."""

import numpy as np
from scipy import fft, signal

LOWEST_HZ = 60.0
HIGHEST_HZ = 8_000.0
BLOCK_FRAMES = 512


def band_powers(
    samples: np.ndarray, sample_rate: int, length: int, hop: int, num_bands: int
) -> np.ndarray:
    """The power in bands that are evenly spaced to the ear, in frames over time.

    The bands are triangles on the mel scale of O'Shaughnessy ("Speech Communication", 1987),
    `2595 log10(1 + f / 700)`, from 60 Hz to 8 kHz or half the sample rate.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1.
        sample_rate: In Hz.
        length: Samples in a frame, under a Hann window.
        hop: Samples from the beginning of a frame to that of the next; the first begins at 0.
        num_bands: Number of bands.

    Returns:
        Mean power of the bins of each band, float32 of shape `(num_frames, num_bands)`, where
        a sine at full scale has 1 in its bin. There are no frames where the samples are fewer
        than `length`.

    Example:
    >>> band_powers(np.zeros(16_000), 16_000, 800, 160, 24).shape
    (96, 24)
    """
    weights = _mel_weights(sample_rate, length, num_bands)
    if len(samples) < length:
        return np.empty((0, num_bands), "float32")
    window = signal.windows.hann(length, sym=False).astype("float32")
    weights = weights * np.float32(4 / window.sum() ** 2)
    frames = np.lib.stride_tricks.sliding_window_view(samples, length)[::hop]
    blocks = (frames[k : k + BLOCK_FRAMES] for k in range(0, len(frames), BLOCK_FRAMES))
    return np.concatenate(
        [np.abs(fft.rfft(block.astype("float32") * window)) ** 2 @ weights for block in blocks]
    )


def _mel_weights(sample_rate: int, length: int, num_bands: int) -> np.ndarray:
    """Shape `(length // 2 + 1, num_bands)`; each column adds up to 1."""
    highest = min(HIGHEST_HZ, sample_rate / 2)
    mels = np.linspace(*(2595 * np.log10(1 + np.array([LOWEST_HZ, highest]) / 700)), num_bands + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    frequencies = fft.rfftfreq(length, 1 / sample_rate)[:, None]
    rising = (frequencies - edges[:-2]) / np.diff(edges)[:-1]
    falling = (edges[2:] - frequencies) / np.diff(edges)[1:]
    weights = np.minimum(rising, falling).clip(min=0)
    # A band narrower than a bin takes the bin nearest to its middle.
    empty = np.flatnonzero(weights.sum(axis=0) == 0)
    weights[np.abs(frequencies - edges[1:-1]).argmin(axis=0)[empty], empty] = 1
    return (weights / weights.sum(axis=0)).astype("float32")
