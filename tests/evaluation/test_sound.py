"""Signals whose level, spectrum and faults are known beforehand."""

import numpy as np
import pytest
from scipy import signal

from kaudio.evaluation import UNITS, describe
from kaudio.evaluation.sound import (
    clipped_share,
    crest_db,
    dc,
    join_click_db,
    level_db,
    peak_db,
    silent_share,
    spectral_centroid,
    spectral_flatness,
)

RATE = 16_000
HOP = 1_000


def sine(frequency=440.0, seconds=2.0, amplitude=1.0):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)


def noise(seconds=2.0, scale=0.1, seed=0):
    return scale * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def music(seconds=6.0):
    """Decaying notes of ten partials, with a little noise; no onset falls on a join."""
    time = np.arange(int(0.41 * RATE)) / RATE
    rng = np.random.default_rng(1)
    notes = []
    for pitch in 220 * 2 ** (rng.integers(0, 24, 20) / 12):
        partials = [np.sin(2 * np.pi * k * pitch * time) / k**2 for k in range(1, 11)]
        notes.append(0.3 * np.sum(partials, axis=0) * np.exp(-6 * time))
    samples = np.concatenate(notes)[: int(seconds * RATE)]
    return samples + 1e-4 * rng.standard_normal(len(samples))


def with_steps(samples, size, every=1):
    """Moves each `every`-th frame up by a constant, as a model of frames may."""
    frames = np.arange(len(samples)) // HOP
    return samples + size * (frames % (2 * every) == 0)


def test_a_sine_at_full_scale_has_the_level_of_the_formula():
    assert level_db(sine()) == pytest.approx(20 * np.log10(1 / np.sqrt(2)), abs=1e-3)
    assert peak_db(sine()) == pytest.approx(0, abs=1e-3)
    assert crest_db(sine()) == pytest.approx(20 * np.log10(np.sqrt(2)), abs=1e-3)


def test_a_square_wave_has_its_peak_as_its_level():
    square = 0.5 * signal.square(2 * np.pi * 100 * np.arange(RATE) / RATE)
    assert level_db(square) == pytest.approx(20 * np.log10(0.5))
    assert crest_db(square) == pytest.approx(0)


def test_half_the_amplitude_is_six_decibels_less():
    difference = level_db(noise()) - level_db(noise() / 2)
    assert difference == pytest.approx(20 * np.log10(2))


def test_level_of_single_precision_is_level_of_double_precision():
    loud = (noise(20.0) + 0.5).astype("float32")
    assert level_db(loud) == pytest.approx(level_db(loud.astype(float)), abs=1e-6)


def test_dc_is_the_offset():
    assert dc(sine() + 0.25) == pytest.approx(0.25)
    assert dc(sine()) == pytest.approx(0, abs=1e-12)


def test_clipped_share_counts_the_samples_beyond_full_scale():
    loud = sine(frequency=10.0, amplitude=2.0)
    # |sin| exceeds one half for two thirds of a period.
    assert clipped_share(np.clip(loud, -1, 1)) == pytest.approx(2 / 3, abs=1e-3)
    assert clipped_share(sine(amplitude=0.9)) == 0


def test_a_clipped_16_bit_file_counts_as_clipped():
    assert clipped_share(np.array([32767, -32768, 32766, 0]) / 32768) == 0.5


def test_silent_share_is_the_part_below_minus_sixty_decibels():
    quiet = sine(seconds=1.0, amplitude=1e-3)
    assert silent_share(np.concatenate([quiet, sine(seconds=3.0)]), RATE) == pytest.approx(0.25)


def test_a_constant_is_silent_because_it_is_not_heard():
    assert silent_share(np.full(RATE, 0.5), RATE) == 1


@pytest.mark.parametrize("frequency", [100.0, 440.0, 5_000.0])
def test_the_centroid_of_a_sine_is_its_frequency(frequency):
    assert spectral_centroid(sine(frequency), RATE) == pytest.approx(frequency, rel=1e-3)


def test_the_centroid_of_two_equal_sines_lies_between_them():
    both = 0.1 * (sine(1_000.0) + sine(3_000.0))
    assert spectral_centroid(both, RATE) == pytest.approx(2_000, rel=1e-3)


def test_the_centroid_of_white_noise_is_a_quarter_of_the_sample_rate():
    assert spectral_centroid(noise(), RATE) == pytest.approx(RATE / 4, rel=0.02)


def test_the_centroid_hears_neither_silence_nor_dc_nor_loudness():
    quiet_low = sine(500.0, seconds=1.0, amplitude=0.01)
    loud_high = sine(1_500.0, seconds=1.0)
    clip = np.concatenate([np.zeros(RATE), quiet_low, loud_high]) + 0.2
    assert spectral_centroid(clip, RATE) == pytest.approx(1_000, rel=1e-2)


def test_the_flatness_of_white_noise_is_that_of_an_exponential_distribution():
    assert spectral_flatness(noise(), RATE) == pytest.approx(np.exp(-np.euler_gamma), abs=0.01)


def test_the_flatness_of_a_sine_is_nought_and_of_a_click_one():
    click = np.zeros(800)
    click[400] = 0.5
    assert spectral_flatness(sine(), RATE) < 1e-4
    assert spectral_flatness(click, RATE) == pytest.approx(1, abs=1e-3)


def test_the_flatness_of_a_file_is_that_of_the_signal():
    samples = signal.lfilter(*signal.butter(4, 0.2), noise())
    rounded = np.round(samples * 32768) / 32768
    expected = spectral_flatness(samples, RATE)
    assert spectral_flatness(rounded, RATE) == pytest.approx(expected, rel=0.2)


@pytest.mark.parametrize("make", [noise, music, sine])
def test_continuous_sound_has_no_clicks_at_joins(make):
    samples = make(seconds=6.0)
    chance = 3 / np.sqrt(len(samples) / HOP)
    assert abs(join_click_db(samples, HOP)) < 3 * chance


@pytest.mark.parametrize(("size", "least"), [(0.01, 5), (0.05, 15)])
def test_steps_of_a_few_percent_at_joins_are_heard(size, least):
    assert join_click_db(with_steps(music(), size), HOP) > least


def test_clicks_are_heard_in_a_clip_longer_than_a_block_whatever_lies_before(monkeypatch):
    monkeypatch.setattr("kaudio.evaluation.sound.JOIN_BLOCK", 20 * HOP)
    stepped = with_steps(music(), 0.05)
    assert join_click_db(stepped, HOP) > 15
    assert join_click_db(np.concatenate([np.zeros(42 * HOP), stepped]), HOP) > 15
    assert abs(join_click_db(music(), HOP)) < 1


def test_clicks_at_a_third_of_the_joins_are_heard():
    assert join_click_db(with_steps(music(), 0.05, every=3), HOP) > 5


def test_steps_elsewhere_are_not_clicks_at_joins():
    stepped = np.roll(with_steps(music(), 0.05), HOP // 2)
    assert join_click_db(stepped, HOP) < 1


def test_a_few_loud_attacks_at_joins_do_not_rule():
    samples = music()
    for start in range(10 * HOP, len(samples), 30 * HOP):
        samples[start : start + 200] += noise(200 / RATE, scale=0.3)
    assert join_click_db(samples, HOP) < 3


def test_joins_of_independent_frames_click():
    frames = [0.5 * np.sin(phase + 0.17 * np.arange(HOP)) for phase in range(40)]
    assert join_click_db(np.concatenate(frames), HOP) > 20


def test_silence_has_no_level_no_spectrum_and_no_clicks():
    values = describe(np.zeros(RATE), RATE, HOP)
    assert values == {
        "level_db": None,
        "peak_db": None,
        "crest_db": None,
        "dc": 0.0,
        "clipped_share": 0.0,
        "silent_share": 1.0,
        "spectral_centroid": None,
        "spectral_flatness": None,
        "join_click_db": None,
    }


@pytest.mark.parametrize("num_samples", [0, 1, 10, 100])
def test_what_is_too_short_is_not_defined_and_does_not_fail(num_samples):
    values = describe(np.full(num_samples, 0.5), RATE, hop_length=20)
    assert values["spectral_centroid"] is None
    assert values["silent_share"] is None
    assert values["join_click_db"] is None
    assert (values["level_db"] is None) == (num_samples == 0)


def test_describe_names_everything_that_has_a_unit():
    values = describe(music(), RATE, HOP)
    assert list(values) == list(UNITS)
    assert all(type(value) is float for value in values.values())


def test_describe_takes_audio_without_joins():
    assert describe(noise(), RATE)["join_click_db"] is None


def test_describe_says_what_it_expects():
    with pytest.raises(ValueError, match=r"received shape \(100, 2\)"):
        describe(np.zeros((100, 2)), RATE)
    with pytest.raises(ValueError, match="received NaN or infinity"):
        describe(np.array([0.0, np.nan]), RATE)
