"""The music that clips are judged by: measured once, for any number of clips."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kaudio.data.corpus import Corpus, Recording
from kaudio.evaluation.copies import SHORTEST_SECONDS, copies
from kaudio.evaluation.fingerprints import Fingerprints
from kaudio.evaluation.frechet import no_music
from kaudio.evaluation.music_range import SLACK, MusicRange
from kaudio.evaluation.over_time import over_time
from kaudio.evaluation.rows import WINDOW_SECONDS, log_mel_rows
from kaudio.evaluation.sound import UNITS, describe

# Recordings are described in excerpts of this length, as clips are.
EXCERPT_SECONDS = 10.0
BLOCK_SECONDS = 10.0
NOTHING_SECONDS = 60.0
FLOOR_EXCERPTS, FLOOR_SECONDS, MOST_FLOOR = 12, 30.0, 3.0
LEAST_LEVEL = 1e-4
HIGHEST_RATE = 16_000
Watch = Callable[[Iterable[Recording]], Iterable[Recording]]


@dataclass(frozen=True, eq=False)
class KnownMusic:
    """Music to judge clips by, measured.

    Args:
        sample_rate: Of the recordings, in Hz. Clips must have it too.
        num_recordings: How many there are.
        seconds: Length of all of them.
        ranges: By each name in `kaudio.evaluation.UNITS`, the values, in that unit, below which 1 %
            and 99 % of the excerpts of 10 s lie; those that are defined nowhere are left out.
        excerpt_seconds: Their length: 10 s, unless recordings are shorter.
        windows: The range of the curves over time.
        tempos: `Track.tempo_stability` of each recording that has a beat.
        fingerprints: In which copies are found.
        copy_floor: The "copy", in seconds, that an excerpt of the music has in the others: the
            median of some. At most 3 s, as more is no chance. None where there are no others.
        rows: Log-mel statistics of each recording of 1 s or longer.
        ceilings: Those of what is no music, at the level of the music.
    """

    sample_rate: int
    num_recordings: int
    seconds: float
    ranges: dict[str, tuple[float, float]]
    excerpt_seconds: float
    windows: MusicRange
    tempos: tuple[float, ...]
    fingerprints: Fingerprints
    copy_floor: float | None
    rows: tuple[np.ndarray, ...]
    ceilings: dict[str, np.ndarray]

    @classmethod
    def of(cls, corpus: Corpus, watch: Watch = iter) -> "KnownMusic":
        """Measures music, each recording block by block: memory does not grow with their length.

        Args:
            corpus: Recordings, such as those that a model learned from.
            watch: What recordings go through one by one, such as a progress bar. An hour of music
                at 16 kHz takes half a minute.

        Example:
        >>> music = KnownMusic.of(Corpus.from_folder("~/music", 16_000))
        """
        rate, samples, power = corpus.sample_rate, 0, 0.0
        found: list[dict[str, float | None]] = []
        tracks, rows, lengths = [], [], []

        def measured() -> Iterator[Recording]:
            nonlocal samples, power
            for recording in watch(corpus.recordings):
                for part in excerpts(blocks_of(recording), rate):
                    found.append(describe(part, rate))
                    lengths.append(len(part) / rate)
                tracks.append(over_time(blocks_of(recording), rate))
                if recording.seconds >= WINDOW_SECONDS:
                    rows.append(log_mel_rows(blocks_of(recording), rate))
                for block in blocks_of(recording):
                    power += float(np.square(block, dtype=float).sum())
                    samples += len(block)
                yield recording

        fingerprints = Fingerprints.of(measured(), rate)
        level = max(LEAST_LEVEL, np.sqrt(power / max(1, samples)))
        nothing = no_music(round(NOTHING_SECONDS * rate), float(level))
        return cls(
            sample_rate=rate,
            num_recordings=len(corpus.recordings),
            seconds=corpus.seconds,
            ranges=_ranges(found),
            excerpt_seconds=float(np.median(lengths)),
            windows=MusicRange.of(tracks),
            tempos=tuple(t.tempo_stability for t in tracks if t.tempo_stability is not None),
            fingerprints=fingerprints,
            copy_floor=_copy_floor(corpus, fingerprints),
            rows=tuple(rows),
            ceilings={name: log_mel_rows(x, rate) for name, x in nothing.items()},
        )


class MusicByRate:
    """Music to judge clips of several rates by, measured once at each rate that is asked for.

    Args:
        folder: Of recordings.
        watch: As for `KnownMusic.of`.
    """

    def __init__(self, folder: Path, watch: Watch = iter) -> None:
        self.folder, self.watch = folder, watch
        self._known: dict[int, KnownMusic] = {}

    def at(self, sample_rate: int) -> KnownMusic:
        """The music at a rate, at most 16 kHz: most of what is heard lies below half of it."""
        sample_rate = min(HIGHEST_RATE, sample_rate)
        if sample_rate not in self._known:
            corpus = Corpus.from_folder(self.folder, sample_rate)
            self._known[sample_rate] = KnownMusic.of(corpus, self.watch)
        return self._known[sample_rate]

    @property
    def lowest(self) -> KnownMusic:
        """The music at the lowest rate that was asked for: what clips of all rates have."""
        return self._known[min(self._known)]


def excerpts(
    blocks: Iterator[np.ndarray], sample_rate: int, seconds: float = EXCERPT_SECONDS
) -> Iterator[np.ndarray]:
    """Excerpts of one length. A shorter rest counts only if there is nothing else."""
    length, rest, some = round(seconds * sample_rate), np.zeros(0, "float32"), False
    for block in blocks:
        rest = np.concatenate([rest, block])
        while len(rest) >= length:
            yield rest[:length]
            rest, some = rest[length:], True
    if len(rest) and not some:
        yield rest


def blocks_of(recording: Recording) -> Iterator[np.ndarray]:
    """The samples of a recording, 10 s at a time."""
    size = round(BLOCK_SECONDS * recording.sample_rate)
    return (recording.read(start, size) for start in range(0, recording.num_samples, size))


def _ranges(found: list[dict[str, float | None]]) -> dict[str, tuple[float, float]]:
    ranges = {}
    for name in UNITS:
        if between := _between([row[name] for row in found]):
            low, high = between
            slack = SLACK.get(name, 0.0)
            # Shares begin at 0.
            ranges[name] = (low - slack if name == "dc" else low, high + slack)
    return ranges


def _between(values: list[float | None]) -> tuple[float, float] | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    low, high = np.percentile(known, [1, 99])
    return float(low), float(high)


def _copy_floor(corpus: Corpus, fingerprints: Fingerprints) -> float | None:
    """What chance and themes that come again make of the longest copy.

    Excerpts from the middle of some recordings are sought in all that are not of their group.
    """
    groups = [recording.group for recording in corpus.recordings]
    found, rate = [], corpus.sample_rate
    for number in range(0, len(groups), -(-len(groups) // FLOOR_EXCERPTS)):
        recording = corpus.recordings[number]
        length = min(round(FLOOR_SECONDS * rate), recording.num_samples)
        same = [i for i, group in enumerate(groups) if group == groups[number]]
        if length >= SHORTEST_SECONDS * rate and len(same) < len(groups):
            samples = recording.read((recording.num_samples - length) // 2, length)
            found.append(copies(samples, rate, fingerprints, same).seconds)
    return min(MOST_FLOOR, float(np.median(found))) if found else None
