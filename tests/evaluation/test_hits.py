"""Hits whose times are known, because formulas made them."""

import io

import numpy as np
import pytest
from matplotlib import image

from kaudio.evaluation.hit_pictures import hits_png
from kaudio.evaluation.hits import HIT_UNITS, compare_hits, describe_hit

RATE = 16_000


def hit(slope=-120.0, attack=0.001, frequency=440.0, seconds=1.0, floor=0.0, rate=RATE):
    """A tone that rises in a straight line, then dies away by `slope` dB a second."""
    time = np.arange(round(seconds * rate)) / rate
    shape = np.minimum(time / attack, 1) * 10 ** (slope * np.maximum(time - attack, 0) / 20)
    noise = np.random.default_rng(0).standard_normal(len(time))
    carrier = noise if frequency is None else np.sin(2 * np.pi * frequency * time)
    return 0.5 * shape * carrier + floor * noise


@pytest.mark.parametrize("slope", [-60, -120, -400])
@pytest.mark.parametrize("frequency", [60, 440, 3_000])
def test_decay_of_a_tone_has_the_times_and_the_slope_of_the_formula(slope, frequency):
    found = describe_hit(hit(slope, frequency=frequency, seconds=1.5), RATE)
    assert found["decay_slope"] == pytest.approx(slope, rel=0.05)
    assert found["decay_20_ms"] == pytest.approx(20 / -slope * 1000, rel=0.03, abs=8)
    assert found["decay_60_ms"] == pytest.approx(60 / -slope * 1000, rel=0.05, abs=12)


def test_decay_of_noise_is_found_within_a_tenth():
    found = describe_hit(hit(-120, frequency=None), RATE)
    assert found["decay_slope"] == pytest.approx(-120, rel=0.1)
    assert found["decay_60_ms"] == pytest.approx(500, rel=0.1)


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_times_do_not_depend_on_the_sample_rate(rate):
    found, expected = describe_hit(hit(rate=rate), rate), describe_hit(hit(), RATE)
    for name in ("attack_ms", "decay_20_ms", "decay_60_ms", "decay_slope"):
        assert found[name] == pytest.approx(expected[name], rel=0.02, abs=0.5)


@pytest.mark.parametrize("attack", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("frequency", [100, 440, 3_000])
def test_attack_of_a_ramp_takes_the_time_of_the_formula(attack, frequency):
    found = describe_hit(hit(-60, attack, frequency), RATE)["attack_ms"]
    assert found == pytest.approx(1000 * attack * (np.sqrt(0.9) - np.sqrt(0.1)), rel=0.1, abs=1)


def test_attack_of_a_step_is_as_short_as_can_be_told_with_silence_before_it_or_not():
    step = np.sin(2 * np.pi * 2_000 * np.arange(RATE) / RATE + 1) * np.exp(-np.arange(RATE) / 800)
    assert describe_hit(step, RATE)["attack_ms"] < 1.5
    assert describe_hit(np.pad(step, (3_000, 0)), RATE)["attack_ms"] < 1.5


@pytest.mark.parametrize("slope", [0, -10, 15])
@pytest.mark.parametrize("frequency", [60, 440, None])
def test_a_sound_that_does_not_die_away_has_a_slope_and_no_decay_times(slope, frequency):
    endless = np.pad(hit(slope, frequency=frequency), (2_000, 0))
    found = describe_hit(endless, RATE)
    assert found["decay_20_ms"] is None
    assert found["decay_60_ms"] is None
    assert found["decay_slope"] == pytest.approx(slope, abs=1)


@pytest.mark.parametrize("floor_db", [-80, -50, -30])
def test_noise_after_the_end_is_found_and_hides_the_end_of_the_decay(floor_db):
    found = describe_hit(hit(floor=10 ** (floor_db / 20)), RATE)
    assert found["noise_floor_db"] == pytest.approx(floor_db, abs=0.5)
    assert (found["decay_60_ms"] is None) == (floor_db > -60)


def test_an_offset_is_no_noise_and_nothing_is_quieter_than_16_bits():
    silent = np.concatenate([hit(seconds=0.5), np.zeros(RATE)])
    assert describe_hit(silent, RATE)["noise_floor_db"] == pytest.approx(-101.1, abs=0.1)
    assert describe_hit(silent + 0.1, RATE)["noise_floor_db"] == pytest.approx(-101.1, abs=0.1)


@pytest.mark.parametrize("seconds", [0.02, 0.5])
def test_spectral_centroid_of_a_tone_is_its_frequency_however_short(seconds):
    found = describe_hit(hit(frequency=2_000, seconds=seconds), RATE)["spectral_centroid"]
    assert found == pytest.approx(2_000, rel=0.15)


@pytest.mark.parametrize("num_samples", [0, 1, 10, RATE])
def test_silence_has_no_attack_and_no_decay(num_samples):
    found = describe_hit(np.zeros(num_samples, "float32"), RATE)
    assert found.keys() == HIT_UNITS.keys()
    assert all(found[name] is None for name in HIT_UNITS if name != "noise_floor_db")


@pytest.mark.parametrize("num_samples", [1, 2, 30, 300])
def test_hits_of_a_few_samples_can_be_measured(num_samples):
    found = describe_hit(hit()[5 : 5 + num_samples].astype("float32"), RATE)
    assert found["attack_ms"] >= 0


def test_generated_hits_are_compared_pair_by_pair_next_to_chance():
    real = [hit(slope) for slope in (-60, -120, -240)]
    made = [hit(slope, floor=1e-3) for slope in (-60, -125, -250)]
    rows = compare_hits(made, real, RATE)
    assert rows.keys() == HIT_UNITS.keys()
    slope = rows["decay_slope"]
    assert slope["generated"] == pytest.approx(-125, rel=0.05)
    assert slope["real"] == pytest.approx(-120, rel=0.05)
    assert slope["error"] == pytest.approx(5, abs=1)
    assert slope["chance"] == pytest.approx(120, rel=0.05)
    assert slope["compared"] == 1
    assert rows["decay_60_ms"]["compared"] == 0
    assert rows["decay_60_ms"]["error"] is None


def test_real_hits_are_like_themselves():
    real = [hit(slope) for slope in (-60, -240)]
    assert all(row["error"] in (0, None) for row in compare_hits(real, real, RATE).values())


@pytest.mark.parametrize(("made", "real"), [(0, 0), (2, 1)])
def test_hits_without_a_counterpart_are_refused(made, real):
    with pytest.raises(ValueError, match=f"received {real} real and {made} generated"):
        compare_hits([hit()] * made, [hit()] * real, RATE)


def pixels(png):
    return image.imread(io.BytesIO(png), format="png")[:, :, :3]


def colored(half):
    """Share of the pixels that are neither white, black nor grey."""
    return np.mean(half.max(axis=2) - half.min(axis=2) > 0.2)


def test_the_longer_a_hit_rings_the_more_of_its_side_is_filled():
    long, short = hit(-60), hit(-600)
    left, right = np.split(pixels(hits_png({"a": (short, long)}, RATE)), 2, axis=1)
    assert 0 < 2 * colored(left) < colored(right)
    left, right = np.split(pixels(hits_png({"a": (long, short)}, RATE)), 2, axis=1)
    assert 0 < 2 * colored(right) < colored(left)


def test_each_pair_makes_the_picture_taller():
    pair = (hit(), hit(seconds=2.0))
    one, two = (pixels(hits_png(dict.fromkeys(names, pair), RATE)) for names in ("a", "ab"))
    assert one.shape[0] < two.shape[0]
    assert one.shape[1] == two.shape[1]


@pytest.mark.parametrize("num_samples", [1, 100, 60 * RATE])
def test_hits_of_any_length_can_be_drawn(num_samples):
    assert pixels(hits_png({"a": (np.zeros(num_samples), hit())}, RATE)).shape[1] == 1_000


def test_an_empty_pair_is_refused():
    with pytest.raises(ValueError, match=r"'a': \(0, 16000\)"):
        hits_png({"a": (np.zeros(0), hit())}, RATE)
    with pytest.raises(ValueError, match="at least one pair"):
        hits_png({}, RATE)
