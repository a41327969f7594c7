"""Training by several processes: `python -m benchmarks.scale`. Rows in a second, and efficiency.

Each process has a core of its own, as long as there are any; more processes than cores share them.
"Strong" keeps the batch of all processes together, "weak" that of each.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

RECIPE = Path(__file__).with_name("scale_recipe.py")
# Rows of a batch: divisible by the most processes, and enough for a core.
BATCH = 8


def main() -> None:
    """Prints a row for each number of processes, as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--model", nargs="+", default=["wavenet", "gruv"])
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    print("| model | scaling | processes | rows/s | low | high | efficiency |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for model in options.model:
        for scaling in ("strong", "weak"):
            alone = 0.0
            for count in options.processes:
                batch = BATCH * (count if scaling == "weak" else 1)
                # One after the other, so that other work on the machine meets all alike.
                found = [train(model, count, batch, cores) for _ in range(options.repeats)]
                median = statistics.median(found)
                alone = alone or median / min(count, len(cores))
                efficiency = median / (alone * min(count, len(cores)))
                print(
                    f"| {model} | {scaling} | {count} | {median:.1f} | {min(found):.1f} | "
                    f"{max(found):.1f} | {efficiency:.2f} |",
                    flush=True,
                )


def train(model: str, count: int, batch: int, cores: list[int]) -> float:
    """Rows in a second of wall time, in the middle of training, of `count` processes."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile("w+") as errors:
        command = [sys.executable, "-m", "kaudio", "fit", str(RECIPE), "--model", model]
        command += ["--batch-size", str(batch), "--run-dir", folder, "--distribute", "data"]
        children = []
        for index in range(count):
            own = ["--coordinator", f"127.0.0.1:{port}", "--processes", str(count)]
            own += ["--process-id", str(index)]
            core = cores[index % len(cores)]
            children.append(
                subprocess.Popen(
                    [*command, *(own if count > 1 else [])],
                    env={**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    preexec_fn=lambda core=core: os.sched_setaffinity(0, {core}),
                )
            )
        try:
            if any([child.wait() for child in children]):
                errors.seek(0)
                sys.exit(errors.read())
        finally:
            for child in children:
                child.kill()
        seconds = json.loads((Path(folder) / "seconds.json").read_text())
    return batch / statistics.median(seconds)


if __name__ == "__main__":
    main()
