"""Plays an artifact of a WaveNet, block after block, or writes one and says what that takes."""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.children import one_core, serve_samples

if TYPE_CHECKING:
    from kaudio.artifacts import Player

BLOCK_STEPS = 2_000


def write(name: str, kind: str, folder: Path) -> Path:
    """An artifact of that format."""
    from benchmarks.wavenet_child import build
    from kaudio.artifacts.describe import describe
    from kaudio.artifacts.networks import CodeNetwork
    from kaudio.artifacts.saved_model import write_saved_model
    from kaudio.artifacts.tflite import write_tflite

    exported = CodeNetwork(build(name))
    if kind == "saved_model":
        write_saved_model(exported, folder / kind, describe(exported), BLOCK_STEPS)
    elif kind == "onnx":
        from kaudio.artifacts.onnx_files import write_onnx

        write_onnx(exported, folder / kind, describe(exported))
    else:
        write_tflite(exported, {kind: folder / kind}, describe(exported))
    return folder / kind


def stepper(player: "Player") -> Callable[[], object]:
    """Blocks that go on from each other."""
    import numpy as np

    first = {"batch_size": np.array(1, "int32")} if hasattr(player, "loaded") else {}
    state = player.call("start", first)
    rng, controls = np.random.default_rng(0), player.controls({})

    def step() -> None:
        nonlocal state
        noise = rng.random((1, BLOCK_STEPS), dtype="float32")
        state = player.call("stream", {"noise": noise, **controls, **state})
        state.pop("audio")

    return step


def grows(step: Callable[[], object], seconds: float) -> float:
    """Megabytes that this process grows by while it makes so much audio."""
    import psutil

    from benchmarks.networks import SAMPLE_RATE

    process, sizes = psutil.Process(), []
    step()
    for _ in range(int(seconds * SAMPLE_RATE) // BLOCK_STEPS):
        step()
        sizes.append(process.memory_info().rss)
    return (max(sizes) - sizes[0]) / 1e6


def main(what: str, name: str, kind: str, seconds: str = "600") -> None:
    """Serves blocks of an artifact, or writes what it takes to write it, its size or its growth."""
    one_core()
    os.environ["KERAS_BACKEND"] = "tensorflow"
    from kaudio.artifacts.players import open_player

    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        path = write(name, kind, Path(folder))
        took = time.process_time() - start
        if what == "play":
            serve_samples(stepper(open_player(path, kind)), BLOCK_STEPS, "cpu")
        elif what == "memory":
            print(grows(stepper(open_player(path, kind)), float(seconds)), flush=True)
        elif what == "size":
            files = [path, *path.rglob("*")]
            print(sum(f.stat().st_size for f in files if f.is_file()) / 1e6, flush=True)
        else:
            print(took, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
