"""A folder of waveforms that takes no more than so many bytes: the longest unread go first."""

import contextlib
import os
from collections.abc import Generator
from pathlib import Path

from filelock import FileLock

from kaudio.data.cached_files import CacheError

LIMIT_GB = 50.0
# A file with the bytes that are held, so that not all files are looked at for each new one.
_COUNT = "bytes"
# Room is made for more than is needed, so that it is not made all the time.
_FULL = 0.9


def limit_bytes() -> int:
    """What the waveforms of remote recordings may take: `$KAUDIO_CACHE_GB`, or 50 GB."""
    text = os.environ.get("KAUDIO_CACHE_GB") or str(LIMIT_GB)
    try:
        limit = int(float(text) * 1e9)
    except (ValueError, OverflowError):
        limit = 0
    if limit <= 0:
        raise ValueError(
            "KAUDIO_CACHE_GB must be a number above 0, in gigabytes, such as 50. "
            f'Received: "{text}".'
        )
    return limit


@contextlib.contextmanager
def locked(folder: Path, name: str) -> Generator[None]:
    """Holds a lock in a folder, among threads and processes."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / f"{name}.lock")
        lock.acquire(poll_interval=0.01)
    except OSError as error:
        raise CacheError(folder.parent, error) from error
    try:
        yield
    finally:
        lock.release()


def too_large(what: str) -> str:
    """Why a recording cannot be used that takes more than all that the folder may hold."""
    return (
        f"{what} takes more than the {limit_bytes() / 1e9:.3g} GB that the cache of remote "
        "recordings may hold: raise KAUDIO_CACHE_GB"
    )


def publish(temporary: Path, path: Path) -> None:
    """Gives a waveform, which is no larger than the limit, its name: others make room for it."""
    size, limit = temporary.stat().st_size, limit_bytes()
    folder = path.parent
    with locked(folder, _COUNT):
        held = _held(folder)
        if held is None or held + size > limit:
            held = _make_room(folder, limit - size)
        # Before the file: whoever is killed in between has counted too much, which is found out.
        (folder / _COUNT).write_text(str(held + size))
        os.replace(temporary, path)


def touch(path: Path) -> None:
    """Notes that a waveform was read."""
    with contextlib.suppress(OSError):  # it was removed, or the cache may only be read
        os.utime(path)


def _held(folder: Path) -> int | None:
    try:
        held = int((folder / _COUNT).read_text())
    except (OSError, ValueError):
        return None
    return held if held >= 0 else None


def _make_room(folder: Path, most: int) -> int:
    """Removes waveforms until the rest takes at most `most` bytes. Returns what the rest takes."""
    files = []
    for path in folder.glob("*.npy"):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            files.append((status.st_mtime_ns, status.st_size, path))
    held = sum(size for _, size, _ in files)
    if held <= most:
        return held
    for _, size, path in sorted(files):
        if held <= _FULL * most:
            break
        with contextlib.suppress(OSError):  # on some systems, somebody who reads it keeps it
            path.unlink()
            held -= size
    return held
