"""FrameLSTM: recurrent layers over frames of audio."""

import keras
import numpy as np
import pytest
from contracts import check_causal, check_learning, check_saving, check_steps
from keras import ops

from kaudio.codecs import FFTFrames, Frames
from kaudio.models import NMSE, FrameLSTM
from kaudio.models.draws import box_muller

CODEC = FFTFrames(8_000, 32)
SETTINGS = {
    "gruv": {},
    "beckham": {"projection": 0, "num_layers": 3, "normalization": "range"},
    "gru": {"cell": "gru", "reset_after": False, "recurrent_activation": "hard_sigmoid"},
    "noisy": {"input_noise": 0.3, "dropout": 0.2, "normalization": "global", "temperature": 0.5},
    "gaussian": {"mixtures": 1, "normalization": "global", "input_dropout": 0.1},
    "scales": {"mixtures": 2, "temperature": 0.5},
    "mixture": {
        "mixtures": 3,
        "faithful": False,
        "scheduled_sampling": 0.5,
        "ramp_steps": 4,
        "temperature": 0.5,
    },
}


@pytest.fixture
def batch():
    samples = np.random.default_rng(0).uniform(-0.5, 0.5, 32 * 33)
    steps = CODEC.encode(samples.astype("float32")).reshape(3, 11, 32)
    return steps[:, :-1], steps[:, 1:]


@pytest.fixture(params=SETTINGS, ids=str)
def model(request, batch):
    keras.utils.set_random_seed(1)
    options = {"projection": 16, **SETTINGS[request.param]}
    model = FrameLSTM(CODEC, 12, **options)
    model.adapt([batch])
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), loss=None if model.head else "mse")
    return model


def test_one_position_at_a_time_is_the_whole_sequence(model, batch):
    check_steps(model, batch[0])


def test_predictions_do_not_depend_on_the_future(model, batch):
    check_causal(model, batch[0])


def test_a_file_holds_the_whole_model(model, batch, tmp_path):
    model.train_on_batch(*batch)
    check_saving(model, batch[0], tmp_path)


def test_training_lowers_the_loss(model, batch):
    check_learning(model, *batch)


def test_predictions_and_targets_are_in_the_unit_of_the_codec(batch):
    model = FrameLSTM(CODEC, 4, projection=0)
    model.adapt([batch])
    model.readout.kernel.assign(ops.zeros(model.readout.kernel.shape))
    mean = batch[0].reshape(-1, 32).mean(axis=0)
    np.testing.assert_allclose(ops.convert_to_numpy(model(batch[0]))[0, 0], mean, atol=1e-6)


def test_the_loss_and_nmse_compare_standardised_frames(model, batch):
    x, y = batch
    if model.head:
        pytest.skip("The loss of a mixture is its likelihood.")
    logs = model.evaluate(x, y, verbose=0, return_dict=True)
    scale, mean = (
        ops.convert_to_numpy(v) for v in (model.standardize.scale, model.standardize.mean)
    )
    error, target = (ops.convert_to_numpy(model(x)) - y) / scale, (y - mean) / scale
    assert logs["loss"] == pytest.approx(np.mean(error**2), rel=1e-4)
    assert logs["nmse"] == pytest.approx(np.sum(error**2) / np.sum(target**2), rel=1e-4)


def test_predicting_the_mean_scores_one_and_the_last_frame_its_own_error(model, batch):
    x, y = batch
    scores = {}
    for name, prediction in model.baseline_predictions(x).items():
        metric = model.new_metric()
        model.update_metric(metric, y, prediction)
        scores[name] = float(metric.result())
    scale, mean = (
        ops.convert_to_numpy(v) for v in (model.standardize.scale, model.standardize.mean)
    )
    last = np.sum(((x - y) / scale) ** 2) / np.sum(((y - mean) / scale) ** 2)
    assert scores == {
        "predict-mean": pytest.approx(1.0),
        "predict-last": pytest.approx(last, rel=1e-4),
    }


def test_temperature_zero_emits_the_mean_and_one_adds_what_was_not_predicted(model):
    if model.head:
        pytest.skip("Mixtures have deviations of their own.")
    prediction = ops.ones((2_000, 32))
    noise = np.random.default_rng(0).random((2_000, *model.noise_shape), dtype="float32")
    still = model.sample(prediction, noise, {"temperature": 0.0})
    np.testing.assert_array_equal(ops.convert_to_numpy(still), 1)
    model.residual_variance.assign(ops.full((32,), 0.25))
    wild = ops.convert_to_numpy(model.sample(prediction, noise, {"temperature": 1.0}))
    spread = 0.5 * ops.convert_to_numpy(model.standardize.scale)
    np.testing.assert_allclose(wild.std(axis=0), spread, rtol=0.1)
    np.testing.assert_allclose(wild.mean(axis=0), 1, atol=5 * spread.max() / np.sqrt(2_000))


def test_the_running_variance_tends_to_what_is_not_predicted(batch):
    model = FrameLSTM(CODEC, 4, projection=0)
    model.adapt([batch])
    model.compile(keras.optimizers.SGD(0.0), loss="mse")
    for _ in range(500):
        model.train_on_batch(*batch)
    scale = ops.convert_to_numpy(model.standardize.scale)
    error = (ops.convert_to_numpy(model(batch[0])) - batch[1]) / scale
    np.testing.assert_allclose(
        model.residual_variance, np.mean(error**2, axis=(0, 1)), rtol=0.01, atol=0.02
    )


def test_mixed_precision_trains_and_is_saved_as_such(batch, tmp_path):
    model = FrameLSTM(CODEC, 12, projection=16, dtype="mixed_bfloat16")
    model.compile("adam", loss="mse")
    check_learning(model, *batch, steps=60)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.recurrent[0].compute_dtype == "bfloat16"
    assert ops.convert_to_numpy(model(batch[0])).dtype == "float32"


def test_losses_are_scaled_in_half_precision(batch):
    model = FrameLSTM(CODEC, 12, projection=16, dtype="mixed_float16")
    model.compile("adam", loss="mse")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    check_learning(model, *batch, steps=60)


def test_uniform_draws_become_normal_ones():
    noise = np.random.default_rng(0).random((100, 2, 500), dtype="float32")
    normal = ops.convert_to_numpy(box_muller(noise))
    assert normal.shape == (100, 1000)
    assert normal.mean() == pytest.approx(0, abs=0.01)
    assert normal.std() == pytest.approx(1, abs=0.01)
    assert np.mean(np.abs(normal) < 1.96) == pytest.approx(0.95, abs=0.005)
    assert np.isfinite(ops.convert_to_numpy(box_muller(np.zeros((1, 2, 3), "float32")))).all()


def test_nmse_is_the_share_of_the_variance_that_is_missed():
    metric = NMSE()
    metric.update_state([[3.0, 0.0]], [[3.0, 1.0]])
    metric.update_state([[0.0, 4.0]], [[2.0, 2.0]])
    assert float(metric.result()) == pytest.approx(9 / 25)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"normalization": "max"}, "normalization"),
        ({"cell": "rnn"}, "cell"),
        ({"num_layers": 0}, "num_layers"),
        ({"units": 0}, "units"),
        ({"mixtures": -1}, "mixtures"),
        ({"scheduled_sampling": 1.5}, "scheduled_sampling"),
    ],
)
def test_impossible_settings_are_refused_by_name(options, named):
    with pytest.raises(ValueError, match=f"`{named}`.*Received"):
        FrameLSTM(Frames(8_000, 16), **options)


def test_layers_stand_in_a_file_as_in_older_files():
    # They are numbered there, and the last two have one shape: swapped, nobody would notice.
    model = FrameLSTM(CODEC, 8, projection=6, mixtures=1)
    names = [layer.name for layer in model.layers if layer.weights]
    assert names == ["standardize", "project", "lstm_0", "spread_hidden", "readout", "spread"]
