"""Many recordings into the cache at once, with a progress bar."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path, PurePath
from typing import TypeVar

from kaudio.audio.files import AudioError
from kaudio.audio.find import Skipped
from kaudio.data.cache import CachedWaveform, cached_waveform
from kaudio.data.remote import Address
from kaudio.data.remote_cache import remote_waveform

Made = TypeVar("Made")
# Who fetches waits, most of the time.
_FETCHED_AT_ONCE = 8


def decode(
    paths: Sequence[PurePath], sample_rate: int, trim_db: float | None = None
) -> Iterator[tuple[PurePath, CachedWaveform | Skipped]]:
    """Decodes recordings into the cache, some at a time, and yields them in order.

    Args:
        paths: Recordings, and addresses of remote ones.
        sample_rate: Samples per second of the waveforms, in Hz.
        trim_db: As in `cached_waveform`.

    Yields:
        Each path with its waveform, or with the reason why it has none.
    """

    def waveform(path: PurePath) -> CachedWaveform:
        if isinstance(path, Address):
            return remote_waveform(path, sample_rate, trim_db)
        return cached_waveform(Path(path), sample_rate, trim_db)

    return at_once(waveform, paths, "Decoding")


def at_once(
    make: Callable[[PurePath], Made], paths: Sequence[PurePath], what: str
) -> Iterator[tuple[PurePath, Made | Skipped]]:
    """Makes something of each recording, some at a time, and yields what was made in order.

    Args:
        make: Called with a path, in threads. What raises `AudioError` is skipped.
        paths: Recordings, and addresses of remote ones.
        what: What is done, for the progress bar.
    """
    faults = []

    def one(path: PurePath) -> Made:
        if faults:  # of one who has waited for a server already: do not wait as well
            raise faults[0]
        try:
            return make(path)
        except AudioError:
            raise
        except Exception as error:
            faults.append(error)
            raise

    # libsndfile and soxr leave the interpreter free, and each thread holds a block at a time.
    remote = any(isinstance(path, Address) for path in paths)
    pool = ThreadPoolExecutor(_FETCHED_AT_ONCE if remote else min(4, os.cpu_count() or 1))
    try:
        futures = [pool.submit(one, path) for path in paths]
        for path, future in zip(paths, _with_progress(futures, what), strict=True):
            try:
                yield path, future.result()
            except AudioError as error:
                yield path, Skipped(path, error.reason)
    finally:
        pool.shutdown(cancel_futures=True)


def _with_progress(futures: Sequence[Future], what: str) -> Iterable[Future]:
    """Yields futures in order. On a terminal, with a bar if they take longer than a second."""
    if not (sys.stderr.isatty() and wait(futures, timeout=1.0).not_done):
        return futures
    from rich.console import Console
    from rich.progress import track

    return track(futures, what, console=Console(stderr=True), transient=True)
