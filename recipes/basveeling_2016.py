"""basveeling's Keras WaveNet: one stack of ten wide layers, at 4 410 Hz.

    kaudio fit recipes/basveeling_2016.py --audio ~/piano
    kaudio fit recipes/basveeling_2016.py --audio ~/piano --small --learning-rate 0.01

4 129 536 parameters, or 91 920 for its "small" setting; the receptive field is 1 025 samples,
0.23 s, or 513. Only 128 samples of each excerpt count, as published.

After basveeling/wavenet, 2016. Codes are rounded after resampling and leave as 16-bit audio; there
they were cut off before it and left as 8 bits, with 21 dB of signal to noise at -20 dBFS.
"""

from pathlib import Path

import keras
from wavenet import powers_of_two

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 4_410,
    small: bool = False,
    excerpt_samples: int = 128,
    learning_rate: float = 1e-3,
    batch_size: int = 16,
    epoch_batches: int = 500,
    epochs: int = 1_000,
    clip_seconds: float = 2.0,
    seed: int = 0,
    run_dir: Path = Path("runs/basveeling_2016"),
) -> kaudio.Recipe:
    """Trains the network of basveeling/wavenet.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus.
        sample_rate: What they are resampled to, in Hz.
        small: 16 channels in 9 layers in place of 256 in 10.
        excerpt_samples: Samples of an excerpt that count.
        learning_rate: Step size of stochastic gradient descent, with Nesterov momentum of 0.9.
        batch_size: Excerpts in a batch.
        epoch_batches: Batches in an epoch, at most.
        epochs: Number of epochs. Training stops after 20 without a better validation loss.
        clip_seconds: Length of the audio generated after each epoch.
        seed: Seed of the weights, the split and the order of the excerpts.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus = kaudio.Corpus.from_folder(audio, sample_rate)
    train, validation = corpus.split(validation=0.1, seed=seed)

    codec = kaudio.codecs.MuLaw(sample_rate)
    filters = 16 if small else 256
    model = kaudio.models.WaveNet(
        codec,
        dilations=powers_of_two(256 if small else 512),
        residual_filters=filters,
        gate_filters=filters,
        skip_filters=filters,
        head_filters=256,
        input_bias=True,
        use_bias=False,
    )
    model.compile(keras.optimizers.SGD(learning_rate, momentum=0.9, nesterov=True))
    steps = model.warm_up + excerpt_samples
    return kaudio.Recipe(
        model=model,
        train=kaudio.data.next_step(
            train,
            codec,
            steps,
            batch_size,
            seed=seed,
            hop_steps=excerpt_samples,
            epoch_batches=epoch_batches,
        ),
        validation=kaudio.data.next_step(
            validation, codec, steps, batch_size, hop_steps=excerpt_samples
        ),
        epochs=epochs,
        run_dir=run_dir,
        clip_seconds=clip_seconds,
        callbacks=[
            keras.callbacks.EarlyStopping(patience=20),
            keras.callbacks.ReduceLROnPlateau(factor=0.1, patience=10, cooldown=5),
        ],
        notes=[corpus.summary()],
    )
