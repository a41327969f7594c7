"""Two processes at once: over one corpus, whose cache they share, and in one run folder."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kaudio.cli import main
from kaudio.data import Corpus
from kaudio.training.alone import alone

TINY = Path(__file__).with_name("tiny.py")
# Libraries are imported once; then it is two processes.
READ = """
import os, sys, hashlib
from pathlib import Path
from kaudio.data import Corpus
first = os.fork()
corpus = Corpus.from_folder(Path(sys.argv[1]), 8_000)
with open(f"{sys.argv[2]}/told_{bool(first)}.txt", "w") as file:
    for recording in corpus.recordings:
        samples = recording.read(0, recording.num_samples)
        print(hashlib.sha256(samples.tobytes()).hexdigest(), file=file)
if first:
    sys.exit(os.waitpid(first, 0)[1])
"""


@pytest.fixture
def audio(tmp_path):
    folder = tmp_path / "audio"
    folder.mkdir()
    for number in range(8):
        noise = np.random.default_rng(number).normal(0, 0.1, 441_000)
        soundfile.write(folder / f"{number}.wav", noise, 44_100)
    return folder


def test_two_processes_fill_one_cache_at_once_and_read_the_same(audio, tmp_path, monkeypatch):
    monkeypatch.setenv("KAUDIO_CACHE", str(tmp_path / "shared"))
    command = [sys.executable, "-c", READ, audio, tmp_path]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    told = [(tmp_path / f"told_{first}.txt").read_text().split() for first in (True, False)]
    assert len(told[0]) == 8
    assert told[0] == told[1]
    files = {path.suffix for path in (tmp_path / "shared").rglob("*") if path.is_file()}
    assert files == {".npy"}
    monkeypatch.setenv("KAUDIO_CACHE", str(tmp_path / "own"))
    Corpus.from_folder(audio, 8_000)
    for path in (tmp_path / "own").rglob("*.npy"):
        twin = tmp_path / "shared" / path.relative_to(tmp_path / "own")
        assert twin.read_bytes() == path.read_bytes()


def test_a_second_fit_in_a_run_folder_says_so_and_touches_nothing(audio, tmp_path):
    folder = tmp_path / "run"
    command = ["fit", TINY, "--audio", audio, "--run-dir", folder]
    with alone(folder), pytest.raises(SystemExit, match=r"kaudio: Another run is training in .*_2"):
        main(list(map(str, command)))
    assert [path.name for path in folder.iterdir()] == [".lock"]
