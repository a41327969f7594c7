"""How like the real ones generated hits are: `python -m benchmarks.hits RUN --picture FILE`.

Each sound that a run of `recipes/oneshots.py` was trained on, or held out, is asked for by its own
tags and note. What comes is compared with it, beside what is no answer: the other sounds of its
kind, noise in its envelope, plain noise.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.hits_table import FLOOR_DB, Sound, table
from kaudio.evaluation.hits import level_over_time

if TYPE_CHECKING:
    import keras

MOST_PAIRS = 5  # in a picture


def sounds_of(options: dict[str, Any], model: "keras.Model") -> list[Sound]:
    """Splits the corpus of a run as its recipe does, and reads each recording.

    Raises:
        ValueError: If the model is told other things than the tags of that corpus.
    """
    import kaudio
    from kaudio.audio.pitch import pitch
    from kaudio.data.tags import semitones

    audio, rate = options["audio"], options["sample_rate"]
    corpus = kaudio.Corpus.from_folder(Path(audio) if audio else None, rate, demo="oneshots")
    parts = corpus.split(validation=0.1, seed=options["seed"])
    tags = kaudio.data.Tags.of(parts[0], options["min_files"])
    if (names := model.condition_names.get("global")) != tags.names:
        raise ValueError(
            f"Expected a model that is told the tags of its corpus: {tags.names}. Received one "
            f"that is told: {names}. Name a run of recipes/oneshots.py whose sounds are the same."
        )
    steps, sounds = round(options["seconds"] * rate), []
    for part, held_out in zip(parts, (False, True), strict=True):
        batches = kaudio.data.one_shots(part, model.codec, steps, 1, condition=tags)
        for recording, (x, y) in zip(part.recordings, batches, strict=True):
            heard = pitch(recording.read(0, steps), rate)
            sounds.append(
                Sound(
                    recording.path.stem,
                    recording.label,
                    held_out,
                    x["global"][0, 0],
                    None if heard is None else semitones(heard),
                    np.asarray(model.codec.decode(y[0])),
                )
            )
    return sounds


def generate(
    model: "keras.Model", sounds: Sequence[Sound], temperatures: Sequence[float], seeds: int
) -> dict[float, np.ndarray]:
    """Asks for each sound. Arrays `(sounds, seeds, num_samples)` by temperature."""
    import kaudio
    from kaudio.generation.loop import Sampler

    told = np.repeat([sound.told for sound in sounds], seeds, axis=0)
    steps, given = len(sounds[0].real), {"global": told}
    sampler, seconds = Sampler(model, len(told), steps), steps / model.codec.sample_rate
    hits = {}
    for heat in temperatures:
        drawn = kaudio.generate(
            model, seconds, sampler=sampler, conditions=given, controls={"temperature": heat}
        )
        hits[heat] = drawn.reshape(len(sounds), seeds, steps)
    return hits


def typical(sounds: Sequence[Sound], hits: np.ndarray, sample_rate: int) -> list[int]:
    """Of each kind a sound of training and then one held out, whose level is middlingly far off."""

    def error(i: int) -> float:
        levels = [level_over_time(hit, sample_rate) for hit in (sounds[i].real, hits[i])]
        return float(np.abs(np.diff(np.clip(levels, FLOOR_DB, None), axis=0)).mean())

    groups: dict[tuple[bool, str], list[int]] = {}
    for i, sound in enumerate(sounds):
        groups.setdefault((sound.held_out, sound.kind), []).append(i)
    return [sorted(group, key=error)[(len(group) - 1) // 2] for _, group in sorted(groups.items())]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a table in Markdown for each kind of sound, and draws some of each."""
    options = _parser().parse_args(arguments)
    import kaudio
    from kaudio.evaluation.hit_pictures import hits_png

    try:
        recipe = json.loads((options.run / "recipe.json").read_text())["options"]
        model = kaudio.load(options.run)
        sounds, default = sounds_of(recipe, model), model.controls["temperature"]
        hits = generate(model, sounds, [default, *options.temperatures], options.seeds)
    except KeyError as error:
        sys.exit(f"benchmarks.hits: '{options.run}' has no {error}: no run of recipes/oneshots.py.")
    except (OSError, ValueError) as error:
        sys.exit(f"benchmarks.hits: {error}")
    rate = model.codec.sample_rate
    for kind in dict.fromkeys(sound.kind for sound in sounds):
        which = [i for i, sound in enumerate(sounds) if sound.kind == kind]
        made = {f"temperature {heat:g}": rows[which] for heat, rows in hits.items()}
        print(f"\n### {kind or '(none)'}\n\n{table([sounds[i] for i in which], made, rate)}")
    if options.picture:
        first, pairs = hits[default][:, 0], {}
        for i in typical(sounds, first, rate)[:MOST_PAIRS]:
            name = f"{sounds[i].name}{', held out' if sounds[i].held_out else ''}"
            pairs[name] = (sounds[i].real, first[i])
        options.picture.parent.mkdir(parents=True, exist_ok=True)
        options.picture.write_bytes(hits_png(pairs, rate))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m benchmarks.hits", description=__doc__)
    parser.add_argument("run", type=Path, help="A run folder of recipes/oneshots.py.")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="Where to draw some (PNG).")
    parser.add_argument("--seeds", type=int, default=3, help="Hits for each sound. Default: 3.")
    parser.add_argument(
        "--temperatures", type=float, nargs="*", default=[], help="Besides that of the model."
    )
    return parser


if __name__ == "__main__":
    main()
