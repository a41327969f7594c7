"""What `benchmarks.scale` trains: a recipe that times its steps."""

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

import kaudio
from kaudio.backend import processes

RECIPES = Path(__file__).parents[1] / "recipes"
OPTIONS = {
    "wavenet": {"filters": 32, "skip_filters": 256, "clip_seconds": 0.0, "epoch_batches": 6},
    "gruv": {"units": 512},
}
# The first steps compile and fill pipes.
SKIPPED = 5


def recipe(
    model: str = "wavenet", batch_size: int = 8, epochs: int = 6, run_dir: Path = Path("runs/scale")
) -> kaudio.Recipe:
    """Trains one of two models on the demo corpus.

    Args:
        model: "wavenet" or "gruv".
        batch_size: Excerpts in a batch.
        epochs: Times to go through the recordings.
        run_dir: Folder of the model and of "seconds.json".
    """
    found = kaudio.load_recipe(
        RECIPES / f"{model}.py", batch_size=batch_size, epochs=epochs, **OPTIONS[model]
    )
    return replace(found, run_dir=run_dir, clip_seconds=0.0, callbacks=[Seconds(run_dir)])


class Seconds(keras.callbacks.Callback):
    """Writes how long each step took."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.times = folder, []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        float(logs["loss"])  # waits for the step
        self.times.append(time.perf_counter())

    def on_train_end(self, logs: Any = None) -> None:
        if processes().index:
            return
        steps = [b - a for a, b in zip(self.times, self.times[1:], strict=False)]
        (self.folder / "seconds.json").write_text(json.dumps(steps[SKIPPED:]))
