"""The same noise is the same audio from the model, the SavedModel, TensorFlow Lite and ONNX."""

import importlib.util
import itertools

import keras
import numpy as np
import pytest
from small_models import MAKE, conditions_of, small

from kaudio.artifacts.describe import describe
from kaudio.artifacts.networks import network
from kaudio.artifacts.players import SavedModelPlayer, TFLitePlayer
from kaudio.artifacts.playing import play
from kaudio.generation import Sampler, stream

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="Artifacts are written by TensorFlow."
)


@pytest.fixture(scope="module")
def model(request):
    return small(request.param)


@pytest.fixture(scope="module")
def artifacts(model, tmp_path_factory):
    """All artifacts of a model: the last one only where its packages are installed."""
    from kaudio.artifacts.saved_model import write_saved_model
    from kaudio.artifacts.tflite import write_tflite

    folder = tmp_path_factory.mktemp("artifacts")
    exported = network(model)
    write_saved_model(exported, folder / "saved_model", describe(exported), block_steps=50)
    write_tflite(exported, {"tflite": folder / "model.tflite"}, describe(exported))
    players = [SavedModelPlayer(folder / "saved_model"), TFLitePlayer(folder / "model.tflite")]
    if all(importlib.util.find_spec(name) for name in ("onnx", "onnxruntime")):
        from kaudio.artifacts.onnx_files import write_onnx
        from kaudio.artifacts.onnx_player import OnnxPlayer

        write_onnx(exported, folder / "onnx", describe(exported))
        players.append(OnnxPlayer(folder / "onnx"))
    return players


def listen(blocks, count):
    """The first samples of the first clip."""
    parts = []
    while sum(map(len, parts)) < count:
        parts.append(next(blocks)[0])
    return np.concatenate(parts)[:count]


def recording(seconds=0.05):
    return (0.5 * np.sin(np.arange(int(seconds * 8_000)) / 5)).astype("float32")


@pytest.mark.parametrize("model", MAKE, indirect=True)
def test_artifacts_sound_like_the_model(model, artifacts):
    """Over more than two receptive fields, or 20 s; alone, told, primed and steered."""
    frames = model.receptive_field is None
    count = 160_000 if frames else 4 * model.receptive_field
    steered = {"temperature": 0.2} if frames else {"temperature": 0.8, "top_k": 9, "top_p": 0.9}
    told = {"conditions": conditions_of(model)}
    sampler = Sampler(model, 1, 64 if frames else 2_000)
    cases = [({}, count), (told, 2_000)]
    if "temperature" in artifacts[0].controls({}):
        cases.append(({**told, "controls": steered}, 2_000))
    for options, length in cases:
        expected = listen(stream(model, sampler=sampler, **options), length)
        assert np.unique(expected).size > 5
        for number, player in enumerate(artifacts):
            # ONNX Runtime takes ten times as long.
            heard = listen(play(player, **options), length if number < 2 else min(length, 2_000))
            if frames:
                np.testing.assert_allclose(heard, expected[: len(heard)], atol=1e-4)
            else:
                assert np.mean(heard != expected[: len(heard)]) <= 1e-4
    prime = recording()
    expected = listen(stream(model, prime=prime, sampler=sampler, **told), 2_000)
    for player in artifacts:
        heard = listen(play(player, prime=prime, **told), 2_000)
        np.testing.assert_allclose(heard, expected, atol=1e-4)


@pytest.mark.parametrize("model", ["plain", "gruv"], indirect=True)
def test_a_saved_model_plays_several_clips_as_the_model_does(model, artifacts):
    options = {"conditions": conditions_of(model), "prime": recording()}
    expected = next(stream(model, batch_size=3, **options))
    heard = next(play(artifacts[0], batch_size=3, **options))
    np.testing.assert_allclose(heard[:, :500], expected[:, :500], atol=1e-4)


@pytest.mark.parametrize("model", MAKE, indirect=True)
def test_what_is_predicted_of_a_recording_is_what_the_model_predicts(model, artifacts):
    audio = recording()[None]
    told = {name: np.full((1, 1, n), 0.3, "float32") for name, n in model.conditions.items()}
    codec = model.codec
    steps = codec.encode(audio[0])[None]
    given = {k: np.repeat(v, -(-steps.shape[1] // 4), 1) for k, v in told.items()}
    given |= {k: v for k, v in told.items() if k == "global"}
    expected = model.predict({"steps": steps, **given} if told else steps, verbose=0)
    if model.receptive_field is None:
        expected = codec.inverse(expected)
    for player in artifacts:
        inputs = {"audio": audio, **{f"{name}_condition": c for name, c in told.items()}}
        predicted = player.call("serve", inputs)["predictions"]
        np.testing.assert_allclose(predicted, expected, atol=1e-4)


@pytest.mark.parametrize("model", ["plain"], indirect=True)
def test_blocks_of_any_length_are_the_same_stream(model, artifacts):
    rng = np.random.default_rng(3)
    noise = rng.random((1, 230), dtype="float32")
    for player in artifacts:
        values, whole = player.controls({}), None
        one = np.array(1, "int32")
        for lengths in ([230], [1, 49, 50, 130]):
            first = {"batch_size": one} if not player.is_single else {}
            state, parts = player.call("start", first), []
            for start, length in zip(itertools.accumulate([0, *lengths]), lengths, strict=False):
                piece = noise[:, start : start + length]
                state = player.call("stream", {"noise": piece, **values, **state})
                parts.append(state.pop("audio")[0])
            whole = np.concatenate(parts) if whole is None else whole
            np.testing.assert_array_equal(np.concatenate(parts), whole)
