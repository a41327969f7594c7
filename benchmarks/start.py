"""How long a command takes to start, in seconds of CPU."""

import functools
import os
import resource
import subprocess
import sys

from benchmarks.children import ROOT
from benchmarks.report import Benchmark, Measured, Settings


def cpu_seconds(arguments: list[str], backend: str) -> float:
    """CPU seconds of a Python process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, check=True, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(settings: Settings, arguments: list[str], backend: str = "tensorflow") -> Measured:
    """Starts a process again and again. The first fills the caches and does not count."""
    seconds = [cpu_seconds(arguments, backend) for _ in range(settings.repeats + 1)]
    return Measured(seconds[1:])


def _benchmark(name: str, *arguments: str, **options: str) -> Benchmark:
    return Benchmark(
        f"start/{name}", "CPU-s", functools.partial(measure, arguments=[*arguments], **options)
    )


FIT_HELP = ("-m", "kaudio", "fit", "recipes/gruv.py", "--help")
BENCHMARKS = [
    _benchmark("help-seconds", "-m", "kaudio", "--help"),
    _benchmark("import-seconds", "-c", "import kaudio"),
    *(
        _benchmark(f"fit-help-seconds/{backend}", *FIT_HELP, backend=backend)
        for backend in ("tensorflow", "jax")
    ),
]
