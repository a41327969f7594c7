"""A causal convolution, whole sequences and one position at a time."""

from typing import Any

import keras
from keras import ops

from kaudio.layers.ring import Ring


@keras.saving.register_keras_serializable("kaudio")
class CausalConv1D(keras.layers.Layer):
    """A convolution that looks at the present and the past, never ahead.

    `keras.layers.Conv1D(padding="causal")` takes zeros for what came before the sequence. Here
    that is given, as `history`: what a signal is before it begins is rarely zero once it went
    through other layers.

    Args:
        filters: Number of output channels, at least 1.
        kernel_size: Number of taps, at least 1.
        dilation_rate: Positions from one tap to the next, at least 1.
        use_bias: Whether to add a bias.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        x: The sequence.
        history: What came before it, at every position: `(batch, channels)`, or None for zeros.

    Input shape:
        `(batch, steps, channels)`. Steps may be unknown.

    Output shape:
        `(batch, steps, filters)`.

    Example:
    >>> conv = CausalConv1D(4, kernel_size=2, dilation_rate=8)
    >>> tuple(conv(np.zeros((1, 100, 3))).shape), conv.receptive_field
    ((1, 100, 4), 9)

    References:
        Van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016, section 2.1.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 2,
        dilation_rate: int = 1,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(filters, kernel_size, dilation_rate) < 1:
            raise ValueError(
                "`filters`, `kernel_size` and `dilation_rate` must be at least 1. Received: "
                f"{filters}, {kernel_size}, {dilation_rate}."
            )
        self.filters = filters
        self.kernel_size = kernel_size
        self.dilation_rate = dilation_rate
        self.use_bias = use_bias
        self.ring = Ring([dilation_rate], kernel_size)
        self.input_spec = keras.layers.InputSpec(ndim=3)

    @property
    def receptive_field(self) -> int:
        """Positions that an output depends on, its own included."""
        return (self.kernel_size - 1) * self.dilation_rate + 1

    def build(self, input_shape: tuple) -> None:
        shape = (self.kernel_size, input_shape[-1], self.filters)
        self.kernel = self.add_weight(shape, initializer="glorot_uniform", name="kernel")
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight((self.filters,), initializer="zeros", name="bias")

    def call(self, x: Any, history: Any = None) -> Any:
        x = with_past(x, self.receptive_field - 1, history)
        kernel = ops.cast(self.kernel, x.dtype)
        y = ops.conv(x, kernel, 1, "valid", "channels_last", self.dilation_rate)
        return self._add_bias(y)

    def held(self, batch_size: int) -> Any:
        """The output, after an endless past of zeros: `(batch, filters)`."""
        return self._add_bias(ops.zeros((batch_size, self.filters), self.compute_dtype))

    def initial_state(self, batch_size: int, history: Any = None) -> list:
        """The state before the first position, after a past of `history` (zeros if None)."""
        if history is None:
            history = ops.zeros((batch_size, self.kernel.shape[1]), self.compute_dtype)
        return self.ring.fill(ops.expand_dims(history, 0))

    def state_after(self, x: Any) -> list:
        """The state after a whole sequence, from the initial state."""
        past = ops.zeros((1, x.shape[0], x.shape[-1]), self.compute_dtype)
        return self.ring.after([ops.cast(x, self.compute_dtype)], past)

    def step(self, x: Any, state: list) -> tuple[Any, list]:
        """One position: `(batch, channels)` and a state to `(batch, filters)` and the next."""
        x = ops.cast(x, self.compute_dtype)
        if self.kernel_size == 1:
            return self._add_bias(ops.matmul(x, ops.cast(self.kernel[0], x.dtype))), state
        past = self.ring.read(state)[0]
        taps = ops.concatenate([past, ops.expand_dims(x, 0)], axis=0)
        y = ops.einsum("kbc,kcf->bf", taps, ops.cast(self.kernel, x.dtype))
        return self._add_bias(y), self.ring.write(state, ops.expand_dims(x, 0))

    def _add_bias(self, y: Any) -> Any:
        return y if self.bias is None else y + ops.cast(self.bias, y.dtype)

    def compute_output_shape(self, input_shape: tuple, history_shape: Any = None) -> tuple:
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "dilation_rate": self.dilation_rate,
            "use_bias": self.use_bias,
        }


def with_past(x: Any, count: int, history: Any = None) -> Any:
    """Puts `count` positions of the past in front of a sequence.

    Args:
        x: `(batch, steps, channels)`.
        count: Positions to add.
        history: The past at every position, `(batch or 1, channels)`, or None for zeros.
    """
    if history is None:
        return ops.pad(x, [[0, 0], [count, 0], [0, 0]])
    shape = (ops.shape(x)[0], count, x.shape[-1])
    past = ops.broadcast_to(ops.expand_dims(ops.cast(history, x.dtype), 1), shape)
    return ops.concatenate([past, x], axis=1)
