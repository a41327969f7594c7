"""From a trained model to an exported folder: Keras, SavedModel, TensorFlow Lite, a card."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras

from kaudio.artifacts.card import card
from kaudio.artifacts.compare import compare
from kaudio.artifacts.comparison import Comparison
from kaudio.artifacts.describe import describe
from kaudio.artifacts.elsewhere import export_elsewhere
from kaudio.artifacts.interrupt import stoppable
from kaudio.artifacts.networks import network
from kaudio.artifacts.onnx_player import check_installed
from kaudio.artifacts.placing import placed
from kaudio.artifacts.players import DEFAULT_FORMATS, FORMATS
from kaudio.models.load import load


def export(
    model: keras.Model | Path | str,
    folder: Path | str,
    formats: Sequence[str] = DEFAULT_FORMATS,
    force: bool = False,
    licence: str | None = None,
    say: Callable[[str], object] = lambda _: None,
) -> list[Comparison]:
    """Writes a trained model for use elsewhere, and checks that it does the same there.

    The folder holds `model.keras`, `saved_model/`, `model.tflite` (and its smaller variants
    `model.float16.tflite` and `model.int8.tflite`) and `card.md`; if that is asked for, also
    `onnx/`. It appears as a whole, once every artifact has been compared with the model in
    Python: a sampler on the same noise, a classifier on the same audio.

    Args:
        model: A WaveNet, a FrameLSTM or a ComposerClassifier, or a run folder or `.keras` file to
            read it from. The card of a run folder has its metrics.
        folder: What to write.
        formats: Some of "keras", "saved_model", "tflite", "tflite_float16", "tflite_int8" and
            "onnx". Default: all but the last, which needs `pip install "kaudio[onnx]"`.
        force: Whether to replace a folder that is there already.
        licence: Of the recordings that the model was trained on, for the card.
        say: Is told what is done, such as `print`.

    Returns:
        What each artifact was found to be.

    Raises:
        ValueError: If a format is unknown or its packages are missing, the model cannot be
            exported, an artifact does not do the same, or the folder to replace has the model
            itself in it.
        FileExistsError: If the folder is there and `force` is not set, or it is no exported one.
        NotADirectoryError: If the folder would lie in a file.
        OSError: If it cannot be written, such as when the disk is full.

    Example:
    >>> kaudio.export("runs/gruv", "saved_models/gruv")
    """
    folder = Path(folder)
    if unknown := set(formats) - set(FORMATS):
        raise ValueError(
            f"Formats are {', '.join(FORMATS)}. Received: {', '.join(sorted(unknown))}."
        )
    if not formats:
        raise ValueError(f"Expected at least one format of {', '.join(FORMATS)}. Received: none.")
    if "onnx" in formats:
        check_installed("onnx", "onnxruntime")
    source = None if isinstance(model, keras.Model) else Path(model)
    _check_place(folder, force, source)
    with stoppable(say) as say_on:
        trained: Any = load(source) if source else model
        if keras.config.backend() != "tensorflow":
            return export_elsewhere(source or trained, folder, formats, force, licence, say_on)
        return _write(trained, source, folder, formats, licence, say_on)


def _check_place(folder: Path, force: bool, source: Path | None) -> None:
    """Refuses a place where nothing can be written, or where something would be lost."""
    if os.path.lexists(folder) and not force:
        raise FileExistsError(
            f"'{folder}' is there already. Export to another folder, or replace it with --force."
        )
    if folder.is_symlink() and not folder.exists():
        raise FileExistsError(
            f"'{folder}' is a link to what is not there. Remove it, or export to another folder."
        )
    for parent in folder.parents:
        if parent.exists() and not parent.is_dir():
            raise NotADirectoryError(
                f"'{folder}' cannot be written: '{parent}' is a file. Export to a folder that lies "
                "in a folder."
            )
    for kept in (Path.cwd(), *([source] if source else [])):
        if kept.resolve().is_relative_to(folder.resolve()):
            raise ValueError(
                f"'{folder}' cannot be replaced: '{kept}' lies there. Export to another folder."
            )
    if folder.exists() and not _is_export(folder):
        raise FileExistsError(
            f"'{folder}' is nothing that `kaudio export` wrote, and is not replaced. Remove it, or "
            "export to another folder."
        )


def _is_export(folder: Path) -> bool:
    """Whether a folder is empty, or was exported: a run has a `model.keras` too, but no card."""
    if not folder.is_dir():
        return False
    return (folder / "card.md").exists() or not any(folder.iterdir())


def _write(
    model: Any,
    source: Path | None,
    folder: Path,
    formats: Sequence[str],
    licence: str | None,
    say: Callable[[str], object],
) -> list[Comparison]:
    # TensorFlow takes seconds to import, and other backends never need it here.
    from kaudio.artifacts.refused import said_of
    from kaudio.artifacts.writers import write

    exported = network(model)
    metadata = describe(exported)
    with said_of(folder), placed(folder) as partial:
        write(exported, formats, partial, metadata, say)
        found = compare(exported, partial, say)
        say("Writing card.md")
        about = _about(source) if source else {}
        text = card(folder.name, metadata, found, about, licence)
        (partial / "card.md").write_text(text, encoding="utf-8")
    return found


def _about(source: Path) -> dict[str, Any]:
    """What a run folder, or the folder of a `.keras` file, tells of how the model was trained."""
    folder = source if source.is_dir() else source.parent
    found = {}
    for name in ("recipe", "metrics"):
        file = folder / f"{name}.json"
        if file.is_file():
            try:
                found[name] = json.loads(file.read_text(encoding="utf-8"))
            except (ValueError, RecursionError) as error:
                raise ValueError(f"'{file}' is damaged. Remove it, and export again.") from error
    return found
