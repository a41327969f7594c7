"""Whether generated audio has gone wrong in a way that can be heard at once."""

from functools import partial

import numpy as np

from kaudio.evaluation.cycles import cycles
from kaudio.evaluation.loops import Loops
from kaudio.evaluation.sound import CLIP_LEVEL, FRAME_SECONDS, spectral_flatness
from kaudio.evaluation.steadiness import blocks, steadiness

# Little more than the noise of a room; only the end of a soft piece is as quiet for seconds.
QUIET_DB = -50.0
# Silence at the end of a piece is natural while a hall rings, some 2 s, or for a part of the clip.
TAIL_SECONDS = 2.5
TAIL_SHARE = 0.25
# More than this is not natural, however long the clip.
LONGEST_TAIL_SECONDS = 10.0
# A recording has the noise of its room in a rest; what is below this was not recorded.
NOTHING_DB = -80.0
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
# Tones, loops and noise are sought in clips of this length and more.
SHORTEST_SECONDS = 2.0


def faults(
    samples: np.ndarray, sample_rate: int, may_end: bool = False, known: Loops | None = None
) -> list[str]:
    """Says what is wrong with a clip that ought to be music.

    It finds, each with its figure and where it holds,

    - samples that are not numbers;
    - silence: the level of the clip is below -50 dBFS, or that of each 50 ms from some time on
      (about its mean). At the end, if it lasts 2.5 s and a quarter of the clip, or 10 s; within,
      if it is below -80 dBFS for 2.5 s;
    - constant output: 99 % of the power is an offset;
    - clipping: 5 % of the samples lie at full scale or beyond;
    - a steady tone: the magnitude spectra of its 100 ms frames are all alike, `|mean|^2` being
      at least 0.9 of the mean `| |^2`. So is what repeats itself within some 0.1 s;
    - a loop: what is heard comes again after 0.05 to 7 s with a likeness
      `2 <x, y> / (<x, x> + <y, y>)` above 0.99, three times over and for 2 s in all, or after
      any time, for a third time in part. Models of audio fall into cycles as those of text do,
      above all at low temperature (Holtzman and others, "The Curious Case of Neural Text
      Degeneration", 2020). Nobody plays a bar twice to within 1 %, but music made by repeating
      a recording is called a loop as well;
    - white noise: the spectral flatness of each 10 s is 0.5 to 0.62, the level steady.

    Tones, loops and noise are sought in clips of 2 s and more.

    Args:
        samples: Array of shape `(num_samples,)`, full scale at -1 and 1.
        sample_rate: In Hz.
        may_end: Whether silence at the end is as it should be, as after a single sound.
        known: What `kaudio.evaluation.loops` finds in these samples, if that is known: it takes
            longer than all else.

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
    for start, block in blocks(samples, sample_rate):
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
    found = [
        *_tail(means, powers, seconds, may_end),
        *_gap(powers, seconds),
        *_clipping(samples, sample_rate),
    ]
    if len(samples) < SHORTEST_SECONDS * sample_rate:
        return found
    # Noise that comes again and again is a loop: what is one of these is none of the others.
    looks = (look(samples, sample_rate) for look in (_tone, partial(_loop, known), _noise))
    return found + next(filter(None, looks), [])


def clipping_and_noise(samples: np.ndarray, sample_rate: int) -> list[str]:
    """The faults that resampling hides: its filter rounds flat tops, and cuts white noise off.

    Args:
        samples: As for `faults`, finite.
        sample_rate: That of the file.
    """
    if len(samples) < SHORTEST_SECONDS * sample_rate:
        return _clipping(samples, sample_rate) if len(samples) else []
    return _clipping(samples, sample_rate) + _noise(samples, sample_rate)


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


def _gap(powers: np.ndarray, seconds: float) -> list[str]:
    """The longest silence that sound comes after, and that no room makes."""
    quiet = powers < 10 ** (NOTHING_DB / 10)
    ends = np.flatnonzero(np.diff(quiet, prepend=False, append=False)).reshape(-1, 2)
    gaps = [(last - first, first, last) for first, last in ends if first > 0 and last < len(quiet)]
    if not gaps:
        return []
    _, first, last = (float(seconds * place / len(quiet)) for place in max(gaps))
    return [f"silent from {first:.1f} s to {last:.1f} s"] if last - first >= TAIL_SECONDS else []


def _clipping(samples: np.ndarray, sample_rate: int) -> list[str]:
    counts = (np.sum(np.abs(block) >= CLIP_LEVEL) for _, block in blocks(samples, sample_rate))
    share = sum(counts) / len(samples)
    if share < CLIPPED_SHARE:
        return []
    return [f"clipped: {share:.0%} of the samples lie at full scale"]


def _noise(samples: np.ndarray, sample_rate: int) -> list[str]:
    _, share = steadiness(samples, sample_rate)
    values = [spectral_flatness(block, sample_rate) for _, block in blocks(samples, sample_rate)]
    known = [value for value in values if value is not None]
    low, high = NOISE_FLATNESS
    if share < STEADY_NOISE or not known or min(known) < low or max(known) > high:
        return []
    return [f"white noise: its spectral flatness is {np.mean(known):.2f}, that of noise 0.56"]


def _tone(samples: np.ndarray, sample_rate: int) -> list[str]:
    mean, share = steadiness(samples, sample_rate)
    if share < STEADY_CLIP:
        return []
    pitch = np.argmax(mean) * sample_rate / (2 * len(mean) - 2)
    return [f"a steady tone: {share:.0%} the same sound throughout, loudest at {pitch:.0f} Hz"]


def _loop(known: Loops | None, samples: np.ndarray, sample_rate: int) -> list[str]:
    found = cycles(samples, sample_rate, 10 ** (QUIET_DB / 10), known)
    if not found:
        return []
    longest = max(found, key=lambda loop: loop[1] - loop[0])
    start, end, period = (place / sample_rate for place in longest)
    return [f"a loop: from {start:.1f} s to {end:.1f} s it repeats itself every {period:.3f} s"]


def _frames(samples: np.ndarray, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean of each frame of 50 ms, and its power about that mean."""
    length = min(len(samples), max(1, round(FRAME_SECONDS * sample_rate)))
    means, powers = [], []
    for _, block in blocks(samples, sample_rate):
        frames = block[: len(block) // length * length].reshape(-1, length)
        means.append(frames.mean(axis=1, dtype=float))
        powers.append(frames.var(axis=1, dtype=float))
    return np.concatenate(means), np.concatenate(powers)
