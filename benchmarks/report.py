"""What was measured, as a table and as JSON."""

import json
import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Settings:
    """How to measure.

    Args:
        repeats: Measurements of each row, at least 1.
        torch_python: The Python interpreter that runs the PyTorch twins.
        torch: Its version of PyTorch, if it has one.
        seconds: How long each measurement of a rate lasts, at least.
    """

    repeats: int
    torch_python: str
    torch: str | None
    seconds: float


@dataclass(frozen=True)
class Measured:
    """The repeats of one benchmark, and those of its peer if it has one.

    Args:
        values: In the unit of the benchmark.
        peer: What it was compared with.
        peer_values: The same of the peer, in the same unit.
    """

    values: Sequence[float]
    peer: str | None = None
    peer_values: Sequence[float] = ()


@dataclass(frozen=True)
class Benchmark:
    """One row of the table.

    Args:
        name: Such as `train/gruv_2015/jax`.
        unit: Of its values.
        measure: Does it.
    """

    name: str
    unit: str
    measure: Callable[[Settings], Measured]


@dataclass(frozen=True)
class Row:
    """A benchmark that was run: medians, and the lowest and the highest repeat."""

    name: str
    value: float
    unit: str
    low: float
    high: float
    peer: str | None
    peer_value: float | None
    ratio: float | None


COLUMNS = ("value", "unit", "low", "high", "peer", "peer_value", "ratio")


def row(benchmark: Benchmark, measured: Measured) -> Row:
    """Sums up the repeats of a benchmark. The ratio is its median over that of the peer."""
    value = statistics.median(measured.values)
    peer_value = statistics.median(measured.peer_values) if measured.peer_values else None
    return Row(
        name=benchmark.name,
        value=value,
        unit=benchmark.unit,
        low=min(measured.values),
        high=max(measured.values),
        peer=measured.peer,
        peer_value=peer_value,
        ratio=value / peer_value if peer_value else None,
    )


def choose(benchmarks: Sequence[Benchmark], prefixes: Sequence[str]) -> list[Benchmark]:
    """The benchmarks that some of the prefixes stand for: all of them without any.

    Args:
        benchmarks: All there are.
        prefixes: What their names start with, or what comes after a slash in them.

    Raises:
        ValueError: If a prefix stands for none.
    """
    found = {p: [b for b in benchmarks if f"/{p}" in f"/{b.name}"] for p in prefixes}
    for prefix, some in found.items():
        if not some:
            raise ValueError(
                f"No benchmark has a name with a part that starts with '{prefix}'. "
                f"There are: {', '.join(benchmark.name for benchmark in benchmarks)}."
            )
    return [b for b in benchmarks if not found or any(b in some for some in found.values())]


def line(name: str, cells: Sequence[object], width: int) -> str:
    """A line of the table. `width` is that of the first column."""
    value, unit, low, high, peer, peer_value, ratio = map(_text, cells)
    numbers = f"{value:>10}  {unit:<18}{low:>10}{high:>10}"
    return f"{name:<{width}}{numbers}  {peer:<26}{peer_value:>10}{ratio:>7}".rstrip()


def table_line(row: Row, width: int) -> str:
    """A row as a line of the table."""
    return line(row.name, [getattr(row, column) for column in COLUMNS], width)


def _text(cell: object) -> str:
    if isinstance(cell, float):
        return f"{cell:.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    return "" if cell is None else str(cell)


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Writes rows as a JSON list of objects."""
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
