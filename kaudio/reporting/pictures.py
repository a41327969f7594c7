"""Pictures in a page: waveform, spectrogram and learning curves, for light and dark alike."""

import io
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np

from kaudio.evaluation.bands import band_powers

COLUMNS, BANDS, RANGE_DB = 600, 120, 60.0
SILENCE_DB = -60.0
WINDOW_SECONDS = 0.064
# Of a chart, in its own units: room for numbers at the left, for names at the right.
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 480, 250, 52, 12, 12, 40


def waveform(samples: np.ndarray) -> str:
    """The waveform as an SVG element that fills its place, as high as its highest peak."""
    columns = np.array_split(samples, min(COLUMNS, len(samples)))
    peak = max(float(np.abs(samples).max()), 1e-9)
    above = [(x, 49.5 - 48 * c.max() / peak) for x, c in enumerate(columns)]
    below = [(x, 50.5 - 48 * c.min() / peak) for x, c in enumerate(columns)]
    path = " ".join(f"{x},{y:.0f}" for x, y in [*above, *reversed(below)])
    box = f'viewBox="0 0 {max(1, len(columns) - 1)} 100" preserveAspectRatio="none"'
    return f'<svg class="wave" {box} aria-hidden="true"><polygon points="{path}"/></svg>'


def spectrogram(samples: np.ndarray, sample_rate: int) -> bytes:
    """The power of mel bands over time as a WebP picture: 60 dB from the loudest point down.

    Returns:
        No bytes where the samples are fewer than a window of 64 ms.
    """
    from matplotlib.image import imsave

    length = max(16, round(WINDOW_SECONDS * sample_rate))
    if len(samples) < length:
        return b""
    hop = max(length // 4, -(-len(samples) // COLUMNS))
    powers = band_powers(samples, sample_rate, length, hop, BANDS)
    decibels = 10 * np.log10(powers.T[::-1] + 1e-12)
    loudest = max(SILENCE_DB, float(decibels.max()))
    file = io.BytesIO()
    imsave(file, decibels, vmin=loudest - RANGE_DB, vmax=loudest, cmap="magma", format="webp")
    return file.getvalue()


def chart(
    title: str,
    lines: Mapping[str, Sequence[float | None]],
    levels: Mapping[str, float],
    ylabel: str,
    kept: int | None = None,
) -> str:
    """Learning curves above what would be scored without learning, with a legend.

    Args:
        title: What screen readers call it.
        lines: Name to one value for each epoch, None where there is none.
        levels: Name to the height of a dashed line.
        ylabel: What is measured.
        kept: The epoch that is marked on the last line.

    Returns:
        A figure, or a sentence where there is nothing to draw.
    """
    points = {
        name: [(x, y) for x, y in enumerate(values, 1) if y is not None]
        for name, values in lines.items()
    }
    known = [y for line in points.values() for _, y in line]
    if not known:
        return "<p class='none'>Learning curves: not defined. No epoch has a finite value.</p>"
    low, high = _rounded(min([*known, *levels.values()]), max([*known, *levels.values()]))
    last = max(x for line in points.values() for x, _ in line)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - 1) / max(1, last - 1) if last > 1 else 0.5
        up = (y - low) / (high - low)
        return (
            LEFT + across * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM),
        )

    marks, legend = [], []
    for tick in np.linspace(low, high, 5):
        _, y = place(1, tick)
        marks.append(f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        marks.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" class="end">{tick:.4g}</text>')
    for epoch in sorted({1, (1 + last) // 2, last}):
        x, _ = place(epoch, low)
        marks.append(f'<text x="{x:.1f}" y="{HEIGHT - 22}" class="mid">{epoch}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    marks.append(f'<text x="{middle}" y="{HEIGHT - 5}" class="mid">epoch</text>')
    for number, (name, level) in enumerate(levels.items()):
        _, y = place(1, level)
        marks.append(f'<path class="level l{number % 4}" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>')
        legend.append(_entry(f"level l{number % 4}", f"{name} {level:.4g}"))
    for number, (name, line) in enumerate(points.items()):
        kind = f"line c{number % 6}"
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
        marks.append(f'<polyline class="{kind}" points="{way}"/>')
        if line:
            x, y = place(*next((point for point in line if point[0] == kept), line[-1]))
            if kept is None or number == len(points) - 1 or len(line) == 1:
                marks.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="3.5"/>')
            legend.append(_entry(kind, f"{name} {line[-1][1]:.4g}"))
    box = f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}"'
    return (
        f'<figure class="chart"><figcaption>{escape(ylabel)}</figcaption>'
        f'<svg {box}>{"".join(marks)}</svg><ul class="legend">{"".join(legend)}</ul></figure>'
    )


def _entry(kind: str, text: str) -> str:
    line = f'<svg viewBox="0 0 24 8" aria-hidden="true"><path class="{kind}" d="M0 4H24"/></svg>'
    return f"<li>{line}{escape(text)}</li>"


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Ends of an axis with four equal parts of round length."""
    span = max(high - low, 1e-6 * max(abs(high), 1.0))
    size = 10.0 ** np.floor(np.log10(span / 4))
    for step in size * np.array([1, 2, 2.5, 5, 10, 20]):
        start = np.floor(low / step + 1e-9) * step
        if start + 4 * step >= high:
            break
    return float(start), float(start + 4 * step)
