"""The built-in corpus."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from kaudio.audio import demo
from kaudio.audio.demo import demo_folder
from kaudio.audio.find import find

PROGRAM = "import sys; from kaudio.audio.demo import demo_folder; demo_folder(sys.argv[1])"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return demo_folder(tmp_path_factory.mktemp("cache"))


def digest(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*.wav")
    }


def music(folder, composer):
    return [soundfile.read(path)[0] for path in sorted((folder / "music" / composer).iterdir())]


def centroid(samples):
    """Where the energy lies, in Hz."""
    energy = np.abs(np.fft.rfft(samples)) ** 2
    return (energy * np.fft.rfftfreq(len(samples), 1 / 16_000)).sum() / energy.sum()


def swings(samples):
    """How much louder the loud seconds are than the quiet ones."""
    seconds = samples[: len(samples) // 16_000 * 16_000].reshape(-1, 16_000)[:-2]
    levels = np.sqrt((seconds**2).mean(axis=1))
    return np.percentile(levels, 90) / np.percentile(levels, 10)


def onsets(samples):
    """Sudden rises of the spectrum, per second."""
    frames = samples[: len(samples) // 512 * 512].reshape(-1, 512) * np.hanning(512)
    spectrum = np.log1p(1000 * np.abs(np.fft.rfft(frames)))
    rise = np.maximum(np.diff(spectrum, axis=0), 0).sum(axis=1)
    return (rise > 3 * np.median(rise)).sum() / (len(samples) / 16_000)


def test_every_file_is_a_recording(folder):
    usable, skipped = find(folder)
    assert not skipped
    assert {path.parent.name for path in usable} == {
        "counterpoint",
        "nocturne",
        "drums",
        "mallets",
        "waves",
    }
    assert {soundfile.info(path).subtype for path in usable} == {"PCM_16"}
    assert {soundfile.info(path).samplerate for path in usable} == {16_000}
    assert sum(path.stat().st_size for path in usable) < 25e6


@pytest.mark.parametrize("composer", ["counterpoint", "nocturne"])
def test_each_composer_has_minutes_of_several_pieces(folder, composer):
    pieces = music(folder, composer)
    assert 4 <= len(pieces) <= 6
    assert 170 < sum(map(len, pieces)) / 16_000 < 260


def test_nothing_clips_hums_or_ends_in_a_click(folder):
    for path in folder.rglob("*.wav"):
        samples, _ = soundfile.read(path)
        assert np.abs(samples).max() == pytest.approx(0.7, abs=0.01), path
        assert abs(samples.mean()) < 2e-3, path
        assert np.abs(samples[[0, -1]]).max() < 1e-3, path


def test_one_shots_are_short_and_end_in_silence(folder):
    for path in (folder / "oneshots").rglob("*.wav"):
        samples, rate = soundfile.read(path)
        assert 0.3 <= len(samples) / rate <= 1.5, path
        assert not samples[-rate // 25 :].any(), path


@pytest.mark.parametrize(
    ("measure", "factor"),
    [(centroid, 1.1), (onsets, 2.0), (lambda samples: 1 / swings(samples), 1.5)],
)
def test_the_two_composers_do_not_sound_alike(folder, measure, factor):
    """One is brighter, quicker and steadier than the other, in every piece."""
    counterpoint = [measure(samples) for samples in music(folder, "counterpoint")]
    nocturne = [measure(samples) for samples in music(folder, "nocturne")]
    assert min(counterpoint) > factor * max(nocturne)


def test_another_process_makes_the_same_bytes(folder, tmp_path):
    subprocess.run([sys.executable, "-c", PROGRAM, str(tmp_path)], check=True, timeout=120)
    assert digest(tmp_path / folder.name) == digest(folder)


def few(*names):
    return lambda: iter([(name, np.full(100, 0.1)) for name in names])


def test_it_is_made_once(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "_sounds", few("a.wav"))
    folder = demo_folder(tmp_path / "new")
    monkeypatch.setattr(demo, "_sounds", few("b.wav"))
    assert demo_folder(tmp_path / "new") == folder
    assert [path.name for path in folder.iterdir()] == ["a.wav"]


def test_whoever_is_second_takes_what_the_first_made(tmp_path, monkeypatch):
    def slow():
        yield "a.wav", np.full(100, 0.1)
        monkeypatch.setattr(demo, "_sounds", few("b.wav"))
        demo_folder(tmp_path)

    monkeypatch.setattr(demo, "_sounds", slow)
    folder = demo_folder(tmp_path)
    assert [path.name for path in folder.iterdir()] == ["b.wav"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_stop_leaves_nothing_half_made(tmp_path, monkeypatch):
    def stopped():
        yield "a.wav", np.full(100, 0.1)
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_sounds", stopped)
    with pytest.raises(KeyboardInterrupt):
        demo_folder(tmp_path)
    assert not list(tmp_path.iterdir())
