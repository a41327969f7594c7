"""The trained models that ship: they load, and sound as they did when they were made."""

import json
from pathlib import Path

import numpy as np
import pytest

from kaudio.artifacts.answers import open_classifier
from kaudio.artifacts.sources import open_source

SHIPPED = sorted((Path(__file__).parents[2] / "saved_models").glob("*/golden.json"))


@pytest.mark.parametrize("golden", SHIPPED, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("format", ["keras", "saved_model", "tflite"])
def test_a_shipped_model_sounds_as_it_did(golden, format):
    source = open_source(golden.parent, format)
    block, _ = next(source.blocks(batch_size=1, seed=0))
    expected = json.loads(golden.read_text())
    np.testing.assert_allclose(block[0, : len(expected)], expected, atol=1e-4)
    assert np.ptp(expected) > 0.01


def chirps():
    """Two clips of 5 s at 6 300 Hz: a tone that rises, and one that falls and dies away."""
    time = np.arange(31_500) / 6_300
    rising = np.sin(2 * np.pi * (100 + 80 * time) * time)
    falling = np.sin(2 * np.pi * (900 - 60 * time) * time) * np.exp(-time)
    return np.stack([0.3 * rising, 0.3 * falling]).astype("float32")


@pytest.mark.parametrize("format", ["keras", "saved_model", "tflite"])
def test_the_shipped_classifier_answers_as_it_did(format):
    folder = SHIPPED[0].parents[1] / "composer"
    classifier = open_classifier(folder, format)
    answers = np.concatenate([classifier.predict_on_batch(clip[None]) for clip in chirps()])
    expected = json.loads((folder / "answers.json").read_text())
    np.testing.assert_allclose(answers, expected, atol=1e-4)
    assert classifier.labels == ("counterpoint", "nocturne")


def test_models_are_shipped_with_their_cards():
    assert {golden.parent.name for golden in SHIPPED} == {"gruv", "wavenet"}
    folders = [*(golden.parent for golden in SHIPPED), SHIPPED[0].parents[1] / "composer"]
    for folder in folders:
        card = (folder / "card.md").read_text()
        for words in ("free of rights", "kaudio fit", "beside what has learned nothing"):
            assert words in card
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert max(path.stat().st_size for path in files) < 1_000_000
