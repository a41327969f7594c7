"""The gated residual block of WaveNet, whole sequences and one position at a time."""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from kaudio.layers.gated import gated_residual


@keras.saving.register_keras_serializable("kaudio")
class GatedBlock(keras.layers.Layer):
    """A causal convolution with a gate, and a way around it.

    `z = tanh(W * x + V c) sigmoid(W' * x + V' c)`, and the output is `x + U z`. Both
    convolutions are one product. The skip connection is left to `GatedStack`, which multiplies
    the `z` of all its blocks at once.

    Args:
        filters: Number of channels in and out, at least 1.
        gate_filters: Number of channels of `z`, at least 1.
        kernel_size: Number of taps, at least 2.
        dilation_rate: Positions from one tap to the next, at least 1.
        use_bias: Whether convolution and output have biases.
        has_output: Whether there is an output beside `z`. The last block of a stack needs none.
        conditions: For each condition by name, `(channels, hop_length)`: its number of channels,
            and for how many positions each of its values holds; 0 for a global condition, which
            is about a whole clip.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        x: The sequence, `(batch, steps, filters)`.
        history: What `x` was before, at every position: `(batch or 1, filters)`, None for zeros.
        conditions: For each condition by name a sequence,
            `(batch, ceil(steps / hop_length), channels)`; a global one is
            `(batch, 1, channels)`, or `(batch, steps, channels)` where it changes over the clip.

    Returns:
        The output `(batch, steps, filters)`, or None, and `z`, `(batch, steps, gate_filters)`.

    Example:
    >>> block = GatedBlock(32, 32, dilation_rate=4, conditions={"composer": (2, 0)})
    >>> x, composer = np.zeros((1, 100, 32)), np.array([[[1.0, 0.0]]])
    >>> output, z = block(x, conditions={"composer": composer})

    References:
        Van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016, sections 2.3-2.5.
    """

    def __init__(
        self,
        filters: int,
        gate_filters: int,
        kernel_size: int = 2,
        dilation_rate: int = 1,
        use_bias: bool = True,
        has_output: bool = True,
        conditions: Mapping[str, tuple[int, int]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(filters, gate_filters, dilation_rate) < 1 or kernel_size < 2:
            raise ValueError(
                "`filters`, `gate_filters` and `dilation_rate` must be at least 1 and "
                "`kernel_size` at least 2. Received: "
                f"{filters}, {gate_filters}, {dilation_rate}, {kernel_size}."
            )
        self.filters = filters
        self.gate_filters = gate_filters
        self.kernel_size = kernel_size
        self.dilation_rate = dilation_rate
        self.use_bias = use_bias
        self.has_output = has_output
        self.conditions = {name: tuple(value) for name, value in (conditions or {}).items()}

    @property
    def receptive_field(self) -> int:
        """Positions that an output depends on, its own included."""
        return (self.kernel_size - 1) * self.dilation_rate + 1

    def build(self, input_shape: Any = None) -> None:
        double = 2 * self.gate_filters
        self.kernel = self._weight((self.kernel_size, self.filters, double), "kernel")
        self.bias = self._weight((double,), "bias") if self.use_bias else None
        self.condition_kernels = {
            name: self._weight((channels, double), f"{name}_kernel")
            for name, (channels, _) in sorted(self.conditions.items())
        }
        self.output_kernel = self.output_bias = None
        if self.has_output:
            self.output_kernel = self._weight((self.gate_filters, self.filters), "output_kernel")
            if self.use_bias:
                self.output_bias = self._weight((self.filters,), "output_bias")

    def _weight(self, shape: tuple, name: str) -> Any:
        kind = "zeros" if name.endswith("bias") else "glorot_uniform"
        return self.add_weight(shape, initializer=kind, name=name)

    def call(self, x: Any, history: Any = None, conditions: Any = None) -> tuple[Any, Any]:
        if history is None:
            history = ops.zeros((1, self.filters), x.dtype)
        output = None
        if self.has_output:
            output = self._cast(self.output_kernel), self._bias(self.output_bias, self.filters)
        x, z = gated_residual(
            x,
            ops.cast(history, x.dtype),
            self._cast(self.kernel),
            self._bias(self.bias, 2 * self.gate_filters),
            self._conditions(conditions or {}, ops.shape(x)[1]),
            output,
            self.dilation_rate,
        )
        return x if self.has_output else None, z

    def step(self, x: Any, past: Any, conditions: Any = None) -> tuple[Any, Any]:
        """One position.

        Args:
            x: `(batch, filters)`.
            past: What the taps before the last look at, oldest first:
                `(kernel_size - 1, batch, filters)`.
            conditions: For each condition by name, `(batch, channels)`.

        Returns:
            As `call()` gives them, without the axis of positions.
        """
        taps = [past[tap] for tap in range(self.kernel_size - 1)]
        kernel = ops.reshape(self._cast(self.kernel), (-1, 2 * self.gate_filters))
        g = ops.matmul(ops.concatenate([*taps, x], axis=-1), kernel)
        g = g + self._bias(self.bias, 2 * self.gate_filters)
        condition = self._conditions(conditions or {})
        a, b = ops.split(g if condition is None else g + condition, 2, axis=-1)
        z = ops.tanh(a) * ops.sigmoid(b)
        if not self.has_output:
            return None, z
        x = x + ops.matmul(z, self._cast(self.output_kernel))
        return x + self._bias(self.output_bias, self.filters), z

    def held(self, x: Any, conditions: Any = None) -> Any:
        """The output, once `x` and the conditions have not changed for a receptive field."""
        past = ops.broadcast_to(ops.expand_dims(x, 0), (self.kernel_size - 1, *ops.shape(x)))
        return self.step(x, past, conditions)[0]

    def _conditions(self, conditions: Mapping[str, Any], steps: Any = None) -> Any:
        """What all conditions add to the convolution, or None: of one position, or of `steps`."""
        total = None
        for name, kernel in self.condition_kernels.items():
            c = ops.matmul(self._cast(conditions[name]), self._cast(kernel))
            hop_length = self.conditions[name][1]
            # Repeated after the product, which is the same and cheaper.
            if hop_length > 1 and steps is not None:
                c = ops.repeat(c, hop_length, axis=1)[:, :steps]
            total = c if total is None else total + c
        if steps is not None and total is not None and total.shape[1] is None:
            # One for all positions or one for each: only then it is known which.
            total = total + ops.zeros((1, steps, 1), total.dtype)
        return total

    def _bias(self, bias: Any, width: int) -> Any:
        return ops.zeros((width,), self.compute_dtype) if bias is None else self._cast(bias)

    def _cast(self, weight: Any) -> Any:
        return ops.cast(weight, self.compute_dtype)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "filters": self.filters,
            "gate_filters": self.gate_filters,
            "kernel_size": self.kernel_size,
            "dilation_rate": self.dilation_rate,
            "use_bias": self.use_bias,
            "has_output": self.has_output,
            "conditions": self.conditions,
        }
