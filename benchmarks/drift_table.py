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
    "| level moves | clarity | onsets | CPU |\n" + "|---" * 12 + "|"
)


@dataclass(frozen=True, eq=False)
class Judged:
    """A long clip, measured.

    Args:
        left: For each of `CURVES`, when it leaves the range of music for 10 s, in seconds, or None.
        inside: The share of the windows in that range, NaN where the curve is not defined.
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

    @property
    def level_sd(self) -> float:
        """How much the level moves: a texture that never changes stays in range, and is no music.

        The standard deviation over the windows, in dB.
        """
        return float(np.std(self.track.values["level_db"]))

    def typical(self, curve: str) -> float:
        """The median of a curve over the windows, NaN where it is nowhere defined."""
        values = self.track.values[curve]
        values = values[np.isfinite(values)]
        return float(np.median(values)) if len(values) else float("nan")


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


def line(name: str, held_out: str, judged: Judged, cpu_seconds: float | None) -> str:
    """A row of the table in Markdown."""
    cells = [name, held_out]
    for curve in CURVES:
        at, inside = judged.left[curve], judged.inside[curve]
        when = "never" if at is None else f"{at:.0f} s"
        # Rounded down, so that 100 % is all.
        share = f"{np.floor(1000 * inside) / 10:g} %"
        cells.append(f"{when} ({share})" if np.isfinite(inside) else "not defined")
    cells.append(f"{judged.loop[0]:.2f} / {judged.loop[1]:.2f} s")
    cells.append(f"{judged.copy:.2f} s")
    cells.append("-" if judged.joins is None else f"{judged.joins:.1f} dB")
    cells.append(f"{judged.level_sd:.2f} dB")
    cells += [f"{judged.typical(curve):.2g}" for curve in ("tonal_clarity", "onset_rate")]
    cells.append("-" if cpu_seconds is None else f"{cpu_seconds:.0f} s")
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
        "level_sd_db": judged.level_sd,
        **{name: judged.typical(name) for name in judged.track.values},
        "cpu_seconds": round(cpu, 1),
    }


def picture(clips: Sequence[tuple[str, Judged]], music: "KnownMusic") -> bytes:
    """Draws level, centroid and flatness of clips over time, the range of music shaded: a PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 6), dpi=80, layout="constrained")
    rows = figure.subplots(len(CURVES), 1, sharex=True)
    for axis, (curve, word) in zip(rows, CURVES.items(), strict=True):
        for number, (name, judged) in enumerate(clips):
            values, colour = judged.track.values[curve], f"C{number}"
            axis.plot(judged.track.times / 60, values, color=colour, lw=0.8, label=name)
        low, high = music.windows.lowest[curve], music.windows.highest[curve]
        axis.axhspan(low, high, color="#7fb77e", alpha=0.25, lw=0)
        if curve != "level_db":
            axis.set_yscale("log")
        axis.set_ylabel({"level": "level (dBFS)", "centroid": "centroid (Hz)"}.get(word, word))
    rows[0].legend(loc="lower right", fontsize="small")
    rows[-1].set_xlabel("minutes; shaded: where 98 % of the training music lie")
    file = BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
