"""The classifier of composers: what it hears, what it learns from, what it says."""

import keras
import numpy as np
import pytest
from contracts import check_learning, compiled
from keras import ops

from kaudio import backend
from kaudio.models import ComposerClassifier
from kaudio.models.composer_layers import codes
from kaudio.models.load import load

RATE = 2_000
SMALL = {"members": 2, "filters": 8, "blocks": 2, "hop_length": 32}
FRONT_ENDS = {
    "spectrogram": {},
    "waveform": {"members": 1, "encoder_filters": 4, "dilations": [1, 2], "next_sample": 0.1},
}


def make(front_end="spectrogram", **options):
    keras.utils.set_random_seed(0)
    all_options = {**SMALL, **FRONT_ENDS[front_end], **options}
    return ComposerClassifier(["low", "high"], RATE, front_end=front_end, **all_options)


def tones(count, seconds=0.3, seed=0):
    """Low tones and high ones in noise, in turn, and which they are."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    hertz = np.where(labels, 600, 200) * rng.uniform(0.9, 1.1, count)
    times = np.arange(round(seconds * RATE)) / RATE
    samples = 0.2 * np.sin(2 * np.pi * hertz[:, None] * times)
    samples = samples + rng.normal(0, 0.02, samples.shape)
    return samples.astype("float32"), np.eye(2, dtype="float32")[labels]


def batch(count=8, seed=0):
    samples, y = tones(count, seed=seed)
    return {"samples": samples, "fold": np.arange(count, dtype="int32") // 2 % 2}, y


def test_it_learns_what_can_be_told_and_says_so_of_what_it_has_not_heard():
    model = make()
    model.compile(keras.optimizers.Adam(0.02))
    for seed in range(30):
        model.train_on_batch(*batch(seed=seed))
    samples, y = tones(20, seconds=0.4, seed=99)
    probabilities = model.predict(samples, verbose=0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == y.argmax(axis=1)).mean() > 0.9


def test_on_samples_it_learns_labels_and_what_follows():
    model = make("waveform", dropout=0.0, band_dropout=0.0, next_sample=1.0)
    model.compile(keras.optimizers.Adam(0.03))
    x, y = batch()
    x["fold"] = np.full(8, -1, "int32")
    check_learning(model, x, y)


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_how_loud_a_clip_is_changes_nothing(front_end):
    model = make(front_end)
    samples, _ = tones(2)
    run = compiled(model.logits, model)
    loud, soft = (ops.convert_to_numpy(run(gain * samples)) for gain in (1.0, 0.05))
    np.testing.assert_allclose(loud, soft, atol=2e-3)


def test_a_member_never_learns_from_its_fold_and_is_judged_on_nothing_else():
    model = make()
    x, _ = batch(4)
    logits = np.array([[[5.0, 0], [0, 5]]] * 4, "float32")  # member 0 says low, member 1 high
    right, wrong = np.log1p(np.exp(-5.0)), np.log1p(np.exp(5.0))
    y_pred = {"logits": ops.convert_to_tensor(logits)}
    x["fold"] = np.zeros(4, "int32")
    low = np.tile([[1.0, 0.0]], (4, 1)).astype("float32")
    model.options["label_smoothing"] = 0.0
    assert float(model.compute_loss(x, low, y_pred, training=True)) == pytest.approx(wrong, 1e-4)
    assert float(model.compute_loss(x, low, y_pred, training=False)) == pytest.approx(right, 1e-3)


def test_the_gradient_of_a_member_is_zero_where_all_clips_are_of_its_fold():
    model = make()
    model.compile(keras.optimizers.SGD(1.0))
    x, y = batch(4)
    x["fold"] = np.ones(4, "int32")
    before = [[ops.convert_to_numpy(w) for w in m.weights] for m in model.members]
    model.train_on_batch(x, y)
    moved = [
        max(np.abs(a - ops.convert_to_numpy(w)).max() for a, w in zip(b, m.weights, strict=True))
        for b, m in zip(before, model.members, strict=True)
    ]
    assert moved[0] > 0
    assert moved[1] == 0


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_a_file_holds_all_there_is(front_end, tmp_path):
    model = make(front_end)
    model.calibrate(1.5, [0.2, -0.2])
    model.save(tmp_path / "model.keras")
    again = load(tmp_path / "model.keras")
    samples, _ = tones(2)
    ours, theirs = (ops.convert_to_numpy(compiled(m.logits, m)(samples)) for m in (model, again))
    np.testing.assert_allclose(theirs, ours, atol=1e-6)
    assert (again.labels, again.sample_rate) == (("low", "high"), RATE)


def test_calibration_scales_and_shifts_logits():
    model = make()
    samples, _ = tones(2)
    run = compiled(model.logits, model)
    plain = ops.convert_to_numpy(run(samples))
    model.calibrate(2.0, [0.5, -0.5])
    np.testing.assert_allclose(
        ops.convert_to_numpy(run(samples)), 2 * plain + [0.5, -0.5], atol=1e-5
    )


@pytest.mark.parametrize("front_end", FRONT_ENDS)
def test_activations_hear_no_further_than_the_receptive_field(front_end):
    model = make(front_end, members=1)
    length = 2 * model.receptive_field // 64 * 64
    x = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(1, length)).astype("float32"))

    def middle(samples):
        # Normalising by the whole clip is no hearing: what is looked at here comes after it.
        features = model.spectrogram(samples) if model.spectrogram else samples
        last = model.members[0](features)["block_2"]
        return ops.sum(last[:, last.shape[1] // 2] ** 2)

    _, slope = backend.gradient(middle, model)(x)
    heard = np.flatnonzero(np.abs(ops.convert_to_numpy(slope)[0]) > 1e-4 * np.abs(slope).max())
    if front_end == "waveform":
        assert heard[-1] - heard[0] < model.receptive_field
    assert len(heard) > 32


def test_codes_are_those_of_mu_law():
    from kaudio.codecs import MuLaw

    samples = np.linspace(-1, 1, 1_001).astype("float32")
    found = ops.convert_to_numpy(codes(ops.convert_to_tensor(samples)))
    assert (np.abs(found - MuLaw(RATE).encode(samples)) <= 1).all()
    assert (found == MuLaw(RATE).encode(samples)).mean() > 0.99


def test_what_makes_no_sense_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="two or more different names"):
        ComposerClassifier(["bach"], RATE)
    with pytest.raises(ValueError, match="`front_end` must be one of"):
        ComposerClassifier(["a", "b"], RATE, front_end="ears")
    with pytest.raises(ValueError, match="`next_sample` needs"):
        make(next_sample=0.1)
    with pytest.raises(ValueError, match="Layers are block_1, block_2"):
        make().activations(np.zeros((1, 500), "float32"), "block_9")
