"""Excerpts of recordings to judge a model by, each with the recording that it is of."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kaudio.codecs import Quantizer
from kaudio.data.corpus import Corpus, Recording
from kaudio.data.datasets import iterate, next_step, one_shots
from kaudio.data.examples import Condition
from kaudio.data.tags import Labels
from kaudio.models import Autoregressive

# How much of an excerpt counts, as recipes have it by default; of one-shots, the longest.
CODE_SECONDS, FRAME_SECONDS, MOST_SOUND_SECONDS = 0.5, 8.0, 4.0


class Excerpts:
    """Excerpts as `kaudio.fit` validates by, in order.

    Args:
        model: Which will be judged by them.
        corpus: The recordings.
        seconds: How much of an excerpt counts, or None for what is usual.
        batch_size: Excerpts in a batch.
        most_batches: No more batches, spread evenly.

    Attributes:
        data: The batches, `(x, y)`.
        steps: How many steps of an excerpt count.
        told: What the model is told of them, in a sentence, or "".
        left_out: That not all were looked at, in a sentence, or "".
        num_samples: What a recording must have for one excerpt.
    """

    def __init__(
        self,
        model: Autoregressive,
        corpus: Corpus,
        seconds: float | None = None,
        batch_size: int = 8,
        most_batches: int | None = None,
    ) -> None:
        codec, self.batch_size, self.num_samples = model.codec, batch_size, 0
        seconds = usual_seconds(model, corpus) if seconds is None else seconds
        if not 0 < seconds < np.inf:
            raise ValueError(f"Excerpts must be longer than 0 s. Received: {seconds} s.")
        self.steps = max(1, round(seconds * codec.steps_per_second))
        condition, self.told = _condition(model, corpus)
        if model.from_silence and isinstance(codec, Quantizer):
            self._owners = np.arange(len(corpus.recordings))
            self.data = one_shots(corpus, codec, self.steps, batch_size, condition=condition)
            self._spread(most_batches)
            self.data = self.data[:: self._stride]
            return
        steps, hop = model.warm_up + self.steps, self.steps * codec.hop_length
        length = self.num_samples = codec.num_samples(steps + 1)
        counts = [max(0, (r.num_samples - length) // hop + 1) for r in corpus.recordings]
        self._owners = np.repeat(np.arange(len(counts)), counts)
        self._spread(most_batches)
        self.data = next_step(
            corpus,
            codec,
            steps,
            batch_size,
            condition=condition,
            hop_steps=self.steps,
            epoch_batches=most_batches,
        )

    def _spread(self, most_batches: int | None) -> None:
        batches = -(-len(self._owners) // self.batch_size)
        self.left_out = ""
        self._stride = 1 if most_batches is None else -(-batches // max(1, most_batches))
        if self._stride > 1:
            looked = len(range(0, batches, self._stride))
            self.left_out = (
                f"Only {looked} of {batches} batches of excerpts were looked at; a dash stands for "
                "a recording of which there was none."
            )

    def __iter__(self) -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
        """Gives `(x, y, owners)`: of each excerpt of a batch, the index of its recording."""
        for i, (x, y) in enumerate(iterate(self.data)):
            first = i * self._stride * self.batch_size
            yield x, np.asarray(y), self._owners[first : first + len(y)]


def usual_seconds(model: Autoregressive, corpus: Corpus) -> float:
    """How much of an excerpt counts if nothing else is said."""
    if model.from_silence:
        return min(MOST_SOUND_SECONDS, max(r.seconds for r in corpus.recordings))
    return CODE_SECONDS if model.codec.step_shape == () else FRAME_SECONDS


def _condition(model: Autoregressive, corpus: Corpus) -> tuple[Condition | None, str]:
    """What makes conditions of a recording, and a sentence about it."""
    if not model.conditions:
        return None, ""
    names = tuple(model.condition_names.get("global", ()))
    if set(model.conditions) != {"global"}:
        raise ValueError(
            "This model is told more than recordings say by themselves: "
            f"{', '.join(sorted(model.conditions))}. Only labels can be told."
        )
    if set(corpus.labels) <= set(names):
        return Labels(names), "The model is told the label of each recording: its sub-folder."
    nothing = np.zeros((1, len(names)), "float32")

    def tell(recording: Recording, start: int, num_samples: int) -> dict[str, np.ndarray]:
        return {"global": nothing}

    return tell, (
        "The model is told nothing, though it learned with conditions: not all sub-folders "
        f"are among the {len(names)} that it knows."
    )
