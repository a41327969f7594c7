"""Logarithmic spectrograms inside a model."""

import keras
import numpy as np
import pytest
from keras import ops

from kaudio.layers import LogSpectrogram

RATE = 4_000


def spectrogram(samples, **options):
    layer = LogSpectrogram(RATE, 512, 64, min_frequency=110.0, **options)
    return layer, ops.convert_to_numpy(layer(np.asarray(samples, "float32")[None]))[0]


def sine(frequency, seconds=0.5):
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE)


@pytest.mark.parametrize("frequency", [440.0, 880.0, 1500.0])
def test_a_sine_is_loudest_in_its_own_band(frequency):
    layer, values = spectrogram(sine(frequency))
    loudest = layer.centers[values.mean(axis=0).argmax()]
    assert abs(12 * np.log2(loudest / frequency)) < 0.6  # semitones


def test_an_octave_up_is_so_many_bands_up():
    _, low = spectrogram(sine(440.0), bands_per_octave=12)
    _, high = spectrogram(sine(880.0), bands_per_octave=12)
    assert high.mean(axis=0).argmax() - low.mean(axis=0).argmax() == 12


def test_it_equals_frames_windows_and_bands_written_out():
    samples = np.random.default_rng(0).normal(size=1_000).astype("float32")
    layer, values = spectrogram(samples)
    padded = np.pad(samples, (256, 512))
    rows = []
    for start in range(0, 1_000, 64):
        spectrum = np.fft.rfft(padded[start : start + 512] * np.hanning(513)[:-1])
        rows.append(10 * np.log10(np.abs(spectrum) ** 2 @ layer.bank))
    expected = np.maximum(rows, np.max(rows) - 60)
    np.testing.assert_allclose(values, (expected - expected.mean()) / 10, atol=1e-3)


def test_gain_changes_nothing():
    samples = np.random.default_rng(0).normal(size=3_000)
    np.testing.assert_allclose(
        spectrogram(0.3 * samples)[1], spectrogram(0.001 * samples)[1], atol=1e-3
    )


@pytest.mark.parametrize("samples", [1, 63, 64, 65, 1_000])
def test_there_is_a_frame_for_each_hop_that_was_begun(samples):
    layer, values = spectrogram(np.ones(samples))
    assert values.shape == (-(-samples // 64), len(layer.centers))
    assert layer.compute_output_shape((1, samples)) == (1, *values.shape)


def test_silence_is_finite_and_even():
    _, values = spectrogram(np.zeros(1_000))
    np.testing.assert_array_equal(values, 0)


def test_sizes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="multiple of `hop_length`"):
        LogSpectrogram(RATE, 500, 64)
    with pytest.raises(ValueError, match="half the sample rate"):
        LogSpectrogram(RATE, max_frequency=3_000.0)


def test_its_configuration_makes_the_same_layer():
    layer = LogSpectrogram(RATE, 512, 64, 12, 110.0, 1_800.0, 50.0)
    again = LogSpectrogram.from_config(layer.get_config())
    np.testing.assert_array_equal(again.bank, layer.bank)
    assert keras.saving.serialize_keras_object(layer)["registered_name"] == "kaudio>LogSpectrogram"
