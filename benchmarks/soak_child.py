"""A long run, which tells ten times how much of the machine it holds."""

import contextlib
import gc
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import psutil
import soundfile

import kaudio
from benchmarks.corpus_child import write
from benchmarks.soak import POINTS
from kaudio.codecs import FFTFrames, MuLaw
from kaudio.data import Corpus, iterate, next_step
from kaudio.models import FrameLSTM, WaveNet

RATE, CORPUS_RATE = 8_000, 11_025
EPOCH_STEPS = 100


class Points:
    """Ten points of a long run, evenly spread; the first when a tenth of it is done.

    Memory is the median of the last twentieth: more or fewer batches wait at any moment.

    Args:
        total: The whole length, in whatever unit.
    """

    def __init__(self, total: float) -> None:
        self.total, self.seen = total, 0
        self.process, self.memory = psutil.Process(), []

    def at(self, done: float) -> None:
        """Looks at memory, and writes a point if the next tenth of the run is done."""
        due = done >= self.total * (self.seen + 1) / POINTS and self.seen < POINTS
        if due:
            gc.collect()  # what waits for it would look like a leak
        self.memory.append(self.process.memory_info().rss / 1e6)
        if not due:
            return
        self.seen += 1
        memory, self.memory = statistics.median(self.memory[len(self.memory) // 2 :]), []
        print("point", memory, self.process.num_fds(), self.process.num_threads(), flush=True)


def gruv() -> FrameLSTM:
    """A small recurrent model of frames."""
    codec = FFTFrames(RATE, 64, overlap=2)
    model = FrameLSTM(codec, 16, projection=8, temperature=0.5)
    noise = np.random.default_rng(0).normal(0, 0.1, RATE).astype("float32")
    steps = codec.encode(noise)[None]
    model.adapt([(steps, steps)])
    return model


def wavenet() -> WaveNet:
    """A small WaveNet."""
    dilations = [1, 2, 4, 8]
    return WaveNet(
        MuLaw(RATE, 64),
        dilations,
        residual_filters=8,
        gate_filters=8,
        skip_filters=8,
        head_filters=8,
    )


def stream(make: Callable, minutes: float) -> str:
    """Streams audio and throws it away."""
    points, samples, start = Points(60 * minutes * RATE), 0, time.process_time()
    for block in kaudio.stream(make()):
        samples += block.shape[-1]
        points.at(samples)
        if points.seen == POINTS:
            break
    speed = samples / RATE / (time.process_time() - start)
    return f"{samples / RATE / 60:.0f} min of audio, {speed:.0f} s of it for a CPU-second."


def fit(steps: float, folder: Path) -> str:
    """Fits a small model for so many steps, in epochs of a hundred, each with a clip."""
    audio = folder / "audio"
    audio.mkdir()
    for number in range(4):
        noise = np.random.default_rng(number).normal(0, 0.1, 20 * RATE)
        soundfile.write(audio / f"{number}.wav", noise, RATE)
    train, validation = Corpus.from_folder(audio, RATE).split(validation=0.25, seed=0)
    model, points = gruv(), Points(steps)
    model.compile(keras.optimizers.Adam(1e-3), loss="mse")

    class Watch(keras.callbacks.Callback):
        done = 0

        def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
            self.done += 1

        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            gc.collect()  # a point is the median of few epochs
            points.at(self.done)

    recipe = kaudio.Recipe(
        model=model,
        train=next_step(train, model.codec, 30, 4, seed=0, epoch_batches=EPOCH_STEPS),
        validation=next_step(validation, model.codec, 30, 4),
        epochs=round(steps / EPOCH_STEPS),
        run_dir=folder / "run",
        clip_seconds=0.5,
        callbacks=[Watch()],
    )
    kaudio.fit(recipe)
    return f"{round(steps)} steps in {recipe.epochs} epochs, each with a state and a clip."


def recordings(hours: float, audio: Path) -> int:
    """Writes hours of recordings, and returns how many."""
    audio.mkdir()
    count = max(POINTS, round(2 * hours))
    for number in range(count):
        write(audio / f"{number}.wav", round(3600 * hours / count), RATE, 1, number)
    return count


def prepare(hours: float, folder: Path) -> str:
    """Prepares hours of recordings, watched from another thread by how much of them is written."""
    count = recordings(hours, folder / "audio")
    seconds = count * round(3600 * hours / count)
    watched, done = Points(4 * CORPUS_RATE * seconds), threading.Event()
    waveforms = folder / "cache" / "waveforms"

    def written() -> int:
        sizes = 0
        for path in waveforms.glob("*"):
            with contextlib.suppress(FileNotFoundError):  # it was given its name
                sizes += path.stat().st_size
        return sizes

    def watch() -> None:
        while not done.wait(0.01):
            watched.at(written())
        watched.at(written())  # all of it

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        Corpus.from_folder(folder / "audio", CORPUS_RATE)
    finally:
        done.set()
        watcher.join()
    return f"{hours:g} h in {count} recordings, prepared."


def corpus(hours: float, folder: Path) -> str:
    """Goes through hours of recordings that are prepared. Memory is looked at from there on."""
    count, watched = recordings(hours, folder / "audio"), Points(hours)
    prepared = Corpus.from_folder(folder / "audio", CORPUS_RATE)
    batches = next_step(prepared, FFTFrames(CORPUS_RATE, 352, overlap=2), 125, 16, seed=0)
    for number, _ in enumerate(iterate(batches)):
        watched.at(hours * (number + 1) / len(batches))
    return f"{hours:g} h in {count} recordings, gone through in {len(batches)} batches."


def main(what: str, size: str) -> None:
    """Runs one of them in a temporary folder."""
    with tempfile.TemporaryDirectory() as name:
        os.environ["KAUDIO_CACHE"] = f"{name}/cache"
        match what:
            case "stream-gruv":
                note = stream(gruv, float(size))
            case "stream-wavenet":
                note = stream(wavenet, float(size))
            case "fit":
                note = fit(float(size), Path(name))
            case "prepare":
                note = prepare(float(size), Path(name))
            case "corpus":
                note = corpus(float(size), Path(name))
            case _:
                raise ValueError(
                    f"Expected stream-gruv, stream-wavenet, fit, prepare or corpus: '{what}'."
                )
    print("note", note)


if __name__ == "__main__":
    main(*sys.argv[1:])
