"""What a recording is an example of, and what belongs together: by its path, or as a table says."""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePath

from kaudio.data.tables import read_csv

Groups = str | Path | Mapping[str, str] | Callable[[PurePath], str]
# Columns of a table, the first of them that it has.
GROUP_COLUMNS, LABEL_COLUMNS = ("group", "work"), ("label", "composer")
Places = Callable[[PurePath], tuple[str, str]]
# Groups that the path of a recording tells.
WITHIN_PATHS = ("recording", "folder")
_EXPECTED = (
    '"recording", "folder", the path of a CSV file, a function of a path, or a mapping with an '
    "entry for each recording"
)


def places(groups: Groups) -> Places:
    """A function of the path of a recording, relative to its corpus: its label, and its group.

    Args:
        groups: As `Corpus.from_folder` takes them.

    Raises:
        ValueError: If there is a table that cannot be read, or, when the function is called, no
            group of this recording.
    """
    if isinstance(groups, str) and groups not in WITHIN_PATHS:
        if not groups:
            raise ValueError(f"`groups` must be {_EXPECTED}. Received: an empty string.")
        groups = Path(groups)
    if isinstance(groups, Path):
        return _table(groups.expanduser())
    return lambda path: (_folder(path), _group(path, groups))


def _folder(path: PurePath) -> str:
    return path.parts[0] if len(path.parts) > 1 else ""


def _group(path: PurePath, groups: Groups) -> str:
    if isinstance(groups, str):
        names = {"recording": path.as_posix(), "folder": path.parent.as_posix()}
        group = names.get(groups)
    elif isinstance(groups, Mapping):
        group = groups.get(path.as_posix())
    elif callable(groups):
        group = groups(path)
    else:
        group = None
    if group is None:
        raise ValueError(
            f'`groups` must be {_EXPECTED}. There is no group for "{path}". Received: '
            f"groups={groups!r}."
        )
    return str(group)


def _table(file: Path) -> Places:
    """Labels and groups from a CSV file."""
    columns, rows = read_csv(file, "`groups`")
    group_column = next((name for name in GROUP_COLUMNS if name in columns), None)
    label_column = next((name for name in LABEL_COLUMNS if name in columns), None)
    if "file" not in columns or group_column is None:
        raise ValueError(
            f'"{file}" must have a column "file" and a column "group" or "work", named in its '
            f"first line. Received the columns: {', '.join(columns) or 'none'}."
        )
    by_name: dict[str, list[dict[str, str]]] = {}
    for _, row in rows:
        by_name.setdefault(_parts(row["file"])[-1], []).append(row)

    def place(path: PurePath) -> tuple[str, str]:
        row = _row(path, by_name, file)
        label = (row[label_column] if label_column else "") or _folder(path)
        group = row[group_column]
        if not group:
            raise ValueError(f'"{file}" must have a {group_column} for "{path}", but it is empty.')
        # Composers share numbers: the opus 10 of one is no work of another.
        return label, f"{label}/{group}" if group_column == "work" and label else group

    return place


def _row(path: PurePath, by_name: Mapping[str, list[dict[str, str]]], file: Path) -> dict[str, str]:
    """The row of a recording: of its path or, if it is the only one, of the end of its path."""
    wanted = _parts(path.as_posix())
    rows = by_name.get(wanted[-1], [])
    exact = [row for row in rows if _parts(row["file"]) == wanted]
    found = exact or [row for row in rows if _agree(_parts(row["file"]), wanted)]
    if not found:
        raise ValueError(
            f'"{file}" must have a row for each recording. There is none whose "file" is "{path}", '
            "the path below the folder of the corpus. Add it, or take the recording away."
        )
    if any(row != found[0] for row in found):
        raise ValueError(
            f'"{file}" must have one row for each recording. There are {len(found)} for "{path}". '
            "Write its whole path below the folder of the corpus, once."
        )
    return found[0]


def _agree(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether one path is how the other ends: a table may know of more or fewer folders."""
    shared = min(len(one), len(other))
    return one[-shared:] == other[-shared:]


def _parts(path: str) -> tuple[str, ...]:
    # Accents are one character or two, as the file system has it.
    return PurePath(unicodedata.normalize("NFC", path.replace("\\", "/"))).parts or ("",)
