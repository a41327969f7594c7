"""Runs of several processes: `python -m tests.faults.several`. The same as one, killed and resumed.

Processes of this machine, which talk over loopback. `--only same` compares losses, `--only kills`
kills processes, `--only stops` asks them to stop, `--only wrong` starts ones that do not fit. What
is not as it should be is said at the end, with status 1.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

RECIPES = Path(__file__).parents[2] / "recipes"
# Small models on the demo corpus.
OPTIONS = {
    "gruv": "--units 32 --epochs 3 --batch-size 16 --excerpt-seconds 2.1",
    "wavenet": "--filters 16 --epochs 2 --batch-size 8 --epoch-batches 20 --clip-seconds 0",
    "composer": "--epochs 1 --batch-size 8",
}
SPREADS = [(1, 2), (1, 4), (2, 1), (2, 2), (4, 1)]
LONG = "--units 32 --epochs 8 --batch-size 16 --excerpt-seconds 2.1"
# Within which the others have to end.
SECONDS = 60
# How far losses may be off, relative to those of one process that nobody disturbs.
CLOSE = 1e-4
# A process that is slower than the first to stop, and to part from it.
LATE = """
import time

from kaudio import backend
from kaudio.cli import main
from kaudio.training import keeper

class Late(keeper.Stopped):
    def __init__(self, text):
        time.sleep(0.3)
        super().__init__(text)

def leave(leave=backend.leave):
    time.sleep(0.3)
    leave()

keeper.Stopped, backend.leave = Late, leave
main()
"""
failures = []


def check(right, what):
    """Notes what is not as it should be."""
    if not right:
        failures.append(what)
        print(f"WRONG: {what}", flush=True)


class Team:
    """Processes that train together, or one that trains alone."""

    def __init__(self, folder, recipe, options, processes=1, devices=1, wrong=(), late=False):
        self.run, self.logs, self.children = Path(folder), [], []
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = ["fit", RECIPES / f"{recipe}.py"]
        command += [*options.split(), "--run-dir", folder, "--backend", "jax"]
        if processes * devices > 1:
            command += ["--distribute", "data"]
        flags = f"--xla_force_host_platform_device_count={devices}"
        quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "jax"}
        for index in range(processes):
            start = ["-c", LATE] if late and index else ["-m", "kaudio"]
            own = [sys.executable, *start, *command]
            if processes > 1:
                own += ["--coordinator", f"127.0.0.1:{port}", "--processes", processes]
                own += ["--process-id", index]
            own += wrong if index else []
            log = tempfile.TemporaryFile("w+")  # noqa: SIM115 (read after the process has ended)
            self.logs.append(log)
            self.children.append(
                subprocess.Popen(
                    list(map(str, own)),
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, **quiet, "XLA_FLAGS": flags},
                )
            )

    def said(self, index):
        self.logs[index].seek(0)
        return self.logs[index].read()

    def wait(self, timeout=1800):
        """Waits for all that are left. Returns their exit codes, of those in time."""
        end = time.monotonic() + timeout
        try:
            while time.monotonic() < end and None in [child.poll() for child in self.children]:
                time.sleep(0.02)
            return [child.poll() for child in self.children]
        finally:
            for child in self.children:
                child.kill()

    def ends_well(self):
        """Waits for all. They must end with status 0."""
        codes = self.wait()
        if any(code != 0 for code in codes):
            raise SystemExit(f"{self.run.name}: {codes}\n{self.said(0)}\n{self.said(-1)}")

    def until(self, epoch):
        """Waits until an epoch was written."""
        while epoch not in (done(self.run) or []):
            if any(child.poll() is not None for child in self.children):
                raise SystemExit(f"A process ended early:\n{self.said(0)}\n{self.said(-1)}")
            time.sleep(0.02)


def done(folder):
    file = Path(folder) / "metrics.json"
    if file.exists():
        return [epoch["epoch"] for epoch in json.loads(file.read_text())["epochs"]]


def losses(folder):
    epochs = json.loads((Path(folder) / "metrics.json").read_text())["epochs"]
    return np.array([[epoch["loss"], epoch["val_loss"]] for epoch in epochs])


def same(folder):
    """The same losses with any number of processes and devices."""
    for recipe, options in OPTIONS.items():
        Team(folder / recipe, recipe, options).ends_well()
        alone = losses(folder / recipe)
        for processes, devices in SPREADS:
            run = folder / f"{recipe}_{processes}_{devices}"
            team = Team(run, recipe, options, processes, devices)
            team.ends_well()
            off = np.abs(losses(run) / alone - 1).max(axis=0)
            left = re.findall(r"\d+ of \d+(?= windows to val)", team.said(0))
            print(
                f"{recipe}: {processes} processes of {devices} devices, loss off by {off[0]:.1e}, "
                f"validation by {off[1]:.1e} ({left[0] if left else 'none'} left out; "
                f"{alone[0, 0]:.3f} to {alone[-1, 0]:.3f})",
                flush=True,
            )
            check(off[0] <= CLOSE, f"{run.name}: losses are off by {off[0]:.1e}")


def kills(folder, number, seed):
    """One of several is killed: the others end with a sentence, another number of them goes on."""
    draw = random.Random(seed)
    Team(folder / "alone", "gruv", LONG).ends_well()
    alone = losses(folder / "alone")
    for trial in range(number):
        processes = draw.choice([2, 2, 4])
        run, victim = folder / f"kill_{trial}", draw.randrange(processes)
        team = Team(run, "gruv", LONG, processes)
        team.until(draw.randint(1, 6))
        time.sleep(draw.random())
        team.children[victim].kill()
        begin = time.monotonic()
        codes = team.wait(SECONDS)
        seconds = time.monotonic() - begin
        others = [index for index in range(processes) if index != victim]
        last = [team.said(index).strip().split("\n")[-1] for index in others]
        whole = all("Another process of this run" in line for line in last)
        before = max(done(run))
        going_on = draw.choice([1, 2, 4])
        Team(run, "gruv", LONG, going_on).ends_well()
        off = np.abs(losses(run) / alone - 1)[:, 0].max()
        print(
            f"{processes} processes, {victim} killed: others ended after {seconds:.1f} s with "
            f"{[codes[index] for index in others]}, {'sentences' if whole else last}; "
            f"{going_on} went on from epoch {before}, off by {off:.1e} in the end",
            flush=True,
        )
        check(all(codes[index] == 1 for index in others), f"{run.name}: {codes}")
        check(whole, f"{run.name}: the others said {last}")
        check(off <= CLOSE, f"{run.name}: losses are off by {off:.1e}")


def stops(folder):
    """Whichever is told to stop, all stop after the same batch, and go on from there."""
    Team(folder / "alone", "gruv", LONG).ends_well()
    alone = losses(folder / "alone")
    for told, number in ((0, signal.SIGTERM), (1, signal.SIGTERM), (1, signal.SIGINT)):
        run = folder / f"stop_{told}_{number}"
        team = Team(run, "gruv", LONG, 2, late=True)
        team.until(2)
        team.children[told].send_signal(number)
        codes = team.wait(SECONDS)
        after = [re.findall(r"Stopped after (\d+) batches", team.said(i)) for i in (0, 1)]
        Team(run, "gruv", LONG, 2).ends_well()
        # An epoch that was interrupted has metrics of its last batches only.
        off = np.abs(losses(run)[-1] / alone[-1] - 1)[0]
        print(
            f"{told} told by {number.name}: {codes}, stopped after {after}, off by {off:.1e}",
            flush=True,
        )
        check(codes == [130, 130], f"{run.name}: {codes}, and the second said {team.said(1)}")
        check(len(after[0]) == 1 and after[0] == after[1], f"{run.name}: stopped after {after}")
        check(off <= CLOSE, f"{run.name}: losses are off by {off:.1e}")


def wrong(folder):
    """Processes that do not fit together say so."""
    team = Team(folder / "wrong", "gruv", LONG, 2, wrong=["--units", "48"])
    codes, said = team.wait(120), [team.said(i) for i in (0, 1)]
    print(codes, *said, sep="\n", flush=True)
    check(codes == [1, 1], f"Processes that do not fit ended with {codes}")
    check(all("must have the same recipe" in text for text in said), f"They said {said}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=["same", "kills", "stops", "wrong"])
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        for name in [options.only] if options.only else ["same", "kills", "stops", "wrong"]:
            (folder / name).mkdir()
            arguments = (options.kills, options.seed) if name == "kills" else ()
            globals()[name](folder / name, *arguments)
    finally:
        shutil.rmtree(folder)
    sys.exit("\n".join(failures) or None)


if __name__ == "__main__":
    main()
