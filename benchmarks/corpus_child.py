"""Makes recordings in a temporary folder, and prepares them as a corpus."""

import itertools
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import soundfile

from benchmarks.children import serve
from kaudio.codecs import FFTFrames
from kaudio.data import Corpus, iterate, next_step

# The recordings that speed is measured on, WAV and FLAC by turns.
SECONDS, COUNT = 120, 8
LONGEST_MINUTES = 30


def write(path: Path, seconds: int, sample_rate: int, channels: int, number: int) -> None:
    """Writes a chord in noise, other samples for each number: equal files are cached once."""
    rng = np.random.default_rng(number)
    t = np.arange(sample_rate)[:, None] / sample_rate
    chord = sum(0.1 * np.sin(2 * np.pi * f * t) for f in rng.integers(50, 2000, 6))
    second = chord + 0.01 * rng.standard_normal((sample_rate, channels))
    with soundfile.SoundFile(path, "w", sample_rate, channels, "PCM_16") as file:
        for _ in range(seconds):
            file.write(second)


def speed(folder: Path, caches: Path) -> None:
    """Prepares a corpus again and again, each time into a new cache."""
    recordings, numbers = folder / "recordings", itertools.count()
    recordings.mkdir()
    for number in range(COUNT):
        path = recordings / f"{number}.{('wav', 'flac')[number % 2]}"
        write(path, SECONDS, 44_100, 2, number)

    def step() -> None:
        cache = caches / str(next(numbers))
        os.environ["KAUDIO_CACHE"] = str(cache)
        Corpus.from_folder(recordings, sample_rate=16_000)

    print(SECONDS * COUNT / 3600, flush=True)
    serve(step, time.perf_counter, warm_up=1)


def memory(folder: Path, minutes: int) -> None:
    """Writes how many megabytes a corpus and an epoch of it take, above the imports."""
    process, done, sizes = psutil.Process(), threading.Event(), []
    before = process.memory_info().rss
    numbers = range(max(1, minutes // LONGEST_MINUTES))
    for number in numbers:
        write(folder / f"{number}.wav", 60 * min(minutes, LONGEST_MINUTES), 8_000, 1, number)

    def watch() -> None:
        while not done.wait(0.01):
            sizes.append(process.memory_info().rss)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    corpus = Corpus.from_folder(folder, sample_rate=11_025)
    codec = FFTFrames(11_025, 352, overlap=2)
    dataset = next_step(corpus, codec, steps=125, batch_size=16, seed=0)
    for _ in iterate(dataset):
        pass
    done.set()
    watcher.join()
    print((max(sizes) - before) / 1e6, flush=True)


def main(what: str, *arguments: str) -> None:
    """Runs one of the two, in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["KAUDIO_CACHE"] = str(folder / "cache")
        if what == "speed":
            speed(folder, folder / "cache")
        else:
            memory(folder, *map(int, arguments))


if __name__ == "__main__":
    main(*sys.argv[1:])
