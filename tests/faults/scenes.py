"""What is killed: a run, an export and a clip, with names for what they are at."""

import os
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import soundfile

# Between two epochs, the state is written each time so many batches are done.
STATE_STEPS = 4
TINY = Path(__file__).with_name("tiny.py")
FORMATS = ("keras", "saved_model", "tflite")


def recordings(folder):
    """Six chords of some seconds in noise, at a rate that has to be converted."""
    for number in range(6):
        rng = np.random.default_rng(number)
        time = np.arange(11_025 * 6) / 11_025
        notes = sum(np.sin(2 * np.pi * f * time) for f in rng.integers(100, 1_000, 3))
        path = folder / ("ada" if number % 2 else "bela") / f"piece_{number}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, 0.1 * notes + 0.01 * rng.standard_normal(len(time)), 11_025)
    return folder


def watch_all(board):
    """Says of the functions that write what they are at. Before a child is made."""
    from kaudio.audio import Writer
    from kaudio.data import cache
    from kaudio.models import FrameLSTM
    from kaudio.training import keeper
    from kaudio.training.tensorboard import Clips, Curves

    # The functions of the same names stand before the modules.
    export, fit = (import_module(f"kaudio.{name}") for name in ("artifacts.export", "training.fit"))
    placing = import_module("kaudio.artifacts.placing")
    board.watch(cache, "write_waveform", "cache")
    board.watch(keeper, "save_state", "state")
    board.watch(keeper, "write_json", "metrics")
    board.watch(keeper.Keeper, "_save_model", "model")
    board.watch(Curves, "on_epoch_end", "tensorboard")
    board.watch(Clips, "on_epoch_end", "tensorboard")
    board.watch(FrameLSTM, "fit", "training")
    board.watch(Writer, "write", "writing")
    board.watch(fit, "_sample", "clip")
    board.watch(fit, "write_report", "closing")
    board.watch(export, "_write", "exporting")
    board.watch(placing, "_put_in_place", "naming")
    # Time is counted in batches: what may be lost is then a number that the machine cannot shift.
    keeper.CHECKPOINT_SECONDS = STATE_STEPS - 1
    keeper.time = SimpleNamespace(monotonic=lambda: board.step)
    done = keeper.Keeper.on_train_batch_end
    first = keeper.Keeper.on_train_begin

    def began(self, logs=None):
        board.step = self.progress["step"]
        first(self, logs)

    def counted(self, batch, logs=None):
        board.step = self.progress["step"] + 1
        done(self, batch, logs)

    keeper.Keeper.on_train_begin = began
    keeper.Keeper.on_train_batch_end = counted


def fit(audio, cache, folder):
    """Trains, from where an earlier child was killed."""
    import kaudio

    os.environ["KAUDIO_CACHE"] = str(cache)
    if (folder / "model.keras").exists():
        kaudio.load(folder)
    kaudio.fit(kaudio.load_recipe(TINY, audio=audio, run_dir=folder))


def export(model, folder, force):
    """Exports a trained model."""
    import kaudio

    kaudio.export(model, folder, FORMATS, force=force, say=print)


def generate(board, model, out, seconds):
    """Writes a clip, as the command does."""
    from kaudio.cli import main

    with board.at("generating"):
        main(["generate", str(model), str(out), "--seconds", str(seconds)])
