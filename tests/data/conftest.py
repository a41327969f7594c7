import itertools
from pathlib import Path

import numpy as np
import pytest
import soundfile


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch) -> Path:
    """Each test has a cache of its own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("KAUDIO_CACHE", str(folder))
    return folder


@pytest.fixture
def record():
    """Writes noise, of which no two files hold the same."""
    seeds = itertools.count()

    def write(path: Path, seconds: float = 1.0, sample_rate: int = 1000) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        samples = np.random.default_rng(next(seeds)).uniform(
            -0.5, 0.5, round(seconds * sample_rate)
        )
        soundfile.write(path, samples.astype("float32"), sample_rate, subtype="FLOAT")
        return path

    return write
