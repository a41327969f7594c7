"""Recordings in a folder."""

import os

import awkward
import pytest
import soundfile

from kaudio.audio.find import find


@pytest.fixture
def folder(tmp_path):
    awkward.make(tmp_path / "music")
    return tmp_path / "music"


def test_every_file_is_found_or_skipped_with_a_reason_and_none_twice(folder):
    usable, skipped = find(folder)
    reasons = {file.path.relative_to(folder).as_posix(): file.reason for file in skipped}
    names = [path.relative_to(folder).as_posix() for path in usable]
    links = {"linked.wav", "dangling.wav", "protected.m4a"}
    assert set(names) | set(reasons) == set(awkward.FILES) | links
    assert not set(names) & set(reasons)
    assert len({path.resolve() for path in usable}) == len(usable)
    for name in set(awkward.FILES) - set(names):
        assert awkward.may_be_refused(name) or "same file" in reasons[name], reasons[name]
    assert all(reasons.values())


def test_links_lead_to_each_file_once(folder):
    _, skipped = find(folder)
    reasons = {file.path.name: file.reason for file in skipped}
    same = {name: reason for name, reason in reasons.items() if "same file" in reason}
    assert len(same) == 1
    assert set(same) <= {"linked.wav", "pcm_24.wav"}
    assert "not there" in reasons["dangling.wav"]
    assert "convert it" in reasons["protected.m4a"]


def test_recordings_come_sorted(folder):
    usable, _ = find(folder)
    first_level = [path.name for path in usable if path.parent == folder]
    assert first_level == sorted(first_level)
    assert find(folder) == find(folder)


def test_a_single_recording_is_found(folder):
    usable, skipped = find(folder / "float.wav")
    assert ([path.name for path in usable], skipped) == (["float.wav"], [])


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"There is no folder '.*nowhere'"):
        find(tmp_path / "nowhere")


def test_an_empty_folder_holds_nothing(tmp_path):
    assert find(tmp_path) == ([], [])


def test_names_in_bytes_that_are_not_text_are_found(tmp_path):
    name = os.path.join(os.fsencode(tmp_path), b"caf\xe9.wav")
    try:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
    except OSError:  # some file systems only take text
        return
    (tmp_path / "ok.wav").write_bytes(awkward.encoded())
    usable, skipped = find(tmp_path)
    assert [path.name for path in usable] == ["ok.wav"]
    assert len(skipped) == 1
    with open(name, "wb") as file:
        soundfile.write(file, awkward.music(), awkward.RATE, format="WAV")
    assert len(find(tmp_path)[0]) == 2
