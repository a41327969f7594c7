"""Batches drawn at random, with as many windows of each label as of the others."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kaudio.codecs import Quantizer
from kaudio.data.corpus import Corpus

# Reads so many samples of a recording, wherever; more or fewer than are asked for in the end.
Read = Callable[[int], np.ndarray]
# Given what reads, a length in samples and random numbers: that many samples, otherwise each time.
Augmentation = Callable[[Read, int, np.random.Generator], np.ndarray]
# How much of what is drawn is mixed.
MIXED = 0.5


@dataclass(frozen=True)
class Targets:
    """What is known of each recording: its fold, its index, and the shares of the labels.

    Args:
        corpus: The recordings.
        labels: All labels.
        folds: The fold of each group, if any.
        codec: Rounds samples, if given.
    """

    corpus: Corpus
    labels: tuple[str, ...]
    folds: Mapping[str, int] | None
    codec: Quantizer | None = None

    def rounded(self, samples: np.ndarray) -> np.ndarray:
        """Samples as the codec has them."""
        if self.codec is None:
            return samples
        return self.codec.decode(self.codec.encode(samples)).astype("float32")

    def __call__(self, which: int) -> tuple[dict[str, np.int32], np.ndarray]:
        recording = self.corpus.recordings[which]
        fold = -1 if self.folds is None else self.folds[recording.group]
        share = np.zeros(len(self.labels), "float32")
        share[self.labels.index(recording.label)] = 1
        return {"fold": np.int32(fold), "recording": np.int32(which)}, share


class BalancedBatches:
    """A batch from random numbers: the labels in turn, and of each a group, a recording, a place.

    Args:
        targets: The recordings, and what is known of them.
        length: Samples in a window.
        batch_size: Windows in a batch.
        rows: Which of them are made.
        augment: Changes what is read.
        mixup: How evenly clips are mixed; 0 for not at all.
        balance: 0 draws groups by their length, 1 all alike.
        hop: Windows begin at a multiple of so many samples.
    """

    def __init__(
        self,
        targets: Targets,
        length: int,
        batch_size: int,
        rows: range,
        augment: Augmentation | None,
        mixup: float,
        balance: float,
        hop: int = 1,
    ) -> None:
        self.targets, self.length, self.batch_size, self.rows = targets, length, batch_size, rows
        self.augment, self.mixup, self.hop = augment, mixup, hop
        self.drawn = [_chances(targets.corpus, label, balance) for label in targets.labels]

    def __call__(
        self, index: int, rng: np.random.Generator
    ) -> tuple[dict[str, np.ndarray], np.ndarray]:
        # Whoever makes a part of the batch draws the same here; clips have random numbers of
        # their own.
        order = rng.permutation(len(self.drawn))
        seed = int(rng.integers(2**63))
        streams = [np.random.default_rng([seed, slot]) for slot in range(self.batch_size)]
        found = [self._draw(int(order[i % len(order)]), each) for i, each in enumerate(streams)]
        told, shares = zip(*(self.targets(which) for which in found), strict=True)
        x = {name: np.stack([told[row][name] for row in self.rows]) for name in told[0]}
        clips = functools.cache(lambda slot: self._clip(found[slot], streams[slot]))
        folds = np.array([each["fold"] for each in told])
        own = np.random.default_rng([seed, 0, 1])
        partners = mixes(folds, self.mixup, own) if self.mixup else {}
        rows = [mixed(row, partners.get(row), clips, shares) for row in self.rows]
        x["samples"] = np.stack([samples for samples, _ in rows])
        return x, np.stack([share for _, share in rows])

    def _draw(self, label: int, rng: np.random.Generator) -> int:
        which, chances = self.drawn[label]
        return int(which[np.searchsorted(chances, rng.random(), side="right")])

    def _clip(self, found: int, rng: np.random.Generator) -> np.ndarray:
        recording = self.targets.corpus.recordings[found]

        def read(count: int) -> np.ndarray:
            room = max(0, recording.num_samples - count)
            start = int(rng.integers(room // self.hop + 1)) * self.hop
            return np.resize(recording.read(start, count), count)

        augment = self.augment
        samples = read(self.length) if augment is None else augment(read, self.length, rng)
        return self.targets.rounded(samples)


def mixes(
    folds: np.ndarray, mixup: float, rng: np.random.Generator
) -> dict[int, tuple[int, np.float32]]:
    """Which clips of a batch are mixed, about half of them, each with another clip of its fold.

    Only of its fold: a clip is kept from the model that is judged on its fold, and a mix of two
    folds, called by one of them, would let that model hear the works of the other.

    Args:
        folds: Fold of each clip, `(batch,)`.
        mixup: Both parameters of the beta distribution of the weight, above 0.
        rng: Random numbers.

    Returns:
        For each clip that is mixed the other one, and the weight of its own.
    """
    found = {}
    for i, (own, chance) in enumerate(zip(folds, rng.random(len(folds)), strict=True)):
        others = [j for j in np.flatnonzero(folds == own) if j != i]
        if chance < MIXED and others:
            found[i] = int(rng.choice(others)), np.float32(rng.beta(mixup, mixup))
    return found


def mixed(
    row: int,
    partner: tuple[int, np.float32] | None,
    clips: Callable[[int], np.ndarray],
    shares: Sequence[np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """A clip and its shares, mixed with its partner, which is brought to the same level before."""
    samples = clips(row)
    if partner is None:
        return samples, shares[row]
    other, weight = partner
    level, others = (np.sqrt(np.mean(np.square(c))) + 1e-8 for c in (samples, clips(other)))
    mix = weight * samples + (1 - weight) * (level / others) * clips(other)
    mix /= max(1.0, float(np.abs(mix).max()))  # none louder than full scale for having been mixed
    return mix, weight * shares[row] + (1 - weight) * shares[other]


def _chances(corpus: Corpus, label: str, balance: float) -> tuple[np.ndarray, Any]:
    """Recordings of a label, and their chances summed up, from 0 to 1."""
    which = [i for i, recording in enumerate(corpus.recordings) if recording.label == label]
    lengths: dict[str, int] = {}
    for i in which:
        group = corpus.recordings[i].group
        lengths[group] = lengths.get(group, 0) + corpus.recordings[i].num_samples
    # A group by its length to the power of 1 - balance; in it, a recording by its length.
    found = [corpus.recordings[i] for i in which]
    weights = np.array([r.num_samples * lengths[r.group] ** -balance for r in found], "float64")
    sums = np.cumsum(weights / weights.sum())
    return np.array(which), np.append(sums[:-1], np.inf)
