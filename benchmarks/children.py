"""Child processes: each measurement has a process, and so threads and memory, of its own."""

import contextlib
import functools
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, cast

ROOT = Path(__file__).resolve().parent.parent
# A repeat takes as many steps as last about this long.
REPEAT_SECONDS = 2.0
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


class Child:
    """A process that runs a module of this package, which serves its steps (see `serve`).

    Args:
        module: Such as `benchmarks.torch_child`.
        arguments: Its arguments.
        python: The interpreter.
        environment: Variables set for it.
    """

    def __init__(
        self,
        module: str,
        *arguments: object,
        python: str = sys.executable,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 (closed in __exit__)
        self.command = [python, "-m", module, *map(str, arguments)]
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
        )
        self.input = cast(IO[str], self.process.stdin)
        self.output = cast(IO[str], self.process.stdout)

    def __enter__(self) -> "Child":
        return self

    def __exit__(self, *exception: object) -> None:
        self.input.close()
        if exception[0]:
            self.process.terminate()
        self.process.wait()
        self.output.close()
        self.errors.close()

    def seconds(self, steps: int) -> float:
        """What so many steps take."""
        with contextlib.suppress(BrokenPipeError):
            print(steps, file=self.input, flush=True)
        return self.read()

    def read(self) -> float:
        """The next number that the child writes."""
        if line := self.output.readline():
            return float(line)
        self.errors.seek(0)
        raise RuntimeError(
            f"A benchmark stopped: {' '.join(self.command)}\n{self.errors.read()[-2000:]}"
        )


def serve(
    step: Callable[[], object], clock: Callable[[], float] = time.process_time, warm_up: int = 2
) -> None:
    """Answers each line, a number of steps, with the seconds that they take. In the child.

    Args:
        step: One step.
        clock: CPU seconds of this process, or wall seconds.
        warm_up: Steps beforehand: compilation is not measured.
    """
    for _ in range(warm_up):
        step()
    for line in sys.stdin:
        start = clock()
        for _ in range(int(line)):
            step()
        print(clock() - start, flush=True)


def serve_samples(step: Callable[[], object], samples: int, clock: str) -> None:
    """Writes how many samples a step makes, once it is compiled, and serves steps. In the child.

    Args:
        step: One step.
        samples: What it makes.
        clock: "cpu" measures CPU seconds, "wall" wall seconds.
    """
    for _ in range(2):
        step()
    print(samples, flush=True)
    serve(step, time.process_time if clock == "cpu" else time.perf_counter, warm_up=0)


def one_core() -> None:
    """Keeps this process on one core, where the system can do that. Before any library starts."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def take_turns(
    children: Sequence[Child], repeats: int, seconds: float = REPEAT_SECONDS
) -> list[list[float]]:
    """Steps per second of each child, `repeats` times, in turns: A B A B.

    What else the machine does meanwhile then falls on all of them alike. A turn lasts `seconds`,
    or a step if that takes longer.
    """
    counts = [math.ceil(seconds / child.seconds(1)) for child in children]
    rounds = [
        [steps / child.seconds(steps) for child, steps in zip(children, counts, strict=True)]
        for _ in range(repeats)
    ]
    return [list(rates) for rates in zip(*rounds, strict=True)]


@functools.cache
def torch_version(python: str) -> str | None:
    """The version of PyTorch that an interpreter has, if any."""
    if not shutil.which(python):
        raise ValueError(f"There is no Python interpreter '{python}'. Give --torch-python another.")
    program = "import torch; print(torch.__version__.split('+')[0])"
    result = subprocess.run([python, "-c", program], capture_output=True, text=True)
    return result.stdout.strip() if result.returncode == 0 else None
