"""Curves that move as planted, against a range that is known."""

import io

import numpy as np
import pytest
from matplotlib import image

from kaudio.evaluation.drift import drift
from kaudio.evaluation.drift_pictures import drift_png
from kaudio.evaluation.music_range import MusicRange
from kaudio.evaluation.over_time import TRACK_UNITS, Track, over_time

RATE = 8_000


def track(windows=60, **curves):
    """A track of zeros, with some curves given."""
    values = {name: np.zeros(windows) for name in TRACK_UNITS}
    values |= {name: np.asarray(curve, float) for name, curve in curves.items()}
    return Track(1.0 + np.arange(windows), values, 2.0)


def music(low=-1.0, high=1.0):
    return MusicRange(dict.fromkeys(TRACK_UNITS, low), dict.fromkeys(TRACK_UNITS, high))


def test_the_range_is_that_of_the_percentiles_over_all_tracks():
    tracks = [track(50, level_db=np.arange(50)), track(51, level_db=np.arange(50, 101))]
    learned = MusicRange.of(tracks)
    assert (learned.lowest["level_db"], learned.highest["level_db"]) == (1.0, 99.0)
    assert (learned.lowest["dc"], learned.highest["dc"]) == (-1e-3, 1e-3)
    assert MusicRange.of(tracks, 0, 100).highest["level_db"] == 100


def test_windows_without_a_value_do_not_count():
    centroid = [np.nan, 3.0, 5.0]
    learned = MusicRange.of([track(3, spectral_centroid=centroid)], 0, 100)
    assert learned.lowest["spectral_centroid"] == 3
    empty = MusicRange.of([track(3, spectral_centroid=[np.nan] * 3)])
    assert np.isnan(empty.lowest["spectral_centroid"])
    found = drift(track(), empty)
    assert found.left_at is None
    assert np.isnan(found.curves["spectral_centroid"].inside)


def test_no_music_is_refused():
    for tracks in ([], [track(0)]):
        with pytest.raises(ValueError, match="Pass at least one recording"):
            MusicRange.of(tracks)


def test_a_curve_leaves_where_the_next_10_s_lie_outside():
    level = np.zeros(60)
    level[20:28] = 5  # too short
    level[33:45] = -5  # 10 s and more
    found = drift(track(level_db=level), music())
    assert (found.left_at, found.left_by) == (34.0, "level_db")
    assert found.curves["level_db"].inside == pytest.approx(40 / 60)
    assert found.curves["dc"].left_at is None


def test_the_earliest_curve_is_named_and_said():
    curves = {"level_db": np.arange(60) > 40, "spectral_flatness": np.arange(60) > 30}
    found = drift(track(**{name: 2.0 * curve for name, curve in curves.items()}), music())
    assert (found.left_at, found.left_by) == (32.0, "spectral_flatness")
    assert found.said() == (
        "It leaves the range of music after 32 of its 61 s: its spectral flatness (0 to 1) goes "
        "from 0 in the first third to 2 in the last; that of music is -1 to 1."
    )


def test_of_curves_that_are_outside_from_the_start_the_farthest_is_said():
    found = drift(track(level_db=np.full(60, 2.0), spectral_centroid=np.full(60, 9.0)), music())
    assert found.said() == (
        "It is outside the range of music from the start: its spectral centroid (Hz) is 9 in the "
        "first third of its 61 s and 9 in the last; that of music is -1 to 1."
    )


def test_what_stays_says_so():
    level = np.zeros(60)
    level[::10] = 3
    found = drift(track(level_db=level), music())
    assert found.left_at is None
    assert found.said() == (
        "It stays in the range of music for all of its 61 s; its level is inside for 90% of the "
        "time, the others for as much or more."
    )
    assert found.stays
    assert drift(track(), music()).said() == (
        "It stays in the range of music for all of its 61 s, in all 8 curves."
    )


def test_what_goes_in_and_out_neither_stays_nor_leaves():
    level = np.full(600, 5.0)
    level[::9] = 0  # never outside for 10 s
    found = drift(track(600, level_db=level), music())
    assert (found.left_at, found.stays) == (None, False)
    assert found.said() == (
        "It goes in and out of the range of music for all of its 601 s; its level is inside for "
        "11% of the time, the others for as much or more."
    )


@pytest.mark.parametrize(
    ("windows", "last", "leaves"), [(9, 7, True), (29, 9, True), (60, 9, False)]
)
def test_the_last_quarter_of_a_clip_need_not_be_10_s(windows, last, leaves):
    level = np.where(np.arange(windows) < windows - last, 0.0, 5.0)
    found = drift(track(windows, level_db=level), music())
    assert found.left_at == (1.0 + windows - last if leaves else None)


def test_a_clip_shorter_than_the_windows_of_the_music_is_not_judged():
    learned = MusicRange.of([track()])
    short = Track(np.array([0.2]), {name: np.zeros(1) for name in TRACK_UNITS}, 0.4)
    with pytest.raises(ValueError, match=r"clips of 2 s or longer.*Received: 0.4 s"):
        drift(short, learned)


def test_the_slope_is_per_minute_and_is_not_moved_by_a_few_windows():
    level = -20 - 0.1 * np.arange(60)
    level[::7] = -100
    curve = drift(track(level_db=level), music()).curves["level_db"]
    assert curve.slope == pytest.approx(-6.0, abs=0.5)
    assert (curve.first, curve.last) == pytest.approx((-21, -25), abs=0.5)


def test_the_slope_of_hours_is_that_of_minutes():
    found = drift(track(20_000, dc=np.arange(20_000) / 60), music())
    assert found.curves["dc"].slope == pytest.approx(1.0)


@pytest.mark.parametrize("windows", [0, 1, 2, 4])
def test_a_short_clip_leaves_if_all_of_it_lies_outside(windows):
    found = drift(track(windows, level_db=[5.0] * windows), music())
    assert found.left_at == (1.0 if windows else None)
    assert found.said().endswith("too short." if not windows else "-1 to 1.")


def test_music_that_turns_to_noise_and_silence_leaves_when_it_does():
    rng = np.random.default_rng(0)
    time = np.arange(60 * RATE) / RATE
    pitches = np.repeat(220 * 2 ** (rng.integers(0, 24, 240) / 12), RATE // 4)
    notes = 0.2 * np.sin(2 * np.pi * np.cumsum(pitches) / RATE) * np.exp(-4 * (time % 0.25))
    notes += 1e-3 * rng.standard_normal(len(notes))
    learned = MusicRange.of([over_time(notes, RATE)])
    noisy, silent = notes[: 40 * RATE].copy(), notes[: 40 * RATE].copy()
    noisy[20 * RATE :] += 0.1 * rng.standard_normal(20 * RATE)
    silent[20 * RATE :] = 0
    for clip, curves in (
        (noisy, {"spectral_flatness", "tonal_clarity"}),
        (silent, {"level_db", "silent_share"}),
    ):
        found = drift(over_time(clip, RATE), learned)
        assert found.left_at == pytest.approx(20.5, abs=1.5)
        assert curves <= {name for name, curve in found.curves.items() if curve.left_at}
    assert drift(over_time(notes, RATE), learned).left_at is None


def red(png):
    pixels = image.imread(io.BytesIO(png), format="png")[:, :, :3]
    return np.count_nonzero((pixels[..., 0] > 0.7) & (pixels[..., 1:] < 0.3).all(axis=-1))


def test_the_picture_is_red_where_a_curve_is_outside():
    level = np.where(np.arange(60) > 40, 5.0, 0.0)
    inside, outside = (drift_png(t, music(), "A clip") for t in (track(), track(level_db=level)))
    assert red(inside) == 0
    assert red(outside) > 100


def test_one_window_and_many_without_a_value_can_be_drawn():
    nothing = MusicRange.of([track(1, spectral_flatness=[np.nan])])
    assert drift_png(track(500, spectral_flatness=[np.nan] * 500), nothing)
    assert drift_png(track(1, spectral_flatness=[0.1]), music(0.01, 0.2))


def test_a_track_without_windows_is_not_drawn():
    with pytest.raises(ValueError, match="Leave out what is empty"):
        drift_png(track(0), music())
