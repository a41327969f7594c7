"""What a `FrameLSTM` hears in training: its own playing, and what was before."""

import keras
import numpy as np
import pytest
from contracts import compiled
from keras import ops

from kaudio.codecs import Frames
from kaudio.models import FrameLSTM

CODEC = Frames(8_000, 6)
FRAMES = np.random.default_rng(0).normal(0, 0.3, (4, 9, 6)).astype("float32")


def make(**options):
    keras.utils.set_random_seed(0)
    model = FrameLSTM(CODEC, 5, 2, projection=0, **options)
    model.adapt([(FRAMES, None)])
    return model


def heard(model):
    """What the model is given in training, in place of the frames."""
    return ops.convert_to_numpy(
        compiled(lambda: model.own_inputs(model, ops.convert_to_tensor(FRAMES), None), model)()
    )


def train(model, x, y):
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    model.train_on_batch(x, y)


def test_the_share_of_own_frames_rises_with_each_step_of_training():
    model = make(scheduled_sampling=0.5, ramp_steps=4)
    shares = [float(model.own_inputs.now())]
    train(model, FRAMES, FRAMES)
    for steps in (float(model.own_inputs.steps), 2, 4, 5):
        model.own_inputs.steps.assign(steps)
        shares.append(float(model.own_inputs.now()))
    assert shares == [0.0, 0.125, 0.25, 0.5, 0.5]


def test_with_a_share_of_zero_all_frames_are_true_and_with_one_all_but_the_first_are_its_own():
    model = make(scheduled_sampling=1.0, ramp_steps=1)
    np.testing.assert_array_equal(heard(model), FRAMES)
    model.own_inputs.steps.assign(1)
    own = heard(model)
    np.testing.assert_array_equal(own[:, 0], FRAMES[:, 0])
    predicted = ops.convert_to_numpy(compiled(model, model)(FRAMES))
    np.testing.assert_allclose(own[:, 1:], predicted[:, :-1], atol=1e-6)  # at temperature 0


def test_training_without_own_frames_is_training_with_a_share_that_is_still_zero():
    found = []
    for options in ({}, {"scheduled_sampling": 1.0, "ramp_steps": 10**9}):
        model = make(**options)
        model.compile(keras.optimizers.SGD(0.1), loss="mse")
        model.train_on_batch(FRAMES[:, :-1], FRAMES[:, 1:])
        found.append([ops.convert_to_numpy(w) for w in model.trainable_weights])
    for plain, ramped in zip(*found, strict=True):
        np.testing.assert_allclose(plain, ramped, atol=1e-6)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_in_training_each_lane_goes_on_where_it_ended_unless_it_begins_anew(cell):
    model = make(lanes=4, cell=cell)
    whole = ops.convert_to_numpy(compiled(model, model)(FRAMES))
    begins = np.ones(4, "float32")
    train(model, {"steps": FRAMES[:, :5], "begins": begins}, FRAMES[:, 1:6])
    begins = np.array([0, 0, 1, 0], "float32")
    trained = compiled(lambda x: model(x, training=True), model)
    second = ops.convert_to_numpy(trained({"steps": FRAMES[:, 5:], "begins": begins}))
    anew = ops.convert_to_numpy(compiled(model, model)(FRAMES[2:3, 5:]))
    np.testing.assert_allclose(second[[0, 1, 3]], whole[[0, 1, 3], 5:], atol=1e-5)
    np.testing.assert_allclose(second[2], anew[0], atol=1e-5)
    assert np.abs(second[2] - whole[2, 5:]).max() > 1e-3


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_gradients_of_a_lane_that_begins_are_those_without_lanes(cell):
    found = []
    for lanes in (0, 4):
        model = make(lanes=lanes, cell=cell)
        model.compile(keras.optimizers.SGD(1.0), loss="mse")
        x = FRAMES[:, :-1]
        given = {"steps": x, "begins": np.ones(4, "float32")} if lanes else x
        model.train_on_batch(given, FRAMES[:, 1:])
        found.append([ops.convert_to_numpy(w) for w in model.trainable_weights])
    for plain, carried in zip(*found, strict=True):
        np.testing.assert_allclose(plain, carried, atol=1e-5)


def test_lanes_are_refused_without_their_flags_and_in_another_number():
    model = make(lanes=4)
    with pytest.raises(ValueError, match="where a row begins anew"):
        model(FRAMES, training=True)
    with pytest.raises(ValueError, match=r"lanes=4.*Received: 3 rows"):
        model({"steps": FRAMES[:3], "begins": np.ones(3)}, training=True)


def test_a_mixture_is_compiled_without_a_loss():
    model = make(mixtures=2)
    model.compile("sgd", loss="mse")
    with pytest.raises(ValueError, match="has a loss of its own"):
        model.train_on_batch(FRAMES[:, :-1], FRAMES[:, 1:])
