"""One run in a run folder at a time: two would overwrite each other's state."""

import contextlib
from collections.abc import Generator
from pathlib import Path

from filelock import FileLock, Timeout


@contextlib.contextmanager
def alone(folder: Path) -> Generator[None]:
    """Holds a run folder. The system lets go of it when the process ends, in whatever way.

    Args:
        folder: The run folder, which is made if need be.

    Raises:
        ValueError: If another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise ValueError(
            f"Another run is training in '{folder}' right now. Wait until it has ended, or start "
            f"this one in another folder, such as --run-dir {folder}_2."
        ) from None
    try:
        yield
    finally:
        lock.release()
