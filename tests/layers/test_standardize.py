"""Means and scales of the data, kept as weights."""

import numpy as np
import pytest
from keras import ops

from kaudio.layers import Standardize


def adapted(data, *args, **kwargs):
    layer = Standardize(*args, **kwargs)
    layer.build((None, data.shape[-1]))
    layer.adapt(np.array_split(data, 3))
    return layer


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return (rng.standard_normal((300, 4)) * [1, 2, 3, 4] + [5, 6, 7, 8]).astype("float32")


def test_each_feature_has_mean_zero_and_deviation_one(data):
    y = ops.convert_to_numpy(adapted(data)(data))
    np.testing.assert_allclose(y.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=0), 1, atol=1e-5)


def test_global_statistics_are_those_of_all_features_together(data):
    layer = adapted(data, "global")
    np.testing.assert_allclose(layer.mean, data.mean(), rtol=1e-5)
    np.testing.assert_allclose(layer.scale, data.std(), rtol=1e-5)


def test_range_divides_by_largest_minus_smallest(data):
    layer = adapted(data, "range")
    np.testing.assert_allclose(layer.scale, data.max() - data.min(), rtol=1e-5)
    np.testing.assert_allclose(layer.mean, data.mean(), rtol=1e-5)


@pytest.mark.parametrize("kind", ["feature", "global", "range", "none"])
def test_the_inverse_gives_back_what_was_standardised(data, kind):
    layer = adapted(data, kind)
    np.testing.assert_allclose(layer(layer(data), inverse=True), data, rtol=1e-5)


def test_an_empty_feature_is_not_blown_up(data):
    data[:, 2] = 1e-9 * np.random.default_rng(1).standard_normal(len(data))
    layer = adapted(data, floor_db=-40.0)
    np.testing.assert_allclose(layer.scale[2], 0.01 * np.max(layer.scale), rtol=1e-4)
    assert np.abs(layer(data)[:, 2]).max() < 1e-6


def test_data_that_never_changes_is_left_alone():
    layer = adapted(np.full((5, 2), 3.0, "float32"))
    np.testing.assert_allclose(layer.scale, 1)


@pytest.mark.parametrize(("kind", "floor_db"), [("median", -80.0), ("feature", 1.0)])
def test_impossible_settings_are_refused(kind, floor_db):
    with pytest.raises(ValueError, match="Received"):
        Standardize(kind, floor_db)


def test_no_data_is_refused():
    layer = Standardize()
    layer.build((None, 2))
    with pytest.raises(ValueError, match="at least one row"):
        layer.adapt([])
