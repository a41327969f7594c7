"""Which recordings a model learns from, and which it is judged on."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np


def check_fractions(validation: float, test: float) -> None:
    """Refuses fractions that leave a part empty."""
    if not (validation > 0 and test >= 0 and validation + test < 1):
        raise ValueError(
            "`validation` must be above 0, `test` at least 0, and their sum below 1, so that "
            f"something is left to learn from. Received: validation={validation}, test={test}."
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
    order = [list(lengths)[i] for i in rng.permutation(len(lengths))]
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
