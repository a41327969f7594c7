"""What a model of frames says of the next one: densities, draws, means."""

import numpy as np
import pytest
from keras import ops
from scipy import special, stats

from kaudio.models.frame_heads import NARROWEST, FrameMixture

RNG = np.random.default_rng(0)
HEADS = pytest.mark.parametrize(
    "head", [FrameMixture(5, 1), FrameMixture(5, 3), FrameMixture(5, 3, one_mean=True)], ids=str
)


def read(head, prediction):
    """Weights, means and deviations, by numpy."""
    count = head.mixtures * head.features
    logits = prediction[..., : head.num_logits] if head.num_logits else prediction[..., :1] * 0
    shape = (*prediction.shape[:-1], -1, head.features)
    means, raw = prediction[..., head.num_logits : -count], prediction[..., -count:]
    deviations = NARROWEST * (1 + np.exp(raw) / NARROWEST)
    means, deviations = np.broadcast_arrays(means.reshape(shape), deviations.reshape(shape))
    return special.softmax(logits, -1), means, deviations


@HEADS
def test_the_loss_is_minus_the_log_likelihood_of_each_feature(head):
    frames = RNG.normal(size=(2, 4, 5))
    prediction = RNG.normal(size=(2, 4, head.width))
    weights, means, deviations = read(head, prediction)
    each = stats.norm.logpdf(frames[..., None, :], means, deviations).sum(-1)
    expected = -np.log((weights * np.exp(each)).sum(-1)) / 5
    nats = head.nats(ops.cast(frames, "float32"), ops.cast(prediction, "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(nats), expected, rtol=1e-4)


@HEADS
def test_draws_have_the_mean_of_the_prediction_and_its_spread(head):
    row = RNG.normal(size=(1, head.width)).astype("float32")
    weights, means, deviations = (v[0] for v in read(head, row))
    noise = RNG.random((20_000, *head.noise_shape), dtype="float32")
    drawn = ops.convert_to_numpy(head.sample(np.repeat(row, len(noise), 0), noise, 1.0))
    mean = weights @ means
    spread = np.sqrt(weights @ (deviations**2 + means**2) - mean**2)
    np.testing.assert_allclose(ops.convert_to_numpy(head.mean(row))[0], mean, rtol=1e-4)
    np.testing.assert_allclose(drawn.mean(0), mean, atol=0.05 * spread.max())
    np.testing.assert_allclose(drawn.std(0), spread, rtol=0.05)


@HEADS
def test_temperature_zero_gives_the_mean_of_the_likeliest_gaussian(head):
    row = RNG.normal(size=(1, head.width)).astype("float32")
    weights, means, _ = (v[0] for v in read(head, row))
    noise = RNG.random((50, *head.noise_shape), dtype="float32")
    drawn = ops.convert_to_numpy(head.sample(np.repeat(row, 50, 0), noise, 0.0))
    np.testing.assert_allclose(drawn, np.repeat(means[[weights.argmax()]], 50, 0), rtol=1e-5)


@HEADS
def test_it_begins_with_the_deviations_that_it_is_told(head):
    deviations = np.array([1.0, 0.5, 0.1, 0.01, 2.0], "float32")
    bias = ops.convert_to_numpy(head.bias(deviations))
    assert bias.shape == (head.width,)
    wide, *others = read(head, bias)[2]
    np.testing.assert_allclose(wide, deviations, rtol=1e-4)
    for number, other in enumerate(others, 1):  # of one mean, each a fourth of the one before
        narrower = np.maximum(deviations / 4**number, 1.1 * NARROWEST)
        np.testing.assert_allclose(other, narrower if head.one_mean else deviations, rtol=1e-4)


@HEADS
def test_baselines_have_the_mean_that_they_are_given(head):
    frames = RNG.normal(size=(2, 3, 5)).astype("float32")
    prediction = head.about(frames)
    assert prediction.shape == (2, 3, head.width)
    np.testing.assert_allclose(ops.convert_to_numpy(head.mean(prediction)), frames, rtol=1e-5)


@pytest.mark.parametrize("mixtures", [1, 3])
def test_faithful_gaussians_have_means_of_squared_errors_and_deviations_of_what_is_left(mixtures):
    head = FrameMixture(5, mixtures, one_mean=True)
    frames = RNG.normal(size=(2, 5)).astype("float32")
    row = RNG.normal(size=(2, head.width)).astype("float32")
    weights, means, deviations = read(head, row)
    each = stats.norm.logpdf(frames[:, None], means, deviations).sum(-1)
    expected = -np.log((weights * np.exp(each)).sum(-1)) / 5
    expected += np.square(frames - means[:, 0]).mean(1)
    nats = ops.convert_to_numpy(head.faithful_nats(frames, row))
    np.testing.assert_allclose(nats, expected, rtol=1e-4)


@pytest.mark.parametrize("temperature", [0.1, 1.0])
def test_which_deviation_is_played_does_not_depend_on_the_temperature(temperature):
    head = FrameMixture(1, 2, one_mean=True)
    row = np.array([[0.0, np.log(3.0), 2.0, np.log(100.0), np.log(0.01)]], "float32")
    noise = RNG.random((20_000, *head.noise_shape), dtype="float32")
    drawn = ops.convert_to_numpy(head.sample(np.repeat(row, len(noise), 0), noise, temperature))
    far = np.mean(np.abs(drawn - 2.0) > temperature)  # most of the wide one, none of the other
    assert far == pytest.approx(0.25, abs=0.02)


@HEADS
def test_what_is_below_a_frame_is_the_distribution_of_each_feature(head):
    frames, row = RNG.normal(size=(4, 5)), RNG.normal(size=(4, head.width))
    weights, means, deviations = read(head, row)
    expected = (weights[..., None] * stats.norm.cdf(frames[:, None], means, deviations)).sum(1)
    below, upto = head.below(ops.cast(frames, "float32"), ops.cast(row, "float32"))
    np.testing.assert_allclose(ops.convert_to_numpy(below), expected, atol=1e-5)
    assert upto is below
