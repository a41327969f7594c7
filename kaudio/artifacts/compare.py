"""Whether artifacts make the audio that the model makes in Python."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from keras import ops

from kaudio.artifacts.networks import Network
from kaudio.artifacts.players import FORMATS, open_player, play
from kaudio.generation import stream
from kaudio.models.load import load

# What has the weights of the model, and not rounded ones.
EXACT = ("saved_model", "tflite")
# Two cumulative sums may straddle a draw: a different code then, and different ones after it.
MOST_OTHER_CODES = 1e-4
TOLERANCE = 1e-4
# Of audio compared: two receptive fields, or 20 s without one, as far as time allows.
LONGEST_AUDIO, LONGEST_WAIT = 20.0, 8.0


@dataclass(frozen=True)
class Comparison:
    """What an artifact was found to be.

    Args:
        name: Of the file or folder.
        megabytes: Its size, in millions of bytes.
        samples: How many were compared. Of a `.keras` file, weights are compared instead.
        different: Share of them that differ by more than 1e-6.
        largest: The largest difference.
        samples_per_second: Of generation, one clip, per second of CPU; None if not measured.
        exact: Whether it was held to be the same, within the tolerance. Weights of 16 or 8 bits
            are not.
    """

    name: str
    megabytes: float
    samples: int
    different: float
    largest: float
    samples_per_second: float | None
    exact: bool


def compare(
    exported: Network, folder: Path, say: Callable[[str], object] = lambda _: None
) -> list[Comparison]:
    """Plays every artifact in a folder beside the Python sampler, on the same noise from silence.

    Args:
        exported: What was exported.
        folder: Where to.
        say: Is told what is done.

    Raises:
        ValueError: If one that ought to sound the same does not.
    """
    reference = _listen(stream(exported.model), _most(exported))[0]
    found = []
    for format, name in FORMATS.items():
        path = folder / name
        if not path.exists():
            continue
        say(f"Comparing {name} with the model")
        if format == "keras":
            found.append(_same_weights(exported, path))
        else:
            audio, exact = play(open_player(path, format)), format in EXACT
            found.append(_judge(exported, path, reference, audio, exact))
    return found


def _same_weights(exported: Network, file: Path) -> Comparison:
    """Of the same model in Keras, the weights are compared."""
    pairs = zip(exported.model.weights, load(file).weights, strict=True)
    apart = [np.abs(ops.convert_to_numpy(a) - ops.convert_to_numpy(b)).max() for a, b in pairs]
    if max(apart):
        raise ValueError(
            f"'{file}' does not hold the weights of the model: {max(apart):.3g} apart."
        )
    return Comparison(file.name, _megabytes(file), 0, 0.0, 0.0, None, True)


def _megabytes(path: Path) -> float:
    return sum(f.stat().st_size for f in [path, *path.rglob("*")] if f.is_file()) / 1e6


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


def _judge(
    exported: Network,
    path: Path,
    reference: np.ndarray,
    blocks: Iterator[np.ndarray],
    exact: bool,
) -> Comparison:
    audio, rate = _listen(blocks, len(reference))
    length = min(len(audio), len(reference))
    apart = np.abs(audio[:length] - reference[:length])
    result = Comparison(
        path.name,
        _megabytes(path),
        length,
        float(np.mean(apart > 1e-6)),
        float(apart.max()),
        rate,
        exact,
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
