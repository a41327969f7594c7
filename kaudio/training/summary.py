"""What a run says of itself: its first line, its last lines, and `metrics.json`."""

import shlex
from pathlib import Path
from typing import Any

import keras

from kaudio.backend import ALONE, Processes
from kaudio.evaluation import curves_png, describe, faults
from kaudio.models import Autoregressive, ComposerClassifier
from kaudio.recipe import Recipe
from kaudio.training.run import Run

UNITS = {
    "nmse": "squared error / that of predicting the mean",
    "bits_per_sample": "bits of surprise at each sample",
    "balanced_accuracy": "mean over labels of the share of chunks told right",
}
PARTS = {"train": "", "validation": "val_"}


def opening(recipe: Recipe, run: Run, processes: Processes = ALONE) -> list[str]:
    """Says what is about to be trained, where, and how far it sees."""
    model = recipe.model
    lines = [
        f"{type(model).__name__}, {_num_trainable(model):,} parameters, on "
        f"{keras.config.backend()}: {recipe.epochs} epochs of {len(recipe.train)} batches, "
        f"into {run.folder}"
    ]
    if processes.devices > 1:
        several = f"{processes.count} processes" if processes.count > 1 else "this process"
        lines.append(
            f"Each batch is shared out to {processes.devices} devices of {several}, of which the "
            "first writes."
        )
    field = model.receptive_field if isinstance(model, Autoregressive) else None
    if field is not None:
        dataset: Any = recipe.train
        steps = dataset[0][1].shape[1]
        model.check_excerpts(steps)
        seconds = 1 / model.codec.steps_per_second
        lines.append(
            f"Receptive field: {field:,} samples, {field * seconds:.3f} s. Excerpts: {steps:,} "
            f"samples, {steps * seconds:.3f} s, of which {steps - model.warm_up:,} count."
        )
        if model.warm_up > steps / 2:
            lines.append(
                "The receptive field is longer than half an excerpt, so that most of the work is "
                "done for samples that do not count. Longer excerpts, or fewer or smaller "
                "dilations, would use it better."
            )
    return lines


def metrics(progress: dict[str, Any], headline: str, model: keras.Model) -> dict[str, Any]:
    """The content of `metrics.json`.

    Args:
        progress: How far the run has come.
        headline: The metric that baselines are values of.
        model: What is trained.
    """
    best = _best(progress)
    parts = {
        part: {
            headline: {
                "value": best.get(prefix + headline),
                "unit": UNITS.get(headline, "as compiled"),
                "baselines": progress["baselines"].get(part, {}),
            }
        }
        for part, prefix in PARTS.items()
    }
    about = {"class": type(model).__name__, "parameters": _num_trainable(model)}
    return {
        "model": about,
        "best": {"epoch": best["epoch"], **parts},
        "epochs": progress["epochs"],
    }


def closing(progress: dict[str, Any], headline: str) -> str:
    """Says what was learned, where it lies and what to do next."""
    best = _best(progress)
    lines = [f"\nKept epoch: {best['epoch']} of {len(progress['epochs'])}"]
    names = [headline, *progress["baselines"].get("validation", {})]
    widths = [max(14, len(name) + 2) for name in names]
    lines.append(" " * 14 + "".join(f"{n:>{w}}" for n, w in zip(names, widths, strict=True)))
    for part, prefix in PARTS.items():
        values = [best[prefix + headline], *progress["baselines"].get(part, {}).values()]
        columns = zip(values, widths, strict=False)
        lines.append(f"{part:>14}" + "".join(f"{v:>{w}.4f}" for v, w in columns))
    return "\n".join(lines)


def curves(progress: dict[str, Any], headline: str) -> bytes:
    """The learning curves of a run beside its baselines, as a PNG."""
    history = {
        part: [epoch[prefix + headline] for epoch in progress["epochs"]]
        for part, prefix in PARTS.items()
    }
    return curves_png(history, progress["baselines"].get("validation", {}), headline)


def sound(samples: Any, sample_rate: int, hop_length: int, may_end: bool = False) -> str:
    """Says in a line what a clip sounds like, and what is wrong with it."""
    if wrong := faults(samples, sample_rate, may_end):
        return f"NOT MUSIC: {'; '.join(wrong)}"
    values = describe(samples, sample_rate, hop_length)
    parts = {
        "level {:.0f} dBFS": values["level_db"],
        "spectral centroid {:.0f} Hz": values["spectral_centroid"],
        "flatness {:.2f}": values["spectral_flatness"],
        "join clicks {:.1f} dB": values["join_click_db"],
    }
    return ", ".join(text.format(value) for text, value in parts.items() if value is not None)


def whereabouts(recipe: Recipe, run: Run, clip: Path | None, clip_sounds: str, report: str) -> str:
    """Says where all lies, and which commands come next."""
    folder = shlex.quote(str(run.folder))
    again = f"kaudio fit {shlex.quote(str(recipe.path))}" if recipe.path else "kaudio fit RECIPE"
    classifies = isinstance(recipe.model, ComposerClassifier)
    name = shlex.quote(recipe.model.labels[-1]) if classifies else None
    rows = {
        "model": run.model,
        "report": report,
        "metrics": run.metrics,
        "curves": run.curves,
        "sample": f"{clip} ({clip_sounds})" if clip else None,
        "confusion": run.folder / "confusion.png" if classifies else None,
        "works": run.folder / "works.png" if classifies else None,
        "spectrogram": run.spectrogram if clip else None,
        "listen": f"kaudio generate {folder} out.wav {_how(recipe)}" if clip else None,
        "classify": f"kaudio classify {folder} piece.mp3" if classifies else None,
        "dream": f"kaudio dream {folder} in.wav out.wav --target {name}" if classifies else None,
        "watch": f"tensorboard --logdir {folder} --samples_per_plugin audio=100,images=100",
        "longer": f"the same command with --epochs {2 * recipe.epochs}",
        "your music": f"{again} --audio ~/music --run-dir {shlex.quote(f'{run.folder}_2')}",
    }
    return "\n" + "\n".join(f"{name + ':':<13}{value}" for name, value in rows.items() if value)


def _how(recipe: Recipe) -> str:
    """Options that let a model play what it was trained for."""
    model = recipe.model
    whole_sounds = isinstance(model, Autoregressive) and model.from_silence
    told = model.condition_names.get("global", ()) if isinstance(model, Autoregressive) else ()
    seconds = f"--seconds {recipe.clip_seconds:g}" if whole_sounds else "--seconds 30"
    return seconds + (f" --condition {shlex.quote(f'{told[0]}:1')}" if told else "")


def _best(progress: dict[str, Any]) -> dict[str, Any]:
    number = progress["best"]["epoch"]
    return next(epoch for epoch in progress["epochs"] if epoch["epoch"] == number)


def _num_trainable(model: keras.Model) -> int:
    sizes = (keras.ops.size(weight) for weight in model.trainable_weights)
    return sum(int(size) for size in sizes)
