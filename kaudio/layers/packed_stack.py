"""A `GatedStack` one position at a time, at the speed of a compiled loop."""

from collections.abc import Mapping
from typing import Any

from keras import ops

from kaudio.layers.gated_stack import GatedStack

# From so many weights on, the product of all skip connections is bound by memory.
LARGE = 2**20


class PackedStack:
    """The weights of a stack, laid out anew for `step()`, and its state in the same layout.

    What a loop over single positions is bound by is not arithmetic but how many small operations
    it takes and in which order it reads weights. So the taps of the past, which are known at the
    start of a step, are one batched product for all blocks; the biases of the residual path are
    added to those of the gates; and `sigmoid(b)` is `(1 + tanh(b / 2)) / 2`. One clip is a vector;
    several are the rows of a matrix, or its columns where the weights exceed the caches.

    Make it outside the loop and call `step()` inside. It computes in float32, also where the
    stack was trained in mixed precision: half the digits are no faster for a single position.

    Args:
        stack: The stack.
        batch_size: Clips side by side, or None where that is not known yet.
    """

    def __init__(self, stack: GatedStack, batch_size: int | None) -> None:
        self.stack = stack
        count, double = len(stack.blocks), 2 * stack.gate_filters
        width, taps = stack.inlet.filters, stack.kernel_size - 1
        size = count * stack.gate_filters * stack.skip_filters
        self.is_vector = batch_size == 1
        self.in_columns = not self.is_vector and size >= LARGE
        self.axis = 1 if not self.is_vector and not self.in_columns else 0
        # Half of what sigmoids take, so that they can be written as tanh.
        halves = ops.concatenate([ops.ones((double // 2,)), ops.full((double // 2,), 0.5)])
        kernels = ops.stack([self._cast(block.kernel) for block in stack.blocks]) * halves
        biases = ops.zeros((count, double), halves.dtype)
        self.offsets = ops.zeros((count, width), halves.dtype)
        if stack.use_bias:
            biases = ops.stack([self._cast(block.bias) for block in stack.blocks]) * halves
            steps = [self._cast(block.output_bias) for block in stack.blocks[:-1]]
            steps = ops.stack([ops.zeros((width,), halves.dtype), *steps])
            self.offsets = ops.cumsum(steps, axis=0)  # what residual biases have added up to
            biases += ops.einsum("lr,lkrd->ld", self.offsets, kernels)
        past = ops.reshape(kernels[:, :taps], (count, taps * width, double))
        self.biases = biases
        self.past_kernels = ops.swapaxes(past, 1, 2) if self.in_columns else past
        self.kernels = [self._laid(kernels[i, taps]) for i in range(count)]
        self.output_kernels = [
            self._laid(self._cast(block.output_kernel)) for block in stack.blocks[:-1]
        ]
        self.condition_kernels = {
            name: ops.concatenate(
                [self._cast(b.condition_kernels[name]) * halves for b in stack.blocks], axis=-1
            )
            for name in stack.conditions
        }
        bias = stack.skip_bias
        self.skip = self.pack(stack.skip_kernel, None if bias is None else ops.sum(bias, axis=0))

    def _cast(self, weight: Any) -> Any:
        return ops.cast(weight, "float32")

    def _laid(self, kernel: Any) -> Any:
        return ops.transpose(kernel) if self.in_columns else kernel

    def pack(self, kernel: Any, bias: Any) -> tuple[Any, Any]:
        """A kernel `(channels, filters)` and its bias (or None) for `product()`."""
        kernel = self._cast(kernel)
        bias = 0.0 if bias is None else self._cast(bias)
        if self.in_columns:
            bias = bias if isinstance(bias, float) else ops.expand_dims(bias, -1)
        return kernel if self.axis else ops.transpose(kernel), bias

    def product(self, x: Any, packed: tuple[Any, Any]) -> Any:
        """What a Dense layer makes of channels that are laid out as in `step()`."""
        kernel, bias = packed
        return (ops.matmul(x, kernel) if self.axis else ops.matmul(kernel, x)) + bias

    def rows(self, x: Any) -> Any:
        """`(batch, channels)` of channels that are laid out as in `step()`."""
        if self.is_vector:
            return ops.expand_dims(x, 0)
        return ops.transpose(x) if self.in_columns else x

    def enter(self, state: list) -> list:
        """A state of the stack in this layout."""
        inlet, (slots, buffer) = state
        buffer = buffer - ops.expand_dims(self._offset_of_slots(), 1)
        if self.is_vector:
            buffer = buffer[:, 0]
        return [inlet, [slots, ops.swapaxes(buffer, 1, 2) if self.in_columns else buffer]]

    def leave(self, carry: list) -> list:
        """A state of the stack from one in this layout."""
        inlet, (slots, buffer) = carry
        buffer = ops.expand_dims(buffer, 1) if self.is_vector else buffer
        buffer = ops.swapaxes(buffer, 1, 2) if self.in_columns else buffer
        return [inlet, [slots, buffer + ops.expand_dims(self._offset_of_slots(), 1)]]

    def _offset_of_slots(self) -> Any:
        return ops.take(self.offsets, self.stack.ring.owners, axis=0)

    def step(self, x: Any, carry: list, conditions: Mapping[str, Any]) -> tuple[Any, list]:
        """One position. As `GatedStack.step`, but for the layout of state and result."""
        stack, depth = self.stack, self.stack.gate_filters
        x, inlet = stack.inlet.step(x, carry[0])
        x = self._cast(x)
        x = x[0] if self.is_vector else ops.transpose(x) if self.in_columns else x
        added = self._past(stack.ring.read(carry[1])) + self._conditions(conditions)
        inputs, features = [], []
        for number, kernel in enumerate(self.kernels):
            inputs.append(x)
            g = self._times(x, kernel) + added[number]
            a, b = (g[:, :depth], g[:, depth:]) if self.axis else (g[:depth], g[depth:])
            z = ops.tanh(a) * (0.5 + 0.5 * ops.tanh(b))
            features.append(z)
            if number < len(self.output_kernels):
                x = x + self._times(z, self.output_kernels[number])
        y = self.product(ops.concatenate(features, axis=self.axis), self.skip)
        return y, [inlet, stack.ring.write(carry[1], ops.stack(inputs))]

    def _times(self, x: Any, kernel: Any) -> Any:
        return ops.matmul(kernel, x) if self.in_columns else ops.matmul(x, kernel)

    def _past(self, past: Any) -> Any:
        """What the taps of the past add to the gates of each block."""
        count, taps = past.shape[:2]
        channels = taps * self.stack.inlet.filters
        if self.is_vector:
            past = ops.reshape(past, (count, 1, channels))
            return ops.matmul(past, self.past_kernels)[:, 0]
        if self.in_columns:
            past = ops.reshape(past, (count, channels, -1))
            return ops.matmul(self.past_kernels, past)
        past = past[:, 0] if taps == 1 else ops.swapaxes(past, 1, 2)
        return ops.matmul(ops.reshape(past, (count, -1, channels)), self.past_kernels)

    def _conditions(self, conditions: Mapping[str, Any]) -> Any:
        """What biases and conditions add to the gates of each block."""
        biases = self.biases
        total = None
        for name, kernel in self.condition_kernels.items():
            c = ops.matmul(self._cast(conditions[name]), kernel)
            total = c if total is None else total + c
        if total is not None:
            total = ops.reshape(total, (-1, *biases.shape))
        if self.is_vector:
            return biases if total is None else biases + total[0]
        biases = ops.expand_dims(biases, 2 if self.in_columns else 1)
        if total is None:
            return biases
        return biases + ops.transpose(total, (1, 2, 0) if self.in_columns else (1, 0, 2))
