"""Model cards: what they tell somebody to type is run as it is written."""

import importlib
import textwrap

import keras
import numpy as np
import pytest
from small_models import RATE, SMALL, frames

import kaudio
from kaudio.artifacts.card import card
from kaudio.artifacts.compare import Comparison
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
        Comparison(path.name, 0.1, 0, 0.0, 0.0, None, True) for path in sorted(folder.iterdir())
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


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("model.keras", "kaudio.load"),
        ("saved_model", "TFSMLayer"),
        ("model.int8.tflite", 'Interpreter("model.int8.tflite")'),
    ],
)
def test_a_card_tells_how_to_use_only_what_is_in_its_folder(file, words):
    found = [Comparison(file, 0.1, 0, 0.0, 0.0, None, True)]
    program, shell = use(card("small", describe(network(framed())), found, {}, None))
    assert words in program
    assert sum(other in program for other in ("kaudio.load", "TFSMLayer", "Interpreter(")) == 1
    assert bool(shell) == (file == "model.keras")
