"""`kaudio corpus`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kaudio.cli.app import app
from kaudio.startup import silence


@app.command()
def corpus(
    folder: Annotated[
        Path | None,
        typer.Argument(
            help="A folder of recordings, or a manifest: a table of them, in CSV or Parquet. "
            "Default: the demo corpus."
        ),
    ] = None,
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="Remove all decoded waveforms from the disk.")
    ] = False,
) -> None:
    """Says what is in a folder or a table: minutes, rates, labels, and files of no use."""
    with silence():
        from kaudio import data

    if clear_cache:
        print(f"{data.clear_cache() / 1e6:.1f} MB removed from {data.cache_folder()}")
    if folder or not clear_cache:
        print(found := data.survey(folder))
        if data.NO_RECORDINGS in found:
            sys.exit(1)
