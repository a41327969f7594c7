"""Exported classifiers: what they answer, wherever they run, is what the model answers."""

import importlib
import json
import os
import subprocess
import sys
import wave
from pathlib import Path

import keras
import numpy as np
import pytest
from small_models import classifier

import kaudio
from kaudio.artifacts.answers import open_classifier
from kaudio.artifacts.describe import describe
from kaudio.artifacts.networks import network
from kaudio.artifacts.sources import open_source
from kaudio.cli import main

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="Artifacts are written by TensorFlow."
)

RATE = 2_000
WAVEFORM = {"front_end": "waveform", "encoder_filters": 4, "dilations": [1, 2, 4, 8]}

# What somebody does who has the folder and no kaudio.
ELSEWHERE = """
import sys
sys.modules["kaudio"] = None  # importing it is an error
import numpy as np
folder = sys.argv[1]
clips = np.load(f"{folder}/../clips.npy")
import keras, tensorflow as tf
model = tf.saved_model.load(f"{folder}/saved_model")
layer = keras.layers.TFSMLayer(f"{folder}/saved_model", call_endpoint="serve")
inputs = keras.Input(clips.shape[1:])
answers = [model.serve(clips), layer(clips), keras.Model(inputs, layer(inputs))(clips)]
answers.append(model.signatures["serve"](audio=tf.constant(clips))["probabilities"])
np.save(f"{folder}/../answers.npy", np.stack([a.numpy() for a in answers]))
print(model.describe().numpy().decode())
"""
ON_JAX = """
import sys, numpy as np, kaudio
clips = np.load(f"{sys.argv[1]}/../clips.npy")
answers = kaudio.load(sys.argv[1]).predict(clips, verbose=0)
np.save(f"{sys.argv[1]}/../answers.npy", answers[None])
"""


def clips(count, seconds, seed=0):
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * RATE)) / RATE
    hertz = rng.uniform(100, 900, (count, 1))
    samples = 0.3 * np.sin(2 * np.pi * hertz * times) + rng.normal(0, 0.05, (count, len(times)))
    return samples.astype("float32")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model, its folder and what was found of it."""
    folder = tmp_path_factory.mktemp("exported") / "composer"
    model = classifier()
    found = kaudio.export(model, folder, ["keras", "saved_model", "tflite", "tflite_int8"])
    return model, folder, found


def check_same(model, folder, formats):
    for samples in (clips(3, 1.3), clips(1, 0.4, seed=1)):
        expected = model.predict(samples, verbose=0)
        assert np.ptp(expected, axis=0).max() > 0.01 or len(samples) == 1
        for format in formats:
            answers = open_classifier(folder, format).predict_on_batch(samples)
            np.testing.assert_allclose(answers, expected, atol=1e-4)


def test_every_artifact_answers_what_the_model_answers(exported):
    model, folder, found = exported
    check_same(model, folder, ["keras", "saved_model", "tflite"])
    assert all(row.largest <= 1e-4 for row in found if row.exact)
    assert all(row.per_second > 1 for row in found if row.name != "model.keras")
    assert next(row for row in found if row.name == "model.int8.tflite").largest < 0.05


def test_a_network_on_samples_is_exported_as_well(tmp_path):
    from kaudio.artifacts.classifier_files import write_saved_model, write_tflite

    model = classifier(spread=2.0, **WAVEFORM)
    parts = network(model)
    write_saved_model(parts, tmp_path / "saved_model", describe(parts))
    write_tflite(parts, {"tflite": tmp_path / "model.tflite"}, describe(parts))
    check_same(model, tmp_path, ["saved_model", "tflite"])


def test_a_lite_file_has_builtin_operators_and_no_spectrogram_of_8_bits(exported):
    from ai_edge_litert import schema_py_generated as schema

    _, folder, _ = exported
    for file, lowest in (("model.tflite", "FLOAT32"), ("model.int8.tflite", "INT8")):
        content = (folder / file).read_bytes()
        model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
        assert not any(code.customCode for code in model.operatorCodes)
        graph, weights = model.subgraphs[0], {}
        for op in graph.operators:
            tensors = [graph.tensors[number].type for number in op.inputs[:2]]
            weights.setdefault(model.operatorCodes[op.opcodeIndex].builtinCode, []).append(tensors)
        kinds = schema.BuiltinOperator
        assert weights[kinds.CONV_2D][0][1] == getattr(schema.TensorType, lowest)
        products = weights[kinds.FULLY_CONNECTED]
        assert kinds.RFFT2D in weights
        assert len(products) > 3
        assert {kind for pair in products for kind in pair} == {schema.TensorType.FLOAT32}


@pytest.mark.parametrize(("program", "backend"), [(ELSEWHERE, "tensorflow"), (ON_JAX, "jax")])
def test_it_answers_the_same_without_kaudio_and_on_jax(exported, program, backend):
    model, folder, _ = exported
    samples = clips(3, 0.7)
    np.save(folder.parent / "clips.npy", samples)
    command = [sys.executable, "-c", program, str(folder)]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    result = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert result.returncode == 0, result.stderr[-2000:]
    expected = model.predict(samples, verbose=0)
    for answers in np.load(folder.parent / "answers.npy"):
        np.testing.assert_allclose(answers, expected, atol=1e-4)
    if program == ELSEWHERE:
        assert json.loads(result.stdout)["labels"] == ["bach", "schubert", "satie"]


def test_metadata_say_what_the_labels_are(exported):
    from kaudio.artifacts.lite_metadata import metadata_text

    model, folder, _ = exported
    about = json.loads(metadata_text((folder / "model.tflite").read_bytes()))
    assert about == json.loads(json.dumps(describe(network(model))))
    assert about["labels"] == ["bach", "schubert", "satie"]
    assert (about["sample_rate"], about["receptive_field"]) == (RATE, model.receptive_field)
    assert about["model"] == "ComposerClassifier"


def test_another_answer_than_the_model_gives_is_not_accepted(exported):
    from kaudio.artifacts.compare_answers import judge
    from kaudio.artifacts.players import open_player

    _, folder, _ = exported
    player = open_player(folder / "model.tflite", "tflite")
    with pytest.raises(ValueError, match=r"model.tflite' does not answer what the model answers"):
        judge(folder / "model.tflite", player, [clips(1, 0.2)], np.ones((1, 3)), True)


def test_frames_that_tensorflow_lite_cannot_transform_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"power of two.*hop_length=24, frames of 192"):
        kaudio.export(classifier(hop_length=24), tmp_path / "out", ["tflite"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", ["saved_model", "tflite"])
def test_artifacts_classify_recordings_as_the_model_does(exported, tmp_path, capsys, format):
    _, folder, _ = exported
    with wave.open(str(tmp_path / "piece.wav"), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((32_000 * clips(1, 3.0)[0]).clip(-32_000, 32_000).astype("<i2").tobytes())
    said = []
    for name in ("keras", format):
        options = ["--seconds", "1", "--hop-seconds", "1", "--format", name]
        with pytest.raises(SystemExit) as ended:
            main(["classify", str(folder), str(tmp_path / "piece.wav"), *options])
        assert not ended.value.code
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert "schubert" in said[0]


def test_samplers_tell_nothing_and_classifiers_play_nothing(exported):
    _, folder, _ = exported
    shipped = Path(kaudio.__file__).parents[1] / "saved_models" / "wavenet"
    for format in ("keras", "tflite"):
        with pytest.raises(ValueError, match="holds a WaveNet, which cannot tell who composed"):
            open_classifier(shipped, format)
        with pytest.raises(ValueError, match=r"plays nothing|can generate.*ComposerClassifier"):
            open_source(folder, format)
    module = importlib.import_module("kaudio.artifacts.networks")
    with pytest.raises(ValueError, match=r"ComposerClassifier can be exported.*Sequential"):
        module.network(keras.Sequential())
