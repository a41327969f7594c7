"""Waveforms decoded and resampled once, kept on disk, and read by window."""

import contextlib
import hashlib
import io
import os
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TypeVar

import numpy as np

from kaudio.audio.files import AudioError, blocks
from kaudio.data.cached_files import WAVEFORMS, CacheError, remove_orphans
from kaudio.data.cached_files import cache_bytes as cache_bytes
from kaudio.data.cached_files import cache_folder as cache_folder
from kaudio.data.cached_files import clear_cache as clear_cache
from kaudio.data.cached_files import demo_root as demo_root

# Part of every key: raise it when the same file would give other samples.
_VERSION = 1
_BLOCK = 1 << 20


def _header(num_samples: int) -> bytes:
    """The header of the `.npy` file, of one length for any number of samples."""
    file = io.BytesIO()
    fields = {"descr": "<f4", "fortran_order": False, "shape": (num_samples,)}
    np.lib.format.write_array_header_1_0(file, fields)
    return file.getvalue()


HEADER_BYTES = len(_header(0))


@dataclass(frozen=True)
class CachedWaveform:
    """A mono waveform on disk, in float32: a plain `.npy` file.

    Windows are read straight from the file, which is opened for each: nothing stays open or
    mapped, so that memory does not grow with what has been read, and a waveform can be pickled
    and read by many threads and processes at once.

    Args:
        path: The `.npy` file, `(samples,)`. It holds the whole recording, silence included.
        num_samples: Samples from `start` on that count.
        trimmed_seconds: Seconds of silence left out at both ends.
        start: The first sample that counts.
    """

    path: Path
    num_samples: int
    trimmed_seconds: float = 0.0
    start: int = 0

    def read(self, start: int, count: int) -> np.ndarray:
        """Reads `count` samples from `start` on, fewer at the end. A new `(samples,)` array."""
        start = min(max(start, 0), self.num_samples)
        count = min(max(count, 0), self.num_samples - start)
        samples = window(self.path, self.start + start, count)
        return self._again(self.start + start, count) if samples is None else samples

    def _again(self, start: int, count: int) -> np.ndarray:
        """What is read when the file is not there."""
        raise OSError(
            f"The cached waveform {self.path} is gone or was cut, perhaps because the cache "
            "was cleared. Start again: it will be made anew."
        )


Cached = TypeVar("Cached", bound=CachedWaveform)


def window(path: Path, start: int, count: int) -> np.ndarray | None:
    """`count` samples of a cached file from `start` on; None if it is gone or was cut."""
    try:
        samples = np.fromfile(path, "<f4", count, offset=HEADER_BYTES + 4 * start)
    except FileNotFoundError:
        return None
    if len(samples) != count:
        return None
    if not np.isfinite(samples).all():  # a bit that fell over on the disk
        raise OSError(
            f"The cached waveform {path} is damaged: its samples are not finite. Remove "
            "it, or all of them with `kaudio corpus --clear-cache`: they will be made anew."
        )
    return samples


def cached_waveform(
    path: Path, sample_rate: int, trim_db: float | None = None, folder: Path | None = None
) -> CachedWaveform:
    """Decodes and resamples a recording into the cache, unless it is there already.

    The cached file is named after the content of the recording and every setting that shapes its
    samples. It is written block by block, in constant memory, and appears all at once: any number
    of processes may ask for the same recording at the same time. Trimming only moves the ends of
    what is read, so that recordings need not be decoded again to trim them otherwise.

    Args:
        path: A recording.
        sample_rate: Samples per second of the waveform, in Hz.
        trim_db: If given, leaves out the leading and trailing frames of 10 ms in which no sample
            reaches this level, in dB relative to the peak of the recording; below 0, such as -60.
        folder: The cache folder. Defaults to `cache_folder()`.

    Raises:
        AudioError: If the recording cannot be used.
        OSError: If the cache cannot be written, such as when the disk is full.
    """
    check_level(trim_db)
    path = Path(path)
    target = (folder or cache_folder()) / WAVEFORMS / f"{content_key(path, sample_rate)}.npy"
    num_samples = num_samples_of(target)
    if not num_samples:
        num_samples = write_waveform(target, blocks(path, sample_rate))
    if not num_samples:
        raise AudioError(path, f"it is too short to hold a sample at {sample_rate} Hz")
    waveform = CachedWaveform(target, num_samples)
    return waveform if trim_db is None else trim(waveform, path, sample_rate, trim_db)


def check_level(trim_db: float | None) -> None:
    """Refuses a level of silence that is not below the peak."""
    if trim_db is not None and not trim_db < 0:
        raise ValueError(
            "The level of silence must be in dB below the peak of a recording, such as -60. "
            f"Received: trim_db={trim_db}."
        )


def content_key(path: Path, sample_rate: int) -> str:
    """The name of the waveform of a file: told by its content and what shapes its samples."""
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "blake2b")
    except (OSError, ValueError) as error:  # a name with a zero in it is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise AudioError(path, f"it cannot be read ({reason})") from error
    digest.update(f"kaudio {_VERSION} {sample_rate}".encode())
    return digest.hexdigest()[:40]


def num_samples_of(path: Path) -> int:
    """Samples in a cached file; 0 if there is none, or if `write_waveform` did not finish it."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
            size = os.fstat(file.fileno()).st_size
    except OSError:
        return 0
    num_samples, rest = divmod(size - HEADER_BYTES, 4)
    return num_samples if rest == 0 and header == _header(max(num_samples, 0)) else 0


def write_waveform(
    path: Path,
    waveform: Iterable[np.ndarray],
    publish: Callable[[Path, Path], object] = os.replace,
) -> int:
    """Writes blocks of samples as one file that is there wholly or not at all.

    Args:
        path: The file.
        waveform: Its samples.
        publish: Gives the file, once it is whole, its name.

    Returns:
        The number of samples. Without any, there is no file.
    """
    temporary = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.tmp")
    num_samples = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_orphans(path.parent)
        with temporary.open("xb") as file:
            file.write(_header(0))
            for block in waveform:
                file.write(np.ascontiguousarray(block, "<f4").data)
                num_samples += len(block)
            file.seek(0)
            file.write(_header(num_samples))
            file.flush()
            os.fsync(file.fileno())
        if num_samples:
            publish(temporary, path)
    except CacheError:
        raise
    except OSError as error:
        raise CacheError(path.parent.parent, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return num_samples


def trim(waveform: Cached, path: PurePath, sample_rate: int, trim_db: float) -> Cached:
    """Leaves out the silence at both ends of a waveform, as `cached_waveform` says."""
    starts = range(0, waveform.num_samples, _BLOCK)
    peak = max(float(np.abs(waveform.read(start, _BLOCK)).max()) for start in starts)
    if peak == 0:
        raise AudioError(path, "it is silent throughout, and silence is to be trimmed")

    def loud(start: int) -> np.ndarray:
        level = np.abs(waveform.read(start, _BLOCK))
        return start + np.flatnonzero(level >= peak * 10 ** (trim_db / 20))

    first = next(int(found[0]) for found in map(loud, starts) if len(found))
    last = next(int(found[-1]) for found in map(loud, reversed(starts)) if len(found))
    frame = max(1, sample_rate // 100)
    start = first // frame * frame
    stop = min((last // frame + 1) * frame, waveform.num_samples)
    trimmed_seconds = (waveform.num_samples - (stop - start)) / sample_rate
    return replace(waveform, num_samples=stop - start, trimmed_seconds=trimmed_seconds, start=start)
