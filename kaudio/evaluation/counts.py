"""What counting codes predicts: the baselines of models of quantised audio."""

from collections.abc import Iterable

import numpy as np

# A table of so many rows and columns takes 8 MB. With more levels, music would not fill one.
MOST_LEVELS = 1024
# Steps of fewer quanta have a bin each; beyond, each octave has 8 bins: 9 % of a step.
EXACT_STEPS = 16
BINS_PER_OCTAVE = 8
# Added to each count (Krichevsky and Trofimov, 1981): nothing is impossible.
UNSEEN = 0.5
PRIOR_WEIGHTS = 2.0 ** np.arange(-6, 17)


class Counts:
    """Predictions from the frequencies of codes, and of pairs of codes, in training data.

    Three baselines that a model of codes ought to beat:

    - `"uniform"`: all codes are alike, `log2(levels)` bits;
    - `"unigram"`: each code has its frequency, with 0.5 added to each count;
    - `"markov"`: each code has its frequency after the code before it, smoothed towards the
      unigram: `P(y | x) = (n_xy + a P(y)) / (n_x + a)` (MacKay and Peto, 1995). The weight `a`
      is the power of two, 1/64 to 65,536, that predicts the training data best if each pair is
      left out of the counts in turn. With much data it scores the entropy rate of any source
      of order 1.

    With more than 1,024 levels (16-bit audio has 65,536) the table would stay empty. There the
    codes are counted in bins by their distance from the middle level, and markov counts the step
    `y - x` in bins, given the sign and the octave of `x`, as loud music moves faster; steps that
    would leave the range are excluded. Bins hold one step each below 16 and 8 to the octave above;
    all in a bin are alike.

    Args:
        levels: Number of codes, 2 to 65,536.

    Raises:
        ValueError: If `levels` is out of that range.

    Example:
    >>> counts = Counts(levels=4)
    >>> x, y = np.array([0, 1, 2, 3] * 1000), np.array([1, 2, 3, 0] * 1000)
    >>> counts.add(x, y)
    >>> {name: round(bits, 2) for name, bits in counts.score([(x, y)]).items()}
    {'uniform': 2.0, 'unigram': 2.0, 'markov': 0.0}
    """

    def __init__(self, levels: int) -> None:
        if not 2 <= levels <= 2**16:
            raise ValueError(f"Expected levels from 2 to 65,536. Received: levels={levels}.")
        self.levels = levels
        codes = np.arange(levels)
        self._fine = levels <= MOST_LEVELS
        self._code_bin = codes if self._fine else _bins(codes - levels // 2)
        self._context = codes if self._fine else _octaves(codes - levels // 2)
        # What markov counts: the next code, or the step to it.
        self._target_bin = codes if self._fine else _bins(np.arange(1 - levels, levels))
        self._codes = np.zeros(self._code_bin.max() + 1, dtype=np.int64)
        self._pairs = np.zeros(
            (self._context.max() + 1, self._target_bin.max() + 1), dtype=np.int64
        )

    def add(self, x: np.ndarray, y: np.ndarray) -> None:
        """Counts training data; in as many calls as there are batches.

        Args:
            x: Integers of any shape, 0 to `levels - 1`.
            y: The code that follows each of them, of the same shape.

        Raises:
            ValueError: If these are no codes, or differ in shape.
        """
        x, y = self._check(x, y)
        self._codes += np.bincount(self._code_bin[y], minlength=len(self._codes))
        contexts, targets = self._context[x], self._target(x, y)
        cells = np.ravel_multi_index((contexts, targets), self._pairs.shape)
        self._pairs += np.bincount(cells, minlength=self._pairs.size).reshape(self._pairs.shape)

    def score(self, batches: Iterable[tuple[np.ndarray, np.ndarray]]) -> dict[str, float]:
        """Predicts other data.

        Args:
            batches: `(x, y)` as `add` takes them.

        Returns:
            The mean number of bits for a code of `y`, by the name of the baseline.

        Raises:
            ValueError: If these are no codes, differ in shape, or there are none.
        """
        unigram = _frequencies(self._codes)
        bits_of_code = -np.log2(unigram / np.bincount(self._code_bin))[self._code_bin]
        pairs = self._smooth_pairs()
        bits_of_pair = -np.log2(pairs / np.bincount(self._target_bin))
        sums, count = np.zeros(2), 0
        for x, y in batches:
            x, y = self._check(x, y)
            bits = bits_of_pair[self._context[x], self._target(x, y)]
            if not self._fine:
                bits = bits + np.log2(self._share_within(pairs, x))
            sums += bits_of_code[y].sum(), bits.sum()
            count += len(y)
        if not count:
            raise ValueError("Expected codes to predict, received none. Pass at least one batch.")
        means = [float(np.log2(self.levels)), *(sums / count).tolist()]
        return dict(zip(["uniform", "unigram", "markov"], means, strict=True))

    def _target(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return self._target_bin[y if self._fine else y - x + self.levels - 1]

    def _smooth_pairs(self) -> np.ndarray:
        """The probability of each target, given the context."""
        prior = _frequencies(self._pairs.sum(axis=0))
        totals = self._pairs.sum(axis=1, keepdims=True)
        rows, columns = np.nonzero(self._pairs)
        seen, expected, total = self._pairs[rows, columns], prior[columns], totals[rows, 0]
        left_out = [
            np.sum(seen * np.log((seen - 1 + weight * expected) / (total - 1 + weight)))
            for weight in PRIOR_WEIGHTS
        ]
        weight = PRIOR_WEIGHTS[np.argmax(left_out)]
        return (self._pairs + weight * prior) / (totals + weight)

    def _share_within(self, pairs: np.ndarray, x: np.ndarray) -> np.ndarray:
        """The probability that the step from `x` leads to a code at all."""
        widths = np.bincount(self._target_bin)
        below = np.cumsum(pairs, axis=1) - pairs
        starts = np.cumsum(widths) - widths

        def probability_below(step: np.ndarray) -> np.ndarray:
            row, column = self._context[x], self._target_bin[np.minimum(step, 2 * self.levels - 2)]
            part = (step - starts[column]) / widths[column]
            return below[row, column] + pairs[row, column] * part

        # The step to code 0, where step `1 - levels` has number 0.
        lowest = self.levels - 1 - x
        return probability_below(lowest + self.levels) - probability_below(lowest)

    def _check(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x, y = np.asarray(x), np.asarray(y)
        if x.shape != y.shape:
            raise ValueError(
                f"Expected a code that follows each code, received shapes {x.shape} and {y.shape}."
            )
        for codes in (x, y):
            if not np.issubdtype(codes.dtype, np.integer):
                raise ValueError(f"Expected codes as integers, received dtype {codes.dtype}.")
            if codes.size and not 0 <= codes.min() <= codes.max() < self.levels:
                raise ValueError(
                    f"Expected codes from 0 to {self.levels - 1}, received "
                    f"{codes.min()} to {codes.max()}."
                )
        return x.ravel().astype(np.int64), y.ravel().astype(np.int64)


def _frequencies(counts: np.ndarray) -> np.ndarray:
    return (counts + UNSEEN) / (counts.sum() + UNSEEN * len(counts))


def _bins(values: np.ndarray) -> np.ndarray:
    """The number of the bin of each of the ascending values."""
    size = np.abs(values)
    octaves = np.log2(np.maximum(size, EXACT_STEPS) / EXACT_STEPS)
    beyond = EXACT_STEPS + np.floor(BINS_PER_OCTAVE * octaves)
    bins = np.sign(values) * np.where(size < EXACT_STEPS, size, beyond)
    return np.unique(bins, return_inverse=True)[1]


def _octaves(values: np.ndarray) -> np.ndarray:
    return np.unique(np.sign(values) * np.ceil(np.log2(np.abs(values) + 1)), return_inverse=True)[1]
