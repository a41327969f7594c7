"""Whether the probabilities of a model of codes can be believed."""

import numpy as np

BINS = 20


class Calibration:
    """How often codes fall where a model said that they would.

    Codes are numbers in order, so that a predicted distribution has quantiles. Of a model whose
    probabilities are right, a share p of the codes lies below its quantile p, for every p. As codes
    are discrete, each is spread evenly over the probability that it was given.

    Example:
    >>> calibration = Calibration()
    >>> calibration.add(np.array([0, 1, 1, 0]), np.full((4, 2), 0.5))
    >>> calibration.error()
    0.0

    References:
        Czado, Gneiting and Held, "Predictive model assessment for count data", 2009, for the
        histogram; Kuleshov et al., "Accurate uncertainties for deep learning using calibrated
        regression", 2018, for the error.
    """

    def __init__(self) -> None:
        self.edges = np.linspace(0, 1, BINS + 1)
        self._below, self._count = np.zeros(BINS + 1), 0

    def add(self, codes: np.ndarray, probabilities: np.ndarray) -> None:
        """Counts codes.

        Args:
            codes: Those that came, `(count,)`, integers.
            probabilities: Predicted, `(count, levels)`, rows that add up to 1.
        """
        rows = np.arange(len(codes))
        high = np.cumsum(probabilities, axis=1, dtype=float)[rows, codes]
        width = np.maximum(probabilities[rows, codes].astype(float), 1e-12)
        for i, edge in enumerate(self.edges):
            self._below[i] += np.clip((edge - high + width) / width, 0, 1).sum()
        self._count += len(codes)

    def histogram(self) -> list[float]:
        """Share of the codes in each twentieth of the predicted probability: 0.05 if it is right.

        More at both ends means too sure a model, more in the middle one that is not sure enough.
        """
        return np.diff(self._below / max(1, self._count)).tolist()

    def error(self) -> float | None:
        """Expected calibration error, 0 to 0.5: how far the share below a quantile p is from p.

        The mean over p = 0.05, 0.1, ..., 0.95; None without a code.
        """
        if not self._count:
            return None
        shares = self._below / self._count
        return float(np.abs(shares - self.edges)[1:-1].mean())
