"""A `PackedStack` for TensorFlow Lite, where a buffer is written in place by slices alone."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from kaudio.layers.gated_stack import GatedStack
from kaudio.layers.packed_stack import PackedStack
from kaudio.models import WaveNet
from kaudio.models.stepper import WaveNetStepper


class LiteStack(PackedStack):
    """One clip, one position at a time.

    TensorFlow Lite scatters by copying the whole buffer, twice. So the slots of all blocks of one
    dilation rate lie side by side here, and are written as one slice. `sigmoid` is an operator of
    its own there, which makes two operators less of each gate.

    Args:
        stack: The stack.
    """

    def __init__(self, stack: GatedStack) -> None:
        super().__init__(stack, 1)
        rates = list(dict.fromkeys(stack.dilations))
        members = [[i for i, d in enumerate(stack.dilations) if d == rate] for rate in rates]
        taps, count = stack.kernel_size - 1, len(stack.dilations)
        self.members = members
        self.lengths = np.array([taps * rate for rate in rates], "int32")
        sizes = self.lengths * [len(m) for m in members]
        self.bases = (np.cumsum(sizes) - sizes).astype("int32")
        # Of each block: its group, and where in a row of that it lies.
        self.group, self.place = np.zeros((2, count), "int32")
        for number, blocks in enumerate(members):
            self.group[blocks], self.place[blocks] = number, np.arange(len(blocks))
        self.width = np.array([len(m) for m in members], "int32")
        self.order = self._order()
        doubled = np.ones(2 * stack.gate_filters, "float32")
        doubled[stack.gate_filters :] = 2  # sigmoids take the whole of what tanh took half of
        self.kernels = [kernel * doubled for kernel in self.kernels]
        self.past_kernels, self.biases = self.past_kernels * doubled, self.biases * doubled
        self.condition_kernels = {
            name: kernel * np.tile(doubled, count)
            for name, kernel in self.condition_kernels.items()
        }
        self.skip = (ops.transpose(self.skip[0]), self.skip[1])
        # Constants of the graph, not the operations that made them.
        for name in ("kernels", "output_kernels", "past_kernels", "biases", "offsets", "skip"):
            setattr(self, name, arrays(getattr(self, name)))
        self.condition_kernels = arrays(self.condition_kernels)

    def _order(self) -> np.ndarray:
        """The slot of the stack's own ring that each slot here stands for."""
        ring, order = self.stack.ring, []
        for blocks, length in zip(self.members, self.lengths, strict=True):
            order.append((ring.base[blocks][None] + np.arange(length)[:, None]).ravel())
        return np.concatenate(order).astype("int32")

    def enter(self, state: list) -> list:
        inlet, (slots, buffer) = super().enter(state)
        firsts = np.array([blocks[0] for blocks in self.members], "int32")
        return [inlet, [ops.take(slots, firsts, axis=0), ops.take(buffer, self.order, axis=0)]]

    def leave(self, carry: list) -> list:
        inlet, (slots, buffer) = carry
        back = np.argsort(self.order).astype("int32")
        slots = ops.take(slots, self.group, axis=0)
        return super().leave([inlet, [slots, ops.take(buffer, back, axis=0)]])

    def step(self, x: Any, carry: list, conditions: Mapping[str, Any]) -> tuple[Any, list]:
        slots, buffer = carry[1]
        x, inlet = self.stack.inlet.step(x, carry[0])
        x = self._cast(x)
        added = self._past(self._read(slots, buffer)) + self._conditions(conditions)
        inputs, features = [], []
        gates = ops.unstack(ops.expand_dims(added, 1), num=len(self.kernels))
        for number, kernel in enumerate(self.kernels):
            inputs.append(x)
            a, b = ops.split(ops.matmul(x, kernel) + gates[number], 2, axis=1)
            z = ops.tanh(a) * ops.sigmoid(b)
            features.append(z)
            if number < len(self.output_kernels):
                x = x + ops.matmul(z, self.output_kernels[number])
        y = ops.matmul(ops.concatenate(features, axis=1), self.skip[0]) + self.skip[1]
        return y[0], [inlet, self._write(slots, buffer, inputs)]

    def _read(self, slots: Any, buffer: Any) -> Any:
        group = self.group
        lengths = self.lengths[group][:, None]
        slot = ops.expand_dims(ops.take(slots, group, axis=0), 1) + self.stack.ring.ahead
        slot = ops.where(slot >= lengths, slot - lengths, slot)
        rows = self.bases[group][:, None] + slot * self.width[group][:, None]
        return ops.take(buffer, rows + self.place[:, None], axis=0)

    def _write(self, slots: Any, buffer: Any, inputs: list) -> list:
        for number, blocks in enumerate(self.members):
            rows = ops.concatenate([inputs[block] for block in blocks], axis=0)
            start = int(self.bases[number]) + slots[number] * len(blocks)
            buffer = ops.slice_update(buffer, (start, ops.zeros_like(start)), rows)
        after = slots + 1
        return [ops.where(after >= self.lengths, ops.zeros_like(after), after), buffer]


class LiteStepper(WaveNetStepper):
    """A WaveNet whose weights are laid out for TensorFlow Lite.

    Args:
        model: The model.
    """

    def __init__(self, model: WaveNet) -> None:
        super().__init__(model, 1)
        self.trunk = LiteStack(model.trunk)
        self.hidden, self.outlet = arrays(self.hidden), arrays(self.outlet)


def arrays(tensors: Any) -> Any:
    """The same nest of NumPy arrays."""
    return keras.tree.map_structure(ops.convert_to_numpy, tensors)
