import pickle
from concurrent.futures import ThreadPoolExecutor

import grain
import keras
import numpy as np
import pytest

from kaudio.codecs import FFTFrames, Frames
from kaudio.data import Corpus, iterate, next_step, share

RATE = 1000
CODEC = Frames(RATE, frame_length=10)


@pytest.fixture
def corpus(tmp_path, record):
    for name, seconds in [("bach/1.wav", 0.93), ("bach/2.wav", 0.05), ("chopin/3.wav", 1.4)]:
        record(tmp_path / name, seconds)
    return Corpus.from_folder(tmp_path, RATE)


def flat(batches):
    """All batches, element by element, as bytes."""
    return [element.tobytes() for x, _ in batches for element in x]


def epoch(dataset, number=0):
    repeated = dataset.repeat()
    return [repeated[number * len(dataset) + i] for i in range(len(dataset))]


@pytest.mark.parametrize(
    "codec", [CODEC, FFTFrames(RATE, 10), FFTFrames(RATE, 10, overlap=2)], ids=lambda c: str(c)
)
def test_windows_hold_the_steps_of_the_exact_slices_of_each_recording(corpus, codec):
    x, y = (np.concatenate(parts) for parts in zip(*next_step(corpus, codec, 4, 3), strict=True))
    length, hop = codec.num_samples(5), 4 * codec.hop_length
    windows = [
        codec.encode(recording.read(start, length))
        for recording in corpus.recordings
        for start in range(0, recording.num_samples - length + 1, hop)
    ]
    np.testing.assert_array_equal(x, [window[:-1] for window in windows])
    np.testing.assert_array_equal(y, [window[1:] for window in windows])
    assert x.dtype == y.dtype == np.float32


def test_windows_may_overlap(corpus):
    x = np.concatenate([x for x, _ in next_step(corpus, CODEC, 4, 3, hop_steps=1)])
    np.testing.assert_array_equal(x[0, 1:], x[1, :-1])


def test_validation_keeps_its_last_batch_and_its_order(corpus):
    validation = next_step(corpus, CODEC, 4, 20)
    assert [len(x) for x, _ in validation] == [20, 20, 18]  # 23, 1 and 34 windows
    assert flat(validation) == flat(epoch(validation, 1))


def test_training_leaves_out_the_batch_that_is_not_full_unless_it_is_the_only_one(corpus):
    windows = sum(len(x) for x, _ in next_step(corpus, CODEC, 4, 1))
    assert [len(x) for x, _ in next_step(corpus, CODEC, 4, windows - 1, seed=0)] == [windows - 1]
    assert [len(x) for x, _ in next_step(corpus, CODEC, 4, windows + 1, seed=0)] == [windows]


def test_training_windows_are_those_of_validation_shuffled_and_again_each_epoch(corpus):
    ordered = flat(next_step(corpus, CODEC, 4, 1))
    train = next_step(corpus, CODEC, 4, 1, seed=3, jitter=False)
    first, second = flat(epoch(train, 0)), flat(epoch(train, 1))
    assert first != second != ordered != first
    assert sorted(first) == sorted(second) == sorted(ordered)


def test_the_same_seed_epoch_and_index_give_the_same_batch(corpus):
    a, b = (next_step(corpus, CODEC, 4, 5, seed=3).repeat() for _ in range(2))
    other = next_step(corpus, CODEC, 4, 5, seed=4).repeat()
    for index in (0, 7, 1, 7, 30):
        np.testing.assert_array_equal(a[index], b[index])
        assert not np.array_equal(a[index], other[index])


def test_neighbouring_seeds_do_not_share_their_epochs(corpus):
    epochs = {
        tuple(flat(epoch(next_step(corpus, CODEC, 4, 1, seed=seed, jitter=False), number)))
        for seed in range(4)
        for number in range(4)
    }
    assert len(epochs) == 16


def test_jitter_moves_windows_within_a_hop_and_otherwise_each_epoch(tmp_path, record):
    record(tmp_path / "a.wav", 0.2)
    corpus = Corpus.from_folder(tmp_path, RATE)
    samples = corpus.recordings[0].read(0, 200)
    at = {samples[i : i + 10].tobytes(): i for i in range(191)}  # x is one step of 10 samples
    train = next_step(corpus, CODEC, 1, 1, seed=0, hop_steps=4)
    starts = np.array([sorted(at[x] for x in flat(epoch(train, n))) for n in range(50)])
    offsets = starts - [0, 40, 80, 120, 160]
    assert offsets.min() >= 0
    assert offsets[:, :4].max() < 40
    assert offsets[:, 4].max() <= 20  # the recording ends there
    assert all(len(set(column)) > 10 for column in offsets.T)


def test_training_resumes_at_any_batch(corpus):
    whole = next_step(corpus, CODEC, 4, 5, seed=3).repeat(3)
    for start in (0, 1, 9, len(whole) - 1):
        np.testing.assert_array_equal(flat(iterate(whole, start)), flat(whole)[5 * start :])
        np.testing.assert_array_equal(flat(whole[start:]), flat(whole)[5 * start :])


@pytest.mark.parametrize("count", [2, 3])
def test_the_shares_of_a_batch_laid_end_to_end_are_that_batch(corpus, count):
    whole = next_step(corpus, CODEC, 4, 2 * count, seed=3)
    shares = [share(whole, i, count) for i in range(count)]
    assert {len(part) for part in shares} == {len(whole)}
    for number in range(3):
        parts = (epoch(part, number) for part in shares)
        for batch, *rows in zip(epoch(whole, number), *parts, strict=True):
            assert flat([batch]) == flat(rows)


@pytest.mark.parametrize("devices", [2, 4])
def test_shares_of_validation_hold_it_once_but_for_what_is_left_over(corpus, devices, capsys):
    whole = next_step(corpus, CODEC, 4, 8)
    kept = len(flat(whole)) // devices * devices
    for count in (1, 2, devices):
        shares = [share(whole, i, count, devices) for i in range(count)]
        sizes = [[len(x) for x, _ in part] for part in shares]
        assert all(size == sizes[0] for size in sizes)
        assert all(size % (devices // count) == 0 for size in sizes[0])
        held = sorted(step for part in shares for step in flat(part))
        assert held == sorted(flat(whole)[:kept])
    said = capsys.readouterr().err.count(" windows to validate on are left out")
    assert said == (3 if kept < len(flat(whole)) else 0)


def test_devices_that_cannot_share_a_batch_are_refused_with_a_sentence(corpus):
    whole = next_step(corpus, CODEC, 4, 8)
    with pytest.raises(ValueError, match=r"batches of 8\. Choose a multiple of 3"):
        share(whole, 0, 3)
    with pytest.raises(ValueError, match="index=2, count=2"):
        share(whole, 2, 2)
    with pytest.raises(ValueError, match="devices=3"):
        share(whole, 0, 2, 3)
    with pytest.raises(ValueError, match=r"Only batches that `kaudio\.data` makes"):
        share(whole.map(lambda batch: batch), 0, 2)
    with pytest.raises(ValueError, match="a window for each of 4096 devices"):
        share(next_step(corpus, CODEC, 4, 4096), 0, 4096)


def test_a_dataset_survives_pickling_and_gives_the_same_to_many_threads(corpus):
    train = next_step(corpus, CODEC, 4, 5, seed=3).repeat(20)
    copy = pickle.loads(pickle.dumps(train))  # grain pickles only what has not been used yet
    expected = [train[i] for i in range(len(train))]
    with ThreadPoolExecutor(8) as pool:
        for a, b in zip(expected, pool.map(copy.__getitem__, range(len(copy))), strict=True):
            np.testing.assert_array_equal(a, b)


def test_windows_longer_than_any_recording_are_refused_with_both_lengths(corpus):
    with pytest.raises(ValueError, match=r"longest is 1\.40 s, and an excerpt takes 2\.01 s"):
        next_step(corpus, CODEC, 200, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"codec": Frames(8000, 10)}, "8000 Hz and 1000 Hz"),
        ({"steps": 0}, "`steps` must be at least 1. Received: 0"),
        ({"hop_steps": 0}, "`hop_steps` must be at least 1"),
        ({"batch_size": 0}, "`batch_size` must be at least 1"),
    ],
)
def test_wrong_arguments_are_refused_with_a_sentence(corpus, arguments, message):
    with pytest.raises(ValueError, match=message):
        next_step(**{"corpus": corpus, "codec": CODEC, "steps": 4, "batch_size": 5, **arguments})


def test_few_batches_are_made_ahead():
    made = []
    batches = iterate(grain.MapDataset.range(100).map(lambda i: made.append(i) or i), start=50)
    assert next(iter(batches)) == 50
    assert set(made) <= set(range(50, 56))


class Seen(keras.layers.Layer):
    """Adds up what it is shown, each batch weighted by the number of batches before."""

    def build(self, shape):
        self.total = self.add_weight(shape=(), initializer="zeros", trainable=False)
        self.scale = self.add_weight(shape=(), initializer="ones")

    def call(self, x, training=False):
        if training:
            self.total.assign(1.1 * self.total + keras.ops.sum(x))
        return x * self.scale


def test_fit_sees_every_batch_once_in_order_over_epochs_and_from_a_start(corpus):
    train = next_step(corpus, CODEC, 4, 5, seed=3)
    validation = next_step(corpus, CODEC, 4, 20)
    seen = Seen()
    model = keras.Sequential([seen])
    model.compile("sgd", "mse")
    history = model.fit(
        iterate(train.repeat(), start=len(train)),
        initial_epoch=1,
        epochs=3,
        steps_per_epoch=len(train),
        shuffle=False,
        validation_data=iterate(validation.repeat()),
        validation_steps=len(validation),
        verbose=0,
    )
    total = 0.0
    for x, _ in epoch(train, 1) + epoch(train, 2):
        total = 1.1 * total + x.sum()
    np.testing.assert_allclose(seen.total, total, rtol=1e-4)
    errors = np.concatenate([(y - float(seen.scale) * x) ** 2 for x, y in validation])
    np.testing.assert_allclose(history.history["val_loss"][-1], errors.mean(), rtol=1e-4)
    assert len(history.history["val_loss"]) == 2
    loss = model.evaluate(iterate(validation), steps=len(validation), verbose=0)
    np.testing.assert_allclose(loss, errors.mean(), rtol=1e-4)
