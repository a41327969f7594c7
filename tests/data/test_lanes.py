"""Batches of lanes: what goes on where, and what begins anew."""

import itertools

import numpy as np
import pytest

from kaudio.codecs import FFTFrames
from kaudio.data import Corpus, iterate, lanes, share

RATE = 1000
CODEC = FFTFrames(RATE, 10, overlap=2)


@pytest.fixture
def corpus(tmp_path, record):
    for number, seconds in enumerate([0.93, 0.05, 1.4, 0.5]):
        record(tmp_path / f"{number}.wav", seconds)
    return Corpus.from_folder(tmp_path, RATE)


def test_a_row_goes_on_where_it_ended_unless_a_recording_begins(corpus):
    train = lanes(corpus, CODEC, steps=8, rows=3, seed=0)
    batches = [train[i] for i in range(len(train))]
    assert len(train) == (len(train.whole.windows)) // 3
    begun = 0
    for (x, y), (after, _) in itertools.pairwise(batches):
        for row in range(3):
            goes_on = np.array_equal(after["steps"][row, 0], y[row, -1])
            assert goes_on == (not after["begins"][row])
            begun += int(after["begins"][row])
        np.testing.assert_array_equal(x["steps"][:, 1:], y[:, :-1])
    assert batches[0][0]["begins"].tolist() == [1, 1, 1]
    assert 1 <= begun <= 4


def test_all_windows_are_gone_through_and_each_epoch_starts_elsewhere(corpus):
    train = lanes(corpus, CODEC, steps=8, rows=1, seed=0)
    firsts = {train[i][0]["steps"][0].tobytes() for i in range(len(train))}
    assert len(firsts) == len(train) == len(train.whole.windows)
    again = {train[len(train) + i][0]["steps"][0].tobytes() for i in range(len(train))}
    assert firsts != again


def test_the_same_seed_and_index_give_the_same_batch_also_when_read_from_there_on(corpus):
    train = lanes(corpus, CODEC, steps=8, rows=3, seed=5)
    start = len(train) + 2
    (x, y), same = next(iter(iterate(train.repeat(), start=start))), train[start]
    np.testing.assert_array_equal(x["steps"], same[0]["steps"])
    np.testing.assert_array_equal(y, same[1])
    other = lanes(corpus, CODEC, steps=8, rows=3, seed=6)[start]
    assert not np.array_equal(y, other[1])


def test_each_process_makes_lanes_of_its_own(corpus):
    train = lanes(corpus, CODEC, steps=8, rows=4, seed=5)
    parts = [share(train, index, 2) for index in range(2)]
    for index in range(len(train)):
        x, y = train[index]
        shares = [part[index] for part in parts]
        for name in x:
            np.testing.assert_array_equal(np.concatenate([own[name] for own, _ in shares]), x[name])
        np.testing.assert_array_equal(np.concatenate([own for _, own in shares]), y)


def test_too_few_excerpts_for_all_lanes_are_refused(corpus):
    with pytest.raises(ValueError, match="for each of 100 lanes"):
        lanes(corpus, CODEC, steps=8, rows=100, seed=0)
