"""Models judged by recordings: the numbers are those of training, and of what is trivial."""

import json

import keras
import numpy as np
import pytest
import soundfile
from small_models import classifier, small, wavenet

from kaudio.cli import main
from kaudio.codecs import Frames, MuLaw
from kaudio.data import Labels, iterate, next_step
from kaudio.data.corpus import Corpus
from kaudio.evaluation.judge_model import evaluate
from kaudio.evaluation.pit import Calibration
from kaudio.models import FrameLSTM, WaveNet

RATE = 8_000


@pytest.fixture
def corpus(music):
    return Corpus.from_folder(music, RATE)


def as_fit_validates(model, data):
    return model.evaluate(iterate(data.repeat()), steps=len(data), verbose=0, return_dict=True)


def test_the_value_of_a_wavenet_is_that_of_validation(corpus):
    model = wavenet()
    model.compile("adam")
    steps = model.warm_up + 4_000
    data = next_step(corpus, model.codec, steps, 10, hop_steps=4_000)
    report = evaluate(model, corpus, batch_size=10)
    expected = as_fit_validates(model, data)["bits_per_sample"]
    assert report.value == pytest.approx(expected, rel=1e-5)
    assert report.metric == "bits_per_sample"
    assert len(report.recordings) == 6
    assert np.mean([score.value for score in report.recordings]) == pytest.approx(report.value)


def test_the_value_of_a_frame_model_is_that_of_validation(corpus):
    model = FrameLSTM(Frames(RATE, 100), 8, projection=0)
    data = next_step(corpus, model.codec, 80, 4)
    model.adapt(data)
    model.compile("adam", loss="mse")
    report = evaluate(model, corpus, excerpt_seconds=1.0, batch_size=5)
    assert report.value == pytest.approx(as_fit_validates(model, data)["nmse"], rel=1e-5)
    assert report.baselines["predict-mean"] == pytest.approx(1, abs=0.1)
    assert set(report.recordings[0].baselines) == {"predict-mean", "predict-last"}
    assert report.calibration_error is None


def test_a_model_that_says_uniform_scores_as_uniform(corpus):
    model = wavenet()
    model.outlet.kernel.assign(0 * model.outlet.kernel)
    model.outlet.bias.assign(0 * model.outlet.bias)
    report = evaluate(model, corpus)
    assert report.value == pytest.approx(4, abs=1e-4)
    assert report.baselines["uniform"] == 4
    assert report.baselines["unigram of these recordings"] < 4
    # Music is soft: few codes lie at the ends of what was said.
    assert report.calibration_error > 0.05
    assert report.quantiles[0] < 0.01


def test_with_training_music_codes_are_counted_there(corpus):
    report = evaluate(wavenet(), corpus, train=corpus)
    assert list(report.baselines) == ["uniform", "unigram", "markov"]
    assert report.baselines["markov"] < report.baselines["unigram"] < 4


def test_fewer_batches_are_spread_over_the_recordings(corpus):
    report = evaluate(wavenet(), corpus, batch_size=1, most_batches=6)
    values = [score.value for score in report.recordings]
    every = [score.value for score in evaluate(wavenet(), corpus, batch_size=1).recordings]
    assert all(value is not None for value in values)
    assert values != every


def test_labels_are_told_if_the_model_knows_them(corpus):
    model = WaveNet(
        MuLaw(RATE, 16), [1, 2], residual_filters=4, gate_filters=4, skip_filters=4,
        head_filters=4, global_names=["ada", "bela"],
    )  # fmt: skip
    model.compile("adam")
    report = evaluate(model, corpus, batch_size=15)
    steps = model.warm_up + 4_000
    labels = Labels(("ada", "bela"))
    data = next_step(corpus, model.codec, steps, 15, condition=labels, hop_steps=4_000)
    expected = as_fit_validates(model, data)["bits_per_sample"]
    assert report.value == pytest.approx(expected, rel=1e-5)
    assert "told the label" in report.notes[0]


def test_a_model_that_knows_other_labels_is_told_nothing_and_says_so(corpus):
    model = WaveNet(
        MuLaw(RATE, 16), [1, 2], residual_filters=4, gate_filters=4, skip_filters=4,
        head_filters=4, global_names=["bach"],
    )  # fmt: skip
    assert "told nothing" in evaluate(model, corpus).table()


def test_what_cannot_be_judged_is_refused_in_a_sentence(corpus):
    with pytest.raises(TypeError, match="Received: ComposerClassifier"):
        evaluate(classifier(), corpus)
    with pytest.raises(ValueError, match="Only labels can be told"):
        evaluate(small("told"), corpus)
    with pytest.raises(ValueError, match="is long enough"):
        evaluate(wavenet(), corpus, excerpt_seconds=60)


def test_right_probabilities_are_calibrated_and_too_sure_ones_are_not():
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(8), 20_000)
    codes = (rng.random((20_000, 1)) > np.cumsum(shares, axis=1)).sum(axis=1).clip(0, 7)
    right, sure = Calibration(), Calibration()
    right.add(codes, shares)
    sharper = shares**4 / (shares**4).sum(axis=1, keepdims=True)
    sure.add(codes, sharper)
    assert right.error() < 0.01
    assert np.allclose(right.histogram(), 0.05, atol=0.01)
    assert sure.error() > 0.03
    assert sure.histogram()[0] > 0.08
    assert Calibration().error() is None


def test_the_command_prints_a_table_and_writes_json(music, tmp_path, capsys):
    run, out = tmp_path / "run", tmp_path / "out.json"
    run.mkdir()
    model = wavenet()
    model.save(run / "model.keras")
    (run / "recipe.json").write_text('{"options": {"excerpt_seconds": 0.25}}')
    soundfile.write(music / "short.wav", np.zeros(100), RATE)
    with pytest.raises(SystemExit) as stop:
        main(["evaluate", str(run), "--audio", str(music), "--json", str(out)])
    assert not stop.value.code
    said = capsys.readouterr().out
    assert "excerpts of 0.25 s" in said
    assert "unigram of these recordings" in said
    report = json.loads(out.read_text())
    assert report["excerpt_seconds"] == 0.25
    assert len(report["recordings"]) == 7
    assert [r["value"] for r in report["recordings"] if "short" in r["path"]] == [None]


def test_a_classifier_or_two_models_are_a_sentence_to_the_command(music, tmp_path):
    keras.utils.set_random_seed(0)
    classifier().save(tmp_path / "model.keras")
    with pytest.raises(SystemExit, match="asks a classifier"):
        main(["evaluate", str(tmp_path), "--audio", str(music)])
    with pytest.raises(SystemExit, match="one model at a time"):
        main(["evaluate", str(tmp_path), str(tmp_path), "--audio", str(music)])
