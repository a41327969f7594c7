"""What commands make, into files and onto the screen, with a progress bar."""

import contextlib
import dataclasses
import itertools
import json
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress, track

from kaudio.audio import Writer, probe, read, write
from kaudio.evaluation import faults, spectrogram_png

# Of a longer clip, only its end is looked at for faults.
LISTEN_SECONDS = 600.0


def watched(items: Iterable, what: str) -> Iterator:
    """Goes through items, with a progress bar on a terminal."""
    items = list(items)
    console = Console(stderr=True)
    yield from track(items, what, console=console, transient=True, disable=not console.is_terminal)


def write_clips(
    blocks: Iterator,
    paths: list[Path],
    total: int,
    sample_rate: int,
    subtype: str,
    may_end: bool = False,
) -> None:
    """Writes clips while they are generated. Ctrl-C keeps what there is.

    Args:
        blocks: As `kaudio.generation.marked_stream` yields them.
        paths: A file for each clip.
        total: Samples to write, without the prime.
        sample_rate: In Hz.
        subtype: Of the samples in the files, as `kaudio.audio.Writer` knows it.
        may_end: Whether a clip may end in silence, as single sounds do.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    made = made_at_start = 0
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(Progress(transient=True))
        task = bar.add_task("generating", total=total)
        first = next(blocks)  # compiled before a file is touched
        start = time.perf_counter()
        writers = [stack.enter_context(Writer(path, sample_rate, subtype)) for path in paths]
        stack.enter_context(contextlib.suppress(KeyboardInterrupt))
        for block, is_prime in itertools.chain([first], blocks):
            piece = block if is_prime else block[:, : total - made]
            for writer, samples in zip(writers, piece, strict=True):
                writer.write(samples)
            made += 0 if is_prime else piece.shape[-1]
            made_at_start = made_at_start or made
            bar.update(task, completed=made)
            if made == total:
                break
    took = time.perf_counter() - start
    # The first block took part in compiling.
    speed = (made - made_at_start) * len(paths) / sample_rate / took
    stopped = "Stopped early: " if made < total else ""
    pace = f", {speed:.1f} x real time" if made > made_at_start else ""
    print(f"{stopped}{made / sample_rate:.1f} s{pace}, in {', '.join(map(str, paths))}")
    _listen(paths, sample_rate, may_end)


def print_comparison(found: Iterable[Any], folder: Path, json_file: Path | None) -> None:
    """Says what exported artifacts were found to be.

    Args:
        found: `kaudio.artifacts.Comparison`s.
        folder: Where the artifacts are.
        json_file: Where to write the same as JSON, if anywhere.
    """
    rows = [dataclasses.asdict(row) for row in found]
    if json_file:
        json_file.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    unit = next((row["unit"] for row in rows if row["unit"]), "clips")
    print(f"{'':22}{'MB':>8}{'compared':>10}{'differ':>9}{'by at most':>12}{f'{unit}/s':>18}")
    for row in rows:
        rate = f"{row['per_second']:,.0f}" if row["per_second"] else "-"
        print(
            f"{row['name']:22}{row['megabytes']:8.2f}{row['values']:10}{row['different']:9.2%}"
            f"{row['largest']:12.2g}{rate:>18}"
        )
    print(f"Compared with the model in Python, on the same input. All is in {folder}; see card.md")


@contextlib.contextmanager
def dreaming(
    steps: int, out: Path, sample_rate: int, every_octave: bool
) -> Generator[Callable[[Any], None]]:
    """Shows how far a dream has come.

    Args:
        steps: Of the whole dream.
        out: Where it will be written.
        sample_rate: In Hz.
        every_octave: Whether to write the sound after each octave, as `out_1.wav` and so on.

    Yields:
        What `kaudio.dream` takes as `on_step`.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with Progress(transient=True) as bar:
        task = bar.add_task("dreaming", total=steps)
        heard: list[Any] = []

        def show(step: Any) -> None:
            bar.update(task, completed=step.number, description=f"score {step.score:.2f}")
            if every_octave and heard and heard[-1].octave < step.octave:
                before = heard[-1]
                write(out.with_stem(f"{out.stem}_{before.octave}"), before.samples, sample_rate)
            heard[:] = [step]

        yield show


def write_dream(sound: np.ndarray, dreamed: Any, out: Path, sample_rate: int) -> None:
    """Writes what was dreamed, and the spectrograms before and after beside it.

    Args:
        sound: What it began with, `(num_samples,)`.
        dreamed: A `kaudio.generation.Dream`.
        out: The audio file.
        sample_rate: In Hz.
    """
    write(out, dreamed.samples, sample_rate)
    picture = out.with_suffix(".png")
    rows = {"before": sound, "after": dreamed.samples}
    picture.write_bytes(spectrogram_png(rows, sample_rate))
    scores = dreamed.scores
    print(
        f"Score {scores[0]:.2f} -> {scores[-1]:.2f}; noise of the same size moves it by "
        f"{dreamed.random_rise:.2f}.\n{out}\n{picture}"
    )


def _listen(paths: list[Path], sample_rate: int, may_end: bool) -> None:
    """Says of clips that are no music what is wrong with them. Of long ones, hears the end."""
    silent = False
    for path in paths:
        start = max(0.0, probe(path).seconds - LISTEN_SECONDS)
        where = f"in its last {LISTEN_SECONDS:.0f} s, " if start else ""
        for fault in faults(read(path, sample_rate, start), sample_rate, may_end):
            print(f"{path} is not music: {where}{fault}", file=sys.stderr)
            silent = silent or "silent" in fault
    if silent:
        print(
            "A model that has heard much silence goes on with it: begin from a recording "
            "(--prime), at a higher --temperature, or train without it (--trim-silence-db -50).",
            file=sys.stderr,
        )
