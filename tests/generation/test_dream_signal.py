"""What keeps a dream music: cells of time and frequency, levels, and noise to begin with."""

import numpy as np
import pytest

from kaudio.evaluation import sound
from kaudio.generation import pink_noise
from kaudio.generation.dream_signal import Shaper, limited

RATE = 2_000


def chirp():
    """Six seconds that rise from 100 Hz to 400 Hz."""
    time = np.arange(6 * RATE) / RATE
    return (0.2 * np.sin(2 * np.pi * (100 * time + 25 * time**2))).astype("float32")


def test_work_in_blocks_changes_nothing(monkeypatch):
    clip = chirp()
    shaper = Shaper(clip, RATE)
    whole = shaper.shaped(clip[::-1], 400.0), shaper.kept(2 * clip)
    monkeypatch.setattr("kaudio.generation.dream_signal.BLOCK_FRAMES", 16)
    np.testing.assert_allclose(shaper.shaped(clip[::-1], 400.0), whole[0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(shaper.kept(2 * clip), whole[1], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(shaper.kept(clip), clip, atol=1e-6)


def test_nothing_is_put_where_the_clip_has_nothing():
    clip = chirp()
    clip[: 3 * RATE] = 0
    slope = np.random.default_rng(0).standard_normal(len(clip))
    step = Shaper(clip, RATE).shaped(slope, RATE / 2)
    assert np.abs(step[: 2 * RATE]).max() < 1e-6 * np.abs(step).max()
    spectrum = np.abs(np.fft.rfft(step))[: len(clip) // 2]
    assert np.square(spectrum[6 * 600 :]).sum() < 1e-3 * np.square(spectrum).sum()


def test_a_step_goes_up_the_slope():
    clip, rng = chirp(), np.random.default_rng(1)
    for highest in (100.0, 1_000.0):
        slope = rng.standard_normal(len(clip))
        assert slope @ Shaper(clip, RATE).shaped(slope, highest) > 0


def test_levels_are_brought_back_to_those_of_the_clip():
    clip = chirp()
    shaper = Shaper(clip, RATE)
    for gain in (0.1, 10):
        kept = shaper.kept(gain * clip)
        assert abs(sound.level_db(kept) - sound.level_db(clip)) < 2.1
    noisy = clip + 0.3 * np.random.default_rng(0).standard_normal(len(clip)).astype("float32")
    assert sound.level_db(shaper.kept(noisy) - clip) < sound.level_db(clip) + 2


def test_noise_like_a_change_is_as_loud_at_each_time():
    change = np.concatenate([0.01 * chirp(), chirp()])
    noise = Shaper(change, RATE).noise_like(change, np.random.default_rng(0))
    for part in (slice(0, 5 * RATE), slice(7 * RATE, 12 * RATE)):
        assert abs(sound.level_db(noise[part]) - sound.level_db(change[part])) < 1


def test_what_is_too_loud_is_turned_down_and_nothing_else_changes():
    clip = chirp()
    np.testing.assert_allclose(limited(10 * clip), clip / np.abs(clip).max(), rtol=1e-5)
    np.testing.assert_array_equal(limited(clip), clip)


def test_pink_noise_has_as_much_in_each_octave():
    noise = pink_noise(20, 8_000, seed=1)
    np.testing.assert_array_equal(noise, pink_noise(20, 8_000, seed=1))
    power = np.abs(np.fft.rfft(noise)) ** 2
    octaves = [power[20 * low : 40 * low].sum() for low in (100, 200, 400, 800, 1_600)]
    np.testing.assert_allclose(octaves, np.mean(octaves), rtol=0.1)
    assert abs(sound.level_db(noise) + 20) < 0.01


def test_noise_without_a_length_is_refused():
    with pytest.raises(ValueError, match="`seconds` must be above 0"):
        pink_noise(0, RATE)
