"""The time since the start of a clip, as numbers that die away."""

from collections.abc import Sequence
from typing import Any

from keras import ops

# The last position that is counted: 6 hours at 48 kHz, and no overflow in a stream without end.
LATEST = 2**30


def dying_away(positions: Any, decays: Sequence[float]) -> Any:
    """`exp(-position / decay)`: 1 at the start, 0.37 after one decay.

    A number that grew with time would leave, after the longest clip of training, all that a model
    has learned from. These end at 0, and each tells times well that are near its decay.

    Args:
        positions: Positions since the start, 0 for the first, integers of any shape.
        decays: In positions, above 0.

    Returns:
        `(*positions.shape, len(decays))`, from 0 to 1, in float32.

    Example:
    >>> dying_away(np.array([0, 100]), [100.0, 1000.0]).shape
    (2, 2)
    """
    times = ops.cast(ops.expand_dims(positions, -1), "float32")
    return ops.exp(-times / ops.convert_to_tensor(decays, "float32"))
