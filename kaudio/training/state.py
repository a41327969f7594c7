"""The full state of a training run in one file: weights, optimiser, random seeds, position."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np

from kaudio.training.run import write_whole


def save_state(path: Path, model: keras.Model, progress: dict[str, Any]) -> None:
    """Writes the state of a run, whole or not at all.

    Args:
        path: The `.npz` file.
        model: A compiled model.
        progress: How far the run has come, as JSON keeps it.
    """
    values = [keras.ops.convert_to_numpy(v) for v in _variables(model)]
    arrays = {f"variable_{i}": value for i, value in enumerate(values)}
    arrays["progress"] = np.array(json.dumps(progress))
    write_whole(path, lambda temporary: np.savez(temporary, **arrays))


def load_state(path: Path, model: keras.Model) -> dict[str, Any]:
    """Gives a model the state of a run, and returns how far that run had come.

    Raises:
        ValueError: If the file is damaged, or the state of another model.
    """
    try:
        content = _read(path)
        progress = json.loads(str(content.pop("progress")))
        if not isinstance(progress, dict) or not {"step", "epochs", "best"} <= set(progress):
            raise ValueError("it does not tell how far the run had come")
    except Exception as error:  # of many kinds, by what is damaged
        reason = str(error).split("\n")[0].rstrip(".")
        raise ValueError(
            f"'{path}' is damaged: {reason}. Remove it to start the run anew, or start one in "
            "another folder with --run-dir."
        ) from error
    variables = _variables(model)
    if len(content) != len(variables):
        raise _mismatch(path, f"{len(content)} variables", len(variables))
    for variable, value in zip(variables, content.values(), strict=True):
        if value.shape != tuple(variable.shape):
            raise _mismatch(path, f"{variable.path} of shape {value.shape}", variable.shape)
    for variable, value in zip(variables, content.values(), strict=True):
        variable.assign(value)
    return progress


def _read(path: Path) -> dict[str, np.ndarray]:
    """All arrays of a file, which takes no more memory than the file is long. No code is run."""
    with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
        size = sum(part.file_size for part in arrays.zip.infolist())
        if size > path.stat().st_size:  # they are stored as they are
            raise ValueError(f"{path.stat().st_size} bytes would unpack to {size}")
        return {name: arrays[name] for name in arrays.files}


def _variables(model: keras.Model) -> list:
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def _mismatch(path: Path, held: str, wanted: Any) -> ValueError:
    return ValueError(
        f"'{path}' is the state of another model: it holds {held}, where this recipe's model has "
        f"{wanted}. Start a new run in another folder with --run-dir."
    )
