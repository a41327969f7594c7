"""What is measured of a long clip for the table and the picture of `benchmarks.drift`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from kaudio.evaluation import over_time
from kaudio.evaluation.copies import copies
from kaudio.evaluation.drift import drift
from kaudio.evaluation.loops import loops
from kaudio.evaluation.sound import join_click_db

if TYPE_CHECKING:
    from kaudio.evaluation.known_music import KnownMusic
    from kaudio.evaluation.over_time import Track

CURVES = {"level_db": "level", "spectral_centroid": "centroid", "spectral_flatness": "flatness"}
HEADER = (
    "| variant | held-out | level leaves | centroid leaves | flatness leaves | loop | copy | joins "
    "| CPU |\n|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, eq=False)
class Judged:
    """A long clip, measured.

    Args:
        left: For each of `CURVES`, when it leaves the range of music for 10 s, in seconds, or None.
        inside: The share of the windows in that range.
        loop: The longest exact and the longest near repetition, in seconds.
        copy: The longest passage from the training music, in seconds.
        joins: How much the joins of frames stand out, in dB, or None.
        track: The curves.
    """

    left: dict[str, float | None]
    inside: dict[str, float]
    loop: tuple[float, float]
    copy: float
    joins: float | None
    track: "Track"


def judge(samples: np.ndarray, rate: int, hop: int, music: "KnownMusic") -> Judged:
    """Measures a clip.

    Args:
        samples: `(num_samples,)` at the rate of the music.
        rate: In Hz.
        hop: Samples from one join of frames to the next, 1 for models of samples.
        music: What the model was trained on.
    """
    track = over_time(samples, rate)
    found, again = drift(track, music.windows), loops(samples, rate)
    return Judged(
        {name: found.curves[name].left_at for name in CURVES},
        {name: found.curves[name].inside for name in CURVES},
        (again.exact_seconds, again.near_seconds),
        copies(samples, rate, music.fingerprints).seconds,
        join_click_db(samples[: 60 * rate], hop) if hop > 1 else None,
        track,
    )


def line(name: str, held_out: str, judged: Judged, cpu_seconds: float) -> str:
    """A row of the table in Markdown."""
    cells = [name, held_out]
    for curve in CURVES:
        at = judged.left[curve]
        when = "never" if at is None else f"{at:.0f} s"
        cells.append(f"{when} ({judged.inside[curve]:.0%} inside)")
    cells.append(f"{judged.loop[0]:.2f} / {judged.loop[1]:.2f} s")
    cells.append(f"{judged.copy:.2f} s")
    cells.append("-" if judged.joins is None else f"{judged.joins:.1f} dB")
    cells.append(f"{cpu_seconds:.0f} s")
    return f"| {' | '.join(cells)} |"


def numbers(name: str, metrics: Mapping[str, Any], judged: Judged, cpu: float) -> dict[str, Any]:
    """The row as JSON takes it."""
    return {
        "name": name,
        "held_out": metrics,
        "left_at": judged.left,
        "inside": judged.inside,
        "loop_seconds": judged.loop,
        "copy_seconds": judged.copy,
        "join_click_db": judged.joins,
        # A texture that never changes stays in range as well, and is no music.
        "level_sd_db": float(np.nanstd(judged.track.values["level_db"])),
        "tonal_clarity": float(np.nanmedian(judged.track.values["tonal_clarity"])),
        "onset_rate": float(np.nanmedian(judged.track.values["onset_rate"])),
        "cpu_seconds": round(cpu, 1),
    }


def picture(clips: Sequence[tuple[str, Judged, "KnownMusic"]]) -> bytes:
    """Draws level, centroid and flatness of clips over time, the range of music shaded: a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), dpi=80, layout="constrained")
    rows = figure.subplots(len(CURVES), 1, sharex=True)
    for axis, (curve, word) in zip(rows, CURVES.items(), strict=True):
        for number, (name, judged, music) in enumerate(clips):
            values, colour = judged.track.values[curve], f"C{number}"
            axis.plot(judged.track.times / 60, values, color=colour, lw=0.8, label=name)
            low, high = music.windows.lowest[curve], music.windows.highest[curve]
            axis.axhspan(low, high, color="#7fb77e", alpha=0.25 / len(clips), lw=0)
        if curve != "level_db":
            axis.set_yscale("log")
        axis.set_ylabel({"level": "level (dBFS)", "centroid": "centroid (Hz)"}.get(word, word))
    rows[0].legend(loc="lower right", fontsize="small")
    rows[-1].set_xlabel("minutes; shaded: where 98 % of the training music lie")
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
