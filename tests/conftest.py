"""What all tests share: quiet libraries, a cache of their own, a folder of synthetic music."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest
import soundfile


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    """No test reads or fills the cache of whoever runs it."""
    folder = tmp_path_factory.getbasetemp() / "cache"
    monkeypatch.setenv("KAUDIO_CACHE", str(folder))
    return folder


@pytest.fixture
def music(tmp_path):
    """Six short recordings of two "composers": decaying notes of a scale, each in its own key."""
    folder = tmp_path / "music"
    for number in range(6):
        rng = np.random.default_rng(number)
        base = 220 * 2 ** (number / 12)
        time = np.arange(2_000) / 8_000
        notes = [
            np.sin(2 * np.pi * base * 2 ** (step / 12) * time) * np.exp(-6 * time)
            for step in rng.choice([0, 2, 4, 5, 7, 9, 11, 12], 12)
        ]
        path = folder / ("ada" if number % 2 else "bela") / f"piece_{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.5 * np.concatenate(notes), 8_000)
    return folder
