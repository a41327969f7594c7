"""Exporting where Keras does not run on TensorFlow: in a process in which it does."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import keras

from kaudio.artifacts.comparison import Comparison


def export_elsewhere(
    model: keras.Model | Path,
    folder: Path,
    formats: Sequence[str],
    force: bool,
    licence: str | None,
    say: Callable[[str], object],
) -> list[Comparison]:
    """Exports in a process of its own, where Keras runs on TensorFlow.

    Args:
        model: The model, or the run folder or `.keras` file to read it from.
        folder: What to write.
        formats: In which formats.
        force: Whether to replace what is there.
        licence: Of the recordings, for the card.
        say: Is told what is done.

    Raises:
        ValueError: If it cannot be exported, in the words of that process.
    """
    with tempfile.TemporaryDirectory() as temporary:
        found, errors = Path(temporary) / "found.json", Path(temporary) / "errors.txt"
        if isinstance(model, keras.Model):
            source = Path(temporary) / "model.keras"
            model.save(source)
        else:
            source = model
        command = [sys.executable, "-m", "kaudio", "export", str(source), str(folder)]
        command += [part for name in formats for part in ("--format", name)]
        command += ["--force"] if force else []
        command += ["--licence", licence] if licence else []
        code = _run([*command, "--json", str(found)], errors, say)
        if code:
            # The last line: what libraries say comes before it.
            said = errors.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            reason = said[-1].removeprefix("kaudio: ") if said else ""
            raise ValueError(
                reason
                or f"The process that exports '{folder}' ended with code {code} and no word. "
                "Was there enough memory? Nothing was exported."
            )
        return [Comparison(**row) for row in json.loads(found.read_text(encoding="utf-8"))]


def _run(command: list[str], errors: Path, say: Callable[[str], object]) -> int:
    """Runs a command to its end, also to the end of its tidying up after Ctrl-C."""
    environment = {**os.environ, "KERAS_BACKEND": "tensorflow", "PYTHONUNBUFFERED": "1"}
    with (
        errors.open("w") as file,
        subprocess.Popen(
            command, env=environment, text=True, stdout=subprocess.PIPE, stderr=file
        ) as process,
    ):
        try:
            for line in process.stdout or ():
                if line.startswith(("Writing ", "Comparing ")):
                    say(line.strip())
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        return process.wait()
