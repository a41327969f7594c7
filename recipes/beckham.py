"""Beckham's LSTM with short steps: three LSTMs that continue raw audio, and do not drift.

    kaudio fit recipes/beckham.py                   # the built-in demo corpus: minutes on a CPU
    kaudio fit recipes/beckham.py --audio ~/speech
    kaudio generate runs/beckham out.wav --seconds 600

What Beckham came to in the end: steps of 200 to 2000 samples where it had been 16 000, three LSTMs
of 300, and excerpts that start anywhere ("offset augmentation"). What was not there: frames that
overlap, noise on the input, and draws from what the model cannot know instead of its mean. What
each is worth is in docs/drift.md. `beckham_2016.py` is the published system.

After Beckham, "A write-up of what I have done", IFT6266, 2016.
"""

from pathlib import Path

import keras

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 16_000,
    step_length: int = 200,
    overlap: int = 2,
    excerpt_seconds: float = 1.0,
    units: int = 300,
    num_layers: int = 3,
    normalization: str = "global",
    mixtures: int = 1,
    faithful: bool = True,
    input_noise: float = 0.05,
    input_dropout: float = 0.0,
    dropout: float = 0.0,
    scheduled_sampling: float = 0.0,
    carry_state: bool = False,
    temperature: float = 0.3,
    learning_rate: float = 2e-3,
    clipnorm: float = 1.0,
    batch_size: int = 8,
    epochs: int = 40,
    seed: int = 0,
    run_dir: Path = Path("runs/beckham"),
) -> kaudio.Recipe:
    """Trains Beckham's LSTM on short frames.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus. Of
            fewer than ten recordings, the last fifth is cut off in time: half for validation, half
            for a test.
        sample_rate: What they are resampled to, in Hz.
        step_length: Samples from one step to the next. The shorter, the easier to predict.
        overlap: Frames that cover each sample. 1 is Beckham's: raw samples, whose joins click. 2
            or more are spectra of frames so many steps long.
        excerpt_seconds: How much audio the LSTMs see at once in training.
        units: Width of each LSTM, and of the Dense before them.
        num_layers: Number of LSTMs.
        normalization: "global" weighs all by energy, "feature" each number of a frame alike.
        mixtures: Gaussians that are predicted: 0 is the mean alone, 1 a mean with a deviation for
            every number of a frame. Several have one mean and so many deviations, of which each
            frame takes one: what is struck or plucked needs 2 or 4.
        faithful: Whether the mean is fitted by squared errors. If not, each Gaussian has a mean of
            its own, and all is fitted by likelihood.
        input_noise: Standard deviation of the noise added to standardised frames in training.
        input_dropout: Share of the input set to zero in training.
        dropout: Share of the output of the last LSTM set to zero in training.
        scheduled_sampling: Share of frames that in the second half of training the model hears as
            it would have played them. It rises to that over the first half.
        carry_state: Whether each excerpt goes on with the state that the one before it ended with.
        temperature: How much of what cannot be predicted is put back as noise in generation.
        learning_rate: Step size of Adam at the start; it falls to 3 % of it on a cosine.
        clipnorm: Longest gradient of a weight; longer ones are scaled down.
        batch_size: Excerpts in a batch.
        epochs: Times to go through the recordings, over which the step size falls.
        seed: Seed of the weights, the split and the order of the excerpts.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus, (train, validation, _) = parts(audio, sample_rate, seed)
    if overlap > 1:
        codec = kaudio.codecs.FFTFrames(sample_rate, overlap * step_length, overlap)
    else:
        codec = kaudio.codecs.Frames(sample_rate, step_length)
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
    model.adapt(train)
    decay = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(train), 0.03)
    optimizer = keras.optimizers.Adam(decay, clipnorm=clipnorm)
    model.compile(optimizer, loss=None if mixtures else "mse")
    return kaudio.Recipe(
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        run_dir=run_dir,
        notes=[corpus.summary()],
    )


def parts(audio: Path | None, sample_rate: int, seed: int) -> tuple:
    """The recordings, and what of them is for training, for validation and for a test."""
    corpus = kaudio.Corpus.from_folder(audio, sample_rate)
    if len(corpus.recordings) < 10:
        return corpus, corpus.split_contiguous(validation=0.1, test=0.1)
    return corpus, corpus.split(validation=0.1, test=0.1, seed=seed)
