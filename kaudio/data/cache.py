"""Waveforms decoded and resampled once, kept on disk, and read by window."""

import contextlib
import hashlib
import io
import os
import re
import sys
import time
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kaudio.audio.files import AudioError, blocks

# Part of every key: raise it when the same file would give other samples.
_VERSION = 1
_WAVEFORMS, _DEMO = "waveforms", "kaudio-demo"
_OURS = re.compile(r"[0-9a-f]{40}(\.npy|\.[0-9a-f]{32}\.tmp)")
# Whoever writes a temporary file adds to it all the time: one this old has lost its process.
_ORPHAN_SECONDS = 3600
_BLOCK = 1 << 20


def _header(num_samples: int) -> bytes:
    """The header of the `.npy` file, of one length for any number of samples."""
    file = io.BytesIO()
    fields = {"descr": "<f4", "fortran_order": False, "shape": (num_samples,)}
    np.lib.format.write_array_header_1_0(file, fields)
    return file.getvalue()


_HEADER_BYTES = len(_header(0))


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
        offset = _HEADER_BYTES + 4 * (self.start + start)
        try:
            samples = np.fromfile(self.path, "<f4", count, offset=offset)
        except FileNotFoundError:
            samples = np.zeros(0)
        if len(samples) != count:
            raise OSError(
                f"The cached waveform {self.path} is gone or was cut, perhaps because the cache "
                "was cleared. Start again: it will be made anew."
            )
        if not np.isfinite(samples).all():  # a bit that fell over on the disk
            raise OSError(
                f"The cached waveform {self.path} is damaged: its samples are not finite. Remove "
                "it, or all of them with `kaudio corpus --clear-cache`: they will be made anew."
            )
        return samples


def cache_folder() -> Path:
    """Where kaudio keeps what it can make again: `$KAUDIO_CACHE`, or the platform's usual place."""
    if folder := os.environ.get("KAUDIO_CACHE"):
        return Path(folder).expanduser()
    if folder := os.environ.get("XDG_CACHE_HOME"):
        return Path(folder).expanduser() / "kaudio"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "kaudio" / "cache"
    usual = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / usual / "kaudio"


def demo_root(folder: Path | None = None) -> Path:
    """Where in the cache the demo corpus lies."""
    return (folder or cache_folder()) / _DEMO


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
    if trim_db is not None and not trim_db < 0:
        raise ValueError(
            "The level of silence must be in dB below the peak of a recording, such as -60. "
            f"Received: trim_db={trim_db}."
        )
    path = Path(path)
    target = (folder or cache_folder()) / _WAVEFORMS / f"{_key(path, sample_rate)}.npy"
    num_samples = _num_samples(target)
    if not num_samples:
        num_samples = _write(target, blocks(path, sample_rate))
    if not num_samples:
        raise AudioError(path, f"it is too short to hold a sample at {sample_rate} Hz")
    waveform = CachedWaveform(target, num_samples)
    return waveform if trim_db is None else _trim(waveform, path, sample_rate, trim_db)


def cache_bytes(folder: Path | None = None) -> int:
    """Bytes that kaudio's files take in the cache, the demo corpus included."""
    return sum(file.lstat().st_size for file in _files(folder or cache_folder()))


def clear_cache(folder: Path | None = None) -> int:
    """Removes what kaudio made in the cache, the demo corpus too, and nothing else.

    Returns:
        The number of bytes freed.
    """
    folder = folder or cache_folder()
    freed = 0
    for file in list(_files(folder)):
        freed += file.lstat().st_size
        file.unlink(missing_ok=True)
    for name in (_WAVEFORMS, _DEMO):
        for root, _, _ in os.walk(folder / name, topdown=False):
            with contextlib.suppress(OSError):  # somebody else's files are in it
                os.rmdir(root)
    return freed


def _files(folder: Path) -> Iterator[Path]:
    """The files that kaudio made in a cache folder. Links are neither followed nor listed."""
    for name, ours in ((_WAVEFORMS, _OURS), (_DEMO, re.compile(r".*\.(wav|tmp)"))):
        if (folder / name).is_symlink():
            continue
        for root, _, names in os.walk(folder / name):
            files = (Path(root, file) for file in names if ours.fullmatch(file))
            yield from (file for file in files if not file.is_symlink())


def _key(path: Path, sample_rate: int) -> str:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "blake2b")
    except OSError as error:
        raise AudioError(path, f"it cannot be read ({error.strerror})") from error
    digest.update(f"kaudio {_VERSION} {sample_rate}".encode())
    return digest.hexdigest()[:40]


def _num_samples(path: Path) -> int:
    """Samples in a cached file; 0 if there is none, or if it is not one that `_write` finished."""
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_BYTES)
            size = os.fstat(file.fileno()).st_size
    except OSError:
        return 0
    num_samples, rest = divmod(size - _HEADER_BYTES, 4)
    return num_samples if rest == 0 and header == _header(max(num_samples, 0)) else 0


def _write(path: Path, waveform: Iterable[np.ndarray]) -> int:
    """Writes blocks of samples as one file that is there wholly or not at all."""
    temporary = path.with_name(f"{path.stem}.{uuid.uuid4().hex}.tmp")
    num_samples = 0
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_orphans(path.parent)
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
            os.replace(temporary, path)
    except OSError as error:
        raise OSError(
            f"The cache folder {path.parent.parent} cannot be written: {error.strerror}. Make room "
            "there, or name another folder in the environment variable KAUDIO_CACHE."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
    return num_samples


def _remove_orphans(folder: Path) -> None:
    """Removes the temporary files of processes that died."""
    for file in folder.glob("*.tmp"):
        with contextlib.suppress(OSError):  # it was finished or removed meanwhile
            if _OURS.fullmatch(file.name) and time.time() - file.stat().st_mtime > _ORPHAN_SECONDS:
                file.unlink()


def _trim(waveform: CachedWaveform, path: Path, sample_rate: int, trim_db: float) -> CachedWaveform:
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
    return CachedWaveform(waveform.path, stop - start, trimmed_seconds, start)
