"""Values of a metric for each recording, and for all together."""

from typing import Any

import keras
import numpy as np

from kaudio.evaluation.counts import Counts
from kaudio.evaluation.excerpts import Excerpts
from kaudio.models import Autoregressive

# By the index of a recording, or None for all of them.
Scores = dict[int | None, float]


class Tally:
    """Keeps the metric of a model, and those of its baselines, for each recording.

    Args:
        model: Whose metric.
    """

    def __init__(self, model: Autoregressive) -> None:
        self._model = model
        self._metrics: dict[str, dict[int | None, keras.metrics.Metric]] = {}

    def add(self, name: str, owners: np.ndarray, y: np.ndarray, predicted: Any) -> None:
        """Adds a batch of next steps, with what was predicted under a name."""
        metrics = self._metrics.setdefault(name, {})
        # One by one: parts of a batch have many shapes, each of which would be compiled.
        for i, owner in enumerate(owners.tolist()):
            for key in (None, owner):
                if key not in metrics:
                    metrics[key] = self._model.new_metric()
                self._model.update_metric(metrics[key], y[i : i + 1], predicted[i : i + 1])

    def scores(self) -> dict[str, Scores]:
        """The values so far, by name."""
        return {
            name: {owner: float(metric.result()) for owner, metric in metrics.items()}
            for name, metrics in self._metrics.items()
        }


def counted_scores(
    model: Autoregressive, levels: int, excerpts: Excerpts, train: Excerpts | None
) -> dict[str, Scores]:
    """What counting codes scores on excerpts, in bits per sample.

    Args:
        model: Of codes.
        levels: How many codes there are.
        excerpts: To predict.
        train: To count in. Without it, the unigram is counted in what it predicts.
    """
    counts = Counts(levels)
    for x, y, _ in excerpts if train is None else train:
        counts.add(*_counting(model, x, y))
    renamed = {"uniform": "uniform", "unigram": "unigram of these recordings"}
    if train is not None:
        renamed = {name: name for name in ("uniform", "unigram", "markov")}
    sums: dict[str, dict[int | None, list[float]]] = {new: {} for new in renamed.values()}
    for x, y, owners in excerpts:
        x, y = _counting(model, x, y)
        for owner in np.unique(owners).tolist():
            of = owners == owner
            bits = counts.score([(x[of], y[of])])
            for name, new in renamed.items():
                for key in (None, owner):
                    total = sums[new].setdefault(key, [0.0, 0])
                    total[0] += bits[name] * y[of].size
                    total[1] += y[of].size
    return {
        name: {key: total / count for key, (total, count) in of.items()}
        for name, of in sums.items()
    }


def _counting(model: Autoregressive, x: Any, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    codes = np.asarray(x["steps"] if isinstance(x, dict) else x)
    return codes[:, model.warm_up :], y[:, model.warm_up :]
