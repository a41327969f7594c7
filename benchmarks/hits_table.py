"""Generated hits beside real ones, as a table in Markdown: see `benchmarks.hits`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kaudio.audio.pitch import pitch
from kaudio.data.tags import semitones
from kaudio.evaluation.hits import describe_hit, level_over_time

FLOOR_DB = -60.0  # differences below it are not heard
LOUD_DB, QUIET_DB = -20.0, -50.0  # beside the peak of the real hit
AT_ONCE_SECONDS = 0.05
COLUMNS = {
    "level": "level, dB",
    "attack_ms": "attack, ms",
    "decay_20_ms": "−20 dB, ms",
    "decay_60_ms": "−60 dB, ms",
    "spectral_centroid": "centroid, Hz",
    "noise_floor_db": "end, dB",
}
HEAD = ["", "hits", "one hit", "pitch", *COLUMNS.values()]


@dataclass(frozen=True)
class Sound:
    """A recording as the model was to learn it.

    Args:
        name: Of its file.
        kind: Of its folder.
        held_out: Whether it was kept from training.
        told: Its condition, `(channels,)`.
        pitch: In semitones, or None.
        real: Its samples as the codec keeps them, `(num_samples,)`.
    """

    name: str
    kind: str
    held_out: bool
    told: np.ndarray
    pitch: float | None
    real: np.ndarray


@dataclass(frozen=True)
class Answer:
    """A hit in numbers, and the sound that was asked for in numbers."""

    hit: dict[str, Any]
    real: dict[str, Any]
    pitch: float | None


def describe(hit: np.ndarray, sample_rate: int) -> dict[str, Any]:
    """`describe_hit`, the level over time, and the pitch in semitones."""
    level, found = level_over_time(hit, sample_rate).clip(FLOOR_DB), pitch(hit, sample_rate)
    note = None if found is None else semitones(found)
    return {**describe_hit(hit, sample_rate), "level": level, "pitch": note}


def noises(real: np.ndarray, sample_rate: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """White noise in the envelope of a sound, and white noise of its power."""
    noise = np.random.default_rng(seed).standard_normal(len(real))
    # A sine at full scale is at 0 dB: a power of a half.
    envelope = 10 ** (level_over_time(real, sample_rate) / 20) / np.sqrt(2)
    return envelope * noise, real.std() * noise


def is_one_hit(hit: np.ndarray, real: np.ndarray, sample_rate: int) -> bool:
    """Whether a hit begins at once, and not again after it has died away: from their levels."""
    loud = np.flatnonzero(hit > real.max() + LOUD_DB)
    quiet = np.flatnonzero(hit < real.max() + QUIET_DB)
    if not len(loud) or loud[0] > AT_ONCE_SECONDS * sample_rate:
        return False
    return not (quiet[np.searchsorted(quiet, loud[0]) :] < loud[-1]).any()


def cells(answers: Sequence[Answer], sample_rate: int) -> list[str]:
    """Shares and median distances as text, in the order of `HEAD` from its second on."""
    once = [is_one_hit(a.hit["level"], a.real["level"], sample_rate) for a in answers]
    right = [_is_right(a.hit["pitch"], a.pitch) for a in answers if a.pitch is not None]
    texts = [str(len(answers)), _share(once), _share(right)]
    for name in COLUMNS:
        texts.append(_median([_distance(a.hit[name], a.real[name]) for a in answers]))
    return texts


def _distance(a: Any, b: Any) -> float | None:
    return None if a is None or b is None else float(np.abs(a - b).mean())


def _share(found: Sequence[bool]) -> str:
    return f"{np.mean(found):.0%}" if found else "–"


def _median(values: Sequence[float | None]) -> str:
    """The median of what is known, and which share of it all that is."""
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    middle, share = np.median(known), len(known) / len(values)
    text = f"{middle:.0f}" if abs(middle) >= 20 else f"{middle:.1f}"
    return f"{text} ({share:.0%})" if share < 1 else text


def _is_right(found: float | None, told: float) -> bool:
    return found is not None and abs(found - told) <= 0.5


def table(sounds: Sequence[Sound], made: dict[str, np.ndarray], sample_rate: int) -> str:
    """A table in Markdown of the sounds of a kind: medians of the real ones, then distances.

    Args:
        sounds: All of the kind.
        made: By the name of a row, hits for each sound, `(sounds, seeds, num_samples)`.
        sample_rate: In Hz.
    """
    real = [describe(sound.real, sample_rate) for sound in sounds]
    told = [sound.pitch for sound in sounds]
    hits = {f"generated, {name}": rows for name, rows in made.items()}
    pairs = [noises(s.real, sample_rate, i) for i, s in enumerate(sounds)]
    hits["noise in its envelope"] = np.array([[pair[0]] for pair in pairs])
    hits["plain noise"] = np.array([[pair[1]] for pair in pairs])
    found = {
        name: [[describe(hit, sample_rate) for hit in of_sound] for of_sound in rows]
        for name, rows in hits.items()
    }
    found["another real one"] = [[r for r in real if r is not own] for own in real]
    lines = [HEAD, ["---", *["---:"] * (len(HEAD) - 1)]]
    for held_out, part in ((False, "training"), (True, "held out")):
        which = [i for i, sound in enumerate(sounds) if sound.held_out == held_out]
        if not which:
            continue
        own = [Answer(real[i], real[i], told[i]) for i in which]
        shares, names = cells(own, sample_rate)[:3], [*COLUMNS][1:]
        medians = [_median([real[i][name] for i in which]) for name in names]
        lines.append([f"{part}: real", *shares, "–", *medians])
        for name, rows in found.items():
            answers = [Answer(hit, real[i], told[i]) for i in which for hit in rows[i]]
            lines.append([f"{part}: {name}", *cells(answers, sample_rate)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
