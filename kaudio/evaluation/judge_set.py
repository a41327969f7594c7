"""Whether a set of clips is like music: one distance for all of them together."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kaudio.audio import read
from kaudio.evaluation.embedded import EmbeddedMusic
from kaudio.evaluation.frechet import Distances, distances
from kaudio.evaluation.known_music import KnownMusic
from kaudio.evaluation.rows import embedding_rows, log_mel_rows


def evaluate_set(
    clips: Sequence[Path], music: KnownMusic, embedded: EmbeddedMusic | None = None
) -> dict[str, Distances | str]:
    """Fréchet distances of clips, taken as one set, from music.

    A set of clips tells more than each of them: one clip may be good and like all the others.

    Args:
        clips: Audio files of any rate.
        music: What they are set beside.
        embedded: The same as a classifier of composers hears it.

    Returns:
        "distance" on log-mel statistics and, with `embedded`, "embedding"; or why it is not
        defined, in words. Clips that are too short, or not finite, are left out.

    Example:
    >>> evaluate_set(sorted(Path("runs/wavenet/audio").glob("*.wav")), KnownMusic.of(corpus))
    {'distance': Distances(value=304.0, floor=49.0, ...)}
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
    for name, (rate, rows_of, real, ceilings) in ways.items():
        try:
            rows = np.concatenate([*_rows(clips, rate, rows_of)])
            found[name] = distances(rows, real, ceilings)
        except ValueError as error:
            found[name] = str(error)
    return found


def _rows(clips: Sequence[Path], sample_rate: int, rows_of: Callable) -> list[np.ndarray]:
    found, last = [], "There are no clips."
    for clip in clips:
        try:
            found.append(rows_of(read(clip, sample_rate)))
        except ValueError as error:
            last = str(error)
    if not found:
        raise ValueError(last)
    return found
