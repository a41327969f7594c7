"""ONNX files: folders, cards, commands and faults. What they play: see test_players.py."""

import importlib
import importlib.util

import keras
import numpy as np
import pytest
from small_models import classifier, small

import kaudio
from kaudio.artifacts.answers import open_classifier
from kaudio.artifacts.onnx_player import OnnxPlayer
from kaudio.artifacts.sources import open_source
from kaudio.cli import main

on_tensorflow = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="Artifacts are written by TensorFlow."
)
# Looked for, not imported: where it cannot be, that is a fault, and no reason to skip.
is_there = all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime"))
with_onnx = pytest.mark.skipif(not is_there, reason='Needs pip install "kaudio[onnx]".')
ENDPOINTS = ("generate", "prime", "serve", "start", "stream")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A model of frames, its folder and what was found of it."""
    folder = tmp_path_factory.mktemp("exported") / "gruv"
    model = small("gruv")
    return model, folder, kaudio.export(model, folder, ["keras", "onnx"])


@on_tensorflow
@with_onnx
def test_a_folder_has_a_file_for_each_endpoint_and_a_card_whose_code_runs(exported, monkeypatch):
    model, folder, found = exported
    assert {path.name for path in (folder / "onnx").iterdir()} == {f"{e}.onnx" for e in ENDPOINTS}
    row = next(row for row in found if row.name == "onnx")
    assert row.exact
    assert row.largest < 1e-4
    assert row.values == 160_000
    text = (folder / "card.md").read_text()
    lines = text.partition("With ONNX Runtime")[2].split("With kaudio")[0].splitlines()
    program = "\n".join(line.strip() for line in lines if line.startswith("    "))
    noise = np.random.default_rng([0, 0]).random((1, 50, *model.noise_shape), dtype="float32")
    known = {"np": np, "noise": noise}
    monkeypatch.chdir(folder)
    exec(compile(program, "card.md", "exec"), known)
    expected = kaudio.generate(model, known["audio"].shape[1] / model.codec.sample_rate)
    np.testing.assert_allclose(known["audio"], expected, atol=1e-4)


@on_tensorflow
@with_onnx
@pytest.mark.parametrize("hop_length", [32, 24])  # 24: no power of two
def test_a_classifier_answers_what_the_model_answers(hop_length, tmp_path):
    model = classifier(hop_length=hop_length)
    found = kaudio.export(model, tmp_path / "out", ["onnx"])
    assert found[0].largest < 1e-4
    clips = np.random.default_rng(0).normal(0, 0.1, (3, 1_700)).astype("float32")
    answers = open_classifier(tmp_path / "out", "onnx").player.call("serve", {"audio": clips})
    expected = model.predict(clips, verbose=0)
    np.testing.assert_allclose(answers["probabilities"], expected, atol=1e-4)
    assert "onnx/serve.onnx" in (tmp_path / "out" / "card.md").read_text()


@on_tensorflow
@with_onnx
def test_damaged_files_and_those_of_something_else_are_refused(exported, tmp_path):
    import onnx

    _, folder, _ = exported
    (tmp_path / "onnx").mkdir()
    with pytest.raises(FileNotFoundError, match="There is no onnx"):
        open_source(tmp_path, "onnx")
    whole = (folder / "onnx" / "serve.onnx").read_bytes()
    (tmp_path / "onnx" / "serve.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="damaged"):
        open_source(tmp_path, "onnx")
    model = onnx.load_from_string(whole)
    del model.metadata_props[:]
    onnx.save(model, tmp_path / "onnx" / "serve.onnx")
    with pytest.raises(ValueError, match="comes from elsewhere"):
        open_source(tmp_path, "onnx")
    with pytest.raises(ValueError, match="one clip at a time"):
        next(open_source(folder, "onnx").blocks(batch_size=2))


@on_tensorflow
@with_onnx
def test_an_operator_that_is_not_translated_is_named_and_nothing_is_left(tmp_path, monkeypatch):
    handlers = importlib.import_module("kaudio.artifacts.onnx_operators").HANDLERS
    monkeypatch.delitem(handlers, "Tanh")
    with pytest.raises(ValueError, match=r"operator Tanh .* cannot be written as ONNX"):
        kaudio.export(small("beckham"), tmp_path / "out", ["onnx"])
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_a_sentence(tmp_path, monkeypatch):
    found = importlib.util.find_spec
    hidden = ("onnx", "onnxruntime")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name in hidden else found(name, *a)
    )
    with pytest.raises(ValueError, match=r'onnx and onnxruntime.*pip install "kaudio\[onnx\]"'):
        kaudio.export(small("beckham"), tmp_path / "out", ["onnx"])
    with pytest.raises(ValueError, match="ONNX files need onnxruntime,"):
        OnnxPlayer(tmp_path)
    assert not list(tmp_path.iterdir())


@on_tensorflow
@with_onnx
def test_the_command_plays_onnx_files(exported, tmp_path):
    _, folder, _ = exported
    out = tmp_path / "out.wav"
    command = ["generate", str(folder), str(out), "--seconds", "0.3", "--format", "onnx"]
    with pytest.raises(SystemExit) as ended:
        main(command)
    assert not ended.value.code
    assert out.is_file()
