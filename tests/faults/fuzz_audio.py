"""Damaged sound files by the thousand: kaudio reads each or refuses it with a reason.

    python -m tests.faults.fuzz_audio --inputs 20000 --seed 0 --keep offenders

Files are read in processes of their own, one after another, so that whatever a file does to the
process that reads it is counted and kept: a crash, 5 s of CPU, 300 MB, samples that are not
finite, a refusal without a reason, an error of another kind. Linux only.
"""

import argparse
import collections
import dataclasses
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from .mutations import mutated
from .seeds import all_seeds

FINE = ("ok", "refused")
OUTCOMES = (*FINE, "crash", "hang", "memory", "not finite", "no reason", "trace")
TESTS = Path(__file__).parents[1]
WORKER = [sys.executable, "-m", "faults.audio_worker"]
BATCH = 2_000  # files for a process, so that starting it costs little


@dataclasses.dataclass(frozen=True)
class Row:
    """How a file came out."""

    number: int
    kind: str
    outcome: str
    text: str
    size: int
    seconds: float = 0.0
    megabytes: float = 0.0


def content(seed, number):
    """A file again, by its number."""
    return mutated(np.random.default_rng([seed, number]), all_seeds())


def fuzz(inputs, seed=0, first=0, batch=BATCH):
    """Yields a `Row` for each file."""
    number, last = first, first + inputs
    with tempfile.TemporaryDirectory() as folder:
        while number < last:
            for row in _process(seed, number, min(number + batch, last), folder):
                yield row
                number = row.number + 1


def _process(seed, first, last, folder):
    """Rows of a process, and of the file that ended it if it did not come to its last."""
    command = [*WORKER, str(seed), str(first), str(last), folder]
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, cwd=TESTS) as process,
    ):
        number = first
        for line in process.stdout:
            row = Row(*json.loads(line))
            number = row.number + 1
            yield row
        status = process.wait()
        errors.seek(0)
        said = errors.read().strip()
    if number == first and status > 0:
        raise RuntimeError(f"The process that reads files did not start: {said}")
    if number < last:
        kind, data = content(seed, number)
        hung = status in (-signal.SIGPROF, -signal.SIGALRM)
        text = f"status {status} {said[-300:]}"
        yield Row(number, kind, "hang" if hung else "crash", text, len(data))


def table(rows):
    """Outcomes of each kind of file, and of all."""
    found = collections.defaultdict(collections.Counter)
    for row in rows:
        found[row.kind][row.outcome] += 1
        found["all"][row.outcome] += 1
    used = [name for name in OUTCOMES if found["all"][name] or name in OUTCOMES[:6]]
    lines = [f"{'file':<18}" + "".join(f"{name:>11}" for name in used)]
    for kind in [*sorted(set(found) - {"all"}), "all"]:
        lines.append(f"{kind:<18}" + "".join(f"{found[kind][name]:>11}" for name in used))
    slowest, largest = max(r.seconds for r in rows), max(r.megabytes for r in rows)
    lines.append(f"At most {slowest:.2f} s of CPU and {largest:.0f} MB for a file.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="The number of the first file.")
    parser.add_argument("--keep", type=Path, help="A folder for the files that broke something.")
    options = parser.parse_args()
    rows = []
    for row in fuzz(options.inputs, options.seed, options.first):
        rows.append(row)
        if row.outcome in FINE:
            continue
        print(row, file=sys.stderr, flush=True)
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            name = f"{options.seed}_{row.number}_{row.kind}_{row.outcome.replace(' ', '_')}.bin"
            (options.keep / name).write_bytes(content(options.seed, row.number)[1])
    print(table(rows))
    reasons = collections.Counter(
        "".join("#" if c.isdigit() else c for c in row.text)
        for row in rows
        if row.outcome == "refused"
    )
    for reason, count in reasons.most_common(12):
        print(f"{count:>7}  {reason}")
    sys.exit(any(row.outcome not in FINE for row in rows))


if __name__ == "__main__":
    main()
