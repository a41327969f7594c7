"""Where music lies: the range that clips are judged by."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from kaudio.evaluation.over_time import TRACK_UNITS, Track

# What nobody hears is not drift, though recordings may differ by less: an offset of -60 dBFS,
# and one clipped sample in a thousand.
SLACK = {"dc": 1e-3, "clipped_share": 1e-3}


@dataclass(frozen=True, eq=False)
class MusicRange:
    """Where music lies.

    Args:
        lowest: For each curve of a `Track`.
        highest: For each curve.
        window_seconds: How long windows are, of music as a rule: those of one-shots differ.
    """

    lowest: dict[str, float]
    highest: dict[str, float]
    window_seconds: float = 0.0

    @classmethod
    def of(cls, tracks: Iterable[Track], low: float = 1.0, high: float = 99.0) -> "MusicRange":
        """Learns the range from music, as percentiles over all windows of all tracks.

        Args:
            tracks: Of the training music, measured with the windows of what will be judged.
            low: The percentile at the lower end, 0 to 100.
            high: The percentile at the upper end. By the default 2 % of the windows of the music
                itself lie outside. DC and clipping are given 0.001 more to each side.

        Returns:
            The range, NaN to NaN for a curve that is not defined anywhere.

        Raises:
            ValueError: If there is no window.

        Example:
        >>> music = MusicRange.of(over_time(blocks(path, 16_000), 16_000) for path in paths)
        """
        tracks = list(tracks)
        if not sum(len(track.times) for track in tracks):
            raise ValueError(
                f"Expected music to learn the range from, received {len(tracks)} tracks "
                "without a window. Pass at least one recording that has samples."
            )
        lowest, highest = {}, {}
        for name in TRACK_UNITS:
            values = np.concatenate([track.values[name] for track in tracks])
            values = values[np.isfinite(values)]
            ends = np.percentile(values, [low, high]) if len(values) else (np.nan, np.nan)
            lowest[name] = float(ends[0]) - SLACK.get(name, 0.0)
            highest[name] = float(ends[1]) + SLACK.get(name, 0.0)
        lengths = [track.window_seconds for track in tracks if len(track.times)]
        return cls(lowest, highest, float(np.median(lengths)))

    def has(self, name: str) -> bool:
        """Whether a curve is defined anywhere in the music."""
        return bool(np.isfinite(self.lowest[name]))

    def outside(self, name: str, values: np.ndarray) -> np.ndarray:
        """Which values lie outside; not those that are not defined."""
        return (values < self.lowest[name]) | (values > self.highest[name])
