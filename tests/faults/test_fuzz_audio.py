"""Damaged sound files: a few of those that `fuzz_audio` makes by the thousand."""

import sys

import keras
import numpy as np
import pytest

from kaudio.data import Corpus, survey

from . import fuzz_audio
from .mutations import mutated
from .seeds import all_seeds

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="Memory is measured as Linux does."),
    pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="Does not depend on it."),
]


def test_damaged_files_are_read_or_refused_with_a_reason():
    rows = list(fuzz_audio.fuzz(400))
    assert [row.number for row in rows] == list(range(400))
    assert [row for row in rows if row.outcome not in fuzz_audio.FINE] == []
    outcomes = [row.outcome for row in rows]
    assert min(outcomes.count("ok"), outcomes.count("refused")) > 100, fuzz_audio.table(rows)


def test_a_file_that_ends_the_process_is_counted_and_the_rest_are_read(monkeypatch, tmp_path):
    """What finds faults finds them: a process that dies, and one that hangs."""
    worker = tmp_path / "worker.py"
    worker.write_text(
        "import os, signal, sys\n"
        "first, last = int(sys.argv[2]), int(sys.argv[3])\n"
        "for number in range(first, last):\n"
        "    if number in (1, 2): os.kill(os.getpid(), (11, signal.SIGPROF)[number - 1])\n"
        '    print(f\'[{number}, "wav", "ok", "", 1]\', flush=True)\n'
    )
    monkeypatch.setattr(fuzz_audio, "WORKER", [sys.executable, str(worker)])
    outcomes = [row.outcome for row in fuzz_audio.fuzz(4)]
    assert outcomes == ["ok", "crash", "hang", "ok"]


def test_a_folder_of_damaged_files_is_a_corpus_of_what_can_be_used(tmp_path):
    seeds = all_seeds()
    for number in range(80):
        kind, content = mutated(np.random.default_rng([3, number]), seeds)
        (tmp_path / f"{kind}_{number}.wav").write_bytes(content)
    corpus = Corpus.from_folder(tmp_path, 8_000)
    assert len(corpus.recordings) > 20
    # Two files of the same bytes are one in the cache, and two recordings.
    assert len(corpus.recordings) + len(corpus.skipped) == 80
    assert all(len(file.reason) > 10 for file in corpus.skipped)
    for recording in corpus.recordings:
        assert np.isfinite(recording.read(0, recording.num_samples)).all()
    found = survey(tmp_path)
    assert "cannot be used" in found
