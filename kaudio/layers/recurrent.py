"""What LSTM and GRU share: weights, the input projection and a loop over time."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

# The slope of an activation, from its value.
SLOPES = {
    keras.activations.tanh: lambda y: 1 - y * y,
    keras.activations.sigmoid: lambda y: y * (1 - y),
    keras.activations.hard_sigmoid: lambda y: ops.cast(ops.logical_and(y > 0, y < 1), y.dtype) / 6,
}


def _differentiable(activation: Any) -> Callable:
    function = keras.activations.get(activation)
    if function not in SLOPES:
        names = ", ".join(known.__name__ for known in SLOPES)
        raise ValueError(
            f"Expected an activation among {names}. Received: {activation!r}. "
            "keras.layers.LSTM and keras.layers.GRU take any activation."
        )
    return function


def walk_back(step: Callable, carry: tuple, *sequences: Any) -> tuple:
    """Walks from the last position to the first.

    Args:
        step: `step(carry, *slices)` gives the next carry, and a record shaped like it.
        carry: Tensors that the last position starts from.
        *sequences: Tensors with time first.

    Returns:
        The records of all positions, time first.
    """

    def body(carry: tuple, time: Any) -> tuple:
        return step(carry, *(sequence[time] for sequence in sequences))

    # One index instead of the sequences: TensorFlow scans a single tensor of unknown length.
    return ops.scan(body, carry, ops.arange(ops.shape(sequences[0])[0]), reverse=True)[1]


def before(states: Any, first: Any = None) -> Any:
    """The state each position started from: the first, or zeros, then all states but the last."""
    if first is None:
        return ops.pad(states[:-1], ((1, 0), (0, 0), (0, 0)))
    return ops.concatenate([ops.expand_dims(first, 0), states[:-1]])


def outer(a: Any, b: Any) -> Any:
    """Gradient of a kernel, summed over time and batch in one matrix product."""
    a, b = (ops.reshape(x, (-1, x.shape[-1])) for x in (a, b))
    return ops.matmul(ops.transpose(a), b)


class Recurrent(keras.layers.Layer):
    """A layer that walks over a sequence from the zero state.

    The input is projected for all positions in one matrix product, before the loop. The gradient
    of the loop is written by hand, so that the recurrent kernel's part is one product after it.
    A subclass sets `gates` and `memories` and writes `_bias`, `_advance` and `_gradient`.

    Args:
        units: Number of output channels, at least 1.
        activation: Activation of the signal, a name or a function.
        recurrent_activation: Activation of the gates, a name or a function.
        kernel_initializer: Initializer of the input kernel.
        recurrent_initializer: Initializer of the recurrent kernel.
        **kwargs: As for `keras.layers.Layer`.
    """

    gates: int
    memories: int

    def __init__(
        self,
        units: int,
        activation: str | Callable = "tanh",
        recurrent_activation: str | Callable = "sigmoid",
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if units < 1:
            raise ValueError(f"Expected units of 1 or more. Received: units={units}.")
        self.units = units
        self.activation = _differentiable(activation)
        self.recurrent_activation = _differentiable(recurrent_activation)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.recurrent_initializer = keras.initializers.get(recurrent_initializer)
        self.input_spec = keras.layers.InputSpec(ndim=3)

    def build(self, input_shape: tuple) -> None:
        width = self.gates * self.units
        self.kernel = self.add_weight(
            shape=(input_shape[-1], width), initializer=self.kernel_initializer, name="kernel"
        )
        self.recurrent_kernel = self.add_weight(
            shape=(self.units, width),
            initializer=self.recurrent_initializer,
            name="recurrent_kernel",
        )
        self.bias = self._bias()
        self.input_spec = keras.layers.InputSpec(ndim=3, axes={-1: input_shape[-1]})

    def call(self, x: Any) -> Any:
        """A whole sequence: `(batch, time, features)` to `(batch, time, units)`."""
        x = self._project(ops.transpose(x, (1, 0, 2)))
        y = ops.custom_gradient(self._run)(x, *self._recurrent_weights())
        return ops.transpose(y, (1, 0, 2))

    def go_on(self, x: Any, state: list) -> tuple[Any, list]:
        """A sequence that goes on from a state, and the state after it.

        Gradients end at the state, as truncated backpropagation through time has it.

        Args:
            x: `(batch, time, features)`.
            state: As of `initial_state()` or of the last call.
        """
        x = self._project(ops.transpose(ops.cast(x, self.compute_dtype), (1, 0, 2)))
        weights = self._recurrent_weights()

        def run(x: Any, *given: Any) -> tuple[Any, Callable]:
            weights, start = given[: -self.memories], given[-self.memories :]
            states = self._states(start, x, *weights)

            def gradient(*args: Any, upstream: Any = None) -> tuple:
                upstream = args[0] if upstream is None else upstream
                found = self._gradient(upstream[..., : self.units], states, start, x, *weights)
                return *found, *(ops.zeros_like(memory) for memory in start)

            return ops.concatenate(states[: self.memories], -1), gradient

        start = [ops.stop_gradient(ops.cast(memory, self.compute_dtype)) for memory in state]
        walked = ops.custom_gradient(run)(x, *weights, *start)
        after = ops.split(ops.stop_gradient(walked[-1]), self.memories, axis=-1)
        return ops.transpose(walked[..., : self.units], (1, 0, 2)), list(after)

    def initial_state(self, batch_size: int) -> list:
        """The state before the first position: zeros of shape `(batch, units)`."""
        shape = (batch_size, self.units)
        return [ops.zeros(shape, self.compute_dtype) for _ in range(self.memories)]

    def step(self, x: Any, state: list) -> tuple[Any, list]:
        """One position: `(batch, features)` and a state to `(batch, units)` and the next state."""
        x = self._project(ops.cast(x, self.compute_dtype))
        after = self._advance(state, x, *self._recurrent_weights())
        return after[0], list(after[: self.memories])

    def _run(self, x: Any, *weights: Any) -> tuple[Any, Callable]:
        states = self._states(self.initial_state(ops.shape(x)[1]), x, *weights)

        def gradient(*args: Any, upstream: Any = None) -> tuple:
            upstream = args[0] if upstream is None else upstream
            return self._gradient(upstream, states, None, x, *weights)

        return states[0], gradient

    def _states(self, start: Any, x: Any, *weights: Any) -> tuple:
        """Everything `_advance` gives from a start on, for all positions, time first."""
        # TensorFlow records only what is shaped like the carry, so the gates are carried along.
        start = (*start, ops.zeros_like(x[0]))

        def body(state: tuple, x: Any) -> tuple:
            state = self._advance(state, x, *weights)
            return state, state

        return ops.scan(body, start, x)[1]

    def _project(self, x: Any) -> Any:
        return ops.matmul(x, self._cast(self.kernel)) + self._cast(self._input_bias())

    def _input_bias(self) -> Any:
        return self.bias

    def _recurrent_weights(self) -> tuple:
        return (self._cast(self.recurrent_kernel),)

    def _cast(self, weight: Any) -> Any:
        return ops.cast(weight, self.compute_dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        return (*input_shape[:-1], self.units)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "recurrent_activation": keras.activations.serialize(self.recurrent_activation),
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": keras.initializers.serialize(self.recurrent_initializer),
        }
