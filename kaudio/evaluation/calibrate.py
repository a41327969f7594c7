"""Logits to probabilities that keep their promise: of what is said at 80 %, 80 % is right."""

import numpy as np
from scipy import optimize, special

from kaudio.evaluation.classes import balanced_weights

# In nats, times the square of the sharpness' logarithm and of each bias. Where the data say
# anything it moves the result by about a percent; where they are separable it keeps it finite.
PRIOR = 1e-3


def calibration(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Finds what logits are to be multiplied by, and what is to be added to each label.

    `softmax(sharpness * logits + bias)` then has the least cross-entropy on these clips, all labels
    counting the same, with a weak prior towards a sharpness of 1 and no bias. Give it clips that
    the model was not trained on, pooled as they will be judged.

    Args:
        logits: Of held-out clips, `(clips, labels)`.
        labels: What is true, whole numbers from 0 on, `(clips,)`. Each of them must occur.

    Returns:
        The sharpness, above 0 (below 1 for a model that is too sure of itself), and the bias of
        each label, `(labels,)`, which add up to 0: as `ComposerClassifier.calibrate` takes them.

    Raises:
        ValueError: If logits are not finite, or a label does not occur.

    Example:
    >>> logits = np.array([[9.0, 0.0], [9.0, 0.0], [9.0, 0.0], [0.0, 9.0]] * 2)
    >>> sharpness, bias = calibration(logits, np.array([0, 0, 1, 1] * 2))
    >>> sharpness < 1
    True

    References:
        Platt, "Probabilistic outputs for support vector machines", 1999; Guo et al., "On
        calibration of modern neural networks", 2017.
    """
    logits, labels = _checked(logits, labels, "logits")
    count = logits.shape[1]
    weights = balanced_weights(labels, count)
    true = np.eye(count)[labels]

    def objective(values: np.ndarray) -> tuple[float, np.ndarray]:
        # The logarithm of the sharpness is what is sought, so that it stays above 0.
        sharpness, bias = np.exp(values[0]), values[1:]
        log_p = special.log_softmax(sharpness * logits + bias, axis=1)
        slope = weights[:, None] * (np.exp(log_p) - true)
        nats = -np.sum(weights[:, None] * true * log_p) + PRIOR * np.sum(values**2)
        gradient = np.concatenate([[sharpness * np.sum(slope * logits)], slope.sum(axis=0)])
        return nats, gradient + 2 * PRIOR * values

    start = np.zeros(1 + count)
    # From 1e-4 to 1e4, so that no step of the search overflows.
    bounds = [(-9.0, 9.0)] + [(None, None)] * count
    options = {"gtol": 1e-8, "ftol": 1e-14, "maxiter": 1_000}
    found = optimize.minimize(
        objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    return float(np.exp(found.x[0])), found.x[1:] - found.x[1:].mean()


def expected_calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, bins: int = 15
) -> float:
    """How far confidence and truth are apart.

    Clips are put into bins of equal width by the probability of what is said of them. The result
    is the mean over bins, each counting by its clips, of the distance between the share that is
    right and the mean probability.

    Args:
        probabilities: `(clips, labels)`, rows that add up to 1.
        labels: What is true, `(clips,)`.
        bins: Number of bins from 0 to 1.

    Returns:
        From 0, perfect, to 1. Chance alone makes about `sqrt(filled_bins / clips) / 3` of it.

    Raises:
        ValueError: If probabilities are not probabilities.

    Example:
    >>> error = expected_calibration_error(np.array([[0.9, 0.1]] * 5), np.array([0, 0, 0, 0, 1]))
    >>> round(error, 3)
    0.1

    References:
        Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", 2015.
    """
    probabilities, labels = _checked(probabilities, labels, "probabilities")
    if probabilities.min() < 0 or not np.allclose(probabilities.sum(axis=1), 1, atol=1e-4):
        raise ValueError(
            "`probabilities` must be 0 or more, and each row must add up to 1. Received: "
            "others. Logits become probabilities by softmax."
        )
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = np.bincount(which, right.astype(float) - confidence, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def _checked(rows: np.ndarray, labels: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    rows, labels = np.asarray(rows, float), np.asarray(labels)
    if rows.ndim != 2 or rows.shape[1] < 2 or labels.shape != rows.shape[:1] or not len(rows):
        raise ValueError(
            f"Expected {name} of shape (clips, labels), two labels or more, and labels of shape "
            f"(clips,). Received: shapes {rows.shape} and {labels.shape}."
        )
    if not np.isfinite(rows).all():
        raise ValueError(
            f"`{name}` must be finite. Received: NaN or infinity. A model that gives these has "
            "diverged: train it with a lower learning rate."
        )
    return rows, labels
