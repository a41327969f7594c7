"""`kaudio fit`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kaudio.cli.app import app
from kaudio.cli.options import BackendOption
from kaudio.startup import choose


@app.command(
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": [],
    },
    options_metavar="[RECIPE OPTIONS]",
    epilog="A recipe is a Python program and runs as one: fit only those that you trust.",
)
def fit(
    context: typer.Context,
    recipe: Annotated[Path | None, typer.Argument(help="Such as recipes/gruv.py.")] = None,
    backend: BackendOption = None,
) -> None:
    """Trains what a recipe describes, or goes on where its run stopped.

    `kaudio fit RECIPE --help` lists the options of a recipe.
    """
    if recipe is None or str(recipe) == "--help":
        typer.echo(context.get_help())
        return
    choose(backend)
    from kaudio.recipe import recipe_command
    from kaudio.training import Stopped
    from kaudio.training import fit as fit_recipe

    command = recipe_command(recipe, fit_recipe)
    try:
        command(context.args, prog_name=f"kaudio fit {recipe}")
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        sys.exit(stopped.exit_status)
