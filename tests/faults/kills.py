"""Kills runs, exports and clips at random moments: `python -m tests.faults.kills --kills 50`."""

import argparse
import os
import random
import resource
import shutil
import tempfile
import time
from collections import Counter
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from tests.faults import checks, scenes, zygote  # noqa: E402

# Of kills, every other one is aimed at one of these, some time after it has begun.
AIMS = ("cache", "model", "state", "metrics", "tensorboard", "clip", "closing")


class Kills:
    """All that is tried, in one folder, and what came of it."""

    def __init__(self, folder, seed):
        self.folder, self.random = folder, random.Random(seed)
        self.log = folder / "log.txt"
        self.board = zygote.Board()
        self.counts = {"fit": Counter(), "export": Counter(), "generate": Counter()}
        self.notes = []
        scenes.watch_all(self.board)
        self.audio = scenes.recordings(folder / "audio")

    def child(self, work, **how):
        return zygote.run(self.board, work, self.log, **how)

    def measured(self, work):
        """Runs something undisturbed. Returns its CPU seconds."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.child(work)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    def fit(self, kills):
        cache, whole = self.folder / "cache", self.folder / "whole"
        self.cpu = self.measured(lambda: scenes.fit(self.audio, cache, whole))
        assert step_count(whole)
        self.reference, number, most = whole, 0, 0
        while self.counts["fit"].total() < kills:
            number += 1
            folder, own = self.folder / f"run_{number}", self.folder / f"cache_{number}"

            def work(folder=folder, own=own):
                scenes.fit(self.audio, own, folder)

            before = 0
            for _ in range(8):
                if self.counts["fit"].total() == kills or not self.child(work, **self.how()):
                    break
                phase, reached = self.board.phase, self.board.step
                self.counts["fit"][phase] += 1
                step = checks.step_of(folder)
                lost = max(0, reached - step)
                assert before <= step, (before, step, phase)
                assert lost <= scenes.STATE_STEPS, (step, reached, phase)
                checks.whole_files(folder)
                checks.whole_cache(own, cache)
                before, most = step, max(most, lost)
            self.child(work)  # what was killed goes on, or one that is complete says so
            checks.same_run(folder, whole)
            assert not [p for p in folder.rglob(".*") if p.name != ".lock"], "left over"
            shutil.rmtree(folder)
            shutil.rmtree(own)
        self.notes.append(
            f"{number} runs, each of {checks.step_of(whole)} batches, ended with the weights of "
            f"the one that was not killed. At most {most} batches were lost; a state is written "
            f"after every {scenes.STATE_STEPS}."
        )

    def how(self):
        if self.random.random() < 0.5:
            return {"cpu_seconds": self.random.uniform(0, self.cpu)}
        aim = self.random.choice(AIMS)
        times = self.random.randint(1, 3 if aim in ("cache", "state") else 1)
        return {"aim": (aim, times, 10 ** self.random.uniform(-4, -1.3))}  # seconds

    def export(self, kills):
        whole = self.folder / "exported"
        model = self.reference / "model.keras"
        cpu = self.measured(lambda: scenes.export(model, whole, False))
        there = 0
        for number in range(kills):
            target, force = self.folder / "target", number >= kills // 2
            if number == kills // 2:
                shutil.copytree(whole, target)
            how = {"cpu_seconds": self.random.uniform(0, cpu)}
            if number % 4 == 3:
                how = {"aim": ("naming", 1, self.random.uniform(0, 0.002))}
            killed = self.child(lambda t=target, f=force: scenes.export(model, t, f), **how)
            self.counts["export"][self.board.phase if killed else "ended first"] += 1
            there += (found := checks.whole_export(target, whole))
            assert found or not force, "the earlier folder is gone"
            if not force:
                shutil.rmtree(target, ignore_errors=True)
        left = len(list(self.folder.glob(".target-*")))
        self.child(lambda: scenes.export(model, target, True))
        assert not list(self.folder.glob(".target-*")), "left over"
        self.notes.append(
            f"After {there} of {kills} killed exports a folder was there, whole, of which "
            f"{kills - kills // 2} replaced an earlier one. The next one removed the {left} hidden "
            "folders that they left."
        )

    def generate(self, kills, seconds=60):
        model, whole, out = self.reference, self.folder / "whole.wav", self.folder / "clip.wav"
        cpu = self.measured(lambda: scenes.generate(self.board, model, whole, seconds))
        assert checks.readable_clip(whole) == seconds
        lengths = []
        for number in range(kills):
            out.unlink(missing_ok=True)
            earlier = number >= kills // 2
            if earlier:
                shutil.copy(whole, out)
            how = {"cpu_seconds": self.random.uniform(0, cpu)}
            if number % 2:
                how = {"aim": ("writing", self.random.randint(1, 60), self.random.uniform(0, 0.01))}
            killed = self.child(lambda: scenes.generate(self.board, model, out, seconds), **how)
            self.counts["generate"][self.board.phase if killed else "ended first"] += 1
            lengths.append(checks.readable_clip(out))
            assert not earlier or out.read_bytes() == whole.read_bytes()
        found = [length for length in lengths if length is not None]
        self.notes.append(
            f"After {len(found)} of {kills} killed clips there was a file, of {kills - kills // 2} "
            f"of them an earlier one, as it was: all whole, of {seconds} s."
        )
        assert set(found) <= {seconds}


def step_count(folder):
    return checks.step_of(folder) and checks.whole_files(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50, help="of runs")
    parser.add_argument("--exports", type=int, default=20, help="killed")
    parser.add_argument("--clips", type=int, default=20, help="killed")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    import kaudio.artifacts.export
    import kaudio.artifacts.writers
    import kaudio.cli.generate
    import kaudio.training  # noqa: F401

    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="kaudio-kills-") as name:
        kills = Kills(Path(name), options.seed)
        try:
            kills.fit(options.kills)  # the others need the model of its first run
            if options.exports:
                kills.export(options.exports)
            if options.clips:
                kills.generate(options.clips)
        except BaseException:
            print(kills.log.read_text()[-3000:])
            raise
        finally:
            for what, counts in kills.counts.items():
                for phase, count in counts.most_common():
                    print(f"{what:10}{phase:14}{count:5}")
            print("\n".join(kills.notes))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = sum(counts.total() for counts in kills.counts.values())
    print(
        f"{total} kills in {time.monotonic() - start:.0f} s,"
        f" {used.ru_utime + used.ru_stime:.0f} CPU seconds."
    )


if __name__ == "__main__":
    main()
