"""The LSTM layer, whole sequences and one position at a time."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kaudio.layers.recurrent import SLOPES, Recurrent, before, outer, walk_back


@keras.saving.register_keras_serializable("kaudio")
class LSTM(Recurrent):
    """`keras.layers.LSTM(units, return_sequences=True)` with a `step()`, and faster to train.

    The weights have the names, shapes, order and meaning of `keras.layers.LSTM`, so that
    `layer.set_weights(keras_layer.get_weights())` gives the same outputs and gradients.

    Args:
        units: Number of output channels, at least 1.
        activation: Activation of the candidate and of the cell, a name or a function.
        recurrent_activation: Activation of the three gates, a name or a function. Keras before
            2.3 used `"hard_sigmoid"`.
        unit_forget_bias: Whether the bias of the forget gate starts at one (Jozefowicz et al.,
            2015).
        kernel_initializer: Initializer of the input kernel.
        recurrent_initializer: Initializer of the recurrent kernel.
        **kwargs: As for `keras.layers.Layer`.

    Input shape:
        `(batch, time, features)`. Time may be unknown.

    Output shape:
        `(batch, time, units)`.

    Example:
    >>> lstm = LSTM(8)
    >>> x = keras.random.normal((2, 5, 3), seed=0)
    >>> tuple(lstm(x).shape)
    (2, 5, 8)
    >>> y, state = lstm.step(x[:, 0], lstm.initial_state(2))

    References:
        Hochreiter and Schmidhuber, "Long short-term memory", 1997.
    """

    gates = 4
    memories = 2

    def __init__(
        self,
        units: int,
        activation: str | Callable = "tanh",
        recurrent_activation: str | Callable = "sigmoid",
        unit_forget_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            units,
            activation,
            recurrent_activation,
            kernel_initializer,
            recurrent_initializer,
            **kwargs,
        )
        self.unit_forget_bias = unit_forget_bias

    def _bias(self) -> Any:
        def initializer(shape: tuple, dtype: Any = None) -> Any:
            position = ops.arange(shape[0])
            forget = ops.logical_and(position >= self.units, position < 2 * self.units)
            return ops.cast(ops.logical_and(forget, self.unit_forget_bias), dtype)

        return self.add_weight(shape=(4 * self.units,), initializer=initializer, name="bias")

    def _advance(self, state: Any, x: Any, kernel: Any) -> tuple:
        """Gives output, cell and the gates before their activations."""
        h, c = state[:2]
        z = x + ops.matmul(h, kernel)
        i, f, g, o = self._gates(z)
        c = f * c + i * g
        return o * self.activation(c), c, z

    def _gates(self, z: Any) -> tuple:
        i, f, g, o = ops.split(z, 4, axis=-1)
        gate = self.recurrent_activation
        return gate(i), gate(f), self.activation(g), gate(o)

    def _gradient(self, upstream: Any, states: tuple, first: Any, x: Any, kernel: Any) -> tuple:
        h, c, z = states
        h0, c0 = first or (None, None)
        i, f, g, o = self._gates(z)
        y = self.activation(c)
        slope, gate_slope = SLOPES[self.activation], SLOPES[self.recurrent_activation]
        # Of each gate, from the gradient of the cell (i, f, g) or of the output (o).
        factors = ops.concatenate(
            [g * gate_slope(i), before(c, c0) * gate_slope(f), i * slope(g), y * gate_slope(o)], -1
        )
        transposed = ops.transpose(kernel)

        def step(carry: tuple, dy: Any, keep: Any, out: Any, factors: Any) -> tuple:
            dh, dc = carry
            dh = dh + dy
            dc = dc + dh * out
            dz = ops.concatenate([dc, dc, dc, dh], -1) * factors
            return (ops.matmul(dz, transposed), dc * keep), (dh, dc)

        start = (ops.zeros_like(h[0]), ops.zeros_like(h[0]))
        dh, dc = walk_back(step, start, upstream, f, o * slope(y), factors)
        dz = ops.concatenate([dc, dc, dc, dh], -1) * factors
        return dz, outer(before(h, h0), dz)

    def get_config(self) -> dict:
        return {**super().get_config(), "unit_forget_bias": self.unit_forget_bias}
