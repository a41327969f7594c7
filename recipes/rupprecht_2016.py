"""Bach or Schubert? The data of "Deep dreams of music" (Rupprecht, 2016), without its faults.

    kaudio fit recipes/rupprecht_2016.py                    # the built-in demo corpus
    kaudio fit recipes/rupprecht_2016.py --audio ~/piano    # one sub-folder for each composer

As written: one channel at 44 100 / 7 = 6 300 Hz, chunks of 63 000 samples (10 s) that begin every
second, 16 bits. Not as written, since these were faults: resampled by a proper filter instead of
the mean of seven samples, which folds 4 200 Hz onto 2 100 Hz at -7.5 dB; the sample rate of each
file is looked at; the mean of both channels instead of the left one; and recordings are held out,
where a random split of chunks that overlap by nine seconds would have shared almost all of them.

The network was never published; "plain 1-d convolutions" never told the two apart. Here it is
gated causal convolutions on samples, with the next sample as a second thing to learn ("WaveNet",
van den Oord et al., 2016, section 3.4). `composer.py` does better, on a spectrogram.
"""

from pathlib import Path

import keras

import kaudio

SAMPLE_RATE = 6_300
CHUNK_SECONDS = 10.0
HOP_SECONDS = 1.0


def recipe(
    audio: Path | None = None,
    groups: str = "recording",
    levels: int = 65_536,
    mu_law: bool = False,
    folds: int = 4,
    next_sample: float = 0.1,
    learning_rate: float = 2e-3,
    batch_size: int = 4,
    epoch_batches: int = 300,
    epochs: int = 5,
    seed: int = 0,
    run_dir: Path = Path("runs/rupprecht_2016"),
) -> kaudio.Recipe:
    """Trains a classifier on raw samples, on the data of 2016.

    Args:
        audio: Folder with a sub-folder for each composer, or a table that names them. Without it,
            the built-in demo corpus.
        groups: What must not be parted when works are held out: each "recording", each "folder",
            or a CSV file with the columns "file" and "work".
        levels: Values that samples are rounded to: 65 536 are 16 bits, 256 are 8.
        mu_law: Whether they lie closer together where it is soft, as the follow-up has them.
        folds: Parts that the works are dealt into, one of which is held out.
        next_sample: Weight of the auxiliary loss: predicting the next sample.
        learning_rate: Step size of Adam at the start; it falls to 1 % of it on a cosine.
        batch_size: Chunks in a batch.
        epoch_batches: Batches in an epoch.
        epochs: Number of epochs, over which the step size falls.
        seed: Seed of the weights and of the order of the chunks.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus = kaudio.Corpus.from_folder(audio, SAMPLE_RATE, groups=groups)
    fold_of = kaudio.data.assign_folds(corpus, folds)
    notes = [corpus.summary()]
    if (dealt := len(set(fold_of.values()))) < folds:
        notes.append(f"{dealt} folds instead of {folds}: a composer has no more works.")
    kind = kaudio.codecs.MuLaw if mu_law else kaudio.codecs.Linear
    codec = kind(SAMPLE_RATE, levels)
    model = kaudio.models.ComposerClassifier(
        corpus.labels, SAMPLE_RATE, members=1, front_end="waveform", next_sample=next_sample
    )
    train = kaudio.data.labelled(
        corpus,
        corpus.labels,
        CHUNK_SECONDS,
        batch_size,
        hop_seconds=HOP_SECONDS,
        folds=fold_of,
        seed=seed,
        balance=0.0,
        codec=codec,
        epoch_batches=epoch_batches,
    )
    judged = kaudio.data.of_folds(corpus, fold_of, 1)
    validation = kaudio.data.labelled(
        judged, corpus.labels, CHUNK_SECONDS, batch_size, folds=fold_of, codec=codec
    )
    decay = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(train), 0.01)
    model.compile(keras.optimizers.Adam(decay, clipnorm=1.0))
    return kaudio.Recipe(
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        run_dir=run_dir,
        keep="last",
        judged=judged.recordings,
        notes=notes,
    )
