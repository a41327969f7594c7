"""The built-in corpus: minutes of music in two styles, and single sounds, all synthesised."""

import functools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from kaudio.audio import scores, synth, writer

VERSION = 1
PEAK = 0.7
RELEASE = 0.12  # seconds

_DRUMS = {
    "kick_low": (160, 48, 0.13, 0.02),
    "kick_high": (220, 62, 0.09, 0.04),
    "snare_low": (240, 170, 0.10, 0.55),
    "snare_high": (300, 210, 0.08, 0.65),
    "tom_low": (150, 95, 0.18, 0.03),
    "tom_middle": (200, 135, 0.16, 0.03),
    "tom_high": (270, 190, 0.13, 0.03),
    "hat_closed": (0, 0, 0.03, 1.0),
    "hat_open": (0, 0, 0.12, 1.0),
    "cymbal_crash": (0, 0, 0.22, 1.0),
}
_MALLET_NOTES = {
    "marimba": {"c3": 48, "g3": 55, "c4": 60, "g4": 67, "c5": 72},
    "vibraphone": {"f3": 53, "c4": 60, "f4": 65, "c5": 72, "f5": 77},
    "glockenspiel": {"g5": 79, "c6": 84, "e6": 88, "g6": 91},
}
_WAVE_NOTES = {"c2": 36, "c3": 48, "g3": 55, "c4": 60, "g4": 67, "c5": 72}


def demo_folder(root: Path) -> Path:
    """Makes the demo corpus, once.

    It holds `music/<composer>/NN_title.wav` and `oneshots/<kind>/name_pitch.wav`: mono WAV of 16
    bits at 16 kHz. The same bytes each time on one machine. Several processes may call it at once.

    Args:
        root: Where to make it. The folder is made too.

    Returns:
        Its folder, `root/demo-<version>`.

    Example:
    >>> folder = demo_folder(Path("cache"))
    >>> sorted(path.name for path in (folder / "music").iterdir())
    ['counterpoint', 'nocturne']
    """
    root = Path(root)
    folder = root / f"demo-{VERSION}"
    if folder.is_dir():
        return folder
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".demo-", dir=root) as scratch:
        made = Path(scratch) / "made"
        for name, samples in _sounds():
            writer.write(made / name, samples, synth.RATE)
        try:
            os.replace(made, folder)
        except OSError:
            if not folder.is_dir():  # else another process was first, with the same bytes
                raise
    return folder


def _sounds() -> Iterator[tuple[str, np.ndarray]]:
    """The name and samples of every file."""
    for number, piece in enumerate(scores.COUNTERPOINT, 1):
        yield (
            f"music/counterpoint/{number:02}_{piece.title}.wav",
            _play(scores.counterpoint(piece), lambda pitch, force: synth.pluck(pitch)),
        )
    for number, piece in enumerate(scores.NOCTURNE, 1):
        yield (
            f"music/nocturne/{number:02}_{piece.title}.wav",
            _play(scores.nocturne(piece), synth.strike),
        )
    for name, shape in _DRUMS.items():
        yield f"oneshots/drums/{name}.wav", synth.drum(name, *shape)
    for name, notes in _MALLET_NOTES.items():
        for pitch, note in notes.items():
            yield f"oneshots/mallets/{name}_{pitch}.wav", synth.mallet(name, note)
    for name in ("sine", "triangle", "saw", "square"):
        for pitch, note in _WAVE_NOTES.items():
            yield f"oneshots/waves/{name}_{pitch}.wav", synth.wave(name, note)


def _play(
    score: Iterable[scores.Note], instrument: Callable[[int, float], np.ndarray]
) -> np.ndarray:
    """Mixes the notes of a score, each let go with a short fade, at peak `PEAK`."""
    tone_of = functools.cache(instrument)
    tones = []
    for note in score:
        tone = tone_of(note.pitch, round(4 * note.force) / 4)  # few forces: made few times
        tone = tone[: round((note.seconds + RELEASE) * synth.RATE)]
        left = np.arange(len(tone))[::-1] / synth.RATE
        tone = note.force * np.minimum(left / RELEASE, 1) * tone
        tones.append((round(note.start * synth.RATE), tone))
    mix = np.zeros(max(begin + len(tone) for begin, tone in tones))
    for begin, tone in tones:
        mix[begin : begin + len(tone)] += tone
    mix -= mix.mean()
    time = np.arange(len(mix)) / synth.RATE
    mix *= np.minimum(time / 0.01, 1) * np.minimum(time[::-1] / 0.5, 1)
    return PEAK * mix / np.abs(mix).max()
