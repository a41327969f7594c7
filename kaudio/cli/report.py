"""`kaudio report`."""

from pathlib import Path
from typing import Annotated

import typer

from kaudio.cli.app import app
from kaudio.startup import choose


@app.command()
def report(
    paths: Annotated[
        list[Path], typer.Argument(help="Run folders, audio files, or folders of both.")
    ],
    output: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    against: Annotated[
        Path | None, typer.Option(help="A folder of music that the clips should be like.")
    ] = None,
) -> None:
    """Writes one HTML page to compare runs and clips: players, spectrograms, curves, baselines.

    It needs no network: it can be sent, and opened, as a file.
    """
    choose(None)
    from kaudio.reporting.page import report as write

    written = write(paths, output, against)
    print(f"{written} ({written.stat().st_size / 1e6:.1f} MB)")
