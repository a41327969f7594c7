"""Fitting a model of codes: bits beside what counting scores, and how far it sees."""

import json
import math
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest
from runs import Interrupt, assert_same_state

import kaudio
from kaudio.training import Run, summary
from kaudio.training.keeper import Stopped

RECIPE = """
    from pathlib import Path
    import keras, kaudio

    def recipe(
        audio: Path, run_dir: Path, epochs: int = 2, largest: int = 2, steps: int = 60
    ):
        keras.utils.set_random_seed(0)
        corpus = kaudio.Corpus.from_folder(audio, 8_000)
        train, validation = corpus.split(validation=0.2, seed=0)
        codec = kaudio.codecs.MuLaw(8_000, 32)
        labels = kaudio.data.Labels(corpus.labels)
        model = kaudio.models.WaveNet(
            codec, [2**i for i in range(largest.bit_length())], residual_filters=4, gate_filters=4,
            skip_filters=8, head_filters=8, global_names=labels.names,
        )
        model.compile(keras.optimizers.Adam(0.01))
        options = {"condition": labels, "hop_steps": 500}
        return kaudio.Recipe(
            model=model,
            train=kaudio.data.next_step(
                train, codec, steps, 8, seed=0, epoch_batches=3, **options
            ),
            validation=kaudio.data.next_step(validation, codec, steps, 8, **options),
            epochs=epochs, run_dir=run_dir, clip_seconds=0.0,
        )
"""


@pytest.fixture
def make(music, tmp_path):
    path = tmp_path / "codes.py"
    path.write_text('"""A small WaveNet."""\n' + textwrap.dedent(RECIPE))

    def make(name="run", **options):
        return kaudio.load_recipe(path, audio=music, run_dir=tmp_path / name, **options)

    return make


def test_bits_stand_beside_what_counting_scores(make, capsys):
    recipe = make()
    run = kaudio.fit(recipe)
    metrics = json.loads(run.metrics.read_text())
    for part, prefix in {"train": "", "validation": "val_"}.items():
        bits = metrics["best"][part]["bits_per_sample"]
        baselines = bits["baselines"]
        assert list(baselines) == ["uniform", "unigram", "markov"]
        assert baselines["uniform"] == math.log2(32)
        assert 0 < baselines["markov"] < baselines["unigram"] < baselines["uniform"]
        assert bits["unit"] == "bits of surprise at each sample"
        best = metrics["epochs"][metrics["best"]["epoch"] - 1]
        assert bits["value"] == best[f"{prefix}bits_per_sample"]
        assert bits["value"] == pytest.approx(best[f"{prefix}loss"] / math.log(2), rel=1e-4)
    scores = kaudio.load(run.folder).evaluate(
        kaudio.data.iterate(recipe.validation),
        steps=len(recipe.validation),
        return_dict=True,
        verbose=0,
    )
    value = metrics["best"]["validation"]["bits_per_sample"]["value"]
    assert scores["bits_per_sample"] == pytest.approx(value, rel=1e-4)
    text = capsys.readouterr().out
    assert "Receptive field: 5 samples, 0.001 s. Excerpts: 60 samples" in text
    assert "of which 56 count" in text
    assert "longer than half" not in text
    for word in ("bits_per_sample", "uniform", "unigram", "markov"):
        assert word in text


def test_a_stop_in_the_middle_of_an_epoch_loses_nothing(make):
    whole = kaudio.fit(make("whole"))
    stopped = make("stopped")
    with pytest.raises(Stopped, match="Fit again with the same options"):
        kaudio.fit(replace(stopped, callbacks=[Interrupt(5)]))
    assert_same_state(whole, kaudio.fit(make("stopped")))


@pytest.mark.parametrize(("largest", "warned"), [(16, False), (32, True)])
def test_excerpts_of_which_little_counts_are_warned_of(make, tmp_path, largest, warned):
    lines = summary.opening(make(largest=largest, steps=100), Run(tmp_path / "run"))
    field = 2 * largest + 1
    assert f"Receptive field: {field} samples" in lines[1]
    assert f"of which {100 - field + 1} count" in lines[1]
    assert any("longer than half an excerpt" in line for line in lines) == warned


def test_excerpts_shorter_than_the_receptive_field_are_refused(make):
    with pytest.raises(ValueError, match=r"as long as the receptive field of 65 .* 60 samples"):
        kaudio.fit(make(largest=32))
    summary.opening(make(largest=32, steps=65), Run(Path("run")))
