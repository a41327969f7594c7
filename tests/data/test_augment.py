"""Known signals, and what is made of them."""

from dataclasses import replace

import numpy as np
import pytest

from kaudio.codecs import MuLaw
from kaudio.data import Augment
from kaudio.data.augment import played, quantised, random_curve, random_noise

RATE = 8_000
LENGTH = 8_000
NOTHING = Augment(0, 0, 0, 0, 0, 0, 0)
FLAT = np.ones(3, "float32")


def sine(frequency, level=0.25):
    def read(count):
        time = np.arange(count) / RATE
        return (level * np.sin(2 * np.pi * frequency * time)).astype("float32")

    return read


def noise(count):
    return np.random.default_rng(1).uniform(-0.1, 0.1, count).astype("float32")


def frequency_of(samples):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 16 * len(samples)))
    return spectrum.argmax() * RATE / (16 * len(samples))


def decibels(ratio):
    return 20 * np.log10(ratio)


def level(samples):
    return np.sqrt(np.mean(np.square(samples)))


def test_with_all_off_a_clip_stays_as_it_is():
    clip = NOTHING(noise, LENGTH, np.random.default_rng(0))
    assert clip.dtype == np.float32
    np.testing.assert_array_equal(clip, noise(LENGTH))


@pytest.mark.parametrize("semitones", [-2, -1, 0, 0.5, 2, 12])
def test_a_tone_played_faster_is_as_many_semitones_higher_and_as_loud(semitones):
    speed = 2 ** (semitones / 12)
    clip = played(sine(500), LENGTH, speed, FLAT)
    assert frequency_of(clip) == pytest.approx(500 * speed, rel=0.001)
    assert np.abs(clip).max() == pytest.approx(0.25, rel=0.01)
    pure = clip * np.hanning(LENGTH)
    spectrum = np.abs(np.fft.rfft(pure))
    beside = np.abs(np.fft.rfftfreq(LENGTH, 1 / RATE) - 500 * speed) > 20
    assert decibels(spectrum[beside].max() / spectrum.max()) < -70


def test_what_is_played_at_the_same_speed_through_a_level_equaliser_is_the_same():
    whole = noise(LENGTH + 3_000)
    clip = played(lambda count: whole[:count], LENGTH, 1.0, FLAT)
    start = int(np.flatnonzero(np.abs(whole - clip[0]) < 1e-5)[0])
    np.testing.assert_allclose(clip, whole[start : start + LENGTH], atol=1e-4)


def test_what_would_be_above_the_highest_frequency_is_gone_and_not_folded_back():
    clip = played(sine(3_900), LENGTH, 2 ** (2 / 12), FLAT)
    assert decibels(level(clip) / level(sine(3_900)(LENGTH))) < -50


def test_a_change_of_speed_is_drawn_between_both_ends():
    augment = replace(NOTHING, semitones=2.0)
    found = [
        12 * np.log2(frequency_of(augment(sine(500), 4_000, np.random.default_rng(seed))) / 500)
        for seed in range(40)
    ]
    assert -2.01 < min(found) < -1.5
    assert 1.5 < max(found) < 2.01


def test_the_equaliser_changes_each_tone_as_its_curve_says_relative_to_the_others():
    curve = random_curve(6.0, 1.0, np.random.default_rng(3))
    tones = [200.0, 440.0, 1_000.0, 3_000.0]

    def read(count):
        return sum(sine(tone, 0.1)(count) for tone in tones)

    clip = played(read, LENGTH, 1.0, curve)
    assert level(clip) == pytest.approx(level(read(LENGTH)), rel=0.02)
    bins = [round(tone * LENGTH / RATE) for tone in tones]
    found = decibels(np.abs(np.fft.rfft(clip))[bins] / np.abs(np.fft.rfft(read(LENGTH)))[bins])
    octaves = np.log2(np.divide(tones, RATE / 2))
    wanted = decibels(np.interp(octaves, np.linspace(-8, 0, len(curve)), curve))
    np.testing.assert_allclose(found - found[0], wanted - wanted[0], atol=0.3)


def test_curves_are_smooth_and_as_uneven_as_asked_for():
    rng = np.random.default_rng(0)
    curves = decibels(np.array([random_curve(6.0, 0.0, rng) for _ in range(500)]))
    assert curves[:, ::16].std() == pytest.approx(6, rel=0.05)
    assert np.abs(np.diff(curves)).max() < 5
    np.testing.assert_array_equal(random_curve(0.0, 0.0, rng), 1)
    tilted = decibels(np.array([random_curve(0.0, 1.5, rng) for _ in range(500)]))
    assert (tilted[:, 16] - tilted[:, 0]).std() == pytest.approx(1.5, rel=0.1)
    np.testing.assert_allclose(np.diff(tilted[:, ::16], 2), 0, atol=1e-4)


def test_gain_is_within_its_bounds_and_differs_from_clip_to_clip():
    augment = replace(NOTHING, gain_db=10.0)
    gains = []
    for seed in range(50):
        ratio = augment(noise, 100, np.random.default_rng(seed)) / noise(100)
        assert np.ptp(ratio) < 1e-5 * ratio.max()
        gains.append(decibels(ratio.mean()))
    assert -10.01 < min(gains) < -8
    assert 8 < max(gains) < 10.01


def test_what_is_too_loud_is_brought_down_to_full_scale_and_keeps_its_shape():
    augment = replace(NOTHING, gain_db=20.0)
    clips = [augment(sine(50, 0.9), 800, np.random.default_rng(seed)) for seed in range(20)]
    peaks = [np.abs(clip).max() for clip in clips]
    assert max(peaks) == pytest.approx(1, abs=1e-6)
    for clip, peak in zip(clips, peaks, strict=True):
        np.testing.assert_allclose(clip / peak, sine(50, 1.0)(800), atol=1e-4)


@pytest.mark.parametrize(("share", "signs"), [(1, {-1.0}), (0.5, {-1.0, 1.0}), (0, {1.0})])
def test_a_share_of_the_clips_is_turned_upside_down(share, signs):
    augment = replace(NOTHING, polarity=share)
    clips = [augment(noise, 50, np.random.default_rng(seed)) for seed in range(20)]
    found = {float(np.sign(clip[0] * noise(50)[0])) for clip in clips}
    assert found == signs
    np.testing.assert_array_equal(np.abs(clips), np.tile(np.abs(noise(50)), (20, 1)))


@pytest.mark.parametrize("db", [-35.0, -60.0])
def test_noise_is_so_far_below_the_peak(db):
    augment = replace(NOTHING, noise=1.0, noise_db=(db, db))
    clip = augment(sine(100, 0.5), LENGTH, np.random.default_rng(0))
    added = clip - sine(100, 0.5)(LENGTH)
    assert decibels(level(added) / 0.5) == pytest.approx(db, abs=0.05)


def test_noise_is_white_to_pink():
    for slope in (0.0, 0.5, 1.0):
        samples = random_noise(1 << 16, slope, np.random.default_rng(0))
        assert samples.dtype == np.float32
        assert level(samples) == pytest.approx(1, rel=1e-4)
        power = np.abs(np.fft.rfft(samples)) ** 2
        octaves = [power[1 << i : 2 << i].mean() for i in range(7, 15)]
        assert np.diff(np.log2(octaves)).mean() == pytest.approx(-slope, abs=0.1)


def test_clips_are_quantised_to_the_levels_of_mu_law_or_of_a_few_bits():
    kinds = set()
    rng = np.random.default_rng(0)
    codec = MuLaw(RATE)
    clip = noise(2_000)
    for _ in range(60):
        found = quantised(clip, rng)
        assert found.dtype == np.float32
        if np.array_equal(found, codec.decode(codec.encode(clip))):
            kinds.add("mu-law")
            continue
        levels = np.unique(found)
        steps = np.diff(levels)
        bits = np.log2(2 * np.abs(clip).max() / steps.min())
        assert bits == pytest.approx(round(bits), abs=0.01)
        np.testing.assert_allclose(found, clip, atol=steps.min() * 0.51)
        kinds.add(round(bits))
    assert kinds == {"mu-law", 7, 8, 9, 10, 11, 12}


@pytest.mark.parametrize("length", [1, 63, 1_000, 8_191])
def test_clips_have_the_length_asked_for_and_are_the_same_for_the_same_random_numbers(length):
    for seed in range(5):
        first, again, other = (Augment()(noise, length, np.random.default_rng(s))
                               for s in (seed, seed, seed + 1))  # fmt: skip
        assert first.shape == (length,)
        assert first.dtype == np.float32
        assert np.isfinite(first).all()
        assert np.abs(first).max() <= 1
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)


def test_silence_stays_silent_and_what_is_read_is_not_changed():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        clip = Augment()(lambda count: np.zeros(count, "float32"), 500, rng)
        np.testing.assert_allclose(clip, 0, atol=1e-6)
    whole = noise(30_000)
    kept = whole.copy()
    for augment in (Augment(), NOTHING, replace(NOTHING, gain_db=3.0)):
        augment(lambda count: whole[:count], 1_000, np.random.default_rng(0))
    np.testing.assert_array_equal(whole, kept)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gain_db": -1}, "`gain_db` must be at least 0. Received: gain_db=-1"),
        ({"semitones": float("nan")}, "`semitones` must be at least 0"),
        ({"noise": 1.5}, "`noise` is a share, from 0 to 1. Received: noise=1.5"),
        ({"noise_db": (-30, -80)}, r"softest first, none above 0. Received: noise_db=\(-30, -80\)"),
    ],
)
def test_impossible_parameters_are_refused_with_a_sentence(options, message):
    with pytest.raises(ValueError, match=message):
        Augment(**options)
