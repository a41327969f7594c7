"""The command line itself: what all verbs share, and how errors are said."""

import os
import sys
from typing import Annotated

import typer

from kaudio import startup

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(asked: bool) -> None:
    if asked:
        from kaudio import __version__

        print(f"kaudio {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Say which version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """Learns music from raw audio and plays it back."""


def main(arguments: list[str] | None = None) -> None:
    """Runs a command. An error that its user can mend is a sentence, not a trace."""
    try:
        _run(arguments)
    except SystemExit as ended:
        if ended.code and startup.ends_at_once:
            _end(ended.code)
        raise


def _run(arguments: list[str] | None) -> None:
    try:
        app(arguments, prog_name="kaudio")
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        if "KAUDIO_TRACE" in os.environ:
            raise
        text = str(error)
        if isinstance(error, OSError) and error.errno and error.filename:
            text = f"'{error.filename}': {error.strerror}."
        hint = "\n(KAUDIO_TRACE=1 shows where this came from.)"
        sys.exit(f"kaudio: {text}{'' if isinstance(error, ValueError | OSError) else hint}")


def _end(code: str | int) -> None:
    """Ends without waiting for other processes, which wait for this one."""
    if isinstance(code, str):
        print(code, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code if isinstance(code, int) else 1)
