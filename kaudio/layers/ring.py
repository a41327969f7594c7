"""The past of dilated convolutions, one position at a time: a flat ring buffer for many layers."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from keras import ops


class Ring:
    """Keeps what each of several causal convolutions needs of its past, in one tensor.

    Layer `i` owns `(kernel_size - 1) * dilation` slots. All layers are read with one gather and
    written with one scatter: in a compiled loop, many small ones cost more than the arithmetic.

    Args:
        dilations: Dilation rate of each layer.
        kernel_size: Of all layers, at least 1.

    References:
        Le Paine et al., "Fast Wavenet Generation Algorithm", 2016.
    """

    def __init__(self, dilations: Sequence[int], kernel_size: int) -> None:
        self.taps = kernel_size - 1
        self.lengths = np.array([self.taps * d for d in dilations], "int32")
        ends = list(itertools.accumulate(self.lengths.tolist(), initial=0))
        self.base, self.size = np.array(ends[:-1], "int32"), ends[-1]
        self.owners = np.repeat(np.arange(len(dilations)), self.lengths)
        # Slots of the taps, oldest first: `(layers, taps)` steps ahead of the slot written next.
        ahead = [[tap * d for tap in range(self.taps)] for d in dilations]
        self.ahead = np.array(ahead, "int32").reshape(len(dilations), self.taps)

    def fill(self, histories: Any) -> list:
        """The state after an endless past that never changed.

        Args:
            histories: The input of each layer during it, `(layers, batch, channels)`.

        Returns:
            `[slots, buffer]`: where each layer writes next, `(layers,)`, and all slots,
            `(size, batch, channels)`.
        """
        slots = ops.zeros((len(self.lengths),), "int32")
        return [slots, ops.take(histories, self.owners, axis=0)]

    def read(self, state: list) -> Any:
        """The inputs that the convolutions look back at, `(layers, taps, ...)`, oldest first."""
        slots, buffer = state
        lengths = self.lengths[:, None]
        index = self.base[:, None] + (slots[:, None] + self.ahead) % np.maximum(lengths, 1)
        return ops.take(buffer, index, axis=0)

    def write(self, state: list, inputs: Any) -> list:
        """Puts the newest input of each layer, `(layers, ...)`, over the oldest."""
        slots, buffer = state
        if not self.taps:
            return state
        buffer = ops.scatter_update(buffer, (self.base + slots)[:, None], inputs)
        return [(slots + 1) % self.lengths, buffer]

    def after(self, inputs: Sequence[Any], histories: Any) -> list:
        """The state after a whole sequence.

        Args:
            inputs: The inputs of each layer, `(batch, steps, channels)` each.
            histories: The input of each layer before the sequence, `(layers, batch, channels)`.
        """
        slots, buffer = self.fill(histories)
        count = inputs[0].shape[1]
        parts = []
        for x, base, length in zip(inputs, self.base, self.lengths, strict=True):
            old = buffer[base : base + length]
            kept = min(count, int(length))
            new = ops.transpose(x[:, count - kept :], (1, 0, 2))
            # The newest input lies right before the slot that is written next.
            part = ops.concatenate([old[: length - kept], ops.cast(new, old.dtype)], axis=0)
            parts.append(ops.roll(part, count % max(int(length), 1), axis=0))
        slots = ops.convert_to_tensor(count % np.maximum(self.lengths, 1), "int32")
        return [slots, ops.concatenate(parts, axis=0)]
