"""Curves over time as a picture, against the range in which music lies."""

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kaudio.audio import read
from kaudio.audio.files import printable
from kaudio.evaluation.drift import drift
from kaudio.evaluation.music_range import MusicRange
from kaudio.evaluation.over_time import TRACK_UNITS, Track, over_time
from kaudio.evaluation.pictures import _png
from kaudio.evaluation.sound import until_broken

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from kaudio.evaluation.known_music import KnownMusic

COLUMNS = 2
CLIP, OUTSIDE, RANGE = "#2a5d8f", "#c8321e", "#7fb77e"
# Noise has a hundred times the flatness of music, whose own range would be a line.
LOGARITHMIC = ("spectral_centroid", "spectral_flatness")
FROM_ZERO = ("clipped_share", "silent_share", "onset_rate")


def drift_of_file_png(path: Path, music: "KnownMusic") -> bytes:
    """Draws an audio file, up to the first sample that is no number, as `drift_png` does.

    Raises:
        AudioError: If it cannot be read.
        ValueError: If it is too short.
    """
    samples = until_broken(read(path, music.sample_rate, until_broken=True))
    track = over_time(samples, music.sample_rate)
    return drift_png(track, music.windows, printable(Path(path.name)))


def drift_png(track: Track, music: MusicRange, title: str = "") -> bytes:
    """Draws each curve of a track in a panel, with the range of music shaded.

    Args:
        track: Of the clip, from `over_time`.
        music: The range of the training music.
        title: Written above the sentence that says what happens.

    Returns:
        A PNG file. Windows outside the range are drawn in red, and there are gaps where the curve
        is not defined, and a dashed line stands where a curve leaves for 10 s or longer.

    Raises:
        ValueError: If the track has no window.
    """
    if not len(track.times):
        raise ValueError(
            "Expected a track with at least one window, received none. Leave out what is empty."
        )
    from matplotlib.figure import Figure

    found = drift(track, music)
    rows = -(-len(TRACK_UNITS) // COLUMNS)
    figure = Figure(figsize=(11, 1.5 + 1.8 * rows), layout="constrained")
    lines = (
        [title, *textwrap.wrap(found.said(), 130)] if title else textwrap.wrap(found.said(), 130)
    )
    figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
    axes = figure.subplots(rows, COLUMNS, sharex=True, squeeze=False)
    for axis, (name, unit) in zip(axes.flat, TRACK_UNITS.items(), strict=False):
        _draw(axis, track, name, music)
        curve = found.curves[name]
        share = f"{curve.inside:.0%} inside" if curve.inside >= 0 else "not defined"
        left = "" if curve.left_at is None else f", leaves at {curve.left_at:.0f} s"
        if curve.left_at is not None:
            axis.axvline(curve.left_at, color=OUTSIDE, linestyle="--", linewidth=1, label="leaves")
        axis.set_title(
            f"{name.removesuffix('_db').replace('_', ' ')}: {share}{left}",
            loc="left",
            fontsize=9,
            color=OUTSIDE if left else "black",
            fontweight="bold" if name == found.left_by else "normal",
        )
        axis.set_ylabel(unit, fontsize=8)
    half = track.window_seconds / 2
    axes[0, 0].set_xlim(track.times[0] - half, track.times[-1] + half)
    for axis in axes[-1]:
        axis.set_xlabel("seconds", fontsize=9)
    handles = {
        label: handle
        for axis in axes.flat
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        list(handles.values()), list(handles), loc="outside lower left", ncols=4, frameon=False
    )
    return _png(figure)


def _draw(axis: "Axes", track: Track, name: str, music: MusicRange) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    values = track.values[name]
    low, high = music.lowest[name], music.highest[name]
    if np.isfinite([low, high]).all():
        axis.axhspan(low, high, color=RANGE, alpha=0.25, linewidth=0, label="range of music")
    is_short = len(values) < 60
    axis.plot(track.times, values, color=CLIP, linewidth=1, marker="." if is_short else "")
    astray = np.where(music.outside(name, values), values, np.nan)
    if np.isfinite(astray).any():
        axis.plot(
            track.times, astray, color=OUTSIDE, linewidth=1.4, marker=".", ms=3, label="outside"
        )
    if name in LOGARITHMIC and low > 0 and np.nanmin(values, initial=1) > 0:
        axis.set_yscale("log")
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.yaxis.set_minor_formatter(NullFormatter())
    if name in FROM_ZERO:
        # A little below, so that the line of a curve that is 0 is seen.
        axis.set_ylim(bottom=-0.04 * axis.get_ylim()[1])
    axis.tick_params(labelsize=8)
    axis.grid(alpha=0.3)
