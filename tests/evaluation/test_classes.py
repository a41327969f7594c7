"""Scores of labels on answers known by hand, and by counting pairs."""

import numpy as np
import pytest

from kaudio.evaluation.classes import (
    balanced_accuracy,
    balanced_weights,
    confusion,
    pooled,
    roc_auc,
)


def counted_auc(positive, scores):
    """Area by its definition: the share of pairs in the right order."""
    a, b = scores[positive][:, None], scores[~positive][None]
    return np.mean((a > b) + 0.5 * (a == b))


def test_balanced_accuracy_is_the_mean_of_recalls():
    labels = np.array([0] * 8 + [1] * 2)
    assert balanced_accuracy(labels, labels) == 1
    assert balanced_accuracy(labels, np.zeros(10, int)) == 0.5
    assert balanced_accuracy(labels, np.array([0] * 6 + [1, 1] + [1, 0])) == 0.625


def test_balanced_accuracy_leaves_out_labels_that_do_not_occur():
    assert balanced_accuracy(np.array([0, 0, 2]), np.array([0, 1, 2])) == 0.75


@pytest.mark.parametrize("levels", [3, 1_000_000])
def test_auc_is_the_share_of_pairs_in_order_with_ties_counting_half(levels):
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 200), rng.integers(0, levels, 200) / levels
    assert roc_auc(labels, scores) == pytest.approx(counted_auc(labels == 1, scores))


def test_auc_of_constant_scores_is_a_half_and_of_perfect_order_1():
    labels = np.array([0, 1, 0, 1])
    assert roc_auc(labels, np.zeros(4)) == 0.5
    assert roc_auc(labels, labels.astype(float)) == 1
    assert roc_auc(labels, -labels.astype(float)) == 0


def test_auc_of_two_columns_is_the_same_for_logits_and_probabilities():
    rng = np.random.default_rng(1)
    labels, logits = rng.integers(0, 2, 50), rng.normal(size=(50, 2))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert roc_auc(labels, logits) == roc_auc(labels, p) == pytest.approx(roc_auc(labels, p[:, 1]))


def test_auc_of_three_labels_is_the_mean_of_each_against_the_rest():
    rng = np.random.default_rng(2)
    labels, scores = rng.integers(0, 3, 90), rng.random((90, 3))
    each = [counted_auc(labels == k, scores[:, k]) for k in range(3)]
    assert roc_auc(labels, scores) == pytest.approx(np.mean(each))


def test_auc_of_one_label_is_refused():
    with pytest.raises(ValueError, match=r"two labels or more.*Received: \[1\]"):
        roc_auc(np.array([1, 1]), np.array([0.1, 0.2]))
    with pytest.raises(ValueError, match="must be finite"):
        roc_auc(np.array([0, 1]), np.array([0.1, np.nan]))


def test_confusion_counts_what_was_taken_for_what():
    matrix = confusion(np.array([0, 0, 0, 2]), np.array([0, 1, 1, 2]), 3)
    assert matrix.tolist() == [[1, 2, 0], [0, 0, 0], [0, 0, 1]]
    with pytest.raises(ValueError, match=r"from 0 to 1[.] Received: 0 to 2"):
        confusion(np.array([0, 2]), np.array([0, 1]), 2)


def test_pooling_takes_the_mean_of_each_group_whatever_their_order():
    logits = np.array([[1.0, 0.0], [5.0, 1.0], [3.0, 2.0]])
    names, means = pooled(logits, np.array(["b", "a", "b"]))
    assert names.tolist() == ["a", "b"]
    assert means.tolist() == [[5, 1], [2, 1]]


def test_rows_without_counterpart_are_refused():
    for function in (balanced_accuracy, roc_auc, pooled):
        with pytest.raises(ValueError, match="one row of"):
            function(np.array([0, 1, 1]), np.array([0, 1]))
        with pytest.raises(ValueError, match="at least one"):
            function(np.array([], int), np.array([]))


def test_balanced_weights_give_each_label_the_same_share():
    labels = np.array([0, 0, 0, 1])
    assert balanced_weights(labels, 2).tolist() == pytest.approx([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    with pytest.raises(ValueError, match="labels 0 to 2 must have a clip"):
        balanced_weights(labels, 3)
