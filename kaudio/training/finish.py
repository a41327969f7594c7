"""What a run does once it is trained: a classifier is calibrated, judged and drawn."""

from typing import Any

import numpy as np

from kaudio.data import iterate
from kaudio.evaluation.calibrate import calibration
from kaudio.evaluation.class_pictures import confusion_png, works_png
from kaudio.evaluation.classes import balanced_accuracy
from kaudio.evaluation.trivial import predict_held_out, trivial_features
from kaudio.models import ComposerClassifier
from kaudio.models.load import load
from kaudio.recipe import Recipe
from kaudio.training.event_file import EventFile
from kaudio.training.judge import HeldOut, judge
from kaudio.training.run import Run, write_whole


def class_baselines(recipe: Recipe) -> dict[str, float]:
    """Balanced accuracy of chunks of what has learned nothing about music.

    Returns:
        "majority": of always naming the commonest label. "trivial_features": of a logistic
        regression on level, crest and the centre of the spectrum, trained on other folds; on
        other recordings, where there is one fold only; left out, where a label has but one.
    """
    rate = recipe.model.sample_rate
    rows, labels, folds, recordings = [], [], [], []
    for x, y in iterate(recipe.validation):
        rows += [trivial_features(samples, rate) for samples in x["samples"]]
        labels.append(np.argmax(y, axis=1))
        folds.append(x["fold"])
        recordings.append(x["recording"])
    parts = np.concatenate(folds)
    if len(np.unique(parts)) == 1:
        parts = np.concatenate(recordings)
    truth = np.concatenate(labels)
    majority = np.full_like(truth, np.bincount(truth).argmax())
    found = {"majority": balanced_accuracy(truth, majority)}
    if all(len(np.unique(parts[truth == label])) > 1 for label in np.unique(truth)):
        told = predict_held_out(np.stack(rows), truth, parts).argmax(axis=1)
        found["trivial_features"] = balanced_accuracy(truth, told)
    return found


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
    scores = judge(recipe, held)
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
