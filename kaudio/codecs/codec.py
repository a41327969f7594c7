"""What a codec is: the two-way street between a waveform and a sequence of steps."""

import abc
import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Codec(abc.ABC):
    """Turns waveforms into the steps that a model reads, and back. Pure NumPy.

    A codec is saved inside the model that was trained on it, so that a `.keras` file is all that
    `kaudio generate` needs. Step `i` covers the samples from `i * hop_length` on, `frame_length`
    of them; where `frame_length` exceeds `hop_length`, steps overlap and are added up on the way
    back.

    Args:
        sample_rate: Samples per second of the waveforms, in Hz, at least 1.
        frame_length: Samples that a step covers, at least 1.
    """

    sample_rate: int
    frame_length: int

    def __post_init__(self) -> None:
        if self.sample_rate < 1 or self.frame_length < 1:
            raise ValueError(
                "`sample_rate` must be at least 1 Hz and `frame_length` at least 1 sample. "
                f"Received: sample_rate={self.sample_rate}, frame_length={self.frame_length}."
            )

    @property
    @abc.abstractmethod
    def step_shape(self) -> tuple[int, ...]:
        """Shape of one step: `(features,)` for frames, `()` for codes."""

    @property
    def hop_length(self) -> int:
        """Samples from the start of a step to the start of the next."""
        return self.frame_length

    @property
    def steps_per_second(self) -> float:
        """Steps for each second of audio."""
        return self.sample_rate / self.hop_length

    def num_samples(self, num_steps: int) -> int:
        """Samples that hold exactly `num_steps` steps."""
        return (num_steps - 1) * self.hop_length + self.frame_length

    def num_steps(self, num_samples: int) -> int:
        """Whole steps in `num_samples` samples."""
        return max(0, (num_samples - self.frame_length) // self.hop_length + 1)

    @abc.abstractmethod
    def encode(self, samples: np.ndarray) -> np.ndarray:
        """Turns a waveform into steps.

        Args:
            samples: `(num_samples,)` in [-1, 1].

        Returns:
            `(num_steps(num_samples), *step_shape)`. A last, partial step is dropped.
        """

    @abc.abstractmethod
    def decode_block(self, steps: np.ndarray, tail: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Turns some steps of a longer sequence into samples.

        Args:
            steps: `(..., num_steps, *step_shape)`.
            tail: What earlier steps left over: `initial_tail()` for the first block, then what
                the last call returned.

        Returns:
            The `num_steps * hop_length` samples that no later step reaches, and the new tail,
            `(..., frame_length - hop_length)`.
        """

    def initial_tail(self, *batch_shape: int) -> np.ndarray:
        """The tail before the first step: nothing to add."""
        return np.zeros((*batch_shape, self.frame_length - self.hop_length), "float32")

    def decode(self, steps: np.ndarray) -> np.ndarray:
        """Turns a whole sequence into samples.

        Args:
            steps: `(..., num_steps, *step_shape)`.

        Returns:
            `(..., num_samples(num_steps))`. Where steps overlap, the first and last
            `frame_length - hop_length` samples fade in and out, as fewer steps cover them.
        """
        batch_shape = steps.shape[: -1 - len(self.step_shape)]
        samples, tail = self.decode_block(steps, self.initial_tail(*batch_shape))
        return np.concatenate([samples, tail], axis=-1)

    def get_config(self) -> dict:
        """The arguments that make this codec again."""
        return {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.init}

    @classmethod
    def from_config(cls, config: dict) -> "Codec":
        """Makes a codec from `get_config()`."""
        return cls(**config)
