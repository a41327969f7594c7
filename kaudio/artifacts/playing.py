"""Audio without end from an artifact, whichever runtime runs it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from kaudio.artifacts.players import Arrays, Player


def play(
    player: Player,
    *,
    batch_size: int = 1,
    seed: int = 0,
    controls: Mapping[str, float] | None = None,
    conditions: Mapping[str, Any] | None = None,
    prime: np.ndarray | None = None,
    block_seconds: float = 0.25,
    first_step: int = 0,
) -> Iterator[np.ndarray]:
    """Draws audio from an artifact without end: what `kaudio.stream` draws from its model.

    Args:
        player: The artifact.
        batch_size: Clips side by side.
        seed: Of the draws.
        controls: As for `kaudio.stream`.
        conditions: For each condition `(channels,)`, or a function of times in seconds `(count,)`
            that returns `(count, channels)`.
        prime: A waveform `(num_samples,)` to go on from.
        block_seconds: Length of a block.
        first_step: How many draws to pass over, and where conditions over time begin: the number
            of steps of the prime, if these draws have made it.

    Yields:
        Blocks of the waveforms, `(batch_size, num_samples)`.
    """
    if seed < 0 or batch_size < 1:
        raise ValueError(
            "`seed` must be 0 or more, `batch_size` 1 or more. Received: "
            f"seed={seed}, batch_size={batch_size}."
        )
    if player.is_single and batch_size != 1:
        raise ValueError(
            "TensorFlow Lite and ONNX files play one clip at a time. Received: "
            f"batch_size={batch_size}. "
            "Play several with the SavedModel or the `.keras` file."
        )
    about = player.metadata
    if unknown := set(conditions or {}) - set(about["conditions"]):
        raise ValueError(
            f"This artifact can be told {', '.join(about['conditions']) or 'nothing'}. Received: "
            f"{', '.join(sorted(unknown))}."
        )
    rate, hop = about["sample_rate"], about["hop_length"]
    steps = max(64, round(block_seconds * rate / hop))
    values = player.controls(controls or {})
    generators = [np.random.default_rng([seed, i]) for i in range(batch_size)]

    def told(start: int, count: int) -> Arrays:
        times = np.arange(start, start + count) * hop / rate
        return {
            f"{name}_condition": _over(times, (conditions or {}).get(name), batch_size, channels)
            for name, channels in about["conditions"].items()
        }

    for generator in generators:
        generator.random((first_step, *about["noise_shape"]), dtype="float32")
    if prime is None:
        state = _start(player, told(0, 1), batch_size)
        hidden = 0
    else:
        heard = np.repeat(_whole(prime, about)[None], batch_size, axis=0)
        state = player.call("prime", {"audio": heard, **told(0, 1)})
        hidden = about["frame_length"] - hop
    position = first_step
    while True:
        shape = (steps, *about["noise_shape"])
        noise = np.stack([g.random(shape, dtype="float32") for g in generators])
        inputs = {"noise": noise, **values, **told(position, steps), **state}
        state = player.call("stream", inputs)
        audio = state.pop("audio")
        position += steps
        cut, hidden = min(hidden, audio.shape[1]), max(0, hidden - audio.shape[1])
        if cut < audio.shape[1]:
            yield audio[:, cut:]


def _start(player: Player, told: Arrays, batch_size: int) -> Arrays:
    if not player.is_single:
        told = {**told, "batch_size": np.array(batch_size, "int32")}
    return player.call("start", told)


def _whole(prime: np.ndarray, about: dict) -> np.ndarray:
    if len(prime) < about["frame_length"]:
        raise ValueError(
            f"The prime must have at least {about['frame_length']} samples at "
            f"{about['sample_rate']} Hz. Received: {len(prime)}. Pass a longer one, or none to "
            "start from silence."
        )
    if not np.isfinite(prime).all():
        raise ValueError("The prime must be finite numbers. Received: some that are not.")
    return prime.astype("float32")


def _over(times: np.ndarray, value: Any, batch_size: int, channels: int) -> np.ndarray:
    if value is None:
        value = np.zeros(channels)
    if not callable(value):
        value = np.asarray(value, "float32")
        if value.shape != (channels,):
            raise ValueError(f"A condition has {channels} channels. Received: shape {value.shape}.")
        value = np.broadcast_to(value, (len(times), channels))
    rows = np.asarray(value(times) if callable(value) else value, "float32")
    if rows.shape != (len(times), channels):
        raise ValueError(f"A condition has {channels} channels. Received: shape {rows.shape}.")
    return np.repeat(rows[None], batch_size, axis=0)
