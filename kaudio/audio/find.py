"""Recordings in a folder: all that can be used, and why the others cannot."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from kaudio.audio.files import AudioError, printable, probe

# What libsndfile reads, and what people have besides.
SUFFIXES = frozenset(
    [".wav", ".wave", ".rf64", ".w64", ".caf", ".flac", ".ogg", ".oga", ".opus", ".mp3"]
) | {".aif", ".aiff", ".aifc", ".au", ".snd"}
UNREADABLE = frozenset(
    [".m4a", ".aac", ".mp4", ".wma", ".ape", ".wv", ".dsf", ".dff", ".mka", ".amr", ".tta"]
)


@dataclass(frozen=True)
class Skipped:
    """A file that cannot be used.

    Args:
        path: The file.
        reason: Why not.
    """

    path: PurePath
    reason: str


def find(folder: Path | str) -> tuple[list[Path], list[Skipped]]:
    """Finds the recordings in a folder and all folders below it.

    Links are followed, once; hidden files and folders, and files that are not audio by their
    name, are passed over in silence.

    Args:
        folder: A folder, or a single recording.

    Returns:
        The recordings, sorted by path, and the files that look like audio but cannot be used.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    folder = Path(folder).expanduser()
    if not folder.exists():
        raise FileNotFoundError(
            f"There is no folder '{printable(folder)}'. Expected a folder of recordings, such as "
            "~/music."
        )
    candidates = _walk(folder, set()) if folder.is_dir() else iter([folder])
    usable, skipped, seen = [], [], {}
    for path in candidates:
        reason = _fault(path, seen)
        if reason:
            skipped.append(Skipped(path, reason))
        else:
            usable.append(path)
    return usable, skipped


def _walk(folder: Path, visited: set[tuple[int, int]]) -> Iterator[Path]:
    """Files that look like audio, depth first, each real folder once."""
    status = folder.stat()
    if (status.st_dev, status.st_ino) in visited:
        return
    visited.add((status.st_dev, status.st_ino))
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        yield folder
        return
    for name in names:
        path = folder / name
        if name.startswith("."):
            continue
        if _is_folder(path):
            yield from _walk(path, visited)
        elif path.suffix.lower() in SUFFIXES | UNREADABLE:
            yield path


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # its folder may be listed, but not entered
        return False


def _fault(path: Path, seen: dict[tuple[int, int], Path]) -> str | None:
    """Why a file cannot be used, or None."""
    if _is_folder(path):
        return "the folder cannot be opened: check its permissions"
    if path.suffix.lower() in UNREADABLE:
        return f"{path.suffix} files cannot be read: convert it to FLAC or WAV"
    try:
        status = path.stat()
    except FileNotFoundError:
        return "it is a link to a file that is not there"
    except OSError as error:
        return f"it cannot be opened ({error.strerror})"
    real = (status.st_dev, status.st_ino)
    if real in seen:
        return f"it is the same file as {printable(seen[real])}"
    try:
        probe(path)
    except AudioError as error:
        return error.reason
    seen[real] = path
    return None
