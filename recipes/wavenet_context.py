"""A WaveNet with a context: a second, slower network that sees a longer past.

    kaudio fit recipes/wavenet_context.py --audio ~/music

The second network reads frames of 64 samples and sees 4.1 s at a small part of the cost; the
first one sees 0.26 s, and is told what the second one makes of the rest. After van den Oord et
al., "WaveNet: A Generative Model for Raw Audio", 2016, section 2.6.
"""

from pathlib import Path

import wavenet

import kaudio


def recipe(
    audio: Path | None = None,
    sample_rate: int = 8_000,
    stacks: int = 2,
    max_dilation: int = 512,
    context_hop_length: int = 64,
    context_max_dilation: int = 256,
    upsampling: str = "repeat",
    excerpt_seconds: float = 2.0,
    batch_size: int = 1,
    epoch_batches: int = 100,
    epochs: int = 6,
    seed: int = 0,
    run_dir: Path = Path("runs/wavenet_context"),
) -> kaudio.Recipe:
    """Trains a WaveNet that is told of a longer past.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus.
        sample_rate: What they are resampled to, in Hz.
        stacks: How often the dilation rates 1, 2, 4, ... are gone through.
        max_dilation: The largest dilation rate.
        context_hop_length: Samples in a frame of the second network.
        context_max_dilation: Its largest dilation rate, in frames.
        upsampling: How its output comes to the rate of samples: "repeat" or "learned".
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
        stacks=stacks,
        max_dilation=max_dilation,
        context_hop_length=context_hop_length,
        context_max_dilation=context_max_dilation,
        upsampling=upsampling,
        excerpt_seconds=excerpt_seconds,
        batch_size=batch_size,
        epoch_batches=epoch_batches,
        epochs=epochs,
        seed=seed,
        run_dir=run_dir,
    )
