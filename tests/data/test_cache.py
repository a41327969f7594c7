import os
import pickle
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from kaudio.audio.files import AudioError
from kaudio.data.cache import cache_bytes, cache_folder, cached_waveform, clear_cache, demo_root

RATE = 1000


def run(*lines):
    """Runs lines of Python in a process of its own."""
    command = [sys.executable, "-c", "\n".join(lines)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def write(path, samples, sample_rate=RATE):
    soundfile.write(path, np.asarray(samples, "float32"), sample_rate, subtype="FLOAT")
    return path


def everything(waveform):
    return waveform.read(0, waveform.num_samples)


def test_the_cached_file_is_a_plain_npy_of_the_decoded_recording(tmp_path, record):
    path = record(tmp_path / "a.wav")
    waveform = cached_waveform(path, RATE)
    expected = soundfile.read(path, dtype="float32")[0]
    np.testing.assert_array_equal(np.load(waveform.path, mmap_mode="r"), expected)
    np.testing.assert_array_equal(everything(waveform), expected)
    assert waveform.trimmed_seconds == 0


def test_a_waveform_is_resampled(tmp_path):
    time = np.arange(8000) / 8000
    path = write(tmp_path / "a.wav", np.sin(2 * np.pi * 100 * time), 8000)
    waveform = cached_waveform(path, 2000)
    assert waveform.num_samples == pytest.approx(2000, abs=1)
    expected = np.sin(2 * np.pi * 100 * np.arange(100, 1900) / 2000)
    np.testing.assert_allclose(waveform.read(100, 1800), expected, atol=1e-3)


def test_windows_are_copies_and_end_with_the_recording(tmp_path, record):
    waveform = pickle.loads(pickle.dumps(cached_waveform(record(tmp_path / "a.wav"), RATE)))
    whole = everything(waveform)
    window = waveform.read(10, 20)
    np.testing.assert_array_equal(window, whole[10:30])
    window[:] = 0
    np.testing.assert_array_equal(everything(waveform), whole)
    np.testing.assert_array_equal(waveform.read(990, 100), whole[990:])
    assert len(waveform.read(2000, 5)) == 0


def test_a_recording_is_decoded_once(tmp_path, record, monkeypatch):
    path = record(tmp_path / "a.wav")
    first = cached_waveform(path, RATE)
    monkeypatch.setattr("kaudio.data.cache.blocks", None)
    assert cached_waveform(path, RATE) == first
    assert cached_waveform(path.rename(tmp_path / "b.wav"), RATE) == first


def test_the_key_holds_the_content_and_the_sample_rate(tmp_path, record):
    path = record(tmp_path / "a.wav")
    paths = {cached_waveform(path, RATE).path, cached_waveform(path, RATE // 2).path}
    modified = path.stat()
    write(path, np.zeros(1000) + 0.5)
    os.utime(path, ns=(modified.st_atime_ns, modified.st_mtime_ns))  # same name, size and time
    paths.add(cached_waveform(path, RATE).path)
    assert len(paths) == 3


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[:-400],
        lambda data: data[:60],
        lambda data: b"",
        lambda data: data + b"\0" * 4,
        lambda data: bytes(len(data)),
        lambda data: data.replace(b"<f4", b"<i4"),
    ],
    ids=["one byte", "samples", "header", "empty", "too long", "zeros", "other type"],
)
def test_a_file_that_is_not_whole_is_made_anew(tmp_path, record, damage):
    path = record(tmp_path / "a.wav")
    waveform = cached_waveform(path, RATE)
    whole = waveform.path.read_bytes()
    waveform.path.write_bytes(damage(whole))
    assert cached_waveform(path, RATE) == waveform
    assert waveform.path.read_bytes() == whole


def test_a_waveform_that_vanished_is_reported_with_what_to_do(tmp_path, record):
    waveform = cached_waveform(record(tmp_path / "a.wav"), RATE)
    clear_cache()
    with pytest.raises(OSError, match="Start again: it will be made anew"):
        waveform.read(0, 10)


def test_two_processes_at_once_make_one_whole_file(tmp_path, cache):
    rng = np.random.default_rng(0)
    path = write(tmp_path / "a.wav", rng.uniform(-1, 1, 400_000), 8000)
    ready, start = tmp_path / "ready", tmp_path / "start"
    ready.mkdir()

    def one(name):
        return run(
            "import pathlib, time",
            "from kaudio.data.cache import cached_waveform",
            f"pathlib.Path({str(ready / name)!r}).touch()",
            f"while not pathlib.Path({str(start)!r}).exists(): time.sleep(0.001)",
            f"waveform = cached_waveform(pathlib.Path({str(path)!r}), 8000)",
            "print(waveform.num_samples, float(waveform.read(0, 400_000).sum()))",
        )

    with ThreadPoolExecutor(2) as pool:
        processes = [pool.submit(one, name) for name in "ab"]
        while len(list(ready.iterdir())) < 2 and not any(p.done() for p in processes):
            time.sleep(0.01)
        start.touch()
    expected = float(soundfile.read(path, dtype="float32")[0].sum())
    for process in processes:
        assert process.result().stdout == f"400000 {expected}\n", process.result().stderr
    assert [file.suffix for file in (cache / "waveforms").iterdir()] == [".npy"]


def test_a_killed_process_leaves_nothing_that_is_trusted(tmp_path, record, cache):
    path = record(tmp_path / "a.wav")
    process = run(
        "import os, signal, numpy, pathlib",
        "import kaudio.data.cache as cache",
        "def blocks(path, sample_rate):",
        "    yield numpy.zeros(100_000, 'float32')",
        "    os.kill(os.getpid(), signal.SIGKILL)",
        "cache.blocks = blocks",
        f"cache.cached_waveform(pathlib.Path({str(path)!r}), {RATE})",
    )
    assert process.returncode == -9, process.stderr
    (orphan,) = (cache / "waveforms").iterdir()
    assert orphan.suffix == ".tmp"
    waveform = cached_waveform(path, RATE)
    assert waveform.num_samples == 1000
    assert orphan.exists()  # its process may be alive, for all one can tell
    os.utime(orphan, (0, 0))
    cached_waveform(path, RATE // 2)
    assert not orphan.exists()


def test_an_unusable_recording_leaves_no_file(tmp_path, cache):
    path = tmp_path / "a.wav"
    path.write_bytes(b"RIFF nothing of the sort")
    with pytest.raises(AudioError):
        cached_waveform(path, RATE)
    with pytest.raises(AudioError):
        cached_waveform(tmp_path / "missing.wav", RATE)
    assert not any(file.is_file() for file in cache.rglob("*"))


def test_a_full_disk_is_one_sentence_and_leaves_no_file(tmp_path, cache):
    resource = pytest.importorskip("resource")
    path = write(tmp_path / "a.wav", np.zeros(300_000) + 0.5)
    process = run(
        "import resource, pathlib",
        "from kaudio.data.cache import cached_waveform",
        f"resource.setrlimit({resource.RLIMIT_FSIZE}, (500_000, 500_000))",
        f"try: cached_waveform(pathlib.Path({str(path)!r}), {RATE})",
        "except OSError as error: print(error)",
    )
    assert f"The cache folder {cache} cannot be written" in process.stdout, process.stderr
    assert "KAUDIO_CACHE" in process.stdout
    assert not any(file.is_file() for file in cache.rglob("*"))


def test_trimming_cuts_quiet_frames_at_both_ends_and_says_how_many_seconds(tmp_path):
    loud = np.full(300, 0.5)
    loud[100:200] = 0.0  # silence in the middle stays
    samples = np.concatenate([np.zeros(205), loud, np.full(400, 0.5e-4)])
    waveform = cached_waveform(write(tmp_path / "a.wav", samples), RATE, trim_db=-60)
    assert (waveform.start, waveform.num_samples) == (200, 310)  # whole frames of 10 ms
    assert waveform.trimmed_seconds == pytest.approx((905 - 310) / RATE)
    np.testing.assert_array_equal(everything(waveform), samples[200:510].astype("float32"))
    lower = cached_waveform(tmp_path / "a.wav", RATE, trim_db=-90)
    assert lower.num_samples == 905 - 200


def test_trimming_works_across_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr("kaudio.data.cache._BLOCK", 64)
    samples = np.zeros(1003)
    samples[[321, 654]] = 0.5
    waveform = cached_waveform(write(tmp_path / "a.wav", samples), RATE, trim_db=-60)
    assert (waveform.start, waveform.num_samples) == (320, 340)


def test_silence_cannot_be_trimmed_away_whole(tmp_path):
    path = write(tmp_path / "a.wav", np.zeros(100))
    assert cached_waveform(path, RATE).num_samples == 100
    with pytest.raises(AudioError, match="silent throughout"):
        cached_waveform(path, RATE, trim_db=-60)


def test_a_level_of_silence_above_the_peak_is_refused(tmp_path, record):
    with pytest.raises(ValueError, match="in dB below the peak"):
        cached_waveform(record(tmp_path / "a.wav"), RATE, trim_db=60)


def test_the_cache_folder_comes_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("KAUDIO_CACHE", str(tmp_path / "mine"))
    assert cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("KAUDIO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "kaudio"
    monkeypatch.delenv("XDG_CACHE_HOME")
    for platform in ("linux", "darwin", "win32"):
        monkeypatch.setattr("sys.platform", platform)
        assert cache_folder().is_relative_to(Path.home())


def test_clearing_removes_what_kaudio_made_and_nothing_else(tmp_path, record, cache):
    outside = record(tmp_path / "outside" / "1.wav")
    cached_waveform(outside, RATE)
    record(demo_root() / "music" / "bach" / "1.wav")
    (demo_root() / "linked").symlink_to(outside.parent)
    (demo_root() / "linked.wav").symlink_to(outside)
    mine = [cache / "waveforms" / "mine.npy", cache / "mine.wav", demo_root() / "notes.txt"]
    for file in mine:
        file.write_text("keep me")
    size = cache_bytes()
    assert size > 2 * 4 * 1000
    assert clear_cache() == size
    assert cache_bytes() == clear_cache() == 0
    assert all(file.read_text() == "keep me" for file in mine)
    assert outside.exists()
    assert not (demo_root() / "music").exists()


def test_a_cache_that_is_a_link_elsewhere_is_left_alone(tmp_path, record, cache):
    elsewhere = cached_waveform(record(tmp_path / "a.wav"), RATE, folder=tmp_path / "other").path
    (cache / "waveforms").symlink_to(elsewhere.parent)
    assert clear_cache() == 0
    assert elsewhere.exists()


def test_memory_stays_flat_over_half_an_hour(tmp_path):
    pytest.importorskip("resource")
    path = tmp_path / "long.wav"
    with soundfile.SoundFile(path, "w", 16_000, 2, "PCM_16") as file:
        minute = np.random.default_rng(0).uniform(-1, 1, (60 * 16_000, 2)).astype("float32")
        for _ in range(30):
            file.write(minute)
    process = run(
        "import resource, pathlib",
        "from kaudio.data.cache import cached_waveform",
        "def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss",
        "before = peak()",
        f"waveform = cached_waveform(pathlib.Path({str(path)!r}), 12_000, trim_db=-60)",
        "print(waveform.num_samples, peak() - before)",
    )
    assert process.returncode == 0, process.stderr
    num_samples, growth = map(int, process.stdout.split())
    assert num_samples == pytest.approx(30 * 60 * 12_000, abs=100)
    kilobytes = growth // 1024 if sys.platform == "darwin" else growth
    assert kilobytes < 60_000  # the waveform is 86 MB, the decoded recording 230 MB
