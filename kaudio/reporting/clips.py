"""What is heard in a clip: as `kaudio evaluate` has it, and what is not defined, why."""

import base64
import io
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from kaudio.audio import AudioError, probe, read
from kaudio.evaluation import describe, faults, loops
from kaudio.evaluation.bands import HIGHEST_HZ
from kaudio.evaluation.clip_report import ClipReport
from kaudio.evaluation.faults import SHORTEST_SECONDS
from kaudio.evaluation.judge_clip import evaluate_audio
from kaudio.evaluation.known_music import MusicByRate
from kaudio.evaluation.loops import Loops
from kaudio.evaluation.sound import WHY_NOT, until_broken
from kaudio.reporting.pictures import spectrogram, waveform

# Of a longer clip this much is judged, and this much is in the page.
JUDGED_SECONDS = 600.0
PLAYED_SECONDS = 30.0
# Browsers play these rates.
PLAYED_RATES = (3_000, 48_000)


@dataclass(frozen=True, eq=False)
class Picture:
    """A clip to look at and to listen to.

    Args:
        flac: The first 30 s as a FLAC file, or none where the page is full.
        seconds: How long that is.
        highest: The highest frequency in the spectrogram, in Hz.
        waveform: An SVG element.
        spectrogram: A WebP picture, or none where the clip is too short for one.
    """

    flac: bytes
    seconds: float
    highest: float
    waveform: str
    spectrogram: bytes


@dataclass(frozen=True, eq=False)
class Clip:
    """A clip, measured.

    Args:
        path: Its file.
        seconds: Its length, or None where the file cannot be read.
        sample_rate: Of the file, in Hz, or None.
        measures: By the names of `kaudio.evaluation.UNITS`; None where one is not defined.
        faults: What is wrong with it, a phrase each.
        loops: Its longest repetitions, or None.
        report: How it is beside music, or None without music.
        picture: To look at, or None where it cannot be read.
        undefined: Why what is None is so, by name of the measure.
    """

    path: Path
    seconds: float | None = None
    sample_rate: int | None = None
    measures: dict[str, float | None] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    loops: Loops | None = None
    report: ClipReport | None = None
    picture: Picture | None = None
    undefined: dict[str, str] = field(default_factory=dict)


def hear(
    path: Path,
    music: MusicByRate | None = None,
    hop_length: int | None = None,
    may_end: bool = False,
) -> Clip:
    """Measures a clip. A file that cannot be read, or is too short, says so, and is not raised.

    Args:
        path: An audio file of any rate. Of one longer than 10 minutes, those are judged.
        music: To judge it by, or None.
        hop_length: Samples between the joins of a model that writes frames, at the rate of the
            file, or None.
        may_end: Whether it may end in silence, as single sounds do.
    """
    try:
        info = probe(path)
        whole = read(path, seconds=JUDGED_SECONDS, until_broken=True)
    except AudioError as error:
        return Clip(path, undefined={"everything": error.reason})
    samples = until_broken(whole)
    if not len(samples):
        none = "its first sample is not a number" if len(whole) else "it holds no samples"
        return Clip(path, undefined={"everything": none})
    rate, why = info.sample_rate, dict(WHY_NOT)
    measures = describe(samples, rate, hop_length)
    why["join_click_db"] = "fewer than 4 joins, or silence"
    if hop_length is None:
        why["join_click_db"] = "no run says where joins are"
    elif hop_length == 1:
        why["join_click_db"] = "the model writes single samples"
    long_enough = len(samples) >= SHORTEST_SECONDS * rate
    if not long_enough:
        why["loops"] = f"shorter than {SHORTEST_SECONDS:g} s"
    report, again = None, None
    if music:
        report = evaluate_audio(
            path,
            music.at(rate),
            name=path.name,
            frame_seconds=hop_length / rate if hop_length and hop_length > 1 else None,
            may_end=may_end,
            seconds=JUDGED_SECONDS,
        )
        why |= {name: text.split(". ")[0] for name, text in report.undefined.items()}
        again = report.loops
    elif long_enough:
        again = loops(samples, rate)
    return Clip(
        path=path,
        seconds=info.seconds if len(whole) == len(samples) else len(samples) / rate,
        sample_rate=rate,
        measures=measures,
        faults=report.faults if report else faults(whole, rate, may_end, again),
        loops=again,
        report=report,
        picture=_picture(path, samples, rate),
        undefined=why,
    )


def data_uri(kind: str, content: bytes) -> str:
    """Bytes as an address that holds them."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def _picture(path: Path, samples: np.ndarray, sample_rate: int) -> Picture:
    shown = samples[: round(PLAYED_SECONDS * sample_rate)]
    rate = int(np.clip(sample_rate, *PLAYED_RATES))
    played = shown
    if rate != sample_rate:
        played = until_broken(read(path, rate, seconds=PLAYED_SECONDS, until_broken=True))
    file = io.BytesIO()
    soundfile.write(file, played, rate, format="FLAC", subtype="PCM_16")
    seconds = len(shown) / sample_rate
    highest = min(HIGHEST_HZ, sample_rate / 2)
    picture = spectrogram(shown, sample_rate)
    return Picture(file.getvalue(), seconds, highest, waveform(shown), picture)
