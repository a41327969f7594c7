"""The full state of a training run in one file: weights, optimiser, random seeds, position."""

import json
import zipfile
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
        with path.open("rb") as file, np.load(file) as arrays:
            content = {name: arrays[name] for name in arrays.files}
        progress = json.loads(str(content.pop("progress")))
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"'{path}' is damaged: {error}. Remove it to start the run anew, or start one in "
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


def _variables(model: keras.Model) -> list:
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def _mismatch(path: Path, held: str, wanted: Any) -> ValueError:
    return ValueError(
        f"'{path}' is the state of another model: it holds {held}, where this recipe's model has "
        f"{wanted}. Start a new run in another folder with --run-dir."
    )
