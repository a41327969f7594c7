"""The power of signals whose spectrum is known."""

import numpy as np
import pytest

from kaudio.evaluation.bands import band_powers


@pytest.mark.parametrize("rate", [4_410, 16_000, 44_100])
def test_a_sine_is_loudest_in_a_band_that_rises_with_its_frequency(rate):
    time = np.arange(rate) / rate
    sines = [np.sin(2 * np.pi * frequency * time) for frequency in (100, 300, 900, 1_800)]
    loudest = [band_powers(s, rate, rate // 10, rate // 50, 24).mean(axis=0) for s in sines]
    places = [np.argmax(powers) for powers in loudest]
    assert places == sorted(set(places))


def test_every_band_has_some_of_white_noise_and_short_audio_has_no_frame():
    noise = np.random.default_rng(0).standard_normal(16_000)
    powers = band_powers(noise, 16_000, 736, 160, 40).mean(axis=0)
    assert powers.max() < 2 * powers.min()
    assert band_powers(noise[:700], 16_000, 736, 160, 40).shape == (0, 40)
