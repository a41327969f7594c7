"""Model cards: what they tell somebody to type is run as it is written."""

import importlib
import textwrap

import keras
import numpy as np
import pytest
from small_models import RATE, SMALL, classifier, frames

import kaudio
from kaudio.artifacts.card import card
from kaudio.artifacts.comparison import Comparison
from kaudio.artifacts.describe import describe
from kaudio.artifacts.networks import network
from kaudio.codecs import FFTFrames, MuLaw
from kaudio.models import WaveNet

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="Artifacts are written by TensorFlow."
)


def told():
    """The smallest WaveNet that can be told something."""
    model = WaveNet(MuLaw(RATE, 16), [1, 2], **SMALL, global_names=["bach", "schubert"])
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return model


def framed():
    return frames(FFTFrames(RATE, 32, overlap=2), projection=6, temperature=0.3)


def listed(exported, folder, say):
    """What is in a folder, without the comparison, which other tests are about."""
    return [
        Comparison(path.name, 0.1, 0, 0.0, 0.0, None, True, "") for path in sorted(folder.iterdir())
    ]


def use(text):
    """What a card says how to use a folder: its lines of Python, and those for a shell."""
    _, _, section = text.partition("\n## Use\n")
    lines = [textwrap.dedent(line) for line in section.splitlines() if line.startswith("    ")]
    shell = [line for line in lines if line.startswith("kaudio ")]
    return "\n".join(line for line in lines if line not in shell), shell


@pytest.mark.parametrize("make", [told, framed])
def test_the_code_of_a_card_runs_as_it_is_written(make, tmp_path, monkeypatch):
    import tensorflow as tf

    module = importlib.import_module("kaudio.artifacts.export")  # not the function of that name
    monkeypatch.setattr(module, "compare", listed)
    folder = tmp_path / "exported"
    kaudio.export(make(), folder, ["keras", "saved_model", "tflite"])
    program, shell = use((folder / "card.md").read_text(encoding="utf-8"))
    for words in ("TFSMLayer", "saved_model.load", "model.tflite", "model.keras"):
        assert words in program
    (command,) = shell
    assert command.split()[:3] == ["kaudio", "generate", folder.name]
    recording = (0.5 * np.sin(np.arange(400) / 5)).astype("float32")[None]
    known = {"np": np, "keras": keras, "tf": tf, "kaudio": kaudio, "recording": recording}
    monkeypatch.chdir(folder)
    exec(compile(program, "card.md", "exec"), known)
    # What is left after the last lines is of the TensorFlow Lite file, and a second long.
    assert known["audio"].shape[0] == 1
    assert abs(known["audio"].shape[1] - RATE) < 32
    assert np.ptp(known["audio"]) > 0.01
    assert isinstance(known["model"], keras.Model)


def test_the_code_of_the_card_of_a_classifier_runs_as_well(tmp_path, monkeypatch):
    import tensorflow as tf

    module = importlib.import_module("kaudio.artifacts.export")
    monkeypatch.setattr(module, "compare", listed)
    folder = tmp_path / "composer"
    kaudio.export(classifier(), folder, ["keras", "saved_model", "tflite"])
    program, shell = use((folder / "card.md").read_text(encoding="utf-8"))
    for words in ("TFSMLayer", "saved_model.load", "model.tflite", "model.keras"):
        assert words in program
    (command,) = shell
    assert command.split()[:4] == ["kaudio", "classify", folder.name, "piece.flac"]
    known = {"np": np, "keras": keras, "tf": tf, "kaudio": kaudio}
    monkeypatch.chdir(folder)
    exec(compile(program, "card.md", "exec"), known)
    assert known["probabilities"].shape == (1, 3)
    assert isinstance(known["model"], keras.Model)


def test_a_card_has_the_scores_of_works_that_were_held_out():
    score = {"balanced_accuracy": 0.9, "lowest_fold": 0.8, "auc": 0.95, "majority": 0.5}
    rows = [
        {"work": "D.960", "label": "schubert", "fold": 0, "chunks": 6, "accuracy": 1.0},
        {"work": "BWV 846", "label": "bach", "fold": 1, "chunks": 4, "accuracy": 0.25},
    ]
    held = {"chunk": score, "recording": score, "work": score, "calibration_error": 0.04}
    entry = {"value": 0.87, "unit": "share", "baselines": {"majority": 0.5}}
    best = {"epoch": 3, "train": {}, "validation": {"balanced_accuracy": entry}}
    metrics = {"best": best, "held_out": {**held, "works": rows}}
    recipe = {"recipe": None, "options": {}}
    found = [Comparison("model.keras", 0.1, 0, 0.0, 0.0, None, True, "")]
    about = {"metrics": metrics, "recipe": recipe}
    text = card("composer", describe(network(classifier())), found, about, None)
    assert "majority 0.5" in text
    assert "| work | 0.900 | 0.800 | 0.950 | 0.500 |  |" in text
    assert text.index("| BWV 846 | bach | 4 | 25% |") < text.index(
        "| D.960 | schubert | 6 | 100% |"
    )
    assert "Licence of the recordings: not stated" in text  # of a program: its data are not known


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("model.keras", "kaudio.load"),
        ("saved_model", "TFSMLayer"),
        ("model.int8.tflite", 'Interpreter("model.int8.tflite")'),
    ],
)
def test_a_card_tells_how_to_use_only_what_is_in_its_folder(file, words):
    found = [Comparison(file, 0.1, 0, 0.0, 0.0, None, True, "")]
    program, shell = use(card("small", describe(network(framed())), found, {}, None))
    assert words in program
    assert sum(other in program for other in ("kaudio.load", "TFSMLayer", "Interpreter(")) == 1
    assert bool(shell) == (file == "model.keras")
