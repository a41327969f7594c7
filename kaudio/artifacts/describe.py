"""What an artifact tells of itself."""

import json
import math
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import kaudio
from kaudio.artifacts.classifier import Classifier
from kaudio.artifacts.networks import Network

# Raised when an artifact is made in a way that older readers would misread.
FORMAT_VERSION = 1
# Of the numbers in what a file tells of itself: what is played is as large as they say.
LARGEST = 1 << 20


def describe(network: Network | Classifier) -> dict[str, Any]:
    """What is needed to use an artifact, and where it comes from, as JSON holds it."""
    model = network.model
    return {
        "format_version": FORMAT_VERSION,
        "kaudio": kaudio.__version__,
        "keras": version("keras"),
        "model": type(model).__name__,
        "parameters": sum(math.prod(weight.shape) for weight in model.trainable_variables),
        **(_classifier(network) if isinstance(network, Classifier) else _sampler(network)),
    }


def _sampler(network: Network) -> dict[str, Any]:
    model, source, codec = network.model, network.source, network.model.codec
    return {
        "codec": {"name": type(codec).__name__, **codec.get_config()},
        "sample_rate": codec.sample_rate,
        "hop_length": codec.hop_length,
        "frame_length": codec.frame_length,
        "receptive_field": model.receptive_field,
        "noise_shape": list(source.noise_shape),
        "controls": dict(source.controls),
        "conditions": dict(model.conditions),
        "condition_names": {k: list(names) for k, names in model.condition_names.items()},
        "ends_in_silence": model.from_silence,
    }


def _classifier(network: Classifier) -> dict[str, Any]:
    model = network.model
    return {
        "labels": list(model.labels),
        "sample_rate": model.sample_rate,
        "hop_length": model.options["hop_length"],
        "receptive_field": model.receptive_field,
        "front_end": model.options["front_end"],
        "members": model.options["members"],
    }


def classifies(metadata: Mapping[str, Any]) -> bool:
    """Whether an artifact is a classifier, and not a sampler."""
    return "labels" in metadata


def read_description(text: str | bytes, name: str) -> dict[str, Any]:
    """Reads what an artifact tells of itself.

    Args:
        text: JSON.
        name: Of the artifact.

    Raises:
        ValueError: If it is damaged, or of a later version than can be read.
    """
    try:
        found = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(
            f"'{name}' does not tell what it is, or is damaged. Export the model again."
        )
    check_version(found, name)
    for key, holds in (_CLASSIFIER if classifies(found) else _SAMPLER).items():
        if key not in found or not holds(found[key]):
            received = repr(found.get(key, "nothing"))[:80]
            raise ValueError(
                f"'{name}' is damaged: `{key}` in what it tells of itself is {received}. Export "
                "the model again."
            )
    return found


def check_version(metadata: dict[str, Any], name: str) -> None:
    """Refuses what was written by a later version of this library than it can read.

    Raises:
        ValueError: If it was.
    """
    found = metadata.get("format_version")
    if not isinstance(found, int):
        raise ValueError(
            f"'{name}' is damaged: its format version is {found!r}. Export the model again."
        )
    if found > FORMAT_VERSION:
        raise ValueError(
            f"'{name}' has format version {found}, written by kaudio {metadata.get('kaudio')}. "
            f"This is kaudio {kaudio.__version__}, which reads versions up to {FORMAT_VERSION}. "
            "Install a newer kaudio: pip install --upgrade kaudio."
        )


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and 1 <= value <= LARGEST


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_count, value)) and math.prod(value) <= LARGEST


def _are_names(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_numbers(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(number, int | float) and math.isfinite(number) for number in value.values()
    )


_BOTH = {"model": _is_text, "sample_rate": _is_count, "hop_length": _is_count}
_CLASSIFIER = {**_BOTH, "labels": _are_names}
_SAMPLER = {
    **_BOTH,
    "frame_length": _is_count,
    "noise_shape": _are_sizes,
    "controls": _are_numbers,
    "conditions": lambda value: isinstance(value, dict) and all(map(_is_count, value.values())),
    "condition_names": lambda value: (
        isinstance(value, dict) and all(map(_are_names, value.values()))
    ),
    "ends_in_silence": lambda value: isinstance(value, bool),
}
