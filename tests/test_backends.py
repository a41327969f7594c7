"""Trained on one backend, played on the other."""

import os
import runpy
import subprocess
import sys
import textwrap

import keras
import numpy as np

import kaudio
from kaudio.codecs import FFTFrames, Linear, MuLaw
from kaudio.models import ComposerClassifier, FrameLSTM, WaveNet

PLAY = '''
"""Plays the models of a folder: the same on any backend."""
import sys
from pathlib import Path

import keras
import numpy as np

import kaudio


def play(folder):
    prime = 0.5 * np.sin(np.arange(300) / 7).astype("float32")
    conditions = {
        "global": kaudio.generation.crossfade([[1.0, 0.0], [0.0, 1.0]], 0.05),
        "local": lambda times: np.stack([np.sin(200 * times), 20 * times], axis=-1),
    }
    clips = {}
    for file in sorted(Path(folder).glob("*.keras")):
        model = kaudio.load(file)
        told = {name: conditions[name] for name in model.conditions}
        options = {"seed": 4, "batch_size": 2, "conditions": told, "block_seconds": 0.05}
        clips[file.stem] = kaudio.generate(model, 0.1, prime=prime, **options)
    return clips


if __name__ == "__main__":
    np.savez(f"{sys.argv[1]}/clips.npz", **play(sys.argv[1]))
    print(keras.config.backend())
'''
OTHER = {"tensorflow": "jax", "jax": "tensorflow"}


def test_the_same_noise_or_waveform_gives_the_same_on_the_other_backend(tmp_path):
    codec = FFTFrames(8_000, 64, overlap=2)
    model = FrameLSTM(codec, 16, 2, projection=8, temperature=0.5)
    time = np.arange(8_000) / 8_000
    prime = (0.3 * np.sin(2 * np.pi * 440 * time)).astype("float32")
    steps = codec.encode(prime)[None]
    model.adapt([(steps, steps)])
    model.compile(keras.optimizers.Adam(0.01), loss="mse")
    for _ in range(20):
        model.train_on_batch(steps[:, :-1], steps[:, 1:])
    model.save(tmp_path / "model.keras")
    np.save(tmp_path / "prime.npy", prime)
    ours = kaudio.generate(model, 2.0, seed=4, batch_size=2, prime=prime)
    small = {"members": 2, "filters": 8, "blocks": 2, "hop_length": 64}
    classifier = ComposerClassifier(["ada", "bela"], 8_000, **small)
    classifier.save(tmp_path / "classifier.keras")
    told = np.asarray(classifier.predict_on_batch(prime[None]))

    program = textwrap.dedent("""
        import sys, keras, numpy as np, kaudio
        folder = sys.argv[1]
        prime = np.load(f"{folder}/prime.npy")
        model = kaudio.load(f"{folder}/model.keras")
        clips = kaudio.generate(model, 2.0, seed=4, batch_size=2, prime=prime)
        np.save(f"{folder}/clips.npy", clips)
        classifier = kaudio.load(f"{folder}/classifier.keras")
        np.save(f"{folder}/told.npy", classifier.predict_on_batch(prime[None]))
        print(keras.config.backend())
    """)
    environment = {**os.environ, "KERAS_BACKEND": OTHER[keras.config.backend()]}
    command = [sys.executable, "-c", program, str(tmp_path)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.stdout.strip() == OTHER[keras.config.backend()], result.stderr
    theirs = np.load(tmp_path / "clips.npy")
    assert np.abs(ours).max() > 0.05
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
    np.testing.assert_allclose(told, np.load(tmp_path / "told.npy"), atol=1e-4)


def test_the_same_noise_gives_the_same_codes_on_the_other_backend(tmp_path):
    small = {"residual_filters": 6, "gate_filters": 5, "skip_filters": 8, "head_filters": 9}
    everything = {
        "global_names": ["ada", "bela"],
        "local_channels": 2,
        "local_hop_length": 4,
        "context_dilations": [1, 2],
        "context_hop_length": 8,
        "context_filters": 4,
    }
    mixture = {"input_kind": "scalar", "mixtures": 4, "upsampling": "learned"}
    models = {
        "softmax": WaveNet(MuLaw(8_000), [1, 2, 4], **everything, **small),
        "mixture": WaveNet(Linear(8_000), [1, 2], **mixture, **everything, **small),
    }
    rng = np.random.default_rng(0)
    for name, model in models.items():
        spread = 0.3 if name == "mixture" else 0.8  # or else all codes are nearly alike
        for weight in model.trainable_weights:
            weight.assign(rng.normal(0, spread, weight.shape))
        model.save(tmp_path / f"{name}.keras")
    program = tmp_path / "play.py"
    program.write_text(PLAY)
    environment = {**os.environ, "KERAS_BACKEND": OTHER[keras.config.backend()]}
    command = [sys.executable, str(program), str(tmp_path)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.stdout.strip() == OTHER[keras.config.backend()], result.stderr
    ours = runpy.run_path(str(program))["play"](tmp_path)
    with np.load(tmp_path / "clips.npz") as theirs:
        for name in models:
            assert len(np.unique(ours[name])) > 30
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
