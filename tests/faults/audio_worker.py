"""Does with damaged sound files all that kaudio does with a file, and says how each came out.

A process of its own, started by `fuzz_audio`: what ends it is the outcome of its last file. The
files come from a seed and their numbers, so that any of them can be made again.
"""

import contextlib
import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

import numpy as np

from kaudio.audio.files import MAX_PEAK, AudioError, blocks, probe, read
from kaudio.audio.find import find
from kaudio.audio.pitch import HIGHEST, LOWEST, pitch

from .mutations import mutated
from .seeds import all_seeds

SECONDS = 5  # of CPU for a file; whoever waits for something else is ended by the clock
WAIT_SECONDS = 120
MEGABYTES = 300  # more than before the first file
ADDRESS_SPACE = 12 << 30  # what a runaway allocation meets before the machine does


class Broken(Exception):
    """What must not happen did. Its text is the outcome and what was seen."""


def whole(path, sample_rate=None):
    return np.concatenate([np.zeros(0, "float32"), *blocks(path, sample_rate)])


def examine(path, rng):
    """Reads a file in every way. Returns the number of samples, or raises AudioError."""
    _, skipped = find(path)
    try:
        info = probe(path)
    except AudioError as error:
        if not skipped or skipped[0].reason != error.reason:
            raise Broken(f"trace: find and probe disagree on {error}") from error
        raise
    if not (np.isfinite(info.seconds) and info.seconds >= 0 and str(info.format).isprintable()):
        raise Broken(f"trace: {info}")
    samples = whole(path)
    _check(samples)
    start, length = rng.random() * 0.2, rng.random() * 0.1
    ways = [
        lambda: whole(path, 6_300),
        lambda: read(path, 16_000, start, length),
        lambda: read(path, None, start),
    ]
    for way in ways:
        with contextlib.suppress(AudioError):  # some formats cannot be read from the middle
            _check(way())
    return len(samples)


def _check(samples):
    if samples.dtype != np.float32 or samples.ndim != 1:
        raise Broken(f"trace: {samples.dtype} of shape {samples.shape}")
    if not np.isfinite(samples).all():
        raise Broken(f"not finite: {np.count_nonzero(~np.isfinite(samples))} samples handed on")
    if np.abs(samples).max(initial=0) > 2 * MAX_PEAK:  # resampling overshoots
        raise Broken(f"not finite: samples reach {np.abs(samples).max():.3g}")
    found = pitch(samples[:8_000], 8_000)
    if not (found is None or LOWEST <= found <= HIGHEST):
        raise Broken(f"not finite: a pitch of {found}")


def outcome(path, rng):
    """One of ok, refused, no reason, not finite and trace, and what there is to say."""
    try:
        return "ok", f"{examine(path, rng)} samples"
    except AudioError as error:
        told = len(error.reason) > 10 and error.reason.isprintable() and str(path) in str(error)
        return "refused" if told else "no reason", error.reason
    except Broken as broken:
        kind, _, text = str(broken).partition(": ")
        return kind, text
    except Exception as error:
        return "trace", f"{type(error).__name__}: {error}"


def peak_megabytes():
    """The most memory held since `forget_peak`."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def forget_peak():
    Path("/proc/self/clear_refs").write_text("5")


def main(seed, first, last, folder):
    """Makes and reads the files of these numbers, and prints a line of JSON for each."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rows = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # libraries print there
    seeds = all_seeds()
    path = Path(folder) / f"{first}.wav"
    path.write_bytes(seeds["flac"])
    examine(path, np.random.default_rng(0))  # libraries that are loaded late
    forget_peak()
    before = peak_megabytes()
    for number in range(first, last):
        rng = np.random.default_rng([seed, number])
        kind, content = mutated(rng, seeds)
        path.write_bytes(content)
        # Both end the process, wherever it is: also in C.
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        signal.alarm(WAIT_SECONDS)
        forget_peak()
        start = time.process_time()
        found, text = outcome(path, rng)
        seconds = time.process_time() - start
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.alarm(0)
        megabytes = peak_megabytes() - before
        if megabytes > MEGABYTES:
            found = "memory"
        row = [number, kind, found, text, len(content), round(seconds, 4), round(megabytes, 1)]
        print(json.dumps(row), file=rows, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
