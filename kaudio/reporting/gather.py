"""Which runs and clips a page is about."""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kaudio.audio.files import printable
from kaudio.audio.find import SUFFIXES, UNREADABLE
from kaudio.evaluation.known_music import MusicByRate
from kaudio.reporting.clips import Clip, hear
from kaudio.reporting.runs import RunRecord, is_run, read_run

# More rows would be more than anybody compares, and than a browser likes.
MOST_ROWS = 200


@dataclass(frozen=True, eq=False)
class Row:
    """A row of the page.

    Args:
        name: What it is called.
        run: What its folder says, or None of a clip alone.
        clip: What it sounds like, or None where there is nothing to hear.
        no_clip: Why there is nothing to hear.
    """

    name: str
    run: RunRecord | None
    clip: Clip | None
    no_clip: str = ""


def gather(paths: Sequence[Path], against: Path | None = None) -> tuple[list[Row], list[str]]:
    """Reads runs and hears clips.

    Args:
        paths: Run folders, audio files, or folders of both.
        against: A folder of music to judge the clips by.

    Returns:
        The rows, in the order of the paths, and sentences about what is not among them.

    Raises:
        ValueError: If a path leads nowhere.
    """
    if against and not against.exists():
        raise ValueError(f"There is no '{printable(against)}'. Expected a folder of music.")
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise ValueError(
            f"There is no '{printable(missing[0])}'. Expected run folders, audio files, or folders "
            "of them."
        )
    found: dict[Path, str] = {}
    for place, name in (place for path in paths for place in _places(path)):
        found.setdefault(place, name)
    often = Counter(found.values())
    notes = []
    if len(found) > MOST_ROWS:
        notes.append(f"Only the first {MOST_ROWS} of {len(found)} runs and clips are here.")
    music = MusicByRate(against) if against else None
    chosen = list(found.items())[:MOST_ROWS]
    return [
        _row(path, name if often[name] == 1 else str(path), music) for path, name in chosen
    ], notes


def _places(path: Path) -> Iterator[tuple[Path, str]]:
    """Runs and audio files in a folder and all below it, each with its name."""
    path = path.resolve()
    if not path.is_dir() or is_run(path):
        yield path, path.name
        return
    some = False
    for folder, inside, files in os.walk(path):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        here = Path(folder)
        if is_run(here):
            inside.clear()
            files = [""]
        for name in sorted(files):
            file = here / name
            if not name or (
                file.suffix.lower() in SUFFIXES | UNREADABLE and not name.startswith(".")
            ):
                some = True
                yield file, str(file.relative_to(path.parent))
    if not some:
        yield path, path.name


def _row(path: Path, name: str, music: MusicByRate | None) -> Row:
    name = printable(Path(name))
    if not path.is_dir():
        return Row(name, None, hear(path, music))
    if not is_run(path):
        return Row(name, None, None, "an empty folder: no run, no audio")
    run = read_run(path)
    heard = None
    for file in _clips_of(path):
        heard = hear(file, music, run.hop_length, run.from_silence)
        if "everything" not in heard.undefined:
            break
    return Row(name, run, heard, "" if heard else "no audio in the run folder")


def _clips_of(folder: Path) -> list[Path]:
    """What the kept model played, and before that the clips of the run, the last first."""
    kept = [folder / "sample.wav"] if (folder / "sample.wav").is_file() else []
    return kept + sorted((folder / "clips").glob("*.wav"), reverse=True)[:2]
