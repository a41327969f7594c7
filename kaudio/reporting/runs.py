"""What a run folder says of its run, whole or not: nothing in it is taken for granted."""

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kaudio import codecs

# Any of these makes a folder a run, or an exported model.
MARKS = ("recipe.json", "metrics.json", "model.keras")
LONGEST_OPTION = 300
# What is packed may be longer than the file.
MOST_CONFIG_BYTES = 1 << 20
PARTS = {"train": "", "validation": "val_"}


@dataclass(frozen=True)
class RunRecord:
    """What is known of a run.

    Args:
        model: Class of its model, or None.
        parameters: How many of them are trained, or None.
        metric: Name of its headline metric, or None.
        unit: Of that metric.
        epoch: Whose model was kept, or None.
        value: The metric on held-out recordings at that epoch, or None.
        baselines: What would be scored there without learning, by name.
        history: The metric after each epoch, by "train" and "validation"; None where it is no
            finite number.
        options: Of the recipe, by name, as text; with "recipe" and "backend" in front.
        hop_length: Samples from one join of its audio to the next, or None.
        from_silence: Whether its clips may end in silence, as single sounds do.
        undefined: Why what is None is so, by name of the field.
    """

    model: str | None = None
    parameters: int | None = None
    metric: str | None = None
    unit: str = ""
    epoch: int | None = None
    value: float | None = None
    baselines: Mapping[str, float] = field(default_factory=dict)
    history: Mapping[str, list[float | None]] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    hop_length: int | None = None
    from_silence: bool = False
    undefined: Mapping[str, str] = field(default_factory=dict)


def is_run(folder: Path) -> bool:
    """Whether a folder is that of a run, or of an exported model."""
    return any((folder / name).is_file() for name in MARKS)


def read_run(folder: Path) -> RunRecord:
    """Reads a run folder. What is missing, unfinished or damaged is said, not raised."""
    why: dict[str, str] = {}
    recipe = _json(folder / "recipe.json", "options", why)
    metrics = _json(folder / "metrics.json", "value", why)
    config = _config(folder / "model.keras")
    options = {name: str(recipe[name]) for name in ("recipe", "backend") if recipe.get(name)}
    if "recipe" in options:
        options["recipe"] = Path(options["recipe"]).name
    options |= {name: _plain(value) for name, value in _mapping(recipe.get("options")).items()}
    about, inside = _mapping(metrics.get("model")), _mapping(config.get("config"))
    model = about.get("class") or config.get("class_name")
    parameters = about.get("parameters")
    best = _mapping(metrics.get("best"))
    headline = _mapping(best.get("validation"))
    metric = next(iter(headline), None)
    scores = _mapping(headline.get(metric)) if metric else {}
    value = _number(scores.get("value"))
    levels = {k: _number(v) for k, v in _mapping(scores.get("baselines")).items()}
    epochs = metrics.get("epochs")
    epochs = [_mapping(epoch) for epoch in epochs] if isinstance(epochs, list) else []
    if "value" not in why and value is None:
        why["value"] = "it is no finite number" if metric else "metrics.json names no metric"
    if not isinstance(parameters, int):
        why["parameters"] = "no metrics.json that counts them"
    if not model:
        why["model"] = "neither metrics.json nor a model.keras names it"
    return RunRecord(
        model=str(model) if model else None,
        parameters=parameters if isinstance(parameters, int) else None,
        metric=metric,
        unit=str(scores.get("unit", "")),
        epoch=best.get("epoch") if isinstance(best.get("epoch"), int) else None,
        value=value,
        baselines={name: number for name, number in levels.items() if number is not None},
        history={
            part: [_number(epoch.get(f"{prefix}{metric}")) for epoch in epochs]
            for part, prefix in PARTS.items()
        },
        options=options,
        hop_length=_hop_length(_mapping(inside.get("codec"))),
        from_silence=inside.get("from_silence") is True,
        undefined=why,
    )


def _json(path: Path, what: str, why: dict[str, str]) -> dict[str, Any]:
    if not path.exists():
        finished = path.name != "metrics.json" or not path.with_name("recipe.json").exists()
        why[what] = f"there is no {path.name}" if finished else "no epoch was finished"
        return {}
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        why[what] = f"{path.name} is damaged"
        return {}
    return _mapping(content)


def _config(path: Path) -> dict[str, Any]:
    """How the model was made, as its file says, without making it."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo("config.json").file_size > MOST_CONFIG_BYTES:
                return {}
            return _mapping(json.loads(archive.read("config.json")))
    except (OSError, KeyError, ValueError, RecursionError, zipfile.BadZipFile):
        return {}


def _hop_length(codec: dict[str, Any]) -> int | None:
    try:
        kind = getattr(codecs, codec["class_name"])
        return kind.from_config(codec["config"]).hop_length
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    try:
        number = float(value) if isinstance(value, int | float) else math.nan
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _plain(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= LONGEST_OPTION else f"{text[:LONGEST_OPTION]} ..."
