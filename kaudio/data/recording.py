"""A recording: a waveform with a name, a label and a group."""

from dataclasses import dataclass
from pathlib import PurePath

import numpy as np

from kaudio.data.cache import CachedWaveform


@dataclass(frozen=True)
class Recording:
    """A recording, or a stretch of one.

    Args:
        path: The file it was read from, or the address of a remote one.
        label: What it is an example of, such as its composer.
        group: Recordings of a group are never parted by a split.
        waveform: Its samples, on disk.
        sample_rate: Samples per second, in Hz.
        start: First sample of the stretch in `waveform`.
        stop: The sample after its last.
    """

    path: PurePath
    label: str
    group: str
    waveform: CachedWaveform
    sample_rate: int
    start: int
    stop: int

    @property
    def num_samples(self) -> int:
        """Length in samples."""
        return self.stop - self.start

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return self.num_samples / self.sample_rate

    def read(self, start: int, count: int) -> np.ndarray:
        """Reads `count` samples from `start` on, fewer at the end. A new `(samples,)` array."""
        start = min(max(start, 0), self.num_samples)
        return self.waveform.read(self.start + start, min(count, self.num_samples - start))
