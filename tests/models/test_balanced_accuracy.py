"""The mean over labels of what is told right."""

import keras
import numpy as np
import pytest

from kaudio.models import BalancedAccuracy


def score(*updates, labels=2):
    metric = BalancedAccuracy(labels)
    for update in updates:
        metric.update_state(*(np.asarray(part, "float32") for part in update))
    return float(metric.result())


def test_each_label_counts_the_same_however_many_clips_it_has():
    truth = np.eye(2)[[0] * 9 + [1]]
    assert score((truth, np.tile([1.0, 0.0], (10, 1)))) == pytest.approx(0.5)


def test_batches_add_up():
    parts = [([[1, 0]], [[2, 1]]), ([[0, 1], [0, 1]], [[2, 1], [1, 2]])]
    assert score(*parts) == pytest.approx(0.75)


def test_labels_that_did_not_occur_are_left_out():
    assert score(([[1, 0, 0]], [[2, 1, 0]]), labels=3) == 1


def test_weights_choose_among_judges():
    truth, judges = [[1, 0], [0, 1]], [[[2, 1], [1, 2]], [[2, 1], [1, 2]]]
    assert score((truth, judges, [[1, 0], [0, 1]])) == 1
    assert score((truth, judges, [[0, 1], [1, 0]])) == 0


def test_its_configuration_makes_the_same_metric():
    again = keras.metrics.deserialize(keras.metrics.serialize(BalancedAccuracy(3)))
    assert again.labels == 3
