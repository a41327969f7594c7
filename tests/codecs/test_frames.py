"""Codecs turn a waveform into steps and back."""

import numpy as np
import pytest
import scipy.fft

from kaudio.codecs import Codec, FFTFrames, Frames

CODECS = [
    Frames(16_000, 100),
    FFTFrames(44_100, 11_025),
    FFTFrames(44_100, 11_025, full=True),
    FFTFrames(8_000, 256),
    FFTFrames(8_000, 256, overlap=2),
    FFTFrames(8_000, 256, overlap=4),
    FFTFrames(8_000, 255, overlap=3, full=True),
    FFTFrames(8_000, 1),
    FFTFrames(8_000, 2),
]


@pytest.fixture(params=CODECS, ids=str)
def codec(request):
    return request.param


@pytest.fixture
def samples():
    return np.random.default_rng(0).uniform(-1, 1, 50_000).astype("float32")


def test_what_is_decoded_is_what_was_encoded(codec, samples):
    decoded = codec.decode(codec.encode(samples))
    edge = codec.frame_length - codec.hop_length  # there, steps fade in and out
    middle = slice(edge, len(decoded) - edge)
    assert len(decoded) == codec.num_samples(codec.num_steps(len(samples)))
    np.testing.assert_allclose(decoded[middle], samples[: len(decoded)][middle], atol=1e-5)


def test_decoding_in_blocks_is_decoding_at_once(codec, samples):
    steps = codec.encode(samples)[:50]
    tail, blocks = codec.initial_tail(), []
    for start in range(0, len(steps), 7):
        block, tail = codec.decode_block(steps[start : start + 7], tail)
        blocks.append(block)
    np.testing.assert_allclose(np.concatenate([*blocks, tail]), codec.decode(steps), atol=1e-6)


def test_batches_are_decoded_one_by_one(codec, samples):
    steps = codec.encode(samples)[:8].reshape(2, -1, *codec.step_shape)
    assert len(steps[0]) >= 1
    apart = [codec.decode(clip) for clip in steps]
    np.testing.assert_allclose(codec.decode(steps), apart, atol=1e-6)


@pytest.mark.parametrize("codec", [c for c in CODECS if c.hop_length == c.frame_length], ids=str)
def test_squared_errors_are_the_same_in_frames_and_in_samples(codec, samples):
    steps = codec.encode(samples)
    energy = np.square(samples[: codec.num_samples(len(steps))]).sum()
    np.testing.assert_allclose(np.square(steps).sum(), energy, rtol=1e-4)


def test_a_codec_is_made_again_from_its_config(codec):
    assert type(codec).from_config(codec.get_config()) == codec


def test_partial_steps_are_dropped(codec):
    for extra in (0, codec.hop_length - 1):
        steps = codec.encode(np.zeros(codec.num_samples(3) + extra, "float32"))
        assert steps.shape == (3, *codec.step_shape)
    assert len(codec.encode(np.zeros(codec.frame_length - 1, "float32"))) == 0


def test_packed_frames_are_the_real_spectrum_without_its_redundancy():
    samples = np.random.default_rng(1).standard_normal(9).astype("float32")
    packed = FFTFrames(8_000, 9).encode(samples)[0]
    spectrum = scipy.fft.rfft(samples, norm="ortho")
    wanted = [spectrum[0].real, *np.sqrt(2) * spectrum[1:].real, *np.sqrt(2) * spectrum[1:].imag]
    np.testing.assert_allclose(packed, wanted, atol=1e-6)


def test_full_frames_are_all_real_and_then_all_imaginary_parts():
    samples = np.random.default_rng(2).standard_normal(8).astype("float32")
    spectrum = scipy.fft.fft(samples, norm="ortho")
    full = FFTFrames(8_000, 8, full=True).encode(samples)[0]
    np.testing.assert_allclose(full, [*spectrum.real, *spectrum.imag], atol=1e-6)


def test_overlapping_windows_hide_an_error_at_a_join():
    """A frame that is off by a constant makes a step at its borders, unless windows fade it."""
    steps = {overlap: FFTFrames(8_000, 256, overlap=overlap) for overlap in (1, 2)}
    jumps = {}
    for overlap, codec in steps.items():
        frames = codec.encode(np.zeros(256 * 8, "float32"))
        frames[3, 0] += 1.0
        jumps[overlap] = np.abs(np.diff(codec.decode(frames))).max()
    assert jumps[2] < jumps[1] / 20


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: Frames(16_000, 0), "frame_length"),
        (lambda: Frames(0, 10), "sample_rate"),
        (lambda: FFTFrames(8_000, 255, overlap=2), "overlap"),
        (lambda: FFTFrames(8_000, 256, overlap=0), "overlap"),
    ],
)
def test_impossible_settings_are_refused_by_name(make, named):
    with pytest.raises(ValueError, match=f"`{named}`.*Received"):
        make()


def test_seconds_are_rounded_to_whole_samples():
    assert Frames.from_seconds(44_100, 0.25) == Frames(44_100, 11_025)
    assert FFTFrames.from_seconds(22_050, 0.064, overlap=2).frame_length == 2 * 706
    assert isinstance(Frames(8_000, 4), Codec)
