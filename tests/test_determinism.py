"""The same seed gives the same weights; another backend learns the same.

Noise and dropout differ from backend to backend, and are left out here. That runs with them end
with the same weights, killed or not, is in training/test_fit.py.
"""

import os
import subprocess
import sys

import curves
import keras
import numpy as np
import pytest

OTHER = {"tensorflow": "jax", "jax": "tensorflow"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Models that were trained here, their losses, and a folder with what they began with."""
    folder, found = tmp_path_factory.mktemp("curves"), {}
    for name in curves.MAKE:
        model, batches = curves.make(name)
        np.savez(folder / f"{name}.npz", *model.get_weights())
        found[name] = (model, curves.losses(model, batches))
    return folder, found


@pytest.mark.parametrize("name", curves.MAKE)
def test_the_same_seed_gives_the_same_weights_bit_by_bit(trained, name):
    model, told = trained[1][name]
    other, batches = curves.make(name)
    np.testing.assert_array_equal(told, curves.losses(other, batches))
    assert told[-10:].mean() < told[:10].mean()
    for ours, theirs in zip(curves.weights(model), curves.weights(other), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_another_backend_learns_the_same(trained):
    folder, found = trained
    environment = {**os.environ, "KERAS_BACKEND": OTHER[keras.config.backend()]}
    command = [sys.executable, curves.__file__, str(folder)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.stdout.strip() == OTHER[keras.config.backend()], result.stderr
    for name, (_, curve) in found.items():
        theirs = np.load(folder / f"{name}.npy")
        np.testing.assert_allclose(curve, theirs, rtol=0, atol=1e-3, err_msg=name)
