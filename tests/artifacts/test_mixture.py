"""Exporting a model of frames whose head is a mixture."""

import keras
import pytest
from small_models import RATE, frames

import kaudio
from kaudio.artifacts.networks import network
from kaudio.codecs import FFTFrames


@pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="Artifacts are written by TensorFlow."
)
@pytest.mark.parametrize("faithful", [True, False])
def test_a_mixture_plays_the_same_from_a_saved_model(tmp_path, faithful):
    keras.utils.set_random_seed(0)
    codec = FFTFrames(RATE, 32, overlap=2)
    options = {"projection": 6, "mixtures": 2, "faithful": faithful, "temperature": 0.5}
    model = frames(codec, **options)
    rows = kaudio.export(model, tmp_path / "out", ["saved_model"])
    assert all(row.largest < 1e-4 for row in rows if row.exact)


def test_a_mixture_of_long_frames_is_refused():
    model = frames(FFTFrames(RATE, 5_000), projection=6, mixtures=1)
    with pytest.raises(ValueError, match=r"at most 4096 samples. Received: 5000"):
        network(model)
