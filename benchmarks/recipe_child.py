"""Trains the model of a recipe on one batch, or generates with it, as its recipe set it up."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.children import ROOT, one_core, serve

if TYPE_CHECKING:
    import kaudio

# Long enough for each recipe to have something to learn from and to be judged on.
NUM_RECORDINGS, SECONDS, SAMPLE_RATE = 2, 300, 8_000


def load(name: str, folder: Path, **options: int) -> "kaudio.Recipe":
    """A recipe on recordings of noise: its model, and its data."""
    import numpy as np
    import soundfile

    import kaudio

    rng = np.random.default_rng(0)
    for number in range(NUM_RECORDINGS):
        noise = 0.1 * rng.standard_normal(SECONDS * SAMPLE_RATE)
        soundfile.write(folder / f"{number}.wav", noise, SAMPLE_RATE)
    return kaudio.load_recipe(ROOT / "recipes" / f"{name}.py", audio=folder, **options)


def trainer(recipe: "kaudio.Recipe") -> Callable[[], object]:
    """Forward, backward and the optimiser on the first batch, again and again."""
    x, y = next(iter(recipe.train))
    return lambda: recipe.model.train_on_batch(x, y)


def generator(recipe: "kaudio.Recipe", streams: int) -> Callable[[], None]:
    """A block of a second with each call. Writes how many frames one has, in all streams."""
    import numpy as np

    from kaudio.generation.loop import Sampler

    model = recipe.model
    sampler = Sampler(model, streams, max(1, round(model.codec.steps_per_second)))
    generators = [np.random.default_rng(stream) for stream in range(streams)]
    x, state = sampler.start({})

    def step() -> None:
        nonlocal x, state
        noise = sampler.noise(generators)
        _, x, state = sampler.generate(x, state, noise, model.controls, {})

    print(streams * sampler.block_steps, flush=True)
    return step


def main(what: str, name: str, number: str) -> None:
    """Serves steps of training on a batch of `number`, or blocks of so many streams."""
    one_core()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["KAUDIO_CACHE"] = str(Path(folder) / "cache")
        if what == "train":
            step = trainer(load(name, Path(folder), batch_size=int(number)))
        else:
            step = generator(load(name, Path(folder)), int(number))
    serve(step)


if __name__ == "__main__":
    main(*sys.argv[1:])
