"""What models that have learned nothing score on the same data."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from kaudio.codecs import Quantizer
from kaudio.evaluation.counts import Counts
from kaudio.models import Autoregressive

Batches = Iterable[tuple[Any, Any]]
# Baselines that count are given at most this many codes of the training data.
MOST_CODES = 20_000_000


def baselines(
    model: Autoregressive, train: Callable[[], Batches], parts: dict[str, Callable[[], Batches]]
) -> dict[str, dict[str, float]]:
    """Scores the baselines of a model with the metric that it is judged by.

    Models of codes are set beside counts of the training data: see `Counts`. Models of frames have
    baselines of their own, `Autoregressive.baseline_predictions`.

    Args:
        model: The model, with its statistics learned.
        train: Gives batches `(x, y)` to learn from, as `kaudio.data.next_step` makes them.
        parts: By name, what gives batches to score.

    Returns:
        For each part the value of `model.new_metric()` by the name of the baseline, such as
        `{"validation": {"predict-mean": 1.0, "predict-last": 2.3}}`.
    """
    if isinstance(model.codec, Quantizer):
        counts, seen = Counts(model.codec.levels), 0
        for x, y in _codes(model, train()):
            counts.add(x, y)
            seen += y.size
            if seen > MOST_CODES:
                break
        return {name: counts.score(_codes(model, batches())) for name, batches in parts.items()}
    return {name: _predicted(model, batches()) for name, batches in parts.items()}


def _codes(model: Autoregressive, batches: Batches) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Codes and those that follow, at the positions that count."""
    for x, y in batches:
        codes = x["steps"] if isinstance(x, dict) else x
        yield np.asarray(codes)[:, model.warm_up :], np.asarray(y)[:, model.warm_up :]


def _predicted(model: Autoregressive, batches: Batches) -> dict[str, float]:
    metrics = {}
    for x, y in batches:
        for name, prediction in model.baseline_predictions(x).items():
            if name not in metrics:
                metrics[name] = model.new_metric()
            model.update_metric(metrics[name], y, prediction)
    return {name: float(metric.result()) for name, metric in metrics.items()}
