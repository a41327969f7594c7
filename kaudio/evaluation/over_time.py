"""How a piece of audio is from one moment to the next: its sound as curves over time."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from kaudio.evaluation import sound
from kaudio.evaluation.clarity import tonal_clarity
from kaudio.evaluation.onsets import PIECE_SECONDS, Flux, onsets, tempo_stability

TRACK_UNITS = {
    "level_db": "dBFS",
    "dc": "full scale",
    "clipped_share": "share of samples",
    "silent_share": "share of frames",
    "spectral_centroid": "Hz",
    "spectral_flatness": "0 to 1",
    "tonal_clarity": "0 to 1",
    "onset_rate": "onsets per second",
}
# The level of digital silence, which has none, so that a fall to it is a number.
LOWEST_DB = -120.0


@dataclass(frozen=True, eq=False)
class Track:
    """Curves over time.

    Args:
        times: The middles of the windows, in seconds, `(num_windows,)`, rising.
        values: For each name in `TRACK_UNITS` an array `(num_windows,)` in that unit, with NaN
            where it is not defined: a window of silence has no centroid.
        window_seconds: Length of the windows.
        tempo_stability: Of the whole, 0 to 1, or None: see `kaudio.evaluation.onsets`.
    """

    times: np.ndarray
    values: dict[str, np.ndarray]
    window_seconds: float
    tempo_stability: float | None = None


def over_time(
    audio: np.ndarray | Iterable[np.ndarray],
    sample_rate: int,
    window_seconds: float = 2.0,
    hop_seconds: float = 1.0,
) -> Track:
    """Measures audio in windows that move on.

    The curves are level, DC, clipping, silence, centroid and flatness as `kaudio.evaluation.
    describe` defines them, where the level of digital silence is -120 dBFS; the tonal clarity
    (`kaudio.evaluation.clarity`); and the onsets per second (`kaudio.evaluation.onsets`).

    Args:
        audio: A waveform of shape `(num_samples,)`, full scale at -1 and 1, or its blocks one
            after another, as `kaudio.audio.blocks` reads them: then hours fit in memory.
        sample_rate: In Hz, at least 1000.
        window_seconds: Length of a window, at least 0.2. Audio that is shorter makes one window
            of what there is.
        hop_seconds: From the beginning of a window to that of the next, at most a window.

    Returns:
        A value of each curve for each window that lies wholly within the audio; what is left at
        the end, less than a hop, is not looked at.

    Raises:
        ValueError: If the audio is not one channel of finite numbers, the windows are too short,
            or the hops too long.

    Example:
    >>> track = over_time(kaudio.audio.blocks("clip.wav", 16_000), 16_000)
    >>> track.values["level_db"].shape == track.times.shape
    True
    """
    if not (window_seconds >= 0.2 and 0 < hop_seconds <= window_seconds):
        raise ValueError(
            "Expected windows of at least 0.2 s and hops of at most a window, received windows "
            f"of {window_seconds} s and hops of {hop_seconds} s. Make the windows longer."
        )
    window, hop = round(window_seconds * sample_rate), max(1, round(hop_seconds * sample_rate))
    flux, rows = Flux(sample_rate), []
    rest = np.empty(0, "float32")
    for piece in _pieces(audio, sample_rate):
        flux.add(piece)
        rest = np.concatenate([rest, piece])
        while len(rest) >= window:
            rows.append(_measure(rest[:window], sample_rate))
            rest = rest[hop:]
    if not rows and len(rest):
        rows, window = [_measure(rest, sample_rate)], len(rest)
    starts = np.arange(len(rows)) * hop / sample_rate
    length = window / sample_rate
    values = {name: np.array([row[name] for row in rows], float) for name in TRACK_UNITS if rows}
    rises = flux.values()
    places = onsets(rises) * flux.hop / sample_rate
    counts = np.searchsorted(places, starts + length) - np.searchsorted(places, starts)
    values["onset_rate"] = counts / length
    return Track(
        starts + length / 2,
        {name: values.get(name, starts) for name in TRACK_UNITS},
        length,
        tempo_stability(rises),
    )


def _measure(samples: np.ndarray, sample_rate: int) -> dict[str, float | None]:
    level = sound.level_db(samples)
    return {
        "level_db": LOWEST_DB if level is None else max(level, LOWEST_DB),
        "dc": sound.dc(samples),
        "clipped_share": sound.clipped_share(samples),
        "silent_share": sound.silent_share(samples, sample_rate),
        "spectral_centroid": sound.spectral_centroid(samples, sample_rate),
        "spectral_flatness": sound.spectral_flatness(samples, sample_rate),
        "tonal_clarity": tonal_clarity(samples, sample_rate),
        "onset_rate": None,
    }


def _pieces(audio: np.ndarray | Iterable[np.ndarray], sample_rate: int) -> Iterator[np.ndarray]:
    """The audio in pieces of at most 10 s, checked."""
    size, count = round(PIECE_SECONDS * sample_rate), 0
    for block in [audio] if isinstance(audio, np.ndarray) else audio:
        block = np.asarray(block)
        if block.ndim != 1:
            raise ValueError(
                f"Expected samples of shape (num_samples,), received shape {block.shape}. "
                "Pass one channel, or the mean of the channels."
            )
        for start in range(0, len(block), size):
            piece = block[start : start + size].astype("float32")
            broken = np.flatnonzero(~np.isfinite(piece))
            if len(broken):
                raise ValueError(
                    "Expected finite samples, received NaN or infinity at "
                    f"{(count + broken[0]) / sample_rate:.2f} s. The model that gave them has "
                    "diverged: pass what is before."
                )
            count += len(piece)
            yield piece
