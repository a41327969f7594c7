"""What steers a model while it generates: temperature and the like."""

import math
from collections.abc import Mapping


def merge_controls(defaults: Mapping[str, float], given: Mapping[str, float]) -> dict[str, float]:
    """All controls: those that are given, and defaults for the others."""
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise ValueError(
            f"This model has no control named '{unknown[0]}'. It has: "
            f"{', '.join(defaults) or 'none'}."
        )
    check_controls(given)
    return {**defaults, **given}


def check_controls(given: Mapping[str, float]) -> None:
    """Refuses values that mean nothing.

    Raises:
        ValueError: If `top_p` is not above 0 and at most 1, or another one is below 0.
    """
    for name, value in given.items():
        if name == "top_p" and not 0 < value <= 1:
            raise ValueError(
                "`top_p` is a probability, above 0 and at most 1, where 1 draws among all codes. "
                f"Received: top_p={value}."
            )
        if not (math.isfinite(value) and value >= 0):
            raise ValueError(f"`{name}` must be a number, 0 or more. Received: {name}={value}.")
