"""What is said of a clip: as a table, and as numbers for JSON."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kaudio.audio.files import printable
from kaudio.evaluation.copies import Copy
from kaudio.evaluation.drift import Drift
from kaudio.evaluation.frechet import Distances
from kaudio.evaluation.loops import Loops
from kaudio.evaluation.measures import Measure
from kaudio.evaluation.model_report import plain

# A shorter passage may be alike by chance: see `kaudio.evaluation.copies`.
COPIED_SECONDS = 1.0
# Joins of real music stand out by 0.6 dB at most: docs/evaluation.md.
CLICKING_DB = 1.0


@dataclass(frozen=True, eq=False)
class ClipReport:
    """A clip, judged by music.

    Args:
        name: Of the clip.
        seconds: Its length: up to the first sample that is no number.
        sample_rate: At which it was judged, in Hz.
        source_rate: Its own, at which clipping, white noise and joins were sought.
        music: What it was judged by, in words.
        excerpt_seconds: Length of the excerpts that it and the music were cut into.
        measures: By the names of `kaudio.evaluation.measures`.
        faults: What is wrong with it, a phrase each. Empty for music.
        drift: How it moves over its length, or None where that is not defined.
        loops: Its longest repetitions, or None.
        copy: The longest passage that is in the music, or None.
        copy_floor: What the music itself has by chance, or None: see `KnownMusic`.
        distances: Fréchet distance of its log-mel statistics from those of the music, or None.
        joins: How much the joins of frames stand out, in dB, or None: see
            `kaudio.evaluation.sound.join_click_db`.
        embedding: Fréchet distance as a classifier of composers hears it, or None.
        undefined: Why what is None is so, by name.
        is_music: Whether the clip is itself one of the recordings that it is set beside.
    """

    name: str
    seconds: float
    sample_rate: int
    source_rate: int
    music: str
    excerpt_seconds: float
    measures: dict[str, Measure]
    faults: list[str]
    drift: Drift | None
    loops: Loops | None
    copy: Copy | None
    copy_floor: float | None
    distances: Distances | None
    joins: float | None
    embedding: Distances | None
    undefined: dict[str, str]
    is_music: bool = False

    @property
    def copied(self) -> bool | None:
        """Whether a passage is a copy: 1 s or more, and longer than chance makes one here."""
        if self.copy is None:
            return None
        return self.copy.seconds >= COPIED_SECONDS and self.copy.seconds > (self.copy_floor or 0)

    @property
    def wrong(self) -> list[str]:
        """All that is beyond a threshold, a phrase each: what `verdict` says."""
        return self.faults + self.beyond

    @property
    def verdict(self) -> str:
        """What is wrong, and what could not be sought, in a line."""
        unknown = [name for name in self.undefined if name not in ("everything", "embedding")]
        missing = f"; not defined: {', '.join(unknown)}" if unknown and not self.wrong else ""
        return "; ".join(self.wrong) or f"nothing wrong was found{missing}"

    @property
    def beyond(self) -> list[str]:
        """What is so beside the music, and at joins: a copy, clicks, drift."""
        found = []
        if self.copied and self.copy:
            found.append(f"copied: {self.copy.seconds:.1f} s of the music")
        if self.joins is not None and self.joins >= CLICKING_DB:
            found.append(clicking(self.joins))
        if self.drift and self.drift.left_at is not None and self.drift.left_by:
            when = f"from {self.drift.left_at:.0f} s on"
            if self.drift.from_the_start:
                when = "from the start"
            found.append(f"unlike the music {when}: its {words(self.drift.left_by)}")
        return found

    def as_dict(self) -> dict[str, Any]:
        """All of it in dicts, lists, numbers and None, as JSON takes it: no NaN, no infinity."""
        content = asdict(self)
        for name, measure in self.measures.items():
            content["measures"][name]["inside"] = measure.inside
        content["verdict"] = self.verdict
        if self.drift:
            content["drift"]["said"] = self.drift.said()
        return plain(content)

    def table(self) -> str:
        """The report as plain text, with a line for each quantity.

        Example:
        >>> print(report.table())
        clip.wav: 10.0 s at 16000 Hz, beside 24 recordings of 120.0 min in all
        verdict   nothing wrong was found
        over excerpts of 10 s            clip     music, 1 to 99 %
        level (dBFS)                   -21.3       -35.1 to -15.2
        ...
        """
        rate = f"{self.sample_rate} Hz"
        if self.source_rate != self.sample_rate:
            rate = f"{self.source_rate} Hz, judged at {rate}"
        seconds = f"{self.seconds:.1f}" if self.seconds >= 1 else f"{self.seconds:.3f}"
        lines = [f"{self.name}: {seconds} s at {rate}, beside {self.music}"]
        lines.append(f"{'verdict':10}{self.verdict}")
        if self.is_music:
            lines.append(f"{'note':10}It is one of these recordings: it is set beside itself.")
        over = f"over excerpts of {self.excerpt_seconds:.3g} s"
        lines.append(f"{over:34}{'clip':>9}    music, 1 to 99 %")
        for name, measure in self.measures.items():
            value = "-" if measure.value is None else f"{measure.value:.4g}"
            extent = f"{measure.low:.4g} to {measure.high:.4g}"
            mark = "  outside" if measure.inside is False else ""
            if measure.inside is None:
                what = "not defined" if measure.value is None else "not judged"
                mark = f"  {what}: {measure.why}"
            lines.append(f"{f'{words(name)} ({measure.unit})':34}{value:>9}    {extent}{mark}")
        rows = {"faults": "; ".join(self.faults) or "none", **self._said(), **self.undefined}
        for name, text in rows.items():
            why = "not defined: " * (name in self.undefined)
            lines.append(f"{name:9} {why}{text}")
        return "\n".join(lines)

    def _said(self) -> dict[str, str]:
        rows = {}
        if self.drift:
            rows["drift"] = self.drift.said()
            shares = {k: c.inside for k, c in self.drift.curves.items() if c.inside >= 0}
            rows["inside"] = ", ".join(f"{words(k)} {v:.0%}" for k, v in shares.items())
        if self.loops:
            exact = _repeated(self.loops.exact_seconds, self.loops.exact_at)
            near = _repeated(self.loops.near_seconds, self.loops.near_at)
            rows["loops"] = f"the longest exact one {exact}, the longest near one {near}"
        if self.copy:
            floor = ""
            if self.copy_floor is not None:
                floor = f"; an excerpt of the music has {self.copy_floor:.2f} s from others"
            rows["copied"] = f"nothing{floor}"
            if self.copy.source:
                rows["copied"] = (
                    f"{self.copy.seconds:.2f} s at {self.copy.at:.2f} s, from "
                    f"'{printable(self.copy.source)}' at {self.copy.source_at:.2f} s "
                    f"(similarity {self.copy.similarity:.2f}){floor}"
                )
        if self.distances:
            rows["distance"] = told(self.distances, "dB^2 ")
        if self.embedding:
            rows["embedding"] = told(self.embedding)
        if self.joins is not None:
            clicks = " and click" * (self.joins >= CLICKING_DB)
            rows["joins"] = f"stand out by {self.joins:.1f} dB{clicks}"
        return rows


def clips_line(reports: Sequence[ClipReport]) -> str:
    """Several clips in a line: how many have which fault."""
    clear = sum(not report.wrong for report in reports)
    outside = sum(any(m.inside is False for m in r.measures.values()) for r in reports)
    drifting = sum(r.drift is not None and r.drift.left_at is not None for r in reports)
    copied = sum(bool(report.copied) for report in reports)
    return (
        f"{len(reports)} clips: {clear} with nothing wrong, {outside} outside the range of the "
        f"music in something, {drifting} drifting out of it, {copied} with a passage copied."
    )


def told(distances: Distances, unit: str = "") -> str:
    """A distance beside its floor and its ceilings, in a line."""
    beside = {"half of the music": distances.floor, **distances.ceilings}
    others = ", ".join(f"{name} {value:.3g}" for name, value in beside.items())
    times = ""
    if distances.floor > 0:
        times = f", {distances.value / distances.floor:.1f} times its floor"
    return f"{distances.value:.3g} {unit}from the music{times} ({others})"


def clicking(joins: float) -> str:
    """What is said of joins that stand out, by so many dB."""
    return f"clicks: the joins of frames stand out by {joins:.1f} dB"


def _repeated(seconds: float, at: float | None) -> str:
    return "0 s" if at is None else f"{seconds:.2f} s at {at:.2f} s"


def words(name: str) -> str:
    """The name of a quantity as one says it."""
    return re.sub("_db$", "", name).replace("_", " ")
