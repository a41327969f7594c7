"""Batches that go on where the ones before them ended, row by row."""

import functools
from typing import Any

import grain
import numpy as np

from kaudio.codecs import Codec
from kaudio.data.corpus import Corpus
from kaudio.data.datasets import check_at_least_one, check_rates
from kaudio.data.examples import Windows
from kaudio.data.shares import Batches, rows_of


class Lanes(grain.MapDataset):
    """Batches of excerpts, of which each row goes on in the next batch: see `lanes`."""

    def __init__(self, windows: Windows, codec: Codec, rows: int, seed: int, made: range) -> None:
        super().__init__()
        self.windows, self.codec, self.rows, self.order_seed = windows, codec, rows, seed
        self.made = made

    def __len__(self) -> int:
        return len(self.windows) // self.rows

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self.slice(index)
        epoch, batch = divmod(index, len(self))
        rng = np.random.default_rng([self.order_seed, epoch])
        order, late = self._order(rng), rng.random(len(self.windows.recordings))
        x, y, begins = [], [], []
        for row in self.made:
            place = row * len(self) + batch
            which, number = self.windows.place(int(order[place]))
            goes_on = batch > 0 and number > 0 and order[place] == order[place - 1] + 1
            recording, length = self.windows.recordings[which], self.windows.length
            # Of what is left over at the end, a part is left out at the start.
            spare = (
                recording.num_samples - length - (self.windows.count(which) - 1) * self.windows.hop
            )
            start = number * self.windows.hop + int(late[which] * (spare + 1))
            steps = self.codec.encode(recording.read(start, length))
            x.append(steps[:-1])
            y.append(steps[1:])
            begins.append(not goes_on)
        return {"steps": np.stack(x), "begins": np.array(begins, "float32")}, np.stack(y)

    def _order(self, rng: np.random.Generator) -> np.ndarray:
        """All windows, recording after recording, from anywhere on."""
        ends = self.windows.ends
        starts = np.concatenate([[0], ends[:-1]])
        order = np.concatenate([np.arange(starts[i], ends[i]) for i in rng.permutation(len(ends))])
        return np.roll(order, int(rng.integers(len(order))))


def lanes(corpus: Corpus, codec: Codec, steps: int, rows: int, *, seed: int) -> Batches:
    """Batches `(x, y)` to predict each step, where each row goes on in the next batch.

    The recordings lie end to end, in a new order each epoch, and are cut into as many lanes as a
    batch has rows; each batch takes the next excerpt of each lane. A model that carries its state
    along, such as `FrameLSTM(lanes=rows)`, so hears recordings as a whole, though gradients pass
    through one excerpt only. In each epoch a recording starts a little later or earlier. The same
    seed, epoch and index give the same batch.

    Args:
        corpus: Recordings at the sample rate of the codec.
        codec: Turns a waveform into steps.
        steps: Steps in `x` and in `y`.
        rows: Rows of a batch.
        seed: Of the order, and of where recordings start.

    Returns:
        A `grain.MapDataset`, as long as an epoch. `x` is a dict of "steps"
        `(rows, steps, *step_shape)` and "begins" `(rows,)`, 1 where a row does not go on from the
        batch before: where an epoch or a recording begins. `y` is `(rows, steps, *step_shape)`.

    Raises:
        ValueError: If there are fewer excerpts than rows.

    Example:
    >>> train = kaudio.data.lanes(corpus, codec, steps=60, rows=16, seed=0)
    >>> model = kaudio.models.FrameLSTM(codec, lanes=16)
    """
    check_rates(codec, corpus)
    check_at_least_one(steps=steps, rows=rows)
    windows = Windows(corpus, codec.num_samples(steps + 1), steps * codec.hop_length)
    if len(windows) < rows:
        raise ValueError(
            f"There must be an excerpt for each of {rows} lanes. Received: recordings with "
            f"{len(windows)} of {steps} steps. Ask for shorter excerpts or fewer lanes."
        )
    return Batches(rows, functools.partial(_deal, windows, codec, rows, seed))


def _deal(
    windows: Windows, codec: Codec, rows: int, seed: int, index: int, count: int, devices: int
) -> Lanes:
    """The lanes of a process, for `Batches`."""
    return Lanes(windows, codec, rows, seed, rows_of(rows, index, count))
