"""What keeps a run safe: checkpoints after each epoch and in between, stops that lose nothing."""

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Generator
from types import FrameType
from typing import Any

import keras

from kaudio.training.run import Run, write_json, write_whole
from kaudio.training.state import save_state

# Between two epochs, the state is written when this many seconds have passed.
CHECKPOINT_SECONDS = 300.0


class Stopped(RuntimeError):
    """Training ended early. Its text says why, in a sentence."""


class Keeper(keras.callbacks.Callback):
    """Writes the best model, the full state and the metrics of a run.

    Args:
        run: The run folder.
        steps_per_epoch: Batches in an epoch.
        progress: How far the run has come: `{"step", "epochs", "best"}`, kept up to date.
        record: Called after each epoch with all that is known of it; gives `metrics.json`.
    """

    def __init__(
        self, run: Run, steps_per_epoch: int, progress: dict[str, Any], record: Callable[[], dict]
    ) -> None:
        super().__init__()
        self.run = run
        self.steps_per_epoch = steps_per_epoch
        self.progress = progress
        self.record = record
        self.asked_to_stop = False

    def on_train_begin(self, logs: Any = None) -> None:
        self.saved_at = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch_start = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.progress["step"] += 1
        self._check_finite(logs)
        if self.asked_to_stop:
            self._save_state()
            if not self.run.model.exists():
                self._save_model()
            raise Stopped("Stopped. Fit again with the same options to go on from here.")
        if time.monotonic() - self.saved_at > CHECKPOINT_SECONDS:
            self._save_state()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._check_finite(logs)
        seconds = time.monotonic() - self.epoch_start
        rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        entry = {"epoch": epoch + 1, **{k: float(v) for k, v in logs.items()}}
        self.progress["step"] = (epoch + 1) * self.steps_per_epoch
        self.progress["epochs"].append(
            {**entry, "learning_rate": rate, "seconds": round(seconds, 3)}
        )
        value = logs.get("val_loss", logs["loss"])
        if self.progress["best"] is None or value < self.progress["best"]["loss"]:
            self.progress["best"] = {"epoch": epoch + 1, "loss": float(value)}
            self._save_model()
        self._save_state()
        write_json(self.run.metrics, self.record())

    def _check_finite(self, logs: dict) -> None:
        if all(math.isfinite(float(logs[k])) for k in ("loss", "val_loss") if k in logs):
            return
        best = self.progress["best"]
        kept = f"The model of epoch {best['epoch']} is kept. " if best else ""
        raise Stopped(
            f"The loss is not finite any more, at step {self.progress['step']}: training diverged. "
            f"{kept}Lower --learning-rate and fit again."
        )

    def _save_model(self) -> None:
        write_whole(self.run.model, self.model.save)

    def _save_state(self) -> None:
        save_state(self.run.state, self.model, self.progress)
        self.saved_at = time.monotonic()


@contextlib.contextmanager
def stop_politely(keeper: Keeper) -> Generator[None]:
    """Context in which Ctrl-C, or SIGTERM, lets the current batch finish and saves all.

    Args:
        keeper: Told to stop at the first signal. A second one ends the process at once.
    """

    def handle(number: int, frame: FrameType | None) -> None:
        if keeper.asked_to_stop:
            raise KeyboardInterrupt
        keeper.asked_to_stop = True

    # Python only lets the main thread handle signals.
    main = threading.current_thread() is threading.main_thread()
    signals = (signal.SIGINT, signal.SIGTERM) if main else ()
    before = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
