"""Recordings, in the form in which a copy of them is found: an index of landmarks, and spectra."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kaudio.data.corpus import Recording
from kaudio.evaluation.landmarks import BAND_HOPS, Layout

BLOCK = 1 << 20


@dataclass(frozen=True, eq=False)
class Fingerprints:
    """Recordings, in the form in which a copy of them is found. Some 6 MB for an hour of music.

    Args:
        sample_rate: Of the recordings, in Hz. Clips must have it too.
        names: Of the recordings.
        starts: Where each begins in `bands`, and where the last ends, `(recordings + 1,)`.
        hashes: The landmarks of all, sorted, `(landmarks,)`.
        places: Where each is, in hops since the start of the first recording.
        bands: Spectra of all, one after the other, `(frames, bands)`.
    """

    sample_rate: int
    names: tuple[str, ...]
    starts: np.ndarray
    hashes: np.ndarray
    places: np.ndarray
    bands: np.ndarray

    @classmethod
    def of(
        cls,
        recordings: Iterable[Recording | tuple[str, Iterable[np.ndarray]]],
        sample_rate: int,
    ) -> "Fingerprints":
        """Makes them, in one pass and in memory that does not grow with a recording's samples.

        Args:
            recordings: Those of a corpus, or pairs of a name and an iterable of the samples, in
                arrays of any length.
            sample_rate: Of all of them, in Hz.

        Raises:
            ValueError: If there are none, or one has another sample rate or is not finite.

        Example:
        >>> fingerprints = Fingerprints.of(corpus.recordings, corpus.sample_rate)
        """
        layout, names, starts = Layout(sample_rate), [], [0]
        hashes, places, bands = [], [], []
        for recording in recordings:
            name, blocks = _named(recording, sample_rate)
            prints = layout.prints(blocks)
            names.append(name)
            hashes.append(prints.hashes)
            places.append((prints.times + BAND_HOPS * starts[-1]).astype("uint32"))
            bands.append(prints.bands)
            starts.append(starts[-1] + len(prints.bands))
        if not names:
            raise ValueError(
                "Expected one recording or more to search for copies in. Received: none. Pass "
                "the recordings of the training set."
            )
        found = np.concatenate(hashes)
        order = np.argsort(found, kind="stable")
        return cls(
            sample_rate,
            tuple(names),
            np.array(starts),
            found[order],
            np.concatenate(places)[order],
            np.concatenate(bands),
        )

    @property
    def nbytes(self) -> int:
        """Bytes of memory that they take."""
        return self.hashes.nbytes + self.places.nbytes + self.bands.nbytes


def _named(
    recording: Recording | tuple[str, Iterable[np.ndarray]], sample_rate: int
) -> tuple[str, Iterable[np.ndarray]]:
    if not isinstance(recording, Recording):
        return recording
    if recording.sample_rate != sample_rate:
        raise ValueError(
            f"Expected recordings of {sample_rate} Hz. Received: {recording.path} at "
            f"{recording.sample_rate} Hz. Read the corpus at one sample rate."
        )
    starts = range(0, recording.num_samples, BLOCK)
    return str(recording.path), (recording.read(start, BLOCK) for start in starts)
