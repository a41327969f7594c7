"""How long it takes, and how much memory, to judge ten minutes of audio by two hours of music."""

import functools

from benchmarks.children import Child
from benchmarks.report import Benchmark, Measured, Settings

HOURS = 2


def judged(settings: Settings, what: str) -> Measured:
    """Seconds of CPU of one process, or megabytes at its peak. Decoding the music is part of it."""
    with Child("benchmarks.evaluation_child", what, HOURS) as child:
        return Measured([child.read()])


BENCHMARKS = [
    Benchmark("evaluate/2h/seconds", "CPU-s", functools.partial(judged, what="seconds")),
    Benchmark("evaluate/2h/memory", "MB", functools.partial(judged, what="memory")),
]
