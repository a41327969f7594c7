"""Causal convolutions and gated blocks, against naive ones."""

import keras
import numpy as np
import pytest
from keras import ops

from kaudio.layers import CausalConv1D, CausalEmbedding, GatedBlock, Upsample
from kaudio.layers.gated import gated_residual

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape).astype("float32")


@pytest.mark.parametrize(("size", "dilation"), [(1, 1), (2, 1), (2, 5), (3, 2), (2, 50)])
def test_a_causal_convolution_is_the_sum_of_its_taps(size, dilation):
    conv = CausalConv1D(4, size, dilation)
    x, history = normal(2, 20, 3), normal(2, 3)
    got = ops.convert_to_numpy(conv(x, ops.convert_to_tensor(history)))
    kernel, bias = (ops.convert_to_numpy(w) for w in (conv.kernel, conv.bias))
    for t in range(20):
        want = bias.copy()[None]
        for tap in range(size):
            at = t - (size - 1 - tap) * dilation
            want = want + (x[:, at] if at >= 0 else history) @ kernel[tap]
        np.testing.assert_allclose(got[:, t], want, atol=1e-5)


@pytest.mark.parametrize(("size", "dilation"), [(1, 1), (2, 3), (3, 2)])
def test_a_causal_convolution_steps_as_it_runs(size, dilation):
    conv = CausalConv1D(4, size, dilation)
    x, history = normal(2, 15, 3), normal(2, 3)
    whole = ops.convert_to_numpy(conv(x, ops.convert_to_tensor(history)))
    state = conv.initial_state(2, ops.convert_to_tensor(history))
    for t in range(15):
        y, state = conv.step(ops.convert_to_tensor(x[:, t]), state)
        np.testing.assert_allclose(ops.convert_to_numpy(y), whole[:, t], atol=1e-5)


def test_a_causal_embedding_is_a_convolution_of_one_hot_codes():
    embed = CausalEmbedding(7, 4, kernel_size=3, history=2, use_bias=True)
    codes = RNG.integers(0, 7, (2, 9)).astype("uint8")
    got = ops.convert_to_numpy(embed(codes))
    kernel, bias = (ops.convert_to_numpy(w) for w in (embed.kernel, embed.bias))
    padded = np.concatenate([np.full((2, 2), 2), codes], axis=1)
    one_hot = np.eye(7)[padded]
    want = sum(one_hot[:, tap : tap + 9] @ kernel[tap] for tap in range(3)) + bias
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_upsampling_steps_as_it_runs():
    layer = Upsample(3, hop_length=4)
    x = normal(2, 5, 6)
    whole = ops.convert_to_numpy(layer(x))
    assert whole.shape == (2, 20, 3)
    for t in range(20):
        frame, phase = ops.convert_to_tensor(x[:, t // 4]), ops.convert_to_tensor(t % 4, "int32")
        y = ops.convert_to_numpy(layer.step(frame, phase))
        np.testing.assert_allclose(y, whole[:, t], atol=1e-5)


def naive_block(x, history, kernel, bias, condition, output, dilation):
    """The same in Keras operations, whose gradients are derived automatically."""
    size, steps = kernel.shape[0], x.shape[1]
    count = (size - 1) * dilation
    past = ops.broadcast_to(history[:, None], (x.shape[0], count, x.shape[-1]))
    padded = ops.concatenate([past, x], axis=1)
    g = bias
    for tap in range(size):
        g = g + ops.matmul(padded[:, tap * dilation :][:, :steps], kernel[tap])
    g = g if condition is None else g + condition
    a, b = ops.split(g, 2, axis=-1)
    z = ops.tanh(a) * ops.sigmoid(b)
    return (x + ops.matmul(z, output[0]) + output[1] if output else x), z


class Learns(keras.layers.Layer):
    """A block whose every input is a weight, so that training shows the gradient of each."""

    def __init__(self, function, values, dilation):
        super().__init__()
        self.function, self.dilation = function, dilation
        self.values = {
            name: None if v is None else self.add_weight(v.shape, initializer="zeros", name=name)
            for name, v in values.items()
        }
        for name, v in values.items():
            if v is not None:
                self.values[name].assign(v)

    def call(self, x):
        v = {k: w if w is None else ops.cast(w, "float32") for k, w in self.values.items()}
        output = None if v["u"] is None else (v["u"], v["c"])
        y, z = self.function(
            v["x"], v["history"], v["kernel"], v["bias"], v["condition"], output, self.dilation
        )
        # The weights of a sum, so that upstream gradients differ everywhere.
        sums = [ops.sum(ops.sin(part * 3.0), axis=(1, 2)) for part in (y, z)]
        return ops.expand_dims(sums[0] + 2.0 * sums[1], -1) + 0.0 * x


@pytest.mark.parametrize(
    ("size", "dilation", "history", "condition", "has_output"),
    [
        (2, 1, 1, None, True),
        (2, 4, 2, (1, 1), True),
        (2, 30, 1, (2, 12), True),
        (3, 4, 2, (2, 1), False),
        (3, 30, 1, None, False),
    ],
)
def test_the_gradient_by_hand_is_the_automatic_one(size, dilation, history, condition, has_output):
    values = {
        "x": normal(2, 12, 3),
        "history": normal(history, 3),
        "kernel": normal(size, 3, 8),
        "bias": normal(8),
        "condition": None if condition is None else normal(*condition, 8),
        "u": normal(4, 3) if has_output else None,
        "c": normal(3) if has_output else None,
    }
    moved = []
    for function in (naive_block, gated_residual):
        layer = Learns(function, values, dilation)
        model = keras.Sequential([keras.Input(batch_shape=(2, 1)), layer])
        model.compile(keras.optimizers.SGD(1e-3), "mae", run_eagerly=True, jit_compile=False)
        model.train_on_batch(np.zeros((2, 1), "float32"), np.full((2, 1), 1e4, "float32"))
        moved.append({w.name: ops.convert_to_numpy(w) for w in model.trainable_weights})
    for name, want in moved[0].items():
        assert np.abs(want - values[name]).max() > 1e-6, name
        np.testing.assert_allclose(moved[1][name], want, atol=1e-5, err_msg=name)


def test_blocks_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="must be at least 1 and `kernel_size` at least 2"):
        GatedBlock(4, 4, kernel_size=1)
    with pytest.raises(ValueError, match="must be at least 1"):
        CausalConv1D(0)
    with pytest.raises(ValueError, match="`history` below `levels`"):
        CausalEmbedding(4, 4, history=9)
