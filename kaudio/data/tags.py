"""Conditions from recordings: the tags of a sound, its note, its label."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePath

import numpy as np

from kaudio.audio.pitch import pitch
from kaudio.data.corpus import Corpus, Recording

OF_AN_OCTAVE = ("c", "c#", "d", "d#", "e", "f", "f#", "g", "g#", "a", "a#", "b")
_HEARD_SECONDS = 10  # of a recording, for its pitch
_NOTE = re.compile(r"[a-g][#bs]?\d")


@dataclass(frozen=True)
class Tags:
    """Tags and note of a recording, as a vector: one number for each of `names`.

    Tags are words of the names of files and of their folders. They make a binary vector, with
    which WaveNet was conditioned on music: "WaveNet: A Generative Model for Raw Audio" (van den
    Oord et al., 2016), section 3.3. A number for each note follows it. A pitch between two of them
    weighs both, linearly; one beyond them is the nearest; without a pitch, all are 0.

    There is a number for those notes only that a sound has: of others a model would learn nothing.

    Call it with a recording, and the first sample and length of a window of it, for a dict of
    `"global"`, an array `(1, len(names))` in float32 that holds for the whole recording.

    Args:
        words: The tags.
        notes: The notes in semitones, rising; 60 is middle C, c4.
        vectors: What was found already, by file and the samples in it.

    Example:
    >>> tags = Tags.of(corpus)
    >>> tags.names
    ('drums', 'marimba', 'saw', 'c4', 'f#4')
    >>> tags(corpus.recordings[0], 0, 16_000)["global"]
    array([[0., 1., 0., 1., 0.]], dtype=float32)
    """

    words: tuple[str, ...]
    notes: tuple[int, ...] = ()
    vectors: dict[PurePath, dict[tuple[int, int], np.ndarray]] = field(
        default_factory=dict, repr=False, compare=False
    )

    @classmethod
    def of(cls, corpus: Corpus, min_files: int = 2) -> "Tags":
        """Finds the tags that at least `min_files` files carry, and the notes of all files."""
        heard = {(r.path, (r.start, r.stop)): _heard(r) for r in corpus.recordings}
        files = Counter(word for words, _ in heard.values() for word in words)
        kept = sorted(word for word, count in files.items() if count >= min_files)
        notes = sorted({round(semitones(f)) for _, f in heard.values() if f is not None})
        tags = cls(tuple(kept), tuple(notes))
        for (path, stretch), (words, frequency) in heard.items():
            vector = tags.vector(words.intersection(kept), frequency)
            tags.vectors.setdefault(path, {})[stretch] = vector
        return tags

    @property
    def names(self) -> tuple[str, ...]:
        """What each number of a vector is: the tags, and the notes, such as `"c#4"`."""
        return (*self.words, *map(note_name, self.notes))

    def __call__(
        self, recording: Recording, start: int = 0, num_samples: int = 0
    ) -> dict[str, np.ndarray]:
        of_file = self.vectors.setdefault(recording.path, {})
        # A piece of a stretch is what the stretch is.
        at = recording.start
        held = [(start, stop) for start, stop in list(of_file) if start <= at < stop]
        vector = of_file[max(held)] if held else None
        if vector is None:
            words, frequency = _heard(recording)
            vector = self.vector(words.intersection(self.words), frequency)
            of_file[recording.start, recording.stop] = vector
        return {"global": vector.copy()}

    def vector(self, words: Iterable[str], frequency: float | None = None) -> np.ndarray:
        """The vector of a sound that one wishes for.

        Args:
            words: Tags it carries, each one of `self.words`.
            frequency: Its pitch in Hz, or None for a sound without one.

        Returns:
            An array `(1, len(names))` in float32.

        Raises:
            ValueError: If there is no such tag, or no such pitch.
        """
        words = set(words)
        if unknown := sorted(words - set(self.words)):
            raise ValueError(
                f"Expected tags out of: {', '.join(self.words) or '(none)'}. "
                f"Received: {', '.join(unknown)}."
            )
        if frequency is not None and not 0 < frequency < np.inf:
            raise ValueError(
                "A pitch must be in Hz, such as 261.6 for middle C, or None. "
                f"Received: {frequency}."
            )
        tags = np.array([word in words for word in self.words], "float32")
        notes = np.zeros(len(self.notes), "float32")
        if frequency is not None and self.notes:
            one_hot = np.eye(len(self.notes))
            notes[:] = [np.interp(semitones(frequency), self.notes, row) for row in one_hot]
        return np.concatenate([tags, notes])[None]


@dataclass(frozen=True)
class Labels:
    """The label of a recording, such as its composer, as a vector that is 1 for it and 0 elsewhere.

    Call it as `Tags`.

    Args:
        names: The labels, in the order of the numbers.

    Example:
    >>> labels = Labels(corpus.labels)
    >>> labels(corpus.recordings[0], 0, 16_000)["global"]
    array([[1., 0.]], dtype=float32)
    """

    names: tuple[str, ...]

    def __call__(
        self, recording: Recording, start: int = 0, num_samples: int = 0
    ) -> dict[str, np.ndarray]:
        if recording.label not in self.names:
            raise ValueError(
                f"Expected a recording with one of the labels {list(self.names)}, received "
                f'{recording.path} with "{recording.label}". Name the labels of all recordings.'
            )
        return {"global": np.array([[name == recording.label for name in self.names]], "float32")}


def semitones(frequency: float) -> float:
    """How high a frequency in Hz is, as MIDI counts: 60 is middle C, 69 the A of 440 Hz."""
    return float(69 + 12 * np.log2(frequency / 440))


def note_name(semitone: int) -> str:
    """What musicians call a note: "c4" is middle C, "c#4" a semitone above it."""
    return f"{OF_AN_OCTAVE[semitone % 12]}{semitone // 12 - 1}"


def _heard(recording: Recording) -> tuple[set[str], float | None]:
    """The words of a recording, and its pitch in Hz, if it has any."""
    samples = recording.read(0, _HEARD_SECONDS * recording.sample_rate)
    return words_of(recording), pitch(samples, recording.sample_rate)


def words_of(recording: Recording) -> set[str]:
    """The words of a file name and of the folders from its label on: no numbers, no notes."""
    folders = recording.path.parts[:-1]
    if recording.label in folders:
        last = len(folders) - 1 - folders[::-1].index(recording.label)
        folders = folders[last:]
    else:
        folders = (recording.label,)
    text = " ".join([*folders, recording.path.stem]).lower()
    parts = [part for part in re.split(r"[^\w#]+|_", text) if not _NOTE.fullmatch(part)]
    return set(re.findall(r"[^\W\d]+", " ".join(parts)))
