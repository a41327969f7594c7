"""Clips whose repetitions are planted, and clips that only sound as if they had some."""

import numpy as np
import pytest
from scipy import signal

from kaudio.evaluation.faults import faults
from kaudio.evaluation.loops import loops

RATE = 8_000
NOTHING = (0.0, None, None, 0.0, None, None)


def melody(seconds, seed=1):
    """Notes of three partials that die away, of uneven lengths, over a little noise."""
    rng = np.random.default_rng(seed)
    notes = []
    while sum(map(len, notes)) < seconds * RATE:
        time = np.arange(int(rng.uniform(0.1, 0.5) * RATE)) / RATE
        pitch = 220 * 2 ** (rng.integers(0, 24) / 12)
        partials = [np.sin(2 * np.pi * k * pitch * time) / k**2 for k in (1, 2, 3)]
        notes.append(rng.uniform(0.2, 0.5) * sum(partials) * np.exp(-4 * time))
    samples = np.concatenate(notes)[: int(seconds * RATE)]
    return samples + 1e-3 * rng.standard_normal(len(samples))


def noise(seconds, scale=0.1, seed=0):
    return scale * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def fields(found):
    return tuple(vars(found).values())


def test_a_loop_of_4_s_in_10_s_is_found_with_its_length_its_place_and_its_period():
    found = loops(np.resize(melody(4.0), 10 * RATE), RATE)
    assert fields(found) == pytest.approx((6.0, 4.0, 4.0, 6.0, 4.0, 4.0), abs=2 / RATE)


@pytest.mark.parametrize("period", [0.31234, 0.7, 1.37])
def test_a_loop_in_the_middle_is_found_to_the_sample(period):
    once = melody(period, seed=2)
    loop = np.resize(once, int(4.5 * RATE))
    clip = np.concatenate([melody(3.1), loop, melody(3.0, seed=3)])
    found = loops(clip, RATE)
    assert found.exact_period == len(once) / RATE
    assert found.exact_at == pytest.approx(3.1 + len(once) / RATE, abs=2e-3)
    assert found.exact_seconds == pytest.approx(4.5 - len(once) / RATE, abs=4e-3)
    assert fields(found)[:3] == fields(found)[3:]


def test_a_passage_that_comes_back_after_other_music_is_found():
    passage = melody(3.0)
    found = loops(np.concatenate([passage, melody(8.123, seed=2), passage]), RATE)
    expected = (3.0, 11.123, 11.123)
    assert fields(found)[:3] == pytest.approx(expected, abs=2e-3)


def test_rounding_to_16_bits_and_a_quiet_dither_leave_a_repetition_exact():
    clip = np.resize(melody(2.0), 8 * RATE)
    dithered = np.round(clip * 32_767 + noise(8.0, 0.3)) / 32_767
    assert loops(dithered, RATE).exact_seconds == pytest.approx(6.0, abs=2e-3)


def test_a_repetition_with_noise_is_near_and_not_exact():
    clip = np.resize(melody(4.0), 10 * RATE)
    found = loops(clip + noise(10.0, 0.1 * clip.std()), RATE)
    assert found.exact_seconds == 0
    assert found.exact_at is None
    assert found.near_seconds == pytest.approx(6.0, abs=0.5)
    assert found.near_at == pytest.approx(4.0, abs=0.5)
    assert found.near_period == pytest.approx(4.0, abs=2 / RATE)


def test_a_repetition_at_another_level_is_near():
    passage = melody(3.0)
    found = loops(np.concatenate([passage, melody(3.0, seed=2), 0.5 * passage]), RATE)
    assert found.exact_seconds == 0
    assert found.near_seconds == pytest.approx(3.0, abs=0.5)
    assert found.near_period == pytest.approx(6.0, abs=2 / RATE)


def test_noise_that_comes_again_is_a_loop():
    assert loops(np.resize(noise(0.7), 6 * RATE), RATE).exact_seconds == pytest.approx(5.3)


@pytest.mark.parametrize("partials", [[400.0], [110, 220, 330], [220, 277.2, 329.6]])
@pytest.mark.parametrize("hiss", [0.0, 1e-3])
def test_a_held_tone_or_chord_is_no_loop_though_its_samples_repeat(partials, hiss):
    time = np.arange(10 * RATE) / RATE
    drone = sum(0.2 * np.sin(2 * np.pi * partial * time) for partial in partials)
    assert fields(loops(drone + noise(10.0, hiss), RATE)) == NOTHING


def test_silence_and_noise_and_other_music_repeat_nothing():
    for samples in (np.zeros(10 * RATE), np.full(10 * RATE, 0.3), noise(10.0), melody(20.0)):
        assert fields(loops(samples, RATE)) == NOTHING


def test_silence_adds_nothing_to_the_length_of_a_repetition():
    once = np.concatenate([melody(3.0), np.zeros(4 * RATE)])
    assert loops(np.tile(once, 2), RATE).exact_seconds == pytest.approx(3.0, abs=2e-3)


@pytest.mark.parametrize("num_samples", [0, 1, 100, RATE, 2 * RATE])
def test_what_is_short_repeats_nothing(num_samples):
    assert fields(loops(melody(3.0)[:num_samples], RATE)) == NOTHING


@pytest.mark.parametrize("rate", [4_410, 22_050])
def test_other_sample_rates_have_the_same_loops(rate):
    clip = signal.resample_poly(melody(3.0), rate // 10, RATE // 10)
    found = loops(np.tile(clip, 3), rate)
    assert found.exact_seconds == pytest.approx(6.0, abs=2e-3)


def test_more_channels_and_no_numbers_are_refused():
    with pytest.raises(ValueError, match=r"received shape \(100, 2\)\. Pass the mean"):
        loops(np.zeros((100, 2)), RATE)
    with pytest.raises(ValueError, match="with NaN or infinity"):
        loops(np.full(100, np.nan), RATE)


@pytest.mark.parametrize("scale", [0.0, 0.005])
def test_a_long_loop_is_a_fault_when_it_begins_a_third_time(scale):
    clip = np.resize(melody(4.0), 10 * RATE) + noise(10.0, scale)
    (fault,) = faults(clip, RATE)
    assert fault.endswith("it repeats itself every 4.000 s")
    assert not faults(clip[: 8 * RATE], RATE)
