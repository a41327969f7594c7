"""Fitting a recipe: what a run leaves behind, and how it goes on after it was stopped."""

import json
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace

import keras
import numpy as np
import pytest
import soundfile
from keras import ops
from runs import Interrupt, assert_same_state, state, weights
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import kaudio
from kaudio.training import Run
from kaudio.training.finish import write_report
from kaudio.training.keeper import Keeper, Stopped

RECIPE = """
    from pathlib import Path
    import keras, kaudio

    def recipe(
        audio: Path, run_dir: Path, epochs: int = 3, units: int = 8, clips: float = 0.0,
        lanes: int = 0,
    ):
        keras.utils.set_random_seed(0)
        corpus = kaudio.Corpus.from_folder(audio, 8_000)
        train, validation = corpus.split(validation=0.2, seed=0)
        codec = kaudio.codecs.FFTFrames(8_000, 64, overlap=2)
        if lanes:
            train = kaudio.data.lanes(train, codec, 30, lanes, seed=0)
        else:
            train = kaudio.data.next_step(train, codec, 30, 8, seed=0)
        validation = kaudio.data.next_step(validation, codec, 30, 4)
        model = kaudio.models.FrameLSTM(
            codec, units, projection=8, input_noise=0.1, dropout=0.1, lanes=lanes,
            scheduled_sampling=0.5 if lanes else 0.0, ramp_steps=10,
        )
        model.adapt(train)
        model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), loss="mse")
        return kaudio.Recipe(
            model=model, train=train, validation=validation, epochs=epochs, run_dir=run_dir,
            clip_seconds=clips,
        )
"""


@pytest.fixture
def recipe_file(tmp_path):
    path = tmp_path / "small.py"
    path.write_text('"""A small recipe."""\n' + textwrap.dedent(RECIPE))
    return path


@pytest.fixture
def make(recipe_file, music, tmp_path):
    def make(name="run", **options):
        return kaudio.load_recipe(recipe_file, audio=music, run_dir=tmp_path / name, **options)

    return make


def test_a_run_folder_explains_itself(make, capsys):
    recipe = make(clips=0.5)
    run = kaudio.fit(recipe)
    record = json.loads(run.record.read_text())
    assert record["options"] | {"audio": 0, "run_dir": 0} == {
        "audio": 0,
        "run_dir": 0,
        "epochs": 3,
        "units": 8,
        "clips": 0.5,
        "lanes": 0,
    }
    assert record["backend"] == keras.config.backend()
    assert record["versions"]["keras"] == keras.__version__

    metrics = json.loads(run.metrics.read_text())
    assert [epoch["epoch"] for epoch in metrics["epochs"]] == [1, 2, 3]
    best = min(metrics["epochs"], key=lambda epoch: epoch["val_loss"])
    assert metrics["best"]["epoch"] == best["epoch"]
    nmse = metrics["best"]["validation"]["nmse"]
    assert nmse["value"] == best["val_nmse"]
    assert nmse["baselines"]["predict-mean"] == pytest.approx(1, rel=1e-5)
    assert nmse["baselines"]["predict-last"] > 0.1

    clips = sorted(path.name for path in run.clips.iterdir())
    assert clips == ["epoch_0001.wav", "epoch_0002.wav", "epoch_0003.wav"]
    assert soundfile.info(run.sample).frames == 4_000
    assert metrics["model"]["class"] == "FrameLSTM"
    assert metrics["model"]["parameters"] == sum(
        int(ops.size(weight)) for weight in recipe.model.trainable_weights
    )
    page = (run.folder / "report.html").read_text()
    assert 0 < page.index("predict-last") < page.index("</html>")
    for picture in (run.spectrogram, run.curves):
        assert picture.read_bytes().startswith(b"\x89PNG")
    text = capsys.readouterr().out
    for wanted in (
        "nmse",
        "predict-last",
        str(run.model),
        str(run.sample),
        "report.html",
        "tensorboard --logdir",
    ):
        assert wanted in text


def test_the_best_model_is_kept_and_scores_what_was_reported(make):
    recipe = make()
    run = kaudio.fit(recipe)
    best = json.loads(run.metrics.read_text())["best"]
    scores = kaudio.load(run.folder).evaluate(
        kaudio.data.iterate(recipe.validation),
        steps=len(recipe.validation),
        return_dict=True,
        verbose=0,
    )
    assert scores["nmse"] == pytest.approx(best["validation"]["nmse"]["value"], rel=1e-4)


@pytest.mark.parametrize(("keep", "kept"), [("best", 2), ("last", 3)])
def test_the_model_of_the_best_epoch_is_kept_or_of_the_last_if_a_recipe_says_so(make, keep, kept):
    recipe, progress = make(), {"step": 0, "epochs": [], "best": None}
    run = Run(recipe.run_dir)
    run.open(recipe)
    keeper = Keeper(run, 1, 3, progress, dict, keep)
    keeper.set_model(recipe.model)
    keeper.on_train_begin()
    for epoch, loss in enumerate([2.0, 1.0, 3.0]):
        keeper.on_epoch_begin(epoch)
        bias = recipe.model.readout.bias
        bias.assign(np.full(bias.shape, epoch + 1))
        keeper.on_epoch_end(epoch, {"loss": 1.0, "val_loss": loss})
    assert progress["best"]["epoch"] == kept
    np.testing.assert_array_equal(kaudio.load(run.folder).readout.bias, kept)


def test_no_run_is_lost_for_its_page(tmp_path):
    (tmp_path / "report.html").write_text("years of work")
    assert write_report(Run(tmp_path)).startswith("not written ('")
    assert (tmp_path / "report.html").read_text() == "years of work"


def test_a_recipe_keeps_the_best_model_or_the_last(make):
    with pytest.raises(ValueError, match=r'`keep` must be "best" or "last".*Received: .*"worst"'):
        replace(make(), keep="worst")


def test_tensorboard_shows_curves_beside_baselines_and_plays_clips(make):
    run = kaudio.fit(make(epochs=2, clips=0.1))
    shown = {}
    for folder in run.logs.iterdir():
        events = EventAccumulator(str(folder))
        events.Reload()
        shown[folder.name] = events
    assert set(shown) == {"train", "validation", "predict-mean", "predict-last", "clips"}
    for name in ("train", "validation", "predict-mean", "predict-last"):
        assert [event.step for event in shown[name].Scalars("nmse")] == [1, 2]
    assert shown["train"].Scalars("learning_rate")[0].value == pytest.approx(0.01)
    assert len(shown["clips"].Tensors("generated")) == 2
    assert len(shown["clips"].Images("spectrograms")) == 2


def test_more_epochs_go_on_where_the_run_ended(make):
    whole = kaudio.fit(make("whole", epochs=3))
    kaudio.fit(make("parts", epochs=1))
    parts = kaudio.fit(make("parts", epochs=3))
    assert_same_state(whole, parts)
    assert all(map(np.array_equal, weights(whole), weights(parts)))


def test_a_stop_in_the_middle_of_an_epoch_loses_nothing(make, monkeypatch):
    whole = kaudio.fit(make("whole"))
    stopped = make("stopped")

    with pytest.raises(Stopped, match="Fit again with the same options"):
        kaudio.fit(replace(stopped, callbacks=[Interrupt(len(stopped.train) + 2)]))
    assert kaudio.load(stopped.run_dir)
    assert_same_state(whole, kaudio.fit(make("stopped")))


def test_states_that_are_carried_along_are_not_lost_by_a_stop(make):
    whole = kaudio.fit(make("whole", lanes=4, epochs=2))
    stopped = make("stopped", lanes=4, epochs=2)
    with pytest.raises(Stopped):
        kaudio.fit(replace(stopped, callbacks=[Interrupt(3)]))
    assert_same_state(whole, kaudio.fit(make("stopped", lanes=4, epochs=2)))


def test_a_stop_at_the_last_batch_of_an_epoch_ends_after_its_validation(make):
    recipe = make()
    with pytest.raises(Stopped):
        kaudio.fit(replace(recipe, callbacks=[Interrupt(len(recipe.train))]))
    epochs = json.loads(Run(recipe.run_dir).metrics.read_text())["epochs"]
    assert [epoch["epoch"] for epoch in epochs] == [1]
    kaudio.fit(replace(make(), callbacks=[Interrupt(2 * len(recipe.train))]))
    epochs = json.loads(Run(recipe.run_dir).metrics.read_text())["epochs"]
    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3]
    assert all("val_nmse" in epoch for epoch in epochs)


def test_a_callback_may_end_a_run_that_goes_on_in_the_middle_of_an_epoch(make):
    class Enough(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    with pytest.raises(Stopped):
        kaudio.fit(replace(make(), callbacks=[Interrupt(2)]))
    run = kaudio.fit(replace(make(), callbacks=[Enough()]))
    assert [epoch["epoch"] for epoch in json.loads(run.metrics.read_text())["epochs"]] == [1]


def test_a_stop_before_the_first_epoch_leaves_a_usable_model(make):
    recipe = make()

    with pytest.raises(Stopped):
        kaudio.fit(replace(recipe, callbacks=[Interrupt(1, signal.SIGTERM)]))
    assert kaudio.generate(kaudio.load(recipe.run_dir), 0.1).shape == (1, 800)


def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(make, recipe_file, music, tmp_path):
    """SIGKILL in the middle of the second epoch, in a process of its own."""
    program = textwrap.dedent("""
        import os, signal, sys, dataclasses, keras, kaudio
        recipe = kaudio.load_recipe(sys.argv[1], audio=sys.argv[2], run_dir=sys.argv[3])
        class Kill(keras.callbacks.Callback):
            seen = 0
            def on_train_batch_end(self, batch, logs=None):
                self.seen += 1
                if self.seen == len(recipe.train) + 2:
                    os.kill(os.getpid(), signal.SIGKILL)
        kaudio.fit(dataclasses.replace(recipe, callbacks=[Kill()]))
    """)
    command = [sys.executable, "-c", program, recipe_file, music, tmp_path / "killed"]
    result = subprocess.run(list(map(str, command)), capture_output=True, timeout=300)
    assert result.returncode == -signal.SIGKILL, result.stderr.decode()
    whole = kaudio.fit(make("whole"))
    killed = kaudio.fit(make("killed"))
    assert_same_state(whole, killed)
    epochs = [json.loads(run.metrics.read_text())["epochs"] for run in (whole, killed)]
    for ours, theirs in zip(*epochs, strict=True):
        assert ours["val_loss"] == theirs["val_loss"]


def test_a_run_that_is_complete_says_so_again(make, capsys):
    kaudio.fit(make())
    before = Run(make().run_dir).state.stat().st_mtime_ns
    capsys.readouterr()
    run = kaudio.fit(make())
    assert run.state.stat().st_mtime_ns == before
    assert "complete" in capsys.readouterr().out


def test_another_model_does_not_go_on_in_the_same_folder(make):
    kaudio.fit(make(epochs=1))
    with pytest.raises(ValueError, match=r"units=8. Received: units=9.*--run-dir"):
        kaudio.fit(make(epochs=1, units=9))
    recipe = replace(make("other", epochs=1, units=9), run_dir=make().run_dir, options={})
    (recipe.run_dir / "recipe.json").unlink()
    with pytest.raises(ValueError, match="state of another model"):
        kaudio.fit(recipe)


def test_a_run_does_not_go_on_with_other_recordings(make, music):
    kaudio.fit(make(epochs=1))
    (music / "ada" / "piece_7.wav").write_bytes((music / "ada" / "piece_1.wav").read_bytes())
    with pytest.raises(ValueError, match=r"run on other recordings.*--run-dir"):
        kaudio.fit(make(epochs=2))


def test_a_damaged_state_is_said_to_be_so(make):
    run = kaudio.fit(make(epochs=1))
    with np.load(run.state) as arrays:
        content = dict(arrays)
    progress = json.loads(str(content["progress"])) | {"epochs": [], "best": None}
    np.savez(run.state, **(content | {"progress": np.array(json.dumps(progress))}))
    with pytest.raises(ValueError, match=r"state\.npz' is damaged: .* and it tells of none\."):
        kaudio.fit(make(epochs=2))
    run.state.write_bytes(run.state.read_bytes()[:5_000])
    with pytest.raises(ValueError, match=r"state\.npz' is damaged"):
        kaudio.fit(make(epochs=2))


def test_what_a_killed_run_left_half_written_is_removed(make):
    recipe = make(epochs=1)
    half = recipe.run_dir / f".model-{'0' * 32}.keras"
    recipe.run_dir.mkdir()
    half.write_bytes(b"half")
    kaudio.fit(recipe)
    assert not half.exists()


def test_a_loss_that_is_not_finite_ends_training_and_keeps_the_last_good_model(make):
    recipe = make(epochs=3)

    class Poison(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                kernel = self.model.readout.kernel
                kernel.assign(ops.full(kernel.shape, float("nan")))

    with pytest.raises(Stopped, match=r"not finite.*model of epoch 1 is kept.*--learning-rate"):
        kaudio.fit(replace(recipe, callbacks=[Poison()]))
    run = Run(recipe.run_dir)
    assert all(np.isfinite(w).all() for w in weights(run))
    assert all(np.isfinite(value).all() for value in state(run).values())


def test_any_compiled_keras_model_can_be_fitted(make, tmp_path):
    recipe = make(epochs=1)
    frames = keras.Input((None, 64))
    model = keras.Model(frames, keras.layers.Dense(64)(frames))
    model.compile("adam", loss="mse")
    run = kaudio.fit(replace(recipe, model=model, run_dir=tmp_path / "plain", options={}))
    assert run.model.exists()
    assert not run.sample.exists()
