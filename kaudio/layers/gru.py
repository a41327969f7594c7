"""The GRU layer, whole sequences and one position at a time."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kaudio.layers.recurrent import SLOPES, Recurrent, before, outer, walk_back


@keras.saving.register_keras_serializable("kaudio")
class GRU(Recurrent):
    """`keras.layers.GRU(units, return_sequences=True)` with a `step()`, and faster to train.

    The weights have the names, shapes, order and meaning of `keras.layers.GRU`, so that
    `layer.set_weights(keras_layer.get_weights())` gives the same outputs and gradients.

    Args:
        units: Number of output channels, at least 1.
        activation: Activation of the candidate, a name or a function.
        recurrent_activation: Activation of the two gates, a name or a function.
        reset_after: Whether the reset gate acts after the recurrent matrix product (as in CuDNN,
            with a second bias) or before it (as in the paper).
        kernel_initializer: Initializer of the input kernel.
        recurrent_initializer: Initializer of the recurrent kernel.
        **kwargs: As for `keras.layers.Layer`.

    Input shape:
        `(batch, time, features)`. Time may be unknown.

    Output shape:
        `(batch, time, units)`.

    Example:
    >>> gru = GRU(8)
    >>> x = keras.random.normal((2, 5, 3), seed=0)
    >>> tuple(gru(x).shape)
    (2, 5, 8)
    >>> y, state = gru.step(x[:, 0], gru.initial_state(2))

    References:
        Cho et al., "Learning phrase representations using RNN encoder-decoder", 2014.
    """

    gates = 3
    memories = 1

    def __init__(
        self,
        units: int,
        activation: str | Callable = "tanh",
        recurrent_activation: str | Callable = "sigmoid",
        reset_after: bool = True,
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
        self.reset_after = reset_after

    def _bias(self) -> Any:
        shape = (2, 3 * self.units) if self.reset_after else (3 * self.units,)
        return self.add_weight(shape=shape, initializer="zeros", name="bias")

    def _input_bias(self) -> Any:
        return self.bias[0] if self.reset_after else self.bias

    def _recurrent_weights(self) -> tuple:
        kernel = self._cast(self.recurrent_kernel)
        return (kernel, self._cast(self.bias[1])) if self.reset_after else (kernel,)

    def _advance(self, state: Any, x: Any, kernel: Any, bias: Any = None) -> tuple:
        """Gives the output, and the recurrent part of the gates before their activations."""
        h = state[0]
        inner = ops.matmul(h, kernel) + bias if self.reset_after else self._reset(h, x, kernel)
        z, _, g, _ = self._gates(x, inner)
        return z * h + (1 - z) * g, inner

    def _reset(self, h: Any, x: Any, kernel: Any) -> Any:
        """The recurrent part where the reset gate acts before the matrix product."""
        first, last = ops.split(kernel, [2 * self.units], axis=-1)
        first = ops.matmul(h, first)
        r = self.recurrent_activation(ops.split(x, 3, -1)[1] + ops.split(first, 2, -1)[1])
        return ops.concatenate([first, ops.matmul(r * h, last)], -1)

    def _gates(self, x: Any, inner: Any) -> tuple:
        """Gives update gate, reset gate, candidate, and the candidate's recurrent part."""
        (xz, xr, xg), (hz, hr, hg) = ops.split(x, 3, axis=-1), ops.split(inner, 3, axis=-1)
        z, r = self.recurrent_activation(xz + hz), self.recurrent_activation(xr + hr)
        return z, r, self.activation(xg + (r * hg if self.reset_after else hg)), hg

    def _gradient(
        self, upstream: Any, states: tuple, first: Any, x: Any, kernel: Any, *bias: Any
    ) -> tuple:
        h, inner = before(states[0], first[0] if first else None), states[1]
        z, r, g, hg = self._gates(x, inner)
        gate_slope = SLOPES[self.recurrent_activation]
        # Of the update gate and the candidate, from the gradient of the output.
        dz, dg = (h - g) * gate_slope(z), (1 - z) * SLOPES[self.activation](g)
        if self.reset_after:
            dr = dg * hg * gate_slope(r)
            return self._after_gradient(upstream, h, (dz, dr, dg), (z, r), kernel)
        return self._before_gradient(upstream, h, (dz, h * gate_slope(r), dg), (z, r), kernel)

    def _after_gradient(
        self, upstream: Any, h: Any, factors: tuple, gates: tuple, kernel: Any
    ) -> tuple:
        (dz, dr, dg), (z, r) = factors, gates
        factors = ops.concatenate([dz, dr, dg * r], -1)
        transposed = ops.transpose(kernel)

        def step(carry: tuple, dy: Any, keep: Any, factors: Any) -> tuple:
            dh = carry[0] + dy
            inner = ops.concatenate([dh, dh, dh], -1) * factors
            return (dh * keep + ops.matmul(inner, transposed),), (dh,)

        (dh,) = walk_back(step, (ops.zeros_like(h[0]),), upstream, z, factors)
        inner = ops.concatenate([dh, dh, dh], -1) * factors
        dx = ops.concatenate([dh * dz, dh * dr, dh * dg], -1)
        return dx, outer(h, inner), ops.sum(inner, axis=(0, 1))

    def _before_gradient(
        self, upstream: Any, h: Any, factors: tuple, gates: tuple, kernel: Any
    ) -> tuple:
        (dz, dr, dg), (z, r) = factors, gates
        first, last = (ops.transpose(k) for k in ops.split(kernel, [2 * self.units], axis=-1))

        def step(carry: tuple, dy: Any, z: Any, r: Any, dz: Any, dr: Any, dg: Any) -> tuple:
            dh = carry[0] + dy
            reset = ops.matmul(dh * dg, last)
            both = ops.concatenate([dh * dz, reset * dr], -1)
            return (dh * z + reset * r + ops.matmul(both, first), reset), (dh, reset)

        start = (ops.zeros_like(h[0]), ops.zeros_like(h[0]))
        dh, reset = walk_back(step, start, upstream, z, r, dz, dr, dg)
        both, candidate = ops.concatenate([dh * dz, reset * dr], -1), dh * dg
        dkernel = ops.concatenate([outer(h, both), outer(r * h, candidate)], -1)
        return ops.concatenate([both, candidate], -1), dkernel

    def get_config(self) -> dict:
        return {**super().get_config(), "reset_after": self.reset_after}
