"""The progress of a run: a bar with the time that is left, and a line for each epoch."""

from typing import Any

import keras
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class ProgressBar(keras.callbacks.Callback):
    """Shows how far a run has come. On anything but a terminal, only a line for each epoch.

    Args:
        total_steps: Batches in the whole run.
        done: Batches that an earlier run has done.
        epochs: Epochs in the whole run.
        headline: Metric shown for each epoch, besides the loss.
    """

    def __init__(self, total_steps: int, done: int, epochs: int, headline: str) -> None:
        super().__init__()
        self.epochs = epochs
        self.headline = headline
        console = Console()
        self.bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("steps, left"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self.task = self.bar.add_task("starting", total=total_steps, completed=done)

    def __enter__(self) -> "ProgressBar":
        self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.bar.stop()

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.bar.update(self.task, description=f"epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.bar.advance(self.task)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        width = len(str(self.epochs))
        names = dict.fromkeys(("loss", self.headline))
        parts = [_pair(name, logs) for name in names if name in logs]
        self.bar.console.print(
            f"epoch {epoch + 1:>{width}}/{self.epochs}  {'   '.join(parts)}", highlight=False
        )


def _pair(name: str, logs: dict[str, Any]) -> str:
    text = f"{name} {float(logs[name]):.4f}"
    if f"val_{name}" in logs:
        text += f", validation {float(logs[f'val_{name}']):.4f}"
    return text
