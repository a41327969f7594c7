"""Whether an exported classifier answers what the model answers in Python."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from keras import ops

from kaudio.artifacts.classifier import Classifier
from kaudio.artifacts.comparison import Comparison, megabytes
from kaudio.artifacts.players import Player

TOLERANCE = 1e-4
# Of the clips that are compared, in turn: any length must do.
SECONDS, CLIPS = (10.0, 4.0), 8
SHORTEST_WAIT = 0.5


def asking(exported: Classifier) -> Callable[[Path, Player, bool], Comparison]:
    """What compares artifacts of a classifier with it, on the same audio."""
    clips = _clips(exported.model.sample_rate)
    expected = np.concatenate([ops.convert_to_numpy(exported.model(clip)) for clip in clips])
    return lambda path, player, exact: judge(path, player, clips, expected, exact)


def judge(
    path: Path, player: Player, clips: list[np.ndarray], expected: np.ndarray, exact: bool
) -> Comparison:
    """Compares an artifact with what is expected of it, and measures how fast it is.

    Args:
        path: Of the artifact.
        player: The artifact itself.
        clips: `(1, samples)` each.
        expected: Probabilities of the labels for each of them, `(clips, labels)`.
        exact: Whether it must be the same, within the tolerance.

    Raises:
        ValueError: If it is not.
    """

    def ask(clip: np.ndarray) -> np.ndarray:
        return player.call("serve", {"audio": clip})["probabilities"]

    apart = np.abs(np.concatenate([ask(clip) for clip in clips]) - expected)
    if exact and not apart.max() <= TOLERANCE:
        raise ValueError(
            f"'{path.name}' does not answer what the model answers: of the same audio, "
            f"probabilities differ by up to {apart.max():.3g}, where {TOLERANCE:.3g} is the most "
            "that rounding does. Nothing was exported. Please report it, with the model."
        )
    rate = _speed(lambda: ask(clips[0]))
    share, largest = float(np.mean(apart > 1e-6)), float(apart.max())
    unit = f"clips of {SECONDS[0]:g} s"
    return Comparison(path.name, megabytes(path), apart.size, share, largest, rate, exact, unit)


def _clips(sample_rate: int) -> list[np.ndarray]:
    """Chords of decaying tones, over more or less noise."""
    rng, clips = np.random.default_rng(0), []
    for number in range(CLIPS):
        times = np.arange(round(SECONDS[number % len(SECONDS)] * sample_rate)) / sample_rate
        samples = rng.normal(0, 10 ** rng.uniform(-4, -1), len(times))
        for hertz in rng.uniform(0.01, 0.4, 4) * sample_rate:
            beat = times % rng.uniform(0.2, 1)
            samples += rng.uniform(0, 0.2) * np.sin(2 * np.pi * hertz * times) * np.exp(-5 * beat)
        clips.append(np.clip(samples, -1, 1).astype("float32")[None])
    return clips


def _speed(run: Callable[[], object]) -> float:
    """How often something is done in a second of CPU, once it has been done before."""
    run()
    wall, start, count = time.monotonic(), time.process_time(), 0
    while not count or time.monotonic() - wall < SHORTEST_WAIT:
        run()
        count += 1
    return count / max(time.process_time() - start, 1e-9)
