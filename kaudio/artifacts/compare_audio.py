"""Whether a sampler makes the audio that the model makes in Python."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from kaudio.artifacts.comparison import Comparison, megabytes
from kaudio.artifacts.networks import Network
from kaudio.artifacts.players import Player
from kaudio.artifacts.playing import play
from kaudio.generation import stream

# Two cumulative sums may straddle a draw: a different code then, and different ones after it.
MOST_OTHER_CODES = 1e-4
TOLERANCE = 1e-4
# Of audio compared: two receptive fields, or 20 s without one, as far as time allows.
LONGEST_AUDIO, LONGEST_WAIT = 20.0, 8.0


def listening(exported: Network) -> Callable[[Path, Player, bool], Comparison]:
    """What compares artifacts of a sampler with it, on the same noise from silence."""
    reference = _listen(stream(exported.model), _most(exported))[0]
    return lambda path, player, exact: judge(exported, path, reference, play(player), exact)


def _most(exported: Network) -> int:
    """Samples to compare."""
    model = exported.model
    longest = round(LONGEST_AUDIO * model.codec.sample_rate)
    if model.receptive_field is None:
        return longest
    return min(longest, 2 * model.receptive_field + 1)


def _listen(blocks: Iterator[np.ndarray], most: int) -> tuple[np.ndarray, float | None]:
    """The first samples, and how many are made in a second of CPU after the first block."""
    parts = [next(blocks)[0]]
    wall, start = time.monotonic(), time.process_time()
    while sum(map(len, parts)) < most and time.monotonic() - wall < LONGEST_WAIT:
        parts.append(next(blocks)[0])
    took = time.process_time() - start
    made = sum(map(len, parts[1:]))
    return np.concatenate(parts), made / took if made else None


def judge(
    exported: Network,
    path: Path,
    reference: np.ndarray,
    blocks: Iterator[np.ndarray],
    exact: bool,
) -> Comparison:
    """Compares an artifact with what is expected of it, and measures how fast it is.

    Args:
        exported: What the artifact is of.
        path: Of the artifact.
        reference: What the model plays.
        blocks: What the artifact plays.
        exact: Whether it must be the same, within the tolerance.

    Raises:
        ValueError: If it is not.
    """
    audio, rate = _listen(blocks, len(reference))
    length = min(len(audio), len(reference))
    apart = np.abs(audio[:length] - reference[:length])
    result = Comparison(
        path.name,
        megabytes(path),
        length,
        float(np.mean(apart > 1e-6)),
        float(apart.max()),
        rate,
        exact,
        "samples",
    )
    codes = exported.model.receptive_field is not None
    wrong = result.different > MOST_OTHER_CODES if codes else result.largest > TOLERANCE
    if exact and (wrong or not np.isfinite(apart).all()):
        raise ValueError(
            f"'{path.name}' does not sound like the model: of {length} samples from the same noise "
            f"{result.different:.2%} differ, by up to {result.largest:.3g}. Nothing was exported. "
            "Please report it, with the model."
        )
    return result
