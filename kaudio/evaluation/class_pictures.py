"""Pictures of how well labels are told apart, as PNG bytes."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from kaudio.evaluation.verdict import Verdict, clock

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A work: its name, its label, the share of its chunks that was told right, and their number.
Work = tuple[str, str, float, int]
LONGEST_NAME = 52
SILENT_COLOR = "0.85"


def confusion_png(matrix: np.ndarray, labels: Sequence[str]) -> bytes:
    """Draws how often each label was taken for each.

    Args:
        matrix: Clips, `(labels, labels)`, as `confusion` counts them.
        labels: Their names.

    Returns:
        A PNG file. Each square has the number of clips, and their share of its row, which is
        its colour.

    Raises:
        ValueError: If the matrix is not square, with a row for each label.
    """
    matrix = np.asarray(matrix)
    if matrix.shape != (len(labels), len(labels)) or not len(labels):
        raise ValueError(
            f"Expected a row and a column for each of {len(labels)} labels. Received: a matrix of "
            f"shape {matrix.shape}."
        )
    from matplotlib.figure import Figure

    count, labels = len(labels), [_shortened(label) for label in labels]
    longest = max(map(len, labels))
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure = Figure(
        figsize=(1.9 + 0.08 * longest + 1.1 * count, 1.6 + 0.04 * longest + 0.9 * count),
        layout="constrained",
    )
    axis = figure.subplots()
    image = axis.imshow(shares, vmin=0, vmax=1, cmap="Blues", aspect="auto")
    for i in range(count):
        for j in range(count):
            axis.text(
                j,
                i,
                f"{shares[i, j]:.0%}\n{matrix[i, j]:,}",
                ha="center",
                va="center",
                color="white" if shares[i, j] > 0.55 else "black",
            )
    rotation = 0 if longest <= 10 else 30
    ends = "center" if not rotation else "right"
    axis.set_xticks(range(count), labels, rotation=rotation, ha=ends, rotation_mode="anchor")
    axis.set_yticks(range(count), labels)
    axis.set_xlabel("taken for")
    axis.set_ylabel("is")
    recall = np.diag(shares)[matrix.sum(axis=1) > 0]
    axis.set_title(f"balanced accuracy {recall.mean() if len(recall) else 0:.1%}", loc="left")
    figure.colorbar(image, label="share of the row", pad=0.02)
    return _png(figure)


def works_png(rows: Sequence[Work], chance: float | None = None) -> bytes:
    """Draws for each work how many of its chunks were told right.

    Args:
        rows: Works `(name, label, accuracy, chunks)`, accuracy from 0 to 1, in any order.
        chance: What guessing has, drawn as a line. Defaults to 1 / (number of labels).

    Returns:
        A PNG file: a bar for each work, by label and the best on top. One that was never told
        right is a dot.

    Raises:
        ValueError: If there are no works, or an accuracy is not from 0 to 1.
    """
    wrong = [row[0] for row in rows if not 0 <= row[2] <= 1]
    if not rows or wrong:
        raise ValueError(
            "Expected one work or more, each with an accuracy from 0 to 1. Received: "
            f"{f'others for {wrong}' if rows else 'none'}."
        )
    from matplotlib.figure import Figure

    labels = list(dict.fromkeys(sorted(row[1] for row in rows)))
    ordered = sorted(rows, key=lambda row: (row[1], -row[2], row[0]))
    # A gap between labels.
    heights = [i + 0.6 * labels.index(row[1]) for i, row in enumerate(ordered)]
    height = 1.3 + 0.26 * (len(rows) + 0.6 * len(labels))
    figure = Figure(figsize=(11, height), layout="constrained")
    axis = figure.subplots()
    for number, label in enumerate(labels):
        own = [(y, row) for y, row in zip(heights, ordered, strict=True) if row[1] == label]
        places, accuracies = [y for y, _ in own], [row[2] for _, row in own]
        total = sum(row[3] for _, row in own)
        right = sum(row[2] * row[3] for _, row in own) / max(total, 1)
        legend = f"{_plain(label)}: {right:.0%} of {total:,} chunks, {_works(len(own))}"
        color = f"C{number % 10}"
        axis.barh(places, accuracies, height=0.72, color=color, label=legend)
        for y, row in own:
            if row[2] == 0:
                axis.plot(0, y, "o", color=color, markersize=5, clip_on=False)
    for y, (_, _, accuracy, chunks) in zip(heights, ordered, strict=True):
        text = f"{accuracy:.0%} of {chunks:,}"
        box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}  # above the line of chance
        axis.text(accuracy + 0.01, y, text, va="center", fontsize=8, color="0.3", bbox=box)
    level = 1 / len(labels) if chance is None else chance
    axis.axvline(level, color="0.2", linestyle="--", linewidth=1, label=f"chance {level:.0%}")
    axis.set_yticks(heights, [_shortened(row[0]) for row in ordered], fontsize=9)
    axis.set_ylim(heights[-1] + 0.7, -0.7)
    axis.set_xlim(0, 1.13)
    ticks = np.arange(0, 1.01, 0.2)
    axis.set_xticks(ticks, [f"{tick:.0%}" for tick in ticks])
    axis.set_xlabel("chunks told right")
    axis.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper left", ncols=min(3, len(labels) + 1), frameon=False)
    return _png(figure)


def verdict_png(verdict: Verdict, title: str = "") -> bytes:
    """Draws a verdict over time: the probabilities of all labels, one above another.

    Args:
        verdict: As `kaudio.classify` gives it.
        title: What the recording is called, put before what is told of the whole.

    Returns:
        A PNG file. A chunk speaks for the stretch that is nearer to its middle than to that of
        another; where all is silent there is nothing but grey.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    axis = figure.subplots()
    edges = verdict.spans()
    floor = np.zeros(len(verdict.times))
    for i, label in enumerate(verdict.labels):
        top = floor + verdict.probabilities[:, i]
        legend = f"{_plain(label)} {verdict.overall[i]:.0%}"
        axis.stairs(top, edges, baseline=floor, fill=True, color=f"C{i % 10}", label=legend)
        floor = top
    axis.set(xlim=(0, verdict.seconds), ylim=(0, 1), ylabel="probability")
    if len(verdict.labels) == 2:
        axis.axhline(0.5, color="white", linewidth=0.8, alpha=0.7)
    if len(verdict.silent):
        axis.set_facecolor(SILENT_COLOR)
        axis.fill_between([], [], color=SILENT_COLOR, label="silent")
    axis.set_xlabel(f"time (chunks of {verdict.chunk_seconds:g} s)")
    axis.xaxis.set_major_formatter(lambda value, _: clock(value))
    # Ticks at whole seconds, or at parts of a minute.
    steps = [1, 3, 6, 10] if verdict.seconds > 60 else [1, 2, 5, 10]
    axis.xaxis.set_major_locator(MaxNLocator(10, steps=steps, integer=True))
    words = [_plain(title), f"{_plain(verdict.label)}, {verdict.confidence:.0%}"]
    words += ["shorter than a chunk: repeated"] if verdict.repeated else []
    axis.set_title(" · ".join(word for word in words if word), loc="left")
    # In the order of the picture.
    figure.legend(loc="outside right upper", frameon=False, reverse=True)
    return _png(figure)


def _works(count: int) -> str:
    return f"{count} work{'s' * (count != 1)}"


def _shortened(name: str) -> str:
    """Cut in the middle: movements of one work differ at their end."""
    if len(name) > LONGEST_NAME:
        tail = LONGEST_NAME // 3
        name = f"{name[: LONGEST_NAME - tail - 1].rstrip()}…{name[-tail:].lstrip()}"
    return _plain(name)


def _plain(name: str) -> str:
    """What is a formula to matplotlib may be the name of a file."""
    return name.replace("$", r"\$")


def _png(figure: "Figure") -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=100)
    return file.getvalue()
