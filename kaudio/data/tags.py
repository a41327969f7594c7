"""Conditions from recordings: the tags of a sound, its pitch, its label."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kaudio.audio.pitch import pitch
from kaudio.data.corpus import Corpus, Recording

PITCHED, PITCH = "pitched", "pitch"
MIDDLE_C = 440 * 2 ** (-9 / 12)  # Hz
_HEARD_SECONDS = 10  # of a recording, for its pitch
_NOTE = re.compile(r"[a-g][#bs]?\d")


@dataclass(frozen=True)
class Tags:
    """Tags and pitch of a recording, as a vector: one number for each of `names`.

    Tags are words of the names of files and of their folders. They make a binary vector, with
    which WaveNet was conditioned on music: "WaveNet: A Generative Model for Raw Audio" (van den
    Oord et al., 2016), section 3.3. Two numbers follow it: whether the sound has a pitch, and
    which, in octaves above middle C (0 if it has none).

    Call it with a recording, and the first sample and length of a window of it, for a dict of
    `"global"`, an array `(1, len(names))` in float32 that holds for the whole recording.

    Args:
        words: The tags.
        vectors: What was found already, by file.

    Example:
    >>> tags = Tags.of(corpus)
    >>> tags.names
    ('drums', 'marimba', 'saw', 'pitched', 'pitch')
    >>> tags(corpus.recordings[0], 0, 16_000)["global"]
    array([[0., 1., 0., 1., -0.42]], dtype=float32)
    """

    words: tuple[str, ...]
    vectors: dict[Path, np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(cls, corpus: Corpus, min_files: int = 2) -> "Tags":
        """Finds the tags that at least `min_files` files carry, and the pitch of each file."""
        words = {recording.path: words_of(recording) for recording in corpus.recordings}
        files = Counter(word for found in words.values() for word in found)
        tags = cls(tuple(sorted(word for word, count in files.items() if count >= min_files)))
        for recording in corpus.recordings:
            tags(recording)
        return tags

    @property
    def names(self) -> tuple[str, ...]:
        """What each number of a vector is: the tags, `"pitched"` and `"pitch"`."""
        return (*self.words, PITCHED, PITCH)

    def __call__(
        self, recording: Recording, start: int = 0, num_samples: int = 0
    ) -> dict[str, np.ndarray]:
        vector = self.vectors.get(recording.path)
        if vector is None:
            samples = recording.read(0, _HEARD_SECONDS * recording.sample_rate)
            frequency = pitch(samples, recording.sample_rate)
            found = words_of(recording).intersection(self.words)
            vector = self.vectors[recording.path] = self.vector(found, frequency)
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
        octaves = 0.0 if frequency is None else np.log2(frequency / MIDDLE_C)
        tags = [word in words for word in self.words]
        return np.array([[*tags, frequency is not None, octaves]], "float32")


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
    return set(re.findall(r"[^\W\d]+", " ".join(parts))) - {PITCHED, PITCH}
