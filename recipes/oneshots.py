"""An instrument instead of a track: single sounds, made to measure by kind and note.

    kaudio fit recipes/oneshots.py                     # drums, mallets and waves of the demo corpus
    kaudio fit recipes/oneshots.py --audio ~/samples
    kaudio generate runs/oneshots hit.wav --seconds 0.8 --condition "drums snare"
    kaudio generate runs/oneshots hit.wav --seconds 0.8 --condition "mallets marimba c4"

What a sound is, it is told by the words in the names of files and folders, and by the note that
was heard in it: c4 is middle C. How much of it has passed, it is told by a clock. After "Musical
audio synthesis using recurrent neural networks" (EAVI, 2016), whose aim it was.
"""

from pathlib import Path

import keras
from wavenet import powers_of_two

import kaudio

# The attack, the body and the tail of a hit.
CLOCK_SECONDS = (0.002, 0.01, 0.05, 0.25)


def recipe(
    audio: Path | None = None,
    sample_rate: int = 8_000,
    seconds: float = 0.8,
    stacks: int = 2,
    max_dilation: int = 512,
    filters: int = 32,
    skip_filters: int = 128,
    min_files: int = 1,
    onset_weight: float = 7.0,
    noise: float = 4.0,
    temperature: float = 0.7,
    learning_rate: float = 5e-3,
    clipnorm: float = 1.0,
    batch_size: int = 1,
    epochs: int = 40,
    seed: int = 0,
    run_dir: Path = Path("runs/oneshots"),
) -> kaudio.Recipe:
    """Trains a WaveNet on single sounds, from the silence before them to the silence after.

    Args:
        audio: Folder of sounds, or a table of them. Without it, those of the built-in demo corpus.
        sample_rate: What they are resampled to, in Hz.
        seconds: Length of a sound. Shorter ones are followed by silence, longer ones fade out.
        stacks: How often the dilation rates 1, 2, 4, ... are gone through.
        max_dilation: The largest dilation rate.
        filters: Width of the residual path and of the gates.
        skip_filters: Width of the sum of all layers, and of the layer after it.
        min_files: Words that at least so many files carry are tags.
        onset_weight: How much more the loss of the first samples counts.
        noise: Codes by which what is heard in training is off, at most.
        temperature: Of generation: below 1 is cleaner, above 1 wilder.
        learning_rate: Step size of Adam at the start; it falls to 3 % of it on a cosine.
        clipnorm: Longest gradient of a weight; longer ones are scaled down.
        batch_size: Sounds in a batch.
        epochs: Times to go through the sounds, over which the step size falls.
        seed: Seed of the weights, the split and the order of the sounds.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus = kaudio.Corpus.from_folder(audio, sample_rate, demo="oneshots")
    train, validation = corpus.split(validation=0.1, seed=seed)
    tags = kaudio.data.Tags.of(train, min_files)

    codec = kaudio.codecs.MuLaw(sample_rate)
    model = kaudio.models.WaveNet(
        codec,
        dilations=powers_of_two(max_dilation) * stacks,
        residual_filters=filters,
        gate_filters=filters,
        skip_filters=skip_filters,
        head_filters=skip_filters,
        global_names=tags.names,
        from_silence=True,
        clock_seconds=CLOCK_SECONDS,
        onset_weight=onset_weight,
        temperature=temperature,
    )
    steps = round(seconds * sample_rate)
    train = kaudio.data.one_shots(
        train, codec, steps, batch_size, condition=tags, noise=noise, seed=seed
    )
    validation = kaudio.data.one_shots(validation, codec, steps, batch_size, condition=tags)
    decay = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(train), 0.03)
    model.compile(keras.optimizers.Adam(decay, clipnorm=clipnorm))
    return kaudio.Recipe(
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        run_dir=run_dir,
        keep="last",  # an instrument is to know its sounds; of others it cannot know much
        clip_seconds=seconds,
        notes=[corpus.summary(), f"Conditions: {', '.join(tags.names)}"],
    )
