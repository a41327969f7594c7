"""Batches of windows with labels and folds, to learn what a recording is an example of."""

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import grain
import numpy as np

from kaudio.codecs import Quantizer
from kaudio.data.balanced import Augmentation, BalancedBatches, Targets
from kaudio.data.corpus import Corpus
from kaudio.data.datasets import batches_of, check_batches
from kaudio.data.examples import Windows
from kaudio.data.shares import Batches, rows_of
from kaudio.data.splits import check_groups, groups_of


def labelled(
    corpus: Corpus,
    labels: Sequence[str],
    seconds: float,
    batch_size: int,
    *,
    hop_seconds: float | None = None,
    folds: Mapping[str, int] | None = None,
    seed: int | None = None,
    augment: Augmentation | None = None,
    mixup: float = 0.0,
    balance: float = 0.5,
    codec: Quantizer | None = None,
    epoch_batches: int | None = None,
) -> Batches:
    """Batches `(x, y)`, to tell from a window of a recording what it is.

    With a `seed` windows are drawn anywhere, as many of each label as of the others, and otherwise
    each epoch; all is the same for the same seed, epoch and index. Without one they come in order,
    all of them and as they are: for validation. Recordings shorter than a window are repeated.

    Args:
        corpus: Recordings, each with a label.
        labels: All labels, two or more, in the order of the shares in `y`.
        seconds: Length of a window.
        batch_size: Windows in a batch.
        hop_seconds: From one window of a recording to the next. Defaults to `seconds`. With a
            `seed`, what is drawn begins at a multiple of it; by default, anywhere.
        folds: The fold of each group, as `assign_folds` deals them out.
        seed: Draws windows, if given.
        augment: Changes what is drawn, such as `kaudio.data.Augment()`.
        mixup: Above 0, half of what is drawn is mixed with another clip of the batch and of the
            same fold, by a weight from a beta distribution with this value twice.
        balance: How much a short group counts when windows are drawn: 0, as much as it is long; 1,
            as much as any other of its label.
        codec: Rounds samples to its levels, if given.
        epoch_batches: Batches in an epoch. With a `seed`, as many as hold all windows once, if not
            given; without one, at most so many, spread evenly over the recordings.

    Returns:
        A `grain.MapDataset`, as long as an epoch. `x` is a dict of "samples", `(batch, samples)`
        in float32; "fold", `(batch,)` in int32, -1 without `folds`; and "recording", `(batch,)` in
        int32, which of `corpus.recordings` it is of. `y` is `(batch, labels)` in float32, the share
        of each label. Give it to Keras through `iterate`, and to several processes through `share`.

    Raises:
        ValueError: If there is nothing to tell apart, or a label or a group is missing.

    Example:
    >>> folds = assign_folds(corpus, 4)
    >>> train = labelled(corpus, corpus.labels, 10.0, 16, folds=folds, seed=0, mixup=0.4)
    >>> x, y = train[0]
    >>> x["samples"].shape, y.shape
    ((16, 63000), (16, 5))

    References:
        Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018.
    """
    drawn_anywhere = hop_seconds is None
    hop_seconds = seconds if hop_seconds is None else hop_seconds
    _check_labels(corpus, labels, needed=seed is not None)
    _check_numbers(corpus.sample_rate, seconds, hop_seconds, mixup, balance)
    check_batches(batch_size, epoch_batches)
    _check_folds(corpus, folds, training=seed is not None)
    length, hop = (round(value * corpus.sample_rate) for value in (seconds, hop_seconds))
    windows = Windows(corpus, length, hop, fill=True)
    if short := sum(recording.num_samples < length for recording in corpus.recordings):
        print(
            f"{short} of {len(corpus.recordings)} recordings are shorter than a window of "
            f"{seconds:.2f} s: they are repeated to fill it.",
            file=sys.stderr,
        )
    targets = Targets(corpus, tuple(labels), folds, codec)
    if seed is None:
        example = LabelledWindow(windows, targets)
        return batches_of(example, batch_size, None, False, epoch_batches)
    number = -(-len(windows) // batch_size) if epoch_batches is None else epoch_batches
    step = 1 if drawn_anywhere else hop
    # Not `seed` itself: neighbouring seeds must not share batches.
    word = int(np.random.SeedSequence(seed).generate_state(1)[0])

    draw = functools.partial(
        BalancedBatches, targets, length, batch_size, augment=augment, mixup=mixup,
        balance=balance, hop=step,
    )  # fmt: skip
    return Batches(batch_size, functools.partial(_deal, draw, batch_size, number, word))


def _deal(
    draw: Callable[[range], BalancedBatches],
    batch_size: int,
    number: int,
    seed: int,
    index: int,
    count: int,
    devices: int,
) -> grain.MapDataset:
    """Batches of the rows that a process has, for `Batches`."""
    made = draw(rows_of(batch_size, index, count))
    return grain.MapDataset.range(number).random_map(made, seed=seed)


@dataclass(frozen=True)
class LabelledWindow:
    """A window, and its label. One of a recording that is shorter repeats it."""

    windows: Windows
    targets: Targets

    def __len__(self) -> int:
        return len(self.windows)

    def __call__(
        self, index: int, rng: np.random.Generator | None = None
    ) -> tuple[dict[str, Any], np.ndarray]:
        recording, start = self.windows.find(index, rng)
        length = self.windows.length
        samples = np.resize(recording.read(start, length), length)
        told, share = self.targets(self.windows.which(index))
        return {"samples": self.targets.rounded(samples), **told}, share


def _check_labels(corpus: Corpus, labels: Sequence[str], needed: bool) -> None:
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise ValueError(
            "`labels` must be two or more different names: there is nothing to tell apart "
            f"otherwise. Received: {list(labels)}."
        )
    if unknown := sorted(set(corpus.labels) - set(labels)):
        raise ValueError(
            f"`labels` must name every label of the corpus. Missing: {unknown}. "
            f"Received: {list(labels)}."
        )
    if needed and (without := sorted(set(labels) - set(corpus.labels))):
        raise ValueError(
            f"There must be recordings of each label to learn it. There are none of: {without}. "
            "Add some, or leave the label out."
        )


def _check_numbers(
    sample_rate: int, seconds: float, hop_seconds: float, mixup: float, balance: float
) -> None:
    if not (seconds * sample_rate >= 1 and hop_seconds * sample_rate >= 1):
        raise ValueError(
            f"`seconds` and `hop_seconds` must hold at least one sample at {sample_rate} "
            f"Hz. Received: seconds={seconds}, hop_seconds={hop_seconds}."
        )
    if not (mixup >= 0 and 0 <= balance <= 1):
        raise ValueError(
            "`mixup` must be at least 0, and `balance` from 0 to 1. Received: "
            f"mixup={mixup}, balance={balance}."
        )


def _check_folds(corpus: Corpus, folds: Mapping[str, int] | None, training: bool) -> None:
    if folds is None:
        return
    _, labels = groups_of(corpus.recordings)
    if missing := [group for group in labels if group not in folds]:
        raise ValueError(
            "`folds` must have the fold of every group of the corpus, as `assign_folds` deals them "
            f"out. {len(missing)} are missing, such as '{missing[0]}'."
        )
    if training:
        check_groups(labels, len(set(folds.values())))
