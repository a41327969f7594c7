"""The networks that a composer classifier is made of, from its options."""

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import layers, ops

from kaudio.layers import CausalConv1D, GatedStack

# The level that waveforms are brought to, so that how loud they are says nothing.
LEVEL = 0.1
# Codes that the auxiliary loss tells apart.
LEVELS = 256
# It counts at every so many samples: more of them would cost more than they teach.
NEXT_EVERY = 16


def make_member(features: tuple, options: Mapping[str, Any], name: str) -> keras.Model:
    """One network of an ensemble.

    Args:
        features: Shape of what it is given, without the batch: `(frames, bands)` of a
            spectrogram, or `(samples,)`.
        options: Those of the model.
        name: Of the network.

    Returns:
        A functional model of a dict: "block_1", "block_2", ... `(batch, frames, filters)`,
        "logits" `(batch, labels)` and, with `next_sample`, "next": logits of the
        codes of every 16th sample.
    """
    x = given = keras.Input(features)
    outputs = {}
    if options["front_end"] == "waveform":
        x = make_encoder(options)(ops.expand_dims(x, -1))
        if options["next_sample"]:
            heard = ops.relu(x[:, NEXT_EVERY - 1 : -1 : NEXT_EVERY])
            outputs["next"] = layers.Dense(LEVELS, dtype="float32", name="next")(heard)
        x = layers.AveragePooling1D(options["hop_length"], padding="same")(ops.relu(x))
    x = layers.SpatialDropout1D(options["band_dropout"])(x)
    for i in range(options["blocks"]):
        # Gates: the signal and what lets it pass.
        y = layers.Conv1D(2 * options["filters"], 3, dilation_rate=2**i, padding="same")(x)
        y = layers.LayerNormalization()(y)
        signal, gate = ops.split(y, 2, axis=-1)
        y = ops.tanh(signal) * ops.sigmoid(gate)
        x = layers.Identity(name=f"block_{i + 1}")(y if i == 0 else x + y)
        outputs[f"block_{i + 1}"] = x
    mean = ops.mean(x, axis=1, keepdims=True)
    deviation = ops.sqrt(ops.mean(ops.square(x - mean), axis=1) + 1e-4)
    pooled = ops.concatenate([mean[:, 0], deviation], axis=-1)
    pooled = layers.Dropout(options["dropout"])(pooled)
    outputs["logits"] = layers.Dense(len(options["labels"]), dtype="float32", name="logits")(pooled)
    return keras.Model(given, outputs, name=name)


def make_encoder(options: Mapping[str, Any]) -> GatedStack:
    """The trunk of a WaveNet, that hears samples."""
    filters = options["encoder_filters"]
    inlet = CausalConv1D(filters, 2, name="inlet")
    return GatedStack(inlet, options["dilations"], 2, filters, 2 * filters, name="encoder")


def leveled(samples: Any) -> Any:
    """Waveforms `(batch, samples)` brought to one level. Silence stays silent."""
    power = ops.mean(ops.square(samples), axis=1, keepdims=True)
    return samples * LEVEL / ops.sqrt(power + 1e-10)


def codes(samples: Any) -> Any:
    """Mu-law codes of waveforms, as `kaudio.codecs.MuLaw` has them."""
    mu = LEVELS - 1
    samples = ops.clip(samples, -1, 1)
    companded = ops.sign(samples) * ops.log1p(mu * ops.abs(samples)) / math.log1p(mu)
    return ops.cast(ops.floor((companded + 1) / 2 * mu + 0.5), "int32")
