"""Trivial features of known sounds, and a regression on known odds."""

import numpy as np
import pytest

from kaudio.evaluation.logistic import fit_logistic
from kaudio.evaluation.trivial import TRIVIAL_UNITS, predict_held_out, trivial_features

RATE = 8_000


def features(samples, rate=RATE):
    return dict(zip(TRIVIAL_UNITS, trivial_features(samples, rate), strict=True))


def sine(frequency, amplitude=1.0, rate=RATE):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(2 * rate) / rate + 0.1)


@pytest.mark.parametrize("frequency", [200, 1_000, 3_000])
@pytest.mark.parametrize("rate", [8_000, 22_050])
def test_a_sine_has_the_features_of_its_formula(frequency, rate):
    found = features(sine(frequency, rate=rate), rate)
    assert found["level"] == pytest.approx(-3.01, abs=0.01)
    assert found["peak"] == pytest.approx(0, abs=0.05)
    assert found["crest"] == pytest.approx(3.01, abs=0.05)
    assert found["centroid"] == pytest.approx(frequency, rel=0.02)
    assert found["rolloff"] == pytest.approx(frequency, abs=45)
    assert found["bandwidth"] < 30
    assert found["flatness"] < -40
    assert found["zero_crossings"] == pytest.approx(2 * frequency, rel=0.01)


def test_white_noise_fills_the_spectrum():
    found = features(np.random.default_rng(0).normal(0, 0.1, 5 * RATE))
    assert found["level"] == pytest.approx(-20, abs=0.2)
    assert found["centroid"] == pytest.approx(RATE / 4, rel=0.02)
    assert found["bandwidth"] == pytest.approx(RATE / 2 / np.sqrt(12), rel=0.02)
    assert found["rolloff"] == pytest.approx(0.85 * RATE / 2, rel=0.02)
    assert found["flatness"] == pytest.approx(-2.5, abs=0.3)
    assert found["zero_crossings"] == pytest.approx(RATE / 2, rel=0.02)


def test_the_spectrum_does_not_depend_on_the_level():
    noise = np.random.default_rng(0).normal(0, 0.1, RATE)
    loud, quiet = trivial_features(noise, RATE), trivial_features(noise / 10, RATE)
    assert loud[2:] == pytest.approx(quiet[2:], rel=1e-4)
    assert loud[:2] - quiet[:2] == pytest.approx([20, 20], abs=1e-3)


def test_silence_has_finite_features():
    assert np.isfinite(trivial_features(np.zeros(RATE), RATE)).all()


def test_clips_that_cannot_be_measured_are_refused():
    with pytest.raises(ValueError, match="400 or more at 8000 Hz"):
        trivial_features(np.zeros(100), RATE)
    with pytest.raises(ValueError, match="1 of them not finite"):
        trivial_features(np.append(np.zeros(RATE), np.nan), RATE)


def test_regression_recovers_the_odds_that_labels_were_drawn_with():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20_000, 2))
    p = 1 / (1 + np.exp(-(1.5 * x[:, 0] - 0.7 * x[:, 1])))
    weights, bias = fit_logistic(x, (rng.random(len(x)) < p).astype(int), l2=0)
    assert weights[:, 1] - weights[:, 0] == pytest.approx([1.5, -0.7], abs=0.06)
    assert bias == pytest.approx([0, 0], abs=0.05)


def test_regression_of_one_bit_has_the_log_odds_of_the_counts():
    x = np.repeat([[1.0], [0.0], [1.0], [0.0]], [30, 10, 5, 35], axis=0)
    weights, bias = fit_logistic(x, np.repeat([1, 0], 40), l2=0)
    odds = (weights[:, 1] - weights[:, 0])[0], (bias[1] - bias[0])
    assert odds[1] == pytest.approx(np.log(10 / 35), abs=1e-3)
    assert odds[0] == pytest.approx(np.log(30 / 5) - np.log(10 / 35), abs=1e-3)


def test_rare_labels_count_as_much_as_common_ones():
    x = np.repeat([[0.0], [1.0]], [90, 90], axis=0)
    labels = np.repeat([0, 1, 0, 1], [80, 10, 80, 10])
    weights, bias = fit_logistic(x, labels)
    assert weights == pytest.approx(np.zeros((1, 2)), abs=1e-5)
    assert bias == pytest.approx([0, 0], abs=1e-5)


def test_separable_clips_have_finite_weights_and_are_told_right():
    rng = np.random.default_rng(1)
    labels = np.repeat([0, 1, 2], 20)
    x = rng.normal(size=(60, 5))
    x[np.arange(60), labels] += 8
    x = np.column_stack([x, np.full(60, 3.0)])
    found = predict_held_out(x, labels, np.tile([0, 1, 2, 3], 15))
    assert (found.argmax(axis=1) == labels).all()
    assert found.sum(axis=1) == pytest.approx(np.ones(60))
    assert np.isfinite(fit_logistic(x, labels)[0]).all()


def test_a_fold_is_predicted_from_the_others_alone():
    x, labels, folds = np.array([[0.0], [1.0]] * 6), np.array([0, 1] * 6), np.repeat([0, 1, 2], 4)
    turned = np.where(folds == 2, 1 - labels, labels)
    found = predict_held_out(x, turned, folds)
    assert (found[folds == 2].argmax(axis=1) == labels[folds == 2]).all()


def test_units_of_features_change_nothing():
    rng = np.random.default_rng(2)
    x, labels, folds = rng.normal(size=(40, 3)), np.arange(40) % 2, np.arange(40) // 2 % 4
    x[:, 0] += labels
    scaled = x * [1e-3, 1.0, 1e3] + [5.0, 0.0, -100.0]
    expected = predict_held_out(x, labels, folds)
    assert predict_held_out(scaled, labels, folds) == pytest.approx(expected, abs=1e-5)


def test_labels_that_cannot_be_learned_are_refused():
    x = np.zeros((4, 1))
    with pytest.raises(ValueError, match="two folds or more"):
        predict_held_out(x, np.array([0, 1, 0, 1]), np.zeros(4))
    with pytest.raises(ValueError, match=r"fold 1 with all clips of \[1\]"):
        predict_held_out(x, np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1]))
