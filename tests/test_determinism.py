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


@pytest.fixture(scope="module", params=curves.MAKE)
def trained(request, tmp_path_factory):
    """A model that was trained here, its losses, and a folder with what it began with."""
    folder = tmp_path_factory.mktemp("curves")
    model, batches = curves.make(request.param)
    np.savez(folder / f"{request.param}.npz", *model.get_weights())
    return request.param, model, curves.losses(model, batches), folder


def test_the_same_seed_gives_the_same_weights_bit_by_bit(trained):
    name, model, told, _ = trained
    other, batches = curves.make(name)
    np.testing.assert_array_equal(told, curves.losses(other, batches))
    assert told[-10:].mean() < told[:10].mean()
    for ours, theirs in zip(curves.weights(model), curves.weights(other), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_another_backend_learns_the_same(trained):
    name, _, told, folder = trained
    environment = {**os.environ, "KERAS_BACKEND": OTHER[keras.config.backend()]}
    command = [sys.executable, curves.__file__, str(folder), name]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.stdout.strip() == OTHER[keras.config.backend()], result.stderr
    theirs = np.load(folder / f"{name}.npy")
    np.testing.assert_allclose(told, theirs, rtol=0, atol=1e-3)
