"""Strings, drums, mallets and plain waves, each note from a formula."""

import zlib

import numpy as np
from numpy.typing import ArrayLike

RATE = 16_000
HIGHEST = 0.45 * RATE  # no partial above it, in Hz

# Frequency ratios, levels and decay times in seconds of the partials of a struck bar.
MALLETS = {
    "marimba": ((1.0, 3.93, 9.2), (1.0, 0.25, 0.06), (0.22, 0.07, 0.03)),
    "vibraphone": ((1.0, 4.0, 10.0), (1.0, 0.22, 0.05), (0.40, 0.20, 0.08)),
    "glockenspiel": ((1.0, 2.76, 5.4), (1.0, 0.45, 0.2), (0.35, 0.22, 0.12)),
}


def frequency(note: float) -> float:
    """Converts a MIDI note number to Hz: 69 is 440 Hz, 12 is an octave."""
    return 440.0 * 2.0 ** ((note - 69) / 12)


def _time(seconds: float) -> np.ndarray:
    return np.arange(round(seconds * RATE)) / RATE


def _noise(seconds: float, name: str) -> np.ndarray:
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    return rng.uniform(-1, 1, round(seconds * RATE))


def pluck(note: int, seconds: float = 1.5) -> np.ndarray:
    """A plucked string: one period of sound, fed back through a lowpass filter.

    "Digital Synthesis of Plucked-String and Drum Timbres", Karplus and Strong, 1983; tuned by an
    allpass as in "Extensions of the Karplus-Strong Plucked-String Algorithm", Jaffe and Smith,
    1983.

    Args:
        note: A MIDI note number.
        seconds: Length, in seconds.

    Returns:
        A waveform of shape `(samples,)` at `RATE`, peak 1.
    """
    period = RATE / frequency(note)
    whole = int(period - 0.3)  # the allpass delays by 0.3 to 1.3 samples
    late = period - whole
    burst = np.zeros(round(seconds * RATE))
    burst[:whole] = _period(whole, f"pluck {note}")
    loss = min(0.1, 12 / frequency(note))  # of the treble in each period: as much each second
    decay = 0.001 ** (1 / (3.0 * frequency(note)))
    allpass = np.array([(1 - late) / (1 + late), 1.0])
    taps = decay * np.convolve([loss, 1 - 2 * loss, loss], allpass)
    feedback = np.concatenate([allpass[::-1], np.zeros(whole - 3), -taps])
    tone = _filter(allpass[::-1], feedback, burst)
    return _unit(tone * np.minimum(_time(seconds) / 0.002, 1))


def _period(samples: int, name: str) -> np.ndarray:
    """A period of a string plucked near one end. Random phases keep its peak low."""
    phases = np.pi * _noise(samples / RATE, name)
    time = np.arange(samples) / samples
    partials = np.arange(1, samples // 2)
    levels = np.sin(np.pi * partials / 5.3) / partials**0.5
    angles = 2 * np.pi * partials[:, None] * time + phases[partials, None]
    return levels @ np.sin(angles)


def strike(note: int, force: float = 0.5, seconds: float = 5.0) -> np.ndarray:
    """A struck string: inharmonic partials, each with its own decay, brighter when hit harder.

    Args:
        note: A MIDI note number.
        force: From 0, soft, to 1, hard.
        seconds: Length, in seconds.

    Returns:
        A waveform of shape `(samples,)` at `RATE`, peak 1.
    """
    base, tone = frequency(note), np.zeros(round(seconds * RATE))
    longest = 1.6 * (261.6 / base) ** 0.4
    for n in range(1, 15):
        partial = n * base * np.sqrt(1 + 3e-4 * n * n)  # stiffness sharpens the upper partials
        if partial > HIGHEST:
            break
        # Struck at 1/7.5 of its length: partials near a multiple of 7.5 are weak.
        level = np.exp(-n * (0.85 - 0.4 * force)) * abs(np.sin(np.pi * n / 7.5))
        tone += level * _mode(partial, longest / (1 + 0.35 * n), seconds, phase=n * n)
    return _unit(tone * np.minimum(_time(seconds) / 0.004, 1))


def _mode(frequency: float, decay: float, seconds: float, phase: float = 0.0) -> np.ndarray:
    """A decaying sine, as the impulse response of a resonator: far faster than its formula."""
    angle, radius = 2 * np.pi * frequency / RATE, np.exp(-1 / (decay * RATE))
    impulse = np.zeros(round(seconds * RATE))
    impulse[0] = 1.0
    forward = [np.sin(phase), radius * np.sin(angle - phase)]
    return _filter(forward, [1, -2 * radius * np.cos(angle), radius**2], impulse)


def mallet(name: str, note: int, seconds: float = 1.4) -> np.ndarray:
    """A struck bar, as a sum of decaying modes.

    Args:
        name: A key of `MALLETS`.
        note: A MIDI note number.
        seconds: Length, in seconds.

    Returns:
        A waveform of shape `(samples,)` at `RATE`.
    """
    tone = np.zeros(round(seconds * RATE))
    for ratio, level, decay in zip(*MALLETS[name], strict=True):
        if ratio * frequency(note) < HIGHEST:
            tone += level * _mode(ratio * frequency(note), decay, seconds)
    if name == "vibraphone":
        tone *= 1 + 0.25 * np.sin(2 * np.pi * 5.5 * _time(seconds))
    return finish(tone)


def wave(name: str, note: int, seconds: float = 0.8) -> np.ndarray:
    """A plain wave of partials below the Nyquist frequency, so that nothing aliases.

    Args:
        name: `"sine"`, `"triangle"`, `"saw"` or `"square"`.
        note: A MIDI note number.
        seconds: Length, in seconds.

    Returns:
        A waveform of shape `(samples,)` at `RATE`.
    """
    time, tone = _time(seconds), np.zeros(round(seconds * RATE))
    last = 1 if name == "sine" else int(HIGHEST / frequency(note))
    for n in range(1, last + 1, 1 if name == "saw" else 2):
        level = (-1) ** (n // 2) / n**2 if name == "triangle" else 1 / n
        tone += level * np.sin(2 * np.pi * n * frequency(note) * time)
    return finish(tone * np.exp(-5 * time), attack=0.005)


def drum(name: str, start: float, end: float, decay: float, snap: float) -> np.ndarray:
    """A drum: a membrane whose pitch falls, and a burst of noise.

    Args:
        name: Seeds the noise.
        start: First frequency of the membrane, in Hz.
        end: Last frequency, in Hz. 0 leaves the membrane out.
        decay: Time to fall to 1/e, in seconds.
        snap: Share of noise, from 0 to 1.

    Returns:
        A waveform of shape `(samples,)` at `RATE`, up to 1.5 s.
    """
    seconds = min(1.5, 0.15 + 6 * decay)
    time = _time(seconds)
    phase = 2 * np.pi * np.cumsum(end + (start - end) * np.exp(-time / 0.03)) / RATE
    membrane = np.sin(phase) * np.exp(-time / decay) if end else 0.0
    hiss = np.diff(_noise(seconds, name), prepend=0.0) * np.exp(
        -time / (decay * (1 - 0.4 * bool(end)))
    )
    return finish((1 - snap) * membrane + snap * hiss)


def finish(tone: np.ndarray, attack: float = 0.001, silence: float = 0.05) -> np.ndarray:
    """Ramps the attack, fades out into silence and sets the peak to 0.7."""
    time = np.arange(len(tone)) / RATE
    left = time[-1] - time - silence
    return 0.7 * _unit(tone * np.minimum(time / attack, 1) * np.clip(left / 0.08, 0, 1))


def _filter(forward: ArrayLike, feedback: ArrayLike, tone: np.ndarray) -> np.ndarray:
    from scipy.signal import lfilter  # half a second of importing, for the demo corpus alone

    return lfilter(forward, feedback, tone)


def _unit(tone: np.ndarray) -> np.ndarray:
    return tone / np.abs(tone).max()
