"""What can be listened to: a model in Keras, or one of its artifacts, in the same way."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from kaudio.artifacts.describe import classifies
from kaudio.artifacts.players import Player, find_player
from kaudio.artifacts.playing import play


@dataclass(frozen=True)
class Source:
    """What makes audio.

    Args:
        sample_rate: In Hz.
        names: Of the channels of what it can be told of a whole clip.
        may_end: Whether a clip may end in silence.
        blocks: Takes the options of `kaudio.stream`; gives pairs of a block and whether it is a
            part of the prime.
    """

    sample_rate: int
    names: tuple[str, ...]
    may_end: bool
    blocks: Callable[..., Iterator[tuple[np.ndarray, bool]]]


def open_source(path: Path | str, format: str = "keras") -> Source:
    """Opens a model, or an artifact in its folder.

    Args:
        path: A run folder, an exported folder, or a file or folder of the format itself.
        format: One of `kaudio.artifacts.FORMATS`.

    Raises:
        FileNotFoundError: If there is nothing of that format.
        ValueError: If what is there is something else.
    """
    if format == "keras":
        return _model(path)
    player = find_player(path, format)
    if classifies(player.metadata):
        raise ValueError(
            f"'{path}' is a classifier, which plays nothing: ask it with `kaudio classify`. "
            "Expected a sampler."
        )
    return _artifact(player)


def _model(path: Path | str) -> Source:
    from kaudio.generation.generate import check_generates, marked_stream
    from kaudio.models.load import load

    model: Any = load(path)
    check_generates(model)
    names = model.condition_names.get("global", ())
    blocks = partial(marked_stream, model)
    return Source(model.codec.sample_rate, names, model.from_silence, blocks)


def _artifact(player: Player) -> Source:
    about = player.metadata

    def blocks(
        *,
        prime: Iterable[np.ndarray] | None = None,
        include_prime: bool = False,
        **options: Any,
    ) -> Iterator[tuple[np.ndarray, bool]]:
        heard = None if prime is None else np.concatenate(list(prime))
        if heard is not None and include_prime:
            yield np.clip(np.repeat(heard[None], options["batch_size"], axis=0), -1, 1), True
        for block in play(player, prime=heard, **options):
            yield block, False

    names = tuple(about["condition_names"].get("global", ()))
    return Source(about["sample_rate"], names, about["ends_in_silence"], blocks)
