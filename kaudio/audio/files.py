"""Audio files to waveforms: streamed, resampled, one channel."""

import contextlib
import math
import sys
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
import soundfile
import soxr

# Samples far above full scale are integers stored as floats, or noise: not music.
MAX_PEAK = 16.0
# What the resampling filter reaches to each side of a sample, with room to spare.
FILTER_SECONDS = 0.1
MOST_CHANNELS = 64
RATES = range(1_000, 1_000_001)
BLOCK_FRAMES = 1 << 16


class AudioError(ValueError):
    """A file that cannot be used. The text is a sentence with its name and the reason.

    Args:
        path: The file.
        reason: Why it cannot be used, such as "it is empty (0 bytes)".
    """

    def __init__(self, path: PurePath, reason: str) -> None:
        super().__init__(f"'{printable(path)}' cannot be used: {reason}.")
        self.path = path
        self.reason = reason


@dataclass(frozen=True)
class Info:
    """What the header of an audio file says.

    Args:
        path: The file.
        sample_rate: Samples per second of each channel, in Hz.
        channels: Number of channels.
        seconds: Claimed length. Headers may lie: only decoding tells.
        format: Container and encoding, such as "WAV PCM_16".
    """

    path: Path
    sample_rate: int
    channels: int
    seconds: float
    format: str


def probe(path: Path | str) -> Info:
    """Reads the header of an audio file.

    Raises:
        AudioError: If it is not an audio file that can be read.
    """
    with _open(Path(path)) as file:
        seconds = file.frames / file.samplerate
        kind = f"{file.format} {file.subtype}"
        return Info(Path(path), file.samplerate, file.channels, seconds, kind)


def blocks(path: Path | str, sample_rate: int | None = None) -> Iterator[np.ndarray]:
    """Decodes a whole file, block by block, on constant memory whatever its header claims.

    Args:
        path: An audio file that libsndfile reads: WAV, FLAC, OGG (Vorbis, Opus), MP3, AIFF, AU...
        sample_rate: What to resample to, in Hz. None keeps the file's own.

    Yields:
        Float32 samples, the mean of all channels, full scale at -1 and 1 (resampling may overshoot
        by a little). Blocks are a second or two long, not all of them equally.

    Raises:
        AudioError: If the file cannot be read to its end, holds no samples, samples that are not
            finite, or samples far above full scale.
    """
    path = Path(path)
    with _open(path) as file:
        rate = sample_rate or file.samplerate
        resampler = None
        if rate != file.samplerate:
            resampler = soxr.ResampleStream(file.samplerate, rate, 1, dtype="float32")
        some = False
        for block in _decode(path, file):
            some = True
            block = resampler.resample_chunk(block) if resampler else block
            if len(block):
                yield block
        if not some:
            raise AudioError(path, "it holds no samples")
        rest = resampler.resample_chunk(np.zeros(0, "float32"), last=True) if resampler else ()
        if len(rest):
            yield rest


def read(
    path: Path | str,
    sample_rate: int | None = None,
    start: float = 0.0,
    seconds: float | None = None,
    until_broken: bool = False,
) -> np.ndarray:
    """Reads a file, or a part of it.

    Args:
        path: An audio file, as for `blocks`.
        sample_rate: What to resample to, in Hz. None keeps the file's own.
        start: Where the part begins, in seconds.
        seconds: Its length; None is to the end.
        until_broken: Whether a file with samples that are not finite is read up to the first of
            them, and NaN stands in its place, last, instead of refusing it.

    Returns:
        `(num_samples,)` float32 samples, fewer than asked for at the end of the file. They are
        those that reading the whole file would give at that place.

    Raises:
        AudioError: As for `blocks`.
        ValueError: If `start` or `seconds` is negative.
    """
    if start < 0 or (seconds is not None and seconds < 0):
        raise ValueError(
            "`start` and `seconds` must be 0 s or more. "
            f"Received: start={start}, seconds={seconds}."
        )
    path = Path(path)
    with _open(path) as file:
        rate = sample_rate or file.samplerate
        # Samples of both rates fall together only at multiples of this many of the file's.
        period = file.samplerate // math.gcd(file.samplerate, rate)
        margin = 0 if rate == file.samplerate else round(FILTER_SECONDS * file.samplerate)
        begin = max(0, round(start * file.samplerate) - margin) // period * period
        limit = sys.maxsize
        if seconds is not None:
            limit = math.ceil((start + seconds) * file.samplerate) + margin - begin
        first = round(start * rate) - begin * rate // file.samplerate
        if begin:
            _seek(path, file, begin)
        parts = list(_decode(path, file, limit, until_broken, begin))
        samples = np.concatenate(parts) if parts else np.zeros(0, "float32")
        broken = samples[-1:][np.isnan(samples[-1:])]
        samples = samples[: len(samples) - len(broken)]
        if rate != file.samplerate and len(samples):
            samples = soxr.resample(samples, file.samplerate, rate)
        samples = np.concatenate([samples, broken])
    last = (
        None if seconds is None else first + round((start + seconds) * rate) - round(start * rate)
    )
    return samples[first:last]


def printable(path: PurePath | str) -> str:
    """The name of a file, with what is not text in it, or would steer a terminal, replaced."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(path))


class _Stream(soundfile.SoundFile):
    """A file that is read from one end to the other.

    After each read, soundfile seeks to where it should be, which fails where a header claims no
    length or too much.
    """

    def seekable(self) -> bool:
        return False


@contextlib.contextmanager
def _open(path: Path) -> Generator[soundfile.SoundFile]:
    if not path.is_file():
        other = "it is not a file" if path.exists() else "there is no such file"
        raise AudioError(path, "it is a folder" if path.is_dir() else other)
    if path.stat().st_size == 0:
        raise AudioError(path, "it is empty (0 bytes)")
    with contextlib.ExitStack() as stack:
        try:
            # Not by its name, which need not be text, and beside which libsndfile would look for
            # the side files that macOS leaves on foreign disks.
            raw = stack.enter_context(path.open("rb"))
            file = stack.enter_context(_Stream(raw.fileno(), closefd=False))
        except OSError as error:
            raise AudioError(path, f"it cannot be opened ({error.strerror})") from error
        except (soundfile.LibsndfileError, TypeError) as error:
            raise AudioError(path, "it is not audio that can be read, or damaged") from error
        if not 1 <= file.channels <= MOST_CHANNELS or file.samplerate not in RATES:
            claim = f"{file.channels} channels at {file.samplerate} Hz"
            raise AudioError(path, f"its header claims {claim}")
        yield file


def _decode(
    path: Path,
    file: soundfile.SoundFile,
    limit: int = sys.maxsize,
    until_broken: bool = False,
    begin: int = 0,
) -> Iterator[np.ndarray]:
    """Mono blocks from where the file is, at most `limit` samples, all of them checked."""
    done = 0
    while done < limit:
        try:
            block = file.read(min(BLOCK_FRAMES, limit - done), "float32", always_2d=True)
        except (soundfile.LibsndfileError, MemoryError) as error:
            seconds = (begin + done) / file.samplerate
            raise AudioError(
                path, f"it breaks off after {seconds:.1f} s ({_reason(error)})"
            ) from error
        if not len(block):
            return
        bad = ~np.isfinite(block).all(axis=1)
        if bad.any() and not until_broken:
            seconds = (begin + done + bad.argmax()) / file.samplerate
            raise AudioError(
                path, f"it holds samples that are not finite numbers, the first at {seconds:.2f} s"
            )
        whole = block[: bad.argmax()] if bad.any() else block
        peak = np.abs(whole).max(initial=0)
        if peak > MAX_PEAK:
            raise AudioError(path, f"its samples reach {peak:.3g}, where full scale is 1")
        done += len(block)
        yield whole.mean(axis=1, dtype="float32")
        if bad.any():
            yield np.full(1, np.nan, "float32")
            return


def _seek(path: Path, file: soundfile.SoundFile, frame: int) -> None:
    try:
        file.seek(min(frame, file.frames))
    except soundfile.LibsndfileError as error:
        raise AudioError(path, f"it cannot be read from the middle ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    text = getattr(error, "error_string", None) or str(error) or type(error).__name__
    return text.removeprefix("Error : ").rstrip(". ")
