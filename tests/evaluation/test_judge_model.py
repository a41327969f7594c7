"""Models judged by recordings: the numbers are those of training, and of what is trivial."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
import soundfile

from kaudio.cli import main
from kaudio.codecs import Frames, MuLaw
from kaudio.data import Labels, iterate, next_step
from kaudio.data.corpus import Corpus
from kaudio.evaluation.excerpts import Excerpts
from kaudio.evaluation.judge_model import evaluate
from kaudio.evaluation.pit import Calibration
from kaudio.models import FrameLSTM, WaveNet
from kaudio.models.heads import Categorical

RATE = 8_000
SHORT = {"excerpt_seconds": 0.1, "batch_size": 9}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Four recordings of two labels, of 1 s to 1.3 s: a tone that dies away, in noise."""
    folder = tmp_path_factory.mktemp("tones")
    rng = np.random.default_rng(0)
    for number in range(4):
        path = folder / ("ada" if number % 2 else "bela") / f"tone_{number}.wav"
        path.parent.mkdir(exist_ok=True)
        time = np.arange(8_000 + 800 * number) / RATE
        tone = 0.5 * np.sin(2 * np.pi * (200 + 50 * number) * time) * np.exp(-3 * time)
        soundfile.write(path, tone + rng.normal(0, 1e-3, len(time)), RATE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAUDIO_CACHE", str(tmp_path_factory.mktemp("cache")))
        return Corpus.from_folder(folder, RATE)


@pytest.fixture(scope="module")
def told():
    keras.utils.set_random_seed(0)
    widths = dict.fromkeys(["residual_filters", "gate_filters", "skip_filters", "head_filters"], 4)
    model = WaveNet(MuLaw(RATE, 16), [1, 2], global_names=["ada", "bela"], **widths)
    model.compile("adam")
    return model


@pytest.fixture(scope="module")
def frames(corpus):
    model = FrameLSTM(Frames(RATE, 100), 8, projection=0)
    model.adapt(next_step(corpus, model.codec, 16, 4))
    model.compile("adam", loss="mse")
    model.optimizer.build(model.trainable_variables)  # so that it is saved
    return model


def as_fit_validates(model, data):
    return model.evaluate(iterate(data.repeat()), steps=len(data), verbose=0, return_dict=True)


def test_the_value_of_a_wavenet_is_that_of_validation(corpus, told):
    steps = told.warm_up + 800
    labels = Labels(("ada", "bela"))
    data = next_step(corpus, told.codec, steps, 21, condition=labels, hop_steps=800)
    report = evaluate(told, corpus, **SHORT)
    expected = as_fit_validates(told, data)["bits_per_sample"]
    assert report.value == pytest.approx(expected, rel=1e-5)
    assert report.metric == "bits_per_sample"
    assert "told the label" in report.notes[0]


def test_the_value_of_all_is_the_mean_over_the_excerpts_of_each(corpus, told):
    report, counts = evaluate(told, corpus, **SHORT), [10, 12, 9, 11]
    values = [score.value for score in report.recordings]
    assert report.value == pytest.approx(np.average(values, weights=counts), rel=1e-5)
    for name, value in report.baselines.items():
        values = [score.baselines[name] for score in report.recordings]
        assert value == pytest.approx(np.average(values, weights=counts))


def test_the_value_of_a_frame_model_is_that_of_validation(corpus, frames):
    data = next_step(corpus, frames.codec, 16, 4)
    report = evaluate(frames, corpus, excerpt_seconds=0.2, batch_size=5)
    assert report.value == pytest.approx(as_fit_validates(frames, data)["nmse"], rel=1e-5)
    assert report.baselines["predict-mean"] == pytest.approx(1, abs=0.2)
    assert set(report.recordings[0].baselines) == {"predict-mean", "predict-last"}
    assert report.calibration_error is None


def test_a_model_that_says_the_mean_is_called_no_better(corpus, frames):
    collapsed = FrameLSTM.from_config(frames.get_config())
    collapsed.set_weights(frames.get_weights())
    collapsed.readout.set_weights([0 * weight for weight in frames.readout.get_weights()])
    collapsed.compile("adam", loss="mse")
    report = evaluate(collapsed, corpus, **SHORT)
    assert report.value == pytest.approx(report.baselines["predict-mean"], rel=1e-4)
    assert "No better than predict-mean" in report.table()


def test_a_model_that_says_uniform_scores_as_uniform_and_is_not_calibrated(corpus, told):
    before = told.outlet.get_weights()
    told.outlet.set_weights([0 * weight for weight in before])
    report = evaluate(told, corpus, **SHORT)
    told.outlet.set_weights(before)
    assert report.value == pytest.approx(4, abs=1e-4)
    assert report.baselines["uniform"] == 4
    assert report.baselines["unigram of these recordings"] < 4
    assert report.calibration_error > 0.05
    # Music is soft: few codes lie at the ends of what was said.
    assert report.quantiles[0] < 0.04


def test_what_a_model_of_frames_says_of_its_deviations_is_believed_or_not(corpus):
    model = FrameLSTM(Frames(RATE, 100), 8, projection=0, mixtures=1)
    model.adapt(next_step(corpus, model.codec, 16, 4))
    readout, (hidden, spread) = model.readout, model.parts.spread
    for layer in (readout, hidden, spread):
        layer.kernel.assign(0 * layer.kernel)
    said = {}
    for factor in (1.0, 0.1, 10.0):  # as wide as the music, too sure of itself, too little
        spread.bias.assign(model.head.bias(np.full(100, factor, "float32"))[100:])
        said[factor] = evaluate(model, corpus, **SHORT).calibration_error
    assert said[1.0] < said[0.1]
    assert said[1.0] < said[10.0]
    model = FrameLSTM(Frames(RATE, 100), 8, projection=0)
    model.adapt(next_step(corpus, model.codec, 16, 4))
    report = evaluate(model, corpus, **SHORT)
    assert report.calibration_error is None
    assert "Calibration: not defined, the model predicts a mean" in report.table()


def test_with_training_music_codes_are_counted_there(corpus, told):
    report = evaluate(told, corpus, train=corpus, **SHORT)
    assert list(report.baselines) == ["uniform", "unigram", "markov"]
    assert report.baselines["markov"] < report.baselines["unigram"] < 4


def test_fewer_batches_are_spread_over_the_recordings(corpus, frames):
    options = {"excerpt_seconds": 0.2, "batch_size": 1}
    every = evaluate(frames, corpus, **options)
    some = evaluate(frames, corpus, most_batches=8, **options)
    assert some.value != every.value
    assert "batches of excerpts were looked at" in some.notes[0]
    # One recording at a time, they are whole: each has the score that it has among others.
    for recording, score in zip(corpus.recordings, every.recordings, strict=True):
        alone = evaluate(frames, replace(corpus, recordings=(recording,)), **options)
        assert alone.value == pytest.approx(score.value, rel=1e-5)
    whole, few = (list(Excerpts(frames, corpus, 0.2, 1, most)) for most in (None, 3))
    assert len(few) == 3
    for x, _, owners in few:
        assert [o for other, _, o in whole if np.array_equal(other, x)] == [owners]


def test_fewer_one_shots_are_looked_at_if_so_told(corpus):
    widths = dict.fromkeys(["residual_filters", "gate_filters", "skip_filters", "head_filters"], 4)
    model = WaveNet(MuLaw(RATE, 16), [1, 2], from_silence=True, **widths)
    options = {"excerpt_seconds": 0.1, "batch_size": 1}
    report = evaluate(model, corpus, most_batches=2, **options)
    assert [score.value is None for score in report.recordings] == [False, True, False, True]
    assert "Only 2 of 4 batches" in report.table()


def test_a_recording_that_is_too_short_has_no_score_and_it_is_said(corpus, frames):
    report = evaluate(frames, corpus, excerpt_seconds=1.1, batch_size=2)
    assert [score.value is None for score in report.recordings] == [True, False, True, False]
    assert "without a score: 2 of the recordings" in report.table()


def test_a_model_that_knows_other_labels_is_told_nothing_and_says_so(corpus, told):
    unknown = [replace(recording, label="satie") for recording in corpus.recordings]
    report = evaluate(told, replace(corpus, recordings=tuple(unknown)), **SHORT)
    assert "told nothing" in report.table()
    assert report.value != evaluate(told, corpus, **SHORT).value


def test_what_cannot_be_judged_is_refused_in_a_sentence(corpus, frames, monkeypatch):
    with pytest.raises(TypeError, match="Received: Sequential"):
        evaluate(keras.Sequential(), corpus)
    with pytest.raises(ValueError, match="is long enough"):
        evaluate(frames, corpus, excerpt_seconds=60)
    with pytest.raises(ValueError, match="must be longer than 0 s"):
        evaluate(frames, corpus, excerpt_seconds=0)
    monkeypatch.setattr(frames, "conditions", {"local": 2})
    with pytest.raises(ValueError, match="Only labels can be told"):
        evaluate(frames, corpus)


def test_right_probabilities_are_calibrated_and_too_sure_ones_are_not():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(8), 20_000)
    codes = (rng.random((20_000, 1)) > np.cumsum(shares, axis=1)).sum(axis=1).clip(0, 7)
    right, sure = Calibration(), Calibration()
    sharper = shares**4 / (shares**4).sum(axis=1, keepdims=True)
    for calibration, said in ((right, shares), (sure, sharper)):
        calibration.add(*Categorical(8).below(codes, np.log(said).astype("float32")))
    assert right.error() < 0.01
    assert np.allclose(right.histogram(), 0.05, atol=0.01)
    assert sure.error() > 0.03
    assert sure.histogram()[0] > 0.08
    assert Calibration().error() is None


def test_the_command_prints_a_table_and_writes_json(music, frames, tmp_path, capsys):
    run, out = tmp_path / "run", tmp_path / "out.json"
    run.mkdir()
    frames.save(run / "model.keras")
    (run / "recipe.json").write_text('{"options": {"excerpt_seconds": 0.25}}')
    soundfile.write(music / "short.wav", np.zeros(100), RATE)
    main_arguments = ["evaluate", str(run), "--audio", str(music), "--json", str(out)]
    with pytest.raises(SystemExit) as stop:
        main(main_arguments)
    assert not stop.value.code
    said = capsys.readouterr().out
    assert "FrameLSTM, nmse (less is better), excerpts of 0.25 s" in said
    assert "predict-last" in said
    report = json.loads(out.read_text())
    assert report["excerpt_seconds"] == 0.25
    assert [r["value"] for r in report["recordings"] if "short" in r["path"]] == [None]
    assert len(report["recordings"]) == 7
    with pytest.raises(SystemExit, match="one model at a time"):
        main([*main_arguments, str(run)])
