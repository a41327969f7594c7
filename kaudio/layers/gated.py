"""The arithmetic of a gated residual block, with its gradient written by hand."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from kaudio.layers.causal_conv import with_past


def gated_residual(
    x: Any,
    history: Any,
    kernel: Any,
    bias: Any,
    condition: Any = None,
    output: tuple[Any, Any] | None = None,
    dilation_rate: int = 1,
) -> tuple[Any, Any]:
    """`z = tanh(a) * sigmoid(b)` of a causal convolution `[a, b]` of `x`, and `x + z U + u`.

    Taps are laid side by side and multiplied at once, and so are the gradients of the weights:
    derived automatically, they take a CPU up to twice as long, on either backend.

    Args:
        x: `(batch, steps, filters)`.
        history: What `x` was before, at every position: `(batch or 1, filters)`.
        kernel: `(kernel_size, filters, 2 * gate_filters)`.
        bias: `(2 * gate_filters,)`.
        condition: Added to the convolution, `(batch, 1 or steps, 2 * gate_filters)`, or None.
        output: `U`, `(gate_filters, filters)`, and `u`, `(filters,)`, or None.
        dilation_rate: Positions from one tap to the next.

    Returns:
        `x + z U + u`, or `x` where there is no `output`, and `z`.
    """
    given = [
        x,
        history,
        kernel,
        bias,
        *(output or ()),
        *(() if condition is None else (condition,)),
    ]
    has_output, size = output is not None, kernel.shape[0]

    def run(x: Any, history: Any, kernel: Any, bias: Any, *rest: Any) -> tuple[Any, Callable]:
        out_kernel, out_bias = rest[:2] if has_output else (None, None)
        condition = rest[2 * has_output :]
        padded = with_past(x, (size - 1) * dilation_rate, history)
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        g = ops.matmul(_taps(padded, x, size, dilation_rate), matrix) + bias
        if condition:
            g = _flat(_like(g, x) + condition[0])
        a, b = ops.split(g, 2, axis=-1)
        a, b = ops.tanh(a), ops.sigmoid(b)
        z = a * b
        # The brackets count: XLA's product takes the bias along, but not `x`.
        y = x + _like(ops.matmul(z, out_kernel) + out_bias, x) if has_output else x

        def gradient(*args: Any, upstream: Any = None) -> tuple:
            dy, dz = args[0] if len(args) == 1 else args if upstream is None else upstream
            d, d_output = _flat(dz), []
            late = _late_zero(dz)
            again = a * (b + ops.cast(late, b.dtype))
            if has_output:
                rows = _flat(dy)
                d = d + ops.matmul(rows, ops.transpose(out_kernel))
                d_output = [ops.matmul(ops.transpose(again), rows), ops.sum(rows, axis=0)]
            dg = ops.concatenate([d * b * (1 - a * a), d * again * (1 - b)], axis=-1)
            # Laid side by side again: to keep them would double the memory.
            taps = _taps(padded, x, size, dilation_rate, late)
            d_kernel = ops.reshape(ops.matmul(ops.transpose(taps), dg), kernel.shape)
            d_taps = _like(ops.matmul(dg, ops.transpose(matrix)), x)
            dx, d_history = _untap(d_taps, dy, size, dilation_rate)
            if history.shape[0] == 1:
                d_history = ops.sum(d_history, axis=0, keepdims=True)
            gradients = [dx, d_history, d_kernel, ops.sum(dg, axis=0), *d_output]
            for c in condition:
                dc = _like(dg, x)
                dc = ops.sum(dc, axis=1, keepdims=True) if c.shape[1] == 1 else dc
                gradients.append(ops.sum(dc, axis=0, keepdims=True) if c.shape[0] == 1 else dc)
            return tuple(gradients)

        return (y, _like(z, x)), gradient

    return ops.custom_gradient(run)(*given)


def _flat(x: Any) -> Any:
    """All positions of all sequences as the rows of one matrix."""
    return ops.reshape(x, (-1, x.shape[-1]))


def _like(rows: Any, x: Any) -> Any:
    """The rows of one matrix as the positions of sequences like `x`."""
    return ops.reshape(rows, (-1, ops.shape(x)[1], rows.shape[-1]))


def _taps(padded: Any, x: Any, size: int, dilation_rate: int, start: Any = 0) -> Any:
    """What each position looks at, side by side, oldest first: a matrix of one row for each."""
    shape = ops.shape(x)
    parts = [ops.slice(padded, (0, start + tap * dilation_rate, 0), shape) for tap in range(size)]
    return _flat(ops.concatenate(parts, axis=-1))


def _late_zero(gradient: Any) -> Any:
    """Zero, but on JAX one that XLA cannot know before `gradient` is there.

    XLA would see that the backward pass computes what the forward pass had computed, and keep it
    for all layers: a third more memory, and on a CPU a tenth more time for its page faults.
    """
    if keras.config.backend() != "jax":
        return 0
    return ops.cast(gradient[0, 0, 0] > float("inf"), "int32")


def _untap(d_taps: Any, dy: Any, size: int, dilation_rate: int) -> tuple[Any, Any]:
    """Gradients of the sequence and of its history from those of the taps."""
    *past, present = ops.split(d_taps, size, axis=-1)
    dx, d_history = dy + present, ops.zeros_like(dy[:, 0])
    for tap, part in enumerate(past):
        shift = (size - 1 - tap) * dilation_rate
        # The first positions read the history there, the others what came `shift` before.
        d_history = d_history + ops.sum(part[:, :shift], axis=1)
        dx = dx + ops.pad(part[:, shift:], [[0, 0], [0, shift], [0, 0]])[:, : ops.shape(dy)[1]]
    return dx, d_history


def concatenated_product(parts: Sequence[Any], kernel: Any) -> Any:
    """`concatenate(parts) @ kernel`, where each part has a gradient by a product of its own.

    Args:
        parts: `(batch, steps, channels)` each.
        kernel: `(len(parts) * channels, filters)`.

    Returns:
        `(batch, steps, filters)`.
    """

    def run(kernel: Any, *parts: Any) -> tuple[Any, Callable]:
        wide = _flat(ops.concatenate(parts, axis=-1))

        def gradient(*args: Any, upstream: Any = None) -> tuple:
            dy = _flat(args[0] if upstream is None else upstream)
            rows = [ops.transpose(part) for part in ops.split(kernel, len(parts))]
            return (
                ops.matmul(ops.transpose(wide), dy),
                *(_like(ops.matmul(dy, row), part) for row, part in zip(rows, parts, strict=True)),
            )

        return _like(ops.matmul(wide, kernel), parts[0]), gradient

    return ops.custom_gradient(run)(kernel, *parts)
