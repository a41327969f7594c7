"""Music of which all is known."""

import numpy as np

RATE = 6_300


def notes(seconds, seed):
    """Chords of decaying partials, a new note at uneven times."""
    rng = np.random.default_rng(seed)
    samples = np.zeros(round(seconds * RATE) + 2 * RATE)
    time = np.arange(2 * RATE) / RATE
    start = 0.0
    while start < seconds:
        pitch = 110 * 2 ** (rng.integers(0, 36) / 12)
        partials = [np.sin(2 * np.pi * k * pitch * time) / k for k in (1, 2, 3)]
        begin = round(start * RATE)
        note = sum(partials) * np.exp(-3 * time) * np.minimum(time / 0.01, 1)
        samples[begin : begin + len(time)] += rng.uniform(0.3, 1) * note
        start += rng.uniform(0.08, 0.4)
    return (0.1 * samples[: round(seconds * RATE)]).astype("float32")
