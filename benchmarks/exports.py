"""What exporting the model of each recipe takes: `python -m benchmarks.exports [RECIPE ...]`.

Models have the sizes of their recipes and the weights that they start with, since training changes
neither the time nor the sizes. Seconds are those of the whole command.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.children import ROOT

RECIPES = sorted(path.stem for path in (ROOT / "recipes").glob("*.py"))
# Long enough for each recipe to have something to learn from and to be judged on.
NUM_RECORDINGS, SECONDS, SAMPLE_RATE = 2, 150, 8_000
START = """
import sys
import kaudio
kaudio.load_recipe(sys.argv[1], audio=sys.argv[2]).model.save(sys.argv[3])
"""


def recordings(folder: Path) -> Path:
    """Recordings of noise by two composers."""
    import numpy as np
    import soundfile

    rng = np.random.default_rng(0)
    for label in ("ada", "bela"):
        (folder / label).mkdir(parents=True)
        for number in range(NUM_RECORDINGS):
            noise = 0.1 * rng.standard_normal(SECONDS * SAMPLE_RATE)
            soundfile.write(folder / label / f"{number}.wav", noise, SAMPLE_RATE)
    return folder


def measure(name: str, audio: Path, folder: Path) -> dict[str, Any]:
    """Exports the model of a recipe. Returns seconds, and what its artifacts were found to be."""
    environment = {
        **os.environ,
        "KERAS_BACKEND": "tensorflow",
        "KAUDIO_CACHE": str(folder / "cache"),
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    model, found = folder / f"{name}.keras", folder / f"{name}.json"
    recipe = ROOT / "recipes" / f"{name}.py"
    start = [sys.executable, "-c", START, str(recipe), str(audio), str(model)]
    _run(start, environment)
    export = [sys.executable, "-m", "kaudio", "export", str(model), str(folder / name)]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    _run([*export, "--json", str(found)], environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    artifacts = json.loads(found.read_text())
    return {"wall": time.monotonic() - began, "cpu": used, "artifacts": artifacts}


def _run(command: list[str], environment: dict[str, str]) -> None:
    result = subprocess.run(command, env=environment, capture_output=True, text=True)
    if result.returncode:
        raise RuntimeError(f"'{' '.join(command[:4])}' failed: {result.stderr[-500:]}")


def row(name: str, found: dict[str, Any]) -> str:
    """A row of the table."""
    sizes = {a["name"]: a["megabytes"] for a in found["artifacts"]}
    files = ("model.keras", "saved_model", "model.tflite", "model.float16.tflite")
    cells = [f"{sizes[file]:.2f}" for file in (*files, "model.int8.tflite")]
    exact = [a for a in found["artifacts"] if a["exact"] and a["values"]]
    furthest = max(exact, key=lambda a: a["largest"], default=None)
    differs = f"{furthest['largest']:.1e} of {furthest['values']}" if furthest else "-"
    cells = [name, f"{found['wall']:.0f}", f"{found['cpu']:.0f}", *cells, differs]
    return f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a row for each recipe."""
    parser = argparse.ArgumentParser("python -m benchmarks.exports", description=__doc__)
    parser.add_argument("recipe", nargs="*", help=f"Some of {', '.join(RECIPES)}. Default: all.")
    chosen = parser.parse_args(arguments).recipe or RECIPES
    if unknown := set(chosen) - set(RECIPES):
        parser.error(f"Recipes are {', '.join(RECIPES)}. Received: {', '.join(sorted(unknown))}.")
    head = ("recipe", "s", "CPU-s", "keras, MB", "SavedModel", "TFLite", "float16", "int8")
    print(f"| {' | '.join((*head, 'differs by at most'))} |\n|{'---|' * (len(head) + 1)}")
    with tempfile.TemporaryDirectory() as folder:
        audio = recordings(Path(folder) / "audio")
        for name in chosen:
            print(row(name, measure(name, audio, Path(folder))), flush=True)


if __name__ == "__main__":
    main()
