"""Beckham's LSTM: one second of raw audio is one step.

    kaudio fit recipes/beckham_2016.py --audio ~/speech
    kaudio fit recipes/beckham_2016.py --audio ~/speech --sequence-frames 10 --units 100 --epochs 5

55 223 200 parameters, made for three hours of one voice. It hardly beats predicting the mean
(NMSE 0.970 was its best), and what it plays drifts into noise after the 50 s that it was trained
on: that is what was published.

After Beckham, "A write-up of what I have done", IFT6266, 2016. The audio is cut 80/10/10 in time,
without regard to recordings, as published; the last tenth is left for a test.
"""

from pathlib import Path

import keras

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 16_000,
    frame_length: int = 16_000,
    sequence_frames: int = 50,
    units: int = 600,
    num_layers: int = 3,
    learning_rate: float = 0.01,
    batch_size: int = 16,
    epochs: int = 2000,
    seed: int = 0,
    run_dir: Path = Path("runs/beckham_2016"),
) -> kaudio.Recipe:
    """Trains Beckham's LSTM exactly as published.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus.
        sample_rate: What they are resampled to, in Hz.
        frame_length: Samples in a step.
        sequence_frames: Steps in a training sequence.
        units: Width of each LSTM.
        num_layers: Number of LSTMs.
        learning_rate: Step size of RMSprop.
        batch_size: Sequences in a batch.
        epochs: Times to go through the recordings.
        seed: Seed of the weights and of the order of the sequences.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus = kaudio.Corpus.from_folder(audio, sample_rate)
    train, validation, _ = corpus.split_contiguous(validation=0.1, test=0.1)

    codec = kaudio.codecs.Frames(sample_rate, frame_length)
    train = kaudio.data.next_step(
        train, codec, sequence_frames, batch_size, seed=seed, jitter=False
    )
    validation = kaudio.data.next_step(validation, codec, sequence_frames, batch_size)

    model = kaudio.models.FrameLSTM(
        codec,
        units,
        num_layers,
        projection=0,
        normalization="range",
        unit_forget_bias=False,
    )
    model.adapt(train)
    model.compile(keras.optimizers.RMSprop(learning_rate), loss="mse")
    return kaudio.Recipe(
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        run_dir=run_dir,
        notes=[corpus.summary()],
    )
