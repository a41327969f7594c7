"""WaveNet: a network of dilated convolutions that writes music one sample at a time.

    kaudio fit recipes/wavenet.py                      # the built-in demo corpus: minutes on a CPU
    kaudio fit recipes/wavenet.py --audio ~/music --stacks 3 --sample-rate 16000 --epochs 100
    kaudio generate runs/wavenet out.wav --seconds 10 --temperature 0.95 --prime clip.wav

After van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016.
`ibab_2016.py`, `deepsound_2016.py` and `basveeling_2016.py` are systems that were built on it.
"""

from pathlib import Path

import keras

import kaudio


def recipe(
    audio: Path | None = None,
    groups: str = "recording",
    sample_rate: int = 8_000,
    levels: int = 256,
    mixtures: int = 0,
    excerpt_seconds: float = 0.5,
    trim_silence_db: float | None = None,
    stacks: int = 2,
    max_dilation: int = 512,
    kernel_size: int = 2,
    filters: int = 24,
    skip_filters: int = 64,
    composers: bool = False,
    context_hop_length: int = 0,
    context_max_dilation: int = 32,
    upsampling: str = "repeat",
    remat: bool = False,
    mixed_precision: bool = False,
    temperature: float = 1.0,
    top_p: float = 1.0,
    input_noise: float = 0.0,
    learning_rate: float = 5e-3,
    clipnorm: float = 1.0,
    batch_size: int = 1,
    epoch_batches: int = 600,
    epochs: int = 10,
    clip_seconds: float = 5.0,
    seed: int = 0,
    run_dir: Path = Path("runs/wavenet"),
) -> kaudio.Recipe:
    """Trains a WaveNet on a folder of music.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus.
        groups: What a split must not part: each "recording", each "folder", or a CSV file with the
            columns "file" and "work".
        sample_rate: What they are resampled to, in Hz.
        levels: Number of codes that samples are rounded to, by mu-law.
        mixtures: Predict a mixture of so many logistic distributions over 65536 linear levels
            instead of a softmax over mu-law codes. 0 is the softmax.
        excerpt_seconds: How much music of an excerpt counts; what comes before it, as far as the
            network sees, is added.
        trim_silence_db: Leaves out silence at both ends of a recording: what stays below this
            level, in dB relative to its peak, such as -60.
        stacks: How often the dilation rates 1, 2, 4, ... are gone through.
        max_dilation: The largest dilation rate.
        kernel_size: Taps of each convolution.
        filters: Width of the residual path and of the gates.
        skip_filters: Width of the sum of all layers, and of the layer after it.
        composers: Tell the network the composer, which is the sub-folder.
        context_hop_length: Samples in a frame of a second network that sees a longer past. 0
            leaves it out.
        context_max_dilation: Its largest dilation rate, in frames.
        upsampling: How its output comes to the rate of samples: "repeat" or "learned".
        remat: Compute layers again for their gradients: slower, with less memory.
        mixed_precision: Compute in bfloat16 and keep weights in float32.
        temperature: Of generation: below 1 is safer, above 1 wilder.
        top_p: Of generation: draw among the likeliest codes that together have this probability.
        input_noise: In training the codes that the network hears, not those that it is to
            predict, are off by so many: a standard deviation from 0 to that.
        learning_rate: Step size of Adam at the start; it falls to 3 % of it on a cosine.
        clipnorm: Longest gradient of a weight; longer ones are scaled down.
        batch_size: Excerpts in a batch.
        epoch_batches: Batches in an epoch, at most.
        epochs: Number of epochs, over which the step size falls.
        clip_seconds: Length of the audio generated after each epoch.
        seed: Seed of the weights, the split and the order of the excerpts.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    keras.utils.set_random_seed(seed)
    corpus = kaudio.Corpus.from_folder(
        audio, sample_rate, trim_silence_db=trim_silence_db, groups=groups
    )
    train, validation = corpus.split(validation=0.1, seed=seed)
    if composers and len(corpus.labels) < 2:
        raise ValueError(
            "There must be a sub-folder for each of two composers or more to tell them apart. "
            f"Received: {len(corpus.labels)} in {audio}."
        )
    labels = kaudio.data.Labels(corpus.labels) if composers else None

    mulaw = kaudio.codecs.MuLaw(sample_rate, levels)
    model = kaudio.models.WaveNet(
        codec := kaudio.codecs.Linear(sample_rate) if mixtures else mulaw,
        dilations=powers_of_two(max_dilation) * stacks,
        kernel_size=kernel_size,
        residual_filters=filters,
        gate_filters=filters,
        skip_filters=skip_filters,
        head_filters=skip_filters,
        input_kind="scalar" if mixtures else "one_hot",
        input_bias=bool(mixtures),
        mixtures=mixtures,
        global_names=corpus.labels if composers else (),
        context_dilations=powers_of_two(context_max_dilation) if context_hop_length else None,
        context_hop_length=max(1, context_hop_length),
        upsampling=upsampling,
        remat=remat,
        temperature=temperature,
        top_p=top_p,
        dtype="mixed_bfloat16" if mixed_precision else None,
    )
    counted = round(excerpt_seconds * sample_rate)
    steps = model.warm_up + counted
    train = kaudio.data.next_step(
        train,
        codec,
        steps,
        batch_size,
        condition=labels,
        seed=seed,
        hop_steps=counted,
        noise=input_noise,
        epoch_batches=epoch_batches,
    )
    validation = kaudio.data.next_step(
        validation,
        codec,
        steps,
        batch_size=8,
        condition=labels,
        hop_steps=counted,
        epoch_batches=1 + epoch_batches * batch_size // 16,
    )
    decay = keras.optimizers.schedules.CosineDecay(learning_rate, epochs * len(train), 0.03)
    model.compile(keras.optimizers.Adam(decay, clipnorm=clipnorm))
    return kaudio.Recipe(
        model=model,
        train=train,
        validation=validation,
        epochs=epochs,
        run_dir=run_dir,
        clip_seconds=clip_seconds,
        notes=[corpus.summary()],
    )


def powers_of_two(largest: int) -> list[int]:
    """1, 2, 4, ... up to `largest`."""
    if largest < 1:
        raise ValueError(f"The largest dilation rate must be at least 1. Received: {largest}.")
    return [2**i for i in range(largest.bit_length())]
