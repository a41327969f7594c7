"""What has to happen before Keras is imported: the backend, memory, quiet."""

import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Generator
from enum import StrEnum

from kaudio.memory import keep_freed

# Whether this process is one of several that train together, which must hear of it when it ends.
ends_at_once: bool = False


class Backend(StrEnum):
    """What computes. The same models, the same numbers."""

    tensorflow = "tensorflow"
    jax = "jax"


def choose(backend: Backend | None, before: Callable[[], None] | None = None) -> None:
    """Chooses the backend, before Keras is imported.

    Args:
        backend: Which one, or None for what the environment says.
        before: Called when Keras is imported, before anything is computed.
    """
    # While libraries are imported, an exception may be lost in them: end at once instead.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if backend:
        os.environ["KERAS_BACKEND"] = backend.value
    name = os.environ.get("KERAS_BACKEND", "tensorflow")
    if name not in list(Backend):
        raise ValueError(
            f"kaudio runs on {' and '.join(Backend)}. Received: KERAS_BACKEND={name}. Set it to "
            "one of them, or pass --backend."
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if name == "jax":
        keep_freed()
    with silence():
        import keras

        # TensorFlow greets when it is imported: here, or where Keras seeds it, on any backend.
        keras.utils.set_random_seed(0)
    if before:
        before()
    with silence():
        keras.ops.zeros(1)


@contextlib.contextmanager
def silence() -> Generator[None]:
    """Context in which nothing is written to standard error, not even by C++."""
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


class Output:
    """Sends what libraries in C++ say to a file, while Python keeps its own output.

    The file has no name, so that nothing of it stays in whatever way the process ends.

    Attributes:
        stderr: Where standard error goes.
    """

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 (open until `restore`)
        self.kept = sys.stdout, sys.stderr
        self.said = [os.dup(number) for number in (1, 2)]
        self.stderr = self.said[1]
        for number, name in enumerate(("stdout", "stderr"), start=1):
            before = getattr(sys, name)
            before.flush()
            copy = os.fdopen(
                os.dup(number), "w", buffering=1, encoding=before.encoding, errors=before.errors
            )
            setattr(sys, name, copy)
            os.dup2(self.file.fileno(), number)

    def read(self) -> bytes:
        """What was said."""
        return os.pread(self.file.fileno(), os.fstat(self.file.fileno()).st_size, 0)

    def save(self) -> str:
        """Writes what was said to a file that stays. Returns its name; "" if it cannot."""
        try:
            copy, name = tempfile.mkstemp(prefix="kaudio-", suffix=".log")
            os.write(copy, self.read())
            os.close(copy)
        except OSError:
            return ""
        return name

    def restore(self) -> None:
        """Leaves things as they were before."""
        sys.stdout.flush()
        sys.stderr.flush()
        sys.stdout, sys.stderr = self.kept
        for number, copy in enumerate(self.said, start=1):
            os.dup2(copy, number)
            os.close(copy)
        self.file.close()
