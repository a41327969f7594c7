"""Audio to rows of features, a row for each moment: what a Fréchet distance compares."""

from collections.abc import Iterable
from itertools import islice

import numpy as np
from keras import ops
from scipy import fft, signal

from kaudio.evaluation.chunks import Chunks
from kaudio.evaluation.sound import ROUNDING_POWER
from kaudio.models import ComposerClassifier

MEL_BANDS = 32
FRAME_SECONDS, HOP_SECONDS, WINDOW_SECONDS = 0.064, 0.032, 1.0
EMBEDDED_SECONDS = 2.0
EMBEDDED_AT_ONCE = 16


def log_mel_rows(audio: np.ndarray | Iterable[np.ndarray], sample_rate: int) -> np.ndarray:
    """Statistics of the log-mel spectrogram of each second: what it sounds like, how it moves.

    Of each of 32 bands of equal width in mel, from 0 Hz to half the sample rate: the mean of its
    level over a second, in dB, and the mean absolute change from one frame to the next, 32 ms
    later. Nothing is quieter than the rounding noise of 16 bits. Sets at other levels differ.

    Args:
        audio: Samples, `(num_samples,)`, full scale at -1 and 1, or arrays of them, one after the
            other. 1 s or longer: what is left after the last whole second counts with what is
            before.
        sample_rate: In Hz, 1 kHz or more. Sets that are compared must have one.

    Returns:
        `(seconds, 64)`, in dB: the means, lowest band first, and then the changes.

    Raises:
        ValueError: If the audio is shorter, or not one channel of finite samples.

    References:
        Stevens, Volkmann and Newman, "A scale for the measurement of the psychological magnitude
        pitch", 1937, in O'Shaughnessy's formula.
    """
    length = round(WINDOW_SECONDS * sample_rate)
    frame, hop = round(FRAME_SECONDS * sample_rate), round(HOP_SECONDS * sample_rate)
    size = fft.next_fast_len(2 * frame, real=True)  # or low bands would lie between two bins
    window = signal.windows.hann(frame, sym=False)
    window *= 2 / window.sum()
    bank = _mel_bank(sample_rate, size)
    rows = []
    for _, samples in _chunks(audio, length, length, sample_rate):
        frames = np.lib.stride_tricks.sliding_window_view(samples, frame)[::hop]
        power = np.abs(fft.rfft(frames * window, size)) ** 2
        decibels = 10 * np.log10(power @ bank + ROUNDING_POWER)
        changes = np.abs(np.diff(decibels, axis=0)).mean(axis=0)
        rows.append(np.concatenate([decibels.mean(axis=0), changes]))
    return np.array(rows, float)


def embedding_rows(
    model: ComposerClassifier,
    audio: np.ndarray | Iterable[np.ndarray],
    seconds: float = EMBEDDED_SECONDS,
) -> np.ndarray:
    """What a classifier of composers hears in each chunk, before it decides.

    The mean over time of what its last block puts out. As it was trained on what tells composers
    apart, and not on how loud they are, so is the distance of such rows.

    Args:
        model: A trained classifier.
        audio: Samples at its rate, as for `log_mel_rows`; as long as a chunk or longer.
        seconds: Length of a chunk.

    Returns:
        `(chunks, members x filters)`, without a unit.

    Raises:
        ValueError: If the audio is shorter than a chunk, or not one channel of finite samples.

    References:
        Kilgour et al., "Fréchet audio distance", 2019, with another network.
    """
    length, rows = round(seconds * model.sample_rate), []
    chunks = iter(_chunks(audio, length, length, model.sample_rate))
    while batch := [samples for _, samples in islice(chunks, EMBEDDED_AT_ONCE)]:
        # Always as many, so that nothing is compiled again.
        given = np.zeros((EMBEDDED_AT_ONCE, length), "float32")
        given[: len(batch)] = batch
        heard = ops.mean(model.activations(given, model.layer_names[-1]), axis=1)
        rows.append(ops.convert_to_numpy(heard)[: len(batch)])
    return np.concatenate(rows).astype(float)


def _chunks(
    audio: np.ndarray | Iterable[np.ndarray], length: int, hop: int, sample_rate: int
) -> Iterable[tuple[int, np.ndarray]]:
    pieces = [audio] if isinstance(audio, np.ndarray) else audio
    chunks = Chunks(map(_checked, pieces), length, hop)
    yield from (chunk for chunk in chunks if chunks.seen >= length)
    if chunks.seen < length:
        raise ValueError(
            f"Expected audio of {length / sample_rate:g} s or longer. Received: "
            f"{chunks.seen / sample_rate:.3f} s."
        )


def _checked(piece: np.ndarray) -> np.ndarray:
    piece = np.asarray(piece)
    if piece.ndim != 1 or not np.isfinite(piece).all():
        raise ValueError(
            "Expected finite samples of shape (num_samples,). Received: shape "
            f"{piece.shape}, {np.count_nonzero(~np.isfinite(piece))} of them not finite. Pass one "
            "channel of audio that did not diverge."
        )
    return piece.astype("float32", copy=False)


def _mel_bank(sample_rate: int, size: int) -> np.ndarray:
    """Triangles, `(bins, bands)`, as wide in mel as each other; of each the sum is 1."""
    highest = 1127 * np.log1p(sample_rate / 2 / 700)
    edges = 700 * np.expm1(np.linspace(0, highest, MEL_BANDS + 2) / 1127)
    frequencies = fft.rfftfreq(size, 1 / sample_rate)
    low, center, high = edges[:-2], edges[1:-1], edges[2:]
    distance, spacing = frequencies[:, None] - center, frequencies[1]
    rise = 1 + distance / np.maximum(center - low, spacing)
    fall = 1 - distance / np.maximum(high - center, spacing)
    bank = np.clip(np.minimum(rise, fall), 0, None)
    return bank / bank.sum(axis=0)
