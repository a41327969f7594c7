"""Event files, read back by TensorBoard itself."""

import io
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.backend.event_processing.plugin_event_accumulator import (
    EventAccumulator as ServerAccumulator,
)
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.util.tensor_util import make_ndarray

from kaudio.training.event_file import EventFile

RATE = 8_000
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x03\x00\x00\x00\x02\x08\x00\x00\x00\x00"
    b"rest of the file"
)


def read(folder):
    return EventAccumulator(str(folder)).Reload()


def steps(folder, tag="loss"):
    return [(event.step, event.value) for event in read(folder).Scalars(tag)]


def test_scalars_come_back(tmp_path):
    with EventFile(tmp_path / "new" / "folder") as events:
        events.scalar("loss", 0.5, step=0)
        events.scalars({"loss": np.float32(0.25), "nmse": 1.0}, step=1)
    assert steps(tmp_path / "new" / "folder") == [(0, 0.5), (1, 0.25)]
    assert steps(tmp_path / "new" / "folder", "nmse") == [(1, 1.0)]


def test_the_file_begins_with_its_version_and_has_the_time(tmp_path):
    before = time.time()
    with EventFile(tmp_path) as events:
        events.scalar("loss", 0.5, step=0)
    accumulator = read(tmp_path)
    assert accumulator.file_version == 2
    assert before <= accumulator.Scalars("loss")[0].wall_time <= time.time()
    assert events.path.name.startswith("events.out.tfevents.")


def test_audio_comes_back_as_16_bit_wav(tmp_path):
    samples = np.random.default_rng(0).uniform(-1, 1, 1_000)
    samples[:2] = [3, -3]
    with EventFile(tmp_path) as events:
        events.audio("generated", samples, RATE, step=4)
    (event,) = read(tmp_path).Tensors("generated")
    decoded, rate = soundfile.read(io.BytesIO(event.tensor_proto.string_val[0]))
    assert (event.step, rate) == (4, RATE)
    np.testing.assert_allclose(decoded, np.clip(samples, -1, 1), atol=2**-15)


def test_images_come_back_with_their_size(tmp_path):
    with EventFile(tmp_path) as events:
        events.image("spectrogram", PNG, step=2)
    (event,) = read(tmp_path).Images("spectrogram")
    assert (event.step, event.width, event.height) == (2, 3, 2)
    assert event.encoded_image_string == PNG


def test_what_is_not_a_png_is_refused(tmp_path):
    with EventFile(tmp_path) as events, pytest.raises(ValueError, match="bytes of a PNG"):
        events.image("spectrogram", b"GIF89a", step=0)


def test_text_comes_back(tmp_path):
    with EventFile(tmp_path) as events:
        events.text("recipe", "**Für** Elise", step=0)
    accumulator = read(tmp_path)
    (event,) = accumulator.Tensors("recipe")
    assert event.tensor_proto.string_val[0].decode() == "**Für** Elise"
    assert accumulator.SummaryMetadata("recipe").plugin_data.plugin_name == "text"


def test_histograms_come_back(tmp_path):
    with EventFile(tmp_path) as events:
        events.histogram("steps", np.array([[0, 0, 64], [np.nan, 32, 64]]), step=1)
    accumulator = read(tmp_path)
    (event,) = accumulator.Tensors("steps")
    buckets = make_ndarray(event.tensor_proto)
    assert buckets.shape == (64, 3)
    assert buckets[[0, 32, 63]].tolist() == [[0, 1, 2], [32, 33, 1], [63, 64, 2]]
    assert accumulator.SummaryMetadata("steps").plugin_data.plugin_name == "histograms"


def test_options_come_back(tmp_path):
    options = {"units": 8, "rate": 0.5, "audio": "~/music", "composers": True}
    with EventFile(tmp_path) as events:
        events.options(options)
    (tag,) = read(tmp_path).PluginTagToContent("hparams")
    content = read(tmp_path).PluginTagToContent("hparams")[tag]
    found = hparams_metadata.parse_session_start_info_plugin_data(content).hparams
    assert {k: getattr(v, v.WhichOneof("kind")) for k, v in found.items()} == options


def test_flush_shows_what_was_written_so_far(tmp_path):
    with EventFile(tmp_path) as events:
        events.scalar("loss", 0.5, step=0)
        events.flush()
        assert steps(tmp_path) == [(0, 0.5)]


def test_a_resumed_run_takes_the_place_of_what_the_killed_run_had_logged(tmp_path):
    with EventFile(tmp_path) as killed:
        for step in range(5):
            killed.scalar("loss", 1.0, step)
    with EventFile(tmp_path, purge_step=3) as resumed:
        resumed.scalar("loss", 0.5, step=3)
    assert steps(tmp_path) == [(0, 1.0), (1, 1.0), (2, 1.0), (3, 0.5)]


@pytest.mark.parametrize("purge_steps", [(None, 2), (None, 3, 1), (0, 2)])
def test_the_server_forgets_what_the_killed_run_had_logged(tmp_path, purge_steps):
    for purge_step in purge_steps:
        with EventFile(tmp_path, purge_step) as events:
            for step in range(purge_step or 0, 4):
                events.scalar("loss", 1.0, step)
    accumulator = ServerAccumulator(str(tmp_path)).Reload()
    assert [event.step for event in accumulator.Tensors("loss")] == [0, 1, 2, 3]


def test_a_file_cut_in_the_middle_of_a_record_does_not_hide_the_next(tmp_path):
    with EventFile(tmp_path) as killed:
        killed.scalar("loss", 1.0, step=0)
        killed.scalar("loss", 1.0, step=1)
    killed.path.write_bytes(killed.path.read_bytes()[:-5])
    with EventFile(tmp_path, purge_step=1) as resumed:
        resumed.scalar("loss", 0.5, step=1)
    assert steps(tmp_path) == [(0, 1.0), (1, 0.5)]


def test_a_second_file_without_purge_step_adds_to_the_first(tmp_path):
    for step in range(3):
        with EventFile(tmp_path) as events:
            events.scalar("loss", 1.0, step)
    assert steps(tmp_path) == [(0, 1.0), (1, 1.0), (2, 1.0)]


def test_tensorflow_is_not_imported(tmp_path):
    # The file alone: the rest of kaudio.training imports Keras, and that its backend.
    path = sys.modules[EventFile.__module__].__file__
    code = f"""
import runpy, sys, numpy
EventFile = runpy.run_path({path!r})["EventFile"]
with EventFile({str(tmp_path)!r}, purge_step=1) as events:
    events.scalar("loss", 0.5, 0)
    events.audio("generated", numpy.zeros(10), 8000, 0)
    events.image("spectrogram", {PNG!r}, 0)
    events.text("recipe", "text", 0)
    events.histogram("steps", numpy.arange(9), 0)
    events.options({{"units": 8}})
sys.exit("tensorflow" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
