"""How well a classifier tells works that it has not heard: chunks, recordings and works."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from kaudio.data import iterate
from kaudio.evaluation.calibrate import calibration, expected_calibration_error
from kaudio.evaluation.classes import balanced_accuracy, confusion, pooled, roc_auc
from kaudio.models import ComposerClassifier
from kaudio.recipe import Recipe

# Works of which fewer chunks are told right are named.
HARD = 0.8
COLUMNS = ("balanced_accuracy", "lowest_fold", "auc", "majority", "trivial_features")


@dataclass(frozen=True)
class HeldOut:
    """What members say of chunks of works that they were not trained on.

    Args:
        logits: `(chunks, labels)`.
        labels: Index of the label of each chunk.
        folds: The fold of each chunk, which is the member that judged it.
        recordings: Index of the recording of each chunk.
    """

    logits: np.ndarray
    labels: np.ndarray
    folds: np.ndarray
    recordings: np.ndarray

    @classmethod
    def of(cls, model: ComposerClassifier, validation: Any) -> "HeldOut":
        """Asks for each chunk the member that has not heard its fold."""
        found = defaultdict(list)
        for x, y in iterate(validation):
            members = np.asarray(model.predict_on_batch(x)["logits"])
            found["logits"].append(members[np.arange(len(members)), x["fold"]])
            found["labels"].append(np.argmax(y, axis=1))
            found["folds"].append(x["fold"])
            found["recordings"].append(x["recording"])
        return cls(**{name: np.concatenate(parts) for name, parts in found.items()})

    def calibrated(self) -> np.ndarray:
        """Logits, those of each fold calibrated by all the others. A single fold stays as it is."""
        logits = self.logits.copy()
        if len(np.unique(self.folds)) == 1:
            return logits
        for fold in np.unique(self.folds):
            of_fold = self.folds == fold
            sharpness, bias = calibration(self.logits[~of_fold], self.labels[~of_fold])
            logits[of_fold] = sharpness * self.logits[of_fold] + bias
        return logits


def judge(recipe: Recipe, held: HeldOut, rival: HeldOut | None = None) -> dict[str, Any]:
    """Scores of a classifier on held-out works, and of each work.

    Args:
        recipe: What was trained. Its `judged` are the recordings.
        held: What members said.
        rival: What a baseline said of the same chunks.

    Returns:
        For "chunk", "recording" and "work": balanced accuracy, and area under the curve, means
        over folds, beside the accuracy of "majority" and "trivial_features"; "calibration_error"
        of chunks; "confusion" of chunks, rows are what is true; and "works", a row for each.
    """
    logits = held.calibrated()
    groups = sorted({recording.group for recording in recipe.judged})
    group_of = np.array([groups.index(recording.group) for recording in recipe.judged])
    works = group_of[held.recordings]
    units = {"chunk": np.arange(len(logits)), "recording": held.recordings, "work": works}
    scores: dict[str, Any] = {name: by_fold(held, logits, unit) for name, unit in units.items()}
    for name, unit in units.items():
        scores[name]["majority"] = 1 / logits.shape[1]
        if rival is not None:
            told_by_it = by_fold(rival, rival.logits, unit)
            scores[name]["trivial_features"] = told_by_it["balanced_accuracy"]
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    told = logits.argmax(axis=1)
    scores["calibration_error"] = expected_calibration_error(probabilities, held.labels)
    scores["confusion"] = confusion(held.labels, told, logits.shape[1]).tolist()
    labels = recipe.model.labels
    scores["works"] = [
        {
            "work": groups[work],
            "label": labels[held.labels[works == work][0]],
            "fold": int(held.folds[works == work][0]),
            "chunks": int((works == work).sum()),
            "accuracy": float((told == held.labels)[works == work].mean()),
        }
        for work in np.unique(works)
    ]
    return scores


def by_fold(held: HeldOut, logits: np.ndarray, unit: np.ndarray) -> dict[str, float]:
    """Means over folds. Chunks of a unit, such as a recording, decide together."""
    accuracies, areas = [], []
    for fold in np.unique(held.folds):
        of_fold = held.folds == fold
        _, values = pooled(logits[of_fold], unit[of_fold])
        labels = pooled(held.labels[of_fold], unit[of_fold])[1].astype(int)
        accuracies.append(balanced_accuracy(labels, values.argmax(axis=1)))
        areas.append(roc_auc(labels, values))
    return {
        "balanced_accuracy": float(np.mean(accuracies)),
        "lowest_fold": float(np.min(accuracies)),
        "auc": float(np.mean(areas)),
    }


def table(scores: dict[str, Any]) -> str:
    """The scores in plain text."""
    names = [name for name in COLUMNS if name in scores["chunk"]]
    rows = ["\nOn groups of recordings that the judging network has not heard, mean over folds:"]
    rows.append(" " * 10 + "".join(f"{name.replace('_', ' '):>19}" for name in names))
    for unit in ("chunk", "recording", "work"):
        rows.append(f"{unit:>10}" + "".join(f"{scores[unit][name]:>19.3f}" for name in names))
    rows.append(f"Calibration error of chunks: {scores['calibration_error']:.3f}")
    hard = [row for row in scores["works"] if row["accuracy"] < HARD]
    if hard:
        worst = sorted(hard, key=lambda row: row["accuracy"])[:3]
        named = ", ".join(f"{row['work']} {row['accuracy']:.2f}" for row in worst)
        rows.append(f"Hardest works, share of chunks told right: {named}")
    return "\n".join(rows)
