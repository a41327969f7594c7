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

# Two cumulative sums, rounded in other ways, may straddle a draw: another code, then.
MOST_OTHER_CODES = 1e-4
SAME_CODE = 1e-6
TOLERANCE = 1e-4
# Of audio compared: two receptive fields and at least so many codes, or 20 s without a field, as
# far as time allows. What rounded weights play is other audio, and only measured.
LEAST_CODES = 10_000
LONGEST_AUDIO, LONGEST_WAIT, ROUNDED_WAIT = 20.0, 8.0, 2.0
BLOCK_SECONDS = 0.1


def listening(exported: Network) -> Callable[[Path, Player, bool], Comparison]:
    """What compares artifacts of a sampler with it, on the same noise from silence."""
    blocks = stream(exported.model, block_seconds=BLOCK_SECONDS)
    reference = _listen(blocks, _most(exported), LONGEST_WAIT)[0]

    def listen(path: Path, player: Player, exact: bool) -> Comparison:
        def play_on(heard: np.ndarray) -> Iterator[np.ndarray]:
            prime = heard if len(heard) else None
            return play(player, prime=prime, first_step=len(heard), block_seconds=BLOCK_SECONDS)

        return judge(exported, path, reference, play_on, exact)

    return listen


def _most(exported: Network) -> int:
    """Samples to compare."""
    model = exported.model
    longest = round(LONGEST_AUDIO * model.codec.sample_rate)
    if model.receptive_field is None:
        return longest
    return min(longest, max(LEAST_CODES, 2 * model.receptive_field + 1))


def _listen(
    blocks: Iterator[np.ndarray], most: int, longest_wait: float
) -> tuple[np.ndarray, float | None]:
    """The first samples, and how many are made in a second of CPU after the first block."""
    parts = [next(blocks)[0]]
    wall, start = time.monotonic(), time.process_time()
    while sum(map(len, parts)) < most and time.monotonic() - wall < longest_wait:
        parts.append(next(blocks)[0])
    took = time.process_time() - start
    made = sum(map(len, parts[1:]))
    return np.concatenate(parts), made / took if made else None


def judge(
    exported: Network,
    path: Path,
    reference: np.ndarray,
    play_on: Callable[[np.ndarray], Iterator[np.ndarray]],
    exact: bool,
) -> Comparison:
    """Compares an artifact with what is expected of it, and measures how fast it is.

    Args:
        exported: What the artifact is of.
        path: Of the artifact.
        reference: What the model plays.
        play_on: What the artifact plays after samples that it has heard, with the draws that
            follow theirs.
        exact: Whether it must be the same, within the tolerance.

    Raises:
        ValueError: If it is not.
    """
    wait = LONGEST_WAIT if exact else ROUNDED_WAIT
    audio, rate = _listen(play_on(reference[:0]), len(reference), wait)
    audio = audio[: len(reference)]
    reference = reference[: len(audio)]
    codes = exported.model.receptive_field is not None
    # Of a mixture, what is drawn is a number, which is then rounded to one of very many codes.
    same = TOLERANCE if codes and exported.model.options["mixtures"] else SAME_CODE
    if codes and exact:
        audio = follow(audio, reference, play_on, same)
    apart = np.abs(audio - reference)
    result = Comparison(
        path.name,
        megabytes(path),
        len(audio),
        float(np.mean(apart > same)),
        float(apart.max()),
        rate,
        exact,
        "samples",
    )
    wrong = np.sum(apart > same) > most_others(len(audio)) if codes else apart.max() > TOLERANCE
    if exact and (wrong or not np.isfinite(apart).all()):
        raise ValueError(
            f"'{path.name}' does not sound like the model: of {len(audio)} samples from the same "
            f"noise {result.different:.2%} differ, by up to {result.largest:.3g}. Nothing was "
            "exported. Please report it, with the model."
        )
    return result


def most_others(count: int) -> int:
    """How many of so many codes may be other ones."""
    return max(1, int(MOST_OTHER_CODES * count))


def follow(
    audio: np.ndarray,
    reference: np.ndarray,
    play_on: Callable[[np.ndarray], Iterator[np.ndarray]],
    same: float,
) -> np.ndarray:
    """What an artifact plays if, after each code of its own, it goes on from those of the model.

    One other code is heard in all that come after it, and would hide whether they are right.

    Args:
        audio: What the artifact plays by itself.
        reference: What the model plays, as long.
        play_on: As for `judge`.
        same: Samples that are no further apart are of the same code.
    """
    followed, done = audio.copy(), 0
    for _ in range(most_others(len(reference))):
        others = np.flatnonzero(np.abs(followed[done:] - reference[done:]) > same)
        if not len(others):
            break
        done += int(others[0]) + 1
        parts, missing, blocks = [followed[:done]], len(reference) - done, play_on(reference[:done])
        while missing > 0:
            parts.append(next(blocks)[0][:missing])
            missing -= len(parts[-1])
        followed = np.concatenate(parts)
    return followed
