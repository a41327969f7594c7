"""Clips with one known fault, and music with none."""

import numpy as np
import pytest
from scipy import signal

from kaudio.audio import demo_folder, find, read
from kaudio.data.cache import demo_root
from kaudio.evaluation.faults import faults

RATE = 8_000


def noise(seconds, seed=0, scale=0.1):
    return scale * np.random.default_rng(seed).standard_normal(int(seconds * RATE))


def sine(seconds=6.0, frequency=440.3):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)


def melody(seconds=12.0, seed=1):
    """Notes of three partials that die away, over a little noise."""
    time = np.arange(int(0.3 * RATE)) / RATE
    rng = np.random.default_rng(seed)
    pitches = 220 * 2 ** (rng.integers(0, 24, int(seconds / 0.3) + 1) / 12)
    notes = [
        sum(np.sin(2 * np.pi * k * pitch * time) / k**2 for k in (1, 2, 3)) * np.exp(-6 * time)
        for pitch in pitches
    ]
    samples = 0.4 * np.concatenate(notes)[: int(seconds * RATE)]
    return samples + 1e-3 * rng.standard_normal(len(samples))


def bursts(seconds=0.7, seed=0):
    """Strokes of noise, as of a drum."""
    time = np.arange(int(seconds * RATE)) / RATE
    return noise(seconds, seed, 0.5) * np.exp(-20 * (time % 0.2))


def only(samples):
    (fault,) = faults(samples, RATE)
    return fault


@pytest.mark.parametrize("samples", [np.zeros(100), np.zeros(20 * RATE), noise(5.0, scale=1e-3)])
def test_silence_is_said_with_its_level(samples):
    assert only(samples).startswith("as good as silent: its level is ")
    assert only(noise(5.0, scale=1e-3)).endswith("-60 dBFS")


def test_a_clip_that_dies_away_says_when():
    clip = np.concatenate([melody(6.0), noise(4.0, scale=1e-4)])
    assert only(clip) == "silent from 6.0 s on, for 4.0 s"


def test_silence_after_a_single_sound_is_no_fault_but_an_offset_is():
    sound = bursts(1.0)
    assert not faults(np.concatenate([sound, np.zeros(9 * RATE)]), RATE, may_end=True)
    stuck = np.concatenate([sound, np.full(9 * RATE, 0.05)])
    assert faults(stuck, RATE, may_end=True) == ["stuck at 0.05 from 1.0 s on, for 9.0 s"]


def test_a_clip_that_gets_stuck_says_where():
    clip = np.concatenate([melody(6.0), np.full(4 * RATE, -0.25)])
    assert only(clip) == "stuck at -0.25 from 6.0 s on, for 4.0 s"


@pytest.mark.parametrize(("seconds", "tail"), [(2.0, 0.9), (3.0, 2.0), (30.0, 7.0)])
def test_the_end_of_a_piece_may_be_silent(seconds, tail):
    assert not faults(np.concatenate([melody(seconds), np.zeros(int(tail * RATE))]), RATE)


def test_much_silence_is_a_fault_in_a_long_clip_too():
    assert "for 11.0 s" in only(np.concatenate([melody(60.0), np.zeros(11 * RATE)]))


@pytest.mark.parametrize("scale", [0.0, 1e-4, 0.02])
def test_a_constant_is_said_with_and_without_a_little_noise(scale):
    assert only(0.4 + noise(3.0, scale=scale)).startswith("constant output: stuck at 0.40")


def test_music_with_an_offset_is_not_constant():
    assert not faults(melody() + 0.1, RATE)


def test_clipping_is_said_with_its_share():
    loud = np.clip(6 * melody(), -1, 1)
    share = np.mean(np.abs(loud) == 1)
    assert only(loud) == f"clipped: {share:.0%} of the samples lie at full scale"
    assert not faults(np.clip(2 * melody(), -1, 1), RATE)


@pytest.mark.parametrize("period", [0.2, 0.7, 1.5, 3.1])
def test_a_loop_of_bursts_says_its_period(period):
    unit = bursts(period)
    clip = np.tile(unit, int(10 / period))
    assert only(clip).startswith("a loop: from 0.0 s to ")
    assert only(clip).endswith(f"it repeats itself every {period:.3f} s")


@pytest.mark.parametrize("period", [0.3, 0.7])
def test_a_loop_that_begins_in_the_middle_says_where(period):
    loop = np.tile(melody(period, seed=2), int(5 / period))
    clip = np.concatenate([melody(4.0), loop, melody(3.0, seed=3)])
    fault = only(clip)
    _, _, _, start, _, _, end, *_ = fault.split()
    assert float(start) == pytest.approx(4.0, abs=0.3)
    assert float(end) == pytest.approx(4.0 + len(loop) / RATE, abs=0.3)
    assert fault.endswith(f"every {period:.3f} s")


def test_a_loop_with_a_little_noise_is_a_loop():
    loop = np.tile(bursts(), 8)
    assert "every 0.700 s" in only(loop + noise(len(loop) / RATE, 1, 0.05 * loop.std()))


def test_a_loop_whose_period_is_no_whole_number_of_samples_is_a_loop():
    loop = np.tile(melody(0.7), 10)
    assert "a loop" in only(signal.resample(loop, len(loop) + 7))


def test_a_loop_over_an_offset_and_rumble_is_a_loop_and_these_alone_are_not():
    rumble = 0.2 + 0.2 * np.sin(2 * np.pi * 0.5 * np.arange(12 * RATE) / RATE)
    assert "every 0.700 s" in only(np.resize(bursts(), 12 * RATE) + 0.2 * rumble)
    assert not faults(melody() + rumble, RATE)


def test_silence_between_two_passes_is_no_loop():
    once = np.concatenate([bursts(), np.zeros(RATE)])
    assert not faults(np.concatenate([melody(3.0), once, once, melody(3.0, seed=2)]), RATE)


def test_what_is_played_twice_is_no_loop():
    theme = melody(4.0)
    assert not faults(np.concatenate([theme, theme, melody(4.0, seed=2)]), RATE)


def test_a_rhythm_played_by_hand_is_no_loop():
    assert not faults(np.concatenate([bursts(seed=i) for i in range(15)]), RATE)


@pytest.mark.parametrize("partials", [[440.3], [110, 220, 330], [220, 277.2, 329.6]])
def test_a_steady_tone_or_chord_says_its_pitch(partials):
    tone = sum(sine(frequency=frequency) / k for k, frequency in enumerate(partials, 1))
    assert only(0.5 * tone) == (
        f"a steady tone: 100% the same sound throughout, loudest at {partials[0] // 10 * 10:.0f} Hz"
    )


def test_a_melody_of_long_steady_notes_is_neither_a_tone_nor_a_loop():
    notes = [sine(2.5, frequency) for frequency in (220.0, 330.0, 280.0, 440.0, 220.0)]
    assert not faults(np.concatenate(notes), RATE)


@pytest.mark.parametrize("draw", ["standard_normal", "random"])
def test_white_noise_is_said_with_its_flatness(draw):
    values = getattr(np.random.default_rng(0), draw)(25 * RATE)
    samples = 0.2 * (values - values.mean())
    assert only(samples).startswith("white noise: its spectral flatness is 0.5")


def test_coloured_noise_that_speaks_is_no_fault():
    syllables = 0.5 + 0.5 * np.sin(2 * np.pi * 4 * np.arange(10 * RATE) / RATE)
    assert not faults(signal.lfilter([1], [1, -0.9], noise(10.0)) * syllables, RATE)


def test_music_has_no_faults(music):
    for path in find(music)[0]:
        assert not faults(read(path), RATE)
    assert not faults(melody(), RATE)


def test_demo_music_has_no_faults():
    for path in sorted(demo_folder(demo_root()).glob("music/*/*.wav")):
        assert not faults(read(path, RATE, seconds=10.0), RATE), path


def test_faults_add_up():
    loud = np.clip(4 * np.tile(bursts(0.5), 12), -1, 1)
    silent, clipped, loop = faults(np.concatenate([loud, np.zeros(4 * RATE)]), RATE)
    assert silent.startswith("silent from 6.0 s on")
    assert clipped.startswith("clipped: 8%")
    assert loop.endswith("every 0.500 s")


@pytest.mark.parametrize("num_samples", [10, 1_000, RATE])
def test_what_is_short_does_not_fail(num_samples):
    assert not faults(melody()[100 : 100 + num_samples], RATE)


def test_no_samples_and_no_numbers_are_faults():
    assert only(np.zeros(0)) == "empty: there are no samples"
    broken = melody()
    broken[5 * RATE :] = np.nan
    assert only(broken) == "not a number from 5.0 s on: the model has diverged"


def test_more_than_one_channel_is_an_error():
    with pytest.raises(ValueError, match=r"received shape \(100, 2\)"):
        faults(np.zeros((100, 2)), RATE)
