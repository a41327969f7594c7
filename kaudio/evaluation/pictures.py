"""Pictures as PNG bytes: spectrograms one above another, learning curves above baselines."""

import io
from typing import TYPE_CHECKING

import numpy as np
from scipy import fft, signal

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WINDOW_SECONDS = 0.064
MAX_COLUMNS = 1200
NUM_ROWS = 320
LOWEST_HZ = 50.0
RANGE_DB = 80.0
SILENCE_DB = -60.0


def spectrogram_png(rows: dict[str, np.ndarray], sample_rate: int) -> bytes:
    """Draws spectrograms one above another, to be compared: same axes, same colours.

    Args:
        rows: Title to samples of shape `(num_samples,)`, full scale at -1 and 1; the first is
            drawn on top.
        sample_rate: In Hz, of all rows.

    Returns:
        A PNG file. Time in seconds, frequency on a logarithmic axis in Hz, power in dBFS (a
        sine at full scale has 0) from the loudest point of all rows down to 80 dB below it.

    Raises:
        ValueError: If there is no row, or a row has no samples.
    """
    if not rows or not all(len(samples) for samples in rows.values()):
        raise ValueError(
            f"Expected at least one row, each with samples, received rows {list(rows)} with "
            f"{[len(samples) for samples in rows.values()]} samples. Leave out the empty ones."
        )
    from matplotlib.figure import Figure

    frequencies = np.geomspace(LOWEST_HZ, sample_rate / 2, NUM_ROWS)
    powers = [_decibels(samples, sample_rate, frequencies) for samples in rows.values()]
    loudest = max(SILENCE_DB, *(power.max() for power in powers))
    seconds = [len(samples) / sample_rate for samples in rows.values()]
    figure = Figure(figsize=(10, 1 + 2.4 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), sharex=True, sharey=True, squeeze=False)[:, 0]
    for axis, title, power, duration in zip(axes, rows, powers, seconds, strict=True):
        image = axis.imshow(
            power,
            origin="lower",
            aspect="auto",
            extent=(0, duration, 0, NUM_ROWS),
            vmin=loudest - RANGE_DB,
            vmax=loudest,
            cmap="magma",
        )
        axis.set_title(title, loc="left")
        axis.set_ylabel("Hz")
    axes[0].set_xlim(0, max(seconds))
    axes[0].set_yticks(*_frequency_ticks(frequencies))
    axes[-1].set_xlabel("seconds")
    figure.colorbar(image, ax=list(axes), label="dBFS", pad=0.01)
    return _png(figure)


def curves_png(history: dict[str, list[float]], baselines: dict[str, float], ylabel: str) -> bytes:
    """Draws learning curves, with what a model that has learned nothing would score.

    Args:
        history: Curve name to one value for each epoch, the first epoch first.
        baselines: Baseline name to its value, drawn as a labelled horizontal line.
        ylabel: What is measured, with its unit.

    Returns:
        A PNG file.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axis = figure.subplots()
    for name, values in history.items():
        axis.plot(range(1, len(values) + 1), values, marker=".", label=name)
    _draw_baselines(axis, baselines)
    axis.set_xlabel("epoch")
    axis.set_ylabel(ylabel)
    axis.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axis.grid(alpha=0.3)
    if history:
        figure.legend(loc="outside upper left", ncols=4, frameon=False)
    return _png(figure)


def _decibels(samples: np.ndarray, sample_rate: int, frequencies: np.ndarray) -> np.ndarray:
    """Power in dBFS at `frequencies`, shape `(len(frequencies), num_columns)`."""
    length = max(16, round(WINDOW_SECONDS * sample_rate))
    window = signal.windows.hann(length, sym=False)
    # Columns move apart in a long clip, so that the picture never outgrows a screen.
    hop = max(length // 4, len(samples) // MAX_COLUMNS)
    padded = np.pad(samples, (length // 2, length - length // 2))
    starts = range(0, len(samples), hop)
    spectra = np.stack([fft.rfft(padded[i : i + length] * window) for i in starts])
    power = 20 * np.log10(np.abs(spectra) * 2 / window.sum() + 1e-10)
    return _at_frequencies(power, np.arange(power.shape[1]) * sample_rate / length, frequencies)


def _at_frequencies(power: np.ndarray, bins: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """Interpolates where bins are sparse, takes the highest where several make one row."""
    between = np.stack([np.interp(frequencies, bins, column) for column in power], axis=1)
    lower_edges = frequencies * np.sqrt(frequencies[0] / frequencies[1])
    first = np.searchsorted(bins, lower_edges).clip(max=len(bins) - 1)
    highest = np.maximum.reduceat(power, first, axis=1).T
    is_dense = np.diff(first, append=len(bins)) > 1
    return np.where(is_dense[:, None], np.maximum(between, highest), between)


def _draw_baselines(axis: "Axes", baselines: dict[str, float]) -> None:
    for value in baselines.values():
        axis.axhline(value, color="0.4", linestyle="--", linewidth=1)
    low, high = axis.get_ylim()
    height = -1.0
    for name, value in sorted(baselines.items(), key=lambda item: item[1]):
        # Labels of baselines that lie close together are pushed apart, to stay readable.
        height = max((value - low) / (high - low), height + 0.05)
        axis.annotate(
            f"{name} {value:.3g}",
            (1, height),
            xycoords="axes fraction",
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )


def _frequency_ticks(frequencies: np.ndarray) -> tuple[list[float], list[str]]:
    hertz = [f for f in (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000) if f <= frequencies[-1]]
    positions = np.interp(np.log(hertz), np.log(frequencies), np.arange(len(frequencies)) + 0.5)
    return list(positions), [f"{f // 1000}k" if f >= 1000 else str(f) for f in hertz]


def _png(figure: "Figure") -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()
