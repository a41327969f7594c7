"""Trains a WaveNet of ours on noise, or generates with it."""

import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from benchmarks.children import one_core, serve_samples
from benchmarks.networks import EXCERPT, LEVELS, NETWORKS, SAMPLE_RATE
from kaudio.memory import keep_freed

if TYPE_CHECKING:
    from kaudio.models import WaveNet

BLOCK_STEPS = 2_000


def build(name: str, **options: Any) -> "WaveNet":
    """The model, with weights as they are before training."""
    from kaudio.codecs import MuLaw
    from kaudio.models import WaveNet

    network = NETWORKS[name]
    return WaveNet(
        MuLaw(SAMPLE_RATE, LEVELS),
        network.dilations,
        residual_filters=network.filters,
        gate_filters=network.filters,
        skip_filters=network.skip_filters,
        head_filters=network.skip_filters,
        **options,
    )


def trainer(name: str, batch_size: int, dtype: str) -> Callable[[], object]:
    """Forward, backward and Adam on excerpts all of whose positions count."""
    import keras
    import numpy as np

    model = build(name, from_silence=True, dtype=dtype)
    model.compile(keras.optimizers.Adam(1e-3))
    codes = np.random.default_rng(0).integers(0, LEVELS, (batch_size, EXCERPT + 1), dtype="uint8")
    return lambda: model.train_on_batch(codes[:, :-1], codes[:, 1:])


def generator(name: str, streams: int) -> Callable[[], object]:
    """Blocks that go on from each other."""
    import numpy as np

    from kaudio.generation import Sampler

    model = build(name)
    sampler = Sampler(model, streams, BLOCK_STEPS)
    generators = [np.random.default_rng(stream) for stream in range(streams)]
    x, state = sampler.start({})

    def step() -> None:
        nonlocal x, state
        noise = sampler.noise(generators)
        _, x, state = sampler.generate(x, state, noise, model.controls, {})

    return step


def first_block(name: str) -> None:
    """Writes what passes from a model to its first quarter of a second of audio."""
    import kaudio

    model = build(name)
    start = time.process_time()
    next(kaudio.stream(model))
    print(time.process_time() - start, flush=True)


def memory(name: str, streams: int, seconds: float) -> None:
    """Writes how many megabytes this process grows from its first block on, at most."""
    import psutil

    import kaudio

    process, sizes, generated = psutil.Process(), [], 0
    for block in kaudio.stream(build(name), batch_size=streams):
        sizes.append(process.memory_info().rss)
        generated += block.size
        if generated >= seconds * SAMPLE_RATE:
            break
    print((max(sizes) - sizes[0]) / 1e6, flush=True)


def main(what: str, name: str, number: str = "1", option: str = "", threads: str = "1") -> None:
    """Does what it is told: `number` is of excerpts or of streams; `option` is explained there."""
    clock = "cpu" if threads == "1" else "wall"
    if threads == "1":
        one_core()
    if os.environ["KERAS_BACKEND"] == "jax":
        keep_freed()  # as `kaudio fit` does
    if what == "first-block":
        first_block(name)
    elif what == "memory":
        memory(name, int(number), float(option))
    elif what == "train":
        serve_samples(trainer(name, int(number), option), int(number) * EXCERPT, clock)
    else:
        serve_samples(generator(name, int(number)), int(number) * BLOCK_STEPS, clock)


if __name__ == "__main__":
    main(*sys.argv[1:])
