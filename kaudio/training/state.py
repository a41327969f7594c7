"""The full state of a training run in one file: weights, optimiser, random seeds, position."""

import json
from collections.abc import Set
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
        ValueError: If the file is damaged, or the state of another model. The model stays as it
            was.
    """
    try:
        content = _read(path)
        progress = json.loads(str(content.pop("progress")))
        _check(progress)
    except Exception as error:  # of many kinds, by what is damaged
        raise damaged(path, str(error).split("\n")[0].rstrip(".")) from error
    variables = _variables(model)
    if len(content) != len(variables):
        raise _mismatch(path, f"{len(content)} variables", len(variables))
    for variable, value in zip(variables, content.values(), strict=True):
        if value.shape != tuple(variable.shape):
            raise _mismatch(path, f"{variable.path} of shape {value.shape}", variable.shape)
    values = [
        _values(path, variable, value)
        for variable, value in zip(variables, content.values(), strict=True)
    ]
    # Metrics begin anew, whatever they are.
    counted = {id(variable) for variable in (*model.weights, *model.optimizer.variables)}
    for variable, value in zip(variables, values, strict=True):
        if id(variable) in counted and not np.isfinite(value).all():
            raise damaged(path, f"{variable.path} holds values that are not finite")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
    return progress


def damaged(path: Path, reason: str) -> ValueError:
    """The error of a state that cannot be gone on from."""
    return ValueError(
        f"'{path}' is damaged: {reason}. Remove it to start the run anew, or start one in "
        "another folder with --run-dir."
    )


def _check(progress: Any) -> None:
    """Refuses what does not tell how far a run has come."""
    names = ("step", "epochs", "best", "data")
    if not isinstance(progress, dict) or not set(names) <= set(progress):
        raise ValueError("it does not tell how far the run had come")
    step, epochs, best, data = (progress[name] for name in names)
    good = {
        "step": type(step) is int and step >= 0,
        "epochs": isinstance(epochs, list) and all(_numbers(e, {"epoch"}) for e in epochs),
        "data": isinstance(data, list),
    }
    good["best"] = good["epochs"] and (
        any(_numbers(best, {"epoch", "loss"}) and best["epoch"] == e["epoch"] for e in epochs)
        if epochs
        else best is None
    )
    if "baselines" in progress:
        parts = progress["baselines"]
        good["baselines"] = isinstance(parts, dict) and all(map(_numbers, parts.values()))
    if wrong := [name for name in good if not good[name]]:
        raise ValueError(
            f'it does not tell how far the run had come: its "{wrong[0]}" is '
            f"{str(progress[wrong[0]])[:40]}"
        )


def _numbers(value: Any, names: Set[str] = frozenset()) -> bool:
    """Whether something has numbers by name, some names among them."""
    if not isinstance(value, dict) or not names <= set(value):
        return False
    return all(type(number) in (int, float) for number in value.values())


def _values(path: Path, variable: keras.Variable, value: np.ndarray) -> np.ndarray:
    """The values of a variable, as it holds them: backends count with integers of their own."""
    dtype = np.dtype(keras.backend.standardize_dtype(variable.dtype))
    if value.dtype.kind.replace("u", "i") != dtype.kind.replace("u", "i"):
        raise _mismatch(path, f"{variable.path} in {value.dtype}", dtype)
    with np.errstate(over="ignore"):  # which is looked for later
        return value.astype(dtype)


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
