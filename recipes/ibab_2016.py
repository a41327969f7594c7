"""ibab's tensorflow-wavenet: 50 layers of 32 channels on 16 kHz audio.

    kaudio fit recipes/ibab_2016.py --audio ~/music

1 514 912 parameters; the receptive field is 5 117 samples, 0.32 s. One excerpt of 100 000 samples
is a batch, and it was trained for 100 000 of them. `deepsound_2016.py` is the same code, larger.

After the defaults of ibab/tensorflow-wavenet, 2016. Silence is not trimmed: its default threshold
cut music off as well.
"""

from pathlib import Path

import keras
from wavenet import powers_of_two

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 16_000,
    stacks: int = 5,
    max_dilation: int = 512,
    filters: int = 32,
    skip_filters: int = 512,
    excerpt_samples: int = 100_000,
    learning_rate: float = 1e-3,
    remat: bool = False,
    epoch_batches: int = 1_000,
    epochs: int = 100,
    clip_seconds: float = 2.0,
    seed: int = 0,
    run_dir: Path = Path("runs/ibab_2016"),
) -> kaudio.Recipe:
    """Trains the network of tensorflow-wavenet with its default parameters.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus.
        sample_rate: What they are resampled to, in Hz.
        stacks: How often the dilation rates 1, 2, 4, ... are gone through.
        max_dilation: The largest dilation rate.
        filters: Width of the residual path and of the gates.
        skip_filters: Width of the skip connections, and of the layer after their sum.
        excerpt_samples: Samples of an excerpt that count.
        learning_rate: Step size of Adam.
        remat: Compute layers again for their gradients: slower, with less memory.
        epoch_batches: Batches in an epoch, at most.
        epochs: Number of epochs.
        clip_seconds: Length of the audio generated after each epoch.
        seed: Seed of the weights, the split and the order of the excerpts.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus = kaudio.Corpus.from_folder(audio, sample_rate)
    train, validation = corpus.split(validation=0.1, seed=seed)

    codec = kaudio.codecs.MuLaw(sample_rate)
    model = kaudio.models.WaveNet(
        codec,
        dilations=powers_of_two(max_dilation) * stacks,
        residual_filters=filters,
        gate_filters=filters,
        skip_filters=skip_filters,
        head_filters=skip_filters,
        remat=remat,
    )
    model.compile(keras.optimizers.Adam(learning_rate, epsilon=1e-4))
    steps = model.warm_up + excerpt_samples
    return kaudio.Recipe(
        model=model,
        train=kaudio.data.next_step(
            train,
            codec,
            steps,
            1,
            seed=seed,
            hop_steps=excerpt_samples,
            epoch_batches=epoch_batches,
        ),
        validation=kaudio.data.next_step(validation, codec, steps, 1, hop_steps=excerpt_samples),
        epochs=epochs,
        run_dir=run_dir,
        clip_seconds=clip_seconds,
        notes=[corpus.summary()],
    )
