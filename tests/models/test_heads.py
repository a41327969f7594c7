"""Distributions over codes: probabilities, gradients, draws."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import special

from kaudio import backend
from kaudio.models.draws import choose, cross_entropy, truncate
from kaudio.models.heads import Categorical, LogisticMixture

RNG = np.random.default_rng(0)


def normal(*shape, scale=1.0):
    return RNG.normal(size=shape, scale=scale).astype("float32")


def run(function, *arrays):
    """A function of tensors, compiled, on arrays."""
    model = keras.Sequential()
    tensors = [ops.convert_to_tensor(array) for array in arrays]
    return ops.convert_to_numpy(backend.compile(function, model)(*tensors))


def gradient(function, values):
    """The gradient of the sum of `function(values)`, by one step of gradient descent."""

    class Learns(keras.layers.Layer):
        def build(self, shape):
            self.values = self.add_weight(values.shape, initializer="zeros", name="values")

        def call(self, x):
            return ops.expand_dims(ops.sum(function(self.values + 0.0)), 0) + 0.0 * x

    layer = Learns()
    model = keras.Sequential([keras.Input(batch_shape=(1,)), layer])
    layer.values.assign(values)
    model.compile(keras.optimizers.SGD(1.0), lambda y, y_pred: ops.sum(y_pred))
    model.train_on_batch(np.zeros(1, "float32"), np.zeros(1, "float32"))
    return values - ops.convert_to_numpy(layer.values)


def test_the_cross_entropy_is_that_of_keras_and_so_is_its_gradient():
    logits, codes = normal(3, 5, 16, scale=4.0), RNG.integers(0, 16, (3, 5)).astype("uint8")

    def keras_own(values):
        return keras.losses.sparse_categorical_crossentropy(codes, values, from_logits=True)

    def ours(values):
        return cross_entropy(codes, values)

    np.testing.assert_allclose(run(ours, logits), run(keras_own, logits), atol=1e-5)
    # Weighted, so that upstream gradients differ.
    weights = normal(3, 5)
    got, wanted = (gradient(lambda v, f=f: f(v) * weights, logits) for f in (ours, keras_own))
    np.testing.assert_allclose(got, wanted, atol=2e-6)
    assert np.abs(wanted).max() > 0.1


def test_the_cross_entropy_of_huge_logits_is_finite():
    logits = np.array([[1e4, -1e4, 0.0]], "float32")
    np.testing.assert_allclose(run(lambda v: cross_entropy(np.array([1]), v), logits), [2e4])
    np.testing.assert_allclose(
        gradient(lambda v: cross_entropy(np.array([1]), v), logits), [[1, -1, 0]]
    )


def test_draws_have_the_frequencies_of_the_softmax():
    logits = normal(1, 20, scale=2.0)
    logits[0, 3] = -1e9
    grid = (np.arange(50_000, dtype="float32") + 0.5) / 50_000
    drawn = run(choose, np.repeat(logits, len(grid), axis=0), grid)
    assert drawn.dtype == np.int32
    weights = np.exp(logits[0].astype("float64") - logits.max())
    frequencies = np.bincount(drawn, minlength=20) / len(grid)
    # A uniform grid misses each boundary by at most one point.
    np.testing.assert_allclose(frequencies, weights / weights.sum(), atol=3 / len(grid))
    assert frequencies[3] == 0


def test_a_draw_is_never_that_of_a_probability_of_zero():
    logits = np.array([[-1e9, 0, -1e9, 0, -1e9]], "float32")
    ends = np.array([0.0, 0.4999999, 0.5, 1 - 2.0**-24, 1.0], "float32")
    np.testing.assert_array_equal(run(choose, logits.repeat(5, 0), ends), [1, 1, 3, 3, 3])


def kept(logits, top_k, top_p):
    """Which codes are kept, in float64 and one after the other."""
    keep = np.zeros(logits.shape, bool)
    for row, mask in zip(logits.astype("float64"), keep, strict=True):
        order = np.argsort(-row, kind="stable")
        order = order[: int(top_k) or None]
        weights = np.exp(row[order] - row.max())
        before = np.cumsum(weights) - weights
        chosen = order[before < top_p * weights.sum()] if top_p < 1 else order
        mask[chosen if len(chosen) else order[:1]] = True
    return keep


@pytest.mark.parametrize(
    ("top_k", "top_p"),
    [(0, 1.0), (1, 1.0), (5, 1.0), (99, 1.0), (0, 0.0), (0, 0.3), (0, 0.9), (6, 0.8), (3, 0.99)],
)
def test_all_but_the_likeliest_are_ruled_out(top_k, top_p):
    logits = normal(6, 32, scale=2.0)
    controls = [np.float32(value) for value in (top_k, top_p)]
    got = run(truncate, logits, *controls)
    wanted = kept(logits, top_k, top_p)
    np.testing.assert_array_equal(got > -1e8, wanted)
    np.testing.assert_array_equal(got[wanted], logits[wanted])


CODES = {
    # Number of levels, and predictions (weights, means, log-scales before the shift) of interest.
    16: normal(7, 9),
    256: np.concatenate([normal(5, 9), normal(2, 9, scale=4.0)]),
}


def naive(levels, prediction):
    """Probabilities `(levels, count)` as differences of logistic functions in float64."""
    weights, means, log_scales = np.split(prediction.astype("float64"), 3, axis=-1)
    log_scales = np.maximum(log_scales - 3, -np.log(levels) - 3)
    edges = (np.arange(1, levels) - 0.5 - levels // 2) * 2 / levels
    below = special.expit((edges[:, None, None] - means) / np.exp(log_scales))
    ends = np.zeros((1, *means.shape)), np.ones((1, *means.shape))
    each = np.diff(np.concatenate([ends[0], below, ends[1]]), axis=0)
    weights = np.exp(weights - weights.max(axis=-1, keepdims=True))
    return (each * weights / weights.sum(axis=-1, keepdims=True)).sum(axis=-1)


def probabilities(levels, prediction):
    head = LogisticMixture(levels, prediction.shape[-1] // 3)
    codes = np.arange(levels)[:, None].repeat(len(prediction), axis=1).astype("int32")
    every = np.broadcast_to(prediction, (levels, *prediction.shape))
    return np.exp(-run(head.nats, codes, every).astype("float64"))


@pytest.mark.parametrize("levels", CODES)
def test_a_mixture_gives_each_code_its_part_of_the_logistic_functions(levels):
    got = probabilities(levels, CODES[levels])
    np.testing.assert_allclose(got.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(got, naive(levels, CODES[levels]), atol=1e-6)


def test_a_mixture_of_sixteen_bits_adds_up_to_one():
    got = probabilities(2**16, normal(2, 6))
    np.testing.assert_allclose(got.sum(axis=0), 1, atol=1e-3)


@pytest.mark.parametrize("levels", [16, 256])
def test_draws_from_a_mixture_have_its_frequencies(levels):
    head, prediction = LogisticMixture(levels, 3), CODES[levels][:1]
    size = 300
    grid = (np.arange(size, dtype="float32") + 0.5) / size
    noise = np.stack([axis.ravel() for axis in np.meshgrid(grid, grid)], axis=1)
    drawn = run(
        lambda p, n: head.sample(p, n, {"temperature": ops.ones(())}),
        prediction.repeat(len(noise), axis=0),
        noise,
    )
    assert drawn.dtype == np.int32
    frequencies = np.bincount(drawn, minlength=levels) / len(noise)
    # Of a grid, each mixture misses the edges of a code by at most one column of points.
    np.testing.assert_allclose(frequencies, naive(levels, prediction)[:, 0], atol=4 / size)
    assert np.abs(np.cumsum(frequencies) - np.cumsum(naive(levels, prediction)[:, 0])).max() < 0.01


def test_without_temperature_a_mixture_gives_the_mean_of_its_likeliest():
    head = LogisticMixture(256, 2)
    prediction = np.array([[0.0, 1.0, -0.5, 0.25, 2.0, 2.0]], "float32").repeat(5, axis=0)
    noise = np.random.default_rng(1).random((5, 2), dtype="float32")
    codes = run(lambda p, n: head.sample(p, n, {"temperature": ops.zeros(())}), prediction, noise)
    np.testing.assert_array_equal(codes, 128 + 32)


def test_draws_stay_within_the_codes():
    head = LogisticMixture(16, 1)
    prediction = np.array([[0, 5, 9], [0, -5, 9]], "float32")
    ends = np.array([[0, 0], [0, 1 - 2**-24]], "float32")
    codes = run(lambda p, n: head.sample(p, n, {"temperature": ops.ones(())}), prediction, ends)
    assert (codes.min(), codes.max()) == (0, 15)


@pytest.mark.parametrize("levels", [16, 256, 2**16])
def test_gradients_of_a_mixture_are_finite_at_the_extremes(levels):
    head = LogisticMixture(levels, 2)
    sizes = [0.0, 1.0, -1.0, 30.0, -30.0, 1e4, -1e4]
    prediction = np.array(
        [
            [0.0, logit, mean, -mean, scale, 0.0]
            for logit in (0.0, 50.0)
            for mean in sizes
            for scale in (-50.0, 0.0, 20.0)
        ],
        "float32",
    )
    codes = np.array([0, 1, levels // 2, levels - 2, levels - 1], "int32")
    codes = codes.repeat(len(prediction))
    prediction = np.tile(prediction, (5, 1))
    assert np.isfinite(run(head.nats, codes, prediction)).all()
    assert np.isfinite(gradient(lambda v: head.nats(codes, v), prediction)).all()


def test_a_mixture_learns_the_distribution_of_what_it_is_shown():
    """The gradient is that of the probabilities: differences of the nats."""
    head, codes = LogisticMixture(16, 2), np.array([0, 3, 15], "int32")
    prediction = normal(3, 6)
    got = gradient(lambda v: head.nats(codes, v), prediction)
    step = 1e-4
    for channel in range(6):
        moved = [prediction.astype("float64") for _ in range(2)]
        moved[0][:, channel] += step
        moved[1][:, channel] -= step
        up, down = (-np.log(naive(16, m)[codes, np.arange(3)]) for m in moved)
        np.testing.assert_allclose(got[:, channel], (up - down) / (2 * step), rtol=1e-3, atol=1e-3)


def test_a_softmax_is_colder_at_a_lower_temperature_and_greedy_at_zero():
    head, logits = Categorical(16), normal(1, 16, scale=2.0)
    grid = (np.arange(2_000, dtype="float32") + 0.5) / 2_000
    every = logits.repeat(len(grid), axis=0)

    def draw(temperature):
        controls = {"temperature": np.float32(temperature), "top_k": 0.0, "top_p": 1.0}
        tensors = {k: ops.convert_to_tensor(v, "float32") for k, v in controls.items()}
        return run(lambda p, n: head.sample(p, n, tensors), every, grid)

    likeliest = logits.argmax()
    shares = [(draw(t) == likeliest).mean() for t in (1.0, 0.5, 0.0)]
    assert shares[0] < shares[1] < shares[2] == 1
    weights = np.exp(2 * (logits[0] - logits.max()))
    assert shares[1] == pytest.approx(weights.max() / weights.sum(), abs=2e-3)


@pytest.mark.parametrize("head", [Categorical(8), LogisticMixture(8, 2)], ids=str)
def test_what_is_below_a_code_adds_up_from_the_probabilities_of_all_codes(head):
    prediction = normal(3, head.width)
    codes = np.broadcast_to(np.arange(8), (3, 8))
    rows = np.repeat(prediction[:, None], 8, axis=1)
    shares = np.exp(-ops.convert_to_numpy(head.nats(codes, rows)))
    low, high = (ops.convert_to_numpy(end) for end in head.below(codes, rows))
    np.testing.assert_allclose(high, np.cumsum(shares, axis=1), atol=1e-5)
    np.testing.assert_allclose(high - low, shares, atol=1e-5)
