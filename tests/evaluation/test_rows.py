"""Rows of features of sounds that are known, and the order of their distances."""

import numpy as np
import pytest
import small_models

from kaudio.evaluation.frechet import distances, no_music
from kaudio.evaluation.rows import embedding_rows, log_mel_rows

RATE = 2_000


@pytest.fixture(scope="module")
def model():
    return small_models.classifier()


def tones(seconds, seed):
    """Notes of a scale, four a second."""
    rng = np.random.default_rng(seed)
    time = np.arange(RATE // 4) / RATE
    notes = 200 * 2 ** (rng.choice([0, 2, 4, 5, 7, 9, 11, 12], 4 * seconds) / 12)
    played = [np.sin(2 * np.pi * p * time) * np.exp(-6 * time) for p in notes]
    return (0.3 * np.concatenate(played)).astype("float32")


def test_a_sine_has_its_level_in_the_band_of_its_frequency():
    rate = 16_000
    sine = 0.1 * np.sin(2 * np.pi * 1_000 * np.arange(3 * rate) / rate)
    rows = log_mel_rows(sine, rate)
    assert rows.shape == (3, 64)
    # 1000 of 2840 mel: 33 steps of 86 mel.
    assert rows[0, :32].argmax() == 11
    assert -32 < rows[0, 11] < -20
    assert rows[:, 32:].max() < 1
    assert log_mel_rows(0.1 * sine, rate)[0, 11] == pytest.approx(rows[0, 11] - 20, abs=0.01)


def test_silence_is_the_rounding_noise_of_16_bits():
    rows = log_mel_rows(np.zeros(3 * RATE), RATE)
    assert rows[:, :32] == pytest.approx(10 * np.log10(2.0**-30 / 12))
    assert not rows[:, 32:].any()


def test_rows_are_those_of_the_whole_however_it_is_streamed(model):
    samples = tones(7, 0)[: round(6.5 * RATE)]
    pieces = np.split(samples, [100, 100, 5_000])
    assert log_mel_rows(pieces, RATE) == pytest.approx(log_mel_rows(samples, RATE))
    assert len(log_mel_rows(samples, RATE)) == 7
    assert embedding_rows(model, pieces) == pytest.approx(embedding_rows(model, samples), abs=1e-5)


def test_an_embedding_is_the_mean_of_the_last_block(model):
    samples = tones(40, 0)
    rows = embedding_rows(model, samples)
    assert rows.shape == (20, 2 * 8)
    chunk = np.tile(samples[4 * RATE : 6 * RATE], (16, 1))  # as many as are compiled already
    heard = np.asarray(model.activations(chunk, "block_1"))
    assert rows[2] == pytest.approx(heard[0].mean(axis=0), abs=1e-4)


@pytest.mark.parametrize("kind", ["log-mel", "embedding"])
def test_music_of_the_same_kind_is_near_the_floor_and_noise_and_silence_are_far(model, kind):
    rows = {
        "log-mel": lambda x: log_mel_rows(x, RATE),
        "embedding": lambda x: embedding_rows(model, x),
    }
    rows_of = rows[kind]
    real = [rows_of(tones(40, seed)) for seed in range(4)]
    ceilings = {name: rows_of(x) for name, x in no_music(40 * RATE).items()}
    like = distances(rows_of(tones(40, 9)), real, ceilings)
    assert like.value < 4 * like.floor
    assert 5 * like.value < min(like.ceilings.values())


@pytest.mark.parametrize("rows", ["log-mel", "embedding"])
def test_what_makes_no_row_is_refused(model, rows):
    rows_of = (
        (lambda x: log_mel_rows(x, RATE))
        if rows == "log-mel"
        else (lambda x: embedding_rows(model, x))
    )
    with pytest.raises(ValueError, match=r"or longer. Received: 0\.250 s"):
        rows_of(np.zeros(RATE // 4))
    with pytest.raises(ValueError, match="1 of them not finite"):
        rows_of(np.append(tones(3, 0), np.inf))
    with pytest.raises(ValueError, match=r"shape \(2, 9000\)"):
        rows_of(np.zeros((2, 9_000)))
