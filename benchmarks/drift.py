"""How long generated music stays music: `python -m benchmarks.drift --table NAME --runs DIR`.

Each variant of a recipe is trained, one option changed at a time, and plays on from five seconds
of held-out music. What it plays is held against the music that it was trained on: when level,
centroid and flatness leave the range of 98 % of that music for ten seconds, the longest loop, the
longest copy, and the clicks at joins of frames. The first row is held-out music itself. Runs that
are complete are not trained again. Prints a table of docs/drift.md.
"""

import argparse
import json
import runpy
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.drift_table import HEADER, Judged, judge, line, numbers, picture
from benchmarks.drift_variants import TABLES, Variant

if TYPE_CHECKING:
    from kaudio.data import Corpus
    from kaudio.evaluation.known_music import KnownMusic
    from kaudio.recipe import Recipe

RECIPES = Path(__file__).parent.parent / "recipes"
PRIME_SECONDS = 5.0


def parts(recipe: str, audio: Path | None, rate: int) -> tuple["Corpus", "Corpus"]:
    """The recordings that a recipe trains on, and those of its validation part."""
    from kaudio.data import Corpus

    corpus = Corpus.from_folder(audio, rate)
    match recipe:
        case "beckham.py":
            _, (train, held_out, _) = runpy.run_path(str(RECIPES / recipe))["parts"](audio, rate, 0)
        case "beckham_2016.py":
            train, held_out, _ = corpus.split_contiguous(validation=0.1, test=0.1)
        case _:
            train, held_out = corpus.split(validation=0.1, seed=0)
    return train, held_out


class Bench:
    """Variants of one folder of music, and that music, measured once for each part of it."""

    def __init__(self, audio: Path | None, runs: Path, minutes: float) -> None:
        self.audio, self.runs, self.minutes = audio, runs, minutes
        self._known: dict[tuple[str, ...], KnownMusic] = {}

    def trained(
        self, variant: Variant, sizes: dict[str, Any]
    ) -> tuple["Recipe", dict[str, Any], float]:
        """Fits a variant, or goes on where an earlier run stopped.

        Returns:
            The recipe, what it scores on held-out music beside baselines, and CPU seconds of
            training.
        """
        import kaudio

        options = sizes | variant.options
        told = [f"{k}={v}" for k, v in sorted(options.items())]
        corpus = "demo" if self.audio is None else self.audio.resolve().name
        folder = self.runs / "_".join([Path(variant.recipe).stem, corpus, *told])
        began = time.process_time()
        made = kaudio.load_recipe(
            RECIPES / variant.recipe, audio=self.audio, run_dir=folder, **options
        )
        run = kaudio.fit(replace(made, clip_seconds=0.0))
        spent, kept = time.process_time() - began, folder / "cpu_seconds.json"
        if not kept.exists():
            kept.write_text(json.dumps(spent))
        metrics = json.loads(run.metrics.read_text())["best"]["validation"]
        return made, metrics, json.loads(kept.read_text())

    def known(self, train: "Corpus") -> "KnownMusic":
        """The music of a training part, measured."""
        from kaudio.evaluation.known_music import KnownMusic

        key = (str(train.sample_rate), *map(repr, train.recordings))
        if key not in self._known:
            self._known[key] = KnownMusic.of(train)
        return self._known[key]

    def measure(
        self, variant: Variant, sizes: dict[str, Any]
    ) -> tuple[dict[str, Any], Judged, float]:
        """Trains a variant, lets it play and judges that."""
        import numpy as np

        import kaudio

        made, metrics, cpu = self.trained(variant, sizes)
        model = kaudio.load(made.run_dir)
        codec, rate = model.codec, model.codec.sample_rate
        train, _ = parts(variant.recipe, self.audio, rate)
        x: Any = next(iter(made.validation))[0]
        prime = codec.decode(np.concatenate(x["steps"] if isinstance(x, dict) else x))
        prime = prime[: round(PRIME_SECONDS * rate)]
        seconds = 60 * self.minutes
        clip = kaudio.generate(model, seconds, prime=prime, controls=variant.controls)[0]
        name = "_".join(variant.name.replace(",", "").split())
        kaudio.audio.write(made.run_dir / f"{name}.wav", clip, rate)
        return metrics, judge(clip, rate, codec.hop_length, self.known(train)), cpu

    def held_out(self, variant: Variant) -> tuple[float, Judged]:
        """Judges what real music of the validation part there is: its minutes, and the result."""
        import numpy as np

        rate = 8_000
        train, held_out = parts(variant.recipe, self.audio, rate)
        whole = [r.read(0, r.num_samples) for r in held_out.recordings]
        samples = np.concatenate(whole)[: round(60 * self.minutes * rate)]
        return len(samples) / rate / 60, judge(samples, rate, 1, self.known(train))


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table in Markdown, row by row, and draws some of it."""
    options = _parser().parse_args(arguments)
    sizes, variants = TABLES[options.table]
    variants = [v for v in variants if not options.only or v.name in options.only]
    bench = Bench(options.audio, options.runs, options.minutes)
    rows: list[dict[str, Any]] = []
    shown: list[tuple[str, Judged]] = []
    print(HEADER, flush=True)
    minutes, real = bench.held_out(variants[0])
    print(line(f"*held-out music, {minutes:.1f} min*", "", real, None), flush=True)
    for variant in variants:
        output, sys.stdout = sys.stdout, sys.stderr  # what training says is not of the table
        try:
            metrics, judged, cpu = bench.measure(variant, sizes)
        finally:
            sys.stdout = output
        print(line(variant.name, _score(metrics), judged, cpu), flush=True)
        rows.append(numbers(variant.name, metrics, judged, cpu))
        shown.append((variant.name, judged))
        if options.json:
            options.json.write_text(json.dumps(rows, indent=2) + "\n")
    if options.picture:
        train, _ = parts(variants[0].recipe, options.audio, 8_000)
        options.picture.write_bytes(picture(shown[:4], bench.known(train)))


def _score(metrics: dict[str, Any]) -> str:
    ((_, found),) = metrics.items()
    beside = {"predict-last": "last", "markov": "Markov"}
    others = [f"{beside[k]} {v:.2f}" for k, v in found["baselines"].items() if k in beside]
    return f"{found['value']:.3f} ({', '.join(others)})"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.drift", description=__doc__)
    parser.add_argument("--table", choices=TABLES, required=True, help="Of docs/drift.md.")
    parser.add_argument("--runs", type=Path, required=True, help="Where runs are kept.")
    parser.add_argument("--audio", type=Path, help="Folder of music. Default: the demo corpus.")
    parser.add_argument("--minutes", type=float, default=10.0, help="Of each clip. Default: 10.")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="Rows of these names.")
    parser.add_argument("--json", type=Path, help="Where to write the rows.")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="Where to draw some (PNG).")
    return parser


if __name__ == "__main__":
    main()
