"""Which planted faults `kaudio evaluate` finds: `python -m benchmarks.planted [--audio DIR]`.

Excerpts of recordings that are not in the music to compare with are spoiled in known ways, and
judged like any clip. Prints the table of docs/evaluation.md.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.progress import track

SECONDS, EXCERPTS = 30, 6
FRAME_SECONDS = 0.064
# What a fault is planted to be: a loop of 3 s, a passage of 5 s, silence from 12 s on.
LOOP, COPY, END = 3, 5, 12

Plant = Callable[[np.ndarray, int, np.random.Generator, np.ndarray], np.ndarray]


def loop(samples: np.ndarray, rate: int, rng: np.random.Generator, _: np.ndarray) -> np.ndarray:
    """From 9 s on, the 3 s before come again and again."""
    start = 3 * LOOP * rate
    return np.concatenate([samples[:start], np.resize(samples[start - LOOP * rate : start], start)])


def copy(samples: np.ndarray, rate: int, rng: np.random.Generator, known: np.ndarray) -> np.ndarray:
    """At 10 s, 5 s of a recording that is known, in mu-law and a third softer."""
    from kaudio.codecs import MuLaw

    codec, spoiled = MuLaw(rate), samples.copy()
    start = rng.integers(0, max(1, len(known) - COPY * rate))
    passage = codec.decode(codec.encode(0.7 * known[start : start + COPY * rate]))
    spoiled[10 * rate : 10 * rate + len(passage)] = passage
    return spoiled


def silence(samples: np.ndarray, rate: int, rng: np.random.Generator, _: np.ndarray) -> np.ndarray:
    """From 12 s on it dies away by 20 dB a second."""
    time = np.arange(len(samples)) / rate
    return samples * 10.0 ** -np.clip(time - END, 0, 5)


def drift(samples: np.ndarray, rate: int, rng: np.random.Generator, _: np.ndarray) -> np.ndarray:
    """Music fades into noise of its level, half and half at 15 s."""
    share = np.linspace(0, 1, len(samples))
    noise = rng.normal(0, samples.std(), len(samples))
    return np.sqrt(1 - share) * samples + np.sqrt(share) * noise


def joins(samples: np.ndarray, rate: int, rng: np.random.Generator, _: np.ndarray) -> np.ndarray:
    """Each frame of 64 ms is off by another offset, 30 dB below the peak of the clip."""
    hop = round(FRAME_SECONDS * rate)
    offsets = rng.normal(0, 0.03 * np.abs(samples).max(), len(samples) // hop + 1)
    return samples + np.repeat(offsets, hop)[: len(samples)]


def mean(samples: np.ndarray, rate: int, rng: np.random.Generator, _: np.ndarray) -> np.ndarray:
    """What a model that has learned only the mean plays: 2 s of music, and then the mean."""
    return np.where(np.arange(len(samples)) < 2 * rate, samples, samples.mean())


def nothing(samples: np.ndarray, rate: int, rng: np.random.Generator, _: np.ndarray) -> np.ndarray:
    """Real music that the index does not hold: what is found here is a false alarm."""
    return samples


PLANTS: dict[str, Plant] = {
    "nothing: real music": nothing,
    "a loop of 3 s, from 9 s on": loop,
    "5 s of the training music, at 10 s": copy,
    "collapse to silence, from 12 s on": silence,
    "a fade into noise": drift,
    "steps between frames": joins,
    "mean-collapsed: 2 s, then the mean": mean,
}
COLUMNS = ("faults", "drift", "loop of 2 s", "copy", "joins")


def found(report) -> list[bool]:  # noqa: ANN001 (kaudio is imported late)
    """Which of `COLUMNS` are said of a clip."""
    from kaudio.evaluation.clip_report import CLICKING_DB

    return [
        bool(report.faults),
        report.drift is not None and report.drift.left_at is not None,
        report.loops is not None and report.loops.exact_seconds >= 2,
        bool(report.copied),
        report.joins is not None and report.joins >= CLICKING_DB,
    ]


def main() -> None:
    """Prints a row for each fault: how many of the spoiled clips are said to have which fault."""
    parser = argparse.ArgumentParser("python -m benchmarks.planted", description=__doc__)
    parser.add_argument("--audio", type=Path, help="Recordings. Default: the demo corpus.")
    parser.add_argument("--sample-rate", type=int, default=8_000, help="Default: 8000 Hz.")
    options = parser.parse_args()
    from kaudio.data import Corpus
    from kaudio.evaluation.judge_clip import evaluate_audio
    from kaudio.evaluation.known_music import KnownMusic

    rate = options.sample_rate
    music, held_out = Corpus.from_folder(options.audio, rate).split(validation=0.3, seed=0)
    known = KnownMusic.of(music, lambda recordings: track(list(recordings), "measuring"))
    long_enough = [r for r in held_out.recordings if r.seconds >= SECONDS]
    if not long_enough:
        sys.exit(f"None of the held-out recordings lasts {SECONDS} s. Pass longer ones.")
    clips = [
        long_enough[i % len(long_enough)].read(
            (i // len(long_enough)) * SECONDS * rate, SECONDS * rate
        )
        for i in range(EXCERPTS)
    ]
    clips = [clip for clip in clips if len(clip) == SECONDS * rate and clip.any()]
    print(
        f"{len(clips)} clips of {SECONDS} s; music to compare with: {known.seconds / 60:.0f} min\n"
    )
    print("| planted | " + " | ".join(COLUMNS) + " | said of the first |")
    print("|---|" + "---|" * (len(COLUMNS) + 1))
    for name, plant in PLANTS.items():
        rows, said = [], ""
        for i, clip in enumerate(clips):
            source = music.recordings[i % len(music.recordings)]
            spoiled = plant(
                clip, rate, np.random.default_rng(i), source.read(0, source.num_samples)
            )
            report = evaluate_audio(spoiled, known, rate, frame_seconds=FRAME_SECONDS)
            rows.append(found(report))
            said = said or " ".join(report.faults[:1]) or _said(report)
        counts = [f"{sum(column)}/{len(rows)}" for column in zip(*rows, strict=True)]
        print(f"| {name} | {' | '.join(counts)} | {said} |", flush=True)


def _said(report) -> str:  # noqa: ANN001
    from kaudio.evaluation.clip_report import words

    flags = dict(zip(COLUMNS, found(report), strict=True))
    if flags["copy"]:
        return f"{report.copy.seconds:.2f} s at {report.copy.at:.2f} s"
    if flags["joins"]:
        return f"joins stand out by {report.joins:.1f} dB"
    if flags["drift"]:
        return f"leaves at {report.drift.left_at:.0f} s: {words(report.drift.left_by)}"
    return "nothing"


if __name__ == "__main__":
    main()
