"""How fast composers are learned and told, and in how much memory."""

import functools

from benchmarks.children import ONE_THREAD, Child
from benchmarks.report import Benchmark, Measured, Settings

MODULE = "benchmarks.composer_child"
# Of audio, in a step of training (32 chunks of 10 s) and in one of telling.
TRAINED, TOLD = 320, 60


def speed(settings: Settings, what: str, seconds: int, backend: str) -> Measured:
    """Seconds of audio for each second of CPU."""
    with Child(MODULE, what, environment={**ONE_THREAD, "KERAS_BACKEND": backend}) as child:
        return Measured([seconds / child.seconds(1) for _ in range(settings.repeats)])


def memory(settings: Settings, backend: str) -> Measured:
    """Megabytes by which a process grows between a minute and an hour of audio."""
    with Child(MODULE, "memory", 60, environment={"KERAS_BACKEND": backend}) as child:
        return Measured([child.read()])


BENCHMARKS = [
    benchmark
    for backend in ("tensorflow", "jax")
    for benchmark in (
        Benchmark(
            f"train/composer/{backend}",
            "s/CPU-s",
            functools.partial(speed, what="train", seconds=TRAINED, backend=backend),
        ),
        Benchmark(
            f"classify/composer/{backend}",
            "s/CPU-s",
            functools.partial(speed, what="classify", seconds=TOLD, backend=backend),
        ),
        Benchmark(
            f"classify/composer/memory/{backend}",
            "MB",
            functools.partial(memory, backend=backend),
        ),
    )
]
