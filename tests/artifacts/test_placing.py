"""Folders that appear as a whole: in one step where the system can, else in two."""

import random
import shutil
import subprocess
import sys
import threading
import time
import uuid

import pytest

from kaudio.artifacts import placing

# Replaces a folder again and again.
FOREVER = """
import pathlib, runpy, sys
placed = runpy.run_path(sys.argv[1])["placed"]
while True:
    with placed(pathlib.Path(sys.argv[2])) as partial:
        (partial / "card.md").write_text("whole")
        print("once", flush=True)
"""
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux exchanges names in one step.")


@pytest.fixture(params=["exchanged", "renamed"])
def either_way(request, monkeypatch):
    """With one step, where the system can, and with two."""
    if request.param == "renamed":
        monkeypatch.setattr(placing, "exchange", lambda one, other: False)


def write(folder, text):
    with placing.placed(folder) as partial:
        (partial / "card.md").write_text(text)


def hidden(folder):
    return folder.with_name(f".{folder.name}-{uuid.uuid4().hex}")


def content(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


@on_linux
def test_two_names_are_exchanged_in_one_step(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        (folder / "card.md").write_text(folder.name)
    assert placing.exchange(one, other)
    assert content(tmp_path) == {"one/card.md": "other", "other/card.md": "one"}
    assert not placing.exchange(one, tmp_path / "missing")
    assert content(tmp_path) == {"one/card.md": "other", "other/card.md": "one"}


@on_linux
def test_there_is_a_folder_at_every_moment(tmp_path):
    folder, missing, stop = tmp_path / "there", [], threading.Event()
    write(folder, "0")

    def look():
        while not stop.is_set():
            missing.append(not folder.exists())

    looking = threading.Thread(target=look)
    looking.start()
    for number in range(200):
        write(folder, str(number))
    stop.set()
    looking.join()
    assert len(missing) > 200
    assert not any(missing)


@on_linux
def test_whoever_is_killed_leaves_a_whole_folder(tmp_path):
    folder = tmp_path / "there"
    write(folder, "whole")
    for number in range(20):
        command = [sys.executable, "-c", FOREVER, placing.__file__, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
            child.stdout.readline()
            time.sleep(random.Random(number).uniform(0, 0.02))
            child.kill()
        assert content(folder) == {"card.md": "whole"}
    write(folder, "whole")
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.parametrize("system", ["linux", "other"])
def test_where_names_cannot_be_exchanged_nothing_has_changed(tmp_path, monkeypatch, system):
    class Library:
        """Of C, without the function."""

    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(placing.ctypes, "CDLL", lambda _: Library())
    write(tmp_path / "there", "earlier")
    write(tmp_path / "other", "earlier")
    assert not placing.exchange(tmp_path / "there", tmp_path / "other")
    write(tmp_path / "there", "later")
    assert content(tmp_path) == {"there/card.md": "later", "other/card.md": "earlier"}
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("kind", ["folder", "file", "link", "nothing"])
def test_what_was_there_is_replaced_and_gone(tmp_path, either_way, kind):
    folder, elsewhere = tmp_path / "deep" / "there", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("kept")
    if kind != "nothing":
        folder.parent.mkdir()
    if kind == "folder":
        shutil.copytree(elsewhere, folder)
    elif kind == "file":
        folder.write_text("earlier")
    elif kind == "link":
        folder.symlink_to(elsewhere)
    write(folder, "later")
    assert content(folder) == {"card.md": "later"}
    assert list(folder.parent.iterdir()) == [folder]
    assert content(elsewhere) == {"precious": "kept"}


def test_a_failure_leaves_what_was_there(tmp_path, either_way, monkeypatch):
    folder = tmp_path / "there"
    write(folder, "earlier")
    with pytest.raises(OSError, match="full"), placing.placed(folder):
        raise OSError("full")
    assert content(tmp_path) == {"there/card.md": "earlier"}

    def refused(partial, target):
        raise OSError("no")

    rename = placing.Path.rename
    monkeypatch.setattr(placing, "exchange", lambda one, other: False)
    monkeypatch.setattr(
        placing.Path, "rename", lambda p, t: (refused if (p / "new").exists() else rename)(p, t)
    )
    with pytest.raises(OSError, match="no"), placing.placed(folder) as partial:
        (partial / "new").touch()
    assert content(tmp_path) == {"there/card.md": "earlier"}
    assert list(tmp_path.iterdir()) == [folder]


def test_what_killed_processes_left_is_removed_once_there_is_a_folder(tmp_path):
    pytest.importorskip("fcntl")
    folder = tmp_path / "there"
    left, others = hidden(folder), [hidden(tmp_path / "their"), tmp_path / ".there-mine"]
    for path in (left, *others):
        path.mkdir()
        (path / "card.md").write_text("earlier")
    with pytest.raises(KeyboardInterrupt), placing.placed(folder):
        raise KeyboardInterrupt
    assert left.exists()
    write(folder, "later")
    assert set(tmp_path.iterdir()) == {folder, *others}


def test_what_is_being_written_is_never_removed(tmp_path):
    folder = tmp_path / "there"
    with placing.placed(folder) as partial:
        write(folder, "of another")
        assert partial.exists()
        (partial / "card.md").write_text("mine")
    assert content(tmp_path) == {"there/card.md": "mine"}
    assert list(tmp_path.iterdir()) == [folder]
