"""Who composed it? A classifier of raw audio, one folder for each composer.

    kaudio fit recipes/composer.py                        # the built-in demo corpus
    kaudio fit recipes/composer.py --audio ~/music        # one sub-folder for each composer
    kaudio classify runs/composer piece.mp3 other.flac
    kaudio dream runs/composer in.wav out.wav --target bach

What the author of "Generating music with neural networks" (Rupprecht, 2016) hoped for and did not
get. `rupprecht_2016.py` has the data as they were.
"""

import math
from pathlib import Path

import keras

import kaudio


def recipe(
    audio: Path | None = None,
    groups: str = "recording",
    sample_rate: int = 6_300,
    chunk_seconds: float = 10.0,
    hop_seconds: float = 10.0,
    folds: int = 4,
    members: int = 4,
    front_end: str = "spectrogram",
    next_sample: float = 0.0,
    filters: int = 48,
    blocks: int = 4,
    semitones: float = 3.0,
    equaliser_db: float = 4.0,
    mixup: float = 0.3,
    balance: float = 0.5,
    label_smoothing: float = 0.1,
    dropout: float = 0.3,
    learning_rate: float = 2e-3,
    weight_decay: float = 1e-2,
    batch_size: int = 32,
    epoch_batches: int = 0,
    epochs: int = 25,
    seed: int = 0,
    run_dir: Path = Path("runs/composer"),
) -> kaudio.Recipe:
    """Trains a classifier of composers on folders of music.

    Args:
        audio: Folder with a sub-folder for each composer, or a table that names them. Without it,
            the built-in demo corpus.
        groups: What must not be parted when works are held out: each "recording", each "folder",
            or a CSV file with the columns "file" and "work".
        sample_rate: What recordings are resampled to, in Hz.
        chunk_seconds: Length of what is classified at a time.
        hop_seconds: From one chunk that is judged to the next.
        folds: Parts that the works are dealt into, if each composer has so many. Each network of
            the ensemble learns from all but one of them, and is judged on that one.
        members: Networks in the ensemble, at most as many as folds.
        front_end: What the networks hear: "spectrogram", or "waveform" for raw samples.
        next_sample: Weight of an auxiliary loss for "waveform": predicting the next sample.
        filters: Width of the networks.
        blocks: Number of their gated blocks, of dilation rates 1, 2, 4, ... frames.
        semitones: Most that speed and pitch of a chunk are changed by, for training.
        equaliser_db: Deviation of a random equaliser, for training.
        mixup: How evenly two chunks are mixed, for training: 0 mixes none.
        balance: How far all works are heard equally often: 0 is by their length, 1 is equally.
        label_smoothing: Share of each target that is spread over all composers.
        dropout: Share of the features that is left out in training.
        learning_rate: Step size of AdamW at the start; it falls to 1 % of it on a cosine.
        weight_decay: Of AdamW.
        batch_size: Chunks in a batch.
        epoch_batches: Batches in an epoch. 0: as many as hold three times the length of all
            recordings.
        epochs: Number of epochs, over which the step size falls.
        seed: Seed of the weights and of the order of the chunks.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus = kaudio.Corpus.from_folder(audio, sample_rate, groups=groups)
    fold_of = kaudio.data.assign_folds(corpus, folds)
    notes = [corpus.summary()]
    if (dealt := len(set(fold_of.values()))) < folds:
        notes.append(f"{dealt} folds instead of {folds}: a composer has no more works.")
    if not epoch_batches:
        # Lengths and sizes that make no sense are refused below.
        epoch_batches = math.ceil(3 * corpus.seconds / max(1.0, chunk_seconds * batch_size))
    model = kaudio.models.ComposerClassifier(
        corpus.labels,
        sample_rate,
        members=min(members, dealt),
        front_end=front_end,
        filters=filters,
        blocks=blocks,
        next_sample=next_sample,
        label_smoothing=label_smoothing,
        dropout=dropout,
    )
    train = kaudio.data.labelled(
        corpus,
        corpus.labels,
        chunk_seconds,
        batch_size,
        folds=fold_of,
        seed=seed,
        augment=kaudio.data.Augment(semitones=semitones, equaliser_db=equaliser_db),
        mixup=mixup,
        balance=balance,
        epoch_batches=epoch_batches,
    )
    judged = kaudio.data.of_folds(corpus, fold_of, model.options["members"])
    validation = kaudio.data.labelled(
        judged, corpus.labels, chunk_seconds, batch_size, hop_seconds=hop_seconds, folds=fold_of
    )
    decay = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(train), 0.01)
    model.compile(keras.optimizers.AdamW(decay, weight_decay=weight_decay, clipnorm=1.0))
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
