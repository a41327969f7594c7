"""Writes what every later kaudio must read: `python tests/artifacts/freeze.py FOLDER`.

Run once for each format version, by the last kaudio that writes it. Each folder has one of each
format, and what it plays or answers; ONNX, which packages of one's own read, is left out.
"""

import json
import sys
from pathlib import Path

import numpy as np

FORMATS = ("keras", "saved_model", "tflite")


def played(folder, format):
    """Two hundred samples from silence on."""
    from kaudio.artifacts.sources import open_source

    return next(open_source(folder, format).blocks(batch_size=1, seed=5))[0][0, :200]


def answered(folder, format):
    """The probabilities of a clip that rises and falls."""
    from kaudio.artifacts.answers import open_classifier

    time = np.arange(4_000) / 2_000
    clip = (0.4 * np.sin(2 * np.pi * (100 + 80 * time) * time)).astype("float32")
    return open_classifier(folder, format).predict_on_batch(clip[None])[0]


def main(folder):
    sys.path.insert(0, str(Path(__file__).parents[1]))
    from small_models import classifier, small

    import kaudio

    made = {"plain": small("plain"), "gruv": small("gruv"), "classifier": classifier()}
    for name, model in made.items():
        kaudio.export(model, folder / name, FORMATS)
        (folder / name / "card.md").unlink()
        what = answered if name == "classifier" else played
        found = [round(float(value), 6) for value in what(folder / name, "keras")]
        (folder / name / "expected.json").write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
