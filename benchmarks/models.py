"""Training and generation with the models of the recipes, beside PyTorch twins."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from benchmarks.children import ONE_THREAD, Child, take_turns
from benchmarks.report import Benchmark, Measured, Settings

BACKENDS = ("tensorflow", "jax")


@dataclass(frozen=True)
class Twin:
    """The sizes of a plain PyTorch network like that of a recipe, and of its batch."""

    features: int
    projection: int
    units: int
    num_layers: int
    batch_size: int
    steps: int

    def arguments(self) -> list[int]:
        """What its process is given."""
        return [*vars(self).values()]


TRAINED = MappingProxyType(
    {
        "gruv_2015": Twin(22_050, 1024, 1024, 1, batch_size=5, steps=40),
        "beckham_2016": Twin(16_000, 0, 600, 3, batch_size=4, steps=50),
    }
)
GENERATED = {"gruv_2015": [1], "gruv": [1, 8]}


def train(settings: Settings, recipe: str, backend: str, twin: Twin) -> Measured:
    """Training steps per CPU second, by turns with the PyTorch twin."""
    arguments = ("train", recipe, twin.batch_size)
    with _child(backend, *arguments) as ours:
        if not settings.torch:
            (rates,) = take_turns([ours], settings.repeats, settings.seconds)
            return Measured(rates)
        with Child(
            "benchmarks.torch_child",
            *twin.arguments(),
            python=settings.torch_python,
            environment=ONE_THREAD,
        ) as theirs:
            rates, peer_rates = take_turns([ours, theirs], settings.repeats, settings.seconds)
    return Measured(rates, f"torch {settings.torch}", peer_rates)


def generate(settings: Settings, recipe: str, backend: str, streams: int) -> Measured:
    """Generated frames per CPU second, those of all streams together."""
    with _child(backend, "generate", recipe, streams) as child:
        frames = child.read()
        (blocks,) = take_turns([child], settings.repeats, settings.seconds)
    return Measured([frames * rate for rate in blocks])


def _child(backend: str, *arguments: object) -> Child:
    environment: Mapping[str, str] = {**ONE_THREAD, "KERAS_BACKEND": backend}
    return Child("benchmarks.recipe_child", *arguments, environment=environment)


BENCHMARKS = [
    *(
        Benchmark(
            f"train/{recipe}/{backend}",
            "steps/CPU-s",
            functools.partial(train, recipe=recipe, backend=backend, twin=twin),
        )
        for recipe, twin in TRAINED.items()
        for backend in BACKENDS
    ),
    *(
        Benchmark(
            f"generate/{recipe}/{backend}/streams={streams}",
            "frames/CPU-s",
            functools.partial(generate, recipe=recipe, backend=backend, streams=streams),
        )
        for recipe, numbers in GENERATED.items()
        for backend in BACKENDS
        for streams in numbers
    ),
]
