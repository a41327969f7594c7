"""Signals whose curves over time are known."""

import numpy as np
import pytest
from scipy import signal

from kaudio.evaluation import describe
from kaudio.evaluation.clarity import tonal_clarity
from kaudio.evaluation.over_time import TRACK_UNITS, over_time

RATE = 8_000


def tone(seconds, pitch=196.3):
    time = np.arange(int(seconds * RATE)) / RATE
    return 0.1 * sum(np.sin(2 * np.pi * k * pitch * time) / k for k in range(1, 9))


def noise(seconds, scale=0.1, seed=0):
    return scale * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def strokes(times, seconds):
    """A short burst of noise at each of the times, in seconds."""
    samples = np.zeros(int(seconds * RATE))
    burst = noise(0.03, 0.3) * np.exp(-np.arange(int(0.03 * RATE)) / (0.01 * RATE))
    for time in times:
        part = samples[int(time * RATE) :][: len(burst)]
        part += burst[: len(part)]
    return samples


def test_a_curve_has_the_value_that_describe_gives_for_each_window():
    samples = np.concatenate([tone(3.0), noise(3.0)])
    track = over_time(samples, RATE)
    assert list(track.values) == list(TRACK_UNITS)
    assert list(track.times) == [1.0, 2.0, 3.0, 4.0, 5.0]
    for k, start in enumerate(range(0, 5 * RATE, RATE)):
        told = describe(samples[start : start + 2 * RATE].astype("float32"), RATE)
        for name in set(told) & set(track.values):
            assert track.values[name][k] == pytest.approx(told[name], rel=1e-5), name


@pytest.mark.parametrize("size", [777, RATE, 13 * RATE])
def test_blocks_give_what_the_whole_gives(size):
    samples = np.concatenate([strokes(np.arange(0, 12, 0.25), 12.0), tone(13.3), noise(4.0)])
    whole = over_time(samples, RATE)
    blocks = (samples[k : k + size] for k in range(0, len(samples), size))
    track = over_time(blocks, RATE)
    assert len(track.times) == 28
    for name, values in whole.values.items():
        np.testing.assert_allclose(track.values[name], values, rtol=1e-5, atol=1e-7)


def test_silence_has_the_lowest_level_and_no_spectrum():
    values = over_time(np.zeros(5 * RATE), RATE).values
    assert set(values["level_db"]) == {-120.0}
    assert set(values["silent_share"]) == {1.0}
    assert set(values["onset_rate"]) == {0.0}
    for name in ("spectral_centroid", "spectral_flatness", "tonal_clarity"):
        assert np.isnan(values[name]).all()


def test_what_is_shorter_than_a_window_makes_one_of_its_own_length():
    track = over_time(tone(0.8), RATE)
    assert list(track.times) == pytest.approx([0.4])
    assert track.window_seconds == pytest.approx(0.8)
    assert over_time(tone(0.8)[:10], RATE).values["level_db"].shape == (1,)
    assert all(len(values) == 0 for values in over_time(np.zeros(0), RATE).values.values())
    assert all(len(values) == 0 for values in over_time([], RATE).values.values())


def test_what_is_no_sound_is_refused_with_its_place():
    samples = tone(15.0)
    samples[12 * RATE] = np.nan
    with pytest.raises(ValueError, match=r"NaN or infinity at 12\.00 s"):
        over_time(samples, RATE)
    with pytest.raises(ValueError, match=r"received shape \(8, 2\)"):
        over_time(np.zeros((8, 2)), RATE)
    with pytest.raises(ValueError, match=r"windows of 1 s and hops of 2 s"):
        over_time(samples, RATE, 1, 2)


@pytest.mark.parametrize("pitch", [55.0, 196.3, 440.0, 1_975.5, 3_100.0])
def test_a_harmonic_tone_is_clear(pitch):
    time = np.arange(RATE) / RATE
    assert tonal_clarity(0.3 * np.sin(2 * np.pi * pitch * time), RATE) > 0.99
    chord = sum(tone(1.0, pitch) for pitch in (261.6, 329.6, 392.0))
    assert tonal_clarity(chord, RATE) > 0.9


def test_noise_is_not_clear_whatever_its_colour():
    assert tonal_clarity(noise(5.0), RATE) < 0.15
    assert tonal_clarity(signal.lfilter([1], [1, -0.97], noise(5.0)), RATE) < 0.4


def test_as_much_noise_as_tone_is_half_clear():
    mixed = tone(5.0) + noise(5.0, tone(5.0).std())
    assert tonal_clarity(mixed, RATE) == pytest.approx(0.5, abs=0.05)
    assert tonal_clarity(1e-3 * mixed + 0.2, RATE) is None
    assert tonal_clarity(tone(0.05), RATE) is None


@pytest.mark.parametrize("rate", [2, 4, 8])
@pytest.mark.parametrize("hiss", [0.0, 1e-3])
def test_onsets_are_counted_and_noise_has_few(rate, hiss):
    samples = strokes(np.arange(0, 10, 1 / rate) + 0.02, 10.0) + noise(10.0, hiss)
    assert list(over_time(samples, RATE).values["onset_rate"]) == [rate] * 9
    assert over_time(noise(20.0), RATE).values["onset_rate"].mean() < 1
    assert over_time(tone(20.0), RATE).values["onset_rate"][1:].max() == 0


def test_onsets_of_notes_are_counted_without_silence_between_them():
    pitches = 220 * 2 ** (np.random.default_rng(0).integers(0, 24, 40) / 12)
    fall = np.exp(-4 * np.arange(RATE // 4) / RATE)
    samples = np.concatenate([tone(0.25, pitch) * fall for pitch in pitches])
    assert over_time(samples, RATE).values["onset_rate"].mean() == pytest.approx(4, abs=0.3)


@pytest.mark.parametrize("tempo", [50, 97.3, 120, 222])
def test_a_metronome_is_steady(tempo):
    assert over_time(strokes(np.arange(0, 40, 60 / tempo), 40.0), RATE).tempo_stability == 1


def test_two_tempos_share_the_clip_and_one_that_speeds_up_is_not_steady():
    both = [*np.arange(0, 32, 0.5), *np.arange(32, 48, 0.37)]
    assert over_time(strokes(both, 48.0), RATE).tempo_stability == pytest.approx(2 / 3, abs=0.1)
    faster = np.cumsum(np.geomspace(1.0, 0.3, 100))
    assert over_time(strokes(faster, faster[-1]), RATE).tempo_stability < 0.6


def test_what_has_no_beat_has_no_stability():
    rng = np.random.default_rng(0)
    random = strokes(np.cumsum(rng.exponential(0.5, 80)), 40.0)
    for samples in (noise(40.0), tone(40.0), np.zeros(40 * RATE), tone(2.0), np.zeros(0), random):
        stability = over_time(samples, RATE).tempo_stability
        assert stability is None or (samples is random and stability < 0.7)
