"""The demo corpus knows its notes; noise has none."""

import numpy as np
import pytest
from scipy import signal

from kaudio.audio import demo, synth
from kaudio.audio.pitch import pitch

MALLETS = [(name, note) for name, notes in demo._MALLET_NOTES.items() for note in notes.values()]
WAVES = [(name, note) for name in ("sine", "saw", "square") for note in range(28, 85, 4)]


def semitones_off(samples, note):
    return 12 * np.log2(pitch(samples, synth.RATE) / synth.frequency(note))


@pytest.mark.parametrize(("name", "note"), MALLETS)
def test_the_pitch_of_a_mallet_is_its_note_within_a_quarter_tone(name, note):
    assert abs(semitones_off(synth.mallet(name, note), note)) < 0.5


@pytest.mark.parametrize(("name", "note"), [*WAVES, ("triangle", 36), ("triangle", 72)])
def test_the_pitch_of_a_plain_wave_is_its_note_within_a_fifth_of_a_semitone(name, note):
    assert abs(semitones_off(synth.wave(name, note), note)) < 0.2


@pytest.mark.parametrize("note", [40, 52, 64, 76])
def test_the_pitch_of_a_string_is_its_note(note):
    assert abs(semitones_off(synth.pluck(note), note)) < 0.5
    assert abs(semitones_off(synth.strike(note), note)) < 0.5


@pytest.mark.parametrize("name", demo._DRUMS)
def test_membranes_are_pitched_where_they_end_up_and_cymbals_are_not(name):
    start, end, decay, snap = demo._DRUMS[name]
    found = pitch(synth.drum(name, start, end, decay, snap), synth.RATE)
    if end:
        assert end * 0.97 < found < start
    else:
        assert found is None


@pytest.mark.parametrize("band", [(20, 200), (200, 500), (500, 2_000), (2_000, 7_900)])
@pytest.mark.parametrize("decay", [0.03, 0.2, 100])
def test_noise_of_any_band_has_no_pitch(band, decay):
    noise = np.random.default_rng(0).standard_normal(synth.RATE)
    noise = signal.sosfilt(signal.butter(2, band, "band", output="sos", fs=synth.RATE), noise)
    noise *= 0.1 * np.exp(-np.arange(synth.RATE) / synth.RATE / decay)
    assert pitch(noise, synth.RATE) is None


@pytest.mark.parametrize("note", [84, 88, 91])
def test_between_the_lags_a_high_note_at_a_low_rate_is_found_within_a_twentieth(note):
    low = signal.resample_poly(synth.wave("sine", note), 1, 2)
    found = pitch(low, synth.RATE // 2)
    assert abs(12 * np.log2(found / synth.frequency(note))) < 0.05


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_the_pitch_does_not_depend_on_the_sample_rate(rate):
    time = np.arange(rate) / rate
    tone = sum(np.sin(2 * np.pi * 330 * n * time) / n for n in range(1, 10)) * np.exp(-9 * time)
    assert pitch(0.3 * tone.astype("float32"), rate) == pytest.approx(330, rel=0.005)


def test_neither_level_nor_dc_nor_silence_around_it_moves_the_pitch():
    tone = synth.mallet("marimba", 60)
    quiet = np.pad(0.02 * tone, (4_000, 8_000)) + 0.3
    assert pitch(quiet, synth.RATE) == pytest.approx(pitch(tone, synth.RATE), rel=0.01)


@pytest.mark.parametrize("num_samples", [0, 1, 15, 16, 100, 20_000])
def test_silence_of_any_length_has_no_pitch(num_samples):
    assert pitch(np.zeros(num_samples), synth.RATE) is None
    assert pitch(np.full(num_samples, 0.5), synth.RATE) is None


def test_a_beep_of_a_few_periods_has_a_pitch():
    time = np.arange(round(0.02 * synth.RATE)) / synth.RATE
    assert pitch(np.sin(2 * np.pi * 440 * time), synth.RATE) == pytest.approx(440, rel=0.02)


def test_a_long_recording_takes_little_time_and_memory():
    long = np.tile(synth.wave("sine", 69), 200)
    assert pitch(long, synth.RATE) == pytest.approx(440, rel=0.01)
