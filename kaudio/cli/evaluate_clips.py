"""What `kaudio evaluate` says of audio files."""

import sys
from functools import partial
from pathlib import Path
from typing import Any


def evaluate_clips(
    what: list[Path],
    against: Path,
    classifier: Path | None,
    frame_seconds: float | None,
    png: Path | None,
) -> tuple[dict[str, Any], list[str]]:
    """Prints a table for each clip.

    Returns:
        All numbers, and what was refused, in sentences.
    """
    from kaudio.audio import AudioError, find, probe
    from kaudio.data import Corpus
    from kaudio.evaluation.clip_report import clips_line, told
    from kaudio.evaluation.embedded import EmbeddedMusic
    from kaudio.evaluation.judge_clip import evaluate_audio
    from kaudio.evaluation.judge_set import evaluate_set
    from kaudio.evaluation.known_music import HIGHEST_RATE, MusicByRate
    from kaudio.models.load import load
    from kaudio.output import watched

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
    embedded = None
    if classifier is not None:
        model = load(classifier)
        rate = getattr(model, "sample_rate", None) or HIGHEST_RATE
        embedded = EmbeddedMusic.of(
            Corpus.from_folder(against, rate), model, partial(watched, what="embedding the music")
        )
    music = MusicByRate(against, partial(watched, what="measuring the music"))
    reports, judged = [], []
    for path in paths:
        known = music.at(probe(path).sample_rate)
        try:
            report = evaluate_audio(path, known, frame_seconds=frame_seconds, embedded=embedded)
        except AudioError as error:
            refused.append(str(error))
            continue
        reports.append(report)
        judged.append(path)
        print(f"{chr(10) * (len(reports) > 1)}{report.table()}", flush=True)
        if png:
            place = png.with_stem(f"{png.stem}_{len(judged)}") if len(paths) > 1 else png
            _draw(path, known, place)
    content: dict[str, Any] = {"clips": [report.as_dict() for report in reports]}
    if len(reports) > 1:
        print(f"\n{clips_line(reports)}")
        # Of clips of several rates, at the lowest: what all of them have.
        together, left_out = evaluate_set(judged, music.lowest, embedded)
        for name, value in together.items():
            said = f"not defined: {value}" if isinstance(value, str) else told(value)
            missing = f"; {len(left_out[name])} too short and not among them" * bool(left_out[name])
            print(f"{name} of all clips together: {said}{missing}")
        content["together"] = {
            name: {"undefined": value} if isinstance(value, str) else vars(value)
            for name, value in together.items()
        }
        content["left_out"] = left_out
    return content, refused


def _draw(path: Path, music: Any, picture: Path) -> None:
    from kaudio.evaluation.drift_pictures import drift_of_file_png

    try:
        picture.write_bytes(drift_of_file_png(path, music))
    except ValueError as error:
        print(f"No picture: {error}", file=sys.stderr)
        return
    print(f"picture   {picture}")
