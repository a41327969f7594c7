"""Waveforms from a trained model: all at once, or block by block for ever."""

import difflib
import inspect
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kaudio.generation.conditions import Told
from kaudio.generation.controls import merge_controls
from kaudio.generation.loop import Sampler
from kaudio.models.autoregressive import Autoregressive

BLOCK_SECONDS = 0.25
BLOCK_STEPS = 64


def generate(model: Autoregressive, seconds: float, **options: Any) -> np.ndarray:
    """Draws new audio from a trained model.

    Args:
        model: An autoregressive model, as `kaudio.load` returns it.
        seconds: Length of what is generated, in seconds, above 0. A prime comes on top of it.
        **options: Those of `kaudio.stream`.

    Returns:
        Waveforms, `(batch_size, num_samples)`, in [-1, 1].

    Example:
    >>> model = kaudio.load("runs/gruv")
    >>> waveform = kaudio.generate(model, seconds=10, seed=1)[0]
    """
    check_generates(model)
    num_samples = num_samples_of(seconds, model.codec.sample_rate)
    check_options(model, options)
    blocks, length = [], 0
    for block, is_prime in marked_stream(model, **options):
        blocks.append(block if is_prime else block[:, : num_samples - length])
        length += 0 if is_prime else blocks[-1].shape[-1]
        if length == num_samples:
            break
    return np.concatenate(blocks, axis=-1)


def check_generates(model: Any) -> None:
    """Refuses what is not a model of the next step."""
    if not isinstance(model, Autoregressive):
        raise ValueError(
            "Only models that predict the next step can generate, such as "
            f"`kaudio.models.FrameLSTM`. Received: {type(model).__name__}."
        )


def check_options(model: Autoregressive, options: Mapping[str, Any]) -> None:
    """Refuses options that `marked_stream` has not, before anything is computed."""
    for name in options:
        if name in model.controls:
            raise TypeError(f"`{name}` is a control. Expected: controls={{'{name}': ...}}.")
        if name not in OPTIONS:
            close = difflib.get_close_matches(name, OPTIONS, n=1)
            hint = f"Did you mean `{close[0]}`?" if close else f"It has: {', '.join(OPTIONS)}."
            raise TypeError(f"`kaudio.stream` has no option `{name}`. {hint}")


def num_samples_of(seconds: float, sample_rate: int) -> int:
    """Whole samples in a length of time, at least one."""
    if not (math.isfinite(seconds) and seconds * sample_rate >= 1):
        raise ValueError(
            f"`seconds` must be above 0 and hold at least one sample. Received: seconds={seconds}."
        )
    return round(seconds * sample_rate)


def stream(model: Autoregressive, **options: Any) -> Iterator[np.ndarray]:
    """Draws new audio without end, on constant memory.

    Args:
        model: An autoregressive model, as `kaudio.load` returns it.
        **options: Any of the following.
        block_seconds: Length of a block, in seconds, rounded to whole steps of the model. Default:
            a quarter of a second, or 64 steps if that is more.
        batch_size: Clips drawn side by side, each from a random stream of its own.
        seed: Seed of the draws. The same seed gives the same audio; a clip of a batch does not
            depend on the size of the batch.
        controls: Values for some of `model.controls`, such as `{"temperature": 0.9}`.
        conditions: For each name in `model.conditions` what the model is told: an array
            `(channels,)`, or `(batch_size, channels)`; or, to change over time, a function of
            times in seconds `(count,)` that returns `(count, channels)`, such as
            `kaudio.generation.crossfade` makes. A prime is heard under what holds at 0 s.
        prime: Audio to go on from, at `model.codec.sample_rate`: one waveform `(num_samples,)`,
            or an iterable of its consecutive blocks. None goes on from silence.
        include_prime: Whether the prime is put out first, as the model heard it. Otherwise the
            first sample put out is the first one that holds nothing of the prime.
        sampler: A compiled sampler of this model to use again.

    Yields:
        Blocks of the waveforms, `(batch_size, num_samples)`, in [-1, 1].
    """
    check_generates(model)
    check_options(model, options)
    return (block for block, _ in marked_stream(model, **options))


def marked_stream(
    model: Autoregressive,
    *,
    block_seconds: float | None = None,
    batch_size: int = 1,
    seed: int = 0,
    controls: Mapping[str, float] | None = None,
    conditions: Mapping[str, Any] | None = None,
    prime: np.ndarray | Iterable[np.ndarray] | None = None,
    include_prime: bool = False,
    sampler: Sampler | None = None,
) -> Iterator[tuple[np.ndarray, bool]]:
    """Like `stream`, and says of each block whether it belongs to the prime."""
    check_generates(model)
    if isinstance(prime, str | Path):
        raise ValueError(
            f"`prime` must be samples. Received a name: '{prime}'. Read it first: "
            f"`kaudio.audio.read('{prime}', model.codec.sample_rate)`."
        )
    if block_seconds is not None and not block_seconds > 0:
        raise ValueError(f"`block_seconds` must be above 0. Received: {block_seconds}.")
    codec = model.codec
    if sampler is None:
        block_steps = round((block_seconds or BLOCK_SECONDS) * codec.steps_per_second)
        least = 1 if block_seconds else BLOCK_STEPS
        sampler = Sampler(model, batch_size, max(least, block_steps))
    values = merge_controls(model.controls, controls or {})
    if seed < 0:
        raise ValueError(f"`seed` must be 0 or more. Received: seed={seed}.")
    batch_size = sampler.batch_size
    generators = [np.random.default_rng([seed, i]) for i in range(batch_size)]
    told = Told(model.conditions, conditions or {}, batch_size, codec.steps_per_second)
    at_start = {name: value[0] for name, value in told.at(0, 1).items()}
    x, state = sampler.start(at_start)
    tail = codec.initial_tail(batch_size)
    hidden = 0
    if prime is not None:
        hidden = 0 if include_prime else tail.shape[-1]
        heard = _Heard(sampler, at_start, x, state)
        for steps in _encode_blocks(model, prime, sampler.block_steps):
            heard.add(steps)
            samples, tail_of_one = codec.decode_block(steps, tail[0])
            tail = np.repeat(tail_of_one[None], batch_size, axis=0)
            if include_prime:
                yield np.clip(np.repeat(samples[None], batch_size, axis=0), -1, 1), True
        x, state = heard.result()
    for block in itertools.count():
        now = told.at(block * sampler.block_steps, sampler.block_steps)
        steps, x, state = sampler.generate(x, state, sampler.noise(generators), values, now)
        samples, tail = codec.decode_block(steps, tail)
        cut, hidden = min(hidden, samples.shape[-1]), max(0, hidden - samples.shape[-1])
        if cut < samples.shape[-1]:
            yield np.clip(samples[:, cut:], -1, 1), False


OPTIONS = tuple(name for name in inspect.signature(marked_stream).parameters if name != "model")


class _Heard:
    """Lets a model hear a prime that comes in blocks.

    Where the receptive field ends, only as much of the prime is kept as the model can tell apart,
    and heard at once. Otherwise each block is heard when it comes.
    """

    def __init__(self, sampler: Sampler, conditions: dict, x: Any, state: Any) -> None:
        self.sampler, self.conditions = sampler, conditions
        self.x, self.state = x, state
        self.kept: np.ndarray | None = None

    def add(self, steps: np.ndarray) -> None:
        model = self.sampler.model
        if model.prime_steps is None:
            heard = self._for_each_clip(steps)
            if self.kept is None:  # in place of the silence that is there without a prime
                self.x, heard = self.sampler.to_steps(heard[0]), heard[1:]
                self.kept = steps[:0]
            self.x, self.state = self.sampler.prime(self.x, self.state, heard, self.conditions)
            return
        self.kept = steps if self.kept is None else np.concatenate([self.kept, steps])
        spare = max(0, len(self.kept) - model.prime_steps)
        # By whole hops, so that frames of the context lie where they lay.
        self.kept = self.kept[spare // model.prime_hop * model.prime_hop :]

    def result(self) -> tuple[Any, Any]:
        if self.kept is None:
            return self.x, self.state
        x, state, model = self.x, self.state, self.sampler.model
        if model.prime_steps is not None:
            x, state = self.sampler.prime_at_once(self._for_each_clip(self.kept), self.conditions)
        return x, model.restart_conditions(state)

    def _for_each_clip(self, steps: np.ndarray) -> np.ndarray:
        return np.repeat(steps[:, None], self.sampler.batch_size, axis=1)


def _encode_blocks(
    model: Autoregressive, prime: np.ndarray | Iterable[np.ndarray], block_steps: int
) -> Iterator[np.ndarray]:
    """Encodes audio that comes in blocks of any length. A last, partial step is dropped."""
    codec = model.codec
    left = np.zeros(0, "float32")
    some = False
    for block in [prime] if isinstance(prime, np.ndarray) else prime:
        samples = np.asarray(block, "float32")
        if samples.ndim != 1:
            raise ValueError(
                "`prime` must be one channel of samples, an array `(num_samples,)`, or blocks of "
                f"them. Received: shape {samples.shape}."
            )
        if not np.isfinite(samples).all():
            raise ValueError("The prime must be finite numbers. Received: some that are not.")
        left = np.concatenate([left, samples])
        while (count := min(codec.num_steps(len(left)), block_steps)) > 0:
            yield codec.encode(left[: codec.num_samples(count)])
            left = left[count * codec.hop_length :]
            some = True
    if not some:
        needed = math.ceil(1000 * codec.frame_length / codec.sample_rate)
        received = round(1000 * len(left) / codec.sample_rate)
        raise ValueError(
            f"The prime is too short: this model needs at least {needed} ms. Received: "
            f"{received} ms. Pass a longer one, or none to start from silence."
        )
