"""What is in a folder of recordings or a manifest, before anything is learned from it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from kaudio.audio import blocks, demo_folder, find, probe
from kaudio.audio.files import printable
from kaudio.audio.find import Skipped
from kaudio.data.cache import cache_bytes, cache_folder, demo_root
from kaudio.data.cached_files import REMOTE
from kaudio.data.decode import at_once
from kaudio.data.manifest import is_manifest, read_manifest
from kaudio.data.remote import Address, ask
from kaudio.data.remote_cache import fetched
from kaudio.data.stretches import starts_after, usable

NO_RECORDINGS = "No recordings were found."


@dataclass(frozen=True)
class _Measured:
    """Decoded length, sample rate and format of a file."""

    seconds: float
    sample_rate: int
    format: str


def survey(folder: Path | None) -> str:
    """Reads every recording in a folder, or of a manifest, to its end and says what is there.

    Args:
        folder: A folder of recordings, or a manifest: see `Corpus.from_manifest`. Remote files are
            fetched, and not kept. None is the demo corpus.

    Returns:
        A plain-text table: recordings and minutes of each label, sample rates, formats, and every
        file that cannot be used, with the reason.
    """
    folder = demo_folder(demo_root()) / "music" if folder is None else Path(folder).expanduser()
    seconds: dict[str, float] = defaultdict(float)
    labels, rates, kinds, faults = Counter(), Counter(), Counter(), []
    for found in _of_manifest(folder) if is_manifest(folder) else _of_folder(folder):
        if isinstance(found, Skipped):
            faults.append(found)
            continue
        label, length, file = found
        seconds[label or "(none)"] += length
        labels[label or "(none)"] += 1
        rates[f"{file.sample_rate} Hz"] += 1
        kinds[file.format] += 1
    width = max([len("label"), *map(len, labels)])
    lines = [f"{'label':<{width}}  recordings  minutes"]
    for label in sorted(labels):
        lines.append(f"{label:<{width}}  {labels[label]:>10}  {seconds[label] / 60:>7.1f}")
    lines.append(f"{'all':<{width}}  {labels.total():>10}  {sum(seconds.values()) / 60:>7.1f}")
    lines.append(f"rates:   {_counts(rates)}")
    lines.append(f"formats: {_counts(kinds)}")
    if not labels:
        lines.append(NO_RECORDINGS)
    if faults:
        lines.append(f"{len(faults)} cannot be used:")
        said = sorted((str(file.path), file.reason) for file in faults)
        lines += [f"  {printable(path)}: {reason}" for path, reason in said]
    lines.append(f"cache:   {cache_bytes() / 1e6:.1f} MB in {cache_folder()}")
    return "\n".join(lines)


# Label, seconds and file of each recording, or why it cannot be used.
_Surveyed = Iterator[tuple[str, float, _Measured] | Skipped]


def _of_folder(folder: Path) -> _Surveyed:
    paths, skipped = find(folder)
    yield from skipped
    for path, found in at_once(_measure, paths, "Reading"):
        if isinstance(found, Skipped):
            yield found
            continue
        below = PurePath(path.relative_to(folder)) if path != folder else PurePath(path.name)
        yield below.parts[0] if len(below.parts) > 1 else "", found.seconds, found


def _of_manifest(manifest: Path) -> _Surveyed:
    rows = read_manifest(manifest)
    paths, skipped = usable(rows)
    yield from skipped
    files = {}
    for path, found in at_once(_measure, paths, "Reading"):
        if isinstance(found, Skipped):
            yield found
        else:
            files[path] = found
    for row in rows:
        if (file := files.get(row.path)) is None:
            continue
        if row.start >= file.seconds:
            yield Skipped(row.path, starts_after(row, file.seconds))
            continue
        end = file.seconds if row.end is None else min(row.end, file.seconds)
        yield row.label, end - row.start, file


def _measure(path: PurePath) -> _Measured:
    if isinstance(path, Address):
        with fetched(str(path), ask(str(path)), cache_folder() / REMOTE) as file:
            return _measure(file)
    info = probe(Path(path))
    num_samples = sum(len(block) for block in blocks(Path(path)))
    return _Measured(num_samples / info.sample_rate, info.sample_rate, info.format)


def _counts(counter: Counter) -> str:
    return ", ".join(f"{name} x {count}" for name, count in counter.most_common()) or "-"
