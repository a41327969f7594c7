"""Recordings as they might have been: other speed, instrument, room, noise, and codec."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kaudio.codecs import MuLaw

# Samples read on both sides of a clip and thrown away: what a filter smears comes from there.
MARGIN = 1024
# The equaliser has a random gain for each of so many octaves below the highest frequency.
OCTAVES = 8
# Of its curve, for each octave: enough to be smooth.
POINTS = 16
# Of linear quantisation, relative to the peak of a clip, so that soft ones are not lost.
BITS = (7, 12)
MU_LAW = MuLaw(sample_rate=1)  # is the same at any rate


@dataclass(frozen=True)
class Augment:
    """Changes a clip as another recording of it would: what must not matter is made to vary.

    In this order: speed and equaliser, polarity, noise, gain, quantisation. Where the result is
    beyond full scale it is brought down to it. 0 leaves a change out, and so `Augment(0, 0, 0, 0,
    0, 0, 0)` reads a clip as it is.

    Args:
        gain_db: The most that a clip is made louder or softer, in dB.
        polarity: Share of the clips that are turned upside down, 0 to 1.
        semitones: The most that a clip is played faster and higher, or slower and lower.
        equaliser_db: Standard deviation of the gain of each octave, in dB.
        tilt_db: Standard deviation of the tilt of the whole spectrum, in dB for each octave.
        noise: Share of the clips with noise, 0 to 1; it is anything from white to pink.
        quantise: Share of the clips that are quantised, 0 to 1: half of them as 8-bit mu-law, the
            others to 7 to 12 bits.
        noise_db: The softest and the loudest noise, in dB relative to the peak of the clip.

    Call arguments:
        read: Gives the number of samples it is asked for, `(samples,)`: some more than `length`,
            since a faster clip takes more of a recording.
        length: Samples to return.
        rng: Random numbers. The same ones make the same clip.

    Returns:
        `(length,)` in float32.

    Raises:
        ValueError: If a parameter is out of its range.

    Example:
    >>> augment = Augment(semitones=1.0)
    >>> augment(lambda count: recording.read(0, count), 63_000, np.random.default_rng(0)).shape
    (63000,)
    """

    gain_db: float = 12.0
    polarity: float = 0.5
    semitones: float = 2.0
    equaliser_db: float = 6.0
    tilt_db: float = 1.0
    noise: float = 0.8
    quantise: float = 0.25
    noise_db: tuple[float, float] = (-80.0, -35.0)

    def __post_init__(self) -> None:
        for name in ("gain_db", "semitones", "equaliser_db", "tilt_db"):
            value = getattr(self, name)
            if not 0 <= value < np.inf:
                raise ValueError(f"`{name}` must be at least 0. Received: {name}={value}.")
        for name in ("polarity", "noise", "quantise"):
            value = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"`{name}` is a share, from 0 to 1. Received: {name}={value}.")
        softest, loudest = self.noise_db
        if not softest <= loudest <= 0:
            raise ValueError(
                "`noise_db` must be two levels in dB, the softest first, none above 0. Received: "
                f"noise_db={self.noise_db}."
            )

    def __call__(
        self, read: Callable[[int], np.ndarray], length: int, rng: np.random.Generator
    ) -> np.ndarray:
        speed = 2 ** (rng.uniform(-self.semitones, self.semitones) / 12)
        if self.semitones or self.equaliser_db or self.tilt_db:
            curve = random_curve(self.equaliser_db, self.tilt_db, rng)
            samples = played(read, length, speed, curve)
        else:
            samples = np.array(read(length), "float32")
        if rng.random() < self.polarity:
            samples = -samples
        if rng.random() < self.noise:
            level = 10 ** (rng.uniform(*self.noise_db) / 20)
            samples += level * _peak(samples) * random_noise(length, rng.random(), rng)
        samples *= np.float32(10 ** (rng.uniform(-self.gain_db, self.gain_db) / 20))
        samples /= max(1.0, _peak(samples))
        if rng.random() < self.quantise:
            samples = quantised(samples, rng)
        return samples


def played(
    read: Callable[[int], np.ndarray], length: int, speed: float, curve: np.ndarray
) -> np.ndarray:
    """Plays a recording faster or slower, through an equaliser, as loud as it was.

    Both are done in the spectrum: cut off or filled up with zeros it is that of another sample
    rate, and nothing is folded back.

    Args:
        read: Gives the number of samples it is asked for.
        length: Samples to return.
        speed: How much faster, and higher, such as 2 for an octave; met to about a cent.
        curve: Gains, from the lowest to the highest frequency, `OCTAVES` below it.

    Returns:
        `(length,)` in float32.
    """
    count, total = _quick_sizes(length + 2 * MARGIN, speed)
    samples = np.array(read(count), "float32")
    before = _level(samples)
    # A spectrum is that of a loop, which must not click where it starts again.
    fade = np.linspace(0, 1, MARGIN // 2, dtype="float32")
    samples[: len(fade)] *= fade
    samples[-len(fade) :] *= fade[::-1]
    spectrum = np.fft.rfft(samples)[: total // 2 + 1]
    octaves = np.log2(np.arange(1, len(spectrum) + 1, dtype="float32") / (total / 2))
    gains = np.interp(octaves, np.linspace(-OCTAVES, 0, len(curve)), curve)
    spectrum *= gains.astype("float32")
    start = (total - length) // 2
    found = np.fft.irfft(spectrum, total)[start : start + length] * np.float32(total / count)
    return found if np.ptp(curve) == 0 else found * (before / max(_level(found), 1e-12))


def random_curve(equaliser_db: float, tilt_db: float, rng: np.random.Generator) -> np.ndarray:
    """Gains of a smooth random equaliser, `(OCTAVES * POINTS + 1,)`, low to high, evenly spaced.

    Args:
        equaliser_db: Standard deviation of the gain of each octave, in dB.
        tilt_db: Standard deviation of the tilt, in dB for each octave.
        rng: Random numbers.
    """
    knots, tilt = equaliser_db * rng.standard_normal(OCTAVES + 1), tilt_db * rng.standard_normal()
    octave = np.linspace(0, OCTAVES, OCTAVES * POINTS + 1)
    # Between the knots it starts and ends level, without a corner.
    part = octave % 1
    decibels = np.interp(octave // 1 + part**2 * (3 - 2 * part), range(OCTAVES + 1), knots)
    return (10 ** ((decibels + tilt * (octave - OCTAVES / 2)) / 20)).astype("float32")


def random_noise(length: int, slope: float, rng: np.random.Generator) -> np.ndarray:
    """Noise `(length,)` in float32 with a standard deviation of 1.

    Args:
        length: Samples.
        slope: The power falls with the frequency to this power: 0 is white, 1 pink.
        rng: Random numbers.
    """
    size, _ = _quick_sizes(length)
    bins = size // 2 + 1
    spectrum = rng.standard_normal(2 * bins, dtype="float32").view("complex64")
    spectrum *= np.arange(1, bins + 1, dtype="float32") ** np.float32(-slope / 2)
    noise = np.fft.irfft(spectrum, size)[:length]
    return noise / _level(noise)


def quantised(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Rounds samples as a codec does: 8-bit mu-law, or equal steps relative to their peak."""
    if rng.random() < 0.5:
        return MU_LAW.decode(MU_LAW.encode(samples)).astype("float32")
    step = np.float32(max(_peak(samples), 1e-9) / 2 ** (rng.integers(BITS[0], BITS[1] + 1) - 1))
    return np.round(samples / step) * step


def _quick_sizes(least: int, speed: float = 1.0) -> tuple[int, int]:
    """Two sizes, as one to `speed`, whose Fourier transforms are quick: no large prime factors."""
    # Of 63 000 samples the slowest take ten times as long as the quickest.
    sizes = _smooth_numbers(int(2 * least * max(1.0, speed)).bit_length())
    first = np.searchsorted(sizes, least)
    totals = sizes[first : first + 16]
    after = np.minimum(np.searchsorted(sizes, totals * speed), len(sizes) - 1)
    counts = np.concatenate([sizes[after], sizes[np.maximum(after - 1, 0)]])
    best = np.abs(counts / np.tile(totals, 2) - speed).argmin()
    return int(counts[best]), int(totals[best % len(totals)])


@lru_cache
def _smooth_numbers(bits: int) -> np.ndarray:
    """Numbers of so many bits at most with no prime factors but 2, 3, 5, 7 and 11, rising."""
    numbers = np.ones(1, "int64")
    for prime in (2, 3, 5, 7, 11):
        powers = [prime**i for i in range(bits) if prime**i < 1 << bits]
        numbers = np.multiply.outer(numbers, powers).ravel()
        numbers = numbers[numbers < 1 << bits]
    return np.sort(numbers)


def _peak(samples: np.ndarray) -> np.float32:
    return max(samples.max(), -samples.min())


def _level(samples: np.ndarray) -> np.float32:
    return np.sqrt(np.mean(np.square(samples)))
