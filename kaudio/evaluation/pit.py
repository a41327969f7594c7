"""Whether the probabilities of a model can be believed."""

import numpy as np

BINS = 20


class Calibration:
    """How often what comes falls where a model said that it would.

    Codes and samples are numbers in order, so that a predicted distribution has quantiles. Of a
    model whose probabilities are right, a share p of them lies below its quantile p, for every p.
    As codes are discrete, each is spread evenly over the probability that it was given.

    Example:
    >>> calibration = Calibration()
    >>> calibration.add(np.array([0, 0.5, 0.5, 0]), np.array([0.5, 1, 1, 0.5]))
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

    def add(self, low: np.ndarray, high: np.ndarray) -> None:
        """Counts what came.

        Args:
            low: Predicted probability of less, of any shape, as `model.below` gives it.
            high: That of no more.
        """
        high, low = np.ravel(high).astype(float), np.ravel(low).astype(float)
        width = np.maximum(high - low, 1e-12)
        for i, edge in enumerate(self.edges):
            self._below[i] += np.clip((edge - high + width) / width, 0, 1).sum()
        self._count += len(high)

    def histogram(self) -> list[float]:
        """Share of what came in each twentieth of the predicted probability: 0.05 if it is right.

        More at both ends means too sure a model, more in the middle one that is not sure enough.
        """
        return np.diff(self._below / max(1, self._count)).tolist()

    def error(self) -> float | None:
        """Expected calibration error, 0 to 0.5: how far the share below a quantile p is from p.

        The mean over p = 0.05, 0.1, ..., 0.95; None if nothing was counted.
        """
        if not self._count:
            return None
        shares = self._below / self._count
        return float(np.abs(shares - self.edges)[1:-1].mean())
