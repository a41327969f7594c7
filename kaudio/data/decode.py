"""Many recordings into the cache at once, with a progress bar."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from kaudio.audio.files import AudioError
from kaudio.audio.find import Skipped
from kaudio.data.cache import CachedWaveform, cached_waveform


def decode(
    paths: Sequence[Path], sample_rate: int, trim_db: float | None = None
) -> Iterator[tuple[Path, CachedWaveform | Skipped]]:
    """Decodes recordings into the cache, some at a time, and yields them in order.

    Args:
        paths: Recordings.
        sample_rate: Samples per second of the waveforms, in Hz.
        trim_db: As in `cached_waveform`.

    Yields:
        Each path with its waveform, or with the reason why it has none.
    """
    # libsndfile and soxr leave the interpreter free, and each thread holds a block at a time.
    pool = ThreadPoolExecutor(min(4, os.cpu_count() or 1))
    try:
        futures = [pool.submit(cached_waveform, path, sample_rate, trim_db) for path in paths]
        for path, future in zip(paths, _with_progress(futures), strict=True):
            try:
                yield path, future.result()
            except AudioError as error:
                yield path, Skipped(path, error.reason)
    finally:
        pool.shutdown(cancel_futures=True)


def _with_progress(futures: Sequence[Future]) -> Iterable[Future]:
    """Yields futures in order. On a terminal, with a bar if they take longer than a second."""
    if not (sys.stderr.isatty() and wait(futures, timeout=1.0).not_done):
        return futures
    from rich.console import Console
    from rich.progress import track

    return track(futures, "Decoding", console=Console(stderr=True), transient=True)
