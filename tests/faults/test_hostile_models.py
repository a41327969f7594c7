"""Models of strangers: damaged, or made to run code or fill the memory. One sentence for each."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from small_models import small

from kaudio.artifacts.players import find_player
from kaudio.cli import main
from kaudio.models.file_check import CONFIG, WEIGHTS, Refused, at_most, check_file
from kaudio.models.load import load

from .audio_worker import forget_peak, peak_megabytes
from .mutations import mutated

SHIPPED = Path(__file__).parents[2] / "saved_models"
pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="What is tested does not depend on the backend."
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory):
    """The members of the file of a small WaveNet."""
    file = tmp_path_factory.mktemp("whole") / "model.keras"
    small("plain").save(file)
    with zipfile.ZipFile(file) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(autouse=True)
def little_memory():
    """No test takes more than 150 MB, whatever the file asks for."""
    forget_peak()
    before = peak_megabytes()
    yield
    assert peak_megabytes() - before < 150


def test_an_earlier_peak_hides_nothing():
    bytearray(300_000_000)
    forget_peak()
    before = peak_megabytes()
    held = np.ones(25_000_000)
    assert peak_megabytes() - before > 150
    del held
    forget_peak()
    assert peak_megabytes() - before < 50


def pack(folder, parts, compression=zipfile.ZIP_STORED):
    file = folder / "model.keras"
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file


def configured(parts, **changes):
    config = json.loads(parts[CONFIG])
    config["config"].update(changes)
    return {**parts, CONFIG: json.dumps(config)}


def weighed(parts, change):
    """The same file after a change to its weights."""
    content = io.BytesIO(parts[WEIGHTS])
    with h5py.File(content, "r+") as file:
        names = []
        file.visititems(lambda n, f: names.append(n) if isinstance(f, h5py.Dataset) else None)
        change(file, names[0])
    return {**parts, WEIGHTS: content.getvalue()}


def refusal(file):
    """The one sentence with which a file is refused."""
    with pytest.raises(ValueError, match=r"is (not read|damaged|not a model|a )") as caught:
        load(file)
    text = str(caught.value)
    assert text.startswith(f"'{file}'")
    assert "\n" not in text
    assert len(text) < 600
    return text


def keras_object(name, module, /, **config):
    return {"class_name": name, "module": module, "registered_name": None, "config": config}


CODE = "touch pwned"
FUNCTION = {"class_name": "__lambda__", "config": {"code": "4wAAAAAAAAAA"}}
WIDE = {**keras_object("Dense", "keras.layers", units=10**12), "build_config": {"input_shape": [2]}}
FOREIGN = {
    "os.system": keras_object("system", "os", command=CODE),
    "eval": {**keras_object("function", "builtins"), "config": "eval"},
    "a Keras utility": {**keras_object("function", "keras.utils"), "config": "get_file"},
    "a Keras module": keras_object("os", "keras.src.utils.io_utils", command=CODE),
    "a Lambda layer": keras_object("Lambda", "keras.layers", name="x", function=FUNCTION),
    "a lambda": FUNCTION,
    "another name": {**keras_object("Popen", "subprocess"), "registered_name": "kaudio>Popen"},
    "a registered codec": {**keras_object("x", "x"), "registered_name": "kaudio>MuLaw"},
    "a SavedModel inside": keras_object("TFSMLayer", "keras.layers", filepath="/tmp"),
    "a layer": keras_object("Dense", "keras.layers", units=3),
    "10^12 weights": keras_object("Sequential", "keras", name="x", layers=[WIDE]),
    "a huge array": {"class_name": "__numpy__", "config": {"value": ["a"], "dtype": "U999999999"}},
    "a list": [1, 2],
    "a number": 3,
}


@pytest.mark.parametrize("what", FOREIGN)
def test_nothing_that_a_file_names_is_run(what, parts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refusal(pack(tmp_path, {**parts, CONFIG: json.dumps(FOREIGN[what])}))
    if isinstance(FOREIGN[what], dict):
        refusal(pack(tmp_path, configured(parts, codec=FOREIGN[what])))
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


@pytest.mark.parametrize(
    "asked",
    [
        {"residual_filters": 10**12},
        {"head_filters": 10**6, "skip_filters": 10**6},
        {"head_filters": 10**6, "residual_filters": 10**5},
        {"dilations": [1, 10**9]},
        {"dilations": [1] * 20_000},
        {"mixtures": 10**9},
        {"kernel_size": 10**6},
        {"kernel_size": float("nan")},
        {"local_channels": 10**6, "context_dilations": [10**6] * 3},
    ],
)
def test_more_weights_than_a_file_holds_are_refused_before_they_are_made(asked, parts, tmp_path):
    assert "is not read" in refusal(pack(tmp_path, configured(parts, **asked)))


def test_no_more_weights_are_made_than_allowed():
    before = keras.Variable.__init__, keras.layers.Normalization.build
    with pytest.raises(Refused), at_most(0):
        keras.layers.Dense(10**6).build((None, 10**6))
    assert before == (keras.Variable.__init__, keras.layers.Normalization.build)


WHOLE = {"build_config": {"input_shape": [1, 7 * 10**8]}}
WIDE_INPUT = keras_object("InputLayer", "keras.layers", batch_shape=[None, 10**6], name="i")
MANY_MEANS = [
    keras_object("Normalization", "keras.layers", mean=0.5, variance=1.0, name=f"n{number}")
    for number in range(60)
]


def sequential(*layers, **more):
    return {**keras_object("Sequential", "keras", name="x", layers=list(layers)), **more}


def compiled(**config):
    return sequential(
        keras_object("InputLayer", "keras.layers", batch_shape=[None, 2], name="i"),
        keras_object("Dense", "keras.layers", units=1, name="d"),
        compile_config={"optimizer": "sgd", "loss": "mse", **config},
    )


BOMBS = {
    "a metric": compiled(metrics=[keras_object("MeanIoU", "keras.metrics", num_classes=20_000)]),
    "thresholds": compiled(metrics=[keras_object("AUC", "keras.metrics", num_thresholds=10**7)]),
    "many thresholds": compiled(
        metrics=[keras_object("AUC", "keras.metrics", num_thresholds=10**6)] * 40
    ),
    "a mean": sequential(
        {**keras_object("Normalization", "keras.layers", mean=0.5, variance=1.0), **WHOLE}
    ),
    "many means": sequential(WIDE_INPUT, *MANY_MEANS, build_config={"input_shape": [None, 10**6]}),
}


@pytest.mark.parametrize("what", BOMBS)
def test_memory_that_is_not_of_layers_is_refused_before_it_is_taken(what, parts, tmp_path):
    config = json.dumps(BOMBS[what])
    assert "is not read" in refusal(pack(tmp_path, {**parts, CONFIG: config}))


def test_operations_on_numbers_alone_are_refused(tmp_path):
    frames = keras.Input((2,))
    model = keras.Model(frames, [keras.ops.broadcast_to(frames, (3, 2)), 2 * frames])
    model.save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    assert load(tmp_path / "model.keras")
    for node in ({}, {"args": [1.0], "kwargs": {}}):
        config = json.loads(parts[CONFIG])
        (repeat,) = [x for x in config["config"]["layers"] if x["class_name"] == "BroadcastTo"]
        repeat |= {"config": {"shape": [500, 10**6]}, "inbound_nodes": [node]}
        text = refusal(pack(tmp_path, {**parts, CONFIG: json.dumps(config)}))
        assert "BroadcastTo in it that has no input" in text


def test_a_metric_of_a_model_of_kaudio_is_counted_too(parts, tmp_path):
    config = json.loads(parts[CONFIG])
    config["compile_config"] = BOMBS["a metric"]["compile_config"]
    assert "more weights" in refusal(pack(tmp_path, {**parts, CONFIG: json.dumps(config)}))


def test_a_model_of_keras_with_all_that_compile_takes_is_read(tmp_path):
    layers = keras.layers
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([10**7], [1e-3, 1e-4])
    cosine = keras.optimizers.schedules.CosineDecay(1e-3, 10**8)
    for rate in (1e-3, schedule, cosine):
        inputs = keras.Input((1_000,))
        dropped = layers.Dropout(0.1, seed=10**9)(layers.Masking(-1e9)(inputs))
        model = keras.Model(inputs, layers.Dense(400, "softmax")(dropped))
        optimizer = keras.optimizers.AdamW(rate, amsgrad=True, use_ema=True, clipnorm=1.0)
        metrics = ["accuracy", keras.metrics.AUC(), keras.metrics.MeanAbsoluteError()]
        model.compile(optimizer, keras.losses.CategoricalCrossentropy(), metrics=metrics)
        model.optimizer.build(model.trainable_variables)  # Keras reads no optimizer without them
        model.save(tmp_path / "model.keras")
        again = load(tmp_path / "model.keras")
        assert len(again.optimizer.variables) == len(model.optimizer.variables) > 8


@keras.saving.register_keras_serializable("test_hostile_models")
class Counted(keras.layers.Dense):
    """A layer of a program of one's own, which knows what its numbers mean."""

    def __init__(self, units, born=0, **kwargs):
        super().__init__(units, **kwargs)
        self.born = born

    def get_config(self):
        return {**super().get_config(), "born": self.born}


def test_numbers_of_classes_of_the_program_are_its_own(tmp_path):
    model = keras.Sequential([keras.Input((2,)), Counted(3, born=10**9)])
    model.save(tmp_path / "model.keras")
    assert load(tmp_path / "model.keras").layers[0].born == 10**9
    content = (tmp_path / "model.keras").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    forged = parts[CONFIG].replace(b"test_hostile_models>Counted", b"test_hostile_models>Other")
    assert "'born' is 1e+09" in refusal(pack(tmp_path, {**parts, CONFIG: forged}))


@pytest.mark.parametrize(
    "asked",
    [
        {"residual_filters": -1},
        {"residual_filters": 1.5},
        {"residual_filters": "x" * 10_000},
        {"residual_filters": None},
        {"dilations": "abc"},
        {"residual_filters": 7},
        {"codec": {"class_name": "MuLaw"}},
    ],
)
def test_options_that_mean_nothing_are_refused(asked, parts, tmp_path):
    refusal(pack(tmp_path, configured(parts, **asked)))


def test_archives_that_are_no_models_are_refused(parts, tmp_path):
    many = {**parts, WEIGHTS: bytes(60_000_000)}
    assert "would unpack" in refusal(pack(tmp_path, many, zipfile.ZIP_DEFLATED))
    for name in ("../up", "/tmp/root", "assets/../../up", "model.weights.npz", "x.py"):
        assert "part named" in refusal(pack(tmp_path, {**parts, name: b"import os"}))
    for name in (CONFIG, WEIGHTS):
        without = {key: value for key, value in parts.items() if key != name}
        assert f"holds no {name}" in refusal(pack(tmp_path, without))
        refusal(pack(tmp_path, {**parts, name: b""}))
    long = {**parts, CONFIG: b" " * 2_000_000, WEIGHTS: bytes(200_000)}
    assert "longer than" in refusal(pack(tmp_path, long))
    assert "nested" in refusal(pack(tmp_path, {**parts, CONFIG: b"[" * 100_000}))


def _not_finite(file, name):
    file[name][...] = np.nan


def _gone(file, name):
    del file[name]


def _replace(**options):
    def change(file, name):
        del file[name]
        file.create_dataset(name, **options)

    return change


def _link(file, name):
    del file[name]
    file[name] = h5py.ExternalLink("/etc/passwd", "x")


@pytest.mark.parametrize(
    "change",
    [
        _not_finite,
        _gone,
        _link,
        _replace(shape=(10**6, 10**6), dtype="f4", chunks=(1000, 1000), compression="gzip"),
        _replace(shape=(10**6, 10**6), dtype="f4"),
        _replace(shape=(3, 1, 2), dtype="f4"),
        _replace(shape=(8, 7), dtype="f4"),  # claimed: no bytes were ever written
        _replace(shape=(8, 7), dtype="S4"),
        _replace(shape=(8, 7), dtype="f4", external=[("/etc/passwd", 0, 224)]),
    ],
)
def test_weights_that_are_not_those_of_the_model_are_refused(change, parts, tmp_path):
    refusal(pack(tmp_path, weighed(parts, change)))


def test_weights_that_share_their_bytes_are_refused(parts, tmp_path):
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        one, two = (file.create_dataset(name, data=np.ones(2_000, "f4")) for name in "ab")
        first, last = (found.id.get_offset() for found in (one, two))
    whole = content.getvalue()
    assert last + 8_000 == len(whole)  # so that the second one can be cut off
    for old, new in ((last, first), (len(whole), last)):
        whole = whole.replace(old.to_bytes(8, "little"), new.to_bytes(8, "little"))
    file = pack(tmp_path, {**parts, WEIGHTS: whole[:last]})
    assert "overlap" in refusal(file)


def test_a_part_of_a_file_is_refused(parts, tmp_path):
    whole = pack(tmp_path, parts).read_bytes()
    for length in (0, 1, 30, 100, 1_000, len(whole) // 2, len(whole) - 1):
        (tmp_path / "model.keras").write_bytes(whole[:length])
        refusal(tmp_path / "model.keras")


def test_damaged_files_are_refused_or_hold_finite_weights(parts, tmp_path):
    """Damage inside the archive, whose checksums are right; and damage to the archive."""
    refused = 0
    for number in range(240):
        rng = np.random.default_rng([0, number])
        name = (CONFIG, WEIGHTS, WEIGHTS)[number % 3]
        _, content = mutated(rng, {"part": parts[name]})
        file = pack(tmp_path, {**parts, name: content})
        if number % 10 == 0:
            file.write_bytes(mutated(rng, {"whole": file.read_bytes()})[1])
        try:
            check_file(file)
        except Exception:
            refused += 1
            refusal(file)  # in a sentence
    assert 100 < refused < 240


def test_the_command_says_it_and_writes_nothing(parts, tmp_path):
    pack(tmp_path, configured(parts, residual_filters=10**12))
    with pytest.raises(SystemExit) as stop:
        main(["generate", str(tmp_path), str(tmp_path / "out.wav")])
    assert stop.value.code.startswith("kaudio: ")
    assert "1e+12" in stop.value.code
    assert not (tmp_path / "out.wav").exists()


def test_damaged_tensorflow_lite_files_are_refused_or_play():
    """In a process of its own, which none of them may end."""
    command = [sys.executable, "-m", "tests.faults.damaged_lite", "--files", "60"]
    environment = {**os.environ, "PYTHONPATH": str(SHIPPED.parent)}
    done = subprocess.run(
        command, cwd=SHIPPED.parent, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    outcomes = json.loads(done.stdout)
    assert sum(outcomes.values()) == 60
    assert outcomes["refused when opened"] > 20
    assert outcomes["sound"] > 2


def test_damaged_saved_models_are_refused(tmp_path):
    def fresh():
        shutil.rmtree(tmp_path / "saved_model", ignore_errors=True)
        return Path(shutil.copytree(SHIPPED / "gruv" / "saved_model", tmp_path / "saved_model"))

    graph = fresh() / "saved_model.pb"
    graph.write_bytes(graph.read_bytes()[: graph.stat().st_size // 2])
    with pytest.raises(ValueError, match="is not a SavedModel, or a damaged one"):
        find_player(tmp_path, "saved_model")
    shutil.rmtree(fresh() / "variables")
    with pytest.raises(ValueError, match="is not a SavedModel, or a damaged one"):
        find_player(tmp_path, "saved_model")


def test_a_saved_model_that_lies_about_itself_is_refused(tmp_path):
    import tensorflow as tf

    class Foreign(tf.Module):
        text = ""

        @tf.function(input_signature=[])
        def describe(self):
            return tf.constant(self.text)

    about = {"format_version": 1, "model": "x", "labels": ["a"], "hop_length": 1}
    for text in ("", "[1]", "[" * 100_000, "{}", json.dumps({**about, "sample_rate": 10**12})):
        module = Foreign()
        module.text = text
        tf.saved_model.save(module, str(tmp_path / "saved_model"))
        with pytest.raises(ValueError, match=r"does not tell|format version|`sample_rate`"):
            find_player(tmp_path, "saved_model")
