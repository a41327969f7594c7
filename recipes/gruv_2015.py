"""GRUV as published: one LSTM of 1024 on a quarter of a second at a time, at CD quality.

    kaudio fit recipes/gruv_2015.py --audio ~/music/madeon

53 574 178 parameters, 50 epochs; hours on a CPU. It learns its training songs and plays them
back: frames of a quarter of a second have no predictable phase. `gruv.py` learns more from less.

After Nayebi and Vitelli, "GRUV: Algorithmic Music Generation using Recurrent Neural Networks",
2015, with the defaults of Keras 0.1 (whose hard sigmoid had a slope of 0.2, where Keras 3 has
1/6). Its faults are left out: the last chunk of a song is used, and what is heard is generated, not
one step ahead of the training data. A tenth of the recordings is held out, where the authors
trained on all of them, and no bin is scaled up by more than 80 dB.
"""

from pathlib import Path

import keras

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 44_100,
    frame_length: int = 11_025,
    sequence_frames: int = 40,
    units: int = 1024,
    num_layers: int = 1,
    cell: str = "lstm",
    loss: str = "mse",
    learning_rate: float = 1e-3,
    batch_size: int = 5,
    epochs: int = 50,
    seed: int = 0,
    run_dir: Path = Path("runs/gruv_2015"),
) -> kaudio.Recipe:
    """Trains GRUV exactly as published.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus.
        sample_rate: What they are resampled to, in Hz.
        frame_length: Samples in an FFT frame.
        sequence_frames: Frames in a training sequence.
        units: Width of the Dense and of each recurrent layer.
        num_layers: Number of recurrent layers.
        cell: "lstm", or "gru" for the twin that its code also offered.
        loss: "mse", or "mae".
        learning_rate: Step size of RMSprop.
        batch_size: Sequences in a batch.
        epochs: Times to go through the recordings.
        seed: Seed of the weights, the split and the order of the sequences.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus = kaudio.Corpus.from_folder(audio, sample_rate)
    train, validation = corpus.split(validation=0.1, seed=seed)

    codec = kaudio.codecs.FFTFrames(sample_rate, frame_length, full=True)
    train = kaudio.data.next_step(
        train, codec, sequence_frames, batch_size, seed=seed, jitter=False
    )
    validation = kaudio.data.next_step(validation, codec, sequence_frames, batch_size)

    model = kaudio.models.FrameLSTM(
        codec,
        units,
        num_layers,
        cell=cell,
        projection=units,
        recurrent_activation="hard_sigmoid",
        unit_forget_bias=False,
        reset_after=False,
    )
    model.adapt(train)
    model.compile(keras.optimizers.RMSprop(learning_rate, rho=0.9, epsilon=1e-6), loss=loss)
    return kaudio.Recipe(
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        run_dir=run_dir,
        notes=[corpus.summary()],
    )
