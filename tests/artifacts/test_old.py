"""Artifacts of every format version that there has been are read, and do what they did."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from freeze import answered, played

from kaudio.artifacts.players import FORMATS

FROZEN = [
    pytest.param(folder, format, id=f"{folder.parent.name}-{folder.name}-{format}")
    for folder in sorted(Path(__file__).parent.glob("version_*/*"))
    for format in ("keras", "saved_model", "tflite")
    if (folder / FORMATS[format]).exists()
]


@pytest.mark.parametrize(("folder", "format"), FROZEN)
def test_an_old_artifact_does_what_it_did(folder, format):
    if format == "saved_model" and keras.config.backend() != "tensorflow":
        pytest.skip("A SavedModel is a TensorFlow program.")
    expected = json.loads((folder / "expected.json").read_text())
    what = answered if folder.name == "classifier" else played
    np.testing.assert_allclose(what(folder, format), expected, atol=1e-4)
    assert np.ptp(expected) > 0.01


def test_every_version_so_far_is_among_them():
    from kaudio.artifacts.describe import FORMAT_VERSION

    there = {folder.name for folder in Path(__file__).parent.glob("version_*")}
    assert there == {f"version_{number + 1}" for number in range(FORMAT_VERSION)}
