"""Unnati Data Labs' GRUV: the same network, mean absolute error, one sequence at a time.

    kaudio fit recipes/unnati_2016.py --audio ~/music
    kaudio fit recipes/unnati_2016.py --frame-length 44100 --sequence-frames 10

53 574 178 parameters, or 189 115 528 with frames of a second. About 2 000 rounds took its authors
three days on 20 songs of a minute each.

After "Music generation using deep learning", Unnati Data Labs, 2016, and the code published with
it. Frames are standardised, as its text says and its code left out.
"""

from pathlib import Path

import gruv_2015

import kaudio


def recipe(
    audio: Path | None = None,
    frame_length: int = 11_025,
    sequence_frames: int = 40,
    units: int = 1024,
    learning_rate: float = 1e-3,
    epochs: int = 2000,
    seed: int = 0,
    run_dir: Path = Path("runs/unnati_2016"),
) -> kaudio.Recipe:
    """Trains the network of Unnati Data Labs.

    Args:
        audio: Folder of recordings, or a table of them. Without it, the built-in demo corpus.
        frame_length: Samples in an FFT frame at 44.1 kHz: 11025 as in the post, or 44100 as in
            the notebook.
        sequence_frames: Frames in a training sequence: 40, or 10 with frames of a second.
        units: Width of the Dense and of the LSTM.
        learning_rate: Step size of RMSprop.
        epochs: Times to go through the recordings.
        seed: Seed of the weights, the split and the order of the sequences.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
    """
    return gruv_2015.recipe(
        audio=audio,
        frame_length=frame_length,
        sequence_frames=sequence_frames,
        units=units,
        loss="mae",
        learning_rate=learning_rate,
        batch_size=1,
        epochs=epochs,
        seed=seed,
        run_dir=run_dir,
    )
