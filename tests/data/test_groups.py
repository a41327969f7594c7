"""Labels and groups of recordings, from a table."""

import unicodedata
from pathlib import Path, PurePath

import pytest

from kaudio.data import Corpus
from kaudio.data.groups import places

RATE = 1000
TABLE = """file,composer,work,seconds
bach/one.wav,Bach,BWV 1,0.1
bach/two.wav,Bach,BWV 1,0.1
"chopin/three, slow.wav",Chopin,"Op. 1",0.1
"""


@pytest.fixture
def folder(tmp_path, record):
    for name in ("bach/one.wav", "bach/two.wav", "chopin/three, slow.wav"):
        record(tmp_path / "music" / name, 0.1)
    return tmp_path / "music"


def table(tmp_path, text):
    path = tmp_path / "manifest.csv"
    path.write_text(text, "utf-8")
    return path


def test_a_table_gives_labels_and_groups(folder, tmp_path):
    corpus = Corpus.from_folder(folder, RATE, groups=table(tmp_path, TABLE))
    assert [(r.label, r.group) for r in corpus.recordings] == [
        ("Bach", "Bach/BWV 1"),
        ("Bach", "Bach/BWV 1"),
        ("Chopin", "Chopin/Op. 1"),
    ]


def test_a_table_may_know_of_more_folders_or_of_fewer(folder, tmp_path):
    corpus = Corpus.from_folder(folder / "bach", RATE, groups=table(tmp_path, TABLE))
    assert {(r.label, r.group) for r in corpus.recordings} == {("Bach", "Bach/BWV 1")}
    place = places(table(tmp_path, TABLE.replace("bach/", "").replace("chopin/", "")))
    assert place(PurePath("deep/bach/one.wav")) == ("Bach", "Bach/BWV 1")


def test_without_a_label_in_the_table_it_is_the_folder(tmp_path):
    place = places(table(tmp_path, "file,group\nx.wav,g\nb/y.wav,g\n"))
    assert place(PurePath("b/x.wav")) == ("b", "g")
    assert place(PurePath("x.wav")) == ("", "g")
    place = places(table(tmp_path, "file,label,work\nb/x.wav,,w\n"))
    assert place(PurePath("b/x.wav")) == ("b", "b/w")


def test_a_group_comes_before_a_work_and_a_label_before_a_composer(tmp_path):
    place = places(table(tmp_path, "composer,work,label,group,file\nc,w,l,g,x.wav\n"))
    assert place(PurePath("x.wav")) == ("l", "g")


def test_works_of_different_composers_with_one_number_are_apart(tmp_path):
    place = places(table(tmp_path, "file,work\na/x.wav,Op. 10\nb/y.wav,Op. 10\n"))
    assert place(PurePath("a/x.wav"))[1] != place(PurePath("b/y.wav"))[1]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path):
    place = places(table(tmp_path, "file,group\na/x.wav,1\nb/x.wav,2\n"))
    assert [place(PurePath(path))[1] for path in ("a/x.wav", "b/x.wav")] == ["1", "2"]
    with pytest.raises(ValueError, match=r'There are 2 for "x\.wav"\. Write its whole path'):
        place(PurePath("x.wav"))
    with pytest.raises(ValueError, match=r'There is none whose "file" is "c.x\.wav"'):
        place(PurePath("c/x.wav"))


@pytest.mark.parametrize("text", ["file;group\na/é.wav;1\n", "﻿File\tGroup\n.\\a\\é.wav\t 1\n\n"])
def test_tables_of_spreadsheets_are_read(tmp_path, text):
    place = places(table(tmp_path, text))
    for form in ("NFC", "NFD"):
        assert place(PurePath(unicodedata.normalize(form, "a/é.wav"))) == ("a", "1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,composer\nx.wav,a\n", r'column "group" or "work".*columns: file, composer\.'),
        ("group\na\n", r'must have a column "file".*Received the columns: group\.'),
        ("", r"Received the columns: none\."),
        ("file,group\nbach/one.wav,1\n", 'none whose "file" is "bach.two.wav"'),
        ("file,group\nbach/one.wav\n", 'must have a group for "bach.one.wav", but it is empty'),
        ('file,group\n"bach/one.wav,1\n', r"cannot be read: unexpected end of data\."),
    ],
)
def test_a_table_that_lacks_something_is_refused_with_a_sentence(folder, tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        Corpus.from_folder(folder, RATE, groups=table(tmp_path, text))


def test_the_path_of_a_table_may_be_text(folder, tmp_path):
    path = table(tmp_path, TABLE)
    assert Corpus.from_folder(folder, RATE, groups=str(path)).labels == ("Bach", "Chopin")


def test_a_table_that_is_none_is_refused_with_a_sentence(folder, tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for path in (tmp_path / "none.csv", tmp_path, tmp_path / "binary", Path("album"), "album"):
        with pytest.raises(ValueError, match=r"`groups` must be a CSV file in UTF-8\..*cannot be"):
            Corpus.from_folder(folder, RATE, groups=path)
