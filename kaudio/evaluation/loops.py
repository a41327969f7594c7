"""The longest stretch of a clip that comes again: sample for sample, and nearly."""

from dataclasses import dataclass

import numpy as np
from scipy import fft

from kaudio.evaluation.repeats import FRAMES_PER_SECOND, Repeat, repeats
from kaudio.evaluation.sound import SILENCE_DB

# Three steps of 16 bits: what rounding and a player's dither change.
EXACT_DEVIATION = 1e-4
# Candidates for an exact repetition, the longest near ones first.
MOST_CANDIDATES = 32
CORRELATED_SECONDS = 2.0
SHORTEST_EXACT_SECONDS = 0.5


@dataclass(frozen=True)
class Loops:
    """The longest repetitions in a clip; a loop that goes on for long is one long repetition.

    Args:
        exact_seconds: Length of the longest stretch that comes again, 0 if there is none,
            with no sample further off than 1e-4 of full scale.
        exact_at: Where the repetition begins, in seconds, or None. The original begins
            `exact_period` before, so that a loop as a whole lasts from `exact_at -
            exact_period` to `exact_at + exact_seconds`.
        exact_period: By how much the repetition is late, in seconds, or None.
        near_seconds: The same of the longest near repetition, at least `exact_seconds`.
        near_at: See `exact_at`.
        near_period: See `exact_period`.
    """

    exact_seconds: float
    exact_at: float | None
    exact_period: float | None
    near_seconds: float
    near_at: float | None
    near_period: float | None


def loops(samples: np.ndarray, sample_rate: int) -> Loops:
    """Finds the longest exact and the longest near repetition in a clip.

    A near repetition is one whose mel bands change as they did before, over a second and more
    (see `kaudio.evaluation.repeats`, where the threshold is measured). An exact one is sought
    where there is a near one, and holds sample for sample. Held tones, drones, noise and
    silence do not change: they repeat nothing, however alike their samples. Nor is found what
    comes again after less than 0.19 s, which is heard as one sound, or lasts less than 1 s.

    What is normal: pianists who play a passage again come near themselves for 1 s as a rule,
    and for 4.25 s at most. Exact repetitions occur in no played music, but in music put
    together from recordings.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1.
        sample_rate: In Hz.

    Returns:
        The lengths in seconds, exact ones to the sample, near ones to 0.25 s; where they begin;
        and their periods.

    Raises:
        ValueError: If `samples` is not one channel of finite numbers.

    Example:
    >>> loops(np.tile(bar, 5), 16_000)  # a bar of 2 s
    Loops(exact_seconds=8.0, exact_at=2.0, exact_period=2.0, ...)
    """
    samples = np.asarray(samples)
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise ValueError(
            "Expected one channel of finite samples, of shape (num_samples,), received shape "
            f"{samples.shape}{' with NaN or infinity' * (samples.ndim == 1)}. "
            "Pass the mean of the channels, up to the first sample that is not a number."
        )
    samples = samples.astype("float32", copy=False)
    found = repeats(samples, sample_rate)[:MOST_CANDIDATES]
    if not found:
        return Loops(0.0, None, None, 0.0, None, None)
    periods = [_refined(samples, sample_rate, repeat) for repeat in found]
    near = (found[0].seconds, found[0].at, periods[0] / sample_rate)
    spans = [(*_longest_exact(samples, period), period) for period in dict.fromkeys(periods)]
    first, last, period = max(spans, key=lambda span: (span[1] - span[0], -span[2]))
    if last - first < SHORTEST_EXACT_SECONDS * sample_rate:
        return Loops(0.0, None, None, *near)
    exact = ((last - first) / sample_rate, first / sample_rate, period / sample_rate)
    return Loops(*exact, *max(near, exact, key=lambda repetition: repetition[0]))


def _refined(samples: np.ndarray, sample_rate: int, repeat: Repeat) -> int:
    """The period in samples: where the repetition correlates best with what came before."""
    reach = round(3 * sample_rate / FRAMES_PER_SECOND)
    middle = round((repeat.at + repeat.seconds / 2) * sample_rate)
    half = round(min(repeat.seconds, CORRELATED_SECONDS) * sample_rate / 2)
    begin, end = max(0, middle - half), min(len(samples), middle + half)
    period = round(repeat.period * sample_rate)
    earliest = max(0, begin - period - reach)
    before = samples[earliest : end - period + reach].astype(float)
    passage = samples[begin:end].astype(float)
    passage -= passage.mean()
    size = fft.next_fast_len(len(before) + len(passage), real=True)
    spectrum = fft.rfft(before, size) * fft.rfft(passage, size).conj()
    products = fft.irfft(spectrum, size)[: max(1, len(before) - len(passage) + 1)]
    return max(1, int(begin - earliest - np.argmax(products)))


def _longest_exact(samples: np.ndarray, period: int) -> tuple[int, int]:
    """From where to where the samples are those of a period before, silence at the ends aside."""
    same = np.abs(samples[period:] - samples[:-period]) <= EXACT_DEVIATION
    edges = np.flatnonzero(np.diff(same, prepend=False, append=False)).reshape(-1, 2) + period
    best = (0, 0)
    for first, last in edges[np.argsort(edges[:, 0] - edges[:, 1])]:
        if last - first <= best[1] - best[0]:
            break
        heard = np.flatnonzero(np.abs(samples[first:last]) >= 10 ** (SILENCE_DB / 20))
        if len(heard) and heard[-1] + 1 - heard[0] > best[1] - best[0]:
            best = (int(first + heard[0]), int(first + heard[-1]) + 1)
    return best
