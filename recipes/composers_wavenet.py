"""A WaveNet that is told the composer, and may turn from one to another within a piece.

    kaudio fit recipes/composers_wavenet.py                   # the built-in demo corpus
    kaudio fit recipes/composers_wavenet.py --audio ~/music   # one sub-folder for each composer
    kaudio generate runs/composers_wavenet out.wav --condition "bach -> schubert"
    kaudio classify runs/composer out.wav                     # the referee

What "Deep dreams of music" (Rupprecht, 2016) ends with. Told as in "WaveNet" (van den Oord et al.,
2016), section 2.5: a vector for each clip, here with a number for each composer.
"""

from pathlib import Path

import wavenet

import kaudio


def recipe(
    audio: Path | None = None,
    groups: str = "recording",
    sample_rate: int = 6_300,
    stacks: int = 2,
    max_dilation: int = 512,
    filters: int = 24,
    skip_filters: int = 64,
    excerpt_seconds: float = 0.5,
    trim_silence_db: float | None = -50.0,
    temperature: float = 1.0,
    learning_rate: float = 5e-3,
    batch_size: int = 1,
    epoch_batches: int = 600,
    epochs: int = 10,
    clip_seconds: float = 5.0,
    seed: int = 0,
    run_dir: Path = Path("runs/composers_wavenet"),
) -> kaudio.Recipe:
    """Trains a WaveNet that is told the composer of what it writes.

    Args:
        audio: Folder with a sub-folder for each composer, or a table that names them. Without it,
            the built-in demo corpus.
        groups: What a split must not part: each "recording", each "folder", or a CSV file with the
            columns "file" and "work".
        sample_rate: What recordings are resampled to, in Hz.
        stacks: How often the dilation rates 1, 2, 4, ... are gone through.
        max_dilation: The largest dilation rate.
        filters: Width of the residual path and of the gates.
        skip_filters: Width of the sum of all layers, and of the layer after it.
        excerpt_seconds: How much music of an excerpt counts.
        trim_silence_db: Leaves out silence at both ends of a recording: what stays below this
            level, in dB relative to its peak. A network that has heard much silence goes on with
            it, where a clip begins from silence.
        temperature: Of generation: below 1 is safer, above 1 wilder.
        learning_rate: Step size of Adam at the start; it falls to 3 % of it on a cosine.
        batch_size: Excerpts in a batch.
        epoch_batches: Batches in an epoch, at most.
        epochs: Number of epochs, over which the step size falls.
        clip_seconds: Length of the audio generated after each epoch.
        seed: Seed of the weights, the split and the order of the excerpts.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    return wavenet.recipe(
        audio=audio,
        groups=groups,
        sample_rate=sample_rate,
        stacks=stacks,
        max_dilation=max_dilation,
        filters=filters,
        skip_filters=skip_filters,
        excerpt_seconds=excerpt_seconds,
        trim_silence_db=trim_silence_db,
        composers=True,
        temperature=temperature,
        learning_rate=learning_rate,
        batch_size=batch_size,
        epoch_batches=epoch_batches,
        epochs=epochs,
        clip_seconds=clip_seconds,
        seed=seed,
        run_dir=run_dir,
    )
