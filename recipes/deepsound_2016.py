"""deepsound's WaveNet: 55 layers of 64 channels, trained overnight on a mix of one instrument.

    kaudio fit recipes/deepsound_2016.py --audio ~/piano

6 138 368 parameters; the receptive field is 10 237 samples, 0.64 s. On the piano it was
recognisable, on guitar it had bursts, on orchestra it was wind and sea noise.

After Kozakowski and Michalak, "Generating music with WaveNet and SampleRNN", 2016, whose "batch
size" of 10 000 is the length of an excerpt.
"""

from pathlib import Path

import ibab_2016

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 16_000,
    stacks: int = 5,
    max_dilation: int = 1_024,
    filters: int = 64,
    skip_filters: int = 1_024,
    excerpt_samples: int = 10_000,
    learning_rate: float = 1e-3,
    remat: bool = False,
    epoch_batches: int = 1_000,
    epochs: int = 100,
    clip_seconds: float = 2.0,
    seed: int = 0,
    run_dir: Path = Path("runs/deepsound_2016"),
) -> kaudio.Recipe:
    """Trains the 55 layers of deepsound.

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
    return ibab_2016.recipe(
        audio=audio,
        sample_rate=sample_rate,
        stacks=stacks,
        max_dilation=max_dilation,
        filters=filters,
        skip_filters=skip_filters,
        excerpt_samples=excerpt_samples,
        learning_rate=learning_rate,
        remat=remat,
        epoch_batches=epoch_batches,
        epochs=epochs,
        clip_seconds=clip_seconds,
        seed=seed,
        run_dir=run_dir,
    )
