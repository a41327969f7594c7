"""Draws: one of many by their logits, and how surprising it is; normal ones from uniform ones."""

import math
from collections.abc import Callable
from typing import Any

from keras import ops

# The largest float32 below 1.
BELOW_ONE = 1 - 2.0**-24


def cross_entropy(codes: Any, logits: Any) -> Any:
    """Minus the logarithm of `softmax(logits)` at each code, with its gradient written by hand.

    Args:
        codes: `(...)` integers.
        logits: `(..., levels)`.

    Returns:
        `(...)`, in nats.
    """

    def run(logits: Any) -> tuple[Any, Callable]:
        highest = ops.max(logits, axis=-1, keepdims=True)
        weights = ops.exp(logits - highest)
        total = ops.sum(weights, axis=-1, keepdims=True)
        hot = ops.one_hot(ops.cast(codes, "int32"), logits.shape[-1], dtype=logits.dtype)

        def gradient(*args: Any, upstream: Any = None) -> Any:
            dy = args[0] if upstream is None else upstream
            return (weights / total - hot) * ops.expand_dims(dy, -1)

        picked = ops.sum(logits * hot, axis=-1)
        return ops.log(total[..., 0]) + highest[..., 0] - picked, gradient

    return ops.custom_gradient(run)(logits)


def choose(logits: Any, noise: Any) -> Any:
    """Draws an index with probability `softmax(logits)`: inversion of the distribution function.

    Args:
        logits: `(batch, levels)`.
        noise: Uniform draws in [0, 1), `(batch,)`.

    Returns:
        `(batch,)` in int32.
    """
    weights = ops.exp(logits - ops.max(logits, axis=-1, keepdims=True))
    upto = ops.cumsum(weights, axis=-1)
    # Below the last value, so that the index is never that of a weight of zero.
    target = upto[:, -1:] * ops.expand_dims(ops.minimum(noise, BELOW_ONE), -1)
    return ops.sum(ops.cast(upto <= target, "int32"), axis=-1)


def truncate(logits: Any, top_k: Any, top_p: Any) -> Any:
    """Rules out all but the likeliest.

    Args:
        logits: `(batch, levels)`.
        top_k: How many to keep; 0 keeps all.
        top_p: Of those, keep the likeliest whose probabilities add up to this, at least one. 1
            keeps all.

    Returns:
        `logits`, very low where ruled out.

    References:
        Fan et al., "Hierarchical Neural Story Generation", 2018 (top-k). Holtzman et al., "The
        Curious Case of Neural Text Degeneration", 2020 (top-p, "nucleus").
    """

    def truncated() -> Any:
        levels = logits.shape[-1]
        descending = -ops.sort(-logits, axis=-1)
        k = ops.cast(ops.where(top_k > 0, top_k, levels), "int32")
        ranks = ops.arange(levels, dtype="int32")
        weights = ops.where(ranks < k, ops.exp(descending - descending[:, :1]), 0.0)
        before = ops.cumsum(weights, axis=-1) - weights
        enough = top_p * ops.sum(weights, axis=-1, keepdims=True)
        kept = ops.logical_and(ranks < k, ops.logical_or(before < enough, ranks < 1))
        lowest = ops.min(ops.where(kept, descending, descending[:, :1]), axis=-1, keepdims=True)
        return ops.where(logits < lowest, -1e9, logits)

    # Sorting takes as long as a small network, so it is left out where it changes nothing.
    wanted = ops.logical_or(top_k > 0, top_p < 1)
    return ops.cond(wanted, truncated, lambda: logits)


def box_muller(noise: Any) -> Any:
    """Turns uniform draws in [0, 1) into as many normal ones.

    Args:
        noise: `(batch, 2, n)`.

    Returns:
        `(batch, 2 * n)`.

    References:
        Box and Muller, "A note on the generation of random normal deviates", 1958.
    """
    radius = ops.sqrt(-2.0 * ops.log(1.0 - noise[:, 0]))
    angle = 2.0 * math.pi * noise[:, 1]
    return ops.concatenate([radius * ops.cos(angle), radius * ops.sin(angle)], axis=-1)
