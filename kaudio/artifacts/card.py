"""The model card of an exported folder."""

from collections.abc import Mapping, Sequence
from typing import Any

from kaudio.artifacts import card_classifier, card_sampler
from kaudio.artifacts.comparison import Comparison
from kaudio.artifacts.describe import classifies

DEMO_LICENCE = "synthesised by kaudio itself, free of rights"
UNKNOWN_LICENCE = "not stated: ask whoever exported this before you pass it on (--licence sets it)"


def card(
    name: str,
    metadata: Mapping[str, Any],
    found: Sequence[Comparison],
    about: Mapping[str, Any],
    licence: str | None,
) -> str:
    """Writes what a model is, what it was trained on, how good it is and how to use it.

    Args:
        name: Of the folder.
        metadata: What its artifacts tell of themselves.
        found: What they were found to be.
        about: "recipe" and "metrics", as a run folder has them; either may be missing.
        licence: Of the recordings.

    Raises:
        ValueError: If "recipe" or "metrics" are not as a run writes them.
    """
    kind = card_classifier if classifies(metadata) else card_sampler
    parts = [f"# {name}\n", _facts(metadata, kind)]
    try:
        parts += _run(about, licence)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(
            "recipe.json or metrics.json beside the model is damaged, and the card is made of "
            "them. Remove them, and export again."
        ) from error
    parts.append(_files(found, kind.COMPARED))
    parts += [kind.endpoints(metadata), kind.use(name, metadata, [row.name for row in found])]
    return "\n".join(parts)


def _run(about: Mapping[str, Any], licence: str | None) -> list[str]:
    parts, metrics = [_training(about.get("recipe"), licence)], about.get("metrics", {})
    if metrics:
        parts.append(_metrics(metrics))
    if "held_out" in metrics:
        parts.append(card_classifier.held_out(metrics["held_out"]))
    return parts


def _facts(metadata: Mapping[str, Any], kind: Any) -> str:
    rows = {
        "model": f"{metadata['model']}, {metadata['parameters']:,} trained parameters",
        "sample rate": f"{metadata['sample_rate']} Hz, mono",
        **kind.facts(metadata),
        "made with": f"kaudio {metadata['kaudio']}, Keras {metadata['keras']}, format version "
        f"{metadata['format_version']}",
    }
    return "".join(f"- {name}: {text}\n" for name, text in rows.items() if text)


def _training(recipe: Mapping[str, Any] | None, licence: str | None) -> str:
    if recipe is None or recipe["recipe"] is None:  # of a program, which says nothing of its data
        return (
            f"## Training\n\nNot known. Licence of the recordings: {licence or UNKNOWN_LICENCE}.\n"
        )
    options = recipe["options"]
    is_demo = options.get("audio") is None
    data = "the built-in demo corpus" if is_demo else "recordings of its maker's own"
    licence = licence or (DEMO_LICENCE if is_demo else UNKNOWN_LICENCE)
    words = [
        _word(name, value)
        for name, value in options.items()
        if name not in ("audio", "run_dir") and value is not None
    ]
    return (
        f"## Training\n\nOn {data}; licence: {licence}.\n\n    kaudio fit "
        f"recipes/{_file_name(recipe['recipe'])} "
        f"{' '.join(words)}\n"
    )


def _file_name(path: str) -> str:
    """Of a file, without the folders of whoever trained the model."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _word(name: str, value: Any) -> str:
    """An option as it is typed."""
    name, value = name.replace("_", "-"), _file_name(value) if isinstance(value, str) else value
    return (
        f"--{name} {value}" if not isinstance(value, bool) else f"--{'' if value else 'no-'}{name}"
    )


def _metrics(metrics: Mapping[str, Any]) -> str:
    best = metrics["best"]
    lines = ["## Metrics\n", f"Of epoch {best['epoch']}, beside what has learned nothing:\n"]
    for part in ("train", "validation"):
        for name, entry in best[part].items():
            rivals = [f"{other} {value:.4g}" for other, value in entry["baselines"].items()]
            value = "not known" if entry["value"] is None else f"{entry['value']:.4g}"
            beside = f"; {', '.join(rivals)}" if rivals else ""
            lines.append(f"- {part}: {name} {value} ({entry['unit']}){beside}")
    return "\n".join(lines) + "\n"


def _files(found: Sequence[Comparison], compared: str) -> str:
    unit = next((row.unit for row in found if row.unit), "clips")
    lines = [
        "## Files\n",
        f"{compared}\n",
        "| file | MB | values compared | differ | by at most "
        f"| {unit} per second of CPU, one at a time |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        rate = f"{row.per_second:,.0f}" if row.per_second else ""
        lines.append(
            f"| {row.name} | {row.megabytes:.2f} | {row.values} | {row.different:.2%} | "
            f"{row.largest:.2g} | {rate} |"
        )
    return "\n".join(lines) + "\n"
