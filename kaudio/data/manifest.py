"""Manifests: tables that say which recordings a corpus has, wherever they lie."""

import contextlib
import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath

from kaudio.data.remote import Address, check_address
from kaudio.data.tables import read_csv

SUFFIXES = (".csv", ".parquet")
COLUMNS = ("path", "label", "group", "start", "end")
# Thirty years: more, in samples, would be no number of them.
_MOST_SECONDS = 1e9


@dataclass(frozen=True)
class Row:
    """A row of a manifest: a recording, or a stretch of one.

    Args:
        number: Which row, as spreadsheets count; of a Parquet file, from 1 on.
        path: The file, or its address.
        name: That, as it is written.
        label: What it is an example of; empty if that is not said.
        group: What a split must not part it from; empty if that is not said.
        start: Where the stretch begins, in seconds.
        end: Where it ends, in seconds; None is where the recording does.
    """

    number: int
    path: PurePath
    name: str
    label: str
    group: str
    start: float
    end: float | None


def is_manifest(path: Path) -> bool:
    """Whether a path is that of a manifest, by its name."""
    return path.suffix.lower() in SUFFIXES and not path.is_dir()


def read_manifest(file: Path) -> list[Row]:
    """Reads a manifest, a CSV or Parquet file with a column "path" and, if need be, others.

    Args:
        file: Its columns may be "path" (a file, relative to the folder of the manifest or not, or
            an address such as "s3://bucket/one.flac"), "label", "group", "start" and "end" (in
            seconds). Others are left alone.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be used as it is. The text names the row.
    """
    if not file.is_file():
        raise FileNotFoundError(
            f"There is no manifest '{file}'. Expected a CSV or Parquet file of recordings."
        )
    columns, cells = _parquet(file) if file.suffix.lower() == ".parquet" else _csv(file)
    received = f"Received the columns: {', '.join(columns) or 'none'}."
    if "path" not in columns:
        raise ValueError(
            f'"{file}" must have a column "path", and may have {", ".join(COLUMNS[1:])}. {received}'
        )
    if twice := [name for name in COLUMNS if columns.count(name) > 1]:
        raise ValueError(f'"{file}" must have one column "{twice[0]}". {received}')
    rows, seen = [], {}
    for number, cell in cells:
        where = f'Row {number} of "{file}"'
        row = _row(where, number, cell, file.parent)
        if (before := seen.setdefault((row.path, row.start, row.end), number)) != number:
            raise ValueError(
                f"{where} must not say again what row {before} says: the same stretch of "
                f"{row.path}. Take one of them away."
            )
        rows.append(row)
    if not rows:
        raise ValueError(f'"{file}" must have a row for each recording. It has none.')
    return rows


def _row(where: str, number: int, cell: dict[str, str], folder: Path) -> Row:
    if not cell["path"]:
        raise ValueError(f'{where} must have a "path", but it is empty.')
    path = _place(where, cell["path"], folder)
    start, end = (_seconds(where, name, cell.get(name, "")) for name in ("start", "end"))
    if end is not None and end <= (start or 0.0):
        raise ValueError(
            f"{where} must end after it starts. Received: start={start or 0.0:g} and end={end:g}, "
            "in seconds."
        )
    label, group = cell.get("label", ""), cell.get("group", "")
    return Row(number, path, cell["path"], label, group, start or 0.0, end)


def _place(where: str, path: str, folder: Path) -> PurePath:
    if path.lower().startswith("file://"):
        path = path[len("file://") :]
    if "://" not in path:
        try:
            return folder / Path(path).expanduser()
        except RuntimeError as error:  # there is no such user
            raise ValueError(f'{where} cannot be used: "{path}": {error}') from None
    try:
        check_address(path)
    except ValueError as error:
        raise ValueError(f"{where} cannot be used: {error}") from None
    return Address(path)


def _seconds(where: str, name: str, text: str) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= _MOST_SECONDS:
        raise ValueError(
            f'{where} must have a "{name}" in seconds, 0 or more, such as 12.5, or none, and at '
            f'most {_MOST_SECONDS:g}. Received: "{text}".'
        )
    return seconds


def _csv(file: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    return read_csv(file, "A manifest")


def _parquet(file: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise ValueError(
            f'To read "{file}" takes a package that is missing: pip install "kaudio[parquet]".'
        ) from None
    with _readable(file):
        names = parquet.read_schema(file).names

    def rows() -> Iterator[dict[str, str]]:
        with _readable(file):
            table = parquet.read_table(file, columns=[n for n in names if _named(n) in COLUMNS])
            # Batch by batch: as Python objects, a table takes ten times its memory.
            for batch in table.to_batches(max_chunksize=10_000):
                for row in batch.to_pylist():
                    yield {_named(name): _text(value) for name, value in row.items()}

    return [_named(name) for name in names], enumerate(rows(), start=1)


@contextlib.contextmanager
def _readable(file: Path) -> Generator[None]:
    """Context in which a Parquet file is read: what is wrong with it is said in a sentence."""
    try:
        yield
    except Exception as error:  # of many kinds, by what is damaged
        reason = str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
        raise ValueError(f'"{file}" is not a Parquet file that can be read: {reason}.') from None


def _named(column: str) -> str:
    return column.strip().lower()


def _text(value: object) -> str:
    """A cell as CSV would have it. Where pandas has nothing, it writes nan."""
    return "" if value is None or value != value else str(value).strip()
