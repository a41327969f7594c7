"""What a dream is asked for: the score that is to rise, and what cannot be asked."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from kaudio.models.composer import ComposerClassifier

SHORTEST_SECONDS = 0.1
# Below what 16 bits hold.
SILENT_PEAK = 2.0**-16


def goal_of(model: Any, target: Any, layer: Any, channel: Any) -> Callable:
    """What is to rise: a function of windows `(batch, samples)` that gives `(batch,)`."""
    if not isinstance(model, ComposerClassifier):
        raise ValueError(
            "Only a classifier can dream, such as `kaudio.models.ComposerClassifier`. Received: "
            f"{type(model).__name__}."
        )
    labels, layers = ", ".join(model.labels), ", ".join(model.layer_names)
    if (target is None) == (layer is None):
        raise ValueError(
            f"Pass either `target`, one of {labels}, or `layer`, one of {layers}. Received: "
            f"target={target!r}, layer={layer!r}."
        )
    if channel is not None and layer is None:
        raise ValueError(
            f"`channel` is one of a layer: pass `layer`, one of {layers}, in place of `target`. "
            f"Received: channel={channel!r}, target={target!r}."
        )
    if target is not None:
        if target not in model.labels:
            raise ValueError(f"`target` must be one of {labels}. Received: target={target!r}.")
        index = model.labels.index(target)
        others = [i for i in range(len(model.labels)) if i != index]

        def log_odds(windows: Any) -> Any:
            logits = model.logits(windows)
            rest = ops.take(logits, others, axis=-1)
            return logits[:, index] - ops.logsumexp(rest, axis=-1)

        return log_odds
    channels = model.activations(np.zeros((1, model.sample_rate), "float32"), layer).shape[-1]
    if channel is not None and not 0 <= channel < channels:
        raise ValueError(
            f"`channel` must be from 0 to {channels - 1}, as {layer} has {channels} of them. "
            f"Received: channel={channel}."
        )
    chosen = slice(None) if channel is None else slice(channel, channel + 1)

    def power(windows: Any) -> Any:
        return ops.mean(ops.square(model.activations(windows, layer)[..., chosen]), axis=(1, 2))

    return power


def checked_samples(samples: Any, sample_rate: int) -> np.ndarray:
    """One channel of finite samples that hold something to change."""
    samples = np.asarray(samples, "float32")
    if samples.ndim != 1:
        raise ValueError(
            "`samples` must be one channel, an array `(num_samples,)`. Received: shape "
            f"{samples.shape}. Dream of one channel, or of their mean."
        )
    if len(samples) < SHORTEST_SECONDS * sample_rate:
        raise ValueError(
            f"`samples` must hold at least {SHORTEST_SECONDS} s. Received: {len(samples)} samples "
            f"at {sample_rate} Hz."
        )
    if not np.isfinite(samples).all():
        raise ValueError(
            f"`samples` must be finite. Received: {np.sum(~np.isfinite(samples))} samples that "
            "are NaN or infinite. Read the file again, or cut them out."
        )
    if np.abs(samples).max() < SILENT_PEAK:
        raise ValueError(
            "There is nothing to dream on in silence: all samples are 0. Start from "
            "`kaudio.generation.pink_noise(seconds, sample_rate)` instead."
        )
    return samples


def check_numbers(
    octaves: int, max_octaves: int, steps: int, strength: float, jitter_seconds: float, seed: int
) -> None:
    """Refuses what is out of range."""
    if not 1 <= octaves <= max_octaves:
        raise ValueError(
            f"`octaves` must be from 1 to {max_octaves} at this sample rate. Received: "
            f"octaves={octaves}."
        )
    if steps < 1:
        raise ValueError(f"`steps` must be at least 1. Received: steps={steps}.")
    if not 0 < strength <= 1:
        raise ValueError(
            "`strength` must be above 0 and at most 1, which is as much change as there is sound. "
            f"Received: strength={strength}."
        )
    if not (math.isfinite(jitter_seconds) and jitter_seconds >= 0):
        raise ValueError(
            f"`jitter_seconds` must be 0 or more. Received: jitter_seconds={jitter_seconds}."
        )
    if seed < 0:
        raise ValueError(f"`seed` must be 0 or more. Received: seed={seed}.")
