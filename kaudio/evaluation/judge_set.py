"""Whether a set of clips is like music: one distance for all of them together."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kaudio.audio import read
from kaudio.audio.files import printable
from kaudio.evaluation.embedded import EmbeddedMusic
from kaudio.evaluation.frechet import Distances, distances
from kaudio.evaluation.known_music import KnownMusic
from kaudio.evaluation.rows import embedding_rows, log_mel_rows
from kaudio.evaluation.sound import until_broken


def evaluate_set(
    clips: Sequence[Path], music: KnownMusic, embedded: EmbeddedMusic | None = None
) -> tuple[dict[str, Distances | str], dict[str, list[str]]]:
    """Fréchet distances of clips, taken as one set, from music.

    A set of clips tells more than each of them: one clip may be good and like all the others.

    Args:
        clips: Audio files of any rate.
        music: What they are set beside.
        embedded: The same as a classifier of composers hears it.

    Returns:
        "distance" on log-mel statistics and, with `embedded`, "embedding"; or why it is not
        defined, in words. Each clip counts up to its first sample that is no number. And, by the
        same names, which clips were left out, since they are too short: a sentence each.

    Example:
    >>> evaluate_set(sorted(Path("runs/wavenet/clips").glob("*.wav")), KnownMusic.of(corpus))
    ({'distance': Distances(value=304.0, floor=49.0, ...)}, {'distance': []})
    """
    ways: dict[str, tuple[int, Callable, Sequence[np.ndarray], dict[str, np.ndarray]]] = {
        "distance": (
            music.sample_rate,
            lambda samples: log_mel_rows(samples, music.sample_rate),
            music.rows,
            music.ceilings,
        )
    }
    if embedded:
        model = embedded.model
        ways["embedding"] = (
            model.sample_rate,
            lambda samples: embedding_rows(model, samples),
            embedded.rows,
            embedded.ceilings,
        )
    found: dict[str, Distances | str] = {}
    left_out: dict[str, list[str]] = {}
    for name, (rate, rows_of, real, ceilings) in ways.items():
        rows, left_out[name] = _rows(clips, rate, rows_of)
        try:
            if not rows:
                raise ValueError(left_out[name][0] if clips else "There are no clips.")
            found[name] = distances(np.concatenate(rows), real, ceilings)
        except ValueError as error:
            found[name] = str(error)
    return found, left_out


def _rows(
    clips: Sequence[Path], sample_rate: int, rows_of: Callable
) -> tuple[list[np.ndarray], list[str]]:
    found, left_out = [], []
    for clip in clips:
        try:
            found.append(rows_of(until_broken(read(clip, sample_rate, until_broken=True))))
        except ValueError as error:
            left_out.append(f"'{printable(clip)}': {error}")
    return found, left_out
