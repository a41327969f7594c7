"""Plays damaged TensorFlow Lite files, in a process of its own: one of them may end it.

    python -m tests.faults.damaged_lite --files 600

Prints how many were refused when opened, how many when played, and how many made sound.
"""

import argparse
import collections
import itertools
import json
import os
import tempfile
from pathlib import Path

import numpy as np

from kaudio.artifacts.players import find_player
from kaudio.artifacts.playing import play

from .mutations import mutated

SHIPPED = Path(__file__).parents[2] / "saved_models" / "gruv" / "model.int8.tflite"


def outcome(file):
    """How far a file goes. What is wrong with it must be said in a sentence."""
    found = "opened"
    try:
        player = find_player(file, "tflite")
        found = "played"
        for block in itertools.islice(play(player, block_seconds=0.05), 3):
            assert block.ndim == 2
        return "sound"
    except ValueError as error:
        text = str(error)
        assert "\n" not in text, text
        assert len(text) < 600, text
        return f"refused when {found}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--files", type=int, default=60)
    count = parser.parse_args().files
    rows = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # LiteRT prints there
    whole = SHIPPED.read_bytes()
    outcomes = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.tflite"
        for number in range(count):
            _, content = mutated(np.random.default_rng([0, number]), {"whole": whole})
            file.write_bytes(content if number else whole[: len(whole) // 2])
            try:
                outcomes[outcome(file)] += 1
            except Exception as error:
                raise RuntimeError(f"File {number} ended in a trace.") from error
    print(json.dumps(outcomes), file=rows, flush=True)


if __name__ == "__main__":
    main()
