"""Waveforms of remote recordings: decoded into a bounded cache, and again when they are missed."""

import contextlib
import hashlib
import json
import re
import uuid
from collections.abc import Generator, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kaudio.audio.files import AudioError, blocks
from kaudio.data.bounded import limit_bytes, locked, publish, too_large, touch
from kaudio.data.cache import (
    HEADER_BYTES,
    CachedWaveform,
    check_level,
    content_key,
    trim,
    window,
    write_waveform,
)
from kaudio.data.cached_files import REMOTE, CacheError, cache_folder, remove_orphans
from kaudio.data.remote import Address, Told, ask, fetch

# Part of every key: raise it when the same file would give other samples.
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class RemoteWaveform(CachedWaveform):
    """The waveform of a remote recording. What is not in the cache any more is fetched again.

    It can be pickled and read by many threads and processes at once. One of them fetches.

    Args:
        address: Of the recording.
        told: What the server said about it, when it was decoded.
        sample_rate: Samples per second, in Hz.
    """

    address: str
    told: Told
    sample_rate: int

    def read(self, start: int, count: int) -> np.ndarray:
        """As of `CachedWaveform`.

        Raises:
            ConnectionError: If it must be fetched again, and the server cannot be reached.
            OSError: If it must be fetched again, and is another by now.
        """
        touch(self.path)
        return super().read(start, count)

    def _again(self, start: int, count: int) -> np.ndarray:
        folder, key = self.path.parent, self.path.stem
        with locked(folder, key[:2]):
            samples = window(self.path, start, count)
            if samples is not None:  # somebody else has fetched it
                return samples
            told = ask(self.address)
            if not self._changed(told):
                made = _make(folder, self.address, told, self.sample_rate, (start, count))
                if made.key == key and made.part is not None:
                    return made.part
        raise OSError(
            f"{self.address} was changed since it was first read. Start again, in another "
            "--run-dir if you train."
        )

    def _changed(self, told: Told) -> bool:
        """Whether that is known before it is fetched.

        A server may say another version of the same content: then what it is decides.
        """
        sizes = {told.size, self.told.size} - {None}
        note = _noted(self.path.parent, _name(self.address, told, str(self.sample_rate)))
        return len(sizes) > 1 or (note is not None and note.key != self.path.stem)


def remote_waveform(
    address: Address, sample_rate: int, trim_db: float | None = None, folder: Path | None = None
) -> RemoteWaveform:
    """Decodes a remote recording into the cache, unless its length is known already.

    What the server says is asked for each time. A recording that it says to be the same is not
    fetched, even if its waveform was removed to make room.

    Args:
        address: Where it is.
        sample_rate: Samples per second of the waveform, in Hz.
        trim_db: As of `cached_waveform`.
        folder: The cache folder. Defaults to `cache_folder()`.

    Raises:
        AudioError: If the recording cannot be used, or the server does not have it.
        ConnectionError: If the server cannot be reached.
        CacheError: If the cache cannot be written, such as when the disk is full.
    """
    check_level(trim_db)
    folder = (folder or cache_folder()) / REMOTE
    told = ask(str(address))
    name = _name(str(address), told, str(sample_rate))
    note = _noted(folder, name)
    if note is None:
        with locked(folder, name[:2]):
            note = _noted(folder, name)
            if note is None:
                made = _make(folder, str(address), told, sample_rate)
                note = _Note(made.key, made.num_samples, {})
                _write_note(folder, name, note)
    waveform = RemoteWaveform(
        folder / f"{note.key}.npy",
        note.samples,
        address=str(address),
        told=told,
        sample_rate=sample_rate,
    )
    if trim_db is None:
        return waveform
    if (ends := note.trimmed.get(str(trim_db))) is None:
        waveform = trim(waveform, address, sample_rate, trim_db)
        ends = [waveform.start, waveform.num_samples]
        _write_note(folder, name, replace(note, trimmed={**note.trimmed, str(trim_db): ends}))
    seconds = (note.samples - ends[1]) / sample_rate
    return replace(waveform, start=ends[0], num_samples=ends[1], trimmed_seconds=seconds)


@contextlib.contextmanager
def fetched(address: str, told: Told, folder: Path) -> Generator[Path]:
    """Context in which a remote file lies on the disk."""
    path = folder / f"{_name(address, told)}.{uuid.uuid4().hex}.tmp"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        remove_orphans(folder)
        fetch(address, path, told)
        yield path
    except AudioError as error:
        raise AudioError(Address(address), error.reason) from error
    except OSError as error:
        if isinstance(error, ConnectionError | CacheError):
            raise
        raise CacheError(folder.parent, error) from error
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


@dataclass
class _Made:
    """A waveform that was made: its name, its length, and a part of it if that was asked for."""

    key: str
    num_samples: int = 0
    part: np.ndarray | None = None


def _make(
    folder: Path, address: str, told: Told, sample_rate: int, part: tuple[int, int] = (0, 0)
) -> _Made:
    """Fetches and decodes a recording, and reads a part of it: its first sample and its length."""
    with fetched(address, told, folder) as file:
        made = _Made(content_key(file, sample_rate))

        def show(temporary: Path, path: Path) -> None:
            # From a file that nobody else knows yet: any time after, it may be removed.
            made.part = window(temporary, *part)
            publish(temporary, path)

        path = folder / f"{made.key}.npy"
        made.num_samples = write_waveform(path, _within_limit(file, sample_rate), show)
        if not made.num_samples:
            raise AudioError(file, f"it is too short to hold a sample at {sample_rate} Hz")
    return made


def _within_limit(file: Path, sample_rate: int) -> Iterator[np.ndarray]:
    """The blocks of a recording whose waveform fits into the cache: silence packs well."""
    size, limit = HEADER_BYTES, limit_bytes()
    for block in blocks(file, sample_rate):
        size += 4 * len(block)
        if size > limit:
            raise AudioError(file, too_large(f"its waveform at {sample_rate} Hz"))
        yield block


def _name(*parts: Any) -> str:
    text = "\n".join(["kaudio", str(_VERSION), *map(str, parts)])
    return hashlib.blake2b(text.encode("utf-8", "replace")).hexdigest()[:40]


@dataclass(frozen=True)
class _Note:
    """What is known of a recording, also when its waveform was removed.

    Args:
        key: The name of its waveform.
        samples: Its length.
        trimmed: First sample and length without silence at both ends, for each level of silence.
    """

    key: str
    samples: int
    trimmed: dict[str, list[int]]


def _noted(folder: Path, name: str) -> _Note | None:
    """What is known of a recording, if it is known, whole and makes sense."""
    try:
        fields = json.loads((folder / f"{name}.json").read_text("utf-8"))
        checksum, note = fields.pop("checksum"), _Note(**fields)
        ends = [(0, note.samples), *note.trimmed.values()]
        whole = all(type(number) is int for pair in ends for number in pair)
        inside = all(0 <= start < start + length <= note.samples for start, length in ends)
        good = whole and inside and re.fullmatch("[0-9a-f]{40}", note.key)
        return note if good and checksum == _checksum(name, note) else None
    except (OSError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        return None


def _checksum(name: str, note: _Note) -> str:
    """Tells a note that was damaged, or is another recording's: what it says would be believed."""
    return _name(name, json.dumps(asdict(note), sort_keys=True))


def _write_note(folder: Path, name: str, note: _Note) -> None:
    temporary = folder / f"{name}.{uuid.uuid4().hex}.tmp"
    try:
        fields = {**asdict(note), "checksum": _checksum(name, note)}
        temporary.write_text(json.dumps(fields), "utf-8")
        temporary.replace(folder / f"{name}.json")
    except OSError as error:
        raise CacheError(folder.parent, error) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
