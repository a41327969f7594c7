"""Strings, drums, mallets and plain waves."""

import numpy as np
import pytest

from kaudio.audio import synth


def loudest(samples, low, high):
    """The loudest frequency between two, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 2**19))
    frequencies = np.fft.rfftfreq(2**19, 1 / synth.RATE)
    inside = (frequencies > low) & (frequencies < high)
    return frequencies[inside][np.argmax(spectrum[inside])]


@pytest.mark.parametrize("note", [43, 57, 69, 84])
@pytest.mark.parametrize("instrument", [synth.pluck, synth.strike])
def test_strings_are_in_tune(instrument, note):
    wanted = synth.frequency(note)
    found = loudest(instrument(note), wanted / 1.3, wanted * 1.3)
    assert abs(1200 * np.log2(found / wanted)) < 6  # cents


@pytest.mark.parametrize("name", ["sine", "triangle", "saw", "square"])
def test_waves_are_in_tune_and_do_not_alias(name):
    tone = synth.wave(name, 72)
    wanted = synth.frequency(72)
    assert loudest(tone, 100, 7_900) == pytest.approx(wanted, rel=1e-3)
    between = np.abs(np.fft.rfft(tone * np.blackman(len(tone)), 2**16))
    frequencies = np.fft.rfftfreq(2**16, 1 / synth.RATE)
    away = np.abs(frequencies / wanted - np.round(frequencies / wanted)) > 0.2
    assert between[away].max() < 2e-3 * between.max()


def test_a_harder_stroke_is_brighter():
    def brightness(tone):
        return np.abs(np.diff(tone)).mean() / np.abs(tone).mean()

    assert brightness(synth.strike(60, 1.0)) > 1.2 * brightness(synth.strike(60, 0.0))


@pytest.mark.parametrize("instrument", [synth.pluck, synth.strike])
def test_strings_die_away(instrument):
    tone = instrument(60)
    quarter = len(tone) // 4
    levels = [np.sqrt((tone[n * quarter :][:quarter] ** 2).mean()) for n in range(4)]
    assert levels == sorted(levels, reverse=True)
    assert levels[3] < 0.5 * levels[0]


def test_the_pitch_of_a_drum_falls():
    tone = synth.drum("kick", 200, 50, 0.15, 0.0)
    start, later = tone[: synth.RATE // 50], tone[synth.RATE // 5 :]
    assert loudest(start, 20, 400) > 1.5 * loudest(later, 20, 400)
