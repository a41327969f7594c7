"""A shipped model in a program of somebody's own: its trunk as an encoder that stays as it is."""

from pathlib import Path

import keras
import numpy as np

import kaudio
import kaudio.models  # which tells Keras about these models

SHIPPED = Path(__file__).parents[2] / "saved_models" / "wavenet" / "model.keras"


def test_the_trunk_of_a_shipped_wavenet_is_an_encoder(tmp_path):
    keras.utils.set_random_seed(0)
    wavenet, same = keras.saving.load_model(SHIPPED), kaudio.load(SHIPPED)
    for weight, other in zip(wavenet.weights, same.weights, strict=True):
        np.testing.assert_array_equal(*map(keras.ops.convert_to_numpy, (weight, other)))
    wavenet.trainable = False
    codes = keras.Input((None,), dtype=wavenet.codec.dtype)
    features = keras.layers.GlobalAveragePooling1D()(wavenet.trunk(codes))
    encoder = keras.Model(codes, features)
    head = keras.Sequential([keras.Input(features.shape[1:]), keras.layers.Dense(1, "sigmoid")])
    model = keras.Sequential([encoder, head])
    before = [keras.ops.convert_to_numpy(weight) for weight in wavenet.weights]
    # Low tones and high tones, each a sixth of a second.
    rng, times = np.random.default_rng(0), np.arange(1_300) / wavenet.codec.sample_rate
    is_high = np.arange(8) % 2
    hertz = np.where(is_high, 1_600, 100) * rng.uniform(0.8, 1.25, 8)
    audio = 0.3 * np.sin(2 * np.pi * hertz[:, None] * times).astype("float32")
    x = np.stack([wavenet.codec.encode(clip) for clip in audio])
    head.compile(keras.optimizers.Adam(0.05), "binary_crossentropy")
    head.fit(encoder.predict(x, verbose=0), is_high, epochs=50, verbose=0)
    assert len(model.trainable_weights) == 2
    for weight, value in zip(wavenet.weights, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight), value)
    told = model.predict(x, verbose=0)[:, 0]
    np.testing.assert_array_equal(told > 0.5, is_high)
    model.save(tmp_path / "mine.keras")
    again = keras.saving.load_model(tmp_path / "mine.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0)[:, 0], told, atol=1e-5)
