"""A stack of gated blocks: the trunk of WaveNet, and of its context network."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from kaudio.layers.gated import concatenated_product
from kaudio.layers.gated_block import GatedBlock
from kaudio.layers.ring import Ring


@keras.saving.register_keras_serializable("kaudio")
class GatedStack(keras.layers.Layer):
    """An input layer, gated blocks one after the other, and the sum of their skip connections.

    Args:
        inlet: The layer in front of the blocks: a `CausalEmbedding` or a `CausalConv1D`.
        dilations: Dilation rate of each block, such as `[1, 2, 4, 8] * 3`.
        kernel_size: Number of taps of each block, at least 2.
        gate_filters: Number of channels of each gate.
        skip_filters: Number of channels of the sum.
        use_bias: Whether blocks and skip connections have biases.
        conditions: As for `GatedBlock`.
        start: In training, blocks run from this position on. A multiple of the hop lengths of the
            conditions.
        crop: And of what they put out, this many positions are left out.
        remat: Whether to compute blocks again in the backward pass instead of keeping what they
            computed: about a third slower, and a fraction of the memory.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        x: What the inlet takes, `(batch, steps, ...)`.
        conditions: As for `GatedBlock`. Before the sequence, global ones are what they are at its
            start, and others are zero.

    Returns:
        `(batch, steps, skip_filters)`; with `training=True` without the first `start + crop`
        positions.

    References:
        Van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016, figure 4.
    """

    def __init__(
        self,
        inlet: keras.layers.Layer,
        dilations: Sequence[int],
        kernel_size: int = 2,
        gate_filters: int = 32,
        skip_filters: int = 256,
        use_bias: bool = True,
        conditions: Mapping[str, tuple[int, int]] | None = None,
        start: int = 0,
        crop: int = 0,
        remat: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(autocast=False, **kwargs)
        if not dilations or skip_filters < 1:
            raise ValueError(
                "`dilations` must name at least one block and `skip_filters` be at least 1. "
                f"Received: dilations={dilations}, skip_filters={skip_filters}."
            )
        self.inlet = inlet
        self.dilations = tuple(int(d) for d in dilations)
        self.kernel_size = kernel_size
        self.gate_filters = gate_filters
        self.skip_filters = skip_filters
        self.use_bias = use_bias
        self.conditions = {name: tuple(value) for name, value in (conditions or {}).items()}
        self.start = start
        self.crop = crop
        self.remat = remat
        self.blocks = [
            GatedBlock(
                inlet.filters,
                gate_filters,
                kernel_size,
                dilation,
                use_bias,
                has_output=number < len(self.dilations),
                conditions=self.conditions,
                dtype=self.dtype_policy,
                name=f"block_{number}",
            )
            for number, dilation in enumerate(self.dilations, start=1)
        ]
        self.ring = Ring(self.dilations, kernel_size)

    @property
    def receptive_field(self) -> int:
        """Positions that an output depends on, its own included."""
        return self.inlet.receptive_field + sum(b.receptive_field - 1 for b in self.blocks)

    @property
    def condition_field(self) -> int:
        """Positions whose conditions an output depends on, its own included."""
        return 1 + sum(block.receptive_field - 1 for block in self.blocks[1:])

    def build(self, input_shape: tuple) -> None:
        if not self.inlet.built:  # as it is where Keras reads the stack from a file
            self.inlet.build(input_shape)
        for block in self.blocks:
            block.build()
        count = len(self.blocks)
        shape = (count * self.gate_filters, self.skip_filters)
        self.skip_kernel = self.add_weight(shape, initializer="glorot_uniform", name="skip_kernel")
        self.skip_bias = None
        if self.use_bias:  # that of each block: their sum is what counts
            shape = (count, self.skip_filters)
            self.skip_bias = self.add_weight(shape, initializer="zeros", name="skip_bias")

    def call(self, x: Any, conditions: Any = None, training: bool = False) -> Any:
        conditions = conditions or {}
        if training and self.start:
            x, conditions = x[:, self.start :], self._shift(conditions)
        features = self._run(x, conditions, self.crop if training else 0, training)[1]
        kernel = self._cast(self.skip_kernel)
        return self._add_skip_bias(concatenated_product(features, kernel))

    def _shift(self, conditions: Mapping[str, Any]) -> dict[str, Any]:
        shifted = {}
        for name, c in conditions.items():
            first, last = self.start // max(1, self.conditions[name][1]), ops.shape(c)[1] - 1
            # A global condition may hold for all positions at once. JAX slices by plain integers.
            first = min(first, last) if isinstance(last, int) else ops.minimum(first, last)
            shifted[name] = c[:, first:]
        return shifted

    def _run(self, x: Any, conditions: Mapping[str, Any], start: int, training: bool) -> tuple:
        """What each block is given, and its features from position `start` on."""
        past = self.histories(1, self.before({k: c[:, 0] for k, c in conditions.items()}))
        x, inputs, features = self._cast(self.inlet(x)), [], []
        for block, history in zip(self.blocks, past, strict=True):
            inputs.append(x)
            # The last block puts out None as well, which TensorFlow does not compute again.
            again = self.remat and training and block.has_output
            run = keras.remat(block) if again else block
            x, z = run(x, history, conditions)
            features.append(z[:, start:] if start else z)
        return inputs, features

    def before(self, conditions: Mapping[str, Any]) -> dict[str, Any]:
        """Conditions as they are before a sequence, from what they are at its start."""
        return {
            name: ops.zeros_like(c) if self.conditions[name][1] else c
            for name, c in conditions.items()
        }

    def _add_skip_bias(self, y: Any) -> Any:
        if self.skip_bias is None:
            return y
        return y + ops.cast(ops.sum(self.skip_bias, axis=0), y.dtype)

    def _cast(self, x: Any) -> Any:
        return ops.cast(x, self.compute_dtype)

    def histories(self, batch_size: int, conditions: Mapping[str, Any]) -> list:
        """What each block was given, after endless silence: `(batch, filters)` each."""
        x, inputs = self._cast(self.inlet.held(batch_size)), []
        for block in self.blocks:
            inputs.append(x)
            x = block.held(x, conditions) if block.has_output else None
        return inputs

    def initial_state(self, batch_size: int, conditions: Mapping[str, Any]) -> list:
        """The state before the first position, whose conditions are `(batch, channels)`."""
        past = self._past(batch_size, conditions)
        return [self.inlet.initial_state(batch_size), self.ring.fill(past)]

    def state_after(self, x: Any, conditions: Mapping[str, Any]) -> list:
        """The state after a whole sequence, as for `call()`, from the initial state."""
        inputs, _ = self._run(x, conditions, 0, False)
        past = self._past(x.shape[0], {name: c[:, 0] for name, c in conditions.items()})
        return [self.inlet.state_after(x), self.ring.after(inputs, past)]

    def _past(self, batch_size: int, conditions: Mapping[str, Any]) -> Any:
        shape = (batch_size, self.inlet.filters)
        inputs = self.histories(batch_size, self.before(conditions))
        inputs = ops.stack([ops.broadcast_to(x, shape) for x in inputs])
        return ops.cast(inputs, "float32")  # as the rings are, whatever the stack computes in

    def step(self, x: Any, state: list, conditions: Mapping[str, Any]) -> tuple[Any, list]:
        """One position.

        Args:
            x: What the inlet takes, `(batch, ...)`.
            state: What `initial_state()` or the last call returned.
            conditions: For each condition by name, `(batch, channels)`.

        Returns:
            `(batch, skip_filters)` and the next state.
        """
        x, inlet_state = self.inlet.step(x, state[0])
        x = self._cast(x)
        past, inputs, features = ops.cast(self.ring.read(state[1]), x.dtype), [], []
        for number, block in enumerate(self.blocks):
            inputs.append(x)
            x, z = block.step(x, past[number], conditions)
            features.append(z)
        kernel = self._cast(self.skip_kernel)
        y = self._add_skip_bias(ops.matmul(ops.concatenate(features, axis=-1), kernel))
        inputs = ops.cast(ops.stack(inputs), "float32")
        return y, [inlet_state, self.ring.write(state[1], inputs)]

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "inlet": keras.saving.serialize_keras_object(self.inlet),
            "dilations": list(self.dilations),
            "kernel_size": self.kernel_size,
            "gate_filters": self.gate_filters,
            "skip_filters": self.skip_filters,
            "use_bias": self.use_bias,
            "conditions": self.conditions,
            "start": self.start,
            "crop": self.crop,
            "remat": self.remat,
        }

    @classmethod
    def from_config(cls, config: dict) -> "GatedStack":
        inlet = keras.saving.deserialize_keras_object(config["inlet"])
        return cls(**{**config, "inlet": inlet})
