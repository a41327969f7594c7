"""What a `FrameLSTM` hears in training beside music: its own playing, and what was before."""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import ops


def steps_of(x: Any) -> Any:
    """The frames among what a model is given."""
    return x["steps"] if isinstance(x, dict) else x


def some_steps(dataset: Any, max_frames: int) -> Iterator[np.ndarray]:
    """The frames of the first batches, until they held so many."""
    frames = 0
    for i in range(len(dataset)):
        if frames >= max_frames:
            return
        x = np.asarray(steps_of(dataset[i][0]))
        frames += x.shape[0] * x.shape[1]
        yield x


class OwnInputs:
    """Scheduled sampling: a growing share of the input is what the model would have played.

    Trained on music alone, a model never meets its own mistakes, and in generation meets nothing
    else. Here it first predicts all frames from the true ones, draws from its predictions as
    generation would, and then hears some of the draws in place of the true frames that they
    predict. Gradients do not pass through the draws.

    Args:
        model: The `FrameLSTM`, which keeps the count of steps and the seed.
        share: Of frames replaced at the end, above 0 and up to 1.
        ramp_steps: Training steps in which the share rises from 0 in a straight line. 0 starts
            with all of it.

    References:
        Bengio et al., "Scheduled sampling for sequence prediction with recurrent neural networks",
        2015. In two passes: Mihaylova and Martins, "Scheduled sampling for transformers", 2019;
        Duckworth et al., "Parallel scheduled sampling", 2019.
    """

    def __init__(self, model: Any, share: float, ramp_steps: int) -> None:
        self.share, self.ramp_steps = share, ramp_steps
        # A weight, so that a run that is resumed goes on with the ramp.
        self.steps = model.add_weight(
            (), initializer="zeros", trainable=False, dtype="float32", name="own_input_steps"
        )
        self.seed = keras.random.SeedGenerator()

    def now(self) -> Any:
        """The share of frames that are replaced in the next training step."""
        if not self.ramp_steps:
            return self.share
        return self.share * ops.minimum(ops.divide(self.steps, float(self.ramp_steps)), 1.0)

    def __call__(self, model: Any, frames: Any, states: list | None) -> Any:
        """Frames `(batch, steps, features)`, some of them replaced."""
        outputs, _ = model.parts(frames, states, training=False)
        outputs = ops.stop_gradient(model.put_out(outputs))
        batch, steps = ops.shape(frames)[:2]
        noise = keras.random.uniform((batch * steps, *model.noise_shape), seed=self.seed)
        flat = ops.reshape(outputs, (-1, outputs.shape[-1]))
        drawn = ops.reshape(model.sample(flat, noise, model.controls), ops.shape(frames))
        chance = keras.random.uniform((batch, steps - 1, 1), seed=self.seed)
        heard = ops.where(chance < self.now(), drawn[:, :-1], frames[:, 1:])
        self.steps.assign_add(1.0)
        return ops.concatenate([frames[:, :1], ops.stop_gradient(heard)], axis=1)


class Carry:
    """The states that rows of a batch end with, kept for the batch that goes on from there.

    Args:
        model: The `FrameLSTM`, which keeps them as weights that are not trained.
        lanes: Rows of a batch.

    References:
        Williams and Peng, "An efficient gradient-based algorithm for on-line training of recurrent
        network trajectories", 1990: truncated backpropagation through time.
    """

    def __init__(self, model: Any, lanes: int) -> None:
        self.lanes = lanes
        self.memories = [
            [
                model.add_weight(
                    (lanes, layer.units),
                    initializer="zeros",
                    trainable=False,
                    dtype="float32",
                    name=f"carried_{number}_{memory}",
                )
                for memory in range(layer.memories)
            ]
            for number, layer in enumerate(model.recurrent)
        ]

    def states(self, frames: Any, begins: Any) -> list:
        """The states to go on from, zero where a row begins anew.

        Args:
            frames: `(lanes, steps, features)`.
            begins: `(lanes,)`, 1 where it does, otherwise 0. None: everywhere.
        """
        if frames.shape[0] not in (None, self.lanes):
            raise ValueError(
                f"A model with lanes={self.lanes} is trained on batches of so many rows, as "
                f"`kaudio.data.lanes` makes them. Received: {frames.shape[0]} rows."
            )
        if begins is None:
            raise ValueError(
                f"A model with lanes={self.lanes} must be told in training where a row begins "
                "anew. Train it on what `kaudio.data.lanes` makes."
            )
        goes_on = ops.reshape(1.0 - ops.cast(begins, "float32"), (-1, 1))
        return [[ops.multiply(memory, goes_on) for memory in layer] for layer in self.memories]

    def keep(self, states: list) -> None:
        """Keeps the states that a batch ended with."""
        for layer, after in zip(self.memories, states, strict=True):
            for memory, value in zip(layer, after, strict=True):
                memory.assign(ops.cast(value, "float32"))
