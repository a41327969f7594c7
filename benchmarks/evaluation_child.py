"""Judges ten minutes of music by hours of it, as `kaudio evaluate clip --against folder` does."""

import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

CLIP_MINUTES, RATE = 10, 16_000


def main(what: str, hours: int) -> None:
    """Writes the seconds of CPU that it takes, or the megabytes at the peak."""
    from kaudio.audio import demo_folder, read
    from kaudio.data import Corpus
    from kaudio.evaluation.judge_clip import evaluate_audio
    from kaudio.evaluation.known_music import KnownMusic

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["KAUDIO_CACHE"] = str(folder / "cache")
        pieces = [read(path, RATE) for path in sorted(demo_folder(folder / "demo").rglob("*.wav"))]
        music = folder / "music"
        music.mkdir()
        write(music, pieces, 3600 * hours)
        clip = np.resize(np.concatenate(pieces)[::-1], 60 * CLIP_MINUTES * RATE)
        soundfile.write(folder / "clip.wav", clip, RATE)
        del pieces, clip
        start = time.process_time()
        known = KnownMusic.of(Corpus.from_folder(music, RATE))
        evaluate_audio(folder / "clip.wav", known)
        took = time.process_time() - start
        if what == "seconds":
            print(took, flush=True)
        else:
            print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3, flush=True)


def write(folder: Path, pieces: list[np.ndarray], seconds: int) -> None:
    """Recordings of so many seconds in all: the pieces at other speeds, so that each is new."""
    written, rng = 0, np.random.default_rng(0)
    while written < seconds * RATE:
        piece = pieces[rng.integers(len(pieces))]
        speed = rng.uniform(0.7, 1.4)
        times = np.arange(0, len(piece) - 1, speed)
        samples = np.interp(times, np.arange(len(piece)), piece)
        soundfile.write(folder / f"{written}.flac", samples, RATE)
        written += len(samples)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
