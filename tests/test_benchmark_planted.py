"""Each fault that `benchmarks.planted` plants is found, and none where nothing was planted."""

import numpy as np
import pytest
import soundfile
from synthetic import RATE, notes

from benchmarks.planted import COLUMNS, FRAME_SECONDS, PLANTS, SECONDS, found
from kaudio.data.corpus import Corpus
from kaudio.evaluation.judge_clip import evaluate_audio
from kaudio.evaluation.known_music import KnownMusic

OWN = dict(
    zip(PLANTS, [None, "loop of 2 s", "copy", "drift", "drift", "joins", "faults"], strict=True)
)


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    folder = tmp_path_factory.mktemp("songs")
    for seed in range(4):
        soundfile.write(folder / f"song_{seed}.wav", notes(40, seed), RATE, "FLOAT")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAUDIO_CACHE", str(tmp_path_factory.mktemp("cache")))
        return KnownMusic.of(Corpus.from_folder(folder, RATE))


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_planted_is_found(known, plant):
    spoiled = PLANTS[plant](notes(SECONDS, 20), RATE, np.random.default_rng(0), notes(40, 1))
    report = evaluate_audio(spoiled, known, RATE, frame_seconds=round(FRAME_SECONDS * RATE) / RATE)
    told = dict(zip(COLUMNS, found(report), strict=True))
    assert told[OWN[plant]] if OWN[plant] else not any(told.values())
