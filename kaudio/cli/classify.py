"""`kaudio classify`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from kaudio.cli.app import app
from kaudio.cli.options import BackendOption, Format, ModelArgument
from kaudio.startup import choose, silence


@app.command()
def classify(
    model: ModelArgument,
    files: Annotated[list[Path], typer.Argument(help="Audio files, or folders of them.")],
    seconds: Annotated[float, typer.Option(help="Length of a chunk, in seconds.")] = 10.0,
    hop_seconds: Annotated[float, typer.Option(help="From one chunk to the next.")] = 5.0,
    csv: Annotated[
        Path | None, typer.Option(help="Also write all probabilities over time to this file.")
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(help="Also draw them: one picture for each file, out_1.png, out_2.png, ..."),
    ] = None,
    format: Annotated[
        Format, typer.Option(help="Which artifact of an exported folder answers.")
    ] = Format.keras,
    backend: BackendOption = None,
) -> None:
    """Says who composed recordings, how sure that is, and how it changes over each of them."""
    choose(backend)
    from kaudio.artifacts.answers import open_classifier
    from kaudio.audio import AudioError
    from kaudio.audio.find import find
    from kaudio.evaluation import verdict_png
    from kaudio.evaluation.classify import classify as classify_audio

    with silence():  # LiteRT talks
        trained = open_classifier(model, format.value)
    # Artifacts answer clip by clip: those that fill up a batch would cost as much as any.
    batch_size = 8 if format == Format.keras else 1
    found = [find(file) for file in files if file.exists()]
    paths = [path for usable, _ in found for path in usable]
    refused = [f"'{file}': there is no such file or folder." for file in files if not file.exists()]
    refused += [f"'{file.path}': {file.reason}." for _, skipped in found for file in skipped]
    if not paths and not refused:
        raise FileNotFoundError(
            f"There are no audio files in {', '.join(map(str, files))}. Expected recordings, or "
            "folders of them."
        )
    for file in (csv, png):
        if file and not file.absolute().parent.is_dir():
            raise FileNotFoundError(f"'{file.parent}' is not there. Make it first.")
    if csv:
        csv.write_text("", encoding="utf-8")
    for number, path in enumerate(paths, 1):
        try:
            verdict = classify_audio(trained, path, seconds, hop_seconds, batch_size)
        except AudioError as error:
            refused.append(str(error))
            continue
        print(f"\n{path}\n{verdict.table()}", flush=True)
        if csv:  # at once, so that nothing is lost
            with csv.open("a", encoding="utf-8") as table:
                table.write(verdict.csv(str(path), header=not table.tell()))
        if png:
            place = png.with_stem(f"{png.stem}_{number}") if len(paths) > 1 else png
            place.write_bytes(verdict_png(verdict, path.name))
            print(place)
    if refused:
        print("\n".join(refused), file=sys.stderr)
        sys.exit(1)
