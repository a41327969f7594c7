"""Examples of codes: excerpts with conditions, epochs of a few batches, whole sounds."""

import numpy as np
import pytest

from kaudio.codecs import Linear, MuLaw
from kaudio.data import Corpus, Labels, Tags, iterate, next_step, one_shots, share
from kaudio.data.examples import FADE_SECONDS

RATE = 1_000
CODEC = MuLaw(RATE)


@pytest.fixture
def corpus(tmp_path, record):
    for name, seconds in [("bach/1.wav", 0.93), ("bach/2.wav", 0.2), ("chopin/3.wav", 1.4)]:
        record(tmp_path / name, seconds)
    return Corpus.from_folder(tmp_path, RATE)


def epoch(dataset, number):
    repeated = dataset.repeat()
    return [repeated[number * len(dataset) + i] for i in range(len(dataset))]


def rows(batches):
    """Each excerpt as bytes."""
    return [row.tobytes() for x, _ in batches for row in (x["steps"] if isinstance(x, dict) else x)]


@pytest.mark.parametrize("codec", [CODEC, Linear(RATE)], ids=["uint8", "uint16"])
def test_codes_stay_as_small_as_they_are_and_are_followed_by_the_next(corpus, codec):
    x, y = next_step(corpus, codec, 50, 4)[0]
    assert x.dtype == y.dtype == codec.dtype
    assert x.shape == y.shape == (4, 50)
    np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
    np.testing.assert_array_equal(x[1], codec.encode(corpus.recordings[0].read(50, 50)))


def test_a_condition_comes_beside_the_steps_of_its_recording(corpus):
    plain = next_step(corpus, CODEC, 50, 7)
    told = next_step(corpus, CODEC, 50, 7, condition=Labels(corpus.labels))
    vectors = []
    for (x, y), (both, again) in zip(plain, told, strict=True):
        assert set(both) == {"steps", "global"}
        np.testing.assert_array_equal(both["steps"], x)
        np.testing.assert_array_equal(again, y)
        assert both["global"].shape == (len(x), 1, 2)
        assert both["global"].dtype == np.float32
        vectors.append(both["global"][:, 0])
    windows = [(r.num_samples - 51) // 50 + 1 for r in corpus.recordings]
    np.testing.assert_array_equal(
        np.concatenate(vectors), np.repeat([[1, 0], [1, 0], [0, 1]], windows, axis=0)
    )


def test_a_condition_is_told_which_window_it_is_for(corpus):
    def place(recording, start, length):
        return {"local": np.array([[start, length]], "float32")}

    for seed in (None, 3):
        data = next_step(corpus, CODEC, 50, 5, condition=place, seed=seed, hop_steps=20)
        codes = [CODEC.encode(r.read(0, r.num_samples)) for r in corpus.recordings]
        for x, _ in data:
            for steps, (start, length) in zip(
                x["steps"], x["local"][:, 0].astype(int), strict=True
            ):
                assert length == 51
                found = [c[start : start + 50] for c in codes]
                assert any(np.array_equal(steps, part) for part in found)


def test_hops_set_how_far_windows_lie_apart(corpus):
    x = np.concatenate([x for x, _ in next_step(corpus, CODEC, 50, 4, hop_steps=10)])
    np.testing.assert_array_equal(x[0, 10:], x[1, :-10])
    assert len(x) == sum((r.num_samples - 51) // 10 + 1 for r in corpus.recordings)


def test_an_epoch_of_a_few_batches_has_other_windows_the_next_time(corpus):
    options = {"seed": 3, "jitter": False}
    whole = next_step(corpus, CODEC, 20, 4, **options)
    few = next_step(corpus, CODEC, 20, 4, epoch_batches=3, **options)
    assert len(few) == 3
    first, second = (rows(epoch(few, number)) for number in (0, 1))
    assert len(set(first)) == 12
    assert set(first) != set(second)
    # The start of each whole epoch.
    assert first == rows(epoch(whole, 0))[:12]
    assert second == rows(epoch(whole, 1))[:12]
    seen = {row for number in range(40) for row in rows(epoch(few, number))}
    assert len(seen) > 0.95 * len(whole) * 4


def test_more_batches_than_there_are_change_nothing(corpus):
    options = {"seed": 3}
    whole = next_step(corpus, CODEC, 20, 4, **options)
    more = next_step(corpus, CODEC, 20, 4, epoch_batches=10_000, **options)
    assert rows(epoch(more, 2)) == rows(epoch(whole, 2))


def test_an_epoch_of_a_few_batches_resumes_at_any_of_them(corpus):
    few = next_step(corpus, CODEC, 20, 4, seed=3, epoch_batches=3, condition=Labels(corpus.labels))
    whole = [row for number in range(3) for row in rows(epoch(few, number))]
    for start in (0, 2, 3, 7):
        going_on = iter(iterate(few.repeat(), start=start))
        assert rows([next(going_on)]) == whole[4 * start : 4 * start + 4]


def test_the_shares_of_a_short_epoch_make_it_up(corpus):
    whole = next_step(corpus, CODEC, 20, 4, seed=3, epoch_batches=3)
    shares = [share(whole, i, 2) for i in range(2)]
    for number in range(2):
        parts = [row for part in shares for row in rows(epoch(part, number))]
        assert sorted(parts) == sorted(rows(epoch(whole, number)))


@pytest.mark.parametrize("most", [1, 3, 4, 6, 99])
def test_validation_on_a_few_batches_takes_them_from_all_recordings(corpus, most):
    whole = next_step(corpus, CODEC, 50, 7)
    few = next_step(corpus, CODEC, 50, 7, epoch_batches=most)
    assert len(few) <= most
    places = [rows(whole).index(row) // 7 for row in rows(few)[::7]]
    gaps = np.diff([*places, len(whole)])
    assert places[0] == 0
    assert (gaps[:-1] == gaps[0]).all()
    assert gaps[-1] <= gaps[0]
    assert rows(few) == rows(epoch(few, 1))


def test_an_epoch_of_no_batches_is_refused(corpus):
    with pytest.raises(ValueError, match=r"`epoch_batches` must be at least 1\. Received: 0"):
        next_step(corpus, CODEC, 20, 4, seed=3, epoch_batches=0)


def test_a_sound_begins_after_silence_and_ends_in_it(corpus):
    x, y = one_shots(corpus, CODEC, 1_000, 3)[0]
    assert x.dtype == y.dtype == np.uint8
    assert x.shape == y.shape == (3, 1_000)
    np.testing.assert_array_equal(x[:, 0], CODEC.silence)
    np.testing.assert_array_equal(x[:, 1:], y[:, :-1])
    for row, recording in zip(y[:2], corpus.recordings, strict=False):
        count = recording.num_samples
        np.testing.assert_array_equal(row[:count], CODEC.encode(recording.read(0, count)))
        np.testing.assert_array_equal(row[count:], CODEC.silence)


def test_a_sound_that_is_cut_fades_out_and_one_that_fits_does_not(corpus):
    _, y = one_shots(corpus, CODEC, 930, 3)[0]
    first, _, cut = corpus.recordings
    np.testing.assert_array_equal(y[0], CODEC.encode(first.read(0, 930)))
    fade = round(FADE_SECONDS * RATE)
    samples = cut.read(0, 930)
    np.testing.assert_array_equal(y[2, :-fade], CODEC.encode(samples[:-fade]))
    assert y[2, -1] == CODEC.silence
    faded = samples[-fade:] * np.linspace(1, 0, fade, dtype="float32")
    np.testing.assert_array_equal(y[2, -fade:], CODEC.encode(faded))
    # Sounds shorter than a fade are all fade.
    _, y = one_shots(corpus, CODEC, 10, 3)[0]
    np.testing.assert_array_equal(y[:, -1], CODEC.silence)


def test_with_noise_what_is_heard_is_off_otherwise_each_time_and_what_follows_is_not(corpus):
    clean, noisy = (one_shots(corpus, CODEC, 500, 3, seed=1, noise=n).repeat() for n in (0, 20))
    strengths = []
    for i in range(8):
        (x, y), (heard, target) = clean[i], noisy[i]
        np.testing.assert_array_equal(target, y)
        assert heard.dtype == x.dtype
        np.testing.assert_array_equal(heard[:, 0], CODEC.silence)
        strengths += list((heard.astype(int) - x)[:, 1:].std(axis=1))
    assert min(strengths) < 6
    assert 14 < max(strengths) < 21
    x, y = one_shots(corpus, CODEC, 500, 3, noise=20)[0]
    np.testing.assert_array_equal(x[:, 1:], y[:, :-1])  # without a seed there is no noise


def test_reading_a_sound_does_not_change_the_recording(corpus):
    before = [r.read(0, r.num_samples).copy() for r in corpus.recordings]
    list(one_shots(corpus, CODEC, 100, 3))
    for recording, samples in zip(corpus.recordings, before, strict=True):
        np.testing.assert_array_equal(recording.read(0, recording.num_samples), samples)


def test_sounds_carry_what_is_known_of_them(corpus):
    tags = Tags.of(corpus, min_files=1)
    x, _ = one_shots(corpus, CODEC, 100, 3, condition=tags)[0]
    assert set(x) == {"steps", "global"}
    wanted = [tags(recording)["global"] for recording in corpus.recordings]
    np.testing.assert_array_equal(x["global"], wanted)


def test_sounds_are_shuffled_otherwise_each_epoch_and_alike_for_a_seed(corpus):
    data, again = (one_shots(corpus, CODEC, 100, 1, seed=5) for _ in range(2))
    epochs = [rows(epoch(data, number)) for number in range(8)]
    assert epochs == [rows(epoch(again, number)) for number in range(8)]
    assert len({tuple(e) for e in epochs}) > 2
    assert all(sorted(e) == sorted(epochs[0]) for e in epochs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [({"codec": MuLaw(8_000)}, "8000 Hz and 1000 Hz"), ({"steps": 0}, "`steps` must be at least")],
)
def test_impossible_sounds_are_refused(corpus, arguments, message):
    with pytest.raises(ValueError, match=message):
        one_shots(**{"corpus": corpus, "codec": CODEC, "steps": 4, "batch_size": 5, **arguments})
