"""Loops that a clip has fallen into: the same waveform again and again."""

from collections.abc import Iterator

import numpy as np
from scipy import fft, ndimage

from kaudio.evaluation.loops import Loops, loops
from kaudio.evaluation.steadiness import SHORTEST_PERIOD, steadiness

# A loop is sought in windows of this many seconds: one that comes three times, with a period
# of up to 7 s.
WINDOW_SECONDS = 8.0
TEMPLATE_SECONDS = 1.0
LOOP_SECONDS = 2.0
LOOP_PERIODS = 3
# Of one with a longer period; what is played twice and goes on otherwise has 2.
LONG_PERIODS = 2.25
# The noise between two passes of a loop lies 20 dB below it. Played music never comes near.
LOOP_LIKENESS = 0.99
# Of each quarter of a second; where it is 20 dB below the template, noise may rule.
PART_SECONDS = 0.25
PART_LIKENESS = 0.9
PART_POWER = 0.01
STEADY_TEMPLATE = 0.95


def cycles(
    samples: np.ndarray, sample_rate: int, least_power: float, known: Loops | None = None
) -> list[tuple[int, int, int]]:
    """Finds where a clip repeats its own waveform.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1, finite.
        sample_rate: In Hz.
        least_power: Mean square below which nothing is looked at.
        known: What `loops()` finds in them, if that is known.

    Returns:
        Start, end and period of each loop, in samples: those that come three times with a
        period of 0.05 to 7 s, or else the longest that comes two and a quarter times, with any
        period. They last 2 s or more.
    """
    found = list(_loops(samples, sample_rate, least_power))
    return found or list(_long_loop(samples, sample_rate, least_power, known))


def _long_loop(
    samples: np.ndarray, sample_rate: int, least_power: float, known: Loops | None
) -> Iterator[tuple[int, int, int]]:
    found = known or loops(samples, sample_rate)
    if found.near_at is None or found.near_period is None:
        return
    lag, part = (round(seconds * sample_rate) for seconds in (found.near_period, PART_SECONDS))
    # The original of the middle of the repetition.
    start = round((found.near_at + found.near_seconds / 2) * sample_rate) - lag
    power = np.var(samples[start : start + round(TEMPLATE_SECONDS * sample_rate)], dtype=float)
    if start < 0 or power < least_power:
        return
    first, last = _extent(samples, start, lag, part, PART_POWER * power)
    if last - first >= max(LOOP_SECONDS * sample_rate, LONG_PERIODS * lag):
        yield first, last, lag


def _loops(
    samples: np.ndarray, sample_rate: int, least_power: float
) -> Iterator[tuple[int, int, int]]:
    """Start, end and period of each loop, in samples."""
    size, reached = round(TEMPLATE_SECONDS * sample_rate), 0
    least, part = round(LOOP_SECONDS * sample_rate), round(PART_SECONDS * sample_rate)
    for start in range(0, len(samples) - size, size):
        if start < reached:
            continue
        window = samples[start : start + round(WINDOW_SECONDS * sample_rate)]
        window = _without_rumble(window, sample_rate)
        template = window[:size]
        power = np.mean(template**2)
        if power < least_power or steadiness(template, sample_rate)[1] > STEADY_TEMPLATE:
            continue
        for lag in _lags(window, template, round(SHORTEST_PERIOD * sample_rate)):
            first, last = _extent(samples, start, lag, part, PART_POWER * power)
            # The last part of a loop may be cut short.
            if last - first + part >= max(least, LOOP_PERIODS * lag):
                yield first, last, lag
                reached = last
                break


def _lags(window: np.ndarray, template: np.ndarray, shortest: int) -> list[int]:
    """Where the template comes again in the window that it begins."""
    size = fft.next_fast_len(len(window), real=True)
    spectrum = fft.rfft(window, size) * fft.rfft(template, size).conj()
    products = fft.irfft(spectrum, size)[: len(window) - len(template) + 1]
    energy = np.concatenate([[0], np.cumsum(window**2, dtype=float)])
    energies = energy[len(template) :] - energy[: -len(template)]
    alike = 2 * products / (energies + energies[0])
    places = np.flatnonzero(alike[shortest:] > LOOP_LIKENESS) + shortest
    runs = np.split(places, np.flatnonzero(np.diff(places) > 1) + 1) if len(places) else []
    return [int(run[np.argmax(alike[run])]) for run in runs]


def _extent(samples: np.ndarray, start: int, lag: int, size: int, power: float) -> tuple[int, int]:
    """From where to where the samples around `start` repeat themselves, in parts of `size`."""
    first = last = start
    products = energies = 0.0
    forwards = range(start, len(samples) - size - lag + 1, size)
    for places in (forwards, range(start - size, -1, -size)):
        for place in places:
            x, y = (samples[k : k + size].astype(float) for k in (place, place + lag))
            x, y = x - x.mean(), y - y.mean()
            product, energy = 2 * x @ y, x @ x + y @ y
            if energy > 2 * size * power:
                if product < PART_LIKENESS * energy:
                    break
                first, last = min(first, place), max(last, place + size)
                products, energies = products + product, energies + energy
    return (first, last + lag) if products > LOOP_LIKENESS * energies else (start, start)


def _without_rumble(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Takes away what is slower than the shortest period: it is not heard, and repeats easily."""
    samples = samples.astype("float32")
    return samples - ndimage.uniform_filter1d(samples, round(SHORTEST_PERIOD * sample_rate))
