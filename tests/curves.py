"""Fifty steps of a small model of each kind, on any backend: `python curves.py FOLDER NAME`."""

import sys
from pathlib import Path

import keras
import numpy as np

from kaudio.codecs import FFTFrames, MuLaw
from kaudio.models import ComposerClassifier, FrameLSTM, WaveNet

STEPS = 50
RATE = 8_000


def chords(batch, samples):
    """Chords of two kinds in noise, `(batch, samples)`: something that can be learned."""
    rng = np.random.default_rng(0)
    time = np.arange(samples) / RATE
    pitch = rng.uniform(200, 300, (batch, 1)) * (1 + np.arange(batch)[:, None] % 2)
    sound = sum(np.sin(2 * np.pi * pitch * part * time) / part for part in (1, 2, 3))
    return (0.2 * sound + 0.01 * rng.standard_normal((batch, samples))).astype("float32")


def gruv():
    codec = FFTFrames(RATE, 32, overlap=2)
    model = FrameLSTM(codec, 16, projection=8)
    steps = np.stack([codec.encode(sound) for sound in chords(4, 1_000)])
    model.adapt([(steps, steps)])
    model.compile(keras.optimizers.Adam(1e-3, clipnorm=1.0), loss="mse")
    return model, [(steps[i : i + 2, :-1], steps[i : i + 2, 1:]) for i in (0, 2)]


def wavenet():
    codec = MuLaw(RATE, 32)
    small = {"residual_filters": 6, "gate_filters": 6, "skip_filters": 8, "head_filters": 8}
    model = WaveNet(codec, [1, 2], **small)
    steps = codec.encode(chords(4, 300))
    model.compile(keras.optimizers.Adam(1e-3))
    return model, [(steps[i : i + 2, :-1], steps[i : i + 2, 1:]) for i in (0, 2)]


def classifier():
    small = {"members": 2, "filters": 4, "blocks": 1, "hop_length": 128, "bands_per_octave": 3}
    draws = {"dropout": 0.0, "band_dropout": 0.0}
    model = ComposerClassifier(["low", "high"], RATE, **small, **draws)
    samples, folds = chords(8, 2_000), np.arange(8, dtype="int32") // 2 % 2
    labels = np.eye(2, dtype="float32")[np.arange(8) % 2]
    model.compile(keras.optimizers.AdamW(1e-3))
    halves = (slice(0, 4), slice(4, 8))
    return model, [({"samples": samples[h], "fold": folds[h]}, labels[h]) for h in halves]


MAKE = {"gruv": gruv, "wavenet": wavenet, "classifier": classifier}


def make(name):
    """A compiled model and its batches, of one seed. Nothing is drawn while it is trained."""
    keras.utils.set_random_seed(1)
    return MAKE[name]()


def losses(model, batches):
    """The loss of each of fifty steps, with batches in turn."""
    found = []
    for step in range(STEPS):
        model.reset_metrics()
        found.append(float(model.train_on_batch(*batches[step % 2], return_dict=True)["loss"]))
    return np.asarray(found)


def weights(model):
    return [keras.ops.convert_to_numpy(v) for v in [*model.variables, *model.optimizer.variables]]


if __name__ == "__main__":
    folder, name = Path(sys.argv[1]), sys.argv[2]
    model, batches = make(name)
    with np.load(folder / f"{name}.npz") as initial:
        model.set_weights([initial[key] for key in initial.files])
    np.save(folder / f"{name}.npy", losses(model, batches))
    print(keras.config.backend())
