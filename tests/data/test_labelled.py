"""Windows with labels and folds: in order to validate, balanced and mixed to train."""

import pickle
from collections import Counter

import numpy as np
import pytest

from kaudio.data import Corpus, assign_folds, labelled, share
from kaudio.data.balanced import mixed, mixes

RATE = 1000
# Two composers, one of whom has eight times as much as the other, in groups of unlike length.
SECONDS = {
    "bach/a/1.wav": 4.0,
    "bach/a/2.wav": 2.0,
    "bach/b/1.wav": 1.5,
    "bach/c/1.wav": 0.5,
    "chopin/d/1.wav": 0.55,
    "chopin/e/1.wav": 0.4,
    "chopin/f/1.wav": 0.05,
}


@pytest.fixture
def corpus(tmp_path, record):
    for name, seconds in SECONDS.items():
        record(tmp_path / name, seconds)
    return Corpus.from_folder(tmp_path, RATE, groups="folder")


def train(corpus, **options):
    options = {"seconds": 0.1, "batch_size": 8, "seed": 3, **options}
    return labelled(corpus, corpus.labels, **options)


def whole(batches):
    """All batches as one."""
    x, y = zip(*batches, strict=True)
    return {name: np.concatenate([each[name] for each in x]) for name in x[0]}, np.concatenate(y)


def where(corpus, samples, which):
    """The sample at which a clip starts in its recording."""
    recording = corpus.recordings[which]
    found = recording.read(0, recording.num_samples)
    return next(
        start for start in np.flatnonzero(found == samples[0]) if found[start + 1] == samples[1]
    )


def same(a, b):
    return all(np.array_equal(a[0][name], b[0][name]) for name in a[0]) and np.array_equal(
        a[1], b[1]
    )


def test_validation_has_all_windows_in_order_with_the_shares_of_the_labels(corpus):
    labels = ("chopin", "bach", "nobody")
    batches = list(labelled(corpus, labels, 0.1, 16))
    assert [len(y) for _, y in batches] == [16] * 5 + [10]
    x, y = whole(batches)
    assert {name: value.dtype for name, value in x.items()} == {
        "samples": np.float32,
        "fold": np.int32,
        "recording": np.int32,
    }
    assert y.dtype == np.float32
    np.testing.assert_array_equal(x["recording"], np.repeat(range(7), [40, 20, 15, 5, 5, 4, 1]))
    np.testing.assert_array_equal(y, [[0, 1, 0]] * 80 + [[1, 0, 0]] * 10)
    np.testing.assert_array_equal(x["fold"], -1)
    np.testing.assert_array_equal(x["samples"][41], corpus.recordings[1].read(100, 100))


def test_windows_hop(corpus):
    x, _ = whole(labelled(corpus, corpus.labels, 0.1, 4, hop_seconds=0.05))
    assert Counter(x["recording"].tolist())[0] == 79
    np.testing.assert_array_equal(x["samples"][0, 50:], x["samples"][1, :50])


def test_a_recording_shorter_than_a_window_is_repeated_and_that_is_said(corpus, capsys):
    x, _ = whole(labelled(corpus, corpus.labels, 0.1, 16))
    assert capsys.readouterr().err == (
        "1 of 7 recordings are shorter than a window of 0.10 s: they are repeated to fill it.\n"
    )
    np.testing.assert_array_equal(x["samples"][-1], np.tile(corpus.recordings[6].read(0, 50), 2))
    x, _ = whole(train(corpus, epoch_batches=30))
    short = x["samples"][x["recording"] == 6]
    assert len(short)
    assert all(np.array_equal(clip[:50], clip[50:]) for clip in short)


def test_validation_on_a_few_batches_takes_them_from_all_recordings(corpus):
    few = labelled(corpus, corpus.labels, 0.1, 4, epoch_batches=5)
    x, _ = whole(few)
    assert len(few) <= 5
    assert {0, 1, 2} < set(x["recording"].tolist())


def test_training_has_as_many_of_each_label_as_the_batch_allows(corpus):
    for _, y in train(corpus):
        np.testing.assert_array_equal(y.sum(axis=0), [4, 4])
    odd = [y.sum(axis=0) for _, y in train(corpus, batch_size=5, epoch_batches=40)]
    assert {tuple(counts) for counts in odd} == {(2, 3), (3, 2)}


def test_training_windows_are_slices_of_their_recordings_from_anywhere(corpus):
    x, y = whole(train(corpus, epoch_batches=100))
    assert x["samples"].dtype == y.dtype == np.float32
    starts = {which: set() for which in range(7)}
    for clip, which, weights in zip(x["samples"], x["recording"], y, strict=True):
        start = where(corpus, clip, which)
        if which != 6:
            np.testing.assert_array_equal(clip, corpus.recordings[which].read(start, 100))
        starts[int(which)].add(start)
        assert corpus.labels[weights.argmax()] == corpus.recordings[which].label
    assert len(starts[0]) > 50
    assert min(starts[5]) < 30
    assert max(starts[5]) > 270
    assert max(starts[5]) <= 300


@pytest.mark.parametrize(
    ("balance", "shares"),
    [(1, [2 / 9, 1 / 9, 1 / 3, 1 / 3]), (0, [4 / 8, 2 / 8, 1.5 / 8, 0.5 / 8])],
)
def test_groups_are_drawn_by_their_length_or_all_alike_and_recordings_by_length(
    corpus, balance, shares
):
    x, _ = whole(train(corpus, balance=balance, epoch_batches=250))
    counts = np.bincount(x["recording"], minlength=7)[:4]
    np.testing.assert_allclose(counts / counts.sum(), shares, atol=0.05)


def test_the_same_seed_epoch_and_index_give_the_same_batch_and_others_another(corpus):
    options = {"folds": assign_folds(corpus, 3), "mixup": 0.4}
    a, b = (train(corpus, **options).repeat() for _ in range(2))
    other = train(corpus, seed=4, **options).repeat()
    size = len(train(corpus, **options))
    for index in (0, 5, size, 5):
        assert same(a[index], b[index])
        assert not same(a[index], other[index])
    assert not same(a[0], a[size])
    assert not same(a[0], a[1])


def test_an_epoch_is_about_as_long_as_the_corpus_unless_one_says(corpus):
    assert len(train(corpus)) == 12  # 90 windows
    assert len(train(corpus, hop_seconds=0.05)) == 22
    assert len(train(corpus, epoch_batches=3)) == 3


def test_training_data_survive_pickling(corpus):
    data = train(corpus, mixup=1.0)
    copy = pickle.loads(pickle.dumps(data))
    assert same(data[3], copy[3])


@pytest.mark.parametrize("count", [2, 4])
def test_the_parts_of_all_processes_make_up_the_batch(corpus, count):
    together = train(corpus, epoch_batches=3, mixup=0.5)
    parts = [share(together, i, count) for i in range(count)]
    for index in range(3):
        assert same(together[index], whole([part[index] for part in parts]))


def test_clips_carry_the_fold_of_their_group(corpus):
    folds = assign_folds(corpus, 3)
    for data in (train(corpus, folds=folds), labelled(corpus, corpus.labels, 0.1, 8, folds=folds)):
        x, _ = whole(data)
        wanted = [folds[corpus.recordings[which].group] for which in x["recording"]]
        np.testing.assert_array_equal(x["fold"], wanted)


def test_folds_part_no_group_and_hold_every_label(corpus):
    folds = assign_folds(corpus, 3)
    assert folds.keys() == {recording.group for recording in corpus.recordings}
    held = {(folds[recording.group], recording.label) for recording in corpus.recordings}
    assert len(held) == 6


def mix(samples, shares, partners):
    rows = range(len(samples))
    found = [mixed(row, partners.get(row), samples.__getitem__, shares) for row in rows]
    return tuple(np.stack(parts) for parts in zip(*found, strict=True))


def test_clips_are_mixed_within_their_fold_only():
    rng = np.random.default_rng(0)
    folds = np.arange(64) % 4
    # A clip is constant, so that a mix tells what it is of.
    samples = np.repeat(np.eye(4, 9, dtype="float32")[folds], 2, axis=1)
    clips, targets = mix(samples, np.eye(4, dtype="float32")[folds], mixes(folds, 0.5, rng))
    np.testing.assert_array_equal(targets, np.eye(4)[folds])
    np.testing.assert_allclose(clips, samples, rtol=1e-6)


def test_half_of_the_clips_are_mixed_at_the_same_level_and_their_labels_alike():
    rng = np.random.default_rng(0)
    samples = np.zeros((1000, 8), "float32")
    samples[:500, :4], samples[500:, 4:] = 0.5, 0.01
    shares = np.eye(2, dtype="float32")[np.arange(1000) // 500]
    clips, targets = mix(samples, shares, mixes(np.zeros(1000, int), 1.0, rng))
    assert clips.dtype == targets.dtype == np.float32
    np.testing.assert_allclose(targets.sum(axis=1), 1, rtol=1e-6)
    levels = clips[:, [0, 4]]
    np.testing.assert_allclose(levels / levels.sum(axis=1, keepdims=True), targets, atol=1e-6)
    np.testing.assert_allclose(levels.sum(axis=1), np.repeat([0.5, 0.01], 500), rtol=1e-5)
    both = (targets > 0).all(axis=1)
    assert 0.2 < both.mean() < 0.3  # half of the partners have the same label
    assert 0.45 < targets[both, 0].mean() < 0.55


def test_a_clip_that_is_alone_in_its_fold_is_not_mixed():
    rng = np.random.default_rng(0)
    samples = rng.standard_normal((3, 5)).astype("float32")
    shares = np.eye(3, dtype="float32")
    for _ in range(10):
        clips, targets = mix(samples, shares, mixes(np.arange(3), 1.0, rng))
        np.testing.assert_array_equal(clips, samples)
        np.testing.assert_array_equal(targets, shares)


def test_silence_can_be_mixed():
    samples = np.zeros((4, 5), "float32")
    samples[0] = 1
    for seed in range(5):
        rng = np.random.default_rng(seed)
        partners = mixes(np.zeros(4, int), 1.0, rng)
        clips, _ = mix(samples, np.eye(4, dtype="float32"), partners)
        assert np.isfinite(clips).all()
        assert np.abs(clips).max() <= 1


def test_what_is_drawn_is_augmented_and_validation_is_not(corpus):
    def reversed_halves(read, length, rng):
        return np.concatenate([read(2 * length)[::2], np.full(3, rng.random())])[-length:]

    x, _ = whole(train(corpus, augment=reversed_halves, epoch_batches=20))
    assert len(set(x["samples"][:, -1].tolist())) == 160
    x, _ = whole(labelled(corpus, corpus.labels, 0.1, 8, augment=reversed_halves))
    np.testing.assert_array_equal(x["samples"][0], corpus.recordings[0].read(0, 100))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"labels": ["bach", "satie"]}, r"Missing: \['chopin'\]"),
        ({"labels": ["bach"]}, r"nothing to tell apart otherwise\. Received: \['bach'\]"),
        ({"labels": ["bach", "chopin", "bach"]}, "two or more different names"),
        ({"labels": ["bach", "chopin", "satie"]}, r"There are none of: \['satie'\]"),
        ({"folds": {"bach/a": 0}}, r"5 are missing, such as 'bach/b'"),
        (
            {"folds": {f"{label}/{group}": i for i, label in enumerate(["bach", "chopin"])
                       for group in "abcdef"} | {"other": 2, "more": 3}},
            "label 'bach' has 3 groups of recordings for 4 folds",
        ),
        ({"seconds": 0.0001}, "at least one sample at 1000 Hz"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
        ({"epoch_batches": 0}, "`epoch_batches` must be at least 1"),
        ({"mixup": -1}, "mixup=-1"),
        ({"balance": 1.5}, "`balance` from 0 to 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_from_is_refused_with_a_sentence(corpus, options, message):
    options = {"labels": corpus.labels, "seconds": 0.1, "batch_size": 4, "seed": 0, **options}
    with pytest.raises(ValueError, match=message):
        labelled(corpus, **options)
