"""One way to fit, for every recipe."""

import contextlib
import functools
import hashlib
import itertools
import json
from pathlib import Path
from typing import Any

import grain
import keras
import numpy as np

from kaudio import backend
from kaudio.audio import write
from kaudio.backend import Processes
from kaudio.data import iterate, share
from kaudio.distribution import LOST, agree, is_loss, part
from kaudio.evaluation import spectrogram_png
from kaudio.evaluation.baselines import baselines
from kaudio.models import Autoregressive, ComposerClassifier
from kaudio.models.load import load
from kaudio.recipe import Recipe
from kaudio.training import judge, summary
from kaudio.training.alone import alone
from kaudio.training.finish import class_baselines, finish_classifier, write_report
from kaudio.training.keeper import Guard, Keeper, Lost, Stopped, stop_politely
from kaudio.training.progress import ProgressBar
from kaudio.training.refused import said_of
from kaudio.training.run import Run, write_json, write_whole
from kaudio.training.state import damaged, load_state
from kaudio.training.tensorboard import Clips, Curves, listen

# Baselines of the training data are taken from at most this many batches.
BASELINE_BATCHES = 50


def fit(recipe: Recipe) -> Run:
    """Trains what a recipe describes, or goes on where an earlier run of it stopped.

    After each epoch it writes the model if it is to be kept, the full state (weights, optimiser,
    random seeds, position in the data), metrics beside their baselines, TensorBoard logs and, for
    models that generate, a clip. Ctrl-C ends it after the current batch and loses nothing; fitting
    again goes on from there, and ends with the weights of an uninterrupted run.

    Args:
        recipe: What to train, and where.

    Returns:
        The run folder. Its `model` is the best one, or the last: see `Recipe`. Of several
        processes (`kaudio.distribute`), the first one has listened and judged by then.

    Raises:
        ValueError: If the run folder holds another run, or another process is training in it.
        OSError: If the run folder cannot be written, such as when the disk is full. What it held
            is whole, and fitting again goes on from there.
        Stopped: If training was interrupted, or the loss is not finite any more.

    Example:
    >>> recipe = kaudio.load_recipe("recipes/gruv.py", epochs=1)
    >>> run = kaudio.fit(recipe)
    >>> model = kaudio.load(run.folder)
    """
    folder, processes = Path(recipe.run_dir), backend.processes()
    held = alone(folder) if processes.index == 0 else contextlib.nullcontext()
    with said_of(folder), held:
        try:
            return _fit(recipe, Run(folder), processes)
        except Exception as error:
            if processes.count > 1 and is_loss(error):
                raise Lost(LOST) from error
            raise


def _fit(recipe: Recipe, run: Run, processes: Processes) -> Run:
    first = processes.index == 0
    run.open(recipe, write=first)
    opening = [*recipe.notes, *summary.opening(recipe, run, processes)]
    for line in opening if first else []:
        print(line, flush=True)
    data = _fingerprint(recipe)
    progress: dict[str, Any] = {"step": 0, "epochs": [], "best": None, "data": data}
    # Or some would load a state that the others do not see.
    agree(f"state of {run.state.stat().st_size if run.state.exists() else 0} bytes")
    if run.state.exists():
        progress = load_state(run.state, recipe.model)
        if progress["step"] >= len(recipe.train) and not progress["epochs"]:
            raise damaged(run.state, f"{progress['step']} steps are an epoch, and it tells of none")
        if progress["data"] != data:
            raise ValueError(
                f"'{run.folder}' holds a run on other recordings: some were added, changed or "
                "taken away since. Start a new run with another --run-dir."
            )
    agree(json.dumps([progress["step"], data, {k: str(v) for k, v in recipe.options.items()}]))
    if "baselines" not in progress:
        progress["baselines"] = _baselines(recipe)
    if progress["step"] < recipe.epochs * len(recipe.train):
        try:
            _train(recipe, run, progress, processes)
        except Stopped:
            if processes.count > 1:
                part()  # once the first has saved: it takes with it what all of them need
            raise
    elif first:
        count = len(progress["epochs"])
        print(f"This run is complete: {count} epochs. It goes on with --epochs {2 * count}, say.")
    if processes.devices > 1:
        part()
        if not first:
            print(f"Process {processes.index} is done. The first one listens and judges.")
    return _finish(recipe, run, progress) if first else run


def _finish(recipe: Recipe, run: Run, progress: dict[str, Any]) -> Run:
    headline = _headline(recipe)
    picture = summary.curves(progress, headline)
    write_whole(run.curves, lambda path: path.write_bytes(picture))
    print(summary.closing(progress, headline))
    metrics = summary.metrics(progress, headline, recipe.model)
    if isinstance(recipe.model, ComposerClassifier):
        metrics["held_out"] = finish_classifier(recipe, run, metrics["best"]["epoch"])
        print(judge.table(metrics["held_out"]))
    write_json(run.metrics, metrics)
    clip = _sample(recipe, run)
    print(summary.whereabouts(recipe, run, *clip, write_report(run)), flush=True)
    return run


def _train(recipe: Recipe, run: Run, progress: dict[str, Any], processes: Processes) -> None:
    train, validation = (share(data, *processes) for data in (recipe.train, recipe.validation))
    size = len(recipe.train)
    epoch, offset = divmod(progress["step"], size)
    headline = _headline(recipe)
    known = progress["baselines"].get("validation", {})
    shown: list[Any] = []
    if processes.index == 0:
        shown = [
            ProgressBar(recipe.epochs * size, progress["step"], recipe.epochs, headline),
            Curves(run, headline, known, epoch, recipe.options),
        ]
        if _plays(recipe):
            shown.append(Clips(run, recipe, epoch))
    record = functools.partial(summary.metrics, progress, headline, recipe.model)
    keeper = Keeper(run, size, recipe.epochs, progress, record, recipe.keep, processes)
    # An epoch that was begun is finished first, with the batches it has left.
    parts = [(epoch, epoch + 1, offset), (epoch + 1, recipe.epochs, 0)]
    if not offset:
        parts = [(epoch, recipe.epochs, 0)]
    with contextlib.ExitStack() as stack:
        for callback in shown:
            stack.enter_context(callback)
        stack.enter_context(stop_politely(keeper))
        for first, last, skip in parts:
            if first < last:
                recipe.model.fit(
                    iterate(train.repeat(), start=first * size + skip),
                    steps_per_epoch=size - skip,
                    validation_data=iterate(validation.repeat()),
                    validation_steps=len(validation),
                    initial_epoch=first,
                    epochs=last,
                    shuffle=False,
                    verbose=0,
                    callbacks=[Guard(progress), *shown, *recipe.callbacks, keeper],
                )
                if recipe.model.stop_training:
                    break


def _fingerprint(recipe: Recipe) -> list:
    """Tells one set of recordings, as split and standardised, from another."""
    parts = []
    for dataset in (recipe.train, recipe.validation):
        arrays = keras.tree.flatten(dataset[len(dataset) - 1])
        content = b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
        parts += [len(dataset), hashlib.blake2b(content, digest_size=8).hexdigest()]
    return parts


def _headline(recipe: Recipe) -> str:
    match recipe.model:
        case Autoregressive() as model:
            return model.new_metric().name
        case ComposerClassifier() as model:
            return model.accuracy.name
        case _:
            return "loss"


def _baselines(recipe: Recipe) -> dict[str, dict[str, float]]:
    if isinstance(recipe.model, ComposerClassifier):
        return {"validation": class_baselines(recipe)}
    if not isinstance(recipe.model, Autoregressive):
        return {}

    def some(dataset: grain.MapDataset) -> Any:
        return itertools.islice((dataset[i] for i in range(len(dataset))), BASELINE_BATCHES)

    parts = {
        "train": lambda: some(recipe.train),
        "validation": lambda: iterate(recipe.validation),
    }
    return baselines(recipe.model, lambda: iterate(recipe.train), parts)


def _sample(recipe: Recipe, run: Run) -> tuple[Path | None, str]:
    """Lets the kept model play, and says what that sounds like."""
    if not _plays(recipe):
        return None, ""
    model = load(run.folder)
    rate = model.codec.sample_rate
    clips = listen(model, recipe.validation, recipe.clip_seconds)
    write(run.sample, clips["generated"], rate)
    picture = spectrogram_png(clips, rate)
    write_whole(run.spectrogram, lambda path: path.write_bytes(picture))
    return run.sample, summary.sound(
        clips["generated"], rate, model.codec.hop_length, model.from_silence
    )


def _plays(recipe: Recipe) -> bool:
    return recipe.clip_seconds > 0 and isinstance(recipe.model, Autoregressive)
