"""Whether two spectra over time, laid side by side, are of one recording."""

import numpy as np
from scipy import ndimage

# Two frames of music correlate like this by chance once in ten; one and the same, with noise 20 dB
# below it, 19 times in 20.
ALIKE = 0.8
# A chord that is held sounds alike whoever plays it. What changes in it within a second, such as
# its beating, is that of one recording only: so alike in 97 % of the frames of a copy in noise, and
# in 25 % of those of a chord that was played again on the same instrument.
CHANGES_ALIKE = 0.7
# Frames of 0.04 s: what is slower is left out, and what is correlated at once.
CHANGES, OVER = 25, 15
# Fewer frames that are alike are chance; as few that are not are noise.
LEAST_ALIKE, MOST_UNLIKE = 3, 5


def correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Of each row of `a` with that of `b`, -1 to 1, `(frames,)`. 0 of what is silent."""
    return _cosine(a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True), over=1)


def longest_passage(a: np.ndarray, b: np.ndarray) -> tuple[int, int]:
    """The longest stretch in which two spectra are those of one recording.

    Args:
        a: Fourth roots of power, the loudest of each frame being 255, `(frames, bands)`, floats.
        b: Of the same shape.

    Returns:
        Its first frame, and the one after its last; (0, 0) if there is none. It may hold rests,
        where both are silent, but neither begins nor ends with one.
    """
    heard = np.maximum(a, b).max(axis=1) > 0
    passages = [(0, 0)]
    for begin, end in _runs((correlation(a, b) >= ALIKE) | ~heard):
        changes = _changes(a[begin:end]), _changes(b[begin:end])
        alike = _cosine(*changes, over=OVER) >= CHANGES_ALIKE
        for first, last in _runs(alike | ~heard[begin:end]):
            frames = begin + first + np.flatnonzero(heard[begin + first : begin + last])
            if len(frames):
                passages.append((int(frames[0]), int(frames[-1]) + 1))
    return max(passages, key=lambda passage: passage[1] - passage[0])


def _changes(bands: np.ndarray) -> np.ndarray:
    return bands - ndimage.uniform_filter1d(bands, CHANGES, axis=0, mode="nearest")


def _cosine(a: np.ndarray, b: np.ndarray, over: int) -> np.ndarray:
    """Of rows, each together with those about it. Less than a rounding error is nothing."""
    products = [np.einsum("fb,fb->f", x, y) for x, y in ((a, b), (a, a), (b, b))]
    if over > 1:
        products = [ndimage.uniform_filter1d(x, over, mode="nearest") for x in products]
    return products[0] / np.maximum(np.sqrt(products[1] * products[2]), a.shape[1] / 12)


def _runs(alike: np.ndarray) -> list[tuple[int, int]]:
    """Where frames are alike, but for a few: first frames, and those after the last."""
    alike = ndimage.binary_opening(alike, np.ones(LEAST_ALIKE))
    alike = np.pad(alike, MOST_UNLIKE)  # what lies outside is not alike
    alike = ndimage.binary_closing(alike, np.ones(MOST_UNLIKE + 1))[MOST_UNLIKE:-MOST_UNLIKE]
    edges = np.flatnonzero(np.diff(alike, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))
