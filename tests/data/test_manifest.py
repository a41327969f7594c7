"""Manifests: what they say, and what is said of those that cannot be used."""

import sys

import numpy as np
import pytest
import soundfile

from kaudio.data import Corpus, survey
from kaudio.data.manifest import read_manifest

RATE = 1000
HEAD = "path,group,start,end\n"
FAULTS = {
    "label,start\na,0\n": r'must have a column "path", and may .*columns: label, start\.',
    "": r'must have a column "path".*Received the columns: none\.',
    "path,path\na.wav,b.wav\n": r'must have one column "path"\.',
    "path,label\n": r"must have a row for each recording\. It has none\.",
    "path,label\n,x\n": r'Row 2 of ".*" must have a "path", but it is empty\.',
    "path,start\na.wav,\nb.wav,soon\n": r'Row 3 of .* "start" in seconds.*Received: "soon"\.',
    "path,start\na.wav,-1\n": r'Row 2 of .* "start" in seconds, 0 or more.*Received: "-1"\.',
    "path,end\na.wav,nan\n": r'Row 2 of .* "end" in seconds.*Received: "nan"\.',
    "path,end\na.wav,inf\n": r'Row 2 of .* "end" in seconds.*Received: "inf"\.',
    "path,end\na.wav,1e305\n": r'Row 2 of .* and at most 1e\+09\. Received: "1e305"\.',
    "path\na.wav\n~zzz/x.wav\n": r'Row 3 of .* cannot be used: "~zzz/x\.wav"',
    "path,start,end\na.wav,2,2\n": r"Row 2 of .* must end after it starts.*start=2 and end=2,",
    "path,end\na.wav,0\n": r"Row 2 of .* must end after it starts.*start=0 and end=0,",
    "path\na.wav\n\nb.wav\na.wav\n": r"Row 5 of .* must not say again what row 2 says",
    "path,start\na.wav,\n./a.wav,0\n": r"Row 3 of .* must not say again what row 2 says",
    "path\ngopher://x/a.wav\n": r'Row 2 of .* protocol "gopher" of gopher://x/a\.wav is unknown',
    'path\n"a.wav\n': r"A manifest must be a CSV file in UTF-8\..*unexpected end of data\.",
}


@pytest.fixture
def files(tmp_path, record):
    """Two files, three and two seconds long."""
    return [record(tmp_path / "in" / "a.wav", 3), record(tmp_path / "in" / "b.wav", 2)]


def table(tmp_path, text, name="corpus.csv"):
    path = tmp_path / name
    path.write_text(text, "utf-8")
    return path


def samples(recording):
    return recording.read(0, recording.num_samples)


def places(corpus):
    return [(r.path.name, r.label, r.group, r.start, r.stop) for r in corpus.recordings]


@pytest.mark.parametrize(("text", "message"), FAULTS.items())
def test_a_manifest_that_lacks_something_is_one_sentence(tmp_path, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        read_manifest(table(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_a_manifest_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no manifest"):
        Corpus.from_folder(tmp_path / "corpus.csv", RATE)


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    def missing(protocol):
        raise ImportError(f"Install that for {protocol}")

    monkeypatch.setattr("fsspec.get_filesystem_class", missing)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(ValueError, match=r'Row 2 .* package .* missing .*install "kaudio\[remote'):
        read_manifest(table(tmp_path, "path\nhttps://x/a.wav\n"))
    with pytest.raises(ValueError, match=r'pip install "kaudio\[parquet\]"'):
        read_manifest(table(tmp_path, "", "corpus.parquet"))


@pytest.mark.parametrize("rate", [RATE, 700])
def test_stretches_are_slices_of_the_whole(tmp_path, files, rate):
    text = (
        "path,label,start,end\nin/a.wav,x,,\nin/a.wav,y,0.5,1.25\nin/b.wav,x,1,\nin/b.wav,,,0.3\n"
    )
    corpus = Corpus.from_manifest(table(tmp_path, text), rate)
    whole, part, rest, start = map(samples, corpus.recordings)
    other = samples(Corpus.from_folder(files[1], rate).recordings[0])
    np.testing.assert_array_equal(whole, samples(Corpus.from_folder(files[0], rate).recordings[0]))
    np.testing.assert_array_equal(part, whole[round(0.5 * rate) : round(1.25 * rate)])
    np.testing.assert_array_equal(rest, other[rate:])
    np.testing.assert_array_equal(start, other[: round(0.3 * rate)])
    assert [r.label for r in corpus.recordings] == ["x", "y", "x", ""]


def test_paths_are_relative_to_the_manifest_or_absolute_or_addresses_of_files(tmp_path, files):
    text = f"﻿Path;Label\nin/a.wav;é\n{files[1]};x\n"
    corpus = Corpus.from_folder(table(tmp_path, text), RATE)
    assert [r.path for r in corpus.recordings] == files
    assert corpus.labels == ("x", "é")
    corpus = Corpus.from_manifest(table(tmp_path, f"path\nfile://{files[1]}\n"), RATE)
    assert corpus.recordings[0].path == files[1]


def test_parquet_says_the_same_as_csv(tmp_path, files):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "Path": ["in/a.wav", "in/a.wav", "in/b.wav"],
        "group": ["g", None, "h"],
        "start": [0.0, 1.5, float("nan")],
        "end": [1.5, None, None],
        "more": [[1], [2], [3]],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "corpus.parquet")
    text = "path,group,start,end\nin/a.wav,g,,1.5\nin/a.wav,,1.5,\nin/b.wav,h,,\n"
    corpus = Corpus.from_folder(tmp_path / "corpus.parquet", RATE)
    assert corpus == Corpus.from_folder(table(tmp_path, text), RATE)
    parquet.write_table(pyarrow.table({"path": ["a"], "start": [-1]}), tmp_path / "b.parquet")
    with pytest.raises(ValueError, match=r'Row 1 of ".*b\.parquet".*Received: "-1"'):
        read_manifest(tmp_path / "b.parquet")
    for names in (["path", "path"], ["path", " Path"]):
        two = pyarrow.Table.from_arrays([pyarrow.array(["a"])] * 2, names)
        parquet.write_table(two, tmp_path / "c.parquet")
        with pytest.raises(ValueError, match=r'must have one column "path"\. Received'):
            read_manifest(tmp_path / "c.parquet")
    others = pyarrow.Table.from_arrays([pyarrow.array(["a"])] * 3, ["path", "more", "more"])
    parquet.write_table(others, tmp_path / "c.parquet")
    assert [row.name for row in read_manifest(tmp_path / "c.parquet")] == ["a"]


def test_a_damaged_parquet_file_is_one_sentence(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "c.parquet"
    message = r'c\.parquet" is not a Parquet file that can be read: .*\.'
    # What is no text, and is not looked at before it is made a Python object.
    raw = pyarrow.Array.from_buffers(
        pyarrow.string(),
        1,
        [None, pyarrow.py_buffer(b"\0\0\0\0\2\0\0\0"), pyarrow.py_buffer(b"\xff\xfe")],
    )
    parquet.write_table(pyarrow.table({"path": raw}), path)
    with pytest.raises(ValueError, match=message) as caught:
        read_manifest(path)
    assert not isinstance(caught.value, UnicodeDecodeError)
    rows = {"path": [f"{number}.wav" for number in range(500)], "label": ["a", "b"] * 250}
    parquet.write_table(pyarrow.table(rows), path)
    content = path.read_bytes()
    for place in range(4, len(content) - 8, 61):
        damaged = bytearray(content)
        damaged[place] ^= 0x55
        path.write_bytes(damaged)
        try:
            read_manifest(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017
    path.write_text("words")
    with pytest.raises(ValueError, match=message):
        read_manifest(path)


def test_a_name_that_no_file_can_have_is_skipped(tmp_path, files):
    path = table(tmp_path, "path\nin/a.wav\nin/a\0b.wav\n")
    corpus = Corpus.from_manifest(path, RATE)
    assert [recording.path for recording in corpus.recordings] == files[:1]
    assert corpus.skipped[0].reason == "it cannot be read (embedded null byte)"
    assert "there is no such file" in survey(path)


def test_what_cannot_be_used_is_listed_and_the_rest_is_read(tmp_path, files):
    (tmp_path / "in" / "words.wav").write_text("words")
    (tmp_path / "in" / "c.m4a").write_text("words")
    text = "path,start,end\nin/a.wav,,\nin/none.wav,,\nin,,\nin/words.wav,,\nin/c.m4a,,\n"
    text += "in/b.wav,2,\nin/b.wav,1,1.0001\n"
    corpus = Corpus.from_manifest(table(tmp_path, text), RATE)
    assert [r.path for r in corpus.recordings] == [files[0]]
    reasons = [skipped.reason for skipped in corpus.skipped]
    assert len(reasons) == 6
    said = "\n".join(reasons)
    assert "No such file" in said
    assert ".m4a files cannot be read" in said
    assert "row 7 starts at 2 s, and the recording ends at 2 s" in said
    assert "row 8 is shorter than a sample" in said
    with pytest.raises(
        ValueError, match=r"No recording in .*corpus\.csv.* can be used: .*none\.wav"
    ):
        Corpus.from_manifest(table(tmp_path, "path\nin/none.wav\n"), RATE)


def test_a_row_that_ends_after_its_recording_is_cut_there_and_counted(tmp_path, files):
    text = "path,start,end\nin/a.wav,1,3.05\nin/b.wav,1,9\n"
    corpus = Corpus.from_manifest(table(tmp_path, text), RATE)
    assert [r.num_samples for r in corpus.recordings] == [2000, 1000]
    assert corpus.notes == ("Rows that end after their recording does, cut there: 1.",)


def test_rows_of_a_file_share_a_group_unless_they_tell_otherwise(tmp_path, files):
    (tmp_path / "in" / "copy of a.wav").write_bytes(files[0].read_bytes())
    text = (
        "path,group,start,end\nin/a.wav,,0,1\nin/a.wav,,1,2\nin/copy of a.wav,,2,3\nin/b.wav,,,\n"
    )
    corpus = Corpus.from_manifest(table(tmp_path, text), RATE)
    assert [r.group for r in corpus.recordings] == ["in/a.wav"] * 3 + ["in/b.wav"]
    text = "path,group,start,end\nin/a.wav,1,0,1\nin/a.wav,2,1,2\nin/a.wav,,2,3\nin/b.wav,1,,\n"
    corpus = Corpus.from_manifest(table(tmp_path, text), RATE)
    assert [r.group for r in corpus.recordings] == ["1", "2", "1", "1"]
    assert corpus.notes == ()


def test_samples_are_never_in_two_groups(tmp_path, files):
    (tmp_path / "in" / "copy.wav").write_bytes(files[0].read_bytes())
    text = HEAD + "in/a.wav,1,0,1\nin/b.wav,1,,\nin/a.wav,2,2,3\nin/copy.wav,3,0.5,2.5\n"
    corpus = Corpus.from_manifest(table(tmp_path, text), RATE)
    assert [r.group for r in corpus.recordings] == ["1", "1", "1", "1"]
    assert corpus.notes == ("Rows that overlap others of the same recording took their group: 2.",)
    heard = {}
    for seed in range(30):
        rng = np.random.default_rng(seed)
        rows = [
            f"in/{rng.choice(['a', 'copy', 'b'])}.wav,{rng.integers(4)},{start},{start + length}\n"
            for start, length in zip(
                rng.permutation(19) / 10, rng.integers(1, 9, 19) / 10, strict=True
            )
        ]
        corpus = Corpus.from_manifest(table(tmp_path, HEAD + "".join(rows)), RATE)
        heard = {}
        for recording in corpus.recordings:
            for sample in range(recording.start, recording.stop):
                place = (recording.waveform.path, sample)
                assert heard.setdefault(place, recording.group) == recording.group


def test_stretches_and_trimmed_silence_leave_out_both(tmp_path):
    whole = np.zeros(3000, "float32")
    whole[1000:2000] = 0.5
    soundfile.write(tmp_path / "a.wav", whole, RATE, subtype="FLOAT")
    text = "path,start,end\na.wav,,\na.wav,0.5,1.5\na.wav,1.5,2.5\n"
    text += "a.wav,1.2,1.3\na.wav,2.5,\na.wav,0,0.5\n"
    corpus = Corpus.from_manifest(table(tmp_path, text), RATE, trim_silence_db=-60)
    assert [r.num_samples for r in corpus.recordings] == [1000, 500, 500, 100]
    for recording in corpus.recordings:
        np.testing.assert_array_equal(samples(recording), np.float32(0.5))
    assert len(corpus.skipped) == 2
    assert "Trimming silence took 2.0 s off the ends." in corpus.notes


def test_a_manifest_names_the_groups_itself(tmp_path, files):
    path = table(tmp_path, "path\nin/a.wav\n")
    with pytest.raises(ValueError, match=r"names the groups itself.*Received: groups=.folder"):
        Corpus.from_folder(path, RATE, groups="folder")


def test_a_survey_counts_rows_and_names_what_cannot_be_used(tmp_path, files):
    text = "path,label,start,end\nin/a.wav,x,0,1.5\nin/a.wav,y,1.5,9\n"
    text += "in/b.wav,x,,\nin/b.wav,,7,\nc.wav,,,\n"
    lines = survey(table(tmp_path, text)).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    assert rows["x"] == ["2", "0.1"]
    assert rows["y"] == ["1", "0.0"]
    assert rows["all"] == ["3", "0.1"]
    assert rows["rates:"] == ["1000", "Hz", "x", "3"]
    assert rows["2"] == ["cannot", "be", "used:"]
    assert any("row 5 starts at 7 s, and the recording ends at 2 s" in line for line in lines)
    assert any("c.wav: there is no such file" in line for line in lines)


def test_groups_of_rows_that_overlap_become_one_in_all_files(tmp_path, files):
    text = "path,group,start,end\nin/a.wav,x,0,1\nin/a.wav,y,0.5,1.5\nin/b.wav,y,,\n"
    corpus = Corpus.from_manifest(table(tmp_path, text), RATE)
    assert [recording.group for recording in corpus.recordings] == ["x", "x", "x"]
    assert corpus.notes == ("Rows that overlap others of the same recording took their group: 2.",)
