"""Disks that are full and folders that may not be written: one sentence, nothing lost."""

import contextlib
import os
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile

from kaudio.audio import write
from kaudio.cli import main

resource = pytest.importorskip("resource")
TINY = Path(__file__).with_name("tiny.py")
on_tensorflow = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="Artifacts are written by TensorFlow."
)


def run(*arguments):
    """Runs a command in this process. Returns 0, or what it says at the end."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return stop.code or 0
    return 0


@contextlib.contextmanager
def largest_file(size):
    """Context in which no file can grow beyond so many bytes, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextlib.contextmanager
def mounted(folder, *options):
    """Context in which a folder is mounted. Only an administrator of the machine can do that."""
    done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"Mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextlib.contextmanager
def read_only(folder):
    """Context in which nothing in a folder can be written, by administrators neither."""
    if os.geteuid():
        folder.chmod(0o555)
        try:
            yield folder
        finally:
            folder.chmod(0o755)
        return
    with mounted(folder, "--bind", str(folder)):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        yield folder


def content(folder):
    """All files of a folder, but logs, which grow, and the options of a run, such as its epochs."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    grow = {"logs", "recipe.json"}
    return {path: path.read_bytes() for path in files if not grow & set(path.parts)}


@pytest.fixture(scope="module")
def audio(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audio")
    for number in range(4):
        noise = np.random.default_rng(number).normal(0, 0.1, 24_000)
        soundfile.write(folder / f"{number}.wav", noise, 8_000)
    return folder


@pytest.fixture(scope="module")
def fit(audio):
    """Fits into a folder. Returns what the command says at the end."""

    def fit(folder, epochs):
        options = ("--audio", audio, "--run-dir", folder, "--clips", 0, "--epochs", epochs)
        return run("fit", TINY, *options)

    return fit


@pytest.fixture(scope="module")
def trained(fit, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAUDIO_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
        assert fit(folder, 1) == 0
    return folder


# Too little for the logs, and for the model.
@pytest.mark.parametrize("size", [600, 20_000])
def test_a_run_on_a_full_disk_says_so_and_keeps_its_last_state(trained, fit, size, capsys):
    before = content(trained)
    with largest_file(size):
        said = fit(trained, 2)
    assert said.startswith(f"kaudio: The run folder '{trained}' cannot be written: File too large.")
    assert "fit again with the same options" in said
    assert content(trained) == before
    assert capsys.readouterr().err == ""


def test_a_run_goes_on_when_there_is_room_again(fit, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    with mounted(folder, "-t", "tmpfs", "-o", "size=1m", "tmpfs"):
        assert fit(folder / "run", 1) == 0
        before = content(folder / "run")
        with (folder / "filler").open("wb") as file, contextlib.suppress(OSError):
            while True:
                os.write(file.fileno(), bytes(4096))
        assert "No space left on device. Make room there" in fit(folder / "run", 2)
        assert content(folder / "run") == before
        (folder / "filler").unlink()
        assert fit(folder / "run", 2) == 0


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".ogg", ".mp3"])
def test_audio_that_does_not_fit_leaves_what_was_there(tmp_path, suffix):
    path = tmp_path / f"clip{suffix}"
    path.write_bytes(b"an earlier clip")
    noise = np.random.default_rng(0).normal(0, 0.1, 400_000)
    with largest_file(5_000), pytest.raises(OSError, match=r"cannot be written any further"):
        write(path, noise, 44_100)
    assert path.read_bytes() == b"an earlier clip"
    assert list(tmp_path.iterdir()) == [path]


def test_a_clip_that_does_not_fit_leaves_what_was_there(trained, tmp_path):
    path = tmp_path / "clip.wav"
    path.write_bytes(b"an earlier clip")
    with largest_file(5_000):
        said = run("generate", trained, path, "--seconds", 1)
    assert said.startswith(f"kaudio: '{path}' cannot be written any further: is the disk full?")
    assert content(tmp_path) == {path: b"an earlier clip"}


@on_tensorflow
@pytest.mark.parametrize(("size", "format"), [(1_000, "keras"), (30_000, "saved_model")])
def test_an_export_that_does_not_fit_leaves_what_was_there(trained, tmp_path, size, format):
    card = tmp_path / "exported" / "card.md"
    card.parent.mkdir()
    card.write_bytes(b"an earlier export")
    with largest_file(size):
        said = run("export", trained, card.parent, "--format", format, "--force")
    assert said.startswith(f"kaudio: '{card.parent}' cannot be written: File too large.")
    assert content(tmp_path) == {card: b"an earlier export"}


def test_folders_that_may_not_be_written_are_named(trained, fit, tmp_path, monkeypatch):
    before = content(trained)
    with read_only(tmp_path):
        said = [fit(tmp_path / "run", 1), run("generate", trained, tmp_path / "x.wav")]
        if keras.config.backend() == "tensorflow":
            said.append(run("export", trained, tmp_path / "exported", "--format", "keras"))
        with monkeypatch.context() as patch:
            patch.setenv("KAUDIO_CACHE", str(tmp_path))
            said.append(fit(trained, 2))
    with read_only(trained):
        said.append(fit(trained, 2))
    for sentence in said:
        assert sentence.startswith("kaudio: ")
        assert str(trained if sentence is said[-1] else tmp_path) in sentence
        assert "Read-only file system" in sentence or "Permission denied" in sentence
    assert content(trained) == before
    assert not list(tmp_path.iterdir())
