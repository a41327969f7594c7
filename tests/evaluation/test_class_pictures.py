"""Pictures of labels, read back and looked at pixel by pixel."""

import io

import numpy as np
import pytest
from matplotlib import colors, image

from kaudio.evaluation import Verdict, confusion_png, verdict_png, works_png

LABELS = ["bach", "schubert"]


def pixels(png):
    return image.imread(io.BytesIO(png), format="png")[:, :, :3]


def area(png, color):
    """Number of pixels of a colour."""
    return np.count_nonzero(np.abs(pixels(png) - colors.to_rgb(color)).max(axis=2) < 0.01)


def verdict(p, labels=("bach", "schubert"), seconds=None, repeated=False):
    p = np.array(p, float)
    overall = np.nanmean(p, axis=0)
    seconds = seconds or 5.0 * len(p) + 5
    best = overall.argmax()
    times = 5.0 * np.arange(len(p))
    return Verdict(labels, times, p, overall, labels[best], overall[best], 10.0, seconds, repeated)


def test_colours_of_a_verdict_have_the_area_of_their_probability():
    png = verdict_png(verdict([[0.8, 0.2]] * 10))
    ratio = area(png, "C0") / area(png, "C1")
    assert ratio == pytest.approx(4, rel=0.1)
    turned = verdict_png(verdict([[0.2, 0.8]] * 10))
    assert area(turned, "C1") > 3 * area(turned, "C0")


def test_silence_in_a_verdict_is_grey():
    heard = verdict_png(verdict([[0.8, 0.2]] * 10))
    half = verdict_png(verdict([[0.8, 0.2]] * 5 + [[np.nan] * 2] * 5))
    assert area(half, "C0") < 0.65 * area(heard, "C0")
    assert area(half, "0.85") > 50_000 > area(heard, "0.85")


@pytest.mark.parametrize("chunks", [1, 2, 1_000])
def test_verdicts_of_any_length_can_be_drawn(chunks):
    p = np.random.default_rng(0).dirichlet(np.ones(4), chunks)
    png = verdict_png(verdict(p, tuple("abcd"), repeated=chunks == 1), title=r"a_$\name$.wav")
    assert pixels(png).shape[1] == 1_000


def test_the_larger_its_share_the_darker_is_a_square():
    dark = np.array([0.2, 0.4, 0.6])  # at most as bright as that
    sure = pixels(confusion_png(np.array([[9, 0], [0, 99]]), LABELS))
    blank = pixels(confusion_png(np.zeros((2, 2), int), LABELS))
    assert np.count_nonzero((sure <= dark).all(axis=2)) > 20_000
    assert np.count_nonzero((blank <= dark).all(axis=2)) < 10_000


@pytest.mark.parametrize("count", [1, 2, 6])
def test_any_number_of_labels_can_be_drawn(count):
    names = [f"a composer with number {i}" + r"$\no$" for i in range(count)]
    assert pixels(confusion_png(np.eye(count, dtype=int), names)).size
    assert pixels(works_png([(name, name, 0.5, 3) for name in names])).size


def test_bars_of_works_are_as_long_as_their_accuracy():
    png = works_png([("op. 1", "bach", 0.25, 8), ("op. 2", "schubert", 1.0, 8)])
    assert area(png, "C1") == pytest.approx(4 * area(png, "C0"), rel=0.25)


def test_each_work_makes_the_picture_taller():
    rows = [(f"op. {i}", LABELS[i % 2], i / 27, 10 * i) for i in range(27)]
    few, many = pixels(works_png(rows[:5])), pixels(works_png(rows))
    assert many.shape[0] > few.shape[0] + 22 * 20
    assert many.shape[1] == few.shape[1]


def test_pictures_of_nothing_are_refused():
    with pytest.raises(ValueError, match=r"one work or more.*Received: none"):
        works_png([])
    with pytest.raises(ValueError, match="others for"):
        works_png([("op. 1", "bach", np.nan, 3)])
    with pytest.raises(ValueError, match=r"a matrix of shape \(2, 2\)"):
        confusion_png(np.eye(2), ["bach"])
