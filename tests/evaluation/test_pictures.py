"""Pictures are read back and looked at, pixel by pixel."""

import io
import subprocess
import sys

import numpy as np
import pytest
from matplotlib import image

from kaudio.evaluation import curves_png, spectrogram_png

RATE = 16_000


def sine(frequency, seconds=2.0, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(int(seconds * RATE)) / RATE)


def pixels(png):
    return image.imread(io.BytesIO(png), format="png")[:, :, :3]


def brightness(png):
    """Brightness down one column in the middle of the data, from 0 to 3."""
    return pixels(png)[:, 400].sum(axis=1)


def test_each_row_makes_the_picture_taller():
    one = pixels(spectrogram_png({"a": sine(440)}, RATE))
    two = pixels(spectrogram_png({"a": sine(440), "b": sine(440)}, RATE))
    assert two.shape[0] > one.shape[0]
    assert two.shape[1] == one.shape[1]


@pytest.mark.parametrize("frequency", [100, 200, 500, 1_000, 2_000, 5_000])
def test_a_sine_is_drawn_at_its_frequency_as_bright_as_any_other(frequency):
    inside = brightness(spectrogram_png({"a": sine(frequency)}, RATE))[27:291]
    row = np.mean(np.flatnonzero(inside > 2.5))
    expected = np.log(8_000 / frequency) / np.log(8_000 / 50)
    assert row / len(inside) == pytest.approx(expected, abs=0.02)


def test_rows_share_their_colours():
    rows = {"loud": sine(1_000), "quiet": sine(1_000, amplitude=0.005)}
    loud, quiet = np.split(brightness(spectrogram_png(rows, RATE)), 2)
    assert loud[40:-40].max() > 2.5
    assert 0.5 < quiet[60:-60].max() < 1.5


def test_silence_is_dark():
    assert brightness(spectrogram_png({"silence": np.zeros(RATE)}, RATE))[27:291].max() < 0.1


@pytest.mark.parametrize("num_samples", [1, 100, RATE * 60])
def test_any_length_can_be_drawn(num_samples):
    assert pixels(spectrogram_png({"a": np.zeros(num_samples)}, RATE)).shape[1] == 1_000


def test_a_row_without_samples_is_refused():
    with pytest.raises(ValueError, match="Leave out the empty ones"):
        spectrogram_png({"a": sine(440), "b": np.zeros(0)}, RATE)
    with pytest.raises(ValueError, match="at least one row"):
        spectrogram_png({}, RATE)


def test_every_baseline_is_a_line_across_the_curves():
    def dashed_rows(baselines):
        picture = pixels(curves_png({"train": [0.9, 0.5]}, baselines, "NMSE"))
        grey = np.abs(picture - 0.4).max(axis=2) < 0.02
        return np.count_nonzero(grey[:, 100:500].sum(axis=1) > 200)

    assert dashed_rows({}) == 0
    assert dashed_rows({"mean": 1.0}) >= 1
    assert dashed_rows({"mean": 1.0, "last": 0.7}) > dashed_rows({"mean": 1.0})


@pytest.mark.parametrize(
    ("history", "baselines"),
    [({}, {}), ({"train": [0.9]}, {"mean": 1.0, "last": 1.0}), ({"a": [1.0, np.nan, 0.5]}, {})],
)
def test_curves_can_be_drawn_from_the_first_epoch_on(history, baselines):
    assert pixels(curves_png(history, baselines, "NMSE")).shape[:2] == (450, 800)


def test_importing_evaluation_does_not_import_matplotlib():
    code = "import sys, kaudio.evaluation; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
