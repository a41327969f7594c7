"""LSTM and GRU against the layers of Keras."""

import keras
import numpy as np
import pytest
from keras import ops

from kaudio.layers import GRU, LSTM

RNG = np.random.default_rng(0)
X = RNG.standard_normal((3, 7, 5)).astype("float32")
TARGET = RNG.standard_normal((3, 7, 6)).astype("float32")

LAYERS = pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (LSTM, keras.layers.LSTM, {}),
        (GRU, keras.layers.GRU, {"reset_after": True}),
        (GRU, keras.layers.GRU, {"reset_after": False}),
    ],
    ids=["lstm", "gru", "gru-reset-before"],
)

# For such small models: TensorFlow without compilation, JAX with.
QUICKEST = {"run_eagerly": keras.backend.backend() != "jax"}


def one_step_of_training(layers, x=X, target=TARGET, **how):
    """Outputs of each layer before, and minus its gradients by, one step of rate 1.

    A dense layer below each of them moves with the gradient of the layer's input.
    """
    inputs = keras.Input((None, x.shape[-1]))
    branches = [keras.Sequential([keras.layers.Dense(5), layer]) for layer in layers]
    model = keras.Model(inputs, [branch(inputs) for branch in branches])
    for branch in branches:
        rng = np.random.default_rng(1)
        branch.set_weights([rng.normal(0, 0.7, weight.shape) for weight in branch.weights])
    before = [branch.get_weights() for branch in branches]
    outputs = [ops.convert_to_numpy(y) for y in model(x)]
    model.compile(keras.optimizers.SGD(1.0), ["mse"] * len(layers), **how)
    model.train_on_batch(x, [target] * len(layers))
    after = [branch.get_weights() for branch in branches]
    moves = [
        [b - a for a, b in zip(*pair, strict=True)] for pair in zip(before, after, strict=True)
    ]
    return list(zip(outputs, moves, strict=True))


def assert_same_training(a, b):
    np.testing.assert_allclose(a[0], b[0], atol=1e-5)
    assert max(np.abs(move).max() for move in b[1]) > 1e-3
    for ours, theirs in zip(a[1], b[1], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@LAYERS
def test_outputs_and_gradients_are_those_of_keras(ours, theirs, options):
    soft, hard = ({"recurrent_activation": name, **options} for name in ("sigmoid", "hard_sigmoid"))
    layers = [
        ours(6, **soft),
        theirs(6, return_sequences=True, **soft),
        ours(6, **hard),
        theirs(6, return_sequences=True, **hard),
    ]
    a, b, c, d = one_step_of_training(layers, **QUICKEST)
    assert_same_training(a, b)
    assert_same_training(c, d)
    assert np.abs(a[0] - c[0]).max() > 0.01


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_training_is_that_of_keras(jit_compile):
    layers = [LSTM(6), keras.layers.LSTM(6, return_sequences=True)]
    assert_same_training(*one_step_of_training(layers, jit_compile=jit_compile))


@LAYERS
def test_one_stream_of_one_position_trains_as_in_keras(ours, theirs, options):
    layers = [ours(6, **options), theirs(6, return_sequences=True, **options)]
    a, b = one_step_of_training(layers, X[:1, :1], TARGET[:1, :1], **QUICKEST)
    assert_same_training(a, b)


@LAYERS
def test_weights_have_the_names_and_shapes_of_keras(ours, theirs, options):
    a, b = ours(6, **options), theirs(6, **options)
    a.build((None, None, 5))
    b.build((None, None, 5))
    assert [w.name for w in a.weights] == [w.name for w in b.weights]
    assert [w.shape for w in a.weights] == [w.shape for w in b.weights]
    np.testing.assert_array_equal(a.get_weights()[2], b.get_weights()[2])


def test_the_forget_gate_may_start_at_zero():
    lstm = LSTM(6, unit_forget_bias=False)
    lstm.build((None, None, 5))
    assert not lstm.get_weights()[2].any()


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
@LAYERS
def test_step_gives_what_call_gives(ours, theirs, options, dtype):
    layer = ours(6, recurrent_activation="hard_sigmoid", dtype=dtype, **options)
    expected = ops.convert_to_numpy(ops.cast(layer(X), "float32"))
    state = layer.initial_state(3)
    for t in range(X.shape[1]):
        y, state = layer.step(X[:, t], state)
        assert keras.backend.standardize_dtype(y.dtype) == layer.compute_dtype
        y = ops.convert_to_numpy(ops.cast(y, "float32"))
        np.testing.assert_allclose(y, expected[:, t], atol=1e-6 if dtype == "float32" else 0.02)


@LAYERS
def test_a_saved_model_plays_the_same(ours, theirs, options, tmp_path):
    inputs = keras.Input((None, 5))
    layer = ours(6, recurrent_activation="hard_sigmoid", **options)
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.predict_on_batch(X), model.predict_on_batch(X))
    assert loaded.layers[-1].get_config() == layer.get_config()


@LAYERS
def test_one_model_takes_sequences_of_any_length(ours, theirs, options):
    inputs = keras.Input((None, 5))
    model = keras.Model(inputs, ours(6, **options)(inputs))
    assert model.output_shape == (None, None, 6)
    model.compile("sgd", "mse")
    for length in (2, 7):
        model.train_on_batch(X[:, :length], TARGET[:, :length])
    whole, part = model.predict_on_batch(X), model.predict_on_batch(X[:, :4])
    np.testing.assert_allclose(part, whole[:, :4], atol=1e-6)


@LAYERS
def test_mixed_bfloat16_learns(ours, theirs, options):
    model = keras.Sequential([ours(6, dtype="mixed_bfloat16", **options)])
    model.compile(keras.optimizers.Adam(0.02), "mse")
    losses = [float(model.train_on_batch(X, 0.3 * TARGET)) for _ in range(20)]
    assert model.layers[0].kernel.dtype == "float32"
    assert losses[-1] < 0.9 * losses[0]


def test_dense_on_a_sequence_is_time_distributed_dense():
    dense = keras.layers.Dense(6, activation="tanh")
    distributed = keras.layers.TimeDistributed(keras.layers.Dense(6, activation="tanh"))
    assert_same_training(*one_step_of_training([dense, distributed], **QUICKEST))


@pytest.mark.parametrize("layer", [LSTM, GRU])
def test_refuses_what_it_cannot_do(layer):
    with pytest.raises(ValueError, match="units=0"):
        layer(0)
    with pytest.raises(
        ValueError, match=r"among tanh, sigmoid, hard_sigmoid\. Received: 'softsign'"
    ):
        layer(6, activation="softsign")
    with pytest.raises(ValueError, match="expected ndim=3"):
        layer(6)(X[0])
