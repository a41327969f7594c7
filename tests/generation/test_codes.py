"""The loop on models of codes: fast is slow, code for code."""

import keras
import numpy as np
import pytest
from contracts import compiled
from keras import ops

import kaudio
from kaudio.codecs import Linear, MuLaw
from kaudio.generation import Sampler, crossfade
from kaudio.generation.conditions import Told
from kaudio.layers import packed_stack
from kaudio.models import WaveNet

SETTINGS = {
    "plain": {"codec": MuLaw(8_000, 64), "dilations": [1, 2, 4] * 2},
    "kernel-3": {"codec": MuLaw(8_000, 64), "dilations": [1, 3], "kernel_size": 3},
    "mixture": {
        "codec": Linear(8_000),
        "dilations": [1, 2, 4],
        "input_kind": "scalar",
        "mixtures": 3,
    },
    "clock": {
        "codec": MuLaw(8_000, 64),
        "dilations": [1, 2, 4],
        "clock_seconds": [0.0005, 0.01],
        "from_silence": True,
    },
    "all": {
        "codec": MuLaw(8_000, 64),
        "dilations": [1, 2, 4],
        "global_names": ["bach", "schubert"],
        "local_channels": 2,
        "local_hop_length": 2,
        "context_dilations": [1, 2],
        "context_hop_length": 3,
    },
    "all-learned": {
        "codec": MuLaw(8_000, 64),
        "dilations": [1, 2],
        "global_names": ["bach", "schubert"],
        "local_channels": 2,
        "local_hop_length": 4,
        "context_dilations": [1],
        "context_hop_length": 3,
        "upsampling": "learned",
    },
}


def make(options):
    keras.utils.set_random_seed(1)
    small = {"residual_filters": 6, "gate_filters": 5, "skip_filters": 8, "head_filters": 9}
    model = WaveNet(**{**small, **options})
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        spread = 0.3 if "bias" in weight.path or "mixtures" in options else 0.8
        weight.assign(rng.normal(0, spread, weight.shape))
    return model


def naive(model, given, noise, controls, told):
    """Evaluates the whole sequence again for every sample."""
    batch_size, length = given.shape[0], given.shape[1] + len(noise) + 1
    codes = np.full((batch_size, length), model.codec.silence)
    codes[:, 1 : given.shape[1] + 1] = given
    whole, sample = compiled(model, model), compiled(model.sample, model)
    for position, draw in enumerate(noise, given.shape[1]):
        x = {"steps": codes, **told} if told else codes
        prediction = whole(x)[:, position]
        tensors = {name: ops.convert_to_tensor(v, "float32") for name, v in controls.items()}
        codes[:, position + 1] = ops.convert_to_numpy(
            sample(prediction, ops.convert_to_tensor(draw), tensors)
        )
    return codes[:, given.shape[1] + 1 :]


@pytest.mark.parametrize(
    ("name", "batch_size", "large"),
    [
        ("kernel-3", 3, False),
        ("mixture", 1, False),
        ("clock", 3, False),
        ("all", 1, False),
        ("all", 3, True),
        ("all-learned", 3, False),
    ],
)
def test_the_loop_is_the_naive_evaluation_code_for_code(name, batch_size, large, monkeypatch):
    monkeypatch.setattr(packed_stack, "LARGE", 0 if large else 2**20)
    model = make(SETTINGS[name])
    num_given = 11
    count = 20 * (2 * model.receptive_field // 20 + 1)
    rng = np.random.default_rng(2)
    given = rng.integers(0, model.codec.levels, (batch_size, num_given))
    noise = rng.random((count, batch_size, *model.noise_shape), dtype="float32")
    controls = {**model.controls, "temperature": 0.8}
    # Conditions that change: everywhere the globals, from frame to frame the locals.
    steps = num_given + count + 1
    frames = -(-steps // model.options["local_hop_length"])
    lengths = {"global": steps, "local": frames}
    told = {
        key: rng.normal(size=(batch_size, lengths[key], channels)).astype("float32")
        for key, channels in model.conditions.items()
    }
    hops = {"global": 1, "local": model.options["local_hop_length"]}
    at = {
        key: np.repeat(value, hops[key], axis=1)[:, :steps].swapaxes(0, 1)
        for key, value in told.items()
    }

    sampler = Sampler(model, batch_size, block_steps=20)
    x, state = sampler.start({key: value[0] for key, value in at.items()})
    for position in range(num_given):
        here = {key: value[position] for key, value in at.items()}
        # One by one: a prime is otherwise heard under one condition.
        x, state = sampler.prime(x, state, given[:, position][None], here)
    made = []
    for start in range(0, count, 20):
        here = {k: v[num_given + start : num_given + start + 20] for k, v in at.items()}
        block = noise[start : start + 20]
        codes, x, state = sampler.generate(x, state, block, controls, here)
        made.append(codes)
    wanted = naive(model, given, noise, controls, told)
    assert len(np.unique(wanted)) > 5
    np.testing.assert_array_equal(np.concatenate(made, axis=1), wanted)


@pytest.mark.parametrize("name", ["clock", "all"])
def test_a_long_prime_is_heard_at_once_as_it_is_step_by_step(name):
    model = make(SETTINGS[name])
    prime = np.sin(np.arange(500) / 7).astype("float32")
    conditions = {k: np.linspace(-1, 1, n) for k, n in model.conditions.items()}
    model.prime_steps = model.prime_steps or len(prime)  # with a clock, no part may be left out
    options = {"prime": prime, "conditions": conditions, "sampler": Sampler(model, 1, 160)}
    at_once = kaudio.generate(model, 0.02, **options)
    model.prime_steps = None
    step_by_step = kaudio.generate(model, 0.02, **options)
    np.testing.assert_array_equal(at_once, step_by_step)


def test_the_size_of_blocks_does_not_change_the_codes():
    model = make({**SETTINGS["all"], "dtype": "mixed_bfloat16"})
    conditions = {k: np.linspace(-1, 1, n) for k, n in model.conditions.items()}
    clips = [
        kaudio.generate(model, 0.03, seed=5, block_seconds=seconds, conditions=conditions)
        for seconds in (0.004, 0.03)
    ]
    np.testing.assert_array_equal(*clips)


def test_a_local_condition_begins_where_the_prime_ends():
    model = make(SETTINGS["all-learned"])
    conditions = {"local": lambda times: np.stack([np.sin(900 * times), times], axis=-1)}
    options = {"conditions": conditions, "sampler": Sampler(model, 1, 160)}
    clips = [
        kaudio.generate(model, 0.02, prime=np.zeros(n, "float32"), **options)
        for n in (96, 99)  # silence, and whole frames of the context
    ]
    np.testing.assert_array_equal(clips[0], clips[1])


def test_controls_rule_out_what_they_should():
    model = make(SETTINGS["plain"])
    sampler = Sampler(model, 1, block_steps=50)
    noise = np.random.default_rng(0).random((50, 1), dtype="float32")

    def codes(**controls):
        first = sampler.start({})
        return sampler.generate(*first, noise, {**model.controls, **controls}, {})[0]

    free, likeliest = codes(), codes(temperature=0.0)
    assert (free != likeliest).any()
    np.testing.assert_array_equal(codes(top_k=1), likeliest)
    np.testing.assert_array_equal(codes(top_p=0.0), likeliest)
    np.testing.assert_array_equal(codes(top_k=64), free)
    np.testing.assert_array_equal(codes(top_p=1.0), free)


def test_a_crossfade_goes_from_one_condition_to_the_next():
    turn = crossfade([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], 4.0)
    wanted = [[1, 0], [0.5, 0.5], [0, 1], [0.25, 0.75], [0.5, 0.5], [0.5, 0.5]]
    np.testing.assert_allclose(turn(np.array([0.0, 1, 2, 3, 4, 9])), wanted)


def test_conditions_are_for_all_clips_or_one_for_each():
    told = Told({"global": 2}, {"global": [1.0, 2.0]}, 3, 8_000)
    np.testing.assert_array_equal(told.at(5, 4)["global"], np.tile([1.0, 2.0], (4, 3, 1)))
    each = Told({"global": 2}, {"global": np.arange(6).reshape(3, 2)}, 3, 8_000)
    np.testing.assert_array_equal(each.at(0, 2)["global"][1], np.arange(6).reshape(3, 2))
    with pytest.raises(ValueError, match="must have 2 numbers"):
        Told({"global": 2}, {"global": [1.0] * 3}, 1, 8_000).at(0, 1)
    with pytest.raises(ValueError, match=r"no condition named 'tempo'\. It has: global"):
        Told({"global": 2}, {"tempo": [1.0]}, 1, 8_000)


def test_a_written_condition_is_read():
    names = ["bach", "schubert"]
    turn = kaudio.generation.parse_condition("bach -> schubert:0.5 bach:0.25", names, 2.0)
    np.testing.assert_allclose(turn(np.array([0.0, 2.0])), [[1, 0], [0.25, 0.5]])
    with pytest.raises(ValueError, match=r"knows no 'liszt'\. It knows: bach, schubert"):
        kaudio.generation.parse_condition("liszt:1", names, 1.0)
    blanks = kaudio.generation.parse_condition("j s bach:0.5, bach", ["bach", "j s bach"], 1.0)
    np.testing.assert_allclose(blanks(np.zeros(1)), [[1, 0.5]])
    for text in ("bach -> ", "bach:nan", "bach: schubert"):
        with pytest.raises(ValueError, match=r"knows no|is missing|a name and a number"):
            kaudio.generation.parse_condition(text, names, 1.0)
    with pytest.raises(ValueError, match="trained without conditions"):
        kaudio.generation.parse_condition("bach", [], 1.0)
    with pytest.raises(ValueError, match="a name and a number"):
        kaudio.generation.parse_condition("bach:much", names, 1.0)
