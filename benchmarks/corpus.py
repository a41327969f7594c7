"""How fast recordings are prepared, and in how much memory."""

import functools

from benchmarks.children import Child
from benchmarks.report import Benchmark, Measured, Settings

MODULE = "benchmarks.corpus_child"


def speed(settings: Settings) -> Measured:
    """Hours of audio per minute of wall time, 44.1 kHz stereo to 16 kHz."""
    with Child(MODULE, "speed") as child:
        hours = child.read()
        return Measured([60 * hours / child.seconds(1) for _ in range(settings.repeats)])


def memory(settings: Settings, minutes: int, most_repeats: int) -> Measured:
    """Megabytes above the imports at the peak, each time in a new process."""

    def megabytes() -> float:
        with Child(MODULE, "memory", minutes) as child:
            return child.read()

    return Measured([megabytes() for _ in range(min(settings.repeats, most_repeats))])


BENCHMARKS = [
    Benchmark("corpus/hours-per-minute", "h/min", speed),
    Benchmark(
        "corpus/memory-10min-mb", "MB", functools.partial(memory, minutes=10, most_repeats=5)
    ),
    Benchmark("corpus/memory-10h-mb", "MB", functools.partial(memory, minutes=600, most_repeats=3)),
]
