"""A disk that is full, or a folder that may not be written: one sentence, and what to do."""

import contextlib
import errno
import os
from collections.abc import Generator
from pathlib import Path

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
FORBIDDEN = (errno.EROFS, errno.EACCES, errno.EPERM)


@contextlib.contextmanager
def said_of(folder: Path) -> Generator[None]:
    """Context in which what the system refuses to write is said to be of a run folder.

    Args:
        folder: The run folder.

    Raises:
        OSError: If the disk is full, or the folder may not be written.
    """
    try:
        yield
    except OSError as error:
        # A file elsewhere is not the folder's, such as a recording. Libraries of C name none.
        elsewhere = isinstance(error.filename, str) and not _inside(error.filename, folder)
        if error.errno not in (*FULL, *FORBIDDEN) or elsewhere:
            raise
        if error.errno in FULL:
            remedy = (
                "Make room there and fit again with the same options: the run goes on from its "
                "last state, which is whole."
            )
        else:
            remedy = "Make it writable, or start a run in another folder with --run-dir."
        raise OSError(
            f"The run folder '{folder}' cannot be written: {os.strerror(error.errno)}. {remedy}"
        ) from error


def _inside(file: str, folder: Path) -> bool:
    return Path(file).resolve().is_relative_to(folder.resolve())
