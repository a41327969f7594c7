"""The WaveNets that are measured, as plain sizes: for our model and for its PyTorch twins."""

from dataclasses import dataclass
from types import MappingProxyType

SAMPLE_RATE, LEVELS = 16_000, 256
# What a training step sees of each excerpt.
EXCERPT = 16_000


@dataclass(frozen=True)
class Network:
    """A WaveNet with kernels of two taps, whose residual path and gates are equally wide.

    Args:
        dilations: Dilation rate of each block.
        filters: Channels from block to block, and of each gate.
        skip_filters: Channels of the sum of all blocks, and of the layer after it.
    """

    dilations: tuple[int, ...]
    filters: int
    skip_filters: int


NETWORKS = MappingProxyType(
    {
        # 30 blocks, 0.5 million weights.
        "w-small": Network(tuple(2**i for i in range(10)) * 3, 32, 256),
        # 55 blocks, 6 million weights: the size of `recipes/deepsound_2016.py`.
        "w-deepsound": Network(tuple(2**i for i in range(11)) * 5, 64, 1024),
    }
)
