"""Copies: passages of made-up music pasted into other music."""

import numpy as np
import pytest
from synthetic import RATE
from synthetic import notes as music

from kaudio.data.corpus import Corpus
from kaudio.evaluation.copies import Copy, copies
from kaudio.evaluation.fingerprints import Fingerprints


def mu_law(samples):
    codes = np.sign(samples) * np.log1p(255 * np.abs(samples)) / np.log1p(255)
    codes = np.round((codes + 1) / 2 * 255) / 255 * 2 - 1
    return np.sign(codes) * np.expm1(np.abs(codes) * np.log1p(255)) / 255


def noisy(samples):
    noise = np.random.default_rng(9).normal(0, 0.1 * samples.std(), len(samples))
    return samples + noise


CHANGES = {
    "as it is": lambda samples: samples,
    "quieter": lambda samples: 0.05 * samples,
    "upside down": lambda samples: -samples,
    "in noise": noisy,
    "in mu-law codes": mu_law,
}


@pytest.fixture(scope="module")
def fingerprints():
    pairs = [(f"song {seed}", np.array_split(music(30, seed), 7)) for seed in range(3)]
    return Fingerprints.of(pairs, RATE)


@pytest.mark.parametrize("change", CHANGES)
def test_a_pasted_passage_is_found_with_its_source_place_and_length(fingerprints, change):
    clip = music(20, 10)
    clip[round(7.1 * RATE) : round(10.1 * RATE)] = music(30, 1)[
        round(12.34 * RATE) : round(15.34 * RATE)
    ]
    copy = copies(CHANGES[change](clip), RATE, fingerprints)
    assert copy.source == "song 1"
    assert copy.seconds == pytest.approx(3, abs=0.25)
    assert copy.at == pytest.approx(7.1, abs=0.15)
    assert copy.source_at == pytest.approx(12.34, abs=0.15)
    assert copy.similarity > 0.9


def test_the_longest_of_several_passages_is_told(fingerprints):
    clip = music(20, 11)
    for seed, at, seconds in ((0, 2, 1.5), (2, 6, 4), (1, 14, 2.5)):
        clip[at * RATE : round((at + seconds) * RATE)] = music(30, seed)[
            5 * RATE : round((5 + seconds) * RATE)
        ]
    copy = copies(clip, RATE, fingerprints)
    assert copy.source == "song 2"
    assert copy.seconds == pytest.approx(4, abs=0.25)


def test_a_clip_that_is_a_recording_is_copied_from_end_to_end(fingerprints):
    copy = copies(music(30, 2), RATE, fingerprints)
    assert (copy.source, copy.at) == ("song 2", copy.source_at)
    assert copy.seconds == pytest.approx(30, abs=0.25)


def test_a_rest_does_not_end_a_passage_and_is_none_itself():
    song = np.concatenate([music(4, 0), np.zeros(2 * RATE), music(4, 1)])
    fingerprints = Fingerprints.of([("song", [song])], RATE)
    assert copies(song, RATE, fingerprints).seconds == pytest.approx(10, abs=0.25)
    found = copies(np.concatenate([np.zeros(3 * RATE), song[3 * RATE :]]), RATE, fingerprints)
    assert found.at == pytest.approx(3, abs=0.15)
    halves = [("one", [song[: 6 * RATE]]), ("other", [song[4 * RATE :]])]
    found = copies(song, RATE, Fingerprints.of(halves, RATE))
    assert found.seconds == pytest.approx(4, abs=0.25)


def test_recordings_longer_than_a_section_are_found_across_its_end():
    song = music(75, 3)
    fingerprints = Fingerprints.of([("long", [song])], RATE)
    copy = copies(song[round(58.3 * RATE) : 63 * RATE], RATE, fingerprints)
    assert copy.source_at == pytest.approx(58.3, abs=0.15)
    assert copy.seconds == pytest.approx(4.7, abs=0.25)


def test_other_music_of_the_same_notes_and_sound_is_no_copy(fingerprints):
    assert all(copies(music(20, seed), RATE, fingerprints).seconds < 1 for seed in (20, 21, 22))


def test_a_held_chord_that_is_struck_again_is_no_copy(fingerprints):
    time = np.arange(4 * RATE) / RATE
    rng = np.random.default_rng(0)

    def chord():
        tones = (np.sin(2 * np.pi * p * time + rng.uniform(0, 6)) for p in (220, 277.2, 329.6))
        struck = 0.1 * sum(tones) * np.exp(-time) + rng.normal(0, 1e-4, len(time))
        return np.concatenate([music(4, rng.integers(1_000)), struck]).astype("float32")

    again = Fingerprints.of([("chord", [chord()])], RATE)
    assert copies(chord(), RATE, again).seconds < 1


def test_noise_and_silence_copy_nothing(fingerprints):
    noise = np.random.default_rng(0).normal(0, 0.1, 10 * RATE)
    assert copies(noise, RATE, fingerprints) == Copy()
    assert copies(np.zeros(10 * RATE), RATE, fingerprints) == Copy()
    assert copies(music(5, 0), RATE, Fingerprints.of([("mute", [np.zeros(RATE)])], RATE)) == Copy()


def test_recordings_of_a_corpus_are_named_by_their_paths(music):
    corpus = Corpus.from_folder(music, 8_000)
    fingerprints = Fingerprints.of(corpus.recordings, 8_000)
    assert fingerprints.names == tuple(str(r.path) for r in corpus.recordings)
    copy = copies(corpus.recordings[2].read(0, 24_000), 8_000, fingerprints)
    assert copy.source == str(corpus.recordings[2].path)
    assert copy.seconds > 2.5
    assert fingerprints.nbytes < 3_000 * corpus.seconds
    with pytest.raises(ValueError, match="Expected recordings of 6300 Hz"):
        Fingerprints.of(corpus.recordings, 6_300)


def test_what_cannot_be_searched_is_refused_with_a_reason(fingerprints):
    with pytest.raises(ValueError, match=r"fingerprints are of 6300 Hz.*a clip of 8000 Hz"):
        copies(music(2, 0), 8_000, fingerprints)
    with pytest.raises(ValueError, match=r"clips of 1 s or longer. Received: 0\.500 s"):
        copies(music(0.5, 0), RATE, fingerprints)
    with pytest.raises(ValueError, match="1 of them not finite"):
        copies(np.append(music(2, 0), np.nan), RATE, fingerprints)
    with pytest.raises(ValueError, match=r"shape \(2, 10000\)"):
        copies(np.zeros((2, 10_000)), RATE, fingerprints)
    with pytest.raises(ValueError, match="one recording or more"):
        Fingerprints.of([], RATE)
