"""A stream of samples, cut into chunks that overlap."""

from collections.abc import Iterable, Iterator

import numpy as np


class Chunks:
    """Chunks of a stream, as `(start, samples)`. The last ends where the stream does.

    A stream that is shorter than a chunk is repeated.

    Args:
        pieces: Samples, in arrays of any length.
        length: Samples in a chunk.
        hop: Samples from the start of a chunk to that of the next.

    Example:
    >>> [(start, list(samples)) for start, samples in Chunks([np.arange(6)], 3, 2)]
    [(0, [0, 1, 2]), (2, [2, 3, 4]), (3, [3, 4, 5])]
    """

    def __init__(self, pieces: Iterable[np.ndarray], length: int, hop: int) -> None:
        self.pieces, self.length, self.hop = pieces, length, hop
        self.seen = 0  # samples so far

    def __iter__(self) -> Iterator[tuple[int, np.ndarray]]:
        length, following, buffer = self.length, 0, np.zeros(0, "float32")
        for piece in self.pieces:
            buffer = np.concatenate([buffer, piece])
            self.seen += len(piece)
            begin = self.seen - len(buffer)
            while following + length <= self.seen:
                yield following, buffer[following - begin : following - begin + length]
                following += self.hop
            # The last chunk may begin before the one that would follow.
            buffer = buffer[-length:].copy()
        if 0 < self.seen < length:
            yield 0, np.resize(buffer, length)
        elif self.seen and following - self.hop + length < self.seen:
            yield self.seen - length, buffer
