"""Run folders, caches and cards of strangers, or of a disk that fails: one sentence for each."""

import io
import pickle
import zipfile
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import soundfile

from kaudio.artifacts.card import card
from kaudio.cli.evaluate import _trained_seconds
from kaudio.data.cache import cached_waveform
from kaudio.training.run import Run
from kaudio.training.state import load_state, save_state

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="What is tested does not depend on the backend."
)
PROGRESS = {"step": 3, "epochs": [], "best": None, "data": []}


@pytest.fixture(scope="module")
def model():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


@pytest.fixture
def state(model, tmp_path):
    save_state(tmp_path / "state.npz", model, PROGRESS)
    return tmp_path / "state.npz"


def refused(state, model):
    before = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    with pytest.raises(ValueError, match=r"state\.npz' is damaged: .*--run-dir") as caught:
        load_state(state, model)
    assert "\n" not in str(caught.value)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), value)


class Code:
    def __reduce__(self):
        return (open, ("pwned", "w"))


def test_no_code_in_a_state_is_run(state, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    state.write_bytes(pickle.dumps(Code()))
    refused(state, model)
    with np.load(save(state, {}, model)) as arrays:
        content = dict(arrays)
    content["variable_0"] = np.array([Code()], dtype=object)
    np.savez(state, **content)
    refused(state, model)
    assert not (tmp_path / "pwned").exists()


def save(path, progress, model):
    save_state(path, model, progress)
    return path


@pytest.mark.parametrize(
    "progress",
    [
        *([], 3, None, {}, {"step": 1}),
        {name: PROGRESS[name] for name in ("step", "epochs", "best")},
        *({**PROGRESS, "step": step} for step in ("x", -5, 1.0, True, None)),
        *({**PROGRESS, "epochs": epochs} for epochs in (3, [1], [{}], [{"epoch": "1"}], {})),
        *({**PROGRESS, "best": best} for best in (3, {}, {"epoch": 1, "loss": 0.5})),
        {**PROGRESS, "epochs": [{"epoch": 1}]},
        {**PROGRESS, "data": None},
        {**PROGRESS, "baselines": [1]},
        {**PROGRESS, "baselines": {"validation": {"loss": "x"}}},
    ],
)
def test_a_state_that_does_not_tell_how_far_it_came_is_refused(progress, model, tmp_path):
    refused(save(tmp_path / "state.npz", progress, model), model)


def test_a_state_after_an_epoch_is_taken(model, tmp_path):
    epochs = [{"epoch": 1, "loss": float("nan"), "batches": 3}]
    best = {"epoch": 1, "loss": 0.5}
    baselines = {"validation": {"loss": 1.5}}
    progress = {**PROGRESS, "epochs": epochs, "best": best, "baselines": baselines}
    assert str(load_state(save(tmp_path / "state.npz", progress, model), model)) == str(progress)


@pytest.mark.parametrize("kind", ["<U4", "S4", "complex64", "bool", "int32", "M8[s]"])
def test_variables_of_another_type_are_refused(kind, state, model):
    change(state, "variable_0", np.zeros((2, 1), kind))
    message = r"state\.npz' is the state of another model: .*kernel.* float32.*--run-dir"
    with pytest.raises(ValueError, match=message):
        load_state(state, model)


@pytest.mark.parametrize("value", [np.float32("nan"), np.float32("inf"), np.float64(1e300)])
@pytest.mark.parametrize("name", ["variable_0", "variable_1"])
def test_variables_that_are_not_finite_are_refused(value, name, state, model):
    with np.load(state) as arrays:
        shape = arrays[name].shape
    change(state, name, np.full(shape, value))
    refused(state, model)


def test_metrics_of_a_state_may_be_whatever_they_are(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    model.evaluate(np.full((1, 2), np.inf), np.ones(1), verbose=0)
    state = save(tmp_path / "state.npz", PROGRESS, model)
    assert load_state(state, model) == PROGRESS


def change(state, name, value):
    with np.load(state) as arrays:
        content = {**arrays, name: value}
    np.savez(state, **content)


def test_a_damaged_state_is_refused(state, model):
    whole = state.read_bytes()
    for length in (0, 10, 100, len(whole) // 2, len(whole) - 10):
        state.write_bytes(whole[:length])
        refused(state, model)
    for place in range(0, len(whole), 41):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        state.write_bytes(damaged)
        try:
            assert load_state(state, model) == PROGRESS
        except ValueError as error:
            assert "--run-dir" in str(error)  # noqa: PT017


def test_a_state_that_claims_or_unpacks_to_gigabytes_takes_no_memory(state, model):
    with zipfile.ZipFile(state) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    header = io.BytesIO()
    fields = {"descr": "<f4", "fortran_order": False, "shape": (10**10,)}
    np.lib.format.write_array_header_1_0(header, fields)
    huge = header.getvalue() + bytes(8)
    for name, content in {"claims": huge, "unpacks": bytes(50_000_000)}.items():
        kind = zipfile.ZIP_STORED if name == "claims" else zipfile.ZIP_DEFLATED
        with zipfile.ZipFile(state, "w", kind) as archive:
            for part, data in {**parts, "variable_0.npy": content}.items():
                archive.writestr(part, data)
        refused(state, model)


@pytest.mark.parametrize("text", ["", "[]", "null", "{}", '{"options": 3}', "[" * 100_000])
def test_a_record_that_is_damaged_is_named(text, tmp_path):
    run = Run(tmp_path)
    run.record.write_text(text)
    run.state.write_bytes(b"")
    with pytest.raises(ValueError, match=r"recipe\.json' is damaged.*--run-dir"):
        run.open(SimpleNamespace(options={}, path=None))
    with pytest.raises(ValueError, match=r"recipe\.json' is damaged.*--excerpt-seconds"):
        _trained_seconds(tmp_path)
    assert run.record.read_text() == text


@pytest.mark.parametrize(
    "about", [{"recipe": {}}, {"metrics": [1]}, {"metrics": {"best": 3}}, {"recipe": 3}]
)
def test_a_card_is_not_made_of_damaged_records(about):
    told = {"model": "x", "parameters": 1, "sample_rate": 8_000, "receptive_field": 1}
    told |= {"labels": ["a"], "members": 1, "front_end": "x", "hop_length": 1}
    told |= {"kaudio": "0", "keras": "3", "format_version": 1}
    with pytest.raises(ValueError, match="beside the model is damaged"):
        card("name", told, [], about, None)


def test_a_cached_waveform_that_is_not_finite_is_not_handed_on(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(100, 0.123), 8_000)
    waveform = cached_waveform(tmp_path / "a.wav", 8_000, folder=tmp_path / "cache")
    content = bytearray(waveform.path.read_bytes())
    content[-4:] = np.float32(np.nan).tobytes()
    waveform.path.write_bytes(content)
    assert len(waveform.read(0, 99)) == 99
    with pytest.raises(OSError, match=r"is damaged.*--clear-cache"):
        waveform.read(50, 50)


def test_a_cached_waveform_that_claims_more_than_there_is_is_made_anew(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.full(100, 0.456), 8_000)
    waveform = cached_waveform(tmp_path / "a.wav", 8_000, folder=tmp_path / "cache")
    whole = waveform.path.read_bytes()
    for claim in (b"(999,)", b"(-10,)", b"(1e9,)", b"(100;)"):
        waveform.path.write_bytes(whole.replace(b"(100,)", claim))
        again = cached_waveform(tmp_path / "a.wav", 8_000, folder=tmp_path / "cache")
        assert again.num_samples == 100
        assert waveform.path.read_bytes() == whole
