"""Which recordings a model learns from, and which it is judged on."""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from kaudio.data.corpus import Corpus, Recording


def check_fractions(validation: float, test: float) -> None:
    """Refuses fractions that leave a part empty."""
    if not (validation > 0 and test >= 0 and validation + test < 1):
        raise ValueError(
            "`validation` must be above 0, `test` at least 0, and their sum below 1, so that "
            f"something is left to learn from. Received: validation={validation}, test={test}."
        )


def groups_of(recordings: Iterable["Recording"]) -> tuple[Counter[str], dict[str, str]]:
    """Length in samples of each group, and the label of the first recording of each."""
    lengths, labels = Counter(), {}
    for recording in recordings:
        lengths[recording.group] += recording.num_samples
        labels.setdefault(recording.group, recording.label)
    return lengths, labels


def assign_folds(corpus: "Corpus", count: int) -> dict[str, int]:
    """Deals the groups of a corpus out to folds, each of them about as long as the others.

    What a model is judged on is then, fold by fold, what it was not trained on, and nothing of the
    same group. Nothing is drawn: the same recordings always have the same folds.

    Args:
        corpus: Recordings with labels and groups.
        count: Number of folds, at least 2. There are fewer, but not less than 2, where a label
            has fewer groups.

    Returns:
        The fold of each group, from 0 on. Each label is in all of them.

    Raises:
        ValueError: If there are fewer than two labels, a label has one group only, a group has two
            labels, or a recording has none.

    Example:
    >>> folds = assign_folds(corpus, 4)
    >>> folds["bach/prelude.mp3"]
    2
    """
    lengths, labels = groups_of(corpus.recordings)
    for recording in corpus.recordings:
        if not recording.label:
            raise ValueError(
                f"'{recording.path}' has no label: it lies in no sub-folder. Expected a sub-folder "
                "for each label, such as a composer."
            )
        if recording.label != labels[recording.group]:
            raise ValueError(
                f"The group '{recording.group}' has recordings of '{labels[recording.group]}' and "
                f"of '{recording.label}', such as '{recording.path}'. A group must have one label, "
                "and so must copies of a file."
            )
    groups = Counter(labels.values())
    if len(groups) < 2:
        raise ValueError(
            "There must be recordings of two labels or more to tell them apart, in a sub-folder "
            f"for each. Received: only '{next(iter(groups))}'."
        )
    return deal_groups(lengths, labels, max(min(2, count), min(count, *groups.values())))


def of_folds(corpus: "Corpus", folds: Mapping[str, int], count: int) -> "Corpus":
    """The recordings of the first `count` folds: those that an ensemble of so many can judge."""
    kept = tuple(r for r in corpus.recordings if folds[r.group] < count)
    return replace(corpus, recordings=kept)


def deal_groups(
    lengths: Mapping[str, int], labels: Mapping[str, str], count: int
) -> dict[str, int]:
    """Gives each group to a fold: label by label, the longest first, to the fold that has least.

    Args:
        lengths: Length of each group, in samples.
        labels: Label of each group.
        count: Number of folds.

    Returns:
        The fold of each group, from 0 to `count` - 1.
    """
    if count < 2:
        raise ValueError(f"There must be at least 2 folds. Received: {count}.")
    check_groups(labels, count)
    folds, full = {}, [0] * count
    for label in sorted(set(labels.values())):
        # Of this label first, so that each fold gets its share of it, then of all.
        held = [0] * count
        groups = [group for group in lengths if labels[group] == label]
        for group in sorted(groups, key=lambda group: (-lengths[group], group)):
            fold = min(range(count), key=lambda fold: (held[fold], full[fold]))
            folds[group] = fold
            held[fold] += lengths[group]
            full[fold] += lengths[group]
    return folds


def check_groups(labels: Mapping[str, str], count: int) -> None:
    """Refuses labels of fewer groups than there are folds."""
    for label, found in sorted(Counter(labels.values()).items()):
        if found < count:
            raise ValueError(
                f"The label '{label}' has {found} groups of recordings for {count} folds: each "
                "fold needs one of its own. Take fewer folds, add recordings, or make the groups "
                "smaller."
            )


def assign_groups(
    lengths: Mapping[str, int],
    labels: Mapping[str, str],
    fractions: Sequence[float],
    seed: int,
) -> dict[str, int]:
    """Gives each group of recordings to a part, label by label.

    Args:
        lengths: Length of each group, in samples. At least as many groups as parts.
        labels: Label of each group.
        fractions: Share of the samples for each part but the first, which takes the rest.
        seed: Which groups go where.

    Returns:
        The part of each group: 0 for the first, 1 for the second, ... Each part gets a group of
        each label that has enough of them, and at least one group.
    """
    rng = np.random.default_rng(seed)
    parts = dict.fromkeys(lengths, 0)
    for label in sorted(set(labels.values())):
        groups = sorted(group for group in lengths if labels[group] == label)
        if len(groups) > len(fractions):
            parts |= _assign({group: lengths[group] for group in groups}, fractions, rng)
    if len(set(parts.values())) <= len(fractions):  # no label has groups enough
        parts = _assign(dict(sorted(lengths.items())), fractions, rng)
    return parts


def _assign(
    lengths: Mapping[str, int], fractions: Sequence[float], rng: np.random.Generator
) -> dict[str, int]:
    """Fills part after part from the shuffled groups, each to its share of the whole."""
    groups = list(lengths)
    order = [groups[i] for i in rng.permutation(len(groups))]
    total = sum(lengths.values())
    parts = dict.fromkeys(order, 0)
    for part, fraction in enumerate(fractions, start=1):
        free = [group for group in order if parts[group] == 0]
        spare = len(free) - 1 - (len(fractions) - part)  # groups that later parts can do without
        for group in _pick(free, lengths, fraction * total, spare):
            parts[group] = part
    return parts


def _pick(groups: Sequence[str], lengths: Mapping[str, int], target: float, most: int) -> list[str]:
    """The first groups that come nearer to a target length, at least one and at most `most`."""
    picked, length = [], 0
    for group in groups:
        if len(picked) < most and length + lengths[group] / 2 <= target:
            picked.append(group)
            length += lengths[group]
    return picked or [min(groups, key=lambda group: lengths[group])]


def cut(lengths: Sequence[int], fractions: Sequence[float]) -> list[list[tuple[int, int, int]]]:
    """Cuts pieces laid end to end into contiguous parts.

    Args:
        lengths: Length of each piece, in samples.
        fractions: Share of the samples for each part but the first, which takes the rest.

    Returns:
        For each part its pieces `(index, start, stop)`, in samples from the start of the piece.

    Example:
    >>> cut([10, 10], [0.25])
    [[(0, 0, 10), (1, 0, 5)], [(1, 5, 10)]]
    """
    total = sum(lengths)
    shares = np.cumsum([1 - sum(fractions), *fractions])
    ends = [0, *(round(total * float(share)) for share in shares[:-1]), total]
    offsets = np.cumsum([0, *lengths]).tolist()
    parts = []
    for begin, end in itertools.pairwise(ends):
        pieces = []
        for index, (offset, length) in enumerate(zip(offsets[:-1], lengths, strict=True)):
            start, stop = max(begin - offset, 0), min(end - offset, length)
            if start < stop:
                pieces.append((index, start, stop))
        parts.append(pieces)
    return parts
