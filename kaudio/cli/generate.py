"""`kaudio generate`."""

from pathlib import Path
from typing import Annotated

import typer

from kaudio.cli.app import app
from kaudio.cli.options import BackendOption, Format, ModelArgument, Subtype
from kaudio.startup import choose, silence


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
    numbered = [out.with_stem(f"{out.stem}_{i + 1}") for i in range(batch)]
    paths = [out] if batch == 1 else numbered
    if prime and prime.resolve() in [path.resolve() for path in paths]:
        raise ValueError(f"'{prime}' is the prime itself. Write the clip to another file.")
    from kaudio.artifacts.sources import open_source
    from kaudio.audio import blocks as read_blocks
    from kaudio.generation import parse_condition
    from kaudio.generation.generate import num_samples_of
    from kaudio.output import write_clips

    with silence():  # LiteRT talks
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
    total = num_samples_of(seconds, source.sample_rate)
    write_clips(blocks, paths, total, source.sample_rate, subtype.value, source.may_end)
