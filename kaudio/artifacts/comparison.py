"""A row of what exported artifacts were found to be."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Comparison:
    """What an artifact was found to be.

    Args:
        name: Of the file or folder.
        megabytes: Its size, in millions of bytes.
        values: How many were compared, samples or probabilities. Of a `.keras` file, weights are
            compared instead.
        different: Share of them that differ by more than 1e-6 (codes of a mixture: 1e-4).
        largest: The largest difference.
        per_second: How much of its `unit` it does in a second of CPU, one clip at a time; None if
            not measured.
        exact: Whether it was held to be the same, within the tolerance. Weights of 16 or 8 bits
            are not.
        unit: Of that speed, such as "samples".
    """

    name: str
    megabytes: float
    values: int
    different: float
    largest: float
    per_second: float | None
    exact: bool
    unit: str


def megabytes(path: Path) -> float:
    """Size of a file or folder, in millions of bytes."""
    return sum(f.stat().st_size for f in [path, *path.rglob("*")] if f.is_file()) / 1e6
