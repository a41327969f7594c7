"""Waveforms to audio files, block by block."""

import contextlib
import io
from pathlib import Path
from types import TracebackType
from typing import Self

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


class Writer:
    """Writes an audio file block by block. What was written stays if it is left early.

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
        with contextlib.ExitStack() as stack:
            # Not by its name, which need not be text.
            raw = stack.enter_context(self.path.open("w+b"))
            self._file = soundfile.SoundFile(
                raw.fileno(), "w", sample_rate, 1, encoding, format=kind, closefd=False
            )
            stack.callback(self._file.close)
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
            try:
                self._file.write(np.clip(samples[start : start + PIECE], -1, 1))
            except soundfile.LibsndfileError as error:
                raise OSError(
                    f"'{printable(self.path)}' cannot be written any further: is the disk full?"
                ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._open.close()


def write(path: Path | str, samples: np.ndarray, sample_rate: int, subtype: str = "PCM_16") -> None:
    """Writes a waveform, `(num_samples,)`, to an audio file. See `Writer`."""
    with Writer(path, sample_rate, subtype) as writer:
        writer.write(samples)
