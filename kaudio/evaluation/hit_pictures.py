"""Hits as a picture: real ones beside generated ones."""

from typing import TYPE_CHECKING

import numpy as np

from kaudio.evaluation.hits import level_over_time
from kaudio.evaluation.pictures import _png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RANGE_DB = 80.0
MAX_COLUMNS = 800


def hits_png(pairs: dict[str, tuple[np.ndarray, np.ndarray]], sample_rate: int) -> bytes:
    """Draws the level over time of real hits, on the left, and of generated ones, on the right.

    Args:
        pairs: Name to a real and a generated hit, each of shape `(num_samples,)`; the first is
            drawn on top.
        sample_rate: In Hz, of all.

    Returns:
        A PNG file. The energy in dBFS, smoothed over 10 ms, on the same axes for all. The real
        hit is drawn as a line over the generated one as well.

    Raises:
        ValueError: If there is no pair, or a hit has no samples.
    """
    if not pairs or not all(len(hit) for pair in pairs.values() for hit in pair):
        raise ValueError(
            "Expected at least one pair of a real and a generated hit, each with samples, "
            f"received { {name: tuple(map(len, pair)) for name, pair in pairs.items()} } samples. "
            "Leave out the empty ones."
        )
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 1 + 1.5 * len(pairs)), layout="constrained")
    axes = figure.subplots(len(pairs), 2, sharex=True, sharey=True, squeeze=False)
    for row, (name, pair) in zip(axes, pairs.items(), strict=True):
        levels = [level_over_time(hit, sample_rate) for hit in pair]
        for axis, level, color in zip(row, levels, ("C0", "C1"), strict=True):
            axis.fill_between(*_curve(level, sample_rate), -RANGE_DB, color=color, alpha=0.7)
        row[1].plot(*_curve(levels[0], sample_rate), color="C0", linewidth=1.2, label="real")
        row[0].set_title(f"{name}, real", loc="left")
        row[1].set_title(f"{name}, generated", loc="left")
        row[0].set_ylabel("dBFS")
    for axis in axes.flat:
        _grid(axis)
    axes[0, 1].legend(frameon=False, loc="upper right")
    longest = max(len(hit) for pair in pairs.values() for hit in pair)
    axes[0, 0].set(xlim=(0, longest / sample_rate), ylim=(-RANGE_DB, 3))
    for axis in axes[-1]:
        axis.set_xlabel("seconds")
    return _png(figure)


def _curve(level: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """Seconds and level of no more points than can be seen, the loudest of each stretch."""
    starts = np.arange(0, len(level), max(1, len(level) // MAX_COLUMNS))
    return starts / sample_rate, np.maximum.reduceat(level, starts).clip(min=-RANGE_DB)


def _grid(axis: "Axes") -> None:
    axis.grid(alpha=0.3)
    axis.set_yticks([-80, -60, -40, -20, 0])
