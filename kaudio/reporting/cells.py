"""The table of a page: what stands in each cell, and colour only where there is a threshold."""

from collections.abc import Callable
from dataclasses import dataclass

from kaudio.evaluation import UNITS
from kaudio.evaluation.clip_report import CLICKING_DB, clicking, words
from kaudio.evaluation.faults import CLIPPED_SHARE, QUIET_DB, SHORTEST_SECONDS
from kaudio.reporting.clips import JUDGED_SECONDS, Clip
from kaudio.reporting.gather import Row
from kaudio.reporting.runs import RunRecord


@dataclass(frozen=True)
class Cell:
    """What stands in a cell.

    Args:
        text: Its figure or word.
        order: What rows are sorted by, a number or a text; None comes last.
        good: Whether it keeps to a threshold, or None where there is none: then no colour.
        note: What stands beside it, small.
    """

    text: str
    order: float | str | None = None
    good: bool | None = None
    note: str = ""


def undefined(why: str) -> Cell:
    """The cell of what has no value."""
    return Cell("not defined", note=why)


def cells(row: Row, with_music: bool) -> dict[str, Cell]:
    """The cells of a row, by the title of their column."""
    found = {"Name": Cell(row.name, row.name.lower())}
    for title, of_run in RUN_COLUMNS.items():
        found[title] = of_run(row.run) if row.run else undefined(row.no_clip or "a clip alone")
    for title, of_clip in CLIP_COLUMNS.items():
        if title not in MUSIC_COLUMNS or with_music:
            found[title] = _of_clip(row, of_clip)
    return found


def _of_clip(row: Row, of_clip: Callable[[Clip], Cell]) -> Cell:
    if row.clip is None:
        return undefined(row.no_clip)
    if "everything" in row.clip.undefined:
        return undefined(row.clip.undefined["everything"])
    return of_clip(row.clip)


def _model(run: RunRecord) -> Cell:
    return Cell(run.model, run.model) if run.model else undefined(run.undefined["model"])


def _parameters(run: RunRecord) -> Cell:
    if run.parameters is None:
        return undefined(run.undefined["parameters"])
    return Cell(f"{run.parameters:,}", run.parameters)


def _held_out(run: RunRecord) -> Cell:
    if run.value is None:
        return undefined(run.undefined["value"])
    beside = ", ".join(f"{name} {value:.4g}" for name, value in run.baselines.items())
    when = "" if run.epoch is None else f", epoch {run.epoch}"
    note = f"{(run.metric or '').replace('_', ' ')}{when}"
    return Cell(f"{run.value:.4f}", run.value, note=f"{note}; beside {beside}" if beside else note)


def _length(clip: Clip) -> Cell:
    seconds = clip.seconds or 0.0
    shown = f"{seconds:.1f} s" if seconds >= 1 else f"{1000 * seconds:.0f} ms"
    note = f"{clip.sample_rate:,}\u00a0Hz"
    if seconds > JUDGED_SECONDS:
        note += f"; the first {JUDGED_SECONDS:g} s are judged"
    return Cell(shown, seconds, note=note)


def _verdict(clip: Clip) -> Cell:
    clicks = clip.measures["join_click_db"]
    found = clip.report.wrong if clip.report else clip.faults
    if not clip.report and clicks is not None and clicks >= CLICKING_DB:
        found = [*found, clicking(clicks)]
    count = len(found)
    if count:
        return Cell("faulty" if count == 1 else f"{count} faults", count, False, "; ".join(found))
    short = (
        ""
        if "loops" not in clip.undefined
        else (f"shorter than {SHORTEST_SECONDS:g} s: tones, loops and noise were not sought")
    )
    return Cell("no fault", 0, True, short)


def _measure(
    name: str, shown: Callable[[float], str], fails: Callable[[float], bool] | None, limit: str
) -> Callable[[Clip], Cell]:
    """A measure: beside the range of the music where there is music, or else a fixed threshold."""

    def cell(clip: Clip) -> Cell:
        value = clip.measures[name]
        if value is None:
            return undefined(clip.undefined.get(name, "silence"))
        beside = clip.report.measures.get(name) if clip.report else None
        if beside and beside.value is not None:
            extent = f"music: {shown(beside.low)} to {shown(beside.high)}"
            extent += f"; not judged: {beside.why}" * bool(beside.why)
            return Cell(shown(beside.value), beside.value, beside.inside, extent)
        if fails is None:
            return Cell(shown(value), value)
        bad = fails(value)
        return Cell(shown(value), value, not bad, limit if bad else "")

    return cell


def _drift(clip: Clip) -> Cell:
    if clip.report is None:
        return undefined("no music was given")
    if clip.report.drift is None:
        return undefined(clip.undefined.get("drift", "no samples"))
    drift = clip.report.drift
    if drift.stays:
        return Cell("stays", drift.seconds, True, "in the range of the music")
    if drift.left_at is not None and drift.left_by:
        return Cell(f"leaves at {drift.left_at:.0f} s", drift.left_at, False, words(drift.left_by))
    if drift.least_inside is None:
        return undefined(drift.said())
    name, share = drift.least_inside
    return Cell("in and out", drift.seconds, note=f"{words(name)} inside for {share:.0%}")


def _loops(clip: Clip) -> Cell:
    if clip.loops is None:
        return undefined(clip.undefined.get("loops", "no samples"))
    looped = [fault for fault in clip.faults if fault.startswith("a loop")]
    if looped:
        return Cell("a loop", clip.loops.near_seconds, False, "; ".join(looped))
    if not clip.loops.near_seconds:
        return Cell("none", 0.0, True)
    note = f"exact: {clip.loops.exact_seconds:.1f} s"
    return Cell(f"{clip.loops.near_seconds:.1f} s", clip.loops.near_seconds, True, note)


def _joins(clip: Clip) -> Cell:
    value = clip.measures["join_click_db"]
    if value is None:
        return undefined(clip.undefined["join_click_db"])
    clicks = value >= CLICKING_DB
    note = f"clicks: {CLICKING_DB:g} dB or more" if clicks else ""
    return Cell(f"{value:+.1f} {UNITS['join_click_db']}", value, not clicks, note)


def _copied(clip: Clip) -> Cell:
    if clip.report is None or clip.report.copy is None:
        return undefined(clip.undefined.get("copied", "no music to compare with"))
    copy = clip.report.copy
    notes = [f"from {copy.source}"] if copy.source else []
    if clip.report.copy_floor is not None:
        notes.append(f"by chance: {clip.report.copy_floor:.1f} s")
    return Cell(f"{copy.seconds:.1f} s", copy.seconds, not clip.report.copied, "; ".join(notes))


def _distance(clip: Clip) -> Cell:
    if clip.report is None or clip.report.distances is None:
        return undefined(clip.undefined.get("distance", "no music to compare with"))
    found = clip.report.distances
    beside = {"half of the music": found.floor, **found.ceilings}
    note = ", ".join(f"{name} {value:.0f}" for name, value in beside.items())
    return Cell(f"{found.value:.0f} dB²", found.value, note=note)


def _share(value: float) -> str:
    return f"{value:.1%}"


RUN_COLUMNS = {"Model": _model, "Parameters": _parameters, "Held out": _held_out}
CLIP_COLUMNS = {
    "Clip": _length,
    "Verdict": _verdict,
    "Level": _measure(
        "level_db",
        lambda value: f"{value:.1f} dBFS",
        lambda value: value < QUIET_DB,
        f"below {QUIET_DB:g} dBFS",
    ),
    "Clipping": _measure(
        "clipped_share",
        _share,
        lambda value: value >= CLIPPED_SHARE,
        f"{CLIPPED_SHARE:.0%} or more at full scale",
    ),
    "Silence": _measure("silent_share", _share, None, ""),
    "Drift": _drift,
    "Loops": _loops,
    "Joins": _joins,
    "Copied": _copied,
    "Distance": _distance,
}
MUSIC_COLUMNS = ("Copied", "Distance")
