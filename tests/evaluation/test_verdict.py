"""Verdicts as text, read back."""

import csv
import io

import numpy as np
import pytest

from kaudio.evaluation.verdict import Verdict


def verdict(first=(0.9, 0.25, np.nan, 0.05), labels=("bach", "schubert, franz"), **options):
    p = np.array([[value, 1 - value] for value in first])
    given = {
        "labels": labels,
        "times": 5.0 * np.arange(len(first)),
        "probabilities": p,
        "overall": np.array([0.35, 0.65]),
        "label": labels[1],
        "confidence": 0.65,
        "chunk_seconds": 10.0,
        "seconds": 5.0 * len(first) + 5,
        "repeated": False,
    }
    return Verdict(**{**given, **options})


def test_table_has_the_likeliest_first_and_a_sign_for_each_chunk():
    lines = verdict().table().splitlines()
    assert lines[0] == "schubert, franz   65.0 %  07.9"
    assert lines[1] == "bach              35.0 %  92.0"
    assert lines[2] == "(4 chunks of 10 s, 1 of them silent; lines: tenths, from 0:00 to 0:25)"


def test_table_of_an_hour_fits_a_terminal():
    lines = verdict(first=[0.5] * 720).table().splitlines()
    assert max(map(len, lines)) < 100
    assert lines[0].endswith("5" * 60)
    assert "to 60:05" in lines[-1]


def test_table_says_that_a_clip_was_repeated():
    one = verdict(first=[1.0], seconds=3.21, repeated=True).table()
    assert "(1 chunk of 10 s, from 3.2 s repeated;" in one
    assert one.splitlines()[0].endswith("0")
    assert one.splitlines()[1].endswith("9")


def test_csv_has_a_row_for_the_whole_and_one_for_each_chunk_that_is_heard():
    rows = list(csv.DictReader(io.StringIO(verdict().csv("a, b.wav"))))
    assert [row["part"] for row in rows] == ["whole", "chunk", "chunk", "chunk"]
    assert {row["file"] for row in rows} == {"a, b.wav"}
    assert [float(row["start"]) for row in rows] == [0, 0, 5, 15]
    assert [float(row["end"]) for row in rows] == [25, 10, 15, 25]
    assert [row["label"] for row in rows] == ["schubert, franz", "bach", *["schubert, franz"] * 2]
    assert [float(row["bach"]) for row in rows] == [0.35, 0.9, 0.25, 0.05]


def test_csv_of_several_recordings_has_one_header():
    both = verdict().csv("a") + verdict().csv("b", header=False)
    assert [row["file"] for row in csv.DictReader(io.StringIO(both))] == ["a"] * 4 + ["b"] * 4


def test_spans_cover_the_recording_without_a_gap():
    edges = verdict().spans()
    assert edges.tolist() == [0, 7.5, 12.5, 17.5, 25]
    assert verdict(first=[0.5], seconds=3.0).spans().tolist() == [0, 3]


def test_silent_chunks_are_known_by_their_time():
    assert verdict().silent == pytest.approx([10])
