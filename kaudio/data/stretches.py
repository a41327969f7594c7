"""The recordings of a manifest: stretches of waveforms, with their labels and groups."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath

from kaudio.audio.find import UNREADABLE, Skipped
from kaudio.data.cache import CachedWaveform
from kaudio.data.decode import decode
from kaudio.data.manifest import Row, read_manifest
from kaudio.data.recording import Recording

# A recording that ends so much before its row says is as long as it should be.
_CLOSE_SECONDS = 0.1


@dataclass
class Found:
    """What a manifest leads to.

    Args:
        recordings: In the order of the rows.
        skipped: Files, and rows, that could not be used, each with the reason.
        trimmed_seconds: Of silence left out at the ends of files.
        notes: What one should know, in sentences.
    """

    recordings: list[Recording] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    trimmed_seconds: float = 0.0
    notes: list[str] = field(default_factory=list)


def recordings_of(manifest: Path, sample_rate: int, trim_db: float | None = None) -> Found:
    """Decodes the recordings of a manifest, each file once, and cuts the stretches.

    Args:
        manifest: As `read_manifest` takes it.
        sample_rate: Samples per second, in Hz.
        trim_db: As in `cached_waveform`. Stretches are cut where silence is left out.

    Raises:
        ValueError: If the manifest cannot be used.
        ConnectionError: If a server cannot be reached.
    """
    rows, found = read_manifest(manifest), Found()
    paths, refused = usable(rows)
    found.skipped.extend(refused)
    waveforms: dict[PurePath, CachedWaveform] = {}
    for path, waveform in decode(paths, sample_rate, trim_db):
        if isinstance(waveform, Skipped):
            found.skipped.append(waveform)
        else:
            waveforms[path] = waveform
            found.trimmed_seconds += waveform.trimmed_seconds
    kept: list[Row] = []
    for row in rows:
        if (waveform := waveforms.get(row.path)) is None:
            continue
        stretch = _stretch(row, waveform, sample_rate)
        if isinstance(stretch, str):
            found.skipped.append(Skipped(row.path, stretch))
            continue
        kept.append(row)
        found.recordings.append(Recording(row.path, row.label, "", waveform, sample_rate, *stretch))
    found.recordings, moved = _grouped(kept, found.recordings)
    if moved:
        found.notes.append(
            f"Rows that overlap others of the same recording took their group: {moved}."
        )
    if short := sum(_short(row, waveforms[row.path], sample_rate) for row in kept):
        found.notes.append(f"Rows that end after their recording does, cut there: {short}.")
    return found


def usable(rows: Sequence[Row]) -> tuple[list[PurePath], list[Skipped]]:
    """The files of a manifest, each once, and those that are not audio by their names."""
    paths, skipped = [], []
    for path in dict.fromkeys(row.path for row in rows):
        if (suffix := path.suffix.lower()) in UNREADABLE:
            reason = f"{suffix} files cannot be read: convert it to FLAC or WAV"
            skipped.append(Skipped(path, reason))
        else:
            paths.append(path)
    return paths, skipped


def starts_after(row: Row, seconds: float) -> str:
    """Why a row cannot be used that starts after the end of its recording."""
    return f"row {row.number} starts at {row.start:g} s, and the recording ends at {seconds:g} s"


def _stretch(row: Row, waveform: CachedWaveform, sample_rate: int) -> tuple[int, int] | str:
    """First and last sample of a row in a waveform, or why there are none."""
    start = round(row.start * sample_rate) - waveform.start
    stop = waveform.num_samples
    if row.end is not None:
        stop = min(stop, round(row.end * sample_rate) - waveform.start)
    if start >= waveform.num_samples:
        return starts_after(row, (waveform.start + waveform.num_samples) / sample_rate)
    if max(start, 0) >= stop:
        return f"row {row.number} is shorter than a sample, or in silence that was left out"
    return max(start, 0), stop


def _short(row: Row, waveform: CachedWaveform, sample_rate: int) -> bool:
    whole = waveform.num_samples / sample_rate + waveform.trimmed_seconds
    return row.end is not None and row.end > whole + _CLOSE_SECONDS


def _grouped(rows: Sequence[Row], recordings: Sequence[Recording]) -> tuple[list[Recording], int]:
    """Recordings with their groups, and how many of them took that of another.

    What is the same file, by its content, shares a group, unless rows tell otherwise. What
    overlaps does whatever they tell: no sample may be on both sides of a split.
    """
    of_file: dict[str, list[int]] = {}
    for index, recording in enumerate(recordings):
        of_file.setdefault(recording.waveform.path.stem, []).append(index)
    told, joined = {}, {}
    for indices in of_file.values():
        shared = next((rows[i].group for i in indices if rows[i].group), rows[indices[0]].name)
        told |= {i: rows[i].group or shared for i in indices}
        for cluster in _overlapping(indices, recordings):
            first = _found(joined, told[min(cluster)])
            # All of a group, in other files too: what a manifest keeps together stays so.
            joined |= {other: first for i in cluster if (other := _found(joined, told[i])) != first}
    groups = {index: _found(joined, group) for index, group in told.items()}
    moved = sum(rows[i].group not in ("", group) for i, group in groups.items())
    return [replace(r, group=groups[index]) for index, r in enumerate(recordings)], moved


def _found(joined: Mapping[str, str], group: str) -> str:
    """What a group is part of by now."""
    while group in joined:
        group = joined[group]
    return group


def _overlapping(indices: Iterable[int], recordings: Sequence[Recording]) -> Iterable[list[int]]:
    """Stretches of one file in clusters, of which no two share a sample."""
    cluster, end = [], 0
    for index in sorted(indices, key=lambda index: recordings[index].start):
        if cluster and recordings[index].start >= end:
            yield cluster
            cluster = []
        cluster.append(index)
        end = max(end, recordings[index].stop)
    yield cluster
