"""Tables that people keep about recordings: CSV as spreadsheets write it."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path


def read_csv(file: Path, what: str) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """Columns and rows of a CSV file, with commas, semicolons or tabs.

    Args:
        file: A CSV file in UTF-8.
        what: What it should be, for the message, such as "A manifest".

    Returns:
        The names of the columns, in lower case; and each row that is not empty, with its number
        as spreadsheets count them: the columns are named in row 1. Missing cells are empty.

    Raises:
        ValueError: If it cannot be read.
    """
    try:
        text = file.read_text("utf-8-sig")
        # Spreadsheets of some countries write semicolons.
        delimiter = max(",;\t", key=text.partition("\n")[0].count)
        table = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(
            f'{what} must be a CSV file in UTF-8. "{file}" cannot be read: {error}.'
        ) from None
    columns = [name.strip().lower() for name in table[0]] if table else []
    cells = (
        (number, [cell.strip() for cell in row] + [""] * len(columns))
        for number, row in enumerate(table[1:], start=2)
        if any(row)
    )
    return columns, ((number, dict(zip(columns, row, strict=False))) for number, row in cells)
