"""What a clip has copied: the longest passage that is a recording of the training set."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from kaudio.evaluation.alike import correlation, longest_passage
from kaudio.evaluation.fingerprints import Fingerprints
from kaudio.evaluation.landmarks import BAND_HOPS, Layout, Prints

# Copies are sought in windows of 2 s, one a second: in a longer one chance would agree as often.
WINDOW, WINDOW_HOP = 200, 100
CANDIDATES, LEAST_VOTES = 5, 5
# A landmark that occurs more often says little of where it is from.
MOST_PLACES = 2_000
REFINE = 3  # frames of 0.01 s to each side
SHORTEST_SECONDS = 1.0


@dataclass(frozen=True)
class Copy:
    """The longest passage of a clip that is in the index.

    Args:
        seconds: Its length, 0 if there is none.
        at: Where it begins in the clip, in seconds.
        source: Name of the recording that it is from, or None.
        source_at: Where it begins there, in seconds.
        similarity: Mean correlation of the two spectra, frame by frame, up to 1.
    """

    seconds: float = 0.0
    at: float = 0.0
    source: str | None = None
    source_at: float = 0.0
    similarity: float = 0.0


def copies(
    samples: np.ndarray,
    sample_rate: int,
    fingerprints: Fingerprints,
    leave_out: Sequence[int] = (),
) -> Copy:
    """Finds the longest passage of a clip that is the same recording as one of the index.

    Gain, noise 20 dB below the music, mu-law codes of 8 bits and resampling do not hide it; playing
    the same notes again does not make it. Landmarks that agree on where they are from propose
    places; there the spectra are compared every 0.04 s. The passage lasts as long as both they
    and what changes in them within a second correlate, other than for 0.2 s. Its ends are right
    to about 0.1 s.

    Chance makes short ones: music of the same composer and instrument that is not in the index
    has some too, and what it has is the floor to compare with: see `KnownMusic.copy_floor`.

    Args:
        samples: A clip, `(num_samples,)`, 1 s or longer.
        sample_rate: In Hz, that of the fingerprints.
        fingerprints: Of the training set.
        leave_out: Numbers of recordings in which nothing is sought.

    Returns:
        The passage. Of silence, noise and what is like nothing in the index, 0 s.

    Raises:
        ValueError: If the clip has another rate, is too short, or not finite.

    Example:
    >>> clip = corpus.recordings[3].read(60 * corpus.sample_rate, 5 * corpus.sample_rate)
    >>> copy = copies(0.3 * clip, corpus.sample_rate, fingerprints)
    >>> copy.seconds, copy.source_at
    (4.92, 60.03)

    References:
        Wang, "An industrial-strength audio search algorithm", ISMIR 2003.
    """
    if sample_rate != fingerprints.sample_rate:
        raise ValueError(
            f"The fingerprints are of {fingerprints.sample_rate} Hz, and so must be the clip. "
            f"Received: a clip of {sample_rate} Hz. Read it with `kaudio.audio.read(path, "
            f"{fingerprints.sample_rate})`."
        )
    samples = np.asarray(samples)
    if samples.ndim == 1 and len(samples) < SHORTEST_SECONDS * sample_rate:
        raise ValueError(
            f"A copied passage is sought in clips of {SHORTEST_SECONDS:g} s or longer. Received: "
            f"{len(samples) / sample_rate:.3f} s."
        )
    layout = Layout(sample_rate)
    search = _Search(layout.prints([samples], every_frame=True), fingerprints, leave_out)
    # The first frame of a passage stands for the 0.04 s about its middle.
    lead = layout.length / sample_rate / 2 - BAND_HOPS * layout.hop_seconds / 2
    return search.longest(layout.hop_seconds, lead)


class _Search:
    """A clip beside an index. Times are in hops; those of the clip plus `lag` are the index's."""

    def __init__(self, clip: Prints, index: Fingerprints, leave_out: Sequence[int]) -> None:
        self.clip, self.index = clip, index
        self.sought = ~np.isin(np.arange(len(index.names)), leave_out)
        # What lies within a window lies together.
        order = np.argsort(clip.times, kind="stable")
        self.hashes, self.times = clip.hashes[order], clip.times[order]

    def longest(self, hop_seconds: float, lead: float) -> Copy:
        best, most_alike, known = Copy(), 0.0, []
        for window in range(0, len(self.clip.bands), WINDOW_HOP):
            # A long copy is proposed by each of its windows, and searched once.
            known = [(lag, end) for lag, end in known if end > window]
            for lag in self._lags(window):
                if any(abs(lag - other) <= REFINE for other, _ in known):
                    continue
                lag, end, first, likeness = self._passage(lag, window)
                known.append((lag, end))
                begin = BAND_HOPS * first - lag
                # Of two that are about as long, the one that is more alike.
                if likeness.sum() <= most_alike:
                    continue
                most_alike = float(likeness.sum())
                number = int(np.searchsorted(self.index.starts, first, side="right")) - 1
                hops = BAND_HOPS * (first - self.index.starts[number])
                best = Copy(
                    seconds=round(BAND_HOPS * len(likeness) * hop_seconds, 3),
                    at=round(begin * hop_seconds + lead, 3),
                    source=self.index.names[number],
                    source_at=round(float(hops * hop_seconds + lead), 3),
                    similarity=float(likeness.mean()),
                )
        return best

    def _lags(self, window: int) -> Iterator[int]:
        """What most landmarks of a window agree on."""
        first, last = np.searchsorted(self.times, [window, window + WINDOW])
        hashes, times = self.hashes[first:last], self.times[first:last]
        low = np.searchsorted(self.index.hashes, hashes)
        count = np.searchsorted(self.index.hashes, hashes, side="right") - low
        count = np.minimum(count, MOST_PLACES)
        each = np.repeat(np.arange(len(count)), count)
        which = np.arange(len(each)) - (np.cumsum(count) - count)[each] + low[each]
        if not self.sought.all():
            place = self.index.places[which] // BAND_HOPS
            kept = self.sought[np.searchsorted(self.index.starts, place, side="right") - 1]
            each, which = each[kept], which[kept]
        lags, votes = np.unique(
            (self.index.places[which].astype(int) - times[each]) // 2, return_counts=True
        )
        # Peaks are found a frame early or late.
        votes[:-1] += np.where(np.diff(lags) == 1, votes[1:], 0)
        for i in np.argsort(-votes, kind="stable")[:CANDIDATES]:
            if votes[i] >= LEAST_VOTES:
                yield 2 * int(lags[i]) + 2

    def _passage(self, lag: int, window: int) -> tuple[int, int, int, np.ndarray]:
        """The longest passage about a window: at the best lag, that is searched up to the end.

        Returns:
            The lag, the end, the first frame of the passage in the index, and its likeness.
        """
        tries = range(lag - REFINE, lag + REFINE + 1)
        lag = max(tries, key=lambda a: self._likeness(a, window))
        reach = WINDOW
        while True:
            first, mine, theirs = self._aligned(lag, window - reach, window + WINDOW + reach)
            begin, end = longest_passage(mine, theirs)
            inside = begin > 0 and end < len(mine)
            if inside or begin == end or reach > len(self.clip.bands):
                likeness = correlation(mine[begin:end], theirs[begin:end])
                # The next window has more behind its own end.
                return lag, window + reach, first + begin, likeness
            reach *= 2

    def _likeness(self, lag: int, window: int) -> float:
        _, mine, theirs = self._aligned(lag, window, window + WINDOW)
        return float(correlation(mine, theirs).sum())

    def _aligned(self, lag: int, begin: int, end: int) -> tuple[int, np.ndarray, np.ndarray]:
        """The first frame in the index, and spectra of a stretch of the clip and of the index."""
        index, clip = self.index, self.clip.bands
        # Only the recording in which the middle of the stretch lies.
        middle = np.clip((begin + end) // 2 + lag, 0, BAND_HOPS * len(index.bands) - 1)
        number = np.searchsorted(index.starts, middle // BAND_HOPS, side="right") - 1
        begin, end = max(begin, 0), min(end, len(clip))
        first = max(int(index.starts[number]), -(-(begin + lag) // BAND_HOPS))
        last = min(int(index.starts[number + 1]), -(-(end + lag) // BAND_HOPS))
        last = max(first, last)
        at = BAND_HOPS * first - lag
        mine = clip[at : at + BAND_HOPS * (last - first) : BAND_HOPS]
        return first, mine.astype("float32"), index.bands[first:last].astype("float32")
