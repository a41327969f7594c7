"""All that a stack of gated blocks is told beside the samples."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from kaudio.layers.clock import LATEST, dying_away
from kaudio.layers.context_stack import ContextStack
from kaudio.layers.upsample import Upsample


@keras.saving.register_keras_serializable("kaudio")
class Conditioning(keras.layers.Layer):
    """Makes the conditions of a `GatedStack` of what is given and of the samples so far.

    "global" describes a whole clip, "local" is a sequence at a lower rate, "context" is what a
    second network makes of a longer past, "clock" tells the time since the start of the clip.

    Args:
        global_channels: Numbers that describe a clip, 0 for none.
        local_channels: Channels of the local condition, 0 for none.
        local_hop_length: Samples that each of its values is for.
        context: The network of the longer past, or None.
        learned: Whether local condition and context come to the rate of samples by a transposed
            convolution, or by repetition.
        clock_decays: For each channel of the clock, in how many samples it falls to 37 %.
        **kwargs: As for `keras.layers.Layer`.

    Call arguments:
        samples: `(batch, steps)`, silence being zero.
        given: "global" `(batch, 1 or steps, global_channels)` and "local"
            `(batch, ceil(steps / local_hop_length), local_channels)`, those that there are.

    Returns:
        A dict, as `GatedStack` takes it. The clock is `(1, steps, len(clock_decays))`.

    References:
        Van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016, sections 2.5, 2.6.
    """

    def __init__(
        self,
        global_channels: int = 0,
        local_channels: int = 0,
        local_hop_length: int = 1,
        context: ContextStack | None = None,
        learned: bool = False,
        clock_decays: Sequence[float] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.global_channels = global_channels
        self.local_channels = local_channels
        self.local_hop_length = local_hop_length
        self.context = context
        self.learned = learned
        self.clock_decays = tuple(clock_decays)
        self.upsample: dict[str, Upsample] = {}
        self.widths: dict[str, int] = {"local": local_channels} if local_channels else {}
        if context:
            self.widths["context"] = context.filters
        for name, width in self.widths.items() if learned else ():
            self.upsample[name] = Upsample(
                width, self._hop_length(name), dtype=self.dtype_policy, name=f"upsample_{name}"
            )

    def _hop_length(self, name: str) -> int:
        return self.context.hop_length if name == "context" else self.local_hop_length

    @property
    def hop_length(self) -> int:
        """Samples after which all conditions are at the start of a value."""
        return math.lcm(*(self._hop_length(name) for name in self.widths))

    @property
    def conditions(self) -> dict[str, tuple[int, int]]:
        """What a `GatedStack` has to know of them: `(channels, hop_length)` by name."""
        conditions = {"global": (self.global_channels, 0)} if self.global_channels else {}
        for name, width in self.widths.items():
            conditions[name] = (width, 1 if self.learned else self._hop_length(name))
        if self.clock_decays:
            conditions["clock"] = (len(self.clock_decays), 1)
        return conditions

    def build(self, input_shape: Any = None) -> None:
        if self.context:
            self.context.build()
        for name, layer in self.upsample.items():
            layer.build((None, None, self.widths[name]))

    def call(self, samples: Any, given: Mapping[str, Any] | None = None) -> dict[str, Any]:
        conditions = dict(given or {})
        if self.context:
            conditions["context"] = self.context(samples)
        for name, layer in self.upsample.items():
            conditions[name] = layer(conditions[name])[:, : ops.shape(samples)[1]]
        if self.clock_decays:
            positions = ops.arange(ops.shape(samples)[1], dtype="int32")
            conditions["clock"] = dying_away(ops.expand_dims(positions, 0), self.clock_decays)
        return conditions

    def initial_state(self, batch_size: int) -> list:
        """The state before the first sample."""
        context = self.context.initial_state(batch_size) if self.context else []
        return [ops.zeros((), "int32"), context, self._clock_at(0)]

    def _clock_at(self, position: int) -> list:
        return [ops.convert_to_tensor(position, "int32")] if self.clock_decays else []

    def state_after(self, samples: Any) -> list:
        """The state after a whole sequence, from the initial state."""
        context = self.context.state_after(samples) if self.context else []
        steps = samples.shape[1]
        phase = ops.convert_to_tensor(steps % self.local_hop_length, "int32")
        return [phase, context, self._clock_at(min(steps, LATEST))]

    def restart(self, state: list) -> list:
        """The same state, but what is given next is the start of a value. The clock goes on."""
        return [ops.zeros((), "int32"), *state[1:]]

    def step(self, sample: Any, state: list, given: Mapping[str, Any]) -> tuple[dict, list]:
        """One sample `(batch,)`, a state and what is given for it, `(batch, channels)` by name.

        Returns:
            Conditions `(batch, channels)` by name, of the clock `(1, channels)`, and the next
            state.
        """
        phase, context, clock = state
        phases = {"local": phase, "context": context[0] if context else phase}
        conditions = dict(given)
        if self.context:
            conditions["context"], context = self.context.step(sample, context)
        for name, layer in self.upsample.items():
            conditions[name] = layer.step(conditions[name], phases[name])
        if clock:
            conditions["clock"] = dying_away(ops.expand_dims(clock[0], 0), self.clock_decays)
            clock = [ops.minimum(clock[0] + 1, LATEST)]
        return conditions, [(phase + 1) % self.local_hop_length, context, clock]

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "global_channels": self.global_channels,
            "local_channels": self.local_channels,
            "local_hop_length": self.local_hop_length,
            "context": keras.saving.serialize_keras_object(self.context) if self.context else None,
            "learned": self.learned,
            "clock_decays": list(self.clock_decays),
        }

    @classmethod
    def from_config(cls, config: dict) -> "Conditioning":
        if config["context"]:
            context = keras.saving.deserialize_keras_object(config["context"])
            config = {**config, "context": context}
        return cls(**config)
