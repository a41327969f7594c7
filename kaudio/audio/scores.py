"""The demo pieces: two styles, as lists of notes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

MODES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
TONIC, SUPERTONIC, MEDIANT, SUBDOMINANT, DOMINANT, SUBMEDIANT, SEVENTH = range(7)


@dataclass(frozen=True)
class Note:
    """One note.

    Args:
        start: In seconds.
        seconds: How long it is held.
        pitch: MIDI note number.
        force: From 0, soft, to 1, loud.
    """

    start: float
    seconds: float
    pitch: int
    force: float


@dataclass(frozen=True)
class Piece:
    """What a piece is made of. The pieces of a composer share keys, themes, basses and chords.

    Args:
        title: Names its file.
        key: MIDI note number of the tonic.
        mode: `"major"` or `"minor"`.
        beats_per_minute: Tempo.
        themes: Scale degrees above each chord, evenly in a bar; or `(degree, beats)` of a melody.
        bass: Scale degrees of the lower part above each chord, evenly in a bar.
    """

    title: str
    key: int
    mode: str
    beats_per_minute: float
    themes: Sequence
    bass: Sequence[int]


# The chords of a phrase end in a cadence.
HALF = (TONIC, SUBMEDIANT, SUBDOMINANT, DOMINANT)
AUTHENTIC = (TONIC, SUBDOMINANT, DOMINANT, TONIC)
CIRCLE = (SUBMEDIANT, SUPERTONIC, DOMINANT, TONIC)
PLAGAL = (TONIC, SUBMEDIANT, SUBDOMINANT, TONIC)

_ARPEGGIO = (0, 2, 4, 7, 4, 2, 4, 2) * 2
_TURNING = (0, 1, 2, 0, 4, 3, 2, 4, 7, 6, 5, 4, 3, 2, 1, 2)
_LEAPING = (4, 2, 0, 2, 4, 7, 9, 7, 4, 2, 4, 5, 4, 3, 2, 1)
_FALLING = (7, 6, 7, 4, 5, 4, 2, 4, 0, 1, 2, 3, 4, 3, 2, 1)
_WALKING = (0, 4, 2, 4, 0, 2, 4, 2)
_STRIDING = (0, 4, 7, 4)

COUNTERPOINT = (
    Piece("prelude_in_g", 67, "major", 96, (_ARPEGGIO, _TURNING), _WALKING),
    Piece("invention_in_e_minor", 64, "minor", 96, (_TURNING, _LEAPING), _WALKING),
    Piece("courante_in_a_minor", 69, "minor", 104, (_LEAPING, _ARPEGGIO), _STRIDING),
    Piece("gavotte_in_c", 72, "major", 104, (_FALLING, _ARPEGGIO), _STRIDING),
    Piece("allemande_in_g", 67, "major", 96, (_TURNING, _FALLING), _WALKING),
)

_ASKING = ((4, 3), (5, 1), (7, 3), (6, 1), (5, 2), (7, 2), (6, 3), (4, 1))
_SIGHING = ((7, 2), (6, 1), (5, 1), (7, 3), (4, 1), (5, 3), (3, 1), (4, 4))
_CALLING = ((2, 1), (4, 3), (9, 3), (7, 1), (7, 2), (5, 2), (6, 2), (4, 2))
_WIDE = (0, 4, 9, 11, 9, 4) * 2
_OPEN = (0, 4, 7, 9, 7, 4) * 2

NOCTURNE = (
    Piece("nocturne_in_e_flat", 63, "major", 56, (_ASKING,), _WIDE),
    Piece("nocturne_in_c_minor", 60, "minor", 56, (_SIGHING,), _WIDE),
    Piece("berceuse_in_a_flat", 68, "major", 60, (_CALLING,), _OPEN),
    Piece("elegy_in_f_minor", 65, "minor", 60, (_ASKING,), _OPEN),
    Piece("romance_in_e_flat", 63, "major", 60, (_SIGHING,), _OPEN),
)


def pitch(piece: Piece, degree: int, chord: int = TONIC) -> int:
    """Converts a scale degree (0 is the tonic, 7 its octave) to a MIDI note number.

    In minor, the leading note is raised over the dominant chord.
    """
    octave, step = divmod(degree, 7)
    raised = piece.mode == "minor" and step == SEVENTH and chord == DOMINANT
    return piece.key + 12 * octave + MODES[piece.mode][step] + raised


def counterpoint(piece: Piece) -> Iterator[Note]:
    """Two brisk voices in steady time, 16 bars: a phrase, its answer, a sequence, the close.

    The second theme enters in the third phrase, in the lower voice. Each phrase broadens into its
    cadence.
    """
    bar = 240 / piece.beats_per_minute
    theme, second = piece.themes
    half = len(theme) // 2
    answer = (*theme[:half], *reversed(theme[half:]))
    voices = ((theme, piece.bass), (answer, piece.bass), (piece.bass, second), (theme, piece.bass))
    for number, phrase in enumerate((HALF, AUTHENTIC, CIRCLE, AUTHENTIC)):
        upper, lower = voices[number]
        for index, chord in enumerate(phrase):
            start, last = (4 * number + index) * bar, index == 3
            yield from _voice(piece, upper, chord, 0, start, last)
            yield from _voice(piece, lower, chord, -14, start, last)


def _voice(
    piece: Piece, figure: Sequence[int], chord: int, shift: int, start: float, is_last: bool
) -> Iterator[Note]:
    """A bar of one voice; the last of a phrase comes to rest on the root, for a beat."""
    beat = 60 / piece.beats_per_minute
    step, to_beat = 4 * beat / len(figure), len(figure) // 4
    root = _root(chord) + shift
    for index, degree in enumerate(figure[: 3 * to_beat] if is_last else figure):
        force = 0.7 if index % to_beat == 0 else 0.5
        yield Note(start + index * step, 1.6 * step, pitch(piece, root + degree, chord), force)
    if is_last:
        yield Note(start + 3 * beat, 1.2 * beat, pitch(piece, root, chord), 0.7)


def _root(chord: int) -> int:
    """The degree of a chord's root, near the tonic."""
    return chord if chord < DOMINANT else chord - 7


def nocturne(piece: Piece) -> Iterator[Note]:
    """A slow melody over wide broken chords, 8 bars: a phrase, its ornamented return, a last chord.

    Each phrase swells and presses on towards its middle, then dies away and holds back.
    """
    (melody,) = piece.themes
    parts = (*_broken(piece, HALF, 0.0), *_broken(piece, PLAGAL, 16.0))
    sung = (*_sung(piece, melody, HALF, 0.0), *_sung(piece, _return(melody), PLAGAL, 16.0))
    for start, beats, note, level in (*parts, *sung, *_last_chord(piece, 32.0)):
        begin = _rubato(start)
        seconds = (_rubato(start + beats) - begin) * 60 / piece.beats_per_minute
        swell = 0.2 + 0.8 * np.sin(np.pi * (start % 16 + 1) / 18) ** 2
        yield Note(begin * 60 / piece.beats_per_minute, seconds, note, level * swell)


def _rubato(beats: float) -> float:
    """Where a beat falls, in beats of steady time: a phrase is 16 of them."""
    return beats + 0.35 * np.sin(2 * np.pi * beats / 16) + 0.03 * max(0.0, beats - 30) ** 2


def _broken(piece: Piece, phrase: Sequence[int], start: float) -> Iterator[tuple]:
    """The left hand: each note `(start, beats, pitch, level)`, held to the end of its bar."""
    for bar, chord in enumerate(phrase):
        for index, degree in enumerate(piece.bass):
            late = 4 * index / len(piece.bass)
            note = pitch(piece, _root(chord) + degree - 14, chord)
            yield start + 4 * bar + late, 4 - late, note, 0.5


def _sung(
    piece: Piece, melody: Iterable[tuple[int, float]], phrase: Sequence[int], start: float
) -> Iterator[tuple]:
    """The right hand, as `(start, beats, pitch, level)`."""
    late = 0.0
    for degree, beats in melody:
        chord = phrase[int(late) // 4]
        yield start + late, beats, pitch(piece, degree, chord), 1.0
        late += beats


def _return(melody: Sequence[tuple[int, float]]) -> Iterator[tuple[int, float]]:
    """The melody with a turn at the end of each long note, and the tonic in the last bar."""
    late = 0.0
    for degree, beats in melody:
        if late >= 12:
            break
        if beats < 3:
            yield degree, beats
        else:
            yield degree, beats - 1
            yield from ((degree + step, 1 / 3) for step in (1, 0, -1))
        late += beats
    yield TONIC, 4


def _last_chord(piece: Piece, start: float) -> Iterator[tuple]:
    """The tonic, spread from the bass up."""
    for index, degree in enumerate((-14, -10, -7, -5, 0, 2)):
        yield start + index / 3, 4, pitch(piece, degree), 1.0
