"""A second, slower network that sees a longer past: the context of a WaveNet."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from kaudio.layers.causal_conv import CausalConv1D
from kaudio.layers.gated_stack import GatedStack


@keras.saving.register_keras_serializable("kaudio")
class ContextStack(keras.layers.Layer):
    """Gated blocks over frames of samples, whose output conditions a faster network.

    A step of this network is `hop_length` samples, so that the same number of blocks sees
    `hop_length` times as far back, at a small part of the cost. What it makes of a frame is given
    to the samples of the frame after it.

    Args:
        hop_length: Samples in a frame, at least 1.
        dilations: Dilation rate of each block, in frames.
        kernel_size: Number of taps of each block, at least 2.
        filters: Number of channels of the blocks and of the output.
        **kwargs: As for `keras.layers.Layer`.

    Input shape:
        `(batch, steps)` samples, silence being zero.

    Output shape:
        `(batch, ceil(steps / hop_length), filters)`.

    Example:
    >>> context = ContextStack(hop_length=64, dilations=[1, 2, 4, 8])
    >>> tuple(context(np.zeros((1, 1000))).shape), context.receptive_field
    ((1, 16, 32), 1151)

    References:
        Van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016, section 2.6.
    """

    def __init__(
        self,
        hop_length: int,
        dilations: Sequence[int],
        kernel_size: int = 2,
        filters: int = 32,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if hop_length < 1:
            raise ValueError(f"`hop_length` must be at least 1. Received: {hop_length}.")
        self.hop_length = hop_length
        self.dilations = tuple(dilations)
        self.kernel_size = kernel_size
        self.filters = filters
        inlet = CausalConv1D(filters, 1, dtype=self.dtype_policy, name="inlet")
        self.stack = GatedStack(
            inlet, dilations, kernel_size, filters, filters, dtype=self.dtype_policy, name="stack"
        )

    @property
    def receptive_field(self) -> int:
        """Most samples that an output depends on, from the last one it holds for."""
        return self.hop_length * (self.stack.receptive_field + 1)

    def build(self, input_shape: Any = None) -> None:
        self.stack.build((None, None, self.hop_length))

    def call(self, x: Any) -> Any:
        return ops.relu(self.stack(self._frames(x)))

    def _frames(self, x: Any) -> Any:
        x = ops.cast(x, self.compute_dtype)
        batch_size, steps = ops.shape(x)
        frames = (steps + self.hop_length - 1) // self.hop_length
        # A frame of silence first: the first samples know nothing of their own frame.
        x = ops.pad(x[:, : (frames - 1) * self.hop_length], [[0, 0], [self.hop_length, 0]])
        return ops.reshape(x, (batch_size, frames, self.hop_length))

    def state_after(self, x: Any) -> list:
        """The state after a whole sequence, from the initial state."""
        frames = self._frames(x)
        phase = x.shape[1] % self.hop_length
        frame = ops.pad(x[:, x.shape[1] - phase :], [[0, 0], [0, self.hop_length - phase]])
        if not phase:
            frame = x[:, x.shape[1] - self.hop_length :]
        return [
            ops.convert_to_tensor(phase, "int32"),
            ops.transpose(ops.cast(frame, self.compute_dtype)),
            ops.relu(self.stack(frames))[:, -1],
            self.stack.state_after(frames, {}),
        ]

    def initial_state(self, batch_size: int) -> list:
        """The state before the first sample."""
        return [
            ops.zeros((), "int32"),
            ops.zeros((self.hop_length, batch_size), self.compute_dtype),
            ops.zeros((batch_size, self.filters), self.compute_dtype),
            self.stack.initial_state(batch_size, {}),
        ]

    def step(self, x: Any, state: list) -> tuple[Any, list]:
        """One sample, `(batch,)`, and a state to `(batch, filters)` and the next state."""
        phase, frame, value, stack = state

        def hear() -> tuple:
            y, after = self.stack.step(ops.transpose(frame), stack, {})
            return ops.relu(y), after

        value, stack = ops.cond(ops.equal(phase, 0), hear, lambda: (value, stack))
        x = ops.expand_dims(ops.cast(x, frame.dtype), 0)
        frame = ops.slice_update(frame, (phase, ops.zeros_like(phase)), x)
        return value, [(phase + 1) % self.hop_length, frame, value, stack]

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "hop_length": self.hop_length,
            "dilations": list(self.dilations),
            "kernel_size": self.kernel_size,
            "filters": self.filters,
        }
