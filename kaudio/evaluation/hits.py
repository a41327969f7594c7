"""What a single hit is like, in numbers: how it begins, dies away and ends.

A hit is a finite array of shape `(num_samples,)` with full scale at -1 and 1.
"""

from collections.abc import Iterable, Sequence
from itertools import permutations

import numpy as np
from scipy import ndimage, signal

from kaudio.evaluation.sound import FRAME_SECONDS, ROUNDING_POWER, spectral_centroid

HIT_UNITS = {
    "attack_ms": "ms",
    "decay_20_ms": "ms",
    "decay_60_ms": "ms",
    "decay_slope": "dB/s",
    "spectral_centroid": "Hz",
    "noise_floor_db": "dBFS",
}

ATTACK_SECONDS = 0.002
DECAY_SECONDS = 0.01
HALF_PERIOD_SECONDS = 1 / 60  # of the lowest tone without ripples
END_SHARE = 0.1


def describe_hit(samples: np.ndarray, sample_rate: int) -> dict[str, float | None]:
    """Measures a hit.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1.
        sample_rate: In Hz.

    Returns:
        A value for each name in `HIT_UNITS`, in that unit, or None where it is not defined, as
        in silence.

        - `"attack_ms"`: from the last time before the peak of the energy that 10 % of it were
          not reached to the first that 90 % were. A step has 1 ms.
        - `"decay_20_ms"`, `"decay_60_ms"`: from the peak until the energy is 20 dB and 60 dB
          lower for the first time; None if that is never.
        - `"decay_slope"`: of the line that fits the level best, from the peak until it is 20 dB
          lower. Where that is never, the line fits all from 20 dB below the peak on: it is about
          0 for a tone that does not die away, and above 0 for one that grows.
        - `"spectral_centroid"`: as in `describe`. A hit of less than 50 ms has one too.
        - `"noise_floor_db"`: level of the last tenth about its mean, -101 dBFS at the least: the
          rounding noise of 16 bits.

    Example:
    >>> time = np.arange(16_000) / 16_000
    >>> hit = np.sin(2 * np.pi * 440 * time) * 10 ** (-60 * time / 20)  # 60 dB a second
    >>> round(describe_hit(hit, 16_000)["decay_slope"])
    -60
    """
    frame = max(4, round(FRAME_SECONDS * sample_rate))
    padded = np.pad(samples, (0, max(0, frame - len(samples))))
    end = samples[len(samples) - max(1, round(END_SHARE * len(samples))) :]
    onset = level_over_time(samples, sample_rate, ATTACK_SECONDS)
    level = level_over_time(samples, sample_rate)
    return {
        "attack_ms": _attack_ms(onset, sample_rate),
        "decay_20_ms": _decay_ms(level, sample_rate, 20),
        "decay_60_ms": _decay_ms(level, sample_rate, 60),
        "decay_slope": _decay_slope(level, sample_rate),
        "spectral_centroid": spectral_centroid(padded, sample_rate),
        "noise_floor_db": float(_decibels(end.var(dtype=float))) if len(end) else None,
    }


def compare_hits(
    generated: Sequence[np.ndarray], real: Sequence[np.ndarray], sample_rate: int
) -> dict[str, dict[str, float | None]]:
    """Compares generated hits with the real ones they were to be like, pair by pair.

    Args:
        generated: Hits, each an array of shape `(num_samples,)`.
        real: For each of them, the real one.
        sample_rate: In Hz, of all.

    Returns:
        For each name in `HIT_UNITS`, in that unit: `"generated"` and `"real"`, the medians;
        `"error"`, the median distance from a generated hit to its real one; `"chance"`, that
        from a real hit to any other real one, which is what perfect hits of a wrong kind would
        score; `"compared"`, the share of the pairs in which both have a value. None where
        nothing has one.

    Raises:
        ValueError: If there are no hits, or not one real for each generated.
    """
    if not len(generated) == len(real) > 0:
        raise ValueError(
            "Expected as many real hits as generated ones, at least one of each, received "
            f"{len(real)} real and {len(generated)} generated. Give each its counterpart."
        )
    made = [describe_hit(hit, sample_rate) for hit in generated]
    true = [describe_hit(hit, sample_rate) for hit in real]
    rows = {}
    for name in HIT_UNITS:
        a, b = [hit[name] for hit in made], [hit[name] for hit in true]
        pairs = list(zip(a, b, strict=True))
        rows[name] = {
            "generated": _median(a),
            "real": _median(b),
            "error": _median(_distances(pairs)),
            "chance": _median(_distances(permutations(b, 2))),
            "compared": len(_distances(pairs)) / len(pairs),
        }
    return rows


def level_over_time(
    samples: np.ndarray, sample_rate: int, seconds: float = DECAY_SECONDS
) -> np.ndarray:
    """The energy at each sample in dBFS, a sine at full scale 0, smoothed over `seconds`."""
    if not len(samples):
        return np.empty(0)
    # The analytic signal has the energy of a low tone free of ripples, but it rings on where the
    # tone ends: nothing is louder than the samples near it. Padding keeps it from wrapping round.
    padded = np.pad(samples.astype(float), (0, len(samples)))
    power = np.abs(signal.hilbert(padded)[: len(samples)]) ** 2
    near = 2 * round(HALF_PERIOD_SECONDS / 2 * sample_rate) + 1
    power = np.minimum(power, ndimage.maximum_filter1d(padded[: len(samples)] ** 2, near))
    width = max(1, round(seconds / 2 * sample_rate))
    for _ in range(2):
        power = ndimage.uniform_filter1d(power, width, mode="nearest")
    return _decibels(np.maximum(power, 0))


def _attack_ms(level: np.ndarray, sample_rate: int) -> float | None:
    if not _is_heard(level):
        return None
    rise = level[: level.argmax() + 1] - level.max()
    low = np.flatnonzero(rise < 10 * np.log10(0.1))
    high = np.flatnonzero(rise >= 10 * np.log10(0.9))
    start = low[low < high[0]][-1] if (low < high[0]).any() else 0
    return float(1000 * (high[0] - start) / sample_rate)


def _decay_ms(level: np.ndarray, sample_rate: int, by: float) -> float | None:
    fallen = np.flatnonzero(_decay(level) < -by)
    return float(1000 * fallen[0] / sample_rate) if len(fallen) else None


def _decay_slope(level: np.ndarray, sample_rate: int) -> float | None:
    decay = _decay(level)
    fallen = np.flatnonzero(decay < -20)
    if len(fallen):
        decay = decay[: fallen[0]]
    elif len(decay):
        decay = level[np.flatnonzero(level > level.max() - 20)[0] :]
    if len(decay) < 2:
        return None
    return float(np.polyfit(np.arange(len(decay)) / sample_rate, decay, 1)[0])


def _decay(level: np.ndarray) -> np.ndarray:
    """From the peak on, in dB below it."""
    return level[level.argmax() :] - level.max() if _is_heard(level) else np.empty(0)


def _is_heard(level: np.ndarray) -> bool:
    return len(level) > 0 and level.max() > _decibels(0.0) + 1


def _decibels(power: np.ndarray | float) -> np.ndarray:
    return 10 * np.log10(power + ROUNDING_POWER)


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None


def _distances(pairs: Iterable[tuple[float | None, float | None]]) -> list[float]:
    return [abs(a - b) for a, b in pairs if a is not None and b is not None]
