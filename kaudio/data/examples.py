"""Single examples of recordings: windows, whole sounds."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from kaudio.codecs import Codec, Quantizer
from kaudio.data.corpus import Corpus, Recording

# What a model is told of a window of a recording, given its first sample and its length: arrays
# by the name of the condition, such as `kaudio.data.Labels` and `Tags` give.
Condition = Callable[[Recording, int, int], Mapping[str, np.ndarray]]
# Of sounds that are cut off, so that they do not end with a click.
FADE_SECONDS = 0.05


class Windows:
    """Windows of one length, one every `hop` samples of each recording.

    Shorter recordings are left out, or, with `fill`, repeated to make one window each.
    """

    def __init__(self, corpus: Corpus, length: int, hop: int, fill: bool = False) -> None:
        self.recordings, self.length, self.hop = corpus.recordings, length, hop
        counts = [max(fill, (r.num_samples - length) // hop + 1) for r in self.recordings]
        self.ends = np.cumsum(counts, dtype=np.int64)
        short = counts.count(0)
        if not sum(counts):
            longest = max((recording.seconds for recording in self.recordings), default=0.0)
            raise ValueError(
                f"None of the {short} recordings of this part of the corpus is long enough: the "
                f"longest is {longest:.2f} s, and an excerpt takes "
                f"{length / corpus.sample_rate:.2f} s. Ask for shorter excerpts."
            )
        if short:
            print(
                f"{short} of {len(counts)} recordings are left out: they are shorter than an "
                f"excerpt of {length / corpus.sample_rate:.2f} s.",
                file=sys.stderr,
            )

    def __len__(self) -> int:
        return int(self.ends[-1])

    def which(self, index: int) -> int:
        """Which recording a window is of."""
        return int(np.searchsorted(self.ends, index, side="right"))

    def place(self, index: int) -> tuple[int, int]:
        """Which recording a window is of, and its number among those of that recording."""
        which = self.which(index)
        return which, index - int(self.ends[which - 1] if which else 0)

    def count(self, which: int) -> int:
        """How many windows a recording has."""
        return int(self.ends[which] - (self.ends[which - 1] if which else 0))

    def find(self, index: int, rng: np.random.Generator | None = None) -> tuple[Recording, int]:
        """Where a window starts. With `rng`, that is up to a hop later, if there is room."""
        which, number = self.place(index)
        recording, start = self.recordings[which], number * self.hop
        if rng is not None:
            room = max(0, recording.num_samples - self.length - start)
            start += int(rng.integers(min(self.hop, room + 1)))
        return recording, start


@dataclass(frozen=True)
class NextStep:
    """Each step of a window, and the one after it.

    With random numbers, windows start later if `jitter`, and codes are off by `noise` except those
    to predict.
    """

    windows: Windows
    codec: Codec
    condition: Condition | None
    noise: float = 0.0
    jitter: bool = True

    def __len__(self) -> int:
        return len(self.windows)

    def __call__(
        self, index: int, rng: np.random.Generator | None = None
    ) -> tuple[Any, np.ndarray]:
        recording, start = self.windows.find(index, rng if self.jitter else None)
        steps = self.codec.encode(recording.read(start, self.windows.length))
        past = steps[:-1]
        if rng is not None and self.noise and isinstance(self.codec, Quantizer):
            past = off(past, self.codec.levels, self.noise, rng)
        if self.condition is None:
            return past, steps[1:]
        told = self.condition(recording, start, self.windows.length)
        return {"steps": past, **told}, steps[1:]


@dataclass(frozen=True)
class OneShot:
    """A whole sound from the silence before it, each step and the one after it.

    With random numbers, the steps are off by noise, all but the silence; those after are not.
    """

    corpus: Corpus
    codec: Quantizer
    steps: int
    condition: Condition | None
    noise: float = 0.0

    def __len__(self) -> int:
        return len(self.corpus.recordings)

    def __call__(
        self, index: int, rng: np.random.Generator | None = None
    ) -> tuple[Any, np.ndarray]:
        recording = self.corpus.recordings[index]
        samples = recording.read(0, self.steps)
        if recording.num_samples > self.steps:
            fade = min(self.steps, round(FADE_SECONDS * recording.sample_rate))
            samples[-fade:] *= np.linspace(1, 0, fade, dtype="float32")
        y = self.codec.encode(np.pad(samples, (0, self.steps - len(samples))))
        past = y[:-1]
        if rng is not None and self.noise:
            past = off(past, self.codec.levels, self.noise, rng)
        x = np.concatenate([self.codec.encode(np.zeros(1, "float32")), past])
        if self.condition is None:
            return x, y
        return {"steps": x, **self.condition(recording, 0, self.steps)}, y


def off(codes: np.ndarray, levels: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    """Codes off by a few, by at most `noise` as a standard deviation: otherwise each time."""
    # Of another strength each time: the model has to do with good pasts and bad ones.
    drawn = noise * rng.random() * rng.standard_normal(len(codes))
    return np.clip(np.round(codes + drawn), 0, levels - 1).astype(codes.dtype)
