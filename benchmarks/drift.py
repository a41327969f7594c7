"""How long generated music stays music: `python -m benchmarks.drift --runs DIR [--audio DIR]`.

Each variant of a recipe is trained, one option changed at a time, and plays on from five seconds
of held-out music. What it plays is held against the music that it was trained on: when level,
centroid and flatness leave the range of 98 % of that music for ten seconds, the longest loop, the
longest copy, and the clicks at joins of frames. Runs that are complete are not trained again.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.drift_table import HEADER, Judged, judge, line, numbers, picture

if TYPE_CHECKING:
    from kaudio.recipe import Recipe

RECIPES = Path(__file__).parent.parent / "recipes"
PRIME_SECONDS = 5.0
PLAIN = {"mixtures": 0, "input_noise": 0.0, "temperature": 0.0}
# WaveNets take longer: those of other variants are cut short.
SHORT, WHOLE = {"epochs": 2, "stacks": 1}, {"epochs": 10, "stacks": 2}
# Name: recipe, what differs from its defaults, and controls of generation. Those that train alike
# share a run.
VARIANTS: dict[str, tuple[str, dict[str, Any], dict[str, float]]] = {
    "gruv: mean, temperature 0": ("gruv.py", PLAIN, {}),
    "temperature 0.5": ("gruv.py", PLAIN, {"temperature": 0.5}),
    "temperature 1": ("gruv.py", PLAIN, {"temperature": 1.0}),
    "frames end to end": ("gruv.py", PLAIN | {"overlap": 1}, {"temperature": 0.5}),
    "input noise 0.1": ("gruv.py", PLAIN | {"input_noise": 0.1}, {"temperature": 0.5}),
    "input noise 0.3": ("gruv.py", PLAIN | {"input_noise": 0.3}, {"temperature": 0.5}),
    "input dropout 0.2": ("gruv.py", PLAIN | {"input_dropout": 0.2}, {"temperature": 0.5}),
    "dropout 0.2": ("gruv.py", PLAIN | {"dropout": 0.2}, {"temperature": 0.5}),
    "scheduled sampling 0.5": (
        "gruv.py",
        PLAIN | {"scheduled_sampling": 0.5, "temperature": 0.5},
        {},
    ),
    "carried state": ("gruv.py", PLAIN | {"carry_state": True}, {"temperature": 0.5}),
    "Gaussian": ("gruv.py", PLAIN | {"mixtures": 1}, {"temperature": 1.0}),
    "Gaussian, by likelihood": (
        "gruv.py",
        PLAIN | {"mixtures": 1, "faithful": False},
        {"temperature": 1.0},
    ),
    "4 Gaussians, by likelihood": ("gruv.py", PLAIN | {"mixtures": 4}, {"temperature": 1.0}),
    "4 Gaussians, noise 0.1": (
        "gruv.py",
        {"mixtures": 4, "input_noise": 0.1, "temperature": 1.0},
        {},
    ),
    "gruv, mean": ("gruv.py", {"mixtures": 0, "temperature": 0.5}, {}),
    "gruv, Gaussian": ("gruv.py", {"mixtures": 1, "temperature": 1.0}, {}),
    "gruv, Gaussian, temperature 0.3": (
        "gruv.py",
        {"mixtures": 1, "temperature": 1.0},
        {"temperature": 0.3},
    ),
    "gruv, Gaussian, temperature 0.1": (
        "gruv.py",
        {"mixtures": 1, "temperature": 1.0},
        {"temperature": 0.1},
    ),
    "gruv, Gaussian, temperature 0.03": (
        "gruv.py",
        {"mixtures": 1, "temperature": 1.0},
        {"temperature": 0.03},
    ),
    "gruv, Gaussian, hears itself": (
        "gruv.py",
        {"mixtures": 1, "temperature": 1.0, "scheduled_sampling": 1.0},
        {},
    ),
    "beckham_2016": ("beckham_2016.py", {"frame_length": 4_000, "sequence_frames": 12}, {}),
    "beckham, mean": ("beckham.py", {"mixtures": 0, "temperature": 0.5}, {}),
    "beckham, Gaussian by likelihood": (
        "beckham.py",
        {"mixtures": 1, "faithful": False, "temperature": 1.0},
        {},
    ),
    "beckham, Gaussian": ("beckham.py", {"mixtures": 1, "temperature": 1.0}, {}),
    "beckham, Gaussian, temperature 0.3": (
        "beckham.py",
        {"mixtures": 1, "temperature": 1.0},
        {"temperature": 0.3},
    ),
    "wavenet": ("wavenet.py", {}, {}),
    "wavenet, input noise 2": ("wavenet.py", {"input_noise": 2.0}, {}),
    "wavenet, as it is": ("wavenet.py", WHOLE, {}),
    "wavenet, as it is, temperature 0.9": ("wavenet.py", WHOLE, {"temperature": 0.9}),
}


def trained(name: str, settings: argparse.Namespace) -> tuple["Recipe", dict[str, Any], float]:
    """Fits a variant, or goes on where an earlier run stopped.

    Returns:
        The recipe, what it scores on held-out music beside baselines, and CPU seconds of training.
    """
    import kaudio

    file, options, _ = VARIANTS[name]
    told = {f"{k}={v}" for k, v in options.items()}
    folder = settings.runs / "_".join([Path(file).stem, *sorted(told)])
    sizes = {"epochs": settings.epochs, "units": settings.units}
    if file == "wavenet.py":
        sizes = SHORT
    sizes = {k: v for k, v in sizes.items() if v} | options
    began = time.process_time()
    made = kaudio.load_recipe(RECIPES / file, audio=settings.audio, run_dir=folder, **sizes)
    run = kaudio.fit(replace(made, clip_seconds=0.0))
    spent, kept = time.process_time() - began, folder / "cpu_seconds.json"
    if not kept.exists():
        kept.write_text(json.dumps(spent))
    metrics = json.loads(run.metrics.read_text())["best"]["validation"]
    return made, metrics, json.loads(kept.read_text())


def measure(name: str, settings: argparse.Namespace, known: dict[int, Any]) -> tuple:
    """Trains a variant, lets it play and judges that."""
    import numpy as np

    import kaudio
    from kaudio.evaluation.known_music import KnownMusic

    made, metrics, cpu = trained(name, settings)
    model = kaudio.load(made.run_dir)
    codec, controls = model.codec, VARIANTS[name][2]
    rate = codec.sample_rate
    if rate not in known:
        known[rate] = KnownMusic.of(kaudio.Corpus.from_folder(settings.audio, rate))
    x: Any = next(iter(made.validation))[0]
    prime = codec.decode(np.concatenate(x["steps"] if isinstance(x, dict) else x))
    prime = prime[: round(PRIME_SECONDS * rate)]
    clip = kaudio.generate(model, 60 * settings.minutes, prime=prime, controls=controls)[0]
    kaudio.audio.write(made.run_dir / f"{'_'.join(name.split())}.wav", clip, rate)
    judged = judge(clip, rate, codec.hop_length, known[rate])
    return metrics, judged, cpu, known[rate]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table in Markdown, row by row, and draws some of it."""
    options = _parser().parse_args(arguments)
    rows, shown = [], []
    known: dict[int, Any] = {}
    print(HEADER, flush=True)
    for name in VARIANTS:
        if options.only and name not in options.only:
            continue
        output, sys.stdout = sys.stdout, sys.stderr  # what training says is not of the table
        try:
            metrics, judged, cpu, music = measure(name, options, known)
        finally:
            sys.stdout = output
        print(line(name, _score(metrics), judged, cpu), flush=True)
        rows.append(numbers(name, metrics, judged, cpu))
        shown.append((name, judged, music))
        if options.json:
            options.json.write_text(json.dumps(rows, indent=2) + "\n")
    if options.picture:
        options.picture.write_bytes(picture(_pictured(shown)))


def _pictured(shown: list[tuple[str, Judged, Any]]) -> list[tuple[str, Judged, Any]]:
    return [clip for clip in shown if clip[0].startswith("beckham")] or shown[:3]


def _score(metrics: dict[str, Any]) -> str:
    ((_, found),) = metrics.items()
    beside = {"predict-last": "last", "markov": "Markov"}
    others = [f"{beside[k]} {v:.2f}" for k, v in found["baselines"].items() if k in beside]
    return f"{found['value']:.3f} ({', '.join(others)})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.drift", description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="Where runs are kept.")
    parser.add_argument("--audio", type=Path, help="Folder of music. Default: the demo corpus.")
    parser.add_argument("--minutes", type=float, default=10.0, help="Of each clip. Default: 10.")
    parser.add_argument("--epochs", type=int, help="Of models of frames. Default: the recipe's.")
    parser.add_argument("--units", type=int, help="Of models of frames. Default: the recipe's.")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="Variants of these names.")
    parser.add_argument("--json", type=Path, help="Where to write the rows.")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="Where to draw some (PNG).")
    return parser


if __name__ == "__main__":
    main()
