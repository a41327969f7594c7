import pickle
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from kaudio.data import Corpus
from kaudio.data.tags import Labels, Tags, note_name, semitones, words_of
from kaudio.generation.conditions import parse_condition

RATE = 8_000
SOUNDS = {  # path: pitch in Hz, None for noise
    "drums/Kick-Low 01.wav": 61.7,
    "drums/kick_high.wav": 90.0,
    "drums/hat808_a.wav": None,
    "bells/rain_c4.wav": 440 * 2 ** (-9 / 12),
    "bells/rain_G#3.wav": 440 * 2 ** (-13 / 12),
    "solo_c5.wav": 440 * 2 ** (3 / 12),
}
NOTES = ("b1", "f#2", "g#3", "c4", "c5")


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "drums"  # a folder of the name of a label, of which it is not one
    time = np.arange(RATE // 2) / RATE
    for name, frequency in SOUNDS.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        noise = np.random.default_rng(0).uniform(-1, 1, len(time))
        tone = noise if frequency is None else np.sin(2 * np.pi * frequency * time)
        soundfile.write(path, 0.5 * tone * np.exp(-8 * time), RATE)
    return Corpus.from_folder(folder, RATE)


def find(corpus, name):
    return next(r for r in corpus.recordings if r.path.as_posix().endswith(name))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("drums/Kick-Low 01.wav", {"drums", "kick", "low"}),
        ("drums/hat808_a.wav", {"drums", "hat", "a"}),
        ("bells/rain_G#3.wav", {"bells", "rain"}),
        ("solo_c5.wav", {"solo"}),
    ],
)
def test_words_are_those_of_the_folders_and_the_name_without_numbers_and_notes(corpus, name, words):
    assert words_of(find(corpus, name)) == words


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("label/label/deep one/x.wav", {"label", "deep", "one", "x"}),
        ("label/bach_bb3-eb4 A2.wav", {"label", "bach"}),
        ("label/Größe (2) [final].wav", {"label", "größe", "final"}),
        ("label/kick01hard.wav", {"label", "kick", "hard"}),
        ("label/pitch_pitched.wav", {"label", "pitch", "pitched"}),
        ("label/0123.wav", {"label"}),
    ],
)
def test_folders_below_the_label_give_words_too(corpus, tmp_path, path, words):
    recording = replace(corpus.recordings[0], path=tmp_path / "music" / path, label="label")
    assert words_of(recording) == words


def test_tags_are_the_sorted_words_that_several_files_carry_and_then_the_notes_of_all(corpus):
    assert Tags.of(corpus).names == ("bells", "drums", "kick", "rain", *NOTES)
    assert Tags.of(corpus, min_files=3).names == ("drums", *NOTES)
    assert Tags.of(corpus, min_files=9).names == NOTES
    assert {"hat", "solo"} < set(Tags.of(corpus, min_files=1).names)


def test_the_vector_of_a_recording_holds_its_tags_and_its_note(corpus):
    tags = Tags.of(corpus)
    for name, frequency in SOUNDS.items():
        recording = find(corpus, name)
        condition = tags(recording, 100, 200)
        assert condition.keys() == {"global"}
        vector = condition["global"]
        assert vector.shape == (1, len(tags.names))
        assert vector.dtype == np.float32
        carried = {tag for tag, value in zip(tags.words, vector[0], strict=False) if value == 1}
        assert carried == words_of(recording) & set(tags.words)
        if frequency is None:
            assert not vector[0, -len(NOTES) :].any()
        else:
            assert vector[0, -len(NOTES) :].sum() == pytest.approx(1)
            middle = vector[0, -len(NOTES) :] @ tags.notes
            assert middle == pytest.approx(semitones(frequency), abs=0.1)


def test_notes_are_named_as_musicians_do(corpus):
    assert [note_name(n) for n in (60, 61, 59, 69, 23)] == ["c4", "c#4", "b3", "a4", "b0"]
    assert semitones(440) == 69
    assert semitones(261.63) == pytest.approx(60, abs=0.001)


@pytest.mark.parametrize(
    ("note", "weights"),
    [
        (60, [0, 1, 0]),
        (58, [1, 0, 0]),
        (40, [1, 0, 0]),
        (99, [0, 0, 1]),
        (60.25, [0, 0.75, 0.25]),
        (59.5, [0.25, 0.75, 0]),
    ],
)
def test_a_pitch_weighs_the_notes_on_both_sides_and_beyond_all_the_nearest(note, weights):
    vector = Tags((), (58, 60, 61)).vector([], 440 * 2 ** ((note - 69) / 12))
    np.testing.assert_allclose(vector, [weights], atol=1e-6)


def test_a_note_is_a_condition_by_its_name(corpus):
    tags = Tags.of(corpus)
    for name, note in (("bells/rain_c4.wav", "c4"), ("bells/rain_G#3.wav", "g#3")):
        told = parse_condition(f"bells rain {note}", tags.names, 1.0)(np.zeros(1))
        np.testing.assert_allclose(told, tags(find(corpus, name))["global"], atol=0.1)


def test_without_a_note_in_training_none_is_told():
    tags = Tags(("kick",))
    assert tags.names == ("kick",)
    np.testing.assert_array_equal(tags.vector(["kick"], 100.0), [[1]])


def test_pitch_is_found_once_for_each_file_and_not_again_after_pickling(corpus, monkeypatch):
    calls = []
    monkeypatch.setattr("kaudio.data.tags.pitch", lambda *_: calls.append(0) or 261.63)
    tags = Tags.of(corpus)
    assert len(calls) == len(SOUNDS)
    copy = pickle.loads(pickle.dumps(tags))
    for recording in corpus.recordings:
        np.testing.assert_array_equal(tags(recording, 0, 9)["global"], copy(recording)["global"])
    for part in corpus.split_contiguous(0.3, 0.3):
        for piece in part.recordings:
            np.testing.assert_array_equal(tags(piece)["global"], copy(piece)["global"])
    assert len(calls) == len(SOUNDS)


def test_a_recording_of_another_corpus_gets_the_tags_that_are_known(corpus, tmp_path):
    tags = Tags.of(corpus)
    kick = find(corpus, "kick_high.wav")
    other = replace(kick, path=tmp_path / "elsewhere" / "kick_unheard.wav", label="")
    expected = tags(kick)["global"]
    expected[0, tags.names.index("drums")] = 0
    np.testing.assert_array_equal(tags(other)["global"], expected)


def test_writing_into_a_vector_does_not_change_the_next(corpus):
    tags = Tags.of(corpus)
    recording = corpus.recordings[0]
    tags(recording)["global"][:] = 99
    assert tags(recording)["global"].max() <= 1


def test_many_threads_get_the_same(corpus):
    expected = Tags.of(corpus)
    tags = Tags(expected.words, expected.notes)
    recordings = corpus.recordings * 20
    with ThreadPoolExecutor(8) as pool:
        for recording, found in zip(recordings, pool.map(tags, recordings), strict=True):
            np.testing.assert_array_equal(found["global"], expected(recording)["global"])


def test_a_vector_can_be_wished_for(corpus):
    tags = Tags.of(corpus)
    np.testing.assert_allclose(tags.vector(["kick"], 523.26), [[0, 0, 1, 0, 0, 0, 0, 0, 1]])
    np.testing.assert_array_equal(tags.vector([]), [[0] * 9])


def test_an_unknown_tag_and_a_wrong_pitch_are_refused_with_a_sentence(corpus):
    tags = Tags.of(corpus)
    with pytest.raises(ValueError, match=re.escape("bells, drums, kick, rain. Received: gong.")):
        tags.vector(["kick", "gong"])
    with pytest.raises(ValueError, match=r"must be in Hz.*Received: 0"):
        tags.vector(["kick"], 0)


def test_labels_are_one_hot(corpus):
    labels = pickle.loads(pickle.dumps(Labels(corpus.labels)))
    assert labels.names == ("", "bells", "drums")
    vector = labels(find(corpus, "bells/rain_c4.wav"), 3, 5)["global"]
    assert vector.dtype == np.float32
    np.testing.assert_array_equal(vector, [[0, 1, 0]])


def test_an_unknown_label_is_refused_with_a_sentence(corpus):
    with pytest.raises(ValueError, match=r"one of the labels \['bells'\], received .* \"drums\""):
        Labels(("bells",))(find(corpus, "kick_high.wav"))


def test_stretches_of_a_file_have_pitches_of_their_own(tmp_path):
    time = np.arange(RATE) / RATE
    low, high = (np.sin(2 * np.pi * frequency * time) * 0.5 for frequency in (261.63, 523.25))
    soundfile.write(tmp_path / "both.wav", np.concatenate([low, high]), RATE)
    (tmp_path / "corpus.csv").write_text("path,end,start\nboth.wav,1,\nboth.wav,2,1\n")
    corpus = Corpus.from_manifest(tmp_path / "corpus.csv", RATE)
    tags = Tags.of(corpus)
    assert tags.names == ("both", "c4", "c5")
    for recording, expected in zip(corpus.recordings, ([1, 1, 0], [1, 0, 1]), strict=True):
        np.testing.assert_allclose(tags(recording)["global"], [expected], atol=0.01)
