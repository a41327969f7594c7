"""`kaudio dream`."""

from pathlib import Path
from typing import Annotated

import typer

from kaudio.cli.app import app
from kaudio.cli.options import BackendOption, ModelArgument
from kaudio.startup import choose


@app.command()
def dream(
    model: ModelArgument,
    files: Annotated[
        list[Path],
        typer.Argument(
            help="The audio file to dream on and the one to write; with --from-noise, only that."
        ),
    ],
    from_noise: Annotated[
        bool, typer.Option("--from-noise", help="Begin with noise instead of a recording.")
    ] = False,
    target: Annotated[
        str | None, typer.Option(help="What the model is to hear, such as a composer.")
    ] = None,
    layer: Annotated[
        str | None, typer.Option(help="Or a layer that is to be excited, such as block_4.")
    ] = None,
    channel: Annotated[int | None, typer.Option(help="Of the layer. Default: all.")] = None,
    octaves: Annotated[
        int, typer.Option(help="Low notes are changed first, then one octave more each time.")
    ] = 4,
    steps: Annotated[int, typer.Option(help="Steps in each octave.")] = 20,
    strength: Annotated[
        float | None,
        typer.Option(
            help="How much is changed at most: 0.1 of the clip is little. Default: 0.3; 1 from "
            "noise."
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(help="Length of what is dreamed: of the noise, or at most.")
    ] = 10.0,
    start: Annotated[float, typer.Option(help="Where in the recording to begin.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same dream.")] = 0,
    every_octave: Annotated[
        bool, typer.Option("--every-octave", help="Also write the sound after each octave.")
    ] = False,
    backend: BackendOption = None,
) -> None:
    """Changes a sound until a classifier hears in it what it is asked to hear.

    A picture of the spectrograms before and after is written beside it.
    """
    choose(backend)
    from kaudio.audio import read
    from kaudio.audio.writer import FORMATS
    from kaudio.generation import dream as dream_on
    from kaudio.generation import pink_noise
    from kaudio.models import ComposerClassifier
    from kaudio.models.load import load
    from kaudio.output import dreaming, write_dream

    if len(files) != (1 if from_noise else 2):
        raise ValueError(
            "Expected a file to read and a file to write, or --from-noise and a file to write. "
            f"Received: {len(files)} file(s){' and --from-noise' if from_noise else ''}."
        )
    out, trained = files[-1], load(model)
    if not isinstance(trained, ComposerClassifier):
        raise ValueError(
            f"Only a classifier can dream, such as `kaudio fit recipes/composer.py` trains. "
            f"Received: a {type(trained).__name__}."
        )
    if target is None and layer is None:
        names = ", ".join([*trained.labels, *trained.layer_names])
        raise ValueError(f"Say what to dream of: --target or --layer. This model has: {names}.")
    rate = trained.sample_rate
    if not from_noise and out.resolve() == files[0].resolve():
        raise ValueError(f"'{out}' is the recording itself. Write the dream to another file.")
    if out.suffix.lower() not in FORMATS:  # said before all the steps, not after them
        raise ValueError(
            f"'{out}' ends in no format that can be written. Expected one of {', '.join(FORMATS)}."
        )
    sound = pink_noise(seconds, rate, seed) if from_noise else read(files[0], rate, start, seconds)
    if not from_noise and not len(sound):
        raise ValueError(f"'{files[0]}' ends before {start:g} s. Begin earlier (--start).")
    with dreaming(octaves * steps, out, rate, every_octave) as on_step:
        dreamed = dream_on(
            trained,
            sound,
            target=target,
            layer=layer,
            channel=channel,
            octaves=octaves,
            steps=steps,
            strength=(1.0 if from_noise else 0.3) if strength is None else strength,
            seed=seed,
            on_step=on_step,
        )
    write_dream(sound, dreamed, out, rate)
