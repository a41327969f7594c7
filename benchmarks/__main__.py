"""The command line: `python -m benchmarks [NAME ...] --json FILE`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks import artifacts, composer, corpus, evaluation, models, start, wavenet
from benchmarks.children import REPEAT_SECONDS, torch_version
from benchmarks.report import (
    COLUMNS,
    Benchmark,
    Settings,
    choose,
    line,
    row,
    table_line,
    write_json,
)

ALL = [
    *start.BENCHMARKS,
    *corpus.BENCHMARKS,
    *models.BENCHMARKS,
    *wavenet.BENCHMARKS,
    *artifacts.BENCHMARKS,
    *composer.BENCHMARKS,
    *evaluation.BENCHMARKS,
]


def main(arguments: Sequence[str] | None = None, benchmarks: Sequence[Benchmark] = ALL) -> None:
    """Runs benchmarks, prints each row as soon as it is known, and writes them all as JSON."""
    options = _parser().parse_args(arguments)
    try:
        chosen = choose(benchmarks, options.names)
        torch = torch_version(options.torch_python)
    except ValueError as error:
        sys.exit(f"benchmarks: {error}")
    if options.list:
        print("\n".join(benchmark.name for benchmark in chosen))
        return
    settings = Settings(options.repeats, options.torch_python, torch, options.seconds)
    width = 2 + max(len(benchmark.name) for benchmark in chosen)
    print(line("name", COLUMNS, width), flush=True)
    rows = []
    for benchmark in chosen:
        rows.append(row(benchmark, benchmark.measure(settings)))
        print(table_line(rows[-1], width), flush=True)
        if options.json:
            write_json(rows, options.json)
    print(
        f"\nMedian, lowest and highest of {options.repeats} repeats, fewer of memory. "
        "CPU-s are seconds of CPU of a process with one thread; ratio is value / peer_value."
    )
    if not torch:
        print('No PyTorch to compare with: pip install -e ".[bench]" installs it.')


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="What names, or parts of them after a slash, start with: train, w-small.",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="Where to write the rows.")
    parser.add_argument("--list", action="store_true", help="Only list the names.")
    parser.add_argument("--repeats", type=_at_least_one, default=5, help="Default: 5.")
    parser.add_argument(
        "--seconds", type=float, default=REPEAT_SECONDS, help="Of a repeat. Default: 2."
    )
    parser.add_argument(
        "--torch-python",
        default=os.environ.get("KAUDIO_TORCH_PYTHON", sys.executable),
        metavar="PYTHON",
        help="The interpreter for PyTorch. Default: KAUDIO_TORCH_PYTHON, or else this one.",
    )
    return parser


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"Must be at least 1. Received: {number}.")
    return number


if __name__ == "__main__":
    main()
