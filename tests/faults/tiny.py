"""A run of seconds: a small FrameLSTM on a few recordings."""

from pathlib import Path

import keras

import kaudio


def recipe(
    audio: Path, run_dir: Path, epochs: int = 3, units: int = 8, clips: float = 0.2
) -> kaudio.Recipe:
    """A model that is done before one has looked."""
    keras.utils.set_random_seed(0)
    corpus = kaudio.Corpus.from_folder(audio, 8_000)
    train, validation = corpus.split(validation=0.2, seed=0)
    codec = kaudio.codecs.FFTFrames(8_000, 64, overlap=2)
    train = kaudio.data.next_step(train, codec, 100, 8, seed=0)
    validation = kaudio.data.next_step(validation, codec, 100, 4)
    model = kaudio.models.FrameLSTM(codec, units, projection=8, input_noise=0.1, dropout=0.1)
    model.adapt(train)
    model.compile(keras.optimizers.Adam(0.01, clipnorm=1.0), loss="mse")
    return kaudio.Recipe(
        model=model, train=train, validation=validation, epochs=epochs, run_dir=run_dir,
        clip_seconds=clips,
    )  # fmt: skip
