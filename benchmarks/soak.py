"""Long runs: `python -m benchmarks.soak`. Memory, open files and threads stay flat."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

POINTS = 10
# What memory may grow by between the first and the last of ten points, in per cent.
MOST_GROWTH = 5.0
# Recordings are decoded by up to so many threads, which end with the last of them. Each has the
# recording and its waveform open.
DECODERS = min(4, os.cpu_count() or 1)
# Waveforms are opened for each window that is read, by up to 16 threads of grain.
READERS = {"prepare": 2 * DECODERS, "corpus": 16}
# On JAX, Keras ends batches of validation in the threads of one pool. It starts one when all others
# are at work, up to the size that Python gives a pool.
WORKERS = {
    ("fit", "jax"): min(32, (os.cpu_count() or 1) + 4),
    ("prepare", "tensorflow"): DECODERS,
    ("prepare", "jax"): DECODERS,
}
HELP = {
    "minutes": "of audio that is streamed",
    "steps": "of training",
    "hours": "of recordings",
}


def flat(
    points: list[tuple[float, int, int]], readers: int = 0, workers: int = 0
) -> tuple[bool, str]:
    """Judges ten points of a long run.

    Args:
        points: At each of them megabytes of resident memory, open files and threads.
        readers: Files that may be open at one point and not at another.
        workers: Threads that may be there at one point and not at another.

    Returns:
        Whether they are flat, and a sentence with the numbers.

    Raises:
        ValueError: If there are more or fewer points: the run was not looked at throughout.
    """
    if len(points) != POINTS:
        raise ValueError(
            f"A run is judged by {POINTS} points. Received: {len(points)}. Make it longer."
        )
    memory, files, threads = (list(column) for column in zip(*points, strict=True))
    growth = 100 * (max(memory) / memory[0] - 1)
    good = growth <= MOST_GROWTH and max(threads) - min(threads) <= workers
    good = good and max(files) - min(files) <= readers
    columns = {"files": files, "threads": threads}
    rest = ", ".join(f"{name} {min(n)} to {max(n)}" for name, n in columns.items())
    text = f"{memory[0]:7.0f} to {max(memory):5.0f} MB ({growth:+.1f} %), {rest}"
    return good, f"{text}: {'flat' if good else 'NOT FLAT'}"


def main() -> None:
    """Runs each in a process of its own, and prints a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, size in {"minutes": 60, "steps": 2_000, "hours": 10}.items():
        parser.add_argument(f"--{name}", type=float, default=size, help=HELP[name])
    parser.add_argument("--backend", action="append", choices=["tensorflow", "jax"])
    parser.add_argument(
        "--only", help="one of stream-gruv, stream-wavenet, fit, prepare and corpus"
    )
    options = parser.parse_args()
    sizes = {
        "stream-gruv": options.minutes,
        "stream-wavenet": options.minutes,
        "fit": options.steps,
        "prepare": options.hours,
        "corpus": options.hours,
    }
    bad = 0
    for what in [options.only] if options.only else sizes:
        for backend in options.backend or ["tensorflow", "jax"]:
            if what in ("prepare", "corpus") and backend == "jax" and not options.backend:
                continue  # nothing of it is computed by a backend
            environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
            result = subprocess.run(
                [sys.executable, "-m", "benchmarks.soak_child", what, str(sizes[what])],
                cwd=Path(__file__).resolve().parent.parent,
                env=environment,
                capture_output=True,
                text=True,
            )
            if result.returncode:
                sys.exit(f"soak: {what} stopped: {result.stderr[-2000:]}")
            lines = result.stdout.splitlines()
            points = [line.split()[1:] for line in lines if line.startswith("point ")]
            numbers = [(float(a), int(b), int(c)) for a, b, c in points]
            good, text = flat(numbers, READERS.get(what, 0), WORKERS.get((what, backend), 0))
            bad += not good
            note = next(line[5:] for line in lines if line.startswith("note "))
            print(f"{what:15}{backend:11}{text}. {note}", flush=True)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
