from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from kaudio.data.corpus import Corpus, Recording
from kaudio.data.splits import (
    assign_folds,
    assign_groups,
    check_fractions,
    cut,
    deal_groups,
    of_folds,
)


def layout(rng):
    """Groups with random lengths, dealt to random labels, some of which have a single group."""
    groups = [f"group {i}" for i in range(rng.integers(3, 30))]
    labels = [f"label {i}" for i in range(rng.integers(1, 6))]
    return (
        {group: int(rng.integers(1, 10_000)) for group in groups},
        {group: str(rng.choice(labels)) for group in groups},
    )


@pytest.mark.parametrize("fractions", [[0.1], [0.3], [0.1, 0.1], [0.2, 0.05]])
def test_every_part_has_a_group_and_each_label_that_has_enough(fractions):
    for seed in range(100):
        lengths, labels = layout(np.random.default_rng(seed))
        parts = assign_groups(lengths, labels, fractions, seed)
        assert parts.keys() == lengths.keys()
        assert set(parts.values()) == set(range(len(fractions) + 1))
        for label, count in Counter(labels.values()).items():
            found = {parts[group] for group in lengths if labels[group] == label}
            if count > len(fractions):
                assert found == set(range(len(fractions) + 1))


def test_the_same_seed_gives_the_same_split_whatever_the_order_of_the_groups():
    lengths, labels = layout(np.random.default_rng(0))
    backwards = dict(reversed(lengths.items()))
    parts = assign_groups(lengths, labels, [0.3], seed=5)
    assert assign_groups(backwards, labels, [0.3], seed=5) == parts
    others = [assign_groups(lengths, labels, [0.3], seed) for seed in range(10)]
    assert any(other != parts for other in others)


def test_parts_of_many_like_groups_have_the_size_asked_for():
    lengths = {f"{i:03d}": 100 for i in range(200)}
    labels = {group: "ab"[int(group) % 2] for group in lengths}
    parts = Counter(assign_groups(lengths, labels, [0.1, 0.2], seed=0).values())
    assert parts == {0: 140, 1: 20, 2: 40}


def test_a_long_group_does_not_go_to_a_small_part():
    lengths = {"long": 1000, "a": 50, "b": 50, "c": 50}
    for seed in range(20):
        assert assign_groups(lengths, dict.fromkeys(lengths, ""), [0.1], seed)["long"] == 0


def test_labels_with_one_group_each_are_split_all_the_same():
    lengths = {"a": 10, "b": 10, "c": 10}
    parts = assign_groups(lengths, {g: g for g in lengths}, [0.1, 0.1], seed=0)
    assert sorted(parts.values()) == [0, 1, 2]


def test_a_cut_covers_everything_once_and_in_order():
    rng = np.random.default_rng(0)
    for _ in range(50):
        lengths = rng.integers(1, 50, rng.integers(1, 8)).tolist()
        parts = cut(lengths, [0.1, 0.1])
        covered = [
            (index, sample)
            for pieces in parts
            for index, start, stop in pieces
            for sample in range(start, stop)
        ]
        assert covered == [(i, s) for i, length in enumerate(lengths) for s in range(length)]


def test_a_cut_has_the_shares_asked_for():
    parts = cut([600, 400], [0.1, 0.1])
    assert parts == [[(0, 0, 600), (1, 0, 200)], [(1, 200, 300)], [(1, 300, 400)]]


@pytest.mark.parametrize(("validation", "test"), [(0, 0), (-0.1, 0), (0.5, 0.5), (1, 0), (0.1, -1)])
def test_fractions_that_leave_a_part_empty_are_refused(validation, test):
    with pytest.raises(ValueError, match="something is left to learn from"):
        check_fractions(validation, test)


def test_folds_are_as_long_as_each_other_label_by_label():
    rng = np.random.default_rng(0)
    lengths = {f"{i:03d}": int(rng.integers(50, 150)) for i in range(120)}
    labels = {group: "abc"[int(group) % 3] for group in lengths}
    folds = deal_groups(lengths, labels, 4)
    assert folds.keys() == lengths.keys()
    for label in "abc":
        sums = Counter()
        for group in lengths:
            sums[folds[group]] += lengths[group] * (labels[group] == label)
        assert set(sums) == {0, 1, 2, 3}
        assert max(sums.values()) - min(sums.values()) <= 100


def test_the_longest_groups_are_dealt_first():
    lengths = {"a": 1, "b": 5, "c": 3, "d": 3}
    assert deal_groups(lengths, dict.fromkeys(lengths, ""), 2) == {"b": 0, "c": 1, "d": 1, "a": 0}


def test_labels_with_one_group_for_each_fold_do_not_all_fill_the_same_fold():
    lengths = {"a long": 9, "a short": 1, "b long": 9, "b short": 1}
    folds = deal_groups(lengths, {group: group[0] for group in lengths}, 2)
    assert folds == {"a long": 0, "a short": 1, "b long": 1, "b short": 0}


def test_folds_do_not_depend_on_the_order_of_the_groups():
    lengths, labels = layout(np.random.default_rng(1))
    labels = dict.fromkeys(lengths, "one")
    assert deal_groups(lengths, labels, 3) == deal_groups(
        dict(reversed(lengths.items())), labels, 3
    )


def test_a_label_of_fewer_groups_than_folds_is_refused():
    labels = {"a": "x", "b": "x", "c": "y"}
    with pytest.raises(ValueError, match=r"label 'y' has 1 groups of recordings for 2 folds"):
        deal_groups(dict.fromkeys(labels, 10), labels, 2)


def test_a_single_fold_is_refused():
    with pytest.raises(ValueError, match=r"at least 2 folds\. Received: 1"):
        deal_groups({"a": 1}, {"a": ""}, 1)


def recording(path, label, group):
    return Recording(Path(path), label, group, None, 8_000, 0, 8_000)


def of_two(*counts):
    """Two composers, with so many recordings."""
    found = zip(("ada", "bela"), counts, strict=False)
    made = [recording(f"{who}/{i}.wav", who, f"{who} {i}") for who, n in found for i in range(n)]
    return Corpus(tuple(made), 8_000)


def test_where_a_label_has_few_groups_there_are_fewer_folds():
    assert set(assign_folds(of_two(5, 3), 4).values()) == {0, 1, 2}
    with pytest.raises(ValueError, match=r"label 'bela' has 1 groups of recordings for 2 folds"):
        assign_folds(of_two(5, 1), 4)
    with pytest.raises(ValueError, match=r"at least 2 folds\. Received: 1"):
        assign_folds(of_two(5, 3), 1)


def test_one_label_has_nothing_to_be_told_from():
    with pytest.raises(ValueError, match=r"two labels or more .*Received: only 'ada'\."):
        assign_folds(of_two(5), 4)


def test_a_group_with_two_labels_and_a_recording_without_one_are_refused():
    of_both = [recording(f"{who}/1.wav", who, "op. 1") for who in ("ada", "bela")]
    with pytest.raises(ValueError, match=r"'op\. 1' has recordings of 'ada' and of 'bela'"):
        assign_folds(Corpus(tuple(of_both), 8_000), 2)
    with pytest.raises(ValueError, match=r"'stray\.wav' has no label"):
        assign_folds(Corpus((recording("stray.wav", "", "stray"),), 8_000), 2)


def test_an_ensemble_of_few_judges_the_first_folds():
    corpus = of_two(4, 4)
    folds = assign_folds(corpus, 4)
    kept = of_folds(corpus, folds, 2)
    assert {folds[r.group] for r in kept.recordings} == {0, 1}
