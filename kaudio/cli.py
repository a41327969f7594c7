"""The command line: each verb is one function of `kaudio`. Imports wait until a verb runs."""

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kaudio.startup import Backend, choose, silence

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class Subtype(StrEnum):
    """How samples are stored in an audio file."""

    int16 = "PCM_16"
    int24 = "PCM_24"
    float = "FLOAT"


class Format(StrEnum):
    """What a trained model is stored as."""

    keras = "keras"
    saved_model = "saved_model"
    tflite = "tflite"
    tflite_float16 = "tflite_float16"
    tflite_int8 = "tflite_int8"


BackendOption = Annotated[
    Backend | None,
    typer.Option(help="What computes. Default: KERAS_BACKEND, or else Keras's own default."),
]
ModelArgument = Annotated[
    Path, typer.Argument(help="A run folder, an exported folder or a .keras file.")
]


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


@app.command()
def generate(
    model: ModelArgument,
    out: Annotated[Path, typer.Argument(help="The audio file to write, such as out.wav.")],
    seconds: Annotated[float, typer.Option(help="Length of the audio, in seconds.")] = 10.0,
    prime: Annotated[
        Path | None, typer.Option(help="An audio file to go on from. Default: silence.")
    ] = None,
    include_prime: Annotated[
        bool, typer.Option("--include-prime", help="Put the prime in front of what is generated.")
    ] = False,
    temperature: Annotated[
        float | None,
        typer.Option(
            help="Below 1 for safer sound, above 1 for wilder, 0 for the likeliest. Default: the "
            "model's own."
        ),
    ] = None,
    top_k: Annotated[
        int | None, typer.Option(help="Draw among so many codes only. 0: among all.")
    ] = None,
    top_p: Annotated[
        float | None,
        typer.Option(help="Draw among the likeliest codes that together have this probability."),
    ] = None,
    condition: Annotated[
        str | None,
        typer.Option(
            help="What the model is told of the clip, such as 'bach:1', or 'bach -> schubert' "
            "for a clip that turns from one to the other."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same audio.")] = 0,
    batch: Annotated[
        int, typer.Option(help="Clips generated side by side: out_1.wav, out_2.wav, ...")
    ] = 1,
    subtype: Annotated[Subtype, typer.Option(help="How samples are stored.")] = Subtype.int16,
    format: Annotated[
        Format, typer.Option(help="Which artifact of an exported folder plays.")
    ] = Format.keras,
    backend: BackendOption = None,
) -> None:
    """Writes new audio drawn from a trained model."""
    choose(backend)
    from kaudio.artifacts.sources import open_source
    from kaudio.audio import blocks as read_blocks
    from kaudio.generation import parse_condition
    from kaudio.generation.generate import num_samples_of
    from kaudio.output import write_clips

    source = open_source(model, format.value)
    given = {"temperature": temperature, "top_k": top_k, "top_p": top_p}
    conditions = {}
    if condition is not None:
        conditions["global"] = parse_condition(condition, source.names, seconds)
    elif source.names:
        names = ", ".join(source.names)
        print(f"This model can be told (--condition): {names}. It is told nothing.")
    blocks = source.blocks(
        batch_size=batch,
        seed=seed,
        controls={k: v for k, v in given.items() if v is not None},
        conditions=conditions,
        prime=None if prime is None else read_blocks(prime, source.sample_rate),
        include_prime=include_prime,
    )
    numbered = [out.with_stem(f"{out.stem}_{i + 1}") for i in range(batch)]
    total = num_samples_of(seconds, source.sample_rate)
    paths = [out] if batch == 1 else numbered
    write_clips(blocks, paths, total, source.sample_rate, subtype.value, source.may_end)


@app.command()
def export(
    model: ModelArgument,
    folder: Annotated[Path, typer.Argument(help="The folder to write.")],
    format: Annotated[
        list[Format] | None, typer.Option(help="What to write; may be given again. Default: all.")
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
    """Writes a trained model as .keras, SavedModel and TensorFlow Lite, and compares them."""
    choose(Backend.tensorflow)
    with silence():
        from kaudio.artifacts import FORMATS, export
    from kaudio.output import print_comparison

    formats = [f.value for f in format] if format else tuple(FORMATS)
    found = export(model, folder, formats, force, licence)
    print_comparison(found, folder, json)


@app.command()
def corpus(
    folder: Annotated[
        Path | None, typer.Argument(help="A folder of recordings. Default: the demo corpus.")
    ] = None,
    clear_cache: Annotated[
        bool, typer.Option("--clear-cache", help="Remove all decoded waveforms from the disk.")
    ] = False,
) -> None:
    """Says what is in a folder: minutes, rates, labels, and files that cannot be used."""
    with silence():
        from kaudio import data

    if clear_cache:
        print(f"{data.clear_cache() / 1e6:.1f} MB removed from {data.cache_folder()}")
    if folder or not clear_cache:
        print(data.survey(folder))


def main(arguments: list[str] | None = None) -> None:
    """Runs a command. An error that its user can mend is a sentence, not a trace."""
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
