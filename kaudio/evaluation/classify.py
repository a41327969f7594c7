"""Who composed a recording: a classifier, chunk by chunk."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from kaudio.audio import AudioError, blocks
from kaudio.audio.files import MAX_PEAK
from kaudio.evaluation.chunks import Chunks
from kaudio.evaluation.verdict import Verdict

# What 16 bits cannot hold is silence.
SILENT_PEAK = 2.0**-15
# Logarithms of smaller probabilities are not taken: one chunk cannot rule out a label for all.
LEAST = 1e-7
# Seconds. A batch of eight takes 6 MB of memory for each of them.
LONGEST_CHUNK = 120.0


@runtime_checkable
class Classifier(Protocol):
    """What can be asked: a `ComposerClassifier`, or what was exported of one."""

    labels: Any
    sample_rate: Any
    options: Any

    def predict_on_batch(self, x: Any) -> Any: ...


def classify(
    model: Classifier,
    audio: Path | str | np.ndarray,
    seconds: float = 10.0,
    hop_seconds: float = 5.0,
    batch_size: int = 8,
) -> Verdict:
    """Tells who composed a recording, as a whole and over time.

    The last chunk ends where the recording ends. A recording that is shorter than a chunk is
    repeated. Silent chunks say nothing and are left out.

    The whole is the mean of logits, not that of probabilities, because it commutes with
    calibration: logits calibrated on pooled held-out works stay so. It does not grow surer with
    the number of chunks, which are no independent witnesses.

    Args:
        model: A ComposerClassifier, or what was exported of one.
        audio: An audio file of any rate and format, which is streamed: memory does not grow with
            its length. Or a waveform `(samples,)` at the rate of the model, full scale at
            -1 and 1.
        seconds: Length of the chunks, at most 120, since a batch of them is in memory. Best is that
            of the clips that the model was trained on.
        hop_seconds: From the start of a chunk to that of the next.
        batch_size: Chunks at a time. It is compiled once for one size.

    Returns:
        Labels with their probabilities, for the whole and for each chunk.

    Raises:
        TypeError: If the model is not a `ComposerClassifier`.
        AudioError: If the file cannot be read, or is silent throughout.
        ValueError: If a waveform is not one channel of finite floats, or silent throughout; if a
            length is out of range; if the model answers what is not finite.

    Example:
    >>> verdict = kaudio.classify(kaudio.load("runs/composers"), "unknown.flac")
    >>> verdict.label, round(verdict.confidence, 2)
    ('schubert', 0.93)
    """
    if not isinstance(model, Classifier):
        raise TypeError(
            "Only a ComposerClassifier can tell who composed a recording. Received: "
            f"{type(model).__name__}."
        )
    rate = model.sample_rate
    frame_seconds = model.options["hop_length"] / rate
    lengths_make_sense = (
        frame_seconds <= seconds <= LONGEST_CHUNK and 1 / rate <= hop_seconds < np.inf
    )
    if not lengths_make_sense or batch_size < 1:
        raise ValueError(
            f"`seconds` must be from {frame_seconds:.3g} to {LONGEST_CHUNK:g}, `hop_seconds` "
            f"{1 / rate:.3g} or more and `batch_size` 1 or more. Received: seconds={seconds}, "
            f"hop_seconds={hop_seconds}, batch_size={batch_size}."
        )
    length, hop = round(seconds * rate), round(hop_seconds * rate)
    chunks = Chunks(_pieces(audio, rate), length, hop)
    starts: list[int] = []
    rows: list[np.ndarray] = []
    each = iter(chunks)
    while batch := list(islice(each, batch_size)):
        # Always as many, so that nothing is compiled again.
        given = np.zeros((batch_size, length), "float32")
        given[: len(batch)] = [samples for _, samples in batch]
        found = np.asarray(model.predict_on_batch(given), float)
        for (start, samples), row in zip(batch, found, strict=False):
            starts.append(start)
            rows.append(_checked(row, samples, start / rate))
    probabilities = np.array(rows)
    heard = probabilities[~np.isnan(probabilities[:, 0])] if rows else probabilities
    if not len(heard):
        raise _silent(audio, chunks.seen / rate)
    overall = _together(heard)
    return Verdict(
        labels=model.labels,
        times=np.array(starts) / rate,
        probabilities=probabilities,
        overall=overall,
        label=model.labels[overall.argmax()],
        confidence=float(overall.max()),
        chunk_seconds=length / rate,
        seconds=chunks.seen / rate,
        repeated=chunks.seen < length,
    )


def _pieces(audio: Path | str | np.ndarray, rate: int) -> Iterator[np.ndarray]:
    if isinstance(audio, Path | str):
        return blocks(audio, rate)
    audio = np.asarray(audio)
    if audio.ndim != 1 or not len(audio) or not np.issubdtype(audio.dtype, np.floating):
        raise ValueError(
            "`audio` must be a file, or a waveform of floats of shape (samples,), full scale at "
            f"-1 and 1. Received: shape {audio.shape}, {audio.dtype}. Of several channels, pass "
            "the mean."
        )
    bad = np.flatnonzero(~(np.abs(audio) <= MAX_PEAK))
    if len(bad):
        raise ValueError(
            f"`audio` must be finite, with full scale at -1 and 1. Received: {audio[bad[0]]} at "
            f"{bad[0] / rate:.3f} s."
        )
    return iter([audio.astype("float32")])


def _checked(row: np.ndarray, samples: np.ndarray, seconds: float) -> np.ndarray:
    """What was said of a chunk; NaN if there was nothing to hear."""
    if np.ptp(samples) / 2 < SILENT_PEAK:
        return np.full_like(row, np.nan)
    if not np.isfinite(row).all():
        raise ValueError(
            f"The model's answer to the chunk at {seconds:.1f} s is not finite. Its training has "
            "diverged: train it with a lower learning rate."
        )
    return row


def _together(probabilities: np.ndarray) -> np.ndarray:
    mean = np.log(np.maximum(probabilities, LEAST)).mean(axis=0)
    shares = np.exp(mean - mean.max())
    return shares / shares.sum()


def _silent(audio: Path | str | np.ndarray, seconds: float) -> ValueError:
    reason = f"is silent, all {seconds:.1f} s of it: there is nothing to tell by"
    if isinstance(audio, Path | str):
        return AudioError(Path(audio), f"it {reason}")
    return ValueError(f"`audio` {reason}.")
