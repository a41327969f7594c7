"""`kaudio evaluate`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kaudio.cli.app import app
from kaudio.cli.evaluate_clips import evaluate_clips
from kaudio.cli.options import BackendOption
from kaudio.startup import choose

if TYPE_CHECKING:
    from kaudio.evaluation.model_report import ModelReport


@app.command()
def evaluate(
    what: Annotated[
        list[Path],
        typer.Argument(
            help="With --audio, a run folder or a .keras file; with --against, audio files, or "
            "folders of them."
        ),
    ],
    audio: Annotated[
        Path | None, typer.Option(help="A folder of recordings that the model has not heard.")
    ] = None,
    against: Annotated[
        Path | None, typer.Option(help="A folder of music that the files should be like.")
    ] = None,
    excerpt_seconds: Annotated[
        float | None,
        typer.Option(help="How much of an excerpt counts. Default: as the run was trained."),
    ] = None,
    batches: Annotated[
        int | None, typer.Option(help="Of a model: look at no more batches of excerpts.")
    ] = None,
    train: Annotated[
        Path | None,
        typer.Option(help="Of a model: the recordings it learned from, for baselines that count."),
    ] = None,
    classifier: Annotated[
        Path | None,
        typer.Option(help="Of files: a classifier's run; its ear measures a second distance."),
    ] = None,
    frame_seconds: Annotated[
        float | None,
        typer.Option(help="Of files: from one frame of the model to the next, to hear joins."),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(help="Of files: draw how they change over time; out_1.png, out_2.png, ..."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option(help="Also write all numbers to this JSON file.")
    ] = None,
    backend: BackendOption = None,
) -> None:
    """Says what a model is worth on recordings, or how like music a piece of audio is."""
    if (audio is None) == (against is None):
        raise ValueError(
            "Expected one of two: a model with --audio and a folder of recordings, or audio files "
            "with --against and a folder of music. Received: "
            f"{'neither' if audio is None else 'both'}."
        )
    of_models = {"--excerpt-seconds": excerpt_seconds, "--batches": batches, "--train": train}
    of_files = {"--classifier": classifier, "--frame-seconds": frame_seconds, "--png": png}
    for name, value in (of_files if audio is not None else of_models).items():
        if value is not None:
            kind, option = ("files", "--against") if audio is not None else ("models", "--audio")
            raise ValueError(f"{name} is for {kind}, with {option}. Leave it out.")
    if frame_seconds is not None and not 0 < frame_seconds < float("inf"):
        raise ValueError(f"--frame-seconds must be above 0. Received: {frame_seconds:g}.")
    if batches is not None and batches < 1:
        raise ValueError(f"--batches must be at least 1. Received: {batches}.")
    for file in filter(None, (json, png)):
        if not file.absolute().parent.is_dir():
            raise FileNotFoundError(f"'{file.parent}' is not there. Make it first.")
        if file.is_dir():
            raise ValueError(f"'{file}' is a folder. Expected a file to write.")
    choose(backend)
    if audio is not None:
        _model(what, audio, train, excerpt_seconds, batches, json)
    elif against is not None:
        content, refused = evaluate_clips(what, against, classifier, frame_seconds, png)
        _write(json, content)
        if refused:
            print("\n".join(refused), file=sys.stderr)
            sys.exit(1)


def _model(
    what: list[Path],
    audio: Path,
    train: Path | None,
    seconds: float | None,
    batches: int | None,
    out: Path | None,
) -> None:
    from kaudio.audio.find import SUFFIXES
    from kaudio.data import Corpus
    from kaudio.evaluation.judge_model import evaluate as judge
    from kaudio.models import Autoregressive
    from kaudio.models.load import load

    if len(what) != 1:
        raise ValueError(f"--audio judges one model at a time. Received: {len(what)} of them.")
    if what[0].suffix.lower() in SUFFIXES:
        raise ValueError(
            f"'{what[0]}' is audio. It is judged with --against and a folder of music."
        )
    model = load(what[0])
    if not isinstance(model, Autoregressive):
        raise ValueError(
            f"'{what[0]}' is a {type(model).__name__}. Only models of the next step, WaveNet and "
            "FrameLSTM, are judged by recordings; `kaudio classify` asks a classifier."
        )
    corpus = Corpus.from_folder(audio, model.codec.sample_rate)
    seconds = _trained_seconds(what[0]) if seconds is None else seconds
    known = None if train is None else Corpus.from_folder(train, model.codec.sample_rate)
    report = judge(model, corpus, excerpt_seconds=seconds, most_batches=batches, train=known)
    print(report.table())
    if (logs := what[0] / "logs").is_dir():
        _log(logs, report, audio)
    _write(out, {"model_path": str(what[0]), **report.as_dict()})


def _log(logs: Path, report: "ModelReport", audio: Path) -> None:
    """Puts the scores beside the curves of the run, in TensorBoard."""
    from kaudio.training.event_file import EventFile

    with EventFile(logs / "evaluated") as events:
        for name, value in {report.metric: report.value, **report.baselines}.items():
            events.scalar(f"evaluated/{audio.name}/{name}", value, 0)


def _trained_seconds(path: Path) -> float | None:
    """The excerpts of the recipe, if its run folder tells."""
    record = (path if path.is_dir() else path.parent) / "recipe.json"
    if not record.is_file():
        return None
    try:
        seconds = json.loads(record.read_text(encoding="utf-8"))["options"].get("excerpt_seconds")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ValueError(f"'{record}' is damaged. Say --excerpt-seconds instead.") from error
    return seconds if isinstance(seconds, int | float) else None


def _write(path: Path | None, content: dict) -> None:
    if path:
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        place = path.resolve()
        # Whole or not at all, unless it is a pipe; and names of files need not be text.
        plain = place.is_file() or not place.exists()
        whole = place.with_name(f".{place.name}.part") if plain else place
        whole.write_text(text, encoding="utf-8", errors="backslashreplace")
        if plain:
            whole.replace(place)
        print(f"Numbers: {path}")
