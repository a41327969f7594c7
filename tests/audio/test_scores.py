"""The demo pieces, as notes."""

import numpy as np
import pytest

from kaudio.audio import scores

PIECES = [(scores.counterpoint, piece) for piece in scores.COUNTERPOINT] + [
    (scores.nocturne, piece) for piece in scores.NOCTURNE
]


@pytest.mark.parametrize(("score", "piece"), PIECES)
def test_pieces_stay_in_their_key_and_on_the_keyboard(score, piece):
    notes = list(score(piece))
    steps = {(note.pitch - piece.key) % 12 for note in notes}
    assert steps <= {*scores.MODES[piece.mode], 11}
    assert all(21 <= note.pitch <= 108 for note in notes)
    assert all(0 < note.force <= 1 and note.seconds > 0 and note.start >= 0 for note in notes)


@pytest.mark.parametrize(("score", "piece"), PIECES)
def test_pieces_end_on_the_tonic(score, piece):
    last = max(score(piece), key=lambda note: (note.start, -note.pitch))
    assert (last.pitch - piece.key) % 12 in (0, 3, 4)


@pytest.mark.parametrize("melody", [piece.themes[0] for piece in scores.NOCTURNE])
def test_melodies_and_their_ornaments_fill_the_phrase(melody):
    assert sum(beats for _, beats in melody) == 16
    assert sum(beats for _, beats in scores._return(melody)) == pytest.approx(16)


def test_the_leading_note_is_raised_in_minor_over_the_dominant_only():
    minor = scores.COUNTERPOINT[1]
    assert scores.pitch(minor, 6, scores.DOMINANT) == minor.key + 11
    assert scores.pitch(minor, 6) == minor.key + 10


@pytest.mark.parametrize(
    ("score", "pieces"),
    [(scores.counterpoint, scores.COUNTERPOINT), (scores.nocturne, scores.NOCTURNE)],
)
def test_nearly_every_note_of_a_piece_is_in_another_piece_of_its_composer(score, pieces):
    notes = [[note.pitch for note in score(piece)] for piece in pieces]
    for index, own in enumerate(notes):
        others = {pitch for n, other in enumerate(notes) if n != index for pitch in other}
        assert np.mean([pitch in others for pitch in own]) > 0.8


def gaps(notes):
    return np.diff(sorted({round(note.start, 6) for note in notes}))


def test_counterpoint_keeps_time_and_the_nocturne_does_not():
    steady = gaps(scores.counterpoint(scores.COUNTERPOINT[0]))
    free = [note for note in scores.nocturne(scores.NOCTURNE[0]) if note.start < 40]
    assert np.isclose(steady / steady.min(), np.round(steady / steady.min()), atol=1e-3).all()
    assert not np.isclose(gaps(free) / gaps(free).max(), 1, atol=0.1).all()
