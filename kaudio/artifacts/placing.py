"""A folder that appears as a whole, under a name that an earlier one may have.

Renaming replaces no folder that holds something. The earlier one has to be renamed first, and
whoever is killed then leaves nothing under the name. Linux exchanges two names in one step, so that
at any moment one of the two folders is there; `os.rename` cannot, but `renameat2` can. On other
systems, and on file systems that cannot either, there are two steps.
"""

import contextlib
import ctypes
import os
import re
import shutil
import sys
import uuid
from collections.abc import Generator
from pathlib import Path

# Of Linux: paths are taken as they are, and names are exchanged.
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


@contextlib.contextmanager
def placed(folder: Path) -> Generator[Path]:
    """Context in which a folder is written under a hidden name. It gets its own at the end.

    What was there before is there until then, and stays if anything fails. At the end, what killed
    processes have left beside it is removed too, unless somebody else is writing there.

    Args:
        folder: The folder that is to be.

    Yields:
        The folder to write to.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _swept(folder):
        partial = _hidden(folder)
        partial.mkdir()
        try:
            yield partial
            _put_in_place(partial, folder)
        finally:
            _remove(partial)  # or what was there before, which has this name now


def exchange(one: Path, other: Path) -> bool:
    """Exchanges the names of two files or folders in one step.

    Returns:
        Whether that was done. If not, nothing has changed.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "renameat2"):  # glibc before 2.28, and other C libraries
        return False
    paths = [os.fsencode(path) for path in (one, other)]
    return library.renameat2(_AT_FDCWD, paths[0], _AT_FDCWD, paths[1], _RENAME_EXCHANGE) == 0


def _put_in_place(partial: Path, folder: Path) -> None:
    if not folder.exists():
        partial.rename(folder)
        return
    # Whatever the reason that they cannot be exchanged, the system says it again of a rename.
    if exchange(partial, folder):
        return
    old = _hidden(folder)
    folder.rename(old)
    try:
        partial.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    _remove(old)


@contextlib.contextmanager
def _swept(folder: Path) -> Generator[None]:
    """Context of writing a folder. What killed processes have left of it is removed at its end.

    Not before: of two steps, the first one may have left the earlier folder under a hidden name.
    All who write hold a lock together, which the system lets go of when a process ends in whatever
    way. Whoever gets it alone is the only one.
    """
    try:
        import fcntl
    except ImportError:  # on Windows, where everything is left
        yield
        return
    around = os.open(folder.parent, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network folders have no locks
            fcntl.flock(around, fcntl.LOCK_SH)
        yield
        with contextlib.suppress(OSError):  # somebody else is writing
            fcntl.flock(around, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for path in folder.parent.iterdir():
                if re.fullmatch(rf"\.{re.escape(folder.name)}-[0-9a-f]{{32}}", path.name):
                    _remove(path)
    finally:
        os.close(around)


def _hidden(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")


def _remove(path: Path) -> None:
    """Removes what has a name, if it can be removed."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()
