"""How well labels are told apart, from what was said of clips: pure functions of arrays.

Labels are whole numbers from 0 on, `(clips,)`.
"""

import numpy as np
from scipy import stats


def balanced_accuracy(labels: np.ndarray, predictions: np.ndarray) -> float:
    """The mean over labels of their recall: the share of their clips that was told right.

    Labels that do not occur are left out.

    Args:
        labels: What is true, `(clips,)`.
        predictions: What was said, `(clips,)`.

    Returns:
        From 0 to 1. Guessing, and saying always the same, has 1 / (number of labels).

    Raises:
        ValueError: If there are no clips, or not as many of one as of the other.

    Example:
    >>> balanced_accuracy(np.array([0, 1, 1, 1]), np.array([0, 1, 1, 0]))
    0.8333333333333333

    References:
        Brodersen et al., "The balanced accuracy and its posterior distribution", 2010.
    """
    labels, predictions = _same_length(labels, predictions, "predictions")
    right = labels == predictions
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def roc_auc(labels: np.ndarray, scores: np.ndarray) -> float:
    """The area under the receiver operating characteristic.

    It is the probability that a clip of a label scores higher in it than a clip of another one,
    ties counting half. Of more than two labels, it is the mean over those that occur, each against
    all others.

    Args:
        labels: What is true, `(clips,)`.
        scores: `(clips, labels)`, probabilities best; or, of two labels, `(clips,)`, the higher
            the likelier is label 1. Of two columns, what counts is by how much the second is above
            the first, so that logits and probabilities give the same.

    Returns:
        From 0 to 1: guessing has 0.5, perfect order 1.

    Raises:
        ValueError: If only one label occurs, or a score is not finite.

    Example:
    >>> roc_auc(np.array([0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]))
    0.75

    References:
        Hanley and McNeil, "The meaning and use of the area under a ROC curve", 1982.
    """
    labels, scores = _same_length(labels, scores, "scores")
    if not np.isfinite(scores).all():
        raise ValueError("`scores` must be finite. Received: NaN or infinity.")
    if scores.ndim == 2 and scores.shape[1] == 2:
        scores = scores[:, 1] - scores[:, 0]
    found = np.unique(labels)
    most = 2 if scores.ndim == 1 else scores.shape[1]
    if len(found) < 2 or found.max() >= most:
        raise ValueError(
            f"`labels` must hold two labels or more, below the number of scores ({most}). "
            f"Received: {found.tolist()}."
        )
    if scores.ndim == 1:
        return _area(labels == 1, scores)
    return float(np.mean([_area(labels == label, scores[:, label]) for label in found]))


def confusion(labels: np.ndarray, predictions: np.ndarray, count: int) -> np.ndarray:
    """How often each label was taken for each.

    Args:
        labels: What is true, `(clips,)`.
        predictions: What was said, `(clips,)`.
        count: Number of labels there are.

    Returns:
        Clips, `(count, count)`: a row is what is true, a column what was said.

    Raises:
        ValueError: If a label is not below `count`.

    Example:
    >>> confusion(np.array([0, 1, 1]), np.array([0, 1, 0]), 2)
    array([[1, 0],
           [1, 1]])
    """
    labels, predictions = _same_length(labels, predictions, "predictions")
    both = np.stack([labels, predictions])
    if both.min() < 0 or both.max() >= count:
        raise ValueError(
            f"Labels must be from 0 to {count - 1}. Received: {both.min()} to {both.max()}."
        )
    matrix = np.zeros((count, count), int)
    np.add.at(matrix, (labels, predictions), 1)
    return matrix


def pooled(values: np.ndarray, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of groups, such as the logits of all clips of a recording, or of a work.

    The mean of logits is the geometric mean of probabilities. Unlike their sum, it does not grow
    surer only because there are more clips of the same.

    Args:
        values: `(clips, ...)`: logits; or labels, which are those of their group.
        groups: What each clip is of, `(clips,)`: names or numbers.

    Returns:
        The groups that occur, sorted, `(groups,)`, and their means, `(groups, ...)`.

    Example:
    >>> pooled(np.array([1.0, 3.0, 5.0]), np.array(["op. 2", "op. 1", "op. 2"]))
    (array(['op. 1', 'op. 2'], dtype='<U5'), array([3., 3.]))
    """
    groups, values = _same_length(groups, values, "values")
    names, which = np.unique(groups, return_inverse=True)
    total = np.zeros((len(names), *values.shape[1:]))
    np.add.at(total, which, values)
    sizes = np.bincount(which).reshape(-1, *[1] * (values.ndim - 1))
    return names, total / sizes


def balanced_weights(labels: np.ndarray, count: int) -> np.ndarray:
    """Weights of clips that give all labels the same share, and add up to 1.

    Args:
        labels: `(clips,)`.
        count: Number of labels there are.

    Returns:
        `(clips,)`, above 0.

    Raises:
        ValueError: If a label has no clip, or there are other labels.

    Example:
    >>> balanced_weights(np.array([0, 0, 1]), 2)
    array([0.25, 0.25, 0.5 ])
    """
    totals = np.bincount(labels, minlength=count)
    if len(totals) > count or not totals.all():
        raise ValueError(
            f"Each of the labels 0 to {count - 1} must have a clip, and no other may occur. "
            f"Received: {totals.tolist()} clips by label."
        )
    return 1 / (totals * count)[labels]


def _area(positive: np.ndarray, scores: np.ndarray) -> float:
    """By the ranks of the positive ones (the U of Mann and Whitney)."""
    ranks, hits = stats.rankdata(scores), np.count_nonzero(positive)
    misses = len(scores) - hits
    return float((ranks[positive].sum() - hits * (hits + 1) / 2) / (hits * misses))


def _same_length(
    labels: np.ndarray, others: np.ndarray, name: str
) -> tuple[np.ndarray, np.ndarray]:
    labels, others = np.asarray(labels), np.asarray(others)
    if labels.ndim != 1 or not len(labels) or others.shape[:1] != labels.shape:
        raise ValueError(
            f"Expected one row of `{name}` for each clip, at least one. Received: labels or groups "
            f"of shape {labels.shape}, {name} of shape {others.shape}."
        )
    return labels, others
