"""A small logistic regression: what a straight line through features can tell."""

import numpy as np
from scipy import optimize, special

from kaudio.evaluation.classes import balanced_weights

# For standardised features: no weight grows much beyond 5, however well the clips separate.
L2 = 0.01


def fit_logistic(
    features: np.ndarray, labels: np.ndarray, l2: float = L2
) -> tuple[np.ndarray, np.ndarray]:
    """A multinomial logistic regression, all labels counting the same.

    It is deterministic: there is one minimum, and the search for it begins at zero.

    Args:
        features: `(clips, features)`, standardised.
        labels: Whole numbers from 0 on, each of which occurs, `(clips,)`.
        l2: What half the sum of all squared weights costs, in nats per clip. 0 or more. The bias
            costs nothing.

    Returns:
        Weights `(features, labels)` and bias `(labels,)`: `softmax(features @ weights + bias)`.

    Raises:
        ValueError: If features are not finite, or a label below the highest does not occur.

    Example:
    >>> features, labels = np.array([[-1.0], [-1.0], [1.0], [1.0]]), np.array([0, 0, 1, 1])
    >>> weights, bias = fit_logistic(features, labels)
    >>> (features @ weights + bias).argmax(axis=1)
    array([0, 0, 1, 1])

    References:
        Bishop, "Pattern recognition and machine learning", 2006, section 4.3.4.
    """
    count, size = int(labels.max()) + 1, features.shape[1]
    if not np.isfinite(features).all():
        raise ValueError("`features` must be finite. Received: NaN or infinity.")
    shares = balanced_weights(labels, count)[:, None]
    true = np.eye(count)[labels]

    def objective(values: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = np.split(values.reshape(size + 1, count), [size])
        log_p = special.log_softmax(features @ weights + bias, axis=1)
        slope = shares * (np.exp(log_p) - true)
        nats = -np.sum(shares * true * log_p) + l2 / 2 * np.sum(weights**2)
        gradient = np.concatenate([features.T @ slope + l2 * weights, slope.sum(axis=0)[None]])
        return nats, gradient.ravel()

    start = np.zeros((size + 1) * count)
    options = {"gtol": 1e-8, "ftol": 1e-14, "maxiter": 2_000}
    found = optimize.minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
    weights, bias = np.split(found.x.reshape(size + 1, count), [size])
    return weights, bias[0]
