"""What a run of `recipes/beckham.py` scores on its test part: `python -m benchmarks.held_out RUN`.

The test part is a tenth of the recordings, or the last tenth of each in time, that neither training
nor the choice of the best epoch has seen. Of frames that overlap, a part was heard already when the
frame is predicted; so the figure stands beside that of the new samples alone.
"""

import argparse
import json
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path


def scores(run: Path) -> dict[str, float]:
    """NMSE on the test part: of the model, of baselines, and of the model on new samples."""
    import keras
    import numpy as np

    import kaudio

    record = json.loads((run / "recipe.json").read_text())
    options, model = record["options"], kaudio.load(run)
    audio = Path(options["audio"]) if options["audio"] else None
    parts = runpy.run_path(record["recipe"])["parts"]
    _, (_, _, test) = parts(audio, options["sample_rate"], options["seed"])
    steps = round(options["excerpt_seconds"] * model.codec.steps_per_second)
    metrics: dict[str, keras.metrics.Metric] = {}
    error = power = 0.0
    new = slice(model.codec.frame_length - model.codec.hop_length, None)
    for x, y in kaudio.data.next_step(test, model.codec, steps, 1):
        predicted = {"model": model(x), **model.baseline_predictions(x)}
        for name, prediction in predicted.items():
            model.update_metric(metrics.setdefault(name, model.new_metric()), y, prediction)
        mean = predicted["model"]
        if model.head:
            mean = model.standardize(model.head.mean(mean), inverse=True)
        played, true = (
            model.codec.inverse(np.asarray(keras.ops.convert_to_numpy(steps)))[..., new]
            for steps in (mean, y)
        )
        error += float(np.square(played - true).sum())
        power += float(np.square(true).sum())
    found = {name: float(metric.result()) for name, metric in metrics.items()}
    return {**found, "model, new samples": error / power}


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a line for each score."""
    parser = argparse.ArgumentParser("python -m benchmarks.held_out", description=__doc__)
    parser.add_argument("run", type=Path, help="A run folder of recipes/beckham.py.")
    try:
        found = scores(parser.parse_args(arguments).run)
    except (KeyError, OSError, ValueError) as error:
        sys.exit(f"benchmarks.held_out: {error}")
    for name, value in found.items():
        print(f"{name:20} {value:.4f}")


if __name__ == "__main__":
    main()
