"""`kaudio fit`."""

import contextlib
import os
import sys
from collections.abc import Generator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kaudio.cli.app import app
from kaudio.cli.options import BackendOption
from kaudio.startup import Backend, choose


class Distribution(StrEnum):
    """What is shared out."""

    data = "data"


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
    distribute: Annotated[
        Distribution | None,
        typer.Option(help="Share out each batch to all devices. On JAX, which it then chooses."),
    ] = None,
    coordinator: Annotated[
        str | None,
        typer.Option(
            help="HOST:PORT of the first of several processes, unless a scheduler says so.",
            envvar="KERAS_DISTRIBUTION_JOB_ADDRESSES",
        ),
    ] = None,
    processes: Annotated[
        int | None,
        typer.Option(help="How many there are.", envvar="KERAS_DISTRIBUTION_NUM_PROCESSES"),
    ] = None,
    process_id: Annotated[
        int | None,
        typer.Option(help="Which one this is, from 0 on.", envvar="KERAS_DISTRIBUTION_PROCESS_ID"),
    ] = None,
) -> None:
    """Trains what a recipe describes, or goes on where its run stopped.

    `kaudio fit RECIPE --help` lists the options of a recipe.
    """
    if recipe is None or str(recipe) == "--help":
        typer.echo(context.get_help())
        return
    if distribute:
        _distributed(backend, coordinator, processes, process_id)
    else:
        _check_alone(coordinator, processes, process_id)
        choose(backend)
    from kaudio.recipe import recipe_command
    from kaudio.training import Stopped
    from kaudio.training import fit as fit_recipe

    command = recipe_command(recipe, fit_recipe)
    try:
        with contextlib.nullcontext() if not distribute else _together(recipe, context.args):
            command(context.args, prog_name=f"kaudio fit {recipe}")
    except Stopped as stopped:
        print(stopped, file=sys.stderr)
        sys.exit(stopped.exit_status)


def _distributed(
    backend: Backend | None, coordinator: str | None, processes: int | None, process_id: int | None
) -> None:
    def before() -> None:
        from kaudio.distribution import distribute

        distribute(coordinator, processes, process_id)

    if backend is None and "KERAS_BACKEND" not in os.environ:
        backend = Backend.jax
    choose(backend, before)


@contextlib.contextmanager
def _together(recipe: Path, arguments: list[str]) -> Generator[None]:
    """Context in which several processes do the same, and end when one of them is gone."""
    from kaudio.distribution import LOST, agree, is_loss

    try:
        agree(" ".join([recipe.name, *arguments]))
        yield
    except Exception as error:
        if is_loss(error):
            raise OSError(LOST) from error
        raise


def _check_alone(*arguments: object) -> None:
    if any(argument is not None for argument in arguments):
        raise ValueError(
            "--coordinator, --processes and --process-id are for --distribute data. Add it, or "
            "leave them out (KERAS_DISTRIBUTION_... in the environment, too)."
        )
