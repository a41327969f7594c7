import pickle

import numpy as np
import pytest
import soundfile

from kaudio.data import Corpus, clear_cache

RATE = 1000


@pytest.fixture
def folder(tmp_path, record):
    """Three composers with four, two and one recordings, and one that has no label."""
    for composer, seconds in [("bach", (2, 1, 1, 1)), ("chopin", (3, 1)), ("satie", (1,))]:
        for number, length in enumerate(seconds):
            record(tmp_path / "music" / composer / f"cd{number % 2}" / f"{number}.wav", length)
    record(tmp_path / "music" / "loose.wav")
    return tmp_path / "music"


def groups(corpus):
    return {recording.group for recording in corpus.recordings}


def test_recordings_come_in_order_with_their_labels_and_samples(folder):
    corpus = Corpus.from_folder(folder, RATE)
    paths = [recording.path for recording in corpus.recordings]
    assert len(paths) == 8
    assert paths == sorted(paths)
    assert corpus.labels == ("", "bach", "chopin", "satie")
    assert corpus.seconds == 11
    for recording in corpus.recordings:
        expected = soundfile.read(recording.path, dtype="float32")[0]
        np.testing.assert_array_equal(recording.read(0, recording.num_samples), expected)
        assert recording.label == (recording.path.parts[-3] if "cd" in str(recording.path) else "")


def test_a_corpus_survives_pickling(folder):
    corpus = Corpus.from_folder(folder, RATE)
    copy = pickle.loads(pickle.dumps(corpus))
    assert copy == corpus
    np.testing.assert_array_equal(copy.recordings[0].read(5, 9), corpus.recordings[0].read(5, 9))


def test_a_corpus_is_the_same_from_a_full_and_from_an_empty_cache(folder):
    corpus = Corpus.from_folder(folder, RATE)
    assert Corpus.from_folder(folder, RATE) == corpus
    clear_cache()
    assert Corpus.from_folder(folder, RATE) == corpus


def test_the_demo_corpus_needs_no_folder(cache):
    corpus = Corpus.from_folder(None, 8000)
    assert len(corpus.labels) == 2
    assert corpus.seconds > 60
    assert all(recording.path.is_relative_to(cache) for recording in corpus.recordings)
    assert clear_cache() > 0
    assert not list(cache.iterdir())


def test_files_that_cannot_be_used_are_listed_and_the_rest_is_read(folder):
    (folder / "bach" / "broken.wav").write_bytes(b"RIFF and then nothing")
    soundfile.write(folder / "empty.wav", np.zeros(0), RATE)
    corpus = Corpus.from_folder(folder, RATE)
    assert len(corpus.recordings) == 8
    assert {file.path.name for file in corpus.skipped} == {"broken.wav", "empty.wav"}
    assert all(file.reason for file in corpus.skipped)
    assert "Skipped 2:" in corpus.summary()
    assert "broken.wav" in corpus.summary()


def test_a_folder_of_nothing_usable_is_one_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"can be used: it holds no audio files.*FLAC"):
        Corpus.from_folder(tmp_path, RATE)
    for number in range(5):
        (tmp_path / f"{number}.wav").write_text("words")
    with pytest.raises(ValueError, match=r"0\.wav: .*and 2 more.*FLAC"):
        Corpus.from_folder(tmp_path, RATE)


def test_a_cache_that_cannot_be_written_is_one_sentence(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("KAUDIO_CACHE", str(tmp_path / "file"))
    with pytest.raises(OSError, match=r"cannot be written: .* KAUDIO_CACHE"):
        Corpus.from_folder(folder, RATE)


def test_a_summary_has_a_line_for_each_label_and_cuts_long_lists(folder):
    for number in range(15):
        (folder / f"broken {number}.wav").write_text("words")
    lines = Corpus.from_folder(folder, RATE).summary().splitlines()
    assert [line.split()[:2] for line in lines[1:6]] == [
        ["(none)", "1"],
        ["bach", "4"],
        ["chopin", "2"],
        ["satie", "1"],
        ["all", "8"],
    ]
    assert "Skipped 15:" in lines
    assert "  and 5 more (`kaudio corpus` lists all)" in lines
    assert lines[-1].startswith("Cache: ")


def test_sub_folders_without_recordings_are_named(folder, record):
    for name in ("liszt", ".hidden", "clara schumann"):
        (folder / name).mkdir()
    record(folder / "clara schumann" / "trio" / "one.wav", 0.1)
    (note,) = Corpus.from_folder(folder, RATE).notes
    assert note == "Sub-folders without recordings, left out: liszt."


def test_trimmed_seconds_are_reported(tmp_path):
    samples = np.zeros(3000)
    samples[1000:2000] = 0.5
    soundfile.write(tmp_path / "a.wav", samples, RATE)
    soundfile.write(tmp_path / "silent.wav", samples[:1000], RATE)
    corpus = Corpus.from_folder(tmp_path, RATE, trim_silence_db=-60)
    assert corpus.recordings[0].seconds == 1
    np.testing.assert_allclose(corpus.recordings[0].read(0, 3000), 0.5, atol=1e-4)
    assert [file.path.name for file in corpus.skipped] == ["silent.wav"]
    assert "Trimming silence took 2.0 s off the ends." in corpus.notes
    assert "Trimming silence took 2.0 s off the ends." in corpus.summary()
    assert Corpus.from_folder(tmp_path, RATE).seconds == 4


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("recording", "chopin/cd1/1.wav"),
        ("folder", "chopin/cd1"),
        (lambda path: path.parts[0], "chopin"),
        ({"chopin/cd1/1.wav": "mazurkas"}, "mazurkas"),
    ],
)
def test_groups_are_recordings_folders_or_what_one_says(folder, option, expected):
    if isinstance(option, dict):
        below = (path.relative_to(folder).as_posix() for path in folder.rglob("*.wav"))
        option = {path: "other" for path in below} | option
    assert expected in groups(Corpus.from_folder(folder, RATE, groups=option))


@pytest.mark.parametrize("option", ["album", {"bach/1.wav": "a"}, lambda path: None])
def test_groups_that_leave_a_recording_without_are_refused(folder, option):
    with pytest.raises(ValueError, match="`groups` must be"):
        Corpus.from_folder(folder, RATE, groups=option)


def test_copies_of_a_file_are_in_one_group(folder):
    original = folder / "chopin" / "cd0" / "0.wav"
    (folder / "satie" / "copy of chopin.wav").write_bytes(original.read_bytes())
    corpus = Corpus.from_folder(folder, RATE)
    assert len(corpus.recordings) == 9
    assert len(groups(corpus)) == 8
    for seed in range(20):
        train, validation = corpus.split(0.3, seed=seed)
        assert groups(train).isdisjoint(groups(validation))


@pytest.mark.parametrize("option", ["recording", "folder", lambda path: path.stem])
@pytest.mark.parametrize("test", [0, 0.2])
def test_recordings_and_groups_never_cross_a_split(folder, option, test):
    corpus = Corpus.from_folder(folder, RATE, groups=option)
    for seed in range(30):
        parts = corpus.split(0.2, test, seed)
        assert len(parts) == (3 if test else 2)
        assert all(part.recordings for part in parts)
        assert sum(len(groups(part)) for part in parts) == len(groups(corpus))
        together = [recording for part in parts for recording in part.recordings]
        assert sorted(r.path for r in together) == [r.path for r in corpus.recordings]
        assert parts == corpus.split(0.2, test, seed)


def test_labels_with_recordings_enough_are_in_each_part(folder):
    train, validation = Corpus.from_folder(folder, RATE).split(0.1)
    assert train.labels == ("", "bach", "chopin", "satie")
    assert validation.labels == ("bach", "chopin")


def test_a_single_recording_is_cut_in_time_and_that_is_said(tmp_path, record, capsys):
    record(tmp_path / "a.wav", 10)
    corpus = Corpus.from_folder(tmp_path, RATE)
    train, validation = corpus.split(0.1)
    whole = corpus.recordings[0].read(0, 10_000)
    np.testing.assert_array_equal(train.recordings[0].read(0, 10_000), whole[:9000])
    np.testing.assert_array_equal(validation.recordings[0].read(0, 10_000), whole[9000:])
    assert "cut in time" in capsys.readouterr().err
    for part in (train, validation):
        assert any("cut in time" in note for note in part.notes)
        assert "cut in time" in part.summary()


def test_a_contiguous_split_cuts_the_recordings_laid_end_to_end(folder):
    corpus = Corpus.from_folder(folder, RATE)

    def samples(corpus):
        return np.concatenate([r.read(0, r.num_samples) for r in corpus.recordings])

    parts = corpus.split_contiguous(0.1, 0.1)
    assert [part.seconds for part in parts] == pytest.approx([8.8, 1.1, 1.1])
    np.testing.assert_array_equal(np.concatenate([samples(p) for p in parts]), samples(corpus))
    twice = parts[0].split_contiguous(0.5, 0)
    np.testing.assert_array_equal(np.concatenate([samples(p) for p in twice]), samples(parts[0]))
