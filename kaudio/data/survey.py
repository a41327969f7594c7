"""What is in a folder of recordings, before anything is learned from it."""

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePath

from kaudio.audio import AudioError, blocks, demo_folder, find, probe
from kaudio.audio.files import printable
from kaudio.data.cache import cache_bytes, cache_folder, demo_root

NO_RECORDINGS = "No recordings were found."


def survey(folder: Path | None) -> str:
    """Reads every recording in a folder to its end and says what is there.

    Args:
        folder: A folder of recordings. None is the demo corpus.

    Returns:
        A plain-text table: recordings and minutes of each label, sample rates, formats, and every
        file that cannot be used, with the reason.
    """
    folder = demo_folder(demo_root()) / "music" if folder is None else Path(folder).expanduser()
    paths, skipped = find(folder)
    faults = [(file.path, file.reason) for file in skipped]
    seconds: dict[str, float] = defaultdict(float)
    labels, rates, kinds = Counter(), Counter(), Counter()
    with ThreadPoolExecutor() as pool:
        for path, found in zip(paths, pool.map(_measure, paths), strict=True):
            if isinstance(found, str):
                faults.append((path, found))
                continue
            length, rate, kind = found
            below = PurePath(path.relative_to(folder)) if path != folder else PurePath(path.name)
            label = below.parts[0] if len(below.parts) > 1 else "(none)"
            seconds[label] += length
            labels[label] += 1
            rates[f"{rate} Hz"] += 1
            kinds[kind] += 1
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
        lines += [f"  {printable(path)}: {reason}" for path, reason in sorted(faults)]
    lines.append(f"cache:   {cache_bytes() / 1e6:.1f} MB in {cache_folder()}")
    return "\n".join(lines)


def _measure(path: Path) -> tuple[float, int, str] | str:
    """Decoded length, sample rate and format of a recording, or why it cannot be used."""
    try:
        info = probe(path)
        num_samples = sum(len(block) for block in blocks(path))
    except AudioError as error:
        return error.reason
    return num_samples / info.sample_rate, info.sample_rate, info.format


def _counts(counter: Counter) -> str:
    return ", ".join(f"{name} x {count}" for name, count in counter.most_common()) or "-"
