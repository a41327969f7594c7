"""What models that have learned nothing score on the same data."""

from collections.abc import Iterable
from typing import Any

from kaudio.models import Autoregressive


def baselines(model: Autoregressive, batches: Iterable[tuple[Any, Any]]) -> dict[str, float]:
    """Scores the baseline predictions of a model with the metric that it is judged by.

    Args:
        model: The model, with its statistics learned.
        batches: `(x, y)`, as `kaudio.data.next_step` gives them.

    Returns:
        The value of `model.new_metric()` by the name of the baseline, such as
        `{"predict-mean": 1.0, "predict-last": 2.3}`.
    """
    metrics = {}
    for x, y in batches:
        for name, prediction in model.baseline_predictions(x).items():
            if name not in metrics:
                metrics[name] = model.new_metric()
            model.update_metric(metrics[name], y, prediction)
    return {name: float(metric.result()) for name, metric in metrics.items()}
