"""A disk that is full, or a folder that may not be written: one sentence, and what to do."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Generator
from pathlib import Path

import tensorflow as tf


@contextlib.contextmanager
def said_of(folder: Path) -> Generator[None]:
    """Context in which what the system refuses to write is said to be of an exported folder.

    Args:
        folder: The folder that is to be.

    Raises:
        OSError: If something could not be written, whichever library tried.
    """
    try:
        yield
    except OSError as error:
        if error.errno is None:  # a sentence already
            raise
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        raise _refused(folder, os.strerror(error.errno), full) from error
    except tf.errors.OpError as error:
        file, _, reason = str(error.message).rpartition("; ")
        if not file:  # of no file
            raise
        raise _refused(folder, reason, True) from error


def _refused(folder: Path, reason: str, full: bool) -> OSError:
    room = f"Make room there and in {tempfile.gettempdir()}, or export" if full else "Export"
    return OSError(
        f"'{folder}' cannot be written: {reason}. Nothing was exported, and what was there is as "
        f"it was. {room} to another folder."
    )
