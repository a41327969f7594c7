"""A classifier of composers: trains on batches, or tells a recording from a file."""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import psutil

from benchmarks.children import serve
from benchmarks.corpus_child import write
from kaudio.evaluation.classify import classify
from kaudio.models import ComposerClassifier

SAMPLE_RATE, CHUNK_SECONDS, BATCH = 6_300, 10, 32
SECONDS = 60


def main(what: str, minutes: int = 0) -> None:
    """Serves steps of training or of classification, or writes how much memory that takes."""
    model = ComposerClassifier(["a", "b"], SAMPLE_RATE)
    if what == "train":
        rng = np.random.default_rng(0)
        samples = rng.normal(0, 0.1, (BATCH, SAMPLE_RATE * CHUNK_SECONDS)).astype("float32")
        x = {"samples": samples, "fold": np.arange(BATCH, dtype="int32") % 4}
        y = np.eye(2, dtype="float32")[np.arange(BATCH) % 2]
        model.compile(keras.optimizers.AdamW(1e-3))
        serve(lambda: model.train_on_batch(x, y))
        return
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "audio.wav"
        write(path, SECONDS, SAMPLE_RATE, 1, 0)
        if what == "classify":
            serve(lambda: classify(model, path))
            return
        classify(model, path)
        before = psutil.Process().memory_info().rss
        write(path, 60 * minutes, SAMPLE_RATE, 1, 1)
        classify(model, path)
        print((psutil.Process().memory_info().rss - before) / 1e6, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
