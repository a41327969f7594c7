"""What an exported sampler can be asked for: pure functions of tensors, by name."""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from kaudio.artifacts.networks import Network
from kaudio.generation.loop import generate_block, prime_block
from kaudio.models.stepper import Stepper


class Endpoints:
    """Generation, priming, streaming and prediction of a network, for audio instead of steps.

    A state is a flat list of tensors: the step that is heard next, what the model remembers, and
    what overlapping frames have left over.

    Args:
        network: The network.
        stepper: Makes what runs the network, for a number of clips. Default: its own.
    """

    def __init__(
        self, network: Network, stepper: Callable[[int | None], Stepper] | None = None
    ) -> None:
        self.network = network
        self.source = network.source
        self.stepper = stepper or network.source.stepper
        codec = network.model.codec
        self.has_tail = codec.frame_length > codec.hop_length
        # Of what a state is made, for one clip and for two.
        self.template, twice = (self._example(number) for number in (1, 2))
        pairs = zip(keras.tree.flatten(self.template), keras.tree.flatten(twice), strict=True)
        self.shapes = [
            tuple(a if a == b else None for a, b in zip(one.shape, two.shape, strict=True))
            for one, two in pairs
        ]

    def _example(self, batch_size: int) -> list:
        told = {k: ops.zeros((batch_size, n)) for k, n in self.source.conditions.items()}
        return self._start(batch_size, told)

    def flatten(self, state: list) -> list:
        """A state as a list of its tensors, but for those that have no elements."""
        flat = keras.tree.flatten(state)
        return [t for t, shape in zip(flat, self.shapes, strict=True) if 0 not in shape]

    def pack(self, flat: list) -> list:
        """A state from a list of its tensors."""
        tensors, batch_size = iter(flat), ops.shape(flat[0])[0]
        whole = [
            ops.zeros([batch_size if size is None else size for size in shape], like.dtype)
            if 0 in shape
            else next(tensors)
            for shape, like in zip(self.shapes, keras.tree.flatten(self.template), strict=True)
        ]
        return keras.tree.pack_sequence_as(self.template, whole)

    def start(self, batch_size: Any, conditions: dict) -> list:
        """The state of silence. Conditions are `(batch, channels)`, those of the first step."""
        return self.flatten(self._start(batch_size, conditions))

    def _start(self, batch_size: Any, conditions: dict) -> list:
        state = self.source.initial_state(batch_size, conditions)
        tail = [self.network.initial_tail(batch_size)] if self.has_tail else []
        return [self.source.first_input(batch_size), state, tail]

    def generate(self, noise: Any, controls: dict, conditions: dict) -> Any:
        """Samples from silence on, as `stream()` makes them."""
        first = {name: c[:, 0] for name, c in conditions.items()}
        return self.stream(self.start(ops.shape(noise)[0], first), noise, controls, conditions)[0]

    def stream(self, state: list, noise: Any, controls: dict, conditions: dict) -> tuple[Any, list]:
        """Samples that go on from a state.

        Args:
            state: The state.
            noise: Uniform draws in [0, 1), `(batch, steps, *noise_shape)`.
            controls: A scalar for each name in the network's controls.
            conditions: For each condition, `(batch, steps, channels)`, or `(batch, 1, channels)`.

        Returns:
            Samples in [-1, 1], `(batch, steps * hop_length)`, and the state after them.
        """
        x, inner, tail = self.pack(state)
        shape = ops.shape(noise)[:2]
        told = {
            name: _time_first(ops.broadcast_to(c, (*shape, c.shape[-1])))
            for name, c in conditions.items()
        }
        steps, x, inner = self.run(x, inner, _time_first(noise), controls, told)
        before = tail[0] if tail else self.network.initial_tail(shape[0])
        audio, after = self.network.decode(_time_first(steps), before)
        tail = [after] if tail else []
        return ops.clip(audio, -1, 1), self.flatten([x, inner, tail])

    def prime(self, samples: Any, conditions: dict) -> list:
        """The state after samples `(batch, num_samples)` that hold at least one step.

        Of conditions, what holds at the first step holds for all of them.
        """
        steps = self.network.encode(samples)
        most, model = self.network.model.prime_steps, self.network.model
        if most:
            spare = ops.maximum(0, ops.shape(steps)[1] - most)
            steps = steps[:, spare // model.prime_hop * model.prime_hop :]
        told = {name: c[:, 0] for name, c in conditions.items()}
        batch_size = ops.shape(samples)[0]
        heard = _time_first(steps)
        x, inner = self.hear(heard[0], self.source.initial_state(batch_size, told), heard, told)
        tail = []
        if self.has_tail:
            tail = [self.network.decode(steps, self.network.initial_tail(batch_size))[1]]
        return self.flatten([x, self.source.restart_conditions(inner), tail])

    def serve(self, samples: Any, conditions: dict) -> Any:
        """What the network predicts of each next step of samples `(batch, num_samples)`.

        Logits of codes, `(batch, num_samples, levels)`, or parameters of their distribution; of
        models of frames, the next frame, `(batch, steps, frame_length)`.
        """
        return self.network.predict(samples, conditions)

    def run(self, x: Any, state: Any, noise: Any, controls: dict, told: dict) -> tuple:
        """The loop. Steps, time first, the last of them, and the state before it is heard."""
        stepper = self.stepper(x.shape[0])
        return generate_block(self.source, x, state, noise, controls, told, stepper)

    def hear(self, x: Any, state: Any, steps: Any, told: dict) -> tuple:
        """The last of some steps, the first of which is `x`, and the state before it is heard."""
        return prime_block(self.source, x, state, steps[1:], told, self.stepper(x.shape[0]))


def _time_first(x: Any) -> Any:
    return ops.swapaxes(x, 0, 1)
