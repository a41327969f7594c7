"""MuLaw and Linear: codes of single samples."""

import keras
import numpy as np
import pytest

from kaudio.codecs import Linear, MuLaw

CODECS = [MuLaw(16_000), MuLaw(16_000, 65_536), MuLaw(8_000, 32), Linear(16_000), Linear(8_000, 8)]
EACH = pytest.mark.parametrize("codec", CODECS, ids=str)


def snr_db(codec, level_db):
    """Signal to noise of a sine whose peak is at `level_db`, after encoding and decoding."""
    sine = 10 ** (level_db / 20) * np.sin(2 * np.pi * 440.7 * np.arange(160_000) / 16_000)
    noise = codec.decode(codec.encode(sine)) - sine
    return 10 * np.log10(np.mean(sine**2) / np.mean(noise**2))


@pytest.mark.parametrize(
    ("levels", "level_db", "least"),
    [(256, 0, 38.0), (256, -20, 37.0), (256, -40, 33.5), (1_024, 0, 48.0), (65_536, 0, 80.0)],
)
def test_mu_law_keeps_its_signal_to_noise_ratio(levels, level_db, least):
    assert snr_db(MuLaw(16_000, levels), level_db) >= least


def test_linear_loses_what_its_bits_lose():
    assert snr_db(Linear(16_000, 256), -1) == pytest.approx(48.9, abs=0.3)
    assert snr_db(Linear(16_000), -1) == pytest.approx(97.1, abs=0.3)


@EACH
def test_the_code_of_silence_is_silence(codec):
    assert codec.encode(np.zeros(3)).tolist() == [codec.silence] * 3
    assert codec.decode(np.full(3, codec.silence)).tolist() == [0.0] * 3


@EACH
def test_every_code_comes_back_and_the_table_rises(codec):
    codes = np.arange(codec.levels)
    np.testing.assert_array_equal(codec.encode(codec.decode(codes)), codes)
    assert (np.diff(codec.table) > 0).all()


@EACH
def test_what_is_beyond_full_scale_is_clipped(codec):
    codes = codec.encode(np.array([-3.0, 3.0]))
    assert codes.tolist() == [0, codec.levels - 1]


@EACH
def test_codes_travel_in_the_smallest_type(codec):
    assert codec.encode(np.zeros(1)).dtype == ("uint8" if codec.levels <= 256 else "uint16")


@EACH
def test_a_codec_is_made_again_from_its_config(codec):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(codec))
    assert again == codec


@EACH
def test_blocks_decode_as_the_whole(codec):
    codes = np.random.default_rng(0).integers(codec.levels, size=(2, 10)).astype(codec.dtype)
    first, tail = codec.decode_block(codes[:, :4], codec.initial_tail(2))
    second, _ = codec.decode_block(codes[:, 4:], tail)
    np.testing.assert_array_equal(np.concatenate([first, second], 1), codec.decode(codes))


def test_a_number_of_levels_that_is_none_is_refused():
    with pytest.raises(ValueError, match="`levels` must be from 2 to 65536"):
        MuLaw(16_000, 1)
    with pytest.raises(ValueError, match="`levels` must be from 2 to 65536"):
        Linear(16_000, 70_000)
