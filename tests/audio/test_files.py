"""Audio files to waveforms and back."""

import subprocess
import sys

import awkward
import numpy as np
import pytest
import soundfile
import soxr

from kaudio.audio.files import AudioError, blocks, printable, probe, read
from kaudio.audio.writer import Writer, write


def whole(path, sample_rate=None):
    return np.concatenate([np.zeros(0, "float32"), *blocks(path, sample_rate)])


@pytest.fixture
def noise(tmp_path):
    """Three seconds of stereo noise at 44.1 kHz."""
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, (132_300, 2))
    soundfile.write(tmp_path / "noise.wav", samples, 44_100, "FLOAT")
    return tmp_path / "noise.wav", samples.astype("float32").mean(axis=1)


@pytest.mark.parametrize("name", awkward.FILES)
def test_an_awkward_file_is_read_as_it_is_or_refused_with_a_reason(name, tmp_path):
    content, wanted = awkward.FILES[name]
    path = tmp_path / name.split("/")[-1]
    path.write_bytes(content)
    try:
        samples = whole(path, 6_300)
    except AudioError as refusal:
        samples, error = None, refusal
    if samples is None:
        assert awkward.may_be_refused(name), error
        assert str(error) == f"'{path}' cannot be used: {error.reason}."
        assert len(error.reason) > 10
        return
    assert wanted is not None, f"{len(samples)} samples were read"
    low, high = wanted if isinstance(wanted, tuple) else (wanted, wanted)
    assert low - 0.001 <= len(samples) / 6_300 <= high + 0.001
    assert np.isfinite(samples).all()
    assert np.abs(samples).max(initial=0) < 1.3


@pytest.mark.parametrize(
    "name", ["size_too_big.wav", "odd_chunks.wav", "pcm_24.wav", "plain.au", "id3_in_front.wav"]
)
def test_nothing_but_the_music_is_handed_on(name, tmp_path):
    """Chunks, tags and claims around the samples leave no trace in them."""
    path = tmp_path / name
    path.write_bytes(awkward.FILES[name][0])
    samples = whole(path)
    wanted = awkward.music(len(samples) / awkward.RATE)
    np.testing.assert_allclose(samples, wanted[: len(samples)], atol=1e-4)


def test_a_claimed_length_costs_no_memory(tmp_path):
    for name in ("size_too_big.wav", "huge_claimed_length.flac", "size_ffffffff_streamed.wav"):
        (tmp_path / name).write_bytes(awkward.FILES[name][0])
    program = (
        "import resource, sys, pathlib\n"
        "from kaudio.audio.files import AudioError, blocks, read\n"
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir():\n"
        "    for use in (lambda: list(blocks(path)), lambda: read(path)):\n"
        "        try: use()\n"
        "        except AudioError: pass\n"
        "print(peak() - before)"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert int(result.stdout) < 60_000  # KiB


@pytest.mark.parametrize("sample_rate", [8_000, 6_300, 16_000, 48_000])
def test_streamed_resampling_is_resampling_at_once(noise, sample_rate):
    path, samples = noise
    wanted = soxr.resample(samples, 44_100, sample_rate)
    assert len(list(blocks(path))) > 1
    found = whole(path, sample_rate)
    assert len(found) == len(wanted) == round(3 * sample_rate)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


@pytest.mark.parametrize("sample_rate", [None, 8_000, 6_300, 48_000])
@pytest.mark.parametrize(("start", "seconds"), [(0, 1), (1.2345, 0.5), (2.9, 5), (0.7, None)])
def test_a_part_is_that_part_of_the_whole(noise, sample_rate, start, seconds):
    path, _ = noise
    everything, part = whole(path, sample_rate), read(path, sample_rate, start, seconds)
    rate = sample_rate or 44_100
    stop = None if seconds is None else round((start + seconds) * rate)
    np.testing.assert_allclose(part, everything[round(start * rate) : stop], atol=1e-5)


def test_channels_are_averaged(tmp_path):
    samples = np.stack([np.full(100, 0.5), np.full(100, -0.1)], axis=1)
    soundfile.write(tmp_path / "stereo.wav", samples, 8_000, "FLOAT")
    np.testing.assert_allclose(whole(tmp_path / "stereo.wav"), 0.2, atol=1e-6)


def test_the_header_says_what_it_claims(noise):
    info = probe(noise[0])
    assert (info.sample_rate, info.channels, info.seconds) == (44_100, 2, 3.0)
    assert info.format == "WAV FLOAT"


@pytest.mark.parametrize("use", [probe, read, whole])
def test_folders_and_missing_files_are_named(use, tmp_path):
    with pytest.raises(AudioError, match="it is a folder"):
        use(tmp_path)
    with pytest.raises(AudioError, match=r"'.*none\.wav' cannot be used: there is no such file"):
        use(tmp_path / "none.wav")


def test_negative_times_are_refused(noise):
    with pytest.raises(ValueError, match="0 s or more"):
        read(noise[0], start=-1)


@pytest.mark.parametrize(
    ("subtype", "step"), [("PCM_16", 2**-15), ("PCM_24", 2**-23), ("FLOAT", 1e-7)]
)
def test_what_is_written_is_read_again(tmp_path, subtype, step):
    samples = np.random.default_rng(0).uniform(-1, 1 - 2**-14, 1_000)
    write(tmp_path / "new" / "x.wav", samples, 8_000, subtype)
    assert soundfile.info(tmp_path / "new" / "x.wav").subtype == subtype
    np.testing.assert_allclose(read(tmp_path / "new" / "x.wav"), samples, atol=1.01 * step)


def test_too_loud_is_clipped_and_never_wraps(tmp_path):
    write(tmp_path / "x.wav", np.array([-3.0, -1.0, 0.0, 1.0, 1.5, 3.0]), 8_000)
    np.testing.assert_allclose(read(tmp_path / "x.wav"), [-1, -1, 0, 1, 1, 1], atol=1e-4)


def test_what_was_written_before_a_stop_is_there(tmp_path):
    def stopped():
        with Writer(tmp_path / "x.flac", 8_000) as writer:
            writer.write(np.zeros(500))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert len(read(tmp_path / "x.flac")) == 500


@pytest.mark.parametrize(
    ("name", "subtype", "sentence"),
    [
        ("x.txt", "PCM_16", r"no format that can be written.*\.wav"),
        ("x", "PCM_16", r"no format that can be written"),
        ("x.flac", "FLOAT", r"FLAC files cannot hold FLOAT samples. Use \.wav"),
    ],
)
def test_formats_that_cannot_be_written_are_refused(tmp_path, name, subtype, sentence):
    with pytest.raises(ValueError, match=sentence):
        Writer(tmp_path / name, 8_000, subtype)
    assert not (tmp_path / name).exists()


def test_samples_that_are_not_finite_are_not_written(tmp_path):
    with pytest.raises(ValueError, match=r"must be finite numbers. Received: 2"):
        write(tmp_path / "x.wav", np.array([0.0, np.nan, np.inf]), 8_000)


def test_minutes_are_written_at_once_to_any_format(tmp_path):
    for name in ("x.ogg", "x.flac"):
        write(tmp_path / name, np.zeros(3_000_000), 44_100)
        assert probe(tmp_path / name).seconds == pytest.approx(3_000_000 / 44_100)


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.ogg", "x.mp3", "x.aiff", "x.au"])
def test_common_formats_are_written(tmp_path, name):
    write(tmp_path / name, awkward.music(1.0, 44_100), 44_100)
    assert abs(len(read(tmp_path / name)) - 44_100) < 3_000


def test_names_that_are_not_text_can_be_printed():
    assert printable("caf\udce9\n\x1b[2J.wav") == "caf???[2J.wav"
