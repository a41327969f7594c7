"""WaveNet: one position at a time, receptive field, and everything that conditions it."""

import keras
import numpy as np
import pytest
from contracts import (
    check_causal,
    check_learning,
    check_saving,
    check_steps,
    compiled,
    conditions_at,
    steps_of,
)
from keras import ops

from kaudio import backend
from kaudio.codecs import Linear, MuLaw
from kaudio.models import WaveNet
from kaudio.models.load import load

CODEC = MuLaw(8_000, 16)
SETTINGS = {
    "plain": {},
    "kernel-3": {"kernel_size": 3, "dilations": [1, 3], "input_kernel_size": 3},
    "no-bias": {"use_bias": False, "input_bias": True, "input_kernel_size": 1},
    "scalar": {"input_kind": "scalar", "input_bias": True},
    "mixture": {"input_kind": "scalar", "mixtures": 3},
    "global": {"global_names": ["bach", "schubert", "pitch"]},
    "local": {"local_channels": 2, "local_hop_length": 3},
    "local-learned": {"local_channels": 2, "local_hop_length": 3, "upsampling": "learned"},
    "context": {"context_dilations": [1, 2], "context_hop_length": 3, "context_filters": 4},
    "clock": {
        "global_names": ["bach"],
        "clock_seconds": [0.0005, 0.01],
        "from_silence": True,
    },
    "all": {
        "global_names": ["bach", "schubert"],
        "local_channels": 2,
        "local_hop_length": 2,
        "context_dilations": [1, 2],
        "context_hop_length": 3,
        "upsampling": "learned",
    },
}
STEPS = 45
BATCH = 2


def make(name="plain", codec=CODEC, **options):
    keras.utils.set_random_seed(1)
    small = {"residual_filters": 6, "gate_filters": 5, "skip_filters": 8, "head_filters": 7}
    options = {"dilations": [1, 2, 4], **small, **SETTINGS[name], **options}
    model = WaveNet(codec, **options)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:  # biases of zero would hide that they are left out
        if "bias" in weight.path:
            weight.assign(rng.normal(0, 0.3, weight.shape))
    model.compile(keras.optimizers.Adam(0.01))
    return model


def inputs(model, steps=STEPS):
    rng = np.random.default_rng(1)
    codes = rng.integers(0, model.codec.levels, (BATCH, steps)).astype(model.codec.dtype)
    hop_length = model.options["local_hop_length"]
    lengths = {"global": 1, "local": -(-steps // hop_length)}
    given = {
        name: rng.normal(size=(BATCH, lengths[name], channels)).astype("float32")
        for name, channels in model.conditions.items()
    }
    return {"steps": codes, **given} if given else codes


def of(*names):
    return pytest.mark.parametrize("model", [*names], indirect=True)


@pytest.fixture
def model(request):
    return make(request.param)


@of("kernel-3", "no-bias", "mixture", "local", "context", "clock", "all")
def test_one_position_at_a_time_is_the_whole_sequence(model):
    check_steps(model, inputs(model))


@of("all")
def test_predictions_do_not_depend_on_the_future(model):
    check_causal(model, inputs(model))


@of("all")
def test_a_file_holds_the_whole_model(model, tmp_path):
    x = inputs(model)
    model.train_on_batch(x, steps_of(x))
    check_saving(model, x, tmp_path)


@of("mixture")
def test_training_lowers_the_loss(model):
    x = inputs(model)
    check_learning(model, x, np.roll(steps_of(x), -1, axis=1), steps=60)


@of("clock", "all")
def test_the_state_after_a_sequence_is_that_of_hearing_it_step_by_step(model):
    x = inputs(model)
    one_step = compiled(model.step, model)
    for count in (1, 6, STEPS):
        told = conditions_at(model, x, 0)
        heard = ops.convert_to_tensor(steps_of(x)[:, :count])
        at_once = compiled(model.state_after, model)(heard, told)
        state = model.initial_state(BATCH, told)
        for position in range(count):
            _, state = one_step(ops.convert_to_tensor(steps_of(x)[:, position]), state, told)
        code = ops.convert_to_tensor(steps_of(x)[:, 0])
        for _ in range(12):  # goes on alike
            (y, at_once), (again, state) = (one_step(code, s, told) for s in (at_once, state))
            np.testing.assert_allclose(*map(ops.convert_to_numpy, (y, again)), atol=1e-5)


@pytest.mark.parametrize("name", ["all"])
def test_the_receptive_field_is_where_the_gradient_ends(name):
    """Of outputs with respect to samples: to the past as far as that, to the future nowhere."""
    model = make(name, input_kind="scalar")
    x = inputs(model, steps=60)
    given = {k: ops.convert_to_tensor(x[k]) for k in model.conditions}
    weights = np.random.default_rng(0).normal(size=(BATCH, 8)).astype("float32")
    reached = 0

    def at(samples, position):
        told = model.conditioning(samples, given) if model.conditioning.conditions else {}
        y = model.trunk(ops.expand_dims(samples, -1), told)
        return ops.sum(ops.take(y, position, axis=1) * weights)

    slope = backend.gradient(at, model)
    samples = model.scale(ops.convert_to_tensor(steps_of(x)))
    for position in range(30, 60):
        _, found = slope(samples, ops.convert_to_tensor(position, "int32"))
        matter = np.flatnonzero(np.abs(ops.convert_to_numpy(found)).max(axis=0))
        assert matter.max() == position
        reached = max(reached, position - matter.min() + 1)
    assert reached == model.receptive_field


def test_mixed_precision_learns_and_is_read_back_as_such(tmp_path):
    model = make("global", dtype="mixed_bfloat16")
    assert model.trunk.compute_dtype == "bfloat16"
    assert {weight.dtype for weight in model.trainable_weights} == {"float32"}
    x = inputs(model)
    check_learning(model, x, np.roll(steps_of(x), -1, axis=1), steps=60)
    check_saving(model, x, tmp_path)
    again = load(tmp_path / "model.keras")
    assert again.dtype_policy.name == "mixed_bfloat16"
    assert again.trunk.compute_dtype == "bfloat16"
    assert keras.backend.standardize_dtype(compiled(again, again)(x).dtype) == "float32"


def test_mixed_precision_tells_neighbouring_samples_of_16_bits_apart():
    options = {"input_kind": "scalar", "mixtures": 2, "dtype": "mixed_bfloat16"}
    model = make("no-bias", Linear(8_000, 65_536), **options)
    codes = np.array([[60_000], [60_001]], "uint16")
    heard = ops.convert_to_numpy(
        compiled(lambda x: model.trunk.inlet(model.heard(x)), model)(codes)
    )
    assert heard.dtype == "float32"
    assert (heard[0] != heard[1]).any()


@pytest.mark.parametrize("name", ["all"])
def test_blocks_that_are_computed_again_have_the_same_gradient(name):
    moved = []
    for remat in (False, True):
        model = make(name, remat=remat)
        model.compile(keras.optimizers.SGD(0.1))
        x = inputs(model)
        before = [ops.convert_to_numpy(w) for w in model.trainable_weights]
        model.train_on_batch(x, np.roll(steps_of(x), -1, axis=1))
        after = [ops.convert_to_numpy(w) for w in model.trainable_weights]
        assert all((a != b).any() for a, b in zip(before, after, strict=True))
        moved.append(after)
    for ours, theirs in zip(*moved, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_excerpts_shorter_than_the_receptive_field_are_refused():
    model = make()
    with pytest.raises(ValueError, match=r"as long as the receptive field of 9 .*Received.* 8 sam"):
        model.check_excerpts(model.receptive_field - 1)
    x = inputs(model, steps=model.receptive_field)
    assert np.isfinite(model.train_on_batch(x, x, return_dict=True)["loss"])


def test_excerpts_that_begin_in_silence_count_from_the_first_position():
    model = make(from_silence=True)
    assert model.warm_up == 0
    x = inputs(model, steps=4)
    loss = model.train_on_batch(x, x, return_dict=True)["loss"]
    fresh = make(from_silence=True)
    nats = fresh.head.nats(x, compiled(fresh, fresh)(x))
    assert loss == pytest.approx(ops.convert_to_numpy(nats).mean(), rel=1e-5)


def test_the_first_samples_count_more_where_a_model_is_told_so():
    model = make(from_silence=True, onset_weight=3.0)
    x = inputs(model)
    nats = ops.convert_to_numpy(model.head.nats(x, compiled(model, model)(x)))
    weights = 1 + 3 * np.exp(-np.arange(STEPS) / 400)
    logs = model.test_on_batch(x, x, return_dict=True)
    wanted = np.average(nats.mean(axis=0), weights=weights)
    assert logs["loss"] == pytest.approx(wanted, rel=1e-5)
    assert logs["bits_per_sample"] == pytest.approx(nats.mean() / np.log(2), rel=1e-5)
    for wrong in ({"onset_weight": 1.0}, {"onset_weight": -1.0, "from_silence": True}):
        with pytest.raises(ValueError, match="`onset_weight` must be 0, or more than 0 with"):
            make(**wrong)


def test_a_clock_needs_excerpts_that_begin_where_sounds_do_and_times_above_0():
    with pytest.raises(ValueError, match=r"do not begin there.*`from_silence=True`.*Received: .*1"):
        make(clock_seconds=[0.1])
    for wrong in ([0.1, 0], 0.1, [float("inf")]):
        with pytest.raises(ValueError, match=r"`clock_seconds` must be a list of times .*Received"):
            make(clock_seconds=wrong, from_silence=True)


def test_only_positions_with_a_whole_receptive_field_count_in_training():
    model = make("all")
    x = inputs(model)
    y = np.roll(steps_of(x), -1, axis=1)
    nats = ops.convert_to_numpy(model.head.nats(y, compiled(model, model)(x)))
    assert model.warm_up == model.receptive_field - 1
    want = nats[:, model.warm_up :].mean()
    assert model.test_on_batch(x, y, return_dict=True)["loss"] == pytest.approx(want, rel=1e-5)
    logs = model.train_on_batch(x, y, return_dict=True)
    # Blocks run on less of the excerpt there, and before it is silence: what counts is the same.
    assert logs["loss"] == pytest.approx(want, rel=1e-5)
    assert logs["bits_per_sample"] == pytest.approx(want / np.log(2), rel=1e-5)
