"""A corpus: recordings of a folder or a manifest, decoded once, with labels and groups."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Literal

from kaudio.audio.demo import demo_folder
from kaudio.audio.files import printable
from kaudio.audio.find import Skipped, find
from kaudio.data.cache import cache_bytes, cache_folder, demo_root
from kaudio.data.decode import decode
from kaudio.data.groups import Groups, places
from kaudio.data.manifest import is_manifest
from kaudio.data.recording import Recording as Recording
from kaudio.data.splits import assign_groups, check_fractions, cut, groups_of
from kaudio.data.stretches import recordings_of


@dataclass(frozen=True)
class Corpus:
    """Recordings to learn from, all mono and at one sample rate.

    Args:
        recordings: In the order of their paths.
        sample_rate: Samples per second, in Hz.
        skipped: Files that could not be used, each with the reason.
        notes: What one should know about these recordings, in sentences.

    Example:
    >>> corpus = Corpus.from_folder(None, sample_rate=16_000)  # the demo corpus
    >>> train, validation = corpus.split(validation=0.1)
    """

    recordings: tuple[Recording, ...]
    sample_rate: int
    skipped: tuple[Skipped, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def from_folder(
        cls,
        folder: Path | None,
        sample_rate: int,
        *,
        trim_silence_db: float | None = None,
        groups: Groups = "recording",
        demo: Literal["music", "oneshots"] = "music",
    ) -> "Corpus":
        """Reads all recordings below a folder. Each is decoded once, into the cache.

        Args:
            folder: A folder, whose sub-folders are the labels. `None` is the demo corpus. A `.csv`
                or `.parquet` file is a manifest: see `from_manifest`.
            sample_rate: Samples per second, in Hz.
            trim_silence_db: If given, silence at both ends of a recording is left out: what stays
                below this level, in dB relative to the peak of the recording, such as -60.
            groups: What a split must not part: each `"recording"`, each `"folder"`, or what a
                function makes of a path, or a mapping has for it. Both are given paths relative
                to `folder`, the mapping as strings with `/`. Or the path of a CSV file with such
                a path in the column "file" and a "group" or a "work"; a "label" or "composer" then
                takes the place of the sub-folder. Copies of a file share its group.
            demo: Which part of the demo corpus.

        Raises:
            ValueError: If nothing in the folder can be used, or a recording has no group.
        """
        folder = demo_folder(demo_root()) / demo if folder is None else Path(folder)
        folder = folder.expanduser()
        if is_manifest(folder):
            if groups != "recording":
                raise ValueError(
                    f'The manifest "{folder}" names the groups itself, in a column "group". '
                    f'Expected groups="recording". Received: groups={groups!r}.'
                )
            return cls.from_manifest(folder, sample_rate, trim_silence_db=trim_silence_db)
        place = places(groups)
        paths, skipped = find(folder)
        recordings, trimmed_seconds, first_group = [], 0.0, {}
        for path, waveform in decode(paths, sample_rate, trim_silence_db):
            if isinstance(waveform, Skipped):
                skipped.append(waveform)
                continue
            label, group = place(PurePath(os.path.relpath(path, folder)))
            group = first_group.setdefault(waveform.path, group)
            recordings.append(
                Recording(path, label, group, waveform, sample_rate, 0, waveform.num_samples)
            )
            trimmed_seconds += waveform.trimmed_seconds
        if not recordings:
            raise ValueError(_nothing_usable(folder, skipped))
        notes = [] if trim_silence_db is None else [_trimmed(trimmed_seconds)]
        if empty := _without_recordings(folder, recordings):
            notes.append(f"Sub-folders without recordings, left out: {', '.join(empty)}.")
        skipped = sorted(skipped, key=lambda file: file.path)
        return cls(tuple(recordings), sample_rate, tuple(skipped), tuple(notes))

    @classmethod
    def from_manifest(
        cls, manifest: Path | str, sample_rate: int, *, trim_silence_db: float | None = None
    ) -> "Corpus":
        """Reads the recordings that a table names, wherever they are, a row each.

        The column "path" is a file, relative to the folder of the manifest or not, or an address
        such as `s3://bucket/one.flac` of any protocol that fsspec speaks. Further columns, all
        optional: "label"; "group", what a split must not part, by default the file; "start" and
        "end" of a stretch, in seconds. Rows that overlap have one group.

        Remote recordings are fetched once and decoded into the cache, of which they fill no more
        than `$KAUDIO_CACHE_GB`, 50 GB by default. What was removed there is fetched again when it
        is read.

        Args:
            manifest: A `.csv` or `.parquet` file. CSV is in UTF-8, its columns named first.
            sample_rate: Samples per second, in Hz.
            trim_silence_db: As in `from_folder`. It is taken off the ends of whole files.

        Raises:
            ValueError: If the manifest cannot be used, or no recording in it.
            ConnectionError: If a server cannot be reached. What was fetched is kept.

        Example:
        >>> corpus = kaudio.Corpus.from_manifest("corpus.csv", sample_rate=16_000)
        """
        manifest = Path(manifest).expanduser()
        found = recordings_of(manifest, sample_rate, trim_silence_db)
        if not found.recordings:
            raise ValueError(_nothing_usable(manifest, found.skipped))
        notes = [] if trim_silence_db is None else [_trimmed(found.trimmed_seconds)]
        notes += found.notes
        return cls(tuple(found.recordings), sample_rate, tuple(found.skipped), tuple(notes))

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the recordings, sorted."""
        return tuple(sorted({recording.label for recording in self.recordings}))

    @property
    def seconds(self) -> float:
        """Length of all recordings together."""
        return sum(recording.seconds for recording in self.recordings)

    def split(
        self, validation: float = 0.1, test: float = 0.0, seed: int = 0
    ) -> tuple["Corpus", ...]:
        """Splits by group: what is judged on was never learned from, nor anything of its group.

        Each label is in each part if it has enough groups. With fewer groups than parts, the
        recordings are cut in time instead, as in `split_contiguous`; `notes` says so.

        Args:
            validation: Share of the samples for validation, above 0.
            test: Share of the samples for the test; 0 makes no such part.
            seed: Which groups go where.

        Returns:
            Corpora to train, to validate and, if asked for, to test on.
        """
        check_fractions(validation, test)
        fractions = [validation, test] if test else [validation]
        lengths, labels = groups_of(self.recordings)
        if len(lengths) <= len(fractions):
            note = (
                f"Too few groups of recordings to split: {len(lengths)} for {len(fractions) + 1} "
                "parts. They were cut in time instead: parts may share a recording."
            )
            print(note, file=sys.stderr)
            noted = replace(self, notes=(*self.notes, note))
            return noted.split_contiguous(validation, test)
        parts = assign_groups(lengths, labels, fractions, seed)
        return tuple(
            replace(self, recordings=tuple(r for r in self.recordings if parts[r.group] == part))
            for part in range(len(fractions) + 1)
        )

    def split_contiguous(self, validation: float = 0.1, test: float = 0.1) -> tuple["Corpus", ...]:
        """Cuts the recordings, laid end to end, into parts that do not overlap.

        All parts may hold music of the same recordings: a model is judged on music like what it
        learned from. This is how "A write-up of what I have done" (Beckham, 2016) split, 80/10/10.

        Args:
            validation: Share of the samples for validation, above 0.
            test: Share of the samples for the test; 0 makes no such part.

        Returns:
            Corpora to train, to validate and, if asked for, to test on.
        """
        check_fractions(validation, test)
        lengths = [recording.num_samples for recording in self.recordings]
        return tuple(
            replace(self, recordings=tuple(self._piece(*piece) for piece in pieces))
            for pieces in cut(lengths, [validation, test] if test else [validation])
        )

    def _piece(self, index: int, start: int, stop: int) -> Recording:
        whole = self.recordings[index]
        return replace(whole, start=whole.start + start, stop=whole.start + stop)

    def summary(self) -> str:
        """A table of what is in the corpus, in plain text."""
        labels = [(label or "(none)", self._of(label)) for label in self.labels]
        width = max(len("label"), *(len(label) for label, _ in labels))
        rows = [f"{'label':<{width}}  recordings   minutes"]
        for label, recordings in [*labels, ("all", self.recordings)]:
            minutes = sum(recording.seconds for recording in recordings) / 60
            rows.append(f"{label:<{width}}  {len(recordings):>10}  {minutes:>8.1f}")
        rows.append(f"Sample rate: {self.sample_rate} Hz, mono.")
        rows.extend(self.notes)
        if self.skipped:
            rows += [f"Skipped {len(self.skipped)}:", *_reasons(self.skipped, 10)]
        rows.append(f"Cache: {cache_bytes() / 1e6:.1f} MB in {cache_folder()}")
        return "\n".join(rows).encode("utf-8", "replace").decode()  # names may be no text

    def _of(self, label: str) -> list[Recording]:
        return [recording for recording in self.recordings if recording.label == label]


def _reasons(skipped: Sequence[Skipped], most: int) -> list[str]:
    lines = [f"  {printable(file.path)}: {file.reason}" for file in skipped[:most]]
    if len(skipped) > most:
        lines.append(f"  and {len(skipped) - most} more (`kaudio corpus` lists all)")
    return lines


def _trimmed(seconds: float) -> str:
    return f"Trimming silence took {seconds:.1f} s off the ends."


def _without_recordings(folder: Path, recordings: Sequence[Recording]) -> list[str]:
    """Sub-folders that would be labels, had they recordings."""
    if not folder.is_dir():
        return []
    used = {PurePath(os.path.relpath(found.path, folder)).parts[0] for found in recordings}
    with os.scandir(folder) as entries:
        others = [entry.name for entry in entries if entry.is_dir() and entry.name not in used]
    return [printable(name) for name in sorted(others) if not name.startswith(".")]


def _nothing_usable(folder: Path, skipped: Sequence[Skipped]) -> str:
    reasons = "; ".join(line.strip() for line in _reasons(skipped, 3)) or "it holds no audio files"
    return (
        f'No recording in "{printable(folder)}" can be used: {reasons}. '
        "WAV, FLAC, OGG (Vorbis or Opus), MP3, AIFF and AU files are read."
    )
