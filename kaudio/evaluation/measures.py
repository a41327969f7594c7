"""Quantities of a clip, each beside its range in the music."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kaudio.evaluation.known_music import KnownMusic, excerpts
from kaudio.evaluation.onsets import BEAT_SECONDS
from kaudio.evaluation.over_time import TRACK_UNITS, Track
from kaudio.evaluation.sound import UNITS, WHY_NOT, describe

# What moves within an excerpt is taken from windows.
OF_WINDOWS = ("tonal_clarity", "onset_rate")
# What is a mean itself; of what lies somewhere in the clip, a median would not tell.
MEANS = ("dc", "clipped_share", "silent_share")
# Of fewer whole recordings there is no range to speak of.
FEW_TEMPOS = 5
# The codec of a model may make a clip of 10 s shorter by a frame.
NEARLY = 0.9


@dataclass(frozen=True)
class Measure:
    """A quantity beside its range in the music.

    Args:
        value: Of the clip, or None where it is not defined.
        low: 1 % of the excerpts of the music are lower.
        high: 1 % are higher.
        unit: Of all three.
        why: Why there is no value, or why it is not judged: a shorter clip than the excerpts of
            the music has other extremes.
    """

    value: float | None
    low: float
    high: float
    unit: str
    why: str = ""

    @property
    def inside(self) -> bool | None:
        """Whether the clip lies in the range, or None where that is not defined."""
        if self.value is None or self.why:
            return None
        return self.low <= self.value <= self.high


def measures(samples: np.ndarray, track: Track, music: KnownMusic) -> dict[str, Measure]:
    """Measures a clip, by the names of `kaudio.evaluation.UNITS` and some of curves over time.

    Of the former the median over excerpts of 10 s, of shares and DC the mean; of the tonal clarity
    and of the onsets the median over windows of 2 s; the tempo is that of the whole clip, beside
    whole recordings.

    Args:
        samples: `(num_samples,)`, finite, at the rate of the music.
        track: Of these samples.
        music: What they are set beside.
    """
    rate = music.sample_rate
    parts = excerpts(iter([samples]), rate, music.excerpt_seconds)
    rows = [describe(part, rate) for part in parts]
    seconds, found = len(samples) / rate, {}
    for name, (low, high) in music.ranges.items():
        why = _too_short(seconds, music.excerpt_seconds, "the excerpts")
        values = [row[name] for row in rows]
        if name in MEANS:
            known = [value for value in values if value is not None]
            values = [sum(known) / len(known)] if known else []
        found[name] = _measure(values, low, high, UNITS[name], _why_not(name, samples), why)
    for name in (name for name in OF_WINDOWS if music.windows.has(name)):
        low, high = music.windows.lowest[name], music.windows.highest[name]
        why = _too_short(seconds, music.windows.window_seconds, "the windows")
        values = track.values[name]
        found[name] = _measure(values, low, high, TRACK_UNITS[name], _why_not(name, samples), why)
    if music.tempos:
        low, high = map(float, np.percentile(music.tempos, [1, 99]))
        why = _too_short(seconds, 2 * BEAT_SECONDS, "two windows")
        if len(music.tempos) < FEW_TEMPOS:
            why = why or f"fewer than {FEW_TEMPOS} recordings have a beat"
        unit, values = "share of windows", [track.tempo_stability]
        found["tempo_stability"] = _measure(values, low, high, unit, "no beat", why)
    return found


def _why_not(name: str, samples: np.ndarray) -> str:
    return WHY_NOT.get(name, "no samples") if len(samples) else "no samples"


def _too_short(seconds: float, least: float, what: str) -> str:
    return f"shorter than {what} of {least:.3g} s" if seconds < NEARLY * least else ""


def _measure(
    values: Iterable[float | None], low: float, high: float, unit: str, missing: str, short: str
) -> Measure:
    known = [value for value in values if value is not None and np.isfinite(value)]
    if not known:
        return Measure(None, low, high, unit, missing)
    return Measure(float(np.median(known)), low, high, unit, short)
