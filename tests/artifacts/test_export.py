"""Exporting a model: the folder that is written, what is refused, and use without kaudio."""

import io
import json
import math
import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from small_models import small

import kaudio
from kaudio.artifacts.describe import FORMAT_VERSION, check_version, describe
from kaudio.artifacts.lite_metadata import metadata_text
from kaudio.artifacts.networks import network, thresholds
from kaudio.artifacts.sources import open_source

on_tensorflow = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="Artifacts are written by TensorFlow."
)

# What somebody does who has the folder and no kaudio.
ELSEWHERE = """
import sys
sys.modules["kaudio"] = None  # importing it is an error
import numpy as np
folder = sys.argv[1]
noise = np.random.default_rng([0, 0]).random((1, 300, *map(int, sys.argv[2:])), dtype="float32")

import keras, tensorflow as tf
layer = keras.layers.TFSMLayer(f"{folder}/saved_model", call_endpoint="generate")
inputs = keras.Input(noise.shape[1:])
heard = [keras.Model(inputs, layer(inputs)).predict(noise, verbose=0), layer(noise).numpy()]
model = tf.saved_model.load(f"{folder}/saved_model")
heard.append(model.generate(noise=noise).numpy())
assert model.seed(seed=1, steps=5, batch_size=2).shape[:2] == (2, 5)
steered = model.generate(noise, temperature=0.0).numpy()
assert (steered != heard[0]).any()
state = model.start(1)
first, state = model.stream(state, noise[:, :100])
second, state = model.stream(state, noise[:, 100:])
heard.append(np.concatenate([first, second], axis=1))

from ai_edge_litert.interpreter import Interpreter
lite = Interpreter(f"{folder}/model.tflite")
about = __import__("json").loads(model.describe().numpy())
controls = {name: np.array(value, "float32") for name, value in about["controls"].items()}
heard.append(lite.get_signature_runner("generate")(noise=noise, **controls)["audio"])
np.save(f"{folder}/../heard.npy", np.concatenate(heard))
"""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A folder with all there is of a small model of frames, which is quick to convert."""
    folder = tmp_path_factory.mktemp("exported") / "gruv"
    model = small("gruv")
    return model, folder, kaudio.export(model, folder)


@on_tensorflow
def test_a_folder_has_every_artifact_and_a_card_that_says_how_to_use_them(exported):
    _, folder, found = exported
    names = {path.name for path in folder.iterdir()}
    lite = {"model.tflite", "model.float16.tflite", "model.int8.tflite"}
    assert names == {"model.keras", "saved_model", "card.md", *lite}
    card = (folder / "card.md").read_text()
    for words in ("FFTFrames", "8000 Hz", "temperature", "TFSMLayer", "not stated"):
        assert words in card
    assert {row.name for row in found} == names - {"card.md"}
    assert all(row.largest < 1e-4 for row in found if row.exact)
    assert next(row for row in found if row.name == "model.int8.tflite").largest > 0


@on_tensorflow
def test_artifacts_play_where_kaudio_cannot_be_imported(exported, tmp_path):
    model, folder, _ = exported
    command = [sys.executable, "-c", ELSEWHERE, str(folder), *map(str, model.noise_shape)]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr[-2000:]
    heard = np.load(folder.parent / "heard.npy")
    expected = kaudio.generate(model, heard.shape[1] / model.codec.sample_rate)
    np.testing.assert_allclose(heard, np.repeat(expected, len(heard), 0), atol=1e-4)


@on_tensorflow
def test_every_format_can_be_opened_and_says_its_sample_rate(exported):
    _, folder, _ = exported
    heard = []
    for format in ("keras", "saved_model", "tflite"):
        source = open_source(folder, format)
        assert source.sample_rate == 8_000
        block, is_prime = next(source.blocks(batch_size=1, seed=4, controls={"temperature": 0.1}))
        assert not is_prime
        heard.append(block[0, :500])
    np.testing.assert_allclose(heard[1:], [heard[0]] * 2, atol=1e-4)


@on_tensorflow
def test_a_folder_that_is_there_is_replaced_only_if_that_is_asked_for(exported, tmp_path):
    model, _, _ = exported
    folder = tmp_path / "there"
    folder.mkdir()
    (folder / "precious").touch()
    with pytest.raises(FileExistsError, match=r"is there already.*--force"):
        kaudio.export(model, folder, ["keras"])
    with pytest.raises(FileExistsError, match=r"is nothing that `kaudio export` wrote"):
        kaudio.export(model, folder, ["keras"], force=True)
    (folder / "model.keras").touch()  # as a run folder has
    with pytest.raises(FileExistsError, match=r"is nothing that `kaudio export` wrote"):
        kaudio.export(model, folder, ["keras"], force=True)
    assert (folder / "precious").exists()
    (folder / "card.md").touch()
    kaudio.export(model, folder, ["keras"], force=True)
    assert {path.name for path in folder.iterdir()} == {"model.keras", "card.md"}
    assert [path.name for path in tmp_path.iterdir()] == ["there"]


def test_a_link_to_nothing_and_a_file_are_not_replaced(tmp_path):
    (tmp_path / "link").symlink_to("nothing")
    (tmp_path / "file").touch()
    with pytest.raises(FileExistsError, match="is a link to what is not there"):
        kaudio.export(small("gruv"), tmp_path / "link", force=True)
    with pytest.raises(FileExistsError, match="is nothing that `kaudio export` wrote"):
        kaudio.export(small("gruv"), tmp_path / "file", force=True)


@on_tensorflow
def test_an_artifact_that_is_not_the_model_is_not_written(exported, tmp_path, monkeypatch):
    model, _, _ = exported
    other = small("gruv")
    other.readout.set_weights([w + 0.1 for w in other.readout.get_weights()])
    monkeypatch.setattr("kaudio.artifacts.compare.load", lambda file: other)
    with pytest.raises(ValueError, match=r"does not hold the weights of the model"):
        kaudio.export(model, tmp_path / "out", ["keras"])
    assert not list(tmp_path.iterdir())


@on_tensorflow
def test_audio_that_is_not_that_of_the_model_is_not_accepted(exported):
    from kaudio.artifacts.compare_audio import judge

    model, folder, _ = exported
    with pytest.raises(ValueError, match=r"model.tflite' does not sound like the model"):
        judge(
            network(model),
            folder / "model.tflite",
            np.zeros(9),
            lambda heard: iter([np.ones((1, 9))]),
            True,
        )


@on_tensorflow
def test_a_code_on_the_edge_of_a_draw_is_one_code_that_differs(tmp_path, monkeypatch):
    """And not all that come after it: where sums straddle a draw, the artifact goes on from it."""
    from kaudio.artifacts import compare_audio
    from kaudio.artifacts.players import TFLitePlayer
    from kaudio.artifacts.writers import write

    exported, file = network(small("plain")), tmp_path / "model.tflite"
    write(exported, ["tflite"], tmp_path, describe(exported), lambda _: None)
    monkeypatch.setattr(compare_audio, "_most", lambda exported: 6_000)
    judge = compare_audio.listening(exported)

    class Stumbling(TFLitePlayer):
        """Turns the last sample of some blocks over, and goes on from there."""

        calls = 0

        def run(self, endpoint, inputs):
            outputs = super().run(endpoint, inputs)
            if endpoint == "stream":
                if self.calls in stumbles:
                    audio = outputs["audio"].copy()
                    audio[0, -1] *= -1
                    outputs = {**super().run("prime", {"audio": audio}), "audio": audio}
                self.calls += 1
            return outputs

    for stumbles in ((), (0,)):
        row = judge(file, Stumbling(file), True)
        assert row.different * row.values == len(stumbles)
    # In the first of all blocks, and in the one that goes on after it.
    stumbles = (0, math.ceil(6_000 / round(0.1 * 8_000)))
    with pytest.raises(ValueError, match=r"does not sound like the model: of 6400"):
        judge(file, Stumbling(file), True)


@pytest.mark.skipif(keras.config.backend() != "jax", reason="TensorFlow exports where it is.")
def test_other_backends_export_in_a_process_of_their_own(tmp_path):
    found = kaudio.export(small("gruv"), tmp_path / "out", ["keras"], licence="CC0")
    assert [row.name for row in found] == ["model.keras"]
    assert "Licence of the recordings: CC0" in (tmp_path / "out" / "card.md").read_text()
    with pytest.raises(FileExistsError, match="is there already"):
        kaudio.export(small("gruv"), tmp_path / "out")


def test_what_a_process_of_its_own_says_is_handed_on(tmp_path, monkeypatch):
    from kaudio.artifacts import elsewhere

    python = sys.executable

    def process(code, program):
        file = tmp_path / "program.py"
        monkeypatch.setattr(elsewhere.sys, "executable", str(file))
        file.write_text(f"#!{python}\n{program}\nraise SystemExit({code})\n")
        file.chmod(0o755)
        heard = []
        given = (tmp_path / "model.keras", tmp_path / "out", ["keras"], False, None)
        with pytest.raises(ValueError, match=r".") as caught:
            elsewhere.export_elsewhere(*given, heard.append)
        return heard, str(caught.value)

    talk = "import sys; print('Writing a'); print('a table')"
    talk += "; print('log\\nkaudio: no.', file=sys.stderr)"
    assert process(1, talk) == (["Writing a"], "no.")
    assert "ended with code 9 and no word. Was there enough memory?" in process(9, "")[1]


def test_a_folder_cannot_lie_in_a_file(tmp_path):
    (tmp_path / "out.wav").touch()
    with pytest.raises(NotADirectoryError, match=r"out.wav' is a file"):
        kaudio.export(small("gruv"), tmp_path / "out.wav" / "x")


def test_top_p_is_a_probability():
    for top_p in (0, 2):
        with pytest.raises(ValueError, match=r"above 0 and at most 1"):
            next(kaudio.stream(small("plain"), controls={"top_p": top_p}))


def test_unknown_formats_and_models_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"Formats are keras, .*Received: coreml"):
        kaudio.export(small("gruv"), tmp_path / "out", ["coreml"])
    with pytest.raises(ValueError, match="at least one format"):
        kaudio.export(small("gruv"), tmp_path / "out", [])
    with pytest.raises(FileNotFoundError, match="There is no model at"):
        kaudio.export(tmp_path / "missing", tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("format", ["saved_model", "tflite"])
def test_what_is_no_artifact_is_said_to_be_none(tmp_path, format):
    with pytest.raises(FileNotFoundError, match=r"There is no .* `kaudio export` writes"):
        open_source(tmp_path, format)
    (tmp_path / "model.tflite").write_bytes(b"nothing of the kind")
    (tmp_path / "saved_model").mkdir()
    (tmp_path / "saved_model" / "saved_model.pb").write_bytes(b"nothing of the kind")
    with pytest.raises(ValueError, match=r"model.tflite|saved_model"):
        open_source(tmp_path, format)


@on_tensorflow
def test_damaged_files_and_saved_models_of_something_else_are_refused(exported, tmp_path):
    import tensorflow as tf

    _, folder, _ = exported
    whole = (folder / "model.tflite").read_bytes()
    for content in (whole[: len(whole) // 2], whole[:100]):
        (tmp_path / "model.tflite").write_bytes(content)
        with pytest.raises(ValueError, match="damaged"):
            open_source(tmp_path, "tflite")
    tf.saved_model.save(tf.Module(), str(tmp_path / "saved_model"))
    with pytest.raises(ValueError, match="SavedModel of something else"):
        open_source(tmp_path, "saved_model")


@on_tensorflow
def test_wrong_noise_and_controls_are_sentences(exported):
    from kaudio.artifacts.players import SavedModelPlayer, TFLitePlayer
    from kaudio.artifacts.playing import play

    _, folder, _ = exported
    for player in (SavedModelPlayer(folder / "saved_model"), TFLitePlayer(folder / "model.tflite")):
        with pytest.raises(ValueError, match=r"has the controls temperature. Received: top_k"):
            next(play(player, controls={"top_k": 3}))
        draws = player.metadata["noise_shape"]
        for shape, type in (([1, 5], "float32"), ([1, 0, *draws], "f4"), ([1, 2, *draws], "f8")):
            with pytest.raises(ValueError, match=r"noise.* float32. Received: shape \(1, "):
                player.call("generate", {"noise": np.zeros(shape, type), **player.controls({})})
        state = player.call("start", {} if player.is_single else {"batch_size": np.int32(1)})
        two = {"noise": np.zeros((2, 3, *draws), "float32"), **player.controls({}), **state}
        with pytest.raises(ValueError, match=r"as many clips as the state\. Received: 2"):
            player.call("stream", two)
        with pytest.raises(ValueError, match=r"can be told nothing\. Received: globl"):
            next(play(player, conditions={"globl": [1.0]}))
        with pytest.raises(ValueError, match="at least 32 samples"):
            next(play(player, prime=np.zeros(5, "float32")))


def test_later_format_versions_are_refused():
    check_version({"format_version": FORMAT_VERSION}, "old")
    with pytest.raises(ValueError, match="Install a newer kaudio"):
        check_version({"format_version": FORMAT_VERSION + 1, "kaudio": "9.0"}, "new")
    with pytest.raises(ValueError, match="is damaged: its format version is None"):
        check_version({}, "odd")


@pytest.mark.parametrize("name", ["plain", "gruv"])
def test_options_that_nobody_knows_are_refused_also_in_a_file(name, tmp_path):
    model = small(name)
    config = model.get_config()
    with pytest.raises(TypeError, match="gate_filtres"):
        type(model).from_config({**config, "gate_filtres": 3})
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    found = json.loads(parts["config.json"])
    found["config"]["option_of_2040"] = 1
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for part, content in (parts | {"config.json": json.dumps(found)}).items():
            archive.writestr(part, content)
    with pytest.raises(
        ValueError, match=r"options that this kaudio, or this Keras, does not know.*newer"
    ):
        kaudio.load(tmp_path / "model.keras")


@on_tensorflow
def test_metadata_lie_in_the_file_itself(exported):
    _, folder, _ = exported
    about = json.loads(metadata_text((folder / "model.tflite").read_bytes()))
    assert about["sample_rate"] == 8_000
    assert about["codec"] == {
        "name": "FFTFrames", "sample_rate": 8_000, "frame_length": 32, "overlap": 2, "full": False
    }  # fmt: skip


def test_thresholds_are_where_codes_change():
    for codec in (kaudio.codecs.MuLaw(8_000), kaudio.codecs.Linear(8_000, 1_000)):
        limits = thresholds(codec)
        assert (codec.encode(limits) == np.arange(1, codec.levels)).all()
        below = np.nextafter(limits, np.float32(-2))
        assert (codec.encode(below) == np.arange(codec.levels - 1)).all()


def test_a_file_with_code_in_it_runs_none_of_it(tmp_path):
    """Keras's safe mode: a Lambda layer is a program."""
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x + 1)])
    model.save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"code|[Ll]ambda"):
        kaudio.load(tmp_path / "model.keras")


def test_a_truncated_model_is_refused(tmp_path):
    small("plain").save(tmp_path / "model.keras")
    whole = (tmp_path / "model.keras").read_bytes()
    (tmp_path / "model.keras").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match="only a part of one"):
        kaudio.load(tmp_path / "model.keras")
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        weights = archive.read("model.weights.h5")
    config = {"class_name": "os.system", "config": {}, "module": "os"}
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", "{}")
        archive.writestr("model.weights.h5", weights)
    with pytest.raises(
        ValueError, match="damaged, or a model of classes that kaudio does not know"
    ):
        kaudio.load(tmp_path / "model.keras")
