"""The trained models that ship: they load, and sound as they did when they were made."""

import json
from pathlib import Path

import numpy as np
import pytest

from kaudio.artifacts.sources import open_source

SHIPPED = sorted((Path(__file__).parents[2] / "saved_models").glob("*/golden.json"))


@pytest.mark.parametrize("golden", SHIPPED, ids=lambda path: path.parent.name)
@pytest.mark.parametrize("format", ["keras", "tflite"])
def test_a_shipped_model_sounds_as_it_did(golden, format):
    source = open_source(golden.parent, format)
    block, _ = next(source.blocks(batch_size=1, seed=0))
    expected = json.loads(golden.read_text())
    np.testing.assert_allclose(block[0, : len(expected)], expected, atol=1e-4)
    assert np.ptp(expected) > 0.01


def test_models_are_shipped_with_their_cards():
    assert {golden.parent.name for golden in SHIPPED} == {"gruv", "wavenet"}
    for golden in SHIPPED:
        card = (golden.parent / "card.md").read_text()
        for words in ("free of rights", "kaudio fit", "beside what has learned nothing"):
            assert words in card
        files = [path for path in golden.parent.rglob("*") if path.is_file()]
        assert max(path.stat().st_size for path in files) < 1_000_000
