"""`kaudio evaluate`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from kaudio.cli.app import app
from kaudio.cli.options import BackendOption
from kaudio.startup import choose

# Clips of higher rates are compared at this one: most of what is heard lies below half of it.
HIGHEST_RATE = 16_000


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
    choose(backend)
    if audio is not None:
        _model(what, audio, excerpt_seconds, batches, json)
    elif against is not None:
        _clips(what, against, json)


def _model(
    what: list[Path], audio: Path, seconds: float | None, batches: int | None, out: Path | None
) -> None:
    from kaudio.data import Corpus
    from kaudio.evaluation.judge_model import evaluate as judge
    from kaudio.models import Autoregressive
    from kaudio.models.load import load

    if len(what) != 1:
        raise ValueError(f"--audio judges one model at a time. Received: {len(what)} of them.")
    model = load(what[0])
    if not isinstance(model, Autoregressive):
        raise ValueError(
            f"'{what[0]}' is a {type(model).__name__}. Only models of the next step, WaveNet and "
            "FrameLSTM, are judged by recordings; `kaudio classify` asks a classifier."
        )
    corpus = Corpus.from_folder(audio, model.codec.sample_rate)
    seconds = _trained_seconds(what[0]) if seconds is None else seconds
    report = judge(model, corpus, excerpt_seconds=seconds, most_batches=batches)
    print(report.table())
    _write(out, {"model_path": str(what[0]), **report.as_dict()})


def _clips(what: list[Path], against: Path, out: Path | None) -> None:
    from kaudio.audio import AudioError, find, probe
    from kaudio.data import Corpus
    from kaudio.evaluation.clip_report import clips_line
    from kaudio.evaluation.judge_clip import evaluate_audio
    from kaudio.evaluation.known_music import KnownMusic

    missing = [path for path in what if not path.expanduser().exists()]
    if missing:
        raise ValueError(
            f"There is no '{missing[0]}'. Expected audio files to judge, or folders of them."
        )
    found = [find(path) for path in what]
    refused = [f"'{file.path}': {file.reason}." for _, skipped in found for file in skipped]
    paths = [path for usable, _ in found for path in usable]
    if not paths:
        raise ValueError(f"There is no audio to judge. {' '.join(refused)}".strip())
    music: dict[int, KnownMusic] = {}
    reports = []
    for path in paths:
        rate = min(HIGHEST_RATE, probe(path).sample_rate)
        if rate not in music:
            music[rate] = KnownMusic.of(Corpus.from_folder(against, rate))
        try:
            reports.append(evaluate_audio(path, music[rate]))
        except AudioError as error:
            refused.append(str(error))
            continue
        print(f"{chr(10) * (len(reports) > 1)}{reports[-1].table()}", flush=True)
    if len(reports) > 1:
        print(f"\n{clips_line(reports)}")
    _write(out, {"clips": [report.as_dict() for report in reports]})
    if refused:
        print("\n".join(refused), file=sys.stderr)
        sys.exit(1)


def _trained_seconds(path: Path) -> float | None:
    """The excerpts of the recipe, if its run folder tells."""
    record = (path if path.is_dir() else path.parent) / "recipe.json"
    if not record.is_file():
        return None
    seconds = json.loads(record.read_text(encoding="utf-8"))["options"].get("excerpt_seconds")
    return seconds if isinstance(seconds, int | float) else None


def _write(path: Path | None, content: dict) -> None:
    if path:
        text = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
        path.write_text(text, encoding="utf-8")
        print(f"Numbers: {path}")
