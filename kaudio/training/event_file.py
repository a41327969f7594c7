"""TensorBoard event files, written without TensorFlow: numbers, histograms, audio, images, text."""

import io
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soundfile
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.audio import metadata as audio_metadata
from tensorboard.plugins.histogram import metadata as histogram_metadata
from tensorboard.plugins.hparams.summary_v2 import hparams_pb
from tensorboard.plugins.text import metadata as text_metadata
from tensorboard.summary.writer.record_writer import RecordWriter
from tensorboard.util.tensor_util import make_tensor_proto

BUCKETS = 64


class EventFile:
    """A new TensorBoard event file in a folder.

    TensorFlow is not needed: the same code serves every backend. Every resumed run adds a file to
    the folder, and TensorBoard reads them one after another.

    Args:
        folder: Where the file is made; the folder is made if need be.
        purge_step: Tells TensorBoard to forget what earlier files of the folder hold from this
            step on: the first step of a run that resumes after it was killed.

    Example:
    >>> with EventFile("runs/gruv/logs", purge_step=3) as events:  # doctest: +SKIP
    ...     events.scalars({"loss/train": 0.51, "loss/validation": 0.62}, step=3)
    """

    def __init__(self, folder: str | Path, purge_step: int | None = None) -> None:
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        # TensorBoard reads files in the order of their names: a resumed run must come later,
        # even within the same second.
        name = f"events.out.tfevents.{time.time():.6f}.{socket.gethostname()}"
        self.path = folder / name
        self._records = RecordWriter(self.path.open("xb"))
        self._write(Event(file_version="brain.Event:2"))
        if purge_step is not None:
            # TensorBoard takes the first START of a folder for a beginning, only the next for a
            # restart: written twice, it is a restart whatever the earlier files hold.
            for _ in range(2):
                start = SessionLog(status=SessionLog.START)
                self._write(Event(step=purge_step, session_log=start))
        self.flush()

    def scalar(self, tag: str, value: float, step: int) -> None:
        """Writes a number; it is kept in single precision."""
        self.scalars({tag: value}, step)

    def scalars(self, values: dict[str, float], step: int) -> None:
        """Writes a number for each tag."""
        self._summary(
            [Summary.Value(tag=tag, simple_value=float(v)) for tag, v in values.items()], step
        )

    def histogram(self, tag: str, values: np.ndarray, step: int) -> None:
        """Writes how often which values occur, in 64 buckets of equal width.

        Args:
            tag: Its name in TensorBoard.
            values: Numbers, of any shape; those that are not finite are left out.
            step: Usually the epoch.
        """
        values = np.asarray(values, float)
        counts, edges = np.histogram(values[np.isfinite(values)], BUCKETS)
        tensor = make_tensor_proto(np.stack([edges[:-1], edges[1:], counts], axis=1))
        metadata = histogram_metadata.create_summary_metadata(display_name=None, description=None)
        self._summary([Summary.Value(tag=tag, metadata=metadata, tensor=tensor)], step)

    def options(self, values: Mapping[str, bool | int | float | str]) -> None:
        """Writes what a run was called with, for the tab that compares runs.

        TensorBoard sets beside it the scalars of this folder.
        """
        self._write(Event(summary=hparams_pb(dict(values))))

    def audio(self, tag: str, samples: np.ndarray, sample_rate: int, step: int) -> None:
        """Writes audio as a 16-bit WAV file.

        Args:
            tag: Its name in TensorBoard.
            samples: Array of shape `(num_samples,)`; beyond -1 and 1 it is clipped.
            sample_rate: In Hz.
            step: Usually the epoch.
        """
        file = io.BytesIO()
        soundfile.write(file, samples, sample_rate, format="WAV", subtype="PCM_16")
        # Not a Summary.Audio: TensorBoard's data server forgets that it is a WAV file.
        metadata = audio_metadata.create_summary_metadata(
            display_name=None, description=None, encoding=audio_metadata.Encoding.Value("WAV")
        )
        label = b""
        tensor = _strings([file.getvalue(), label], shape=(1, 2))
        self._summary([Summary.Value(tag=tag, metadata=metadata, tensor=tensor)], step)

    def image(self, tag: str, png: bytes, step: int) -> None:
        """Writes a picture, given as the bytes of a PNG file."""
        if png[:8] != b"\x89PNG\r\n\x1a\n":
            raise ValueError(
                f"Expected the bytes of a PNG file, received bytes that begin {png[:8]!r}. "
                "Encode the picture as PNG, as kaudio.evaluation.spectrogram_png does."
            )
        width, height = struct.unpack(">II", png[16:24])
        image = Summary.Image(width=width, height=height, colorspace=4, encoded_image_string=png)
        self._summary([Summary.Value(tag=tag, image=image)], step)

    def text(self, tag: str, markdown: str, step: int) -> None:
        """Writes a text, shown as Markdown."""
        tensor = _strings([markdown.encode()], shape=(1,))
        metadata = text_metadata.create_summary_metadata(display_name=None, description=None)
        self._summary([Summary.Value(tag=tag, metadata=metadata, tensor=tensor)], step)

    def flush(self) -> None:
        """Hands what was written to the operating system, where TensorBoard sees it."""
        self._records.flush()

    def close(self) -> None:
        """Closes the file; nothing can be written afterwards."""
        self._records.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _summary(self, values: list[Summary.Value], step: int) -> None:
        self._write(Event(step=step, summary=Summary(value=values)))

    def _write(self, event: Event) -> None:
        event.wall_time = time.time()
        self._records.write(event.SerializeToString())


def _strings(values: list[bytes], shape: tuple[int, ...]) -> TensorProto:
    tensor = TensorProto(dtype=DT_STRING, string_val=values)
    for size in shape:
        tensor.tensor_shape.dim.add(size=size)
    return tensor
