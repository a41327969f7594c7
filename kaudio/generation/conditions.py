"""What a model is told while it generates: fixed, or changing over time."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

# Values at given times, `(count,)` in seconds, as `(count, channels)`.
OverTime = Callable[[np.ndarray], np.ndarray]


class Told:
    """The conditions of a model for each step that it generates.

    Args:
        expected: Names and numbers of channels, those of `model.conditions`.
        given: For each name an array, `(channels,)` or one row for each clip,
            `(batch, channels)`; or a function of times in seconds, `(count,)`, that returns
            `(count, channels)`. What is left out is zero.
        batch_size: Clips side by side.
        steps_per_second: Of the model.
    """

    def __init__(
        self,
        expected: Mapping[str, int],
        given: Mapping[str, Any],
        batch_size: int,
        steps_per_second: float,
    ) -> None:
        if unknown := sorted(set(given) - set(expected)):
            raise ValueError(
                f"This model has no condition named '{unknown[0]}'. It has: "
                f"{', '.join(expected) or 'none'}."
            )
        self.expected = dict(expected)
        self.given = dict(given)
        self.batch_size = batch_size
        self.steps_per_second = steps_per_second

    def at(self, start: int, count: int) -> dict[str, np.ndarray]:
        """Values for `count` steps from step `start` on, `(count, batch, channels)` by name."""
        times = np.arange(start, start + count) / self.steps_per_second
        return {name: self._values(name, times) for name in self.expected}

    def _values(self, name: str, times: np.ndarray) -> np.ndarray:
        given, channels = self.given.get(name, 0.0), self.expected[name]
        values = np.asarray(given(times) if callable(given) else given, "float32")
        if values.ndim == 2 and callable(given):
            values = values[:, None]
        shape = (len(times), self.batch_size, channels)
        try:
            return np.broadcast_to(values, shape)
        except ValueError:
            raise ValueError(
                f"The condition '{name}' must have {channels} numbers, for all clips or for each "
                f"of {self.batch_size}. Received: shape {values.shape}."
            ) from None


def crossfade(points: Sequence[Any], seconds: float) -> OverTime:
    """Goes from one condition to the next, linearly, in equal parts of a length of time.

    Args:
        points: At least one array, `(channels,)` each.
        seconds: When the last one is reached. It stays.

    Returns:
        A function of times, as `kaudio.generate(conditions=...)` takes it.

    Example:
    >>> turn = crossfade([[1.0, 0.0], [0.0, 1.0]], seconds=10)
    >>> turn(np.array([5.0]))
    array([[0.5, 0.5]])
    """
    rows = np.asarray(points, "float64")
    moments = np.linspace(0, seconds, len(rows)) if len(rows) > 1 else np.zeros(1)

    def values(times: np.ndarray) -> np.ndarray:
        return np.stack([np.interp(times, moments, column) for column in rows.T], axis=-1)

    return values


def parse_condition(text: str, names: Sequence[str], seconds: float) -> OverTime:
    """Reads a condition as one writes it: `"bach:1 -> schubert:0.5 bach:0.5"`.

    Args:
        text: Names with values, and `->` between what is to follow each other. A name without a
            value has 1; names left out have 0.
        names: Names that there are.
        seconds: When the last one is reached.
    """
    if not names:
        raise ValueError("This model was trained without conditions: leave them out.")
    return crossfade([_point(part.strip(), names) for part in text.split("->")], seconds)


def _point(text: str, names: Sequence[str]) -> list[float]:
    """The value of each name in a text such as `"bach:0.5 schubert:0.5"`."""
    point = dict.fromkeys(names, 0.0)
    # Names may hold blanks, as folders do: the longest that fits is meant.
    longest_first = sorted(names, key=len, reverse=True)
    entry = re.compile(rf"({'|'.join(map(re.escape, longest_first))})(?::([^\s,]*))?(?:[\s,]+|$)")
    position = 0
    while position < len(text) or not text:
        found = entry.match(text, position)
        if not found or not found[0]:
            unknown = re.split(r"[\s,:]", text[position:])[0]
            received = f"This model knows no '{unknown}'." if unknown else "A name is missing."
            raise ValueError(f"{received} It knows: {', '.join(names)}.")
        try:
            point[found[1]] = float("1" if found[2] is None else found[2])
        except ValueError:
            point[found[1]] = math.nan
        if not math.isfinite(point[found[1]]):
            raise ValueError(
                f"A condition is a name and a number, such as '{names[0]}:0.5'. Received: "
                f"'{found[0].strip()}'."
            )
        position = found.end()
    return list(point.values())
