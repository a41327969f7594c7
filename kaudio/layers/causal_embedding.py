"""A causal convolution of codes, as lookups in tables."""

from typing import Any

import keras
from keras import ops

from kaudio.layers.causal_conv import with_past


@keras.saving.register_keras_serializable("kaudio")
class CausalEmbedding(keras.layers.Layer):
    """What a `CausalConv1D` makes of one-hot codes, without making them one-hot.

    The product of a one-hot vector and a kernel is a row of the kernel, so a convolution with
    `kernel_size` taps is that many lookups and a sum.

    Args:
        levels: Number of codes, at least 2.
        filters: Number of output channels, at least 1.
        kernel_size: Number of taps, at least 1.
        history: The code that came before the sequence, at every position: that of silence.
        use_bias: Whether to add a bias.
        **kwargs: As for `keras.layers.Layer`.

    Input shape:
        `(batch, steps)` integers from 0 to `levels - 1`.

    Output shape:
        `(batch, steps, filters)`.

    Example:
    >>> embed = CausalEmbedding(256, 32, history=128)
    >>> tuple(embed(np.zeros((1, 100), "uint8")).shape)
    (1, 100, 32)

    References:
        Van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016, figure 4.
    """

    def __init__(
        self,
        levels: int,
        filters: int,
        kernel_size: int = 2,
        history: int = 0,
        use_bias: bool = False,
        **kwargs: Any,
    ) -> None:
        kwargs["autocast"] = False  # codes are no floats
        super().__init__(**kwargs)
        if levels < 2 or min(filters, kernel_size) < 1 or not 0 <= history < levels:
            raise ValueError(
                "`levels` must be at least 2, `filters` and `kernel_size` at least 1, and "
                "`history` below `levels`. Received: "
                f"{levels}, {filters}, {kernel_size}, {history}."
            )
        self.levels = levels
        self.filters = filters
        self.kernel_size = kernel_size
        self.history = history
        self.use_bias = use_bias

    @property
    def receptive_field(self) -> int:
        """Positions that an output depends on, its own included."""
        return self.kernel_size

    def build(self, input_shape: tuple) -> None:
        shape = (self.kernel_size, self.levels, self.filters)
        # Of each tap, one row at a time is added up: outputs start with variance 1.
        normal = keras.initializers.RandomNormal(stddev=self.kernel_size**-0.5)
        self.kernel = self.add_weight(shape, initializer=normal, name="kernel")
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight((self.filters,), initializer="zeros", name="bias")

    def call(self, x: Any) -> Any:
        x = ops.expand_dims(ops.cast(x, "int32"), -1)
        count = ops.shape(x)[1]
        past = ops.full((1, 1), self.history, "int32")
        x = with_past(x, self.kernel_size - 1, past)[..., 0]
        taps = [x[:, tap : tap + count] for tap in range(self.kernel_size)]
        return self._look_up(taps)

    def held(self, batch_size: int) -> Any:
        """The output, after an endless past of `history`: `(batch, filters)`."""
        codes = ops.full((batch_size,), self.history, "int32")
        return self._look_up([codes] * self.kernel_size)

    def initial_state(self, batch_size: int) -> list:
        """The codes before the first position, `(kernel_size - 1, batch)`."""
        return [ops.full((self.kernel_size - 1, batch_size), self.history, "int32")]

    def state_after(self, x: Any) -> list:
        """The state after a whole sequence, from the initial state."""
        heard = ops.transpose(ops.cast(x, "int32"))
        codes = ops.concatenate([self.initial_state(x.shape[0])[0], heard], axis=0)
        return [codes[codes.shape[0] - self.kernel_size + 1 :]]

    def step(self, x: Any, state: list) -> tuple[Any, list]:
        """One position: `(batch,)` codes and a state to `(batch, filters)` and the next."""
        x = ops.expand_dims(ops.cast(x, "int32"), 0)
        taps = ops.concatenate([state[0], x], axis=0)
        return self._look_up([taps[tap] for tap in range(self.kernel_size)]), [taps[1:]]

    def _look_up(self, taps: list) -> Any:
        kernel = ops.cast(self.kernel, self.compute_dtype)
        y = ops.take(kernel[-1], taps[-1], axis=0)
        for tap in range(self.kernel_size - 1):
            y = y + ops.take(kernel[tap], taps[tap], axis=0)
        return y if self.bias is None else y + ops.cast(self.bias, y.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape, self.filters)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "levels": self.levels,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "history": self.history,
            "use_bias": self.use_bias,
        }
