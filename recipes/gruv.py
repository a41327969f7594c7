"""GRUV: an LSTM that continues a recording, one FFT frame at a time.

    kaudio fit recipes/gruv.py                      # the built-in demo corpus: minutes on a CPU
    kaudio fit recipes/gruv.py --audio ~/music
    kaudio generate runs/gruv out.wav --seconds 20

On the demo corpus it reaches an NMSE of 0.21 on pieces that were held out, where predicting the
mean scores 1 and repeating the last frame 1.9, in two minutes on two CPU cores.

After Nayebi and Vitelli, "GRUV: Algorithmic Music Generation using Recurrent Neural Networks",
2015, with frames that are short enough to be predicted and overlap, so that joins do not click.
`gruv_2015.py` is the published system.
"""

from pathlib import Path

import keras

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 8_000,
    frame_seconds: float = 0.064,
    overlap: int = 2,
    excerpt_seconds: float = 2.0,
    trim_silence_db: float | None = None,
    units: int = 256,
    num_layers: int = 1,
    normalization: str = "global",
    mixtures: int = 1,
    faithful: bool = True,
    input_noise: float = 0.1,
    input_dropout: float = 0.0,
    dropout: float = 0.0,
    scheduled_sampling: float = 0.0,
    carry_state: bool = False,
    temperature: float = 0.3,
    learning_rate: float = 1e-3,
    clipnorm: float = 1.0,
    batch_size: int = 16,
    epochs: int = 60,
    seed: int = 0,
    run_dir: Path = Path("runs/gruv"),
) -> kaudio.Recipe:
    """Trains an LSTM on the FFT frames of a folder of music.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus.
        sample_rate: What they are resampled to, in Hz.
        frame_seconds: Length of an FFT frame. Shorter follows rhythm, longer follows pitch.
        overlap: Frames that cover each sample. 1 is GRUV's, whose joins click.
        excerpt_seconds: How much music the LSTM sees at once in training.
        trim_silence_db: Leaves out silence at both ends of a recording: what stays below this
            level, in dB relative to its peak, such as -60.
        units: Width of each LSTM, and of the Dense before it.
        num_layers: Number of LSTMs.
        normalization: "global" weighs bins of a spectrum by their energy, "feature" all alike.
        mixtures: Gaussians that are predicted: 0 is the mean alone, 1 a mean with a deviation for
            every number of a frame. Several have one mean and so many deviations, of which each
            frame takes one: what is struck or plucked needs 2 or 4.
        faithful: Whether the mean is fitted by squared errors. If not, each Gaussian has a mean of
            its own, and all is fitted by likelihood.
        input_noise: Standard deviation of the noise added to standardised frames in training.
        input_dropout: Share of the input set to zero in training.
        dropout: Share of the LSTM's output set to zero in training.
        scheduled_sampling: Share of frames that in the second half of training the model hears as
            it would have played them. It rises to that over the first half.
        carry_state: Whether each excerpt goes on with the state that the one before it ended with.
        temperature: How much of what cannot be predicted is put back as noise in generation.
        learning_rate: Step size of Adam.
        clipnorm: Longest gradient of a weight; longer ones are scaled down.
        batch_size: Excerpts in a batch.
        epochs: Times to go through the recordings.
        seed: Seed of the weights, the split and the order of the excerpts.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus = kaudio.Corpus.from_folder(audio, sample_rate, trim_silence_db=trim_silence_db)
    train, validation = corpus.split(validation=0.1, seed=seed)

    codec = kaudio.codecs.FFTFrames.from_seconds(sample_rate, frame_seconds, overlap=overlap)
    steps = round(excerpt_seconds * codec.steps_per_second)
    if carry_state:
        train = kaudio.data.lanes(train, codec, steps, batch_size, seed=seed)
    else:
        train = kaudio.data.next_step(train, codec, steps, batch_size, seed=seed)
    validation = kaudio.data.next_step(validation, codec, steps, batch_size)

    model = kaudio.models.FrameLSTM(
        codec,
        units,
        num_layers,
        projection=units,
        normalization=normalization,
        mixtures=mixtures,
        faithful=faithful,
        input_noise=input_noise,
        input_dropout=input_dropout,
        dropout=dropout,
        scheduled_sampling=scheduled_sampling,
        ramp_steps=epochs * len(train) // 2,
        lanes=batch_size if carry_state else 0,
        temperature=temperature,
    )
    model.adapt(train)  # the mean and the scale of a frame become weights
    optimizer = keras.optimizers.Adam(learning_rate, clipnorm=clipnorm)
    model.compile(optimizer, loss=None if mixtures else "mse")
    return kaudio.Recipe(
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        run_dir=run_dir,
        notes=[corpus.summary()],
    )
