"""`kaudio export`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kaudio.cli.app import app
from kaudio.cli.options import Format, ModelArgument
from kaudio.startup import Backend, choose, silence


@app.command()
def export(
    model: ModelArgument,
    folder: Annotated[Path, typer.Argument(help="The folder to write.")],
    format: Annotated[
        list[Format] | None,
        typer.Option(help="What to write; may be given again. Default: all but onnx."),
    ] = None,
    licence: Annotated[
        str | None, typer.Option(help="Of the recordings it was trained on, for its card.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the folder if it is there.")
    ] = False,
    json: Annotated[
        Path | None, typer.Option(help="Also write what was found as JSON, to this file.")
    ] = None,
) -> None:
    """Writes a trained model as .keras, SavedModel, TensorFlow Lite or ONNX, and compares them."""
    choose(Backend.tensorflow)
    with silence():
        from kaudio.artifacts import DEFAULT_FORMATS, export
    from kaudio.output import print_comparison

    formats = [f.value for f in format] if format else DEFAULT_FORMATS
    if json and not json.parent.is_dir():
        raise FileNotFoundError(
            f"'{json.parent}' is not there. Make it first, or write --json to another folder."
        )
    try:
        with silence():  # converters talk
            found = export(model, folder, formats, force, licence, print)
    except KeyboardInterrupt:
        print(f"Stopped: nothing was exported to '{folder}'.", file=sys.stderr)
        sys.exit(130)
    print_comparison(found, folder, json)
