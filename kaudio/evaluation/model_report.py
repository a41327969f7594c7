"""What is said of a model that was judged by recordings: a table, and numbers for JSON."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class RecordingScore:
    """What a model scores on a recording.

    Args:
        path: Of the recording.
        seconds: Its length.
        value: Of the metric, or None if it is shorter than an excerpt, or none was looked at.
        baselines: Of what is trivial, by name.
    """

    path: str
    seconds: float
    value: float | None
    baselines: dict[str, float]


@dataclass(frozen=True)
class ModelReport:
    """A model, judged by recordings.

    Args:
        model: Its kind, such as "WaveNet".
        metric: Such as "bits_per_sample": less is better.
        value: Of the metric, on all excerpts.
        baselines: Of what is trivial on the same excerpts, by name.
        excerpt_seconds: How much of an excerpt counts.
        recordings: Each of them.
        calibration_error: Of the predicted distribution, 0 to 0.5, or None where it is not defined:
            see `kaudio.evaluation.pit.Calibration`.
        quantiles: Share of what came in each twentieth of the predicted probability, or empty.
        notes: What one should know, in sentences.
    """

    model: str
    metric: str
    value: float
    baselines: dict[str, float]
    excerpt_seconds: float
    recordings: tuple[RecordingScore, ...]
    calibration_error: float | None = None
    quantiles: tuple[float, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """All of it in dicts, lists, numbers and None, as JSON takes it: no NaN, no infinity."""
        return plain(asdict(self))

    def table(self) -> str:
        """The report as plain text, with a line for each recording.

        Example:
        >>> print(report.table())
        WaveNet, bits_per_sample (less is better), excerpts of 0.5 s
                          WaveNet  uniform  unigram of these recordings
        all               3.941    8.000    5.712
        music/bach_1.wav  3.802    8.000    5.633
        """
        names = list(self.baselines)
        rows = [("", self.model, *names)]
        rows.append(("all", *map(_number, [self.value, *self.baselines.values()])))
        for score in self.recordings:
            known = [score.value, *(score.baselines.get(name) for name in names)]
            rows.append((score.path, *map(_number, known)))
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        head = f"{self.model}, {self.metric} (less is better), excerpts of "
        lines = [f"{head}{self.excerpt_seconds:.3g} s"]
        for row in rows:
            cells = (f"{cell:{width}}" for cell, width in zip(row, widths, strict=True))
            lines.append("  ".join(cells).rstrip())
        if self.calibration_error is not None:
            lines.append(
                f"Calibration: the share of values below a predicted quantile is off by "
                f"{self.calibration_error:.3f} on average (0 is right)."
            )
        return "\n".join([*lines, *self.notes])


def plain(content: Any) -> Any:
    """Makes JSON of dicts, sequences and numbers: NaN and infinity, which it has not, are None."""
    match content:
        case dict():
            return {name: plain(value) for name, value in content.items()}
        case list() | tuple():
            return [plain(value) for value in content]
        case float():
            return float(content) if math.isfinite(content) else None
        case _:
            return content


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
