"""Baselines of models of codes: counts of the training data, at the positions that count."""

from types import SimpleNamespace

import numpy as np
import pytest

from kaudio.codecs import MuLaw
from kaudio.evaluation import baselines as module
from kaudio.evaluation.baselines import baselines
from kaudio.evaluation.counts import Counts

LEVELS = 16
RNG = np.random.default_rng(0)


def batch(size=40):
    walk = np.clip(np.cumsum(RNG.integers(-1, 2, (4, size + 1)), axis=1) + 8, 0, LEVELS - 1)
    codes = walk.astype("uint8")
    return codes[:, :-1], codes[:, 1:]


def model(warm_up=0):
    return SimpleNamespace(codec=MuLaw(8_000, LEVELS), warm_up=warm_up)


def by_hand(train, other, first=0):
    counts = Counts(LEVELS)
    for x, y in train:
        counts.add(x[:, first:], y[:, first:])
    return counts.score([(x[:, first:], y[:, first:]) for x, y in other])


TRAIN, OTHER = [batch() for _ in range(6)], [batch() for _ in range(3)]


def test_counts_are_of_the_training_data_and_score_each_part():
    parts = {"train": lambda: iter(TRAIN), "validation": lambda: iter(OTHER)}
    found = baselines(model(), lambda: iter(TRAIN), parts)
    assert found == {"train": by_hand(TRAIN, TRAIN), "validation": by_hand(TRAIN, OTHER)}
    assert found["validation"]["markov"] < found["validation"]["unigram"]


def test_positions_that_do_not_count_are_left_out():
    junk = [(np.zeros_like(x), np.full_like(y, 9)) for x, y in TRAIN]
    mixed = [
        tuple(np.concatenate([bad, good], axis=1) for bad, good in zip(*pair, strict=True))
        for pair in zip(junk, TRAIN, strict=True)
    ]
    found = baselines(model(warm_up=40), lambda: mixed, {"train": lambda: mixed})
    assert found["train"] == pytest.approx(by_hand(TRAIN, TRAIN))


def test_conditions_beside_the_steps_are_passed_over():
    told = [({"steps": x, "global": np.ones((4, 1, 2))}, y) for x, y in TRAIN]
    found = baselines(model(), lambda: told, {"train": lambda: told})
    assert found["train"] == by_hand(TRAIN, TRAIN)


def test_of_very_much_data_only_the_start_is_counted(monkeypatch):
    monkeypatch.setattr(module, "MOST_CODES", 2 * TRAIN[0][1].size)

    def train():
        yield from TRAIN[:3]
        raise AssertionError("read on")

    found = baselines(model(), train, {"validation": lambda: OTHER})
    assert found["validation"] == by_hand(TRAIN[:3], OTHER)
