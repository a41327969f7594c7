"""Whether a clip is like the music that it is set beside: everything that can be measured of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from kaudio.audio import probe, read
from kaudio.audio.files import printable
from kaudio.data.corpus import Corpus
from kaudio.evaluation.clip_report import ClipReport
from kaudio.evaluation.copies import copies
from kaudio.evaluation.drift import drift
from kaudio.evaluation.embedded import EmbeddedMusic
from kaudio.evaluation.faults import SHORTEST_SECONDS, clipping_and_noise, faults
from kaudio.evaluation.frechet import Distances, distances
from kaudio.evaluation.known_music import KnownMusic
from kaudio.evaluation.loops import Loops, loops
from kaudio.evaluation.measures import measures
from kaudio.evaluation.over_time import over_time
from kaudio.evaluation.rows import log_mel_rows
from kaudio.evaluation.sound import join_click_db, until_broken


@dataclass(frozen=True)
class _File:
    """A file, of which no more than some seconds are judged."""

    path: Path
    seconds: float | None


# A file, or samples and their rate in Hz.
Heard = _File | tuple[np.ndarray, int]


def evaluate_audio(
    audio: Path | str | np.ndarray,
    against: Corpus | KnownMusic,
    sample_rate: int | None = None,
    name: str | None = None,
    frame_seconds: float | None = None,
    embedded: EmbeddedMusic | None = None,
    may_end: bool = False,
    seconds: float | None = None,
) -> ClipReport:
    """Judges a clip by music: one that a model made, or any other.

    It tells level, brightness and the like beside the range in which 98 % of the music lie
    (`kaudio.evaluation.measures`); faults that can be heard at
    once; drift; loops; the longest passage that is copied from the music, and from where; and how
    far the clip is from the music as a whole, beside how far one half of it is from the other.

    A clip that holds what is no number is judged up to there. What is not defined, because the
    clip is too short or silent, says why; all else stands.

    Args:
        audio: An audio file of any rate, which is resampled to that of the music. Or a waveform
            `(num_samples,)`, full scale at -1 and 1, at `sample_rate`.
        against: The music. Of several clips, pass one `KnownMusic.of(corpus)`, which takes most of
            the time.
        sample_rate: Of a waveform, in Hz. Must be that of the music. Files have their own.
        name: What the clip is called in the report. Defaults to the path, or "the clip".
        frame_seconds: Length of the frames of a model that writes frames, less what they overlap,
            in seconds: its joins are listened to (`kaudio.evaluation.sound.join_click_db`).
        embedded: The same music as a classifier of composers hears it, for a second distance.
        may_end: Whether it may end in silence, as single sounds do.
        seconds: Of a longer file, no more than this is judged.

    Returns:
        The report. Memory is some times that of the samples of the clip.

    Raises:
        AudioError: If the file cannot be read.
        ValueError: If the waveform is not one channel, or at another rate than the music.

    Example:
    >>> corpus = kaudio.Corpus.from_folder("~/music", sample_rate=16_000)
    >>> report = kaudio.evaluate_audio("clip.wav", corpus)
    >>> report.copy.seconds, report.copy.source
    (4.92, '/home/ada/music/bach/invention_1.flac')
    >>> print(report.table())
    """
    rate = against.sample_rate
    if isinstance(audio, Path | str):
        path = Path(audio).expanduser()
        samples = read(path, rate, seconds=seconds, until_broken=True)
        name = name or printable(path)
    else:
        samples = np.asarray(audio)
        if samples.ndim != 1 or sample_rate != rate:
            raise ValueError(
                f"Expected a waveform of shape (num_samples,) at the {rate} Hz of the music. "
                f"Received: shape {samples.shape} at sample_rate={sample_rate}. Pass one channel "
                "at that rate, or a file, which is resampled."
            )
        samples = samples.astype("float32", copy=False)
    music = against if isinstance(against, KnownMusic) else KnownMusic.of(against)
    whole, samples, own_rate = samples, until_broken(samples), rate
    hidden: list[str] = []
    if isinstance(audio, Path | str) and (own_rate := probe(path).sample_rate) != rate:
        own = until_broken(read(path, seconds=seconds, until_broken=True))
        hidden = clipping_and_noise(own, own_rate)
    # Resampling moves joins off whole samples, so they are sought in the file as it is.
    is_file = isinstance(audio, Path | str)
    heard: Heard = _File(path, seconds) if is_file else (samples, rate)
    undefined: dict[str, str] = {}

    def measured(what: str, measure: Callable[[], Any]) -> Any:
        try:
            return measure() if len(samples) else None
        except ValueError as error:
            undefined[what] = str(error)
        return None

    if not len(samples):
        undefined["everything"] = "There are no samples, or none before the first that is no number"
    track = over_time(samples, rate)
    again = measured("loops", lambda: _loops(samples, rate))
    return ClipReport(
        name=name or "the clip",
        seconds=len(samples) / rate,
        sample_rate=rate,
        source_rate=own_rate,
        music=f"{music.num_recordings} recording{'s' * (music.num_recordings != 1)} of "
        f"{music.seconds / 60:.1f} min in all",
        excerpt_seconds=music.excerpt_seconds,
        measures=measures(samples, track, music),
        faults=_both(faults(whole, rate, may_end, again), hidden),
        drift=measured("drift", lambda: drift(track, music.windows)),
        loops=again,
        copy=measured("copied", lambda: copies(samples, rate, music.fingerprints)),
        copy_floor=music.copy_floor,
        distances=measured(
            "distance",
            lambda: distances(log_mel_rows(samples, rate), music.rows, music.ceilings),
        ),
        joins=measured("joins", lambda: _joins(heard, frame_seconds)) if frame_seconds else None,
        embedding=measured("embedding", lambda: _embedding(heard, embedded)) if embedded else None,
        undefined=undefined,
        is_music=is_file and _among(path, music.fingerprints.names),
    )


def _loops(samples: np.ndarray, sample_rate: int) -> Loops:
    if len(samples) < SHORTEST_SECONDS * sample_rate:
        raise ValueError(
            f"Loops, steady tones and noise are sought in clips of {SHORTEST_SECONDS:g} s or "
            f"longer. Received: {len(samples) / sample_rate:.3f} s."
        )
    return loops(samples, sample_rate)


def _both(found: list[str], hidden: list[str]) -> list[str]:
    """Faults at the rate of the music and at that of the file, each kind once."""
    kinds = {phrase.split(":")[0] for phrase in hidden}
    return [phrase for phrase in found if phrase.split(":")[0] not in kinds] + hidden


def _among(path: Path, names: Sequence[str]) -> bool:
    """Whether a file is one of the recordings."""
    return any(
        Path(name).name == path.name and Path(name).resolve() == path.resolve() for name in names
    )


def _joins(audio: Heard, frame_seconds: float) -> float:
    """How much the joins of frames stand out, in dB."""
    samples, rate = _at(audio)
    hop = frame_seconds * rate
    if abs(hop - round(hop)) > 1e-3 or hop < 1:
        raise ValueError(
            f"Frames must be whole samples long. Received: {frame_seconds:g} s, {hop:.3f} samples "
            f"at {rate} Hz."
        )
    found = join_click_db(samples, round(hop))
    if found is None:
        raise ValueError(
            f"Four joins or more are listened to, of frames of more than 8 samples, in what is not "
            f"silent. Received: {len(samples) / rate:.2f} s with frames of {frame_seconds:g} s."
        )
    return found


def _embedding(audio: Heard, music: EmbeddedMusic) -> Distances:
    return music.distances(_at(audio, music.model.sample_rate)[0])


def _at(audio: Heard, sample_rate: int | None = None) -> tuple[np.ndarray, int]:
    """What is heard up to the first sample that is no number, at a rate or at its own."""
    if isinstance(audio, _File):
        rate = sample_rate or probe(audio.path).sample_rate
        return until_broken(read(audio.path, rate, seconds=audio.seconds, until_broken=True)), rate
    samples, rate = audio
    if sample_rate not in (None, rate):
        raise ValueError(
            f"Expected a waveform at the {sample_rate} Hz of the classifier, or a file, which "
            f"is resampled. Received: {rate} Hz."
        )
    return samples, rate
