"""Calibration on logits whose true scale and bias are known."""

import numpy as np
import pytest
from scipy import special

from kaudio.evaluation.calibrate import calibration, expected_calibration_error


def drawn(clips, labels=2, seed=0):
    """Logits, and labels drawn with the probabilities that they stand for."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (clips, labels))
    noise = rng.gumbel(size=logits.shape)
    return logits, (logits + noise).argmax(axis=1)


@pytest.mark.parametrize("labels", [2, 3])
@pytest.mark.parametrize("scale", [0.2, 1.0, 5.0])
def test_a_known_scale_and_bias_are_found_and_undone(scale, labels):
    logits, truth = drawn(20_000, labels)
    shift = np.linspace(-1, 1, labels)
    sharpness, bias = calibration(scale * (logits + shift), truth)
    assert sharpness == pytest.approx(1 / scale, rel=0.05)
    assert bias == pytest.approx(-shift, abs=0.1)
    assert bias.sum() == pytest.approx(0, abs=1e-9)


def test_all_labels_count_the_same_however_rare():
    logits, truth = drawn(40_000)
    kept = (truth == 0) | (np.arange(len(truth)) % 10 == 0)
    sharpness, bias = calibration(3 * logits[kept], truth[kept])
    assert sharpness == pytest.approx(1 / 3, rel=0.07)
    assert bias == pytest.approx([0, 0], abs=0.1)


@pytest.mark.parametrize("scale", [0.1, 1.0, 1e3])
def test_separable_clips_stay_finite_and_sure(scale):
    truth = np.array([0, 1, 2] * 4)
    sharpness, bias = calibration(scale * np.eye(3)[truth], truth)
    p = special.softmax(sharpness * scale * np.eye(3)[truth] + bias, axis=1)
    assert 0 < sharpness < 1e4
    assert 0.9 < p.max(axis=1).min() <= 1


def test_logits_that_say_nothing_are_left_as_they_are():
    sharpness, bias = calibration(np.zeros((6, 2)), np.array([0, 1] * 3))
    assert sharpness == pytest.approx(1)
    assert bias == pytest.approx([0, 0], abs=1e-6)


def test_logits_that_mislead_are_made_blunt_and_never_turned_round():
    logits, truth = drawn(500)
    sharpness, _ = calibration(-3 * logits, truth)
    assert 0 < sharpness < 0.05


def test_calibration_is_the_same_each_time():
    logits, truth = drawn(100, 3)
    first, second = calibration(logits, truth), calibration(logits, truth)
    assert first[0] == second[0]
    assert (first[1] == second[1]).all()


def test_what_cannot_be_calibrated_is_refused():
    with pytest.raises(ValueError, match="labels 0 to 1 must have a clip"):
        calibration(np.zeros((2, 2)), np.array([0, 0]))
    with pytest.raises(ValueError, match="diverged"):
        calibration(np.array([[0, np.nan], [0, 0]]), np.array([0, 1]))
    with pytest.raises(ValueError, match="two labels or more"):
        calibration(np.zeros((2, 1)), np.array([0, 0]))


def test_calibration_error_is_the_gap_between_saying_and_being_right():
    sure = np.array([[0.9, 0.1]] * 10)
    assert expected_calibration_error(sure, np.array([0] * 9 + [1])) == pytest.approx(0)
    assert expected_calibration_error(sure, np.zeros(10, int)) == pytest.approx(0.1)
    assert expected_calibration_error(sure, np.ones(10, int)) == pytest.approx(0.9)
    mixed = np.array([[0.9, 0.1], [0.4, 0.6]])
    assert expected_calibration_error(mixed, np.array([0, 0])) == pytest.approx(0.35)


def test_calibration_lowers_the_calibration_error_of_clips_it_has_not_seen():
    logits, truth = drawn(4_000)
    sharpness, bias = calibration(4 * logits[:2_000], truth[:2_000])
    before = special.softmax(4 * logits[2_000:], axis=1)
    after = special.softmax(sharpness * 4 * logits[2_000:] + bias, axis=1)
    assert expected_calibration_error(before, truth[2_000:]) > 0.1
    assert expected_calibration_error(after, truth[2_000:]) < 0.04


def test_logits_are_no_probabilities():
    with pytest.raises(ValueError, match="become probabilities by softmax"):
        expected_calibration_error(np.array([[2.0, -1.0]]), np.array([0]))
