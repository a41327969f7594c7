"""Dreaming: the score rises steadily, far more than by chance, and the sound stays what it was."""

import keras
import numpy as np
import pytest

import kaudio
from kaudio.evaluation import sound
from kaudio.generation import pink_noise
from kaudio.models.composer import ComposerClassifier

RATE = 2_000
FEW = {"octaves": 3, "steps": 5, "strength": 0.2}


def tone(rng, low, seconds=1.0):
    """A swelling tone in noise: more noise alone says little."""
    time = np.arange(round(seconds * RATE)) / RATE
    frequency = rng.uniform(100, 250) if low else rng.uniform(400, 800)
    swell = 0.2 + 0.1 * np.sin(2 * np.pi * 3 * time)
    noise = 0.06 * rng.standard_normal(len(time))
    return (swell * np.sin(2 * np.pi * frequency * time) + noise).astype("float32")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(2)
    return ComposerClassifier(["low", "high"], RATE, members=1, hop_length=32, filters=8, blocks=2)


@pytest.fixture(scope="module")
def dreamed(model):
    """A low clip in which to hear a high one, the dream, and all its steps."""
    clip, heard = tone(np.random.default_rng(7), low=True), []
    return clip, kaudio.dream(model, clip, target="high", on_step=heard.append, **FEW), heard


def test_the_score_rises_steadily_and_far_more_than_by_noise_of_the_same_size(model, dreamed):
    clip, dream, heard = dreamed
    assert dream.scores.shape == (16,)
    thirds = dream.scores[1:].reshape(3, 5).mean(axis=1)
    assert dream.scores[0] < thirds[0] < thirds[1] < thirds[2]
    assert dream.rise > 5 * dream.random_rise
    assert [step.score for step in heard] == list(dream.scores[1:])
    assert [step.octave for step in heard] == [1] * 5 + [2] * 5 + [3] * 5
    np.testing.assert_array_equal(heard[-1].samples, dream.samples)
    logits = np.asarray(model.logits(np.stack([clip, dream.samples])))
    np.testing.assert_allclose(logits[:, 1] - logits[:, 0], dream.scores[[0, -1]], atol=1e-3)


def test_strength_bounds_the_change(dreamed):
    clip, dream, _ = dreamed
    assert 0.05 < (dream.samples - clip).std() / clip.std() < 0.2


def test_the_strongest_dream_is_still_about_as_loud(model, dreamed):
    clip = dreamed[0]
    dream = kaudio.dream(model, 2 * clip, target="high", strength=1.0, octaves=2, steps=4)
    assert np.isfinite(dream.samples).all()
    assert np.abs(dream.samples).max() <= 1
    for before, after in zip(np.split(2 * clip, 2), np.split(dream.samples, 2), strict=True):
        assert abs(sound.level_db(after) - sound.level_db(before)) < 3


def test_the_same_seed_dreams_the_same(model, dreamed):
    clip, dream, _ = dreamed
    again = kaudio.dream(model, clip, target="high", **FEW)
    np.testing.assert_array_equal(again.samples, dream.samples)


@pytest.mark.parametrize("channel", [None, 3])
def test_a_layer_is_excited_from_noise_with_low_octaves_first(model, channel):
    noise, heard = pink_noise(1, RATE, seed=1), []
    options = {"layer": "block_2", "channel": channel, **FEW}
    dream = kaudio.dream(model, noise, on_step=heard.append, **options)
    activations = np.asarray(model.activations(dream.samples[None], "block_2"))
    chosen = activations if channel is None else activations[..., channel]
    np.testing.assert_allclose(np.mean(chosen**2), dream.scores[-1], rtol=1e-3)
    assert dream.rise > 3 * dream.random_rise
    changes = [np.abs(np.fft.rfft(step.samples - noise)) ** 2 for step in heard]
    shares = [power[400:].sum() / power.sum() for power in changes]  # above 400 Hz
    assert shares[4] < 0.1 * shares[-1]


def test_a_long_clip_is_heard_window_by_window(model):
    clip = np.concatenate([tone(np.random.default_rng(i), low=True) for i in range(23)])
    dream = kaudio.dream(model, clip, target="high", octaves=2, steps=4, strength=0.2)
    assert dream.rise > 5 * dream.random_rise
    change = np.square(dream.samples - clip).reshape(-1, RATE).mean(axis=1)
    assert change.min() > 0.01 * change.max()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "liszt"}, "`target` must be one of low, high. Received: target='liszt'."),
        ({}, "Pass either `target`, one of low, high, or `layer`"),
        ({"target": "low", "layer": "block_1"}, "Pass either `target`"),
        ({"layer": "block_9"}, "Layers are block_1, block_2. Received: layer='block_9'."),
        ({"layer": "block_1", "channel": 8}, "`channel` must be from 0 to 7"),
        ({"target": "low", "channel": 1}, "pass `layer`"),
        ({"target": "low", "octaves": 0}, "`octaves` must be from 1 to"),
        ({"target": "low", "steps": 0}, "`steps` must be at least 1"),
        ({"target": "low", "strength": 0.0}, "`strength` must be above 0"),
        ({"target": "low", "jitter_seconds": np.nan}, "`jitter_seconds` must be 0 or more"),
        ({"target": "low", "seed": -1}, "`seed` must be 0 or more"),
    ],
)
def test_what_cannot_be_dreamed_is_refused_with_a_sentence(model, dreamed, options, message):
    with pytest.raises(ValueError, match=r"Received") as error:
        kaudio.dream(model, dreamed[0], **options)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros(RATE), "There is nothing to dream on in silence"),
        (np.zeros(0), "must hold at least 0.1 s. Received: 0 samples"),
        (np.full(RATE, np.nan), "must be finite. Received: 2000 samples that are NaN"),
        (np.ones((2, RATE)), "must be one channel"),
    ],
)
def test_samples_that_are_no_sound_are_refused_with_a_sentence(model, samples, message):
    with pytest.raises(ValueError, match=message):
        kaudio.dream(model, samples, target="high")


def test_only_a_classifier_dreams():
    with pytest.raises(ValueError, match=r"Only a classifier can dream.*Sequential"):
        kaudio.dream(keras.Sequential(), np.ones(RATE), target="high")
