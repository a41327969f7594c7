"""One page of HTML that holds all that it shows: it asks the network for nothing."""

import base64
import hashlib
import time
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

import kaudio
from kaudio.audio.files import printable
from kaudio.reporting.compare import compared, plural
from kaudio.reporting.gather import gather
from kaudio.reporting.table import MOST_AUDIO_BYTES, table_of

WITHOUT_MUSIC = " Drift and ranges are judged beside music: --against FOLDER."
NAV = (
    '<nav aria-label="Sections"><a href="#rows">Runs and clips</a> '
    '<a href="#together">Learning curves</a> <a href="#differs">What differs</a></nav>'
)
MARK = '<meta name="generator" content="kaudio report">'


def report(
    paths: Sequence[Path | str] | Path | str,
    output: Path | str = "report.html",
    against: Path | str | None = None,
) -> Path:
    """Writes one HTML file about runs and clips, to look at and listen to side by side.

    It has a row for each run or clip: its held-out metric beside baselines, what is wrong with
    what it plays, a player, waveform and spectrogram, learning curves and options; and what
    differs between the runs. It needs no network and no server.

    Args:
        paths: Run folders, audio files, or folders of both.
        output: The file to write. An earlier report is written over, nothing else.
        against: A folder of music: then clips are judged by it as well, as by
            `kaudio.evaluate_audio`.

    Returns:
        `output`.

    Raises:
        ValueError: If a path leads nowhere, or `output` is a file that is no report.

    Example:
    >>> kaudio.report(["runs/gruv", "runs/wavenet", "clip.wav"], "report.html")
    PosixPath('report.html')
    """
    paths = [paths] if isinstance(paths, Path | str) else paths
    places, output = [Path(path).expanduser() for path in paths], Path(output).expanduser()
    if output.is_dir() or (output.exists() and MARK.encode() not in output.read_bytes()[:2_000]):
        raise ValueError(
            f"'{output}' is there, and no report of kaudio. Pass another --output, or remove it."
        )
    text = page(places, Path(against).expanduser() if against else None)
    output.parent.mkdir(parents=True, exist_ok=True)
    whole = output.with_name(f".{output.name}.part")
    whole.write_text(text, encoding="utf-8", errors="replace")
    whole.replace(output)
    return output


def page(paths: Sequence[Path], against: Path | None = None) -> str:
    """The text of the page. See `report`."""
    rows, notes = gather(paths, against)
    style, script = _read("page.css"), _read("page.js")
    runs = {row.name: row.run for row in rows if row.run}
    several = len(runs) > 1
    audio, table = table_of(rows, against is not None)
    if audio > MOST_AUDIO_BYTES:
        notes.append(
            f"The page holds {MOST_AUDIO_BYTES / 1e6:.0f} MB of audio; clips after that have no "
            "player. Make a page of fewer of them."
        )
    numbers = {"run": len(runs), "clip": len(rows) - len(runs)}
    counts = ", ".join(plural(n, word) for word, n in numbers.items() if n) or "nothing"
    return Template(_read("page.html")).substitute(
        mark=MARK,
        title=escape(f"kaudio report: {counts}"),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
        counts=escape(counts),
        made=f"{time.strftime('%Y-%m-%d %H:%M')} by kaudio {kaudio.__version__}",
        music=escape(f" Clips are judged by the music in {printable(against)}.")
        if against
        else WITHOUT_MUSIC,
        notes="".join(f"<p class='note'>{escape(note)}</p>" for note in notes),
        table=table,
        nav=NAV if several else "",
        sections=compared(runs) if several else "",
    )


def _read(name: str) -> str:
    return files("kaudio.reporting").joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
