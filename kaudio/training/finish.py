"""What a run does once it is trained: a classifier is calibrated, judged and drawn."""

from collections import defaultdict
from typing import Any

import numpy as np

from kaudio.data import iterate
from kaudio.evaluation.calibrate import calibration
from kaudio.evaluation.class_pictures import confusion_png, works_png
from kaudio.evaluation.trivial import predict_held_out, trivial_features
from kaudio.models import ComposerClassifier
from kaudio.models.load import load
from kaudio.recipe import Recipe
from kaudio.reporting.page import report
from kaudio.training.event_file import EventFile
from kaudio.training.judge import HeldOut, by_fold, judge
from kaudio.training.run import Run, write_whole

# Logarithms of smaller probabilities are not taken.
LEAST = 1e-9


def class_baselines(recipe: Recipe) -> dict[str, float]:
    """Balanced accuracy of chunks of what has learned nothing about music, as that of a network.

    Returns:
        "majority": of always naming one label. "trivial_features": see `trivial`; left out where a
        label has too few recordings.
    """
    found = {"majority": 1 / len(recipe.model.labels)}
    if rival := trivial(recipe):
        chunks = np.arange(len(rival.labels))
        found["trivial_features"] = by_fold(rival, rival.logits, chunks)["balanced_accuracy"]
    return found


def trivial(recipe: Recipe) -> HeldOut | None:
    """What a logistic regression on level, crest and the shape of the spectrum says of chunks.

    It is trained on the other folds; on other recordings, where there is one fold only.

    Raises:
        ValueError: If chunks are of folds that no network of the model leaves out.
    """
    model, rows, found = recipe.model, [], defaultdict(list)
    for x, y in iterate(recipe.validation):
        rows += [trivial_features(samples, model.sample_rate) for samples in x["samples"]]
        found["labels"].append(np.argmax(y, axis=1))
        found["folds"].append(x["fold"])
        found["recordings"].append(x["recording"])
    held = {name: np.concatenate(parts) for name, parts in found.items()}
    folds, labels, members = held["folds"], held["labels"], len(model.members)
    if folds.min() < 0 or folds.max() >= members:
        raise ValueError(
            f"Validation data must be of the folds 0 to {members - 1}, each of which one network "
            f"leaves out. Received: folds {np.unique(folds).tolist()}. Pass `folds` to "
            "`kaudio.data.labelled`, and to it what `kaudio.data.of_folds` keeps."
        )
    if held["recordings"].max() >= len(recipe.judged):
        raise ValueError(
            "A recipe of a classifier must name the recordings of its validation data: pass "
            f"`judged`. Received: {len(recipe.judged)} for {held['recordings'].max() + 1}."
        )
    parts = folds if len(np.unique(folds)) > 1 else held["recordings"]
    if any(len(np.unique(parts[labels == label])) < 2 for label in np.unique(labels)):
        return None
    told = predict_held_out(np.stack(rows), labels, parts)
    return HeldOut(np.log(np.maximum(told, LEAST)), **held)


def finish_classifier(recipe: Recipe, run: Run, epoch: int) -> dict[str, Any]:
    """Calibrates the model that a run kept, and judges it on works that were held out.

    Args:
        recipe: What was trained.
        run: Its folder. The model in it is written again, calibrated; and pictures.
        epoch: Whose model was kept.

    Returns:
        As `judge`.
    """
    model: ComposerClassifier = load(run.folder)
    held = HeldOut.of(model, recipe.validation)
    model.calibrate(*calibration(held.logits, held.labels))
    write_whole(run.model, model.save)
    scores = judge(recipe, held, trivial(recipe))
    columns = ("work", "label", "accuracy", "chunks")
    works = [tuple(row[name] for name in columns) for row in scores["works"]]
    pictures = {
        "confusion": confusion_png(np.asarray(scores["confusion"]), model.labels),
        "works": works_png(works),
    }
    events = EventFile(run.logs / "held_out", None)
    for name, picture in pictures.items():
        write_whole(run.folder / f"{name}.png", lambda path, png=picture: path.write_bytes(png))
        events.image(name, picture, epoch)
    events.close()
    return scores


def write_report(run: Run) -> str:
    """Writes the page of a run. Returns where, or why not: no run is lost for its page."""
    try:
        return str(report(run.folder, run.folder / "report.html"))
    except Exception as error:
        return f"not written ({error})"
