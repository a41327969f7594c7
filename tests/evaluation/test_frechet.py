"""Fréchet distances of Gaussians that are known."""

import numpy as np
import pytest
from scipy import linalg

from kaudio.evaluation.frechet import distances, frechet, no_music


def gaussian(mean, covariance, count, seed):
    return np.random.default_rng(seed).multivariate_normal(mean, covariance, count)


def test_of_one_feature_it_is_that_of_means_and_deviations():
    a, b = np.array([[0.0], [2.0]]), np.array([[10.0], [14.0]])
    assert frechet(a, b) == pytest.approx(11**2 + (np.sqrt(8) - np.sqrt(2)) ** 2)
    assert frechet(a, a + 3) == pytest.approx(9)


def test_of_many_rows_it_is_the_closed_form():
    rng = np.random.default_rng(0)
    covariances = [m @ m.T + np.eye(4) for m in rng.normal(size=(2, 4, 4))]
    means = rng.normal(size=(2, 4))
    root = linalg.sqrtm(covariances[0] @ covariances[1]).real
    expected = np.sum((means[0] - means[1]) ** 2) + np.trace(sum(covariances) - 2 * root)
    a, b = (
        gaussian(m, c, 200_000, i) for i, (m, c) in enumerate(zip(means, covariances, strict=True))
    )
    assert frechet(a, b) == pytest.approx(expected, rel=0.02)
    assert frechet(b, a) == pytest.approx(frechet(a, b))


def test_a_set_has_no_distance_from_itself():
    for count in (2, 10, 1_000):
        rows = np.random.default_rng(0).normal(size=(count, 20))
        assert frechet(rows, rows) == pytest.approx(0, abs=1e-6)


def test_shrinking_brings_few_rows_of_one_gaussian_closer_together():
    sets = [gaussian(np.zeros(50), np.eye(50), 40, seed) for seed in range(2)]
    plain = [np.cov(rows.T) for rows in sets]
    root = linalg.sqrtm(plain[0] @ plain[1] + 1e-9 * np.eye(50)).real
    unshrunk = np.sum((sets[0].mean(0) - sets[1].mean(0)) ** 2) + np.trace(sum(plain) - 2 * root)
    assert frechet(*sets) < 0.4 * unshrunk


def test_features_that_never_change_are_no_problem():
    rows = np.random.default_rng(0).normal(size=(30, 3))
    still = np.column_stack([rows, np.full(30, 0.1)])
    assert frechet(still, still + 1) == pytest.approx(4)
    assert frechet(np.zeros((5, 3)), np.ones((9, 3))) == 3


def test_what_is_no_set_of_rows_is_refused():
    rows = np.zeros((5, 3))
    with pytest.raises(ValueError, match=r"two rows or more.*Received: shape \(1, 3\)"):
        frechet(rows, rows[:1])
    with pytest.raises(ValueError, match="1 values not finite"):
        frechet(np.array([[0.0], [np.nan]]), rows)
    with pytest.raises(ValueError, match="Received: 3 and 2 of them"):
        frechet(rows, rows[:, :2])


def test_the_floor_is_between_halves_that_share_no_recording():
    rng = np.random.default_rng(0)
    places = [0.0, 0.5, 4.0, 4.5]  # recordings differ by where they are
    real = [place + rng.normal(0, 0.1, (100, 1)) for place in places]
    found = distances(real[0], real, {"far": real[0] + 100})
    assert found.ceilings["far"] > 9_000
    assert found.floor < 1 < found.value
    with pytest.raises(ValueError, match=r"two recordings or more are needed. Received: 1"):
        distances(real[0], real[:1], {})


def test_no_music_is_noise_of_the_level_and_silence():
    found = no_music(100_000, level=0.2)
    assert found["white noise"].std() == pytest.approx(0.2, rel=0.01)
    assert not found["silence"].any()
    assert (found["white noise"] == no_music(100_000, level=0.2)["white noise"]).all()
