"""Waveforms to audio files, block by block."""

import contextlib
import io
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import soundfile

from kaudio.audio.files import printable

# By ending: the container, and the encoding where it has but one.
FORMATS = {
    ".wav": ("WAV", None),
    ".flac": ("FLAC", None),
    ".ogg": ("OGG", "VORBIS"),
    ".opus": ("OGG", "OPUS"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".aiff": ("AIFF", None),
    ".aif": ("AIFF", None),
    ".au": ("AU", None),
}
PIECE = 1 << 16
PREFIX = ".kaudio-"
# Whoever writes a file adds to it all the time: one this old has lost its process.
ORPHAN_SECONDS = 3600


class Writer:
    """Writes an audio file block by block. What was written stays if it is left early.

    The file appears under its name when it is closed: until then, and if the disk is full or the
    process is killed, what had this name before stays as it was.

    Args:
        path: The file. Its ending says the format, such as .wav or .flac; its folder is made.
        sample_rate: Samples per second, in Hz.
        subtype: How samples are stored: "PCM_16", "PCM_24" or "FLOAT".

    Raises:
        ValueError: If that format cannot be written.
        OSError: If the file cannot be made.

    Example:
    >>> with Writer("tone.wav", 16_000) as writer:
    ...     writer.write(np.sin(np.arange(16_000) / 10))
    """

    def __init__(self, path: Path | str, sample_rate: int, subtype: str = "PCM_16") -> None:
        self.path = Path(path)
        kind, encoding = FORMATS.get(self.path.suffix.lower(), (None, None))
        if kind is None:
            raise ValueError(
                f"'{printable(self.path)}' ends in no format that can be written. Expected one of "
                f"{', '.join(FORMATS)}."
            )
        encoding = encoding or subtype
        if not soundfile.check_format(kind, encoding):
            raise ValueError(f"{kind} files cannot hold {subtype} samples. Use .wav for them.")
        try:  # in memory first: not every format takes every rate
            soundfile.SoundFile(io.BytesIO(), "w", sample_rate, 1, encoding, format=kind).close()
        except soundfile.LibsndfileError as error:
            raise ValueError(
                f"{kind} files cannot hold {encoding} at {sample_rate} Hz. Use .wav for it."
            ) from error
        self.path.parent.mkdir(parents=True, exist_ok=True)
        # Where a link leads. What is no file, such as a folder, is refused by the system.
        self._place = Path(os.path.realpath(self.path))
        is_file = self._place.is_file() or not self._place.exists()
        self._partial = self._place
        if is_file:
            _remove_orphans(self._place.parent)
            name = f"{PREFIX}{uuid.uuid4().hex}{self.path.suffix}"
            self._partial = self._place.with_name(name)
        self._failed = True
        with contextlib.ExitStack() as stack:
            stack.callback(self._finish)
            try:
                # Not by its name, which need not be text.
                raw = stack.enter_context(self._partial.open("w+b"))
            except OSError as error:
                raise OSError(error.errno, error.strerror, str(self.path)) from None
            self._file = soundfile.SoundFile(
                raw.fileno(), "w", sample_rate, 1, encoding, format=kind, closefd=False
            )
            self._failed = False
            stack.callback(self._attempt, self._file.close)
            self._open = stack.pop_all()

    def write(self, samples: np.ndarray) -> None:
        """Appends samples. What exceeds [-1, 1] is clipped, never wrapped.

        Args:
            samples: `(num_samples,)`.

        Raises:
            ValueError: If they are not all finite numbers.
        """
        if not np.isfinite(samples).all():
            raise ValueError(
                f"Samples for '{printable(self.path)}' must be finite numbers. Received: "
                f"{np.count_nonzero(~np.isfinite(samples))} that are not."
            )
        # In pieces: libsndfile's Vorbis encoder keeps what it is given on its stack.
        for start in range(0, len(samples), PIECE):
            self._attempt(self._file.write, np.clip(samples[start : start + PIECE], -1, 1))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()

    def _attempt(self, action: Callable, *arguments: Any) -> None:
        try:
            action(*arguments)
        except (soundfile.LibsndfileError, AssertionError) as error:  # of less than was asked for
            self._failed = True
            raise OSError(
                f"'{printable(self.path)}' cannot be written any further: is the disk full? What "
                "had this name before is as it was."
            ) from error

    def _finish(self) -> None:
        """Gives the file its name, or removes what could not be written."""
        if self._partial == self._place:
            return
        if self._failed:
            self._partial.unlink(missing_ok=True)
        else:
            self._partial.replace(self._place)


def _remove_orphans(folder: Path) -> None:
    """Removes what processes that were killed have left unfinished."""
    for file in folder.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):  # it was finished or removed meanwhile
            if time.time() - file.stat().st_mtime > ORPHAN_SECONDS:
                file.unlink()


def write(path: Path | str, samples: np.ndarray, sample_rate: int, subtype: str = "PCM_16") -> None:
    """Writes a waveform, `(num_samples,)`, to an audio file. See `Writer`."""
    with Writer(path, sample_rate, subtype) as writer:
        writer.write(samples)
