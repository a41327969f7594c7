"""From recordings to batches of inputs and targets."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import grain
import numpy as np

from kaudio.codecs import Codec
from kaudio.data.corpus import Corpus


def next_step(
    corpus: Corpus,
    codec: Codec,
    steps: int,
    batch_size: int,
    *,
    seed: int | None = None,
    jitter: bool = True,
    hop_steps: int | None = None,
    shard: tuple[int, int] = (0, 1),
) -> grain.MapDataset:
    """Batches `(x, y)` to predict each step from those before: `y` is `x` one step on.

    With a `seed` the windows are shuffled, otherwise again each time round, the last ones that do
    not fill a batch are left out, and all is the same for the same seed, epoch and index. Without
    one they come in order, all of them: for validation.

    Args:
        corpus: Recordings at the sample rate of the codec.
        codec: Turns a waveform into steps.
        steps: Steps in `x` and in `y`. A window is one step longer.
        batch_size: Windows in a batch, for each process.
        seed: Shuffles, if given.
        jitter: Whether to start each shuffled window up to a hop later, otherwise each epoch.
        hop_steps: Steps from one window of a recording to the next. Defaults to `steps`.
        shard: `(index, count)` of this process: its batch is every `count`-th window of the batch
            of all processes together.

    Returns:
        A `grain.MapDataset`, as long as an epoch. `x` and `y` are `(batch, steps, *step_shape)`.
        Give it to Keras through `iterate`.
    """
    if codec.sample_rate != corpus.sample_rate:
        raise ValueError(
            "The codec and the corpus must have the same sample rate. Received: "
            f"{codec.sample_rate} Hz and {corpus.sample_rate} Hz."
        )
    hop_steps = steps if hop_steps is None else hop_steps
    _check_at_least_one(steps=steps, hop_steps=hop_steps)
    windows = _Windows(corpus, codec.num_samples(steps + 1), hop_steps * codec.hop_length)
    return _batches(_NextStep(windows, codec), batch_size, seed, jitter, shard)


def labelled(
    corpus: Corpus,
    labels: Sequence[str],
    seconds: float,
    batch_size: int,
    *,
    hop_seconds: float | None = None,
    seed: int | None = None,
    shard: tuple[int, int] = (0, 1),
) -> grain.MapDataset:
    """Batches `(samples, label)`, to tell from a window of a recording what it is.

    Args:
        corpus: Recordings, each with a label.
        labels: All labels, in the order of their indices.
        seconds: Length of a window.
        batch_size: Windows in a batch, for each process.
        hop_seconds: From one window of a recording to the next. Defaults to `seconds`.
        seed: As in `next_step`.
        shard: As in `next_step`.

    Returns:
        A `grain.MapDataset`, as long as an epoch. `samples` is `(batch, samples)` in float32,
        `label` is `(batch,)` in int32.
    """
    if unknown := sorted(set(corpus.labels) - set(labels)):
        raise ValueError(
            f"`labels` must name every label of the corpus. Missing: {unknown}. "
            f"Received: {list(labels)}."
        )
    hop_seconds = seconds if hop_seconds is None else hop_seconds
    if not (seconds * corpus.sample_rate >= 1 and hop_seconds * corpus.sample_rate >= 1):
        raise ValueError(
            f"`seconds` and `hop_seconds` must hold at least one sample at {corpus.sample_rate} "
            f"Hz. Received: seconds={seconds}, hop_seconds={hop_seconds}."
        )
    length, hop = (round(value * corpus.sample_rate) for value in (seconds, hop_seconds))
    windows = _Windows(corpus, length, hop)
    return _batches(_Labelled(windows, tuple(labels)), batch_size, seed, True, shard)


def iterate(
    dataset: grain.MapDataset, start: int = 0, threads: int = 2, prefetch: int = 4
) -> grain.IterDataset:
    """Reads batches ahead, a few at a time. What `fit` and `evaluate` of a Keras model take.

    Keras takes a `grain.MapDataset` as well, but then grain reads 500 batches ahead. Give Keras
    the number of steps, always: where data end by themselves it warns that they ran out.

    Args:
        dataset: Batches. Of `dataset.repeat()` there is no end.
        start: The first batch, to go on where training stopped.
        threads: Threads that make batches, 0 to make each when it is asked for.
        prefetch: Batches made ahead, at least `threads`.

    Example:
    >>> model.fit(
    ...     iterate(train.repeat(), start=first_epoch * len(train)),
    ...     initial_epoch=first_epoch,
    ...     epochs=epochs,
    ...     steps_per_epoch=len(train),
    ...     shuffle=False,  # the windows are shuffled already, and Keras would warn
    ...     validation_data=iterate(validation.repeat()),
    ...     validation_steps=len(validation),
    ... )
    """
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=max(prefetch, threads))
    return (dataset[start:] if start else dataset).to_iter_dataset(options)


class _Windows:
    """Windows of one length, one every `hop` samples of each recording."""

    def __init__(self, corpus: Corpus, length: int, hop: int) -> None:
        self.recordings, self.length, self.hop = corpus.recordings, length, hop
        counts = [max(0, (r.num_samples - length) // hop + 1) for r in self.recordings]
        self.ends = np.cumsum(counts, dtype=np.int64)
        short = counts.count(0)
        if not sum(counts):
            longest = max((recording.seconds for recording in self.recordings), default=0.0)
            raise ValueError(
                f"None of the {short} recordings of this part of the corpus is long enough: the "
                f"longest is {longest:.2f} s, and an excerpt takes "
                f"{length / corpus.sample_rate:.2f} s. Ask for shorter excerpts."
            )
        if short:
            print(
                f"{short} of {len(counts)} recordings are left out: they are shorter than an "
                f"excerpt of {length / corpus.sample_rate:.2f} s.",
                file=sys.stderr,
            )

    def __len__(self) -> int:
        return int(self.ends[-1])

    def which(self, index: int) -> int:
        """Which recording a window is of."""
        return int(np.searchsorted(self.ends, index, side="right"))

    def label(self, index: int) -> str:
        """What a window is an example of."""
        return self.recordings[self.which(index)].label

    def read(self, index: int, rng: np.random.Generator | None = None) -> np.ndarray:
        """Samples of a window. With `rng`, it starts up to a hop later, if there is room."""
        which = self.which(index)
        recording = self.recordings[which]
        start = (index - int(self.ends[which - 1] if which else 0)) * self.hop
        if rng is not None:
            room = recording.num_samples - self.length - start
            start += int(rng.integers(min(self.hop, room + 1)))
        return recording.read(start, self.length)


@dataclass(frozen=True)
class _NextStep:
    windows: _Windows
    codec: Codec

    def __call__(
        self, index: int, rng: np.random.Generator | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        steps = self.codec.encode(self.windows.read(index, rng))
        return steps[:-1], steps[1:]


@dataclass(frozen=True)
class _Labelled:
    windows: _Windows
    labels: tuple[str, ...]

    def __call__(
        self, index: int, rng: np.random.Generator | None = None
    ) -> tuple[np.ndarray, np.int32]:
        label = self.windows.label(index)
        return self.windows.read(index, rng), np.int32(self.labels.index(label))


def _batches(
    example: _NextStep | _Labelled,
    batch_size: int,
    seed: int | None,
    jitter: bool,
    shard: tuple[int, int],
) -> grain.MapDataset:
    _check_at_least_one(batch_size=batch_size)
    index, count = shard
    if not 0 <= index < count:
        raise ValueError(
            f"`shard` is `(index, count)`, with an index from 0 to count - 1. Received: {shard}."
        )
    size = len(example.windows)
    # Processes must take equally many steps, so each gets as many windows as the others.
    kept = size // count * count
    if seed is not None:
        kept = size // (batch_size * count) * (batch_size * count) or kept
    if not kept:
        raise ValueError(
            f"There are {size} windows for {count} processes. Ask for shorter excerpts, or start "
            "fewer processes."
        )
    dataset = grain.MapDataset.range(size)
    if seed is not None:
        # grain shuffles epoch e by seed + e: neighbouring seeds must not share their epochs.
        order, draws = (int(word) for word in np.random.SeedSequence(seed).generate_state(2))
        dataset = dataset.shuffle(seed=order)
    dataset = (
        dataset.random_map(example, seed=draws)
        if seed is not None and jitter
        else dataset.map(example)
    )
    # Left out and dealt out after shuffling: other windows each epoch.
    return dataset[index:kept:count].batch(batch_size)


def _check_at_least_one(**arguments: int) -> None:
    for name, value in arguments.items():
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {value}.")
