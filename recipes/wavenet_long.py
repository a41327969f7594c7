"""A WaveNet that sees seconds: one stack of very long dilations, at a low sample rate.

    kaudio fit recipes/wavenet_long.py --audio ~/music

Its receptive field is 2.6 s, 16 385 samples at 6 300 Hz: what "Composing music with neural
networks" (Rupprecht, 2016) and "Generating music with WaveNet and SampleRNN" (deepsound, 2016)
wished for. Depth is cheap: each doubling of the receptive field costs one more layer.
"""

from pathlib import Path

import wavenet

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 6_300,
    max_dilation: int = 8_192,
    filters: int = 32,
    skip_filters: int = 128,
    excerpt_seconds: float = 5.0,
    batch_size: int = 1,
    epoch_batches: int = 60,
    epochs: int = 6,
    seed: int = 0,
    run_dir: Path = Path("runs/wavenet_long"),
) -> kaudio.Recipe:
    """Trains a WaveNet with a receptive field of seconds.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus.
        sample_rate: What they are resampled to, in Hz.
        max_dilation: The largest dilation rate. The receptive field is twice as long.
        filters: Width of the residual path and of the gates.
        skip_filters: Width of the sum of all layers, and of the layer after it.
        excerpt_seconds: How much music of an excerpt counts.
        batch_size: Excerpts in a batch.
        epoch_batches: Batches in an epoch, at most.
        epochs: Number of epochs.
        seed: Seed of the weights, the split and the order of the excerpts.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    return wavenet.recipe(
        audio=audio,
        sample_rate=sample_rate,
        stacks=1,
        max_dilation=max_dilation,
        filters=filters,
        skip_filters=skip_filters,
        excerpt_seconds=excerpt_seconds,
        batch_size=batch_size,
        epoch_batches=epoch_batches,
        epochs=epochs,
        seed=seed,
        run_dir=run_dir,
    )
