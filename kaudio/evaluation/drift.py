"""Whether audio stays as music is, or drifts away from it, when, and in what."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from kaudio.evaluation.music_range import MusicRange
from kaudio.evaluation.over_time import TRACK_UNITS, Track

LEAVE_SECONDS = 10.0
# A clip that ends before has left if it is outside for its last quarter, three windows or more.
END_SHARE, END_WINDOWS = 0.25, 3
# Real music is outside now and then: by the percentiles, 2 % of the time.
STAYS_SHARE = 0.8
# The slope takes all pairs of windows: of hours, as many as show it.
MOST_WINDOWS = 1_000


@dataclass(frozen=True)
class CurveDrift:
    """What one curve does.

    Args:
        inside: Share of the windows, 0 to 1, that lie in the range of music, of those where the
            curve is defined; NaN where it never is, or not in the music.
        left_at: The middle of the window, in seconds, from which on those of the next 10 s all
            lie outside; or all to its end, a quarter of the clip or more; or None.
        slope: Its change per minute, in its unit: the median over all pairs of windows (Sen,
            "Estimates of the Regression Coefficient Based on Kendall's Tau", 1968).
        first: Its median over the first third of the clip.
        last: Its median over the last third.
        low: Where the range of music begins.
        high: Where it ends.
    """

    inside: float
    left_at: float | None
    slope: float
    first: float
    last: float
    low: float
    high: float

    @property
    def how_far(self) -> float:
        """How far it ends outside the range, in widths of that range; 0 within it."""
        if not np.isfinite(self.last):
            return 0.0
        beyond = max(self.low - self.last, self.last - self.high, 0.0)
        return beyond / max(self.high - self.low, 1e-9)


@dataclass(frozen=True, eq=False)
class Drift:
    """What a clip does over its length.

    Args:
        curves: By name, in the order of `TRACK_UNITS`.
        left_at: The earliest time at which a curve leaves the range of music, or None.
        left_by: Which curve that is, or None.
        seconds: Where the clip ends.
        start: The middle of the first window, in seconds.
    """

    curves: dict[str, CurveDrift]
    left_at: float | None
    left_by: str | None
    seconds: float
    start: float = 0.0

    @property
    def least_inside(self) -> tuple[str, float] | None:
        """Which curve is inside for the least share of the time, and for which."""
        defined = {k: curve.inside for k, curve in self.curves.items() if curve.inside >= 0}
        return min(defined.items(), key=lambda item: item[1]) if defined else None

    @property
    def stays(self) -> bool | None:
        """Whether each curve is inside for four fifths of the time, or None if none is defined.

        One that goes in and out neither stays nor leaves.
        """
        least = self.least_inside
        return None if least is None else self.left_at is None and least[1] >= STAYS_SHARE

    def said(self) -> str:
        """The result as a sentence, such as "it leaves the range of music after 51 s"."""
        least = self.least_inside
        if least is None:
            return "Whether it drifts is not defined: it is too short."
        if self.left_at is None or self.left_by is None:
            how = "stays in" if self.stays else "goes in and out of"
            start = f"It {how} the range of music for all of its {self.seconds:.0f} s"
            if least[1] == 1:
                return f"{start}, in all {len(TRACK_UNITS)} curves."
            return (
                f"{start}; its {_words(least[0])} is inside for {least[1]:.0%} of the time, the "
                "others for as much or more."
            )
        curve = self.curves[self.left_by]
        which = f"its {_words(self.left_by)} ({TRACK_UNITS[self.left_by]})"
        music = f"that of music is {curve.low:.3g} to {curve.high:.3g}"
        if self.from_the_start:
            return (
                f"It is outside the range of music from the start: {which} is {_told(curve.first)} "
                f"in the first third of its {self.seconds:.0f} s and {_told(curve.last)} in the "
                f"last; {music}."
            )
        return (
            f"It leaves the range of music after {self.left_at:.0f} of its {self.seconds:.0f} s: "
            f"{which} goes from {_told(curve.first)} in the first third to {_told(curve.last)} in "
            f"the last; {music}."
        )

    @property
    def from_the_start(self) -> bool:
        """Whether a curve is outside from the first window on."""
        return self.left_at is not None and self.left_at <= self.start


def drift(track: Track, music: MusicRange) -> Drift:
    """Says how the curves of a clip move against the range in which music lies.

    Args:
        track: Of the clip, from `over_time`.
        music: Of the training music, with windows of the same length.

    Returns:
        For each curve how much of it lies inside, when it leaves, and how it moves. Played music
        leaves as well, where it pauses, or for a passage louder than all others: compare with
        what held-out recordings do.

    Raises:
        ValueError: If the clip is shorter than the windows of the music: what lasts a moment
            differs more than the range allows.

    Example:
    >>> drift(over_time(clip, 16_000), music).said()
    'It leaves the range of music after 51 of its 600 s: ...'
    """
    if len(track.times) and track.window_seconds < 0.99 * music.window_seconds:
        raise ValueError(
            f"Drift is sought in clips of {music.window_seconds:.3g} s or longer, the windows of "
            f"the music. Received: {track.window_seconds:.3g} s."
        )
    curves = {name: _curve(track, name, music) for name in TRACK_UNITS}
    times = {name: curve.left_at for name, curve in curves.items() if curve.left_at is not None}
    # Of those that leave at once, the one that goes farthest.
    left_by = min(times, key=lambda name: (times[name], -curves[name].how_far), default=None)
    if not len(track.times):
        return Drift(curves, None, None, 0.0)
    seconds = float(track.times[-1]) + track.window_seconds / 2
    return Drift(
        curves, times[left_by] if left_by else None, left_by, seconds, float(track.times[0])
    )


def _curve(track: Track, name: str, music: MusicRange) -> CurveDrift:
    values, times = track.values[name], track.times
    defined = np.isfinite(values)
    low, high = music.lowest[name], music.highest[name]
    if not defined.any():
        return CurveDrift(np.nan, None, np.nan, np.nan, np.nan, low, high)
    outside = music.outside(name, values)
    thirds = np.array_split(values, 3) if len(values) >= 3 else [values, values, values]
    first, last = (
        np.median(part[np.isfinite(part)]) if np.isfinite(part).any() else np.nan
        for part in (thirds[0], thirds[-1])
    )
    return CurveDrift(
        inside=float(1 - outside.sum() / defined.sum()) if music.has(name) else np.nan,
        left_at=_left_at(times, outside),
        slope=_slope(times[defined] / 60, values[defined]),
        first=float(first),
        last=float(last),
        low=low,
        high=high,
    )


def _left_at(times: np.ndarray, outside: np.ndarray) -> float | None:
    hop = times[1] - times[0] if len(times) > 1 else LEAVE_SECONDS
    count = min(len(times), max(1, round(LEAVE_SECONDS / hop)))
    runs = np.lib.stride_tricks.sliding_window_view(outside, count).all(axis=1)
    if runs.any():
        return float(times[np.argmax(runs)])
    inside = np.flatnonzero(~outside)
    last = len(times) - 1 - inside[-1]
    enough = last >= max(END_WINDOWS, END_SHARE * len(times))
    return float(times[-last]) if enough else None


def _slope(minutes: np.ndarray, values: np.ndarray) -> float:
    if len(values) < 2:
        return float("nan")
    chosen = np.unique(np.linspace(0, len(values) - 1, MOST_WINDOWS).astype(int))
    return float(stats.theilslopes(values[chosen], minutes[chosen]).slope)


def _told(value: float) -> str:
    return f"{value:.3g}" if np.isfinite(value) else "none"


def _words(name: str) -> str:
    return name.removesuffix("_db").replace("_", " ")
