"""Fitting a classifier: folds held out, calibrated, judged by work, drawn."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import kaudio
from kaudio.audio import write
from kaudio.cli import main

RECIPE = Path(kaudio.__file__).parent.parent / "recipes" / "composer.py"
RATE = 4_000
SMALL = {"sample_rate": RATE, "chunk_seconds": 0.5, "hop_seconds": 0.5, "folds": 2, "members": 2}
SMALL |= {"filters": 8, "blocks": 1, "batch_size": 8, "epoch_batches": 12, "epochs": 1}
SMALL |= {"learning_rate": 2e-2, "dropout": 0.0, "mixup": 0.0}


def tone(hertz, seconds=3.0, seed=0):
    times = np.arange(round(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).normal(0, 0.02, len(times))
    return 0.3 * np.sin(2 * np.pi * hertz * times) + noise


@pytest.fixture(scope="module")
def works(tmp_path_factory):
    """Two composers of three works: one writes low notes and the other high ones."""
    folder = tmp_path_factory.mktemp("works")
    for name, low in {"low": 200, "high": 900}.items():
        (folder / name).mkdir()
        for work in range(3):
            write(folder / name / f"{work}.wav", tone(low * (1 + work / 10), seed=work), RATE)
    return folder


@pytest.fixture(scope="module")
def run(works, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "composer"
    with pytest.MonkeyPatch.context() as patch:  # the fixture of all tests comes too late
        patch.setenv("KAUDIO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        return kaudio.fit(kaudio.load_recipe(RECIPE, audio=works, run_dir=folder, **SMALL))


def test_works_that_were_held_out_are_judged_beside_baselines(run):
    metrics = json.loads(run.metrics.read_text())
    baselines = metrics["best"]["validation"]["balanced_accuracy"]["baselines"]
    assert baselines["majority"] == 0.5
    assert baselines["trivial_features"] > 0.9  # the centre of the spectrum gives tones away
    held_out = metrics["held_out"]
    for unit in ("chunk", "recording", "work"):
        assert held_out[unit]["balanced_accuracy"] > 0.9
        assert held_out[unit]["lowest_fold"] <= held_out[unit]["balanced_accuracy"]
        assert held_out[unit]["trivial_features"] > 0.9
    assert np.sum(held_out["confusion"]) == sum(row["chunks"] for row in held_out["works"])
    assert {row["fold"] for row in held_out["works"]} == {0, 1}
    assert len(held_out["works"]) == 6


def test_the_model_is_calibrated_and_drawn(run):
    model = kaudio.load(run.folder)
    assert float(model.sharpness) != 1
    for picture in ("confusion.png", "works.png", "curves.png"):
        assert (run.folder / picture).stat().st_size > 1_000


def test_fitting_again_changes_nothing(run, works, capsys):
    before = kaudio.load(run.folder)
    kaudio.fit(kaudio.load_recipe(RECIPE, audio=works, run_dir=run.folder, **SMALL))
    assert "This run is complete" in capsys.readouterr().out
    after = kaudio.load(run.folder)
    np.testing.assert_allclose(float(after.sharpness), float(before.sharpness), rtol=1e-6)


def test_a_command_names_the_composer_and_says_how_that_changes(run, tmp_path, capsys):
    write(tmp_path / "new.wav", np.concatenate([tone(230), tone(960)]), RATE)
    write(tmp_path / "high.wav", tone(930), RATE)
    (tmp_path / "broken.wav").write_bytes(b"RIFF")
    files = [str(tmp_path / name) for name in ("new.wav", "high.wav", "broken.wav")]
    places = ["--csv", str(tmp_path / "over.csv"), "--png", str(tmp_path / "over.png")]
    chunks = ["--seconds", "0.5", "--hop-seconds", "0.5"]
    with pytest.raises(SystemExit) as stopped:
        main(["classify", str(run.folder), *files, *chunks, *places])
    assert stopped.value.code == 1
    said = capsys.readouterr()
    assert "broken.wav" in said.err
    rows = list(csv.DictReader((tmp_path / "over.csv").read_text().splitlines()))
    of_new = [row["label"] for row in rows if "new" in row["file"] and row["part"] == "chunk"]
    assert of_new[:5] == ["low"] * 5
    assert of_new[-5:] == ["high"] * 5
    assert (tmp_path / "over_1.png").exists()
    assert (tmp_path / "over_2.png").exists()


def test_a_command_dreams_and_draws_what_it_did(run, tmp_path, capsys):
    write(tmp_path / "low.wav", tone(230), RATE)
    before, after = str(tmp_path / "low.wav"), tmp_path / "dream.wav"
    short = ["--octaves", "2", "--steps", "2", "--seconds", "1"]
    told = ["--target", "high", "--every-octave", *short]
    with pytest.raises(SystemExit) as ended:
        main(["dream", str(run.folder), before, str(after), *told])
    assert ended.value.code == 0
    assert "Score" in capsys.readouterr().out
    for name in ("dream.wav", "dream_1.wav", "dream.png"):
        assert (tmp_path / name).stat().st_size > 1_000
    with pytest.raises(SystemExit, match=r"--target or --layer.*high, low, block_1"):
        main(["dream", str(run.folder), before, str(after)])
    with pytest.raises(SystemExit, match="--from-noise and a file to write"):
        main(["dream", str(run.folder), str(after), "--layer", "block_1"])
    with pytest.raises(SystemExit, match="ends in no format"):
        main(["dream", str(run.folder), before, "dream.m4a", "--layer", "block_1"])


def test_validation_data_that_no_member_leaves_out_are_refused_before_training(works, tmp_path):
    recipe = kaudio.load_recipe(RECIPE, audio=works, run_dir=tmp_path / "run", **SMALL)
    corpus = kaudio.Corpus.from_folder(works, RATE)
    unknown = kaudio.data.labelled(corpus, corpus.labels, 0.5, 8)
    with pytest.raises(ValueError, match=r"folds 0 to 1.* Received: folds \[-1\]"):
        kaudio.fit(replace(recipe, validation=unknown))
    with pytest.raises(ValueError, match="pass `judged`"):
        kaudio.fit(replace(recipe, judged=(), run_dir=tmp_path / "other"))


def test_one_composer_is_refused_and_of_few_works_there_are_fewer_folds(works, tmp_path):
    lonely = tmp_path / "lonely"
    (lonely / "low").mkdir(parents=True)
    write(lonely / "low" / "0.wav", tone(200), RATE)
    with pytest.raises(ValueError, match=r"1 group|two labels or more"):
        kaudio.load_recipe(RECIPE, audio=lonely, run_dir=tmp_path / "run", **SMALL)
    fewer = kaudio.load_recipe(
        RECIPE, audio=works, run_dir=tmp_path / "run", **SMALL | {"folds": 4, "members": 4}
    )
    assert len(fewer.model.members) == 3
    assert "3 folds instead of 4: a composer has no more works." in fewer.notes
