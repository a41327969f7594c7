"""Classifying recordings whose chunks are known, with a model whose answers are."""

import keras
import numpy as np
import pytest
import soundfile
from scipy import special

import kaudio
from kaudio.audio import AudioError
from kaudio.evaluation.chunks import Chunks
from kaudio.models import ComposerClassifier

RATE = 2_000
LABELS = ["bach", "schubert", "chopin"]


@pytest.fixture(scope="module")
def model():
    model = ComposerClassifier(
        LABELS, RATE, members=1, filters=8, blocks=1, hop_length=64, bands_per_octave=6
    )
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0, 0.4, weight.shape))
    return model


def music(seconds, seed=0):
    """Notes that change twice a second."""
    rng = np.random.default_rng(seed)
    pitch = np.repeat(rng.uniform(100, 900, 1 + int(2 * seconds)), RATE // 2)
    phase = 2 * np.pi * np.cumsum(pitch[: round(seconds * RATE)]) / RATE
    return (0.3 * np.sin(phase)).astype("float32")


@pytest.mark.parametrize("pieces", [[7, 1, 0, 92], [100], [1] * 100])
@pytest.mark.parametrize(("length", "hop"), [(10, 5), (10, 10), (10, 3), (10, 25), (1, 1)])
def test_chunks_are_those_of_the_whole_however_it_is_streamed(pieces, length, hop):
    samples = np.arange(100.0)
    stream = np.split(samples, np.cumsum(pieces)[:-1])
    found = list(Chunks(stream, length, hop))
    starts = list(range(0, 101 - length, hop))
    starts += [100 - length] if starts[-1] + length < 100 else []
    assert [start for start, _ in found] == starts
    assert all((chunk == samples[i : i + length]).all() for i, chunk in found)


def test_chunks_have_the_answer_of_the_model_and_the_whole_their_mean_logits(model):
    samples = music(23)
    starts = [0, 5, 10, 13]
    logits = keras.ops.convert_to_numpy(
        model.logits(np.stack([samples[RATE * s : RATE * (s + 10)] for s in starts]))
    )
    for batch_size in (3, 8):
        verdict = kaudio.classify(model, samples, batch_size=batch_size)
        assert verdict.times.tolist() == starts
        assert verdict.probabilities == pytest.approx(special.softmax(logits, axis=1), abs=1e-4)
        assert verdict.overall == pytest.approx(special.softmax(logits.mean(axis=0)), abs=1e-4)
    assert verdict.label == LABELS[logits.mean(axis=0).argmax()]
    assert verdict.confidence == verdict.overall.max()
    assert verdict.seconds == 23
    assert not verdict.repeated


def test_a_file_of_another_rate_format_and_two_channels_has_the_answer_of_its_waveform(
    model, tmp_path
):
    samples = music(40)
    both = np.stack([1.5 * samples, 0.5 * samples], axis=1)
    soundfile.write(tmp_path / "same.wav", both, RATE, "FLOAT")
    expected = kaudio.classify(model, samples)
    found = kaudio.classify(model, str(tmp_path / "same.wav"))
    assert found.probabilities == pytest.approx(expected.probabilities, abs=1e-4)
    soundfile.write(tmp_path / "other.flac", np.repeat(both, 4, axis=0), 4 * RATE)
    found = kaudio.classify(model, tmp_path / "other.flac")
    assert found.seconds == pytest.approx(40, abs=0.01)
    assert found.probabilities == pytest.approx(expected.probabilities, abs=0.2)


def test_a_short_clip_is_repeated_and_says_so(model):
    samples = music(3)
    found = kaudio.classify(model, samples)
    expected = kaudio.classify(model, np.resize(samples, 10 * RATE))
    assert found.repeated
    assert not expected.repeated
    assert found.seconds == 3
    assert found.overall == pytest.approx(expected.overall, abs=1e-6)


def test_silent_chunks_say_nothing_and_are_left_out(model):
    samples = music(60)
    samples[20 * RATE : 40 * RATE] = 1e-6
    verdict = kaudio.classify(model, samples, hop_seconds=10)
    assert verdict.silent.tolist() == [20, 30]
    heard = kaudio.classify(model, np.delete(samples, np.s_[20 * RATE : 40 * RATE]), hop_seconds=10)
    assert verdict.overall == pytest.approx(heard.overall, abs=1e-6)


def test_silence_is_refused_with_its_name(model, tmp_path):
    soundfile.write(tmp_path / "mute.wav", np.zeros(3 * RATE), RATE)
    with pytest.raises(AudioError, match=r"mute.wav.*silent, all 3\.0 s of it: there is nothing"):
        kaudio.classify(model, tmp_path / "mute.wav")
    with pytest.raises(ValueError, match=r"`audio` is silent, all 12\.0 s of it"):
        kaudio.classify(model, np.full(12 * RATE, 0.1))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1e6])
def test_samples_that_are_no_audio_are_refused_with_their_time(model, bad):
    samples = music(12)
    samples[11 * RATE] = bad
    with pytest.raises(ValueError, match=r"must be finite.*at 11\.000 s"):
        kaudio.classify(model, samples)


@pytest.mark.parametrize(
    "audio", [np.zeros((2, 100)), np.zeros(0), np.zeros(100, "int16"), None, 3]
)
def test_what_is_no_waveform_is_refused(model, audio):
    with pytest.raises(ValueError, match=r"a waveform of floats of shape \(samples,\)"):
        kaudio.classify(model, audio)


def test_files_that_are_no_audio_are_refused_by_name(model, tmp_path):
    with pytest.raises(AudioError, match=r"none\.wav"):
        kaudio.classify(model, tmp_path / "none.wav")
    soundfile.write(tmp_path / "nan.wav", np.full(100, np.nan), RATE, "FLOAT")
    with pytest.raises(AudioError, match="not finite"):
        kaudio.classify(model, tmp_path / "nan.wav")


def test_models_that_cannot_tell_are_refused(model):
    with pytest.raises(TypeError, match=r"Only a ComposerClassifier.*Received: Sequential"):
        kaudio.classify(keras.Sequential(), music(1))


def test_a_diverged_model_is_refused_with_the_time_of_the_chunk(model):
    model.calibrate(float("nan"), [0, 0, 0])
    with pytest.raises(ValueError, match=r"chunk at 0\.0 s is not finite"):
        kaudio.classify(model, music(1))
    model.calibrate(1, [0, 0, 0])
    assert kaudio.classify(model, music(1)).label in LABELS


@pytest.mark.parametrize(
    "given", [{"seconds": 0.01}, {"seconds": np.nan}, {"hop_seconds": 0}, {"batch_size": 0}]
)
def test_lengths_that_make_no_sense_are_refused(model, given):
    with pytest.raises(ValueError, match="`seconds` must be"):
        kaudio.classify(model, music(1), **given)
