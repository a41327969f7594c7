import numpy as np
import pytest

from benchmarks.hits import typical
from benchmarks.hits_table import Answer, Sound, cells, describe, is_one_hit, noises, table
from kaudio.data.tags import semitones
from kaudio.evaluation.hits import level_over_time

RATE = 8_000
TIME = np.arange(RATE // 2) / RATE


def hit(frequency=440, start=0.0):
    time = TIME - start
    return np.where(time < 0, 0, np.sin(2 * np.pi * frequency * time) * np.exp(-20 * time))


def level(samples):
    return describe(samples, RATE)["level"]


def sound(name, frequency, kind="bells", held_out=False):
    return Sound(name, kind, held_out, np.ones(3), semitones(frequency), hit(frequency))


BELLS = [sound("a4", 440), sound("e5", 660), sound("a5", 880, held_out=True)]


def rows_of(text):
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
    return {row[0]: dict(zip(rows[0], row, strict=True)) for row in rows[2:]}


def test_a_hit_that_begins_late_never_or_again_is_not_one_hit():
    real = level(hit())
    assert is_one_hit(real, real, RATE)
    assert is_one_hit(level(0.2 * hit()), real, RATE)
    assert not is_one_hit(level(hit(start=0.1)), real, RATE)
    assert not is_one_hit(level(np.zeros(len(TIME))), real, RATE)
    assert not is_one_hit(level(hit() + hit(start=0.4)), real, RATE)


def test_a_pitch_is_right_within_half_a_semitone():
    real = describe(hit(), RATE)
    told = real["pitch"]
    answers = [Answer(describe(hit(440 * 2 ** (s / 12)), RATE), real, told) for s in (0, 0.3, 1, 5)]
    assert cells(answers, RATE)[2] == "50%"
    assert cells([Answer(real, real, None)], RATE)[2] == "–"


def test_what_is_the_real_one_is_no_distance_away_and_what_is_not_known_says_so():
    real, silence = describe(hit(), RATE), describe(np.zeros(len(TIME)), RATE)
    assert cells([Answer(real, real, None)], RATE)[3:] == ["0.0"] * 6
    assert cells([Answer(real, real, None), Answer(silence, real, None)], RATE)[5] == "0.0 (50%)"
    assert cells([Answer(silence, real, None)], RATE)[5] == "–"


def test_noise_in_an_envelope_has_its_level_and_plain_noise_its_power():
    real = hit()
    enveloped, plain = noises(real, RATE, seed=0)
    loud = level_over_time(real, RATE) > -40
    assert abs(level_over_time(enveloped, RATE) - level_over_time(real, RATE))[loud].mean() < 2
    assert plain.std() == pytest.approx(real.std(), rel=0.1)
    assert (noises(real, RATE, seed=0)[0] == enveloped).all()


def test_a_table_has_the_real_ones_the_generated_ones_and_what_is_no_answer():
    rows = rows_of(table(BELLS, {"perfect": np.array([[s.real] * 2 for s in BELLS])}, RATE))
    parts = ("training", "held out")
    names = ("real", "generated, perfect", "noise in its envelope", "plain noise")
    assert list(rows) == [f"{p}: {n}" for p in parts for n in (*names, "another real one")]
    perfect, other = rows["training: generated, perfect"], rows["training: another real one"]
    assert (perfect["hits"], perfect["one hit"], perfect["pitch"]) == ("4", "100%", "100%")
    assert (perfect["centroid, Hz"], perfect["level, dB"]) == ("0.0", "0.0")
    assert (other["hits"], other["pitch"]) == ("4", "0%")
    assert 200 < float(other["centroid, Hz"]) < 460
    assert rows["held out: generated, perfect"]["hits"] == "2"


def test_sounds_that_are_typical_come_with_those_of_training_first():
    sounds = [*BELLS, sound("c4", 262), sound("g2", 98, kind="basses")]
    faint = np.array([0.5, 0.1, 1, 0.01, 1])[:, None] * np.array([s.real for s in sounds])
    assert typical(sounds, faint, RATE) == [4, 1, 2]
