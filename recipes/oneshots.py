"""An instrument instead of a track: single sounds, made to measure by kind and pitch.

    kaudio fit recipes/oneshots.py                     # drums, mallets and waves of the demo corpus
    kaudio fit recipes/oneshots.py --audio ~/samples
    kaudio generate runs/oneshots hit.wav --seconds 0.8 --condition "drums:1 snare:1"
    kaudio generate runs/oneshots hit.wav --seconds 0.8 --condition "mallets pitched pitch:0.58"

What a sound is, it is told by the words in the names of files and folders, and by the pitch that
was found in it, in octaves above middle C. After "Musical audio synthesis using recurrent neural
networks" (EAVI, 2016), whose aim it was.
"""

from pathlib import Path

import keras
from wavenet import powers_of_two

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 8_000,
    seconds: float = 0.8,
    stacks: int = 2,
    max_dilation: int = 512,
    filters: int = 32,
    skip_filters: int = 128,
    temperature: float = 0.7,
    learning_rate: float = 5e-3,
    clipnorm: float = 1.0,
    batch_size: int = 2,
    epochs: int = 40,
    seed: int = 0,
    run_dir: Path = Path("runs/oneshots"),
) -> kaudio.Recipe:
    """Trains a WaveNet on single sounds, from the silence before them to the silence after.

    Args:
        audio: Folder of sounds. Without it, those of the built-in demo corpus.
        sample_rate: What they are resampled to, in Hz.
        seconds: Length of a sound. Shorter ones are followed by silence, longer ones fade out.
        stacks: How often the dilation rates 1, 2, 4, ... are gone through.
        max_dilation: The largest dilation rate.
        filters: Width of the residual path and of the gates.
        skip_filters: Width of the sum of all layers, and of the layer after it.
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
    tags = kaudio.data.Tags.of(train)

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
        temperature=temperature,
    )
    steps = round(seconds * sample_rate)
    train = kaudio.data.one_shots(train, codec, steps, batch_size, condition=tags, seed=seed)
    validation = kaudio.data.one_shots(validation, codec, steps, batch_size, condition=tags)
    decay = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(train), 0.03)
    model.compile(keras.optimizers.Adam(decay, clipnorm=clipnorm))
    return kaudio.Recipe(
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        run_dir=run_dir,
        clip_seconds=seconds,
        notes=[corpus.summary(), f"Conditions: {', '.join(tags.names)}"],
    )
