"""Whether generated audio has gone wrong in a way that can be heard at once."""

from collections.abc import Iterator

import numpy as np
from scipy import fft, ndimage, signal

from kaudio.evaluation.sound import CLIP_LEVEL, FRAME_SECONDS, spectral_flatness

# Little more than the noise of a room; only the end of a soft piece is as quiet for seconds.
QUIET_DB = -50.0
# Silence at the end of a piece is natural while a hall rings, some 2 s, or for a part of the clip.
TAIL_SECONDS = 2.5
TAIL_SHARE = 0.25
# More than this is not natural, however long the clip.
LONGEST_TAIL_SECONDS = 10.0
# An offset 20 dB above the sound around it.
OFFSET_SHARE = 0.99
# Music may touch full scale in its loudest moments, but not in one sample of twenty.
CLIPPED_SHARE = 0.05
# White noise has exp(-0.577) = 0.56 in each frame; a single click would have 1.
NOISE_FLATNESS = (0.5, 0.62)
# A tone for a share of the clip, and silence for the rest, has that share as its steadiness.
STEADY_CLIP = 0.9
# Noise has pi / 4 = 0.79, strokes of noise less, a note that dies away by 9 dB 0.92.
STEADY_NOISE = 0.7
STEADY_TEMPLATE = 0.95
# What repeats faster than this is heard as a pitch, or as one sound.
SHORTEST_PERIOD = 0.05
# A loop is sought in windows of this many seconds, the longest a period can be found in.
WINDOW_SECONDS = 8.0
TEMPLATE_SECONDS = 1.0
LOOP_SECONDS = 2.0
LOOP_PERIODS = 3
# The noise between two passes of a loop lies 20 dB below it. Played music never comes near.
LOOP_LIKENESS = 0.99
# Of each quarter of a second; where it is 20 dB below the template, noise may rule.
PART_SECONDS = 0.25
PART_LIKENESS = 0.9
PART_POWER = 0.01
BLOCK_SECONDS = 10.0


def faults(samples: np.ndarray, sample_rate: int, may_end: bool = False) -> list[str]:
    """Says what is wrong with a clip that ought to be music.

    It finds, each with its figure and where it holds,

    - samples that are not numbers;
    - silence: the level of the clip is below -50 dBFS, or that of each 50 ms from some time on
      (about its mean). At the end, if it lasts 2.5 s and a quarter of the clip, or 10 s;
    - constant output: 99 % of the power is an offset;
    - clipping: 5 % of the samples lie at full scale or beyond;
    - a steady tone: the magnitude spectra of its 100 ms frames are all alike, `|mean|^2` being
      at least 0.9 of the mean `| |^2`. So is what repeats itself within some 0.1 s;
    - a loop: what is heard comes again after 0.05 to 7 s with a likeness
      `2 <x, y> / (<x, x> + <y, y>)` above 0.99, three times over and for 2 s in all. Models of
      audio fall into cycles as those of text do, above all at low temperature (Holtzman and
      others, "The Curious Case of Neural Text Degeneration", 2020). Nobody plays a bar twice
      to within 1 %, but music made by repeating a recording is called a loop as well;
    - white noise: the spectral flatness of each 10 s is 0.5 to 0.62, the level steady.

    Tones, loops and noise are sought in clips of 2 s and more.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1.
        sample_rate: In Hz.
        may_end: Whether silence at the end is as it should be, as after a single sound.

    Returns:
        A phrase for each fault, such as `"a loop: from 3.2 s to 10.0 s it repeats itself every
        0.700 s"`. Empty for music.

    Raises:
        ValueError: If `samples` is not one channel.

    Example:
    >>> faults(np.zeros(16_000), 16_000)
    ['as good as silent: its level is -120 dBFS or less']
    """
    samples = np.asarray(samples)
    if samples.ndim != 1:
        raise ValueError(
            f"Expected samples of shape (num_samples,), received shape {samples.shape}. "
            "Pass one channel, or the mean of the channels."
        )
    if not len(samples):
        return ["empty: there are no samples"]
    for start, block in _blocks(samples, sample_rate):
        broken = np.flatnonzero(~np.isfinite(block))
        if len(broken):
            time = (start + broken[0]) / sample_rate
            return [f"not a number from {time:.1f} s on: the model has diverged"]
    means, powers = _frames(samples, sample_rate)
    offset, power = means.mean(), np.mean(powers + means**2)
    if power < 10 ** (QUIET_DB / 10):
        level = f"{10 * np.log10(power):.0f} dBFS" if power > 1e-12 else "-120 dBFS or less"
        return [f"as good as silent: its level is {level}"]
    share = offset**2 / power
    if share >= OFFSET_SHARE:
        return [f"constant output: stuck at {offset:.2f}, which has {share:.1%} of the power"]
    seconds = len(samples) / sample_rate
    found = [*_tail(means, powers, seconds, may_end), *_clipping(samples, sample_rate)]
    if len(samples) < LOOP_SECONDS * sample_rate:
        return found
    # Noise that comes again and again is a loop: what is one of these is none of the others.
    looks = (look(samples, sample_rate) for look in (_tone, _loop, _noise))
    return found + next(filter(None, looks), [])


def _tail(means: np.ndarray, powers: np.ndarray, seconds: float, may_end: bool) -> list[str]:
    heard = np.flatnonzero(powers >= 10 ** (QUIET_DB / 10))
    first = heard[-1] + 1 if len(heard) else 0
    time = seconds * first / len(powers)
    tail = seconds - time
    if tail < TAIL_SECONDS or tail < min(TAIL_SHARE * seconds, LONGEST_TAIL_SECONDS):
        return []
    offset = means[first:].mean()
    stuck = abs(offset) > 10 ** (QUIET_DB / 20)
    state = f"stuck at {offset:.2f}" if stuck else "silent"
    return [] if may_end and not stuck else [f"{state} from {time:.1f} s on, for {tail:.1f} s"]


def _clipping(samples: np.ndarray, sample_rate: int) -> list[str]:
    blocks = _blocks(samples, sample_rate)
    share = sum(np.sum(np.abs(block) >= CLIP_LEVEL) for _, block in blocks) / len(samples)
    if share < CLIPPED_SHARE:
        return []
    return [f"clipped: {share:.0%} of the samples lie at full scale"]


def _noise(samples: np.ndarray, sample_rate: int) -> list[str]:
    _, share = _steadiness(samples, sample_rate)
    values = [spectral_flatness(block, sample_rate) for _, block in _blocks(samples, sample_rate)]
    known = [value for value in values if value is not None]
    low, high = NOISE_FLATNESS
    if share < STEADY_NOISE or not known or min(known) < low or max(known) > high:
        return []
    return [f"white noise: its spectral flatness is {np.mean(known):.2f}, that of noise 0.56"]


def _tone(samples: np.ndarray, sample_rate: int) -> list[str]:
    mean, share = _steadiness(samples, sample_rate)
    if share < STEADY_CLIP:
        return []
    pitch = np.argmax(mean) * sample_rate / (2 * len(mean) - 2)
    return [f"a steady tone: {share:.0%} the same sound throughout, loudest at {pitch:.0f} Hz"]


def _loop(samples: np.ndarray, sample_rate: int) -> list[str]:
    loops = list(_loops(samples, sample_rate))
    if not loops:
        return []
    longest = max(loops, key=lambda loop: loop[1] - loop[0])
    start, end, period = (place / sample_rate for place in longest)
    return [f"a loop: from {start:.1f} s to {end:.1f} s it repeats itself every {period:.3f} s"]


def _loops(samples: np.ndarray, sample_rate: int) -> Iterator[tuple[int, int, int]]:
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
        if power < 10 ** (QUIET_DB / 10) or _steadiness(template, sample_rate)[1] > STEADY_TEMPLATE:
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


def _steadiness(samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, float]:
    """The mean of the spectra of 100 ms frames, and the share of their energy in it."""
    length = max(4, round(2 * SHORTEST_PERIOD * sample_rate))
    window = signal.windows.hann(length, sym=False)
    total, energy, count = np.zeros(length // 2 + 1), 0.0, 0
    for _, block in _blocks(samples, sample_rate):
        frames = np.lib.stride_tricks.sliding_window_view(block, length)[:: length // 2]
        frames = frames - frames.mean(axis=1, keepdims=True)
        spectra = np.abs(fft.rfft(frames * window))
        total += spectra.sum(axis=0)
        energy += np.sum(spectra**2)
        count += len(spectra)
    return total / count, float(np.sum(total**2) / count / max(energy, 1e-12))


def _without_rumble(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Takes away what is slower than the shortest period: it is not heard, and repeats easily."""
    samples = samples.astype("float32")
    return samples - ndimage.uniform_filter1d(samples, round(SHORTEST_PERIOD * sample_rate))


def _frames(samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each frame of 50 ms, and its power about that mean."""
    length = min(len(samples), max(1, round(FRAME_SECONDS * sample_rate)))
    means, powers = [], []
    for _, block in _blocks(samples, sample_rate):
        frames = block[: len(block) // length * length].reshape(-1, length)
        means.append(frames.mean(axis=1, dtype=float))
        powers.append(frames.var(axis=1, dtype=float))
    return np.concatenate(means), np.concatenate(powers)


def _blocks(samples: np.ndarray, sample_rate: int) -> Iterator[tuple[int, np.ndarray]]:
    """Blocks of 10 to 20 s and where they start, or all there is."""
    size = round(BLOCK_SECONDS * sample_rate)
    starts = range(0, max(1, len(samples) - size + 1), size)
    for start in starts:
        end = start + size if start != starts[-1] else len(samples)
        yield start, samples[start:end]
