"""The command line: each verb is one function of `kaudio`. Imports wait until a verb runs."""

import contextlib
import itertools
import os
import sys
import time
from collections.abc import Generator, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Learns music from raw audio and plays it back.",
)


class Backend(StrEnum):
    """What computes. The same models, the same numbers."""

    tensorflow = "tensorflow"
    jax = "jax"


class Format(StrEnum):
    """How samples are stored in an audio file."""

    int16 = "PCM_16"
    int24 = "PCM_24"
    float = "FLOAT"


BackendOption = Annotated[
    Backend | None,
    typer.Option(help="What computes. Default: KERAS_BACKEND, or else Keras's own default."),
]
ModelArgument = Annotated[Path, typer.Argument(help="A run folder or a .keras file.")]


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
    _choose(backend)
    from kaudio.recipe import recipe_command
    from kaudio.training.fit import fit

    command = recipe_command(recipe, fit)
    command(context.args, prog_name=f"kaudio fit {recipe}")


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
        typer.Option(help="Below 1 for safer sound, above 1 for wilder. Default: the model's own."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed gives the same audio.")] = 0,
    batch: Annotated[
        int, typer.Option(help="Clips generated side by side: out_1.wav, out_2.wav, ...")
    ] = 1,
    format: Annotated[Format, typer.Option(help="How samples are stored.")] = Format.int16,
    backend: BackendOption = None,
) -> None:
    """Writes new audio drawn from a trained model."""
    _choose(backend)
    import kaudio
    from kaudio.audio import blocks as read_blocks

    trained = kaudio.load(model)
    rate = trained.codec.sample_rate
    blocks = kaudio.stream(
        trained,
        batch_size=batch,
        seed=seed,
        controls={} if temperature is None else {"temperature": temperature},
        prime=None if prime is None else read_blocks(prime, rate),
        include_prime=include_prime,
    )
    numbered = [out.with_stem(f"{out.stem}_{i + 1}") for i in range(batch)]
    _write(blocks, [out] if batch == 1 else numbered, seconds, rate, format.value)


def _write(
    blocks: Iterator, paths: list[Path], seconds: float, sample_rate: int, subtype: str
) -> None:
    """Writes clips while they are generated. Ctrl-C keeps what there is."""
    from rich.progress import Progress

    from kaudio.audio import Writer

    if not seconds > 0:
        raise ValueError(f"--seconds must be above 0. Received: {seconds}.")
    left = total = round(seconds * sample_rate)
    start = time.perf_counter()
    with contextlib.ExitStack() as stack:
        bar = stack.enter_context(Progress(transient=True))
        task = bar.add_task("generating", total=total)
        first = next(blocks)  # compiled, and the prime heard, before a file is touched
        writers = [stack.enter_context(Writer(p, sample_rate, subtype)) for p in paths]
        stack.enter_context(contextlib.suppress(KeyboardInterrupt))
        for block in itertools.chain([first], blocks):
            for writer, samples in zip(writers, block[:, :left], strict=True):
                writer.write(samples)
            left -= min(left, block.shape[-1])
            bar.update(task, completed=total - left)
            if not left:
                break
    made, took = (total - left) / sample_rate, time.perf_counter() - start
    stopped = "stopped early: " if left else ""
    print(
        f"{stopped}{made:.1f} s of audio in {took:.1f} s, {made * len(paths) / took:.1f} x real "
        f"time, in {', '.join(map(str, paths))}"
    )


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
    from kaudio import data

    if clear_cache:
        print(f"{data.clear_cache() / 1e6:.1f} MB removed from {data.cache_folder()}")
    if folder or not clear_cache:
        print(data.survey(folder))


def _choose(backend: Backend | None) -> None:
    """Chooses the backend, before Keras is imported."""
    if backend:
        os.environ["KERAS_BACKEND"] = backend.value
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    with _silence():
        import keras

        # TensorFlow greets when it is first imported: here, or where Keras seeds it as well.
        keras.utils.set_random_seed(0)


@contextlib.contextmanager
def _silence() -> Generator[None]:
    """Context in which nothing is written to standard error, not even by C++."""
    stderr, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.close(null)


def main(arguments: list[str] | None = None) -> None:
    """Runs a command. An error that its user can mend is a sentence, not a trace."""
    try:
        app(arguments, prog_name="kaudio")
    except (ValueError, TypeError, OSError, RuntimeError) as error:
        if "KAUDIO_TRACE" in os.environ:
            raise
        sys.exit(f"kaudio: {error}\n(KAUDIO_TRACE=1 shows where this came from.)")
