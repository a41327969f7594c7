"""What a run shows in TensorBoard: curves, baselines, options; audio, spectrograms, histograms."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Self

import keras
import numpy as np

from kaudio.audio import write
from kaudio.backend import by_itself
from kaudio.evaluation import spectrogram_png
from kaudio.generation import Sampler, generate
from kaudio.models import Autoregressive
from kaudio.recipe import Recipe
from kaudio.training.event_file import EventFile
from kaudio.training.run import Run

# In a run of thousands of epochs, listening to each would take longer than training.
MOST_CLIPS = 100


class Curves(keras.callbacks.Callback):
    """Writes the metrics of each epoch.

    Training, validation and each baseline are runs of their own in TensorBoard, so that they lie
    in one chart.

    Args:
        run: The run folder.
        headline: Name of the metric that the baselines are values of.
        baselines: Values on the validation data, by name.
        first_epoch: Where this run goes on from. TensorBoard forgets what lies after.
        options: Of the recipe: runs can be compared by them, beside their validation metrics.
    """

    def __init__(
        self,
        run: Run,
        headline: str,
        baselines: dict[str, float],
        first_epoch: int,
        options: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        super().__init__()
        self.headline = headline
        self.baselines = baselines
        purge = first_epoch + 1 if first_epoch else None
        names = ["train", "validation", *baselines]
        self.files = {name: EventFile(run.logs / name, purge) for name in names}
        plain = {k: v if isinstance(v, bool | int | float) else str(v) for k, v in options.items()}
        self.files["validation"].options(plain)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        for file in self.files.values():
            file.close()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        values = {k: float(v) for k, v in logs.items()}
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        validation = {k[4:]: v for k, v in values.items() if k.startswith("val_")}
        train = {k: v for k, v in values.items() if not k.startswith("val_")}
        self.files["train"].scalars({**train, "learning_rate": rate}, epoch + 1)
        self.files["validation"].scalars(validation, epoch + 1)
        for name, value in self.baselines.items():
            self.files[name].scalar(self.headline, value, epoch + 1)
        for file in self.files.values():
            file.flush()


class Clips(keras.callbacks.Callback):
    """Lets the model go on from a piece of music it has not seen, after each epoch.

    Args:
        run: The run folder.
        recipe: What is trained.
        first_epoch: Where this run goes on from. TensorBoard forgets what lies after.
    """

    def __init__(self, run: Run, recipe: Recipe, first_epoch: int) -> None:
        super().__init__()
        self.run = run
        self.recipe = recipe
        self.reference_shown = False
        self.every = -(-recipe.epochs // MOST_CLIPS)
        self.events = EventFile(run.logs / "clips", first_epoch + 1 if first_epoch else None)
        self.sampler = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.events.close()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if (epoch + 1) % self.every == 0:
            with by_itself():
                self._listen(epoch)

    def _listen(self, epoch: int) -> None:
        model: Autoregressive = self.model
        rate = model.codec.sample_rate
        self.sampler = self.sampler or Sampler(model, 1, round(model.codec.steps_per_second) or 1)
        clips = listen(model, self.recipe.validation, self.recipe.clip_seconds, self.sampler)
        self.events.audio("generated", clips["generated"], rate, epoch + 1)
        if not self.reference_shown:
            self.reference_shown = True
            self.events.audio("reference", clips["reference"], rate, epoch + 1)
        for name, samples in clips.items():
            steps = model.codec.encode(samples)
            if steps.size:
                self.events.histogram(f"steps/{name}", steps, epoch + 1)
        self.events.image("spectrograms", spectrogram_png(clips, rate), epoch + 1)
        self.events.flush()
        write(self.run.clips / f"epoch_{epoch + 1:04d}.wav", clips["generated"], rate)


def listen(
    model: Autoregressive, validation: Any, seconds: float, sampler: Sampler | None = None
) -> dict[str, np.ndarray]:
    """Lets a model go on from the first excerpt of the validation data, under its conditions.

    Models of whole sounds begin with silence instead.

    Returns:
        Two waveforms: what was "generated", and the "reference", the excerpts that follow in the
        validation data (the first one itself, where a batch holds no other, or a whole sound).
    """
    x, y = validation[0]
    inputs = x if isinstance(x, dict) else {"steps": x}
    told = {name: _over_time(inputs[name], y.shape[1], model) for name in model.conditions}
    excerpts = np.asarray(inputs["steps"])
    if model.from_silence:
        generated = generate(model, seconds, conditions=told, sampler=sampler)[0]
        return {"generated": generated, "reference": model.codec.decode(np.asarray(y[0]))}
    fades = model.codec.frame_length - model.codec.hop_length
    prime = model.codec.decode(excerpts[0])
    prime = prime[fades : len(prime) - fades]
    generated = generate(model, seconds, prime=prime, conditions=told, sampler=sampler)[0]
    # What counts of the excerpts of a batch lies end to end.
    follows = np.concatenate(excerpts[1:, model.warm_up :] if len(excerpts) > 1 else excerpts)
    reference = model.codec.decode(follows)[: len(generated)]
    return {"generated": generated, "reference": np.clip(reference, -1, 1)}


def _over_time(values: np.ndarray, steps: int, model: Autoregressive) -> Any:
    """What a clip is told over time: what its reference was. After that it stays as it was.

    Args:
        values: A condition of a batch of excerpts, `(batch, values, channels)`.
        steps: Of an excerpt.
        model: The model.
    """
    hop_length = -(-steps // values.shape[1])
    held = values[0]
    if not model.from_silence and len(values) > 1 and values.shape[1] > 1:
        held = np.concatenate(values[1:, model.warm_up // hop_length :])

    def at(times: np.ndarray) -> np.ndarray:
        positions = np.rint(times * model.codec.steps_per_second).astype(int)
        return held[np.minimum(positions // hop_length, len(held) - 1)]

    return at
