"""Trained on one backend, played on the other."""

import os
import subprocess
import sys
import textwrap

import keras
import numpy as np

import kaudio
from kaudio.codecs import FFTFrames
from kaudio.models import FrameLSTM

OTHER = {"tensorflow": "jax", "jax": "tensorflow"}


def test_the_same_noise_gives_the_same_audio_on_the_other_backend(tmp_path):
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

    program = textwrap.dedent("""
        import sys, keras, numpy as np, kaudio
        folder = sys.argv[1]
        prime = np.load(f"{folder}/prime.npy")
        model = kaudio.load(f"{folder}/model.keras")
        clips = kaudio.generate(model, 2.0, seed=4, batch_size=2, prime=prime)
        np.save(f"{folder}/clips.npy", clips)
        print(keras.config.backend())
    """)
    environment = {**os.environ, "KERAS_BACKEND": OTHER[keras.config.backend()]}
    command = [sys.executable, "-c", program, str(tmp_path)]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert result.stdout.strip() == OTHER[keras.config.backend()], result.stderr
    theirs = np.load(tmp_path / "clips.npy")
    assert np.abs(ours).max() > 0.05
    np.testing.assert_allclose(ours, theirs, atol=1e-4)
