"""WaveNet: training and generation by turns with PyTorch, first sound, memory of long audio."""

import contextlib
import statistics
from collections.abc import Callable, Mapping, Sequence

from benchmarks.children import ONE_THREAD, Child, take_turns
from benchmarks.report import Benchmark, Measured, Settings

BACKENDS = ("tensorflow", "jax")
NETWORKS_AND_BATCHES = (("w-small", 1), ("w-small", 4), ("w-deepsound", 1))
# Audio that the growth of memory is measured over, of all streams together.
LONG_SECONDS, LONG_STREAMS = 600, 8
# What `benchmarks.wavenet_child` is asked for.
FIRST_BLOCK = ("first-block", "w-small", 1, "", "1")
MEMORY = ("memory", "w-small", LONG_STREAMS, LONG_SECONDS, "all")
# What PyTorch did not compile in time, and which is not tried again.
GIVEN_UP: set[tuple[str, str, str]] = set()


def generate(
    settings: Settings, network: str, backend: str, streams: int, threads: str
) -> Measured:
    """Samples of all streams together: per CPU second of one thread, or per second of all cores.

    On all cores, PyTorch has one thread as well where that suits it better.
    """
    ours = _ours(backend, "generate", network, streams, "", threads)
    ways = [(way, used) for used in dict.fromkeys(("1", threads)) for way in ("jit", "compile")]
    return _race(settings, ours, ("generate", network, streams), ways, threads)


def train(settings: Settings, network: str, backend: str, batch_size: int, dtype: str) -> Measured:
    """Samples that training goes through per CPU second of one thread."""
    ours = _ours(backend, "train", network, batch_size, dtype, "1")
    ways = [("eager", "1"), ("compile", "1")]
    if "bfloat16" in dtype:
        ways = [*ways, ("eager-bf16", "1"), ("compile-bf16", "1")]
    return _race(settings, ours, ("train", network, batch_size), ways, "1")


def alone(settings: Settings, backend: str, arguments: Sequence, most_repeats: int) -> Measured:
    """The one number that a process of ours writes, each time in a new process."""

    def number() -> float:
        with _ours(backend, *arguments) as child:
            return child.read()

    return Measured([number() for _ in range(min(settings.repeats, most_repeats))])


def _race(
    settings: Settings,
    ours: Child,
    task: tuple[str, str, int],
    ways: Sequence[tuple[str, str]],
    threads: str,
) -> Measured:
    """Ours by turns with PyTorch in several ways. The peer is the one with the best median."""
    with contextlib.ExitStack() as stack:
        # One after the other: none compiles while another does.
        samples, runners, labels = [stack.enter_context(ours).read()], [ours], ["ours"]
        for way, used in ways if settings.torch else ():
            if (task[0], task[1], way) in GIVEN_UP:
                continue
            twin = stack.enter_context(_twin(settings, task, way, used, threads))
            made = twin.read()
            if not made:
                GIVEN_UP.add((task[0], task[1], way))
                continue
            samples.append(made)
            runners.append(twin)
            labels.append(
                f"torch {settings.torch} {way}" + (", 1 thread" if used != threads else "")
            )
        turns = take_turns(runners, settings.repeats, settings.seconds)
    rates = [[n * rate for rate in some] for n, some in zip(samples, turns, strict=True)]
    if len(rates) == 1:
        return Measured(rates[0])
    best = max(range(1, len(rates)), key=lambda i: statistics.median(rates[i]))
    return Measured(rates[0], labels[best], rates[best])


def _ours(
    backend: str, what: str, network: str, number: int, option: object, threads: str
) -> Child:
    environment = {**_threads(threads), "KERAS_BACKEND": backend}
    arguments = (what, network, number, option, threads)
    return Child("benchmarks.wavenet_child", *arguments, environment=environment)


def _twin(
    settings: Settings, task: tuple[str, str, int], way: str, used: str, threads: str
) -> Child:
    clock = "cpu" if threads == "1" else "wall"
    return Child(
        "benchmarks.torch_wavenet_child",
        *task,
        way,
        used,
        clock,
        python=settings.torch_python,
        environment=_threads(used),
    )


def _threads(threads: str) -> Mapping[str, str]:
    return ONE_THREAD if threads == "1" else {}


def _row(name: str, unit: str, measure: Callable[..., Measured], *arguments: object) -> Benchmark:
    return Benchmark(name, unit, lambda settings: measure(settings, *arguments))


BENCHMARKS = [
    *(
        _row(f"train/{net}/{b}/batch={n}", "samples/CPU-s", train, net, b, n, "float32")
        for net, n in NETWORKS_AND_BATCHES
        for b in BACKENDS
    ),
    _row(
        "train/w-small/tensorflow/bfloat16",
        *("samples/CPU-s", train, "w-small", "tensorflow", 1, "mixed_bfloat16"),
    ),
    *(
        _row(f"generate/{net}/{b}/streams={n}/threads={t}", unit, generate, net, b, n, t)
        for net in ("w-small", "w-deepsound")
        for b in BACKENDS
        for n in (1, 8)
        for t, unit in (("1", "samples/CPU-s"), ("all", "samples/s"))
    ),
    *(
        _row(f"generate/w-small/{b}/first-block-seconds", "CPU-s", alone, b, FIRST_BLOCK, 5)
        for b in BACKENDS
    ),
    *(_row(f"generate/w-small/memory/{b}", "MB", alone, b, MEMORY, 1) for b in BACKENDS),
]
