"""Generation: one loop, any length, the same noise the same audio."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

import kaudio
from kaudio import backend
from kaudio.codecs import FFTFrames
from kaudio.generation import Sampler
from kaudio.generation.generate import marked_stream
from kaudio.models import FrameLSTM


@pytest.fixture(params=[1, 2], ids=["end to end", "overlapping"])
def model(request):
    keras.utils.set_random_seed(3)
    codec = FFTFrames(8_000, 32, overlap=request.param)
    model = FrameLSTM(codec, 12, 2, projection=8, temperature=0.3)
    for layer in model.recurrent:  # a state that matters
        layer.kernel.assign(3 * ops.convert_to_tensor(layer.kernel))
    return model


def naive(model, given, noise, controls):
    """Runs the whole sequence again for every step; what is still to come is zeros."""
    length = len(given) + len(noise) + 1
    sequence = np.zeros((1, length, *model.codec.step_shape), "float32")
    sequence[0, 1 : len(given) + 1] = given
    whole = backend.compile(lambda x: model(x), model)
    for position, draw in enumerate(noise, len(given)):
        prediction = whole(ops.convert_to_tensor(sequence))[:, position]
        x = model.sample(prediction, ops.convert_to_tensor(draw[None]), controls)
        sequence[:, position + 1] = ops.convert_to_numpy(x)
    return sequence[0, len(given) + 1 :]


@pytest.mark.parametrize("num_given", [0, 13])
def test_the_loop_is_the_naive_evaluation(model, num_given):
    rng = np.random.default_rng(0)
    given = rng.standard_normal((num_given, *model.codec.step_shape)).astype("float32")
    noise = rng.random((20, *model.noise_shape), dtype="float32")
    sampler = Sampler(model, 1, block_steps=5)
    x, state = sampler.prime(*sampler.start({}), given[:, None], {})
    made = []
    for block in noise.reshape(4, 5, 1, *model.noise_shape):
        steps, x, state = sampler.generate(x, state, block, {"temperature": 0.3}, {})
        made.append(steps[0])
    wanted = naive(model, given, noise, {"temperature": 0.3})
    np.testing.assert_allclose(np.concatenate(made), wanted, atol=1e-4)


def test_the_size_of_blocks_does_not_change_the_audio(model):
    clips = [kaudio.generate(model, 0.3, seed=5, block_seconds=s)[0] for s in (0.05, 0.11, 1.0)]
    for clip in clips[1:]:
        np.testing.assert_allclose(clip, clips[0], atol=1e-5)


def test_a_clip_does_not_depend_on_the_size_of_its_batch(model):
    three = kaudio.generate(model, 0.2, seed=7, batch_size=3)
    one = kaudio.generate(model, 0.2, seed=7)
    np.testing.assert_allclose(three[0], one[0], atol=1e-5)
    assert np.abs(three[0] - three[1]).max() > 1e-3


def test_seeds_give_other_audio_and_the_same_again(model):
    first, again, other = (kaudio.generate(model, 0.2, seed=s)[0] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_clips_are_as_long_as_asked_for_and_within_full_scale(model):
    model.readout.bias.assign(ops.full((32,), 5.0))
    clip = kaudio.generate(model, 0.1234)
    assert clip.shape == (1, 987)
    assert np.abs(clip).max() == 1.0


def prime_of(model, seconds=0.5):
    return np.sin(np.arange(round(seconds * 8_000)) / 7).astype("float32") / 2


def test_a_prime_is_only_put_out_when_asked_for(model):
    prime = prime_of(model)
    whole = kaudio.generate(model, 0.6, prime=prime, include_prime=True)[0]
    heard = model.codec.num_steps(len(prime)) * model.codec.hop_length
    lead = model.codec.frame_length - model.codec.hop_length
    np.testing.assert_allclose(whole[lead:heard], prime[lead:heard], atol=1e-5)
    alone = kaudio.generate(model, 0.5, prime=prime)[0]
    # What is put out starts where the last sample of the prime no longer counts.
    np.testing.assert_allclose(alone[:4_000], whole[heard + lead :][:4_000], atol=1e-5)
    marked = marked_stream(model, prime=prime, include_prime=True, block_seconds=1.0)
    first, second = next(marked), next(marked)
    assert (first[1], second[1]) == (True, False)
    assert len(whole) == heard + 4_800


def test_a_prime_may_come_in_blocks_of_any_length(model):
    prime = prime_of(model)
    blocks = [prime[:5], prime[5:1_000], prime[1_000:1_000], prime[1_000:]]
    at_once, in_blocks = (kaudio.generate(model, 0.2, prime=p)[0] for p in (prime, iter(blocks)))
    np.testing.assert_allclose(at_once, in_blocks, atol=1e-6)


def test_a_prime_changes_what_follows(model):
    silence, tone = (
        kaudio.generate(model, 0.1, prime=p)[0] for p in (0 * prime_of(model), prime_of(model))
    )
    assert np.abs(silence - tone).max() > 1e-3


def test_a_stream_has_no_end(model):
    blocks = list(itertools.islice(kaudio.stream(model, block_seconds=0.01, seed=1), 50))
    assert sum(block.shape[-1] for block in blocks) >= 50 * 64
    np.testing.assert_allclose(
        np.concatenate(blocks, axis=-1)[:, :800], kaudio.generate(model, 0.1, seed=1), atol=1e-5
    )


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"seconds": 0}, "`seconds` must be above 0"),
        ({"seconds": 1e-6}, "`seconds` must be above 0"),
        ({"seconds": 1, "seed": -1}, "`seed` must be 0"),
        ({"seconds": 1, "controls": {"temperature": float("nan")}}, "`temperature` must be a"),
        ({"seconds": 1, "batch_size": 0}, "`batch_size`"),
        ({"seconds": 1, "block_seconds": -1}, "`block_seconds` must be above 0"),
        ({"seconds": 1, "controls": {"heat": 1}}, "no control named 'heat'. It has: temperature"),
        ({"seconds": 1, "prime": np.zeros(3, "float32")}, "prime is too short.*at least 4 ms"),
    ],
)
def test_impossible_wishes_are_refused(model, options, sentence):
    with pytest.raises(ValueError, match=sentence):
        kaudio.generate(model, **options)


def test_a_model_of_something_else_is_refused():
    frames = keras.Input((4,))
    with pytest.raises(ValueError, match=r"Only models that predict the next step.*Functional"):
        kaudio.generate(keras.Model(frames, frames), 1.0)


def test_a_prime_that_is_no_number_is_refused(model):
    prime = np.zeros(400, "float32")
    prime[7] = np.nan
    with pytest.raises(ValueError, match="must be finite numbers"):
        kaudio.generate(model, 0.1, prime=prime)
