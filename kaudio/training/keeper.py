"""What keeps a run safe: checkpoints after each epoch and in between, stops that lose nothing."""

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

import keras

from kaudio.backend import ALONE, Processes, asked_to_stop, by_itself
from kaudio.distribution import told_by_jax
from kaudio.training.run import Run, write_json, write_whole
from kaudio.training.state import save_state

# Between two epochs, the state is written when this many seconds have passed.
CHECKPOINT_SECONDS = 300.0


class Stopped(RuntimeError):
    """Training ended early. Its text says why, in a sentence."""

    exit_status = 130


class Lost(Stopped):
    """Another process of the run is not there any more."""

    exit_status = 1


class Diverged(Stopped):
    """The loss is not finite any more."""

    exit_status = 1


class Guard(keras.callbacks.Callback):
    """Ends training when the loss is not finite, before anything is written of it.

    Args:
        progress: How far the run has come.
    """

    def __init__(self, progress: dict[str, Any]) -> None:
        super().__init__()
        self.progress = progress

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self._check(logs)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._check(logs)

    def _check(self, logs: dict) -> None:
        if all(math.isfinite(float(logs[k])) for k in ("loss", "val_loss") if k in logs):
            return
        best = self.progress["best"]
        kept = f"The model of epoch {best['epoch']} is kept. " if best else ""
        raise Diverged(
            f"The loss is not finite any more, at step {self.progress['step']}: training diverged. "
            f"{kept}Start a new run with a lower --learning-rate and another --run-dir."
        )


class Keeper(keras.callbacks.Callback):
    """Writes the model that is kept, the full state and the metrics of a run.

    It comes after all callbacks that may change what it writes.

    Args:
        run: The run folder.
        steps_per_epoch: Batches in an epoch.
        epochs: Epochs in the whole run.
        progress: How far the run has come: `{"step", "epochs", "best"}`, kept up to date. "best"
            is the epoch whose model is kept.
        record: Gives the content of `metrics.json`.
        keep: Which model is kept, "best" or "last".
        processes: Those that train together. Only the first one writes.
    """

    def __init__(
        self,
        run: Run,
        steps_per_epoch: int,
        epochs: int,
        progress: dict[str, Any],
        record: Callable[[], dict],
        keep: str = "best",
        processes: Processes = ALONE,
    ) -> None:
        super().__init__()
        self.run = run
        self.steps_per_epoch = steps_per_epoch
        self.epochs = epochs
        self.progress = progress
        self.record = record
        self.keep = keep
        self.processes = processes
        self.asked_to_stop = False

    def on_train_begin(self, logs: Any = None) -> None:
        self.saved_at = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch_start = time.monotonic()
        self.first_step = self.progress["step"]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.progress["step"] += 1
        if self.processes.count > 1 and asked_to_stop(self.progress["step"]):
            self.asked_to_stop = True
        if self.progress["step"] % self.steps_per_epoch == 0:
            return  # the end of the epoch, validation included, comes first
        if self.asked_to_stop:
            self._stop()
        if time.monotonic() - self.saved_at > CHECKPOINT_SECONDS:
            self._save_state()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        self.progress["epochs"].append(
            {
                "epoch": epoch + 1,
                **{name: float(value) for name, value in logs.items()},
                "learning_rate": rate,
                # Fewer than in an epoch where it was interrupted: training metrics are of these.
                "batches": self.progress["step"] - self.first_step,
                "seconds": round(time.monotonic() - self.epoch_start, 3),
            }
        )
        value = float(logs.get("val_loss", logs["loss"]))
        best = self.progress["best"]
        if self.keep == "last" or best is None or value < best["loss"]:
            self.progress["best"] = {"epoch": epoch + 1, "loss": value}
            self._save_model()
        self._save_state()
        if self.processes.index == 0:
            write_json(self.run.metrics, self.record())
        if self.asked_to_stop and epoch + 1 < self.epochs:
            self._stop()

    def _stop(self) -> None:
        self._save_state()
        if not self.run.model.exists():
            self._save_model()
        raise Stopped(
            f"Stopped after {self.progress['step']} batches; all is saved in {self.run.folder}. "
            "Fit again with the same options to go on from here."
        )

    def _save_model(self) -> None:
        if self.processes.index == 0:
            with by_itself():
                write_whole(self.run.model, self.model.save)

    def _save_state(self) -> None:
        if self.processes.index == 0:
            with by_itself():
                save_state(self.run.state, self.model, self.progress)
        self.saved_at = time.monotonic()


@contextlib.contextmanager
def stop_politely(keeper: Keeper) -> Generator[None]:
    """Context in which Ctrl-C, or SIGTERM, lets the current batch finish and saves all.

    Of several processes, whichever is told, all stop after the same batch.

    Args:
        keeper: Told to stop at the first signal. A second Ctrl-C ends the process at once.
    """
    several, told = keeper.processes.count > 1, False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if told:
            raise KeyboardInterrupt
        told = True
        if several:
            os.kill(os.getpid(), signal.SIGTERM)  # which JAX tells the others
        else:
            keeper.asked_to_stop = True
        print("Stopping after this batch. Once more to end at once.", flush=True)

    # Python only lets the main thread handle signals.
    main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, *(() if several else (signal.SIGTERM,))) if main else ()
    before = {number: signal.signal(number, handle) for number in signals}
    try:
        with told_by_jax() if several else contextlib.nullcontext():
            yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
