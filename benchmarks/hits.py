"""How like the real ones generated hits are: `python -m benchmarks.hits RUN --picture FILE`.

Each sound that a run of `recipes/oneshots.py` was trained on, or held out, is asked for by its own
tags and pitch. What comes is compared with it, beside what is no answer: the other sounds of its
kind, noise in its envelope, plain noise.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from kaudio.audio.pitch import pitch
from kaudio.data.tags import MIDDLE_C
from kaudio.evaluation.hits import describe_hit, level_over_time

if TYPE_CHECKING:
    import keras

FLOOR_DB = -60.0  # differences below it are not heard
LOUD_DB, QUIET_DB = -20.0, -50.0  # beside the peak of the real hit
AT_ONCE_SECONDS = 0.05
MOST_PAIRS = 5  # in a picture
COLUMNS = {
    "level": "level, dB",
    "attack_ms": "attack, ms",
    "decay_20_ms": "−20 dB, ms",
    "decay_60_ms": "−60 dB, ms",
    "spectral_centroid": "centroid, Hz",
    "noise_floor_db": "end, dB",
}
HEAD = ["", "hits", "one hit", "pitch", *COLUMNS.values()]


@dataclass(frozen=True)
class Sound:
    """A recording as the model was to learn it.

    Args:
        name: Of its file.
        kind: Of its folder.
        held_out: Whether it was kept from training.
        told: Its condition, `(channels,)`: at the end whether it has a pitch, and which.
        real: Its samples as the codec keeps them, `(num_samples,)`.
    """

    name: str
    kind: str
    held_out: bool
    told: np.ndarray
    real: np.ndarray


@dataclass(frozen=True)
class Answer:
    """A hit in numbers, and the sound that was asked for in numbers."""

    hit: dict[str, Any]
    real: dict[str, Any]
    pitch: float | None


def describe(hit: np.ndarray, sample_rate: int) -> dict[str, Any]:
    """`describe_hit`, the level over time, and the pitch in octaves above middle C."""
    level, found = level_over_time(hit, sample_rate).clip(FLOOR_DB), pitch(hit, sample_rate)
    octaves = None if found is None else np.log2(found / MIDDLE_C)
    return {**describe_hit(hit, sample_rate), "level": level, "pitch": octaves}


def noises(real: np.ndarray, sample_rate: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """White noise in the envelope of a sound, and white noise of its power."""
    noise = np.random.default_rng(seed).standard_normal(len(real))
    # A sine at full scale is at 0 dB: a power of a half.
    envelope = 10 ** (level_over_time(real, sample_rate) / 20) / np.sqrt(2)
    return envelope * noise, real.std() * noise


def is_one_hit(hit: np.ndarray, real: np.ndarray, sample_rate: int) -> bool:
    """Whether a hit begins at once, and not again after it has died away: from their levels."""
    loud = np.flatnonzero(hit > real.max() + LOUD_DB)
    quiet = np.flatnonzero(hit < real.max() + QUIET_DB)
    if not len(loud) or loud[0] > AT_ONCE_SECONDS * sample_rate:
        return False
    return not (quiet[np.searchsorted(quiet, loud[0]) :] < loud[-1]).any()


def cells(answers: Sequence[Answer], sample_rate: int) -> list[str]:
    """Shares and median distances as text, in the order of `HEAD` from its second on."""
    once = [is_one_hit(a.hit["level"], a.real["level"], sample_rate) for a in answers]
    right = [_is_right(a.hit["pitch"], a.pitch) for a in answers if a.pitch is not None]
    texts = [str(len(answers)), _share(once), _share(right)]
    for name in COLUMNS:
        texts.append(_median([_distance(a.hit[name], a.real[name]) for a in answers]))
    return texts


def _distance(a: Any, b: Any) -> float | None:
    return None if a is None or b is None else float(np.abs(a - b).mean())


def _share(found: Sequence[bool]) -> str:
    return f"{np.mean(found):.0%}" if found else "–"


def _median(values: Sequence[float | None]) -> str:
    """The median of what is known, and which share of it all that is."""
    known = [value for value in values if value is not None]
    if not known:
        return "–"
    middle, share = np.median(known), len(known) / len(values)
    text = f"{middle:.0f}" if abs(middle) >= 20 else f"{middle:.1f}"
    return f"{text} ({share:.0%})" if share < 1 else text


def _is_right(octaves: float | None, told: float) -> bool:
    return octaves is not None and abs(octaves - told) <= 0.5 / 12


def table(sounds: Sequence[Sound], made: dict[str, np.ndarray], sample_rate: int) -> str:
    """A table in Markdown of the sounds of a kind: medians of the real ones, then distances.

    Args:
        sounds: All of the kind.
        made: By the name of a row, hits for each sound, `(sounds, seeds, num_samples)`.
        sample_rate: In Hz.
    """
    real = [describe(sound.real, sample_rate) for sound in sounds]
    told = [float(s.told[-1]) if s.told[-2] else None for s in sounds]
    hits = {f"generated, {name}": rows for name, rows in made.items()}
    pairs = [noises(s.real, sample_rate, i) for i, s in enumerate(sounds)]
    hits["noise in its envelope"] = np.array([[pair[0]] for pair in pairs])
    hits["plain noise"] = np.array([[pair[1]] for pair in pairs])
    found = {
        name: [[describe(hit, sample_rate) for hit in of_sound] for of_sound in rows]
        for name, rows in hits.items()
    }
    found["another real one"] = [[r for r in real if r is not own] for own in real]
    lines = [HEAD, ["---", *["---:"] * (len(HEAD) - 1)]]
    for held_out, part in ((False, "training"), (True, "held out")):
        which = [i for i, sound in enumerate(sounds) if sound.held_out == held_out]
        if not which:
            continue
        own = [Answer(real[i], real[i], told[i]) for i in which]
        shares, names = cells(own, sample_rate)[:3], [*COLUMNS][1:]
        medians = [_median([real[i][name] for i in which]) for name in names]
        lines.append([f"{part}: real", *shares, "–", *medians])
        for name, rows in found.items():
            answers = [Answer(hit, real[i], told[i]) for i in which for hit in rows[i]]
            lines.append([f"{part}: {name}", *cells(answers, sample_rate)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def sounds_of(options: dict[str, Any], model: "keras.Model") -> list[Sound]:
    """Splits the corpus of a run as its recipe does, and reads each recording.

    Raises:
        ValueError: If the model is told other things than the tags of that corpus.
    """
    import kaudio

    audio, rate = options["audio"], options["sample_rate"]
    corpus = kaudio.Corpus.from_folder(Path(audio) if audio else None, rate, demo="oneshots")
    parts = corpus.split(validation=0.1, seed=options["seed"])
    tags = kaudio.data.Tags.of(parts[0])
    if (names := model.condition_names.get("global")) != tags.names:
        raise ValueError(
            f"Expected a model that is told the tags of its corpus: {tags.names}. Received one "
            f"that is told: {names}. Name a run of recipes/oneshots.py whose sounds are the same."
        )
    steps, sounds = round(options["seconds"] * rate), []
    for part, held_out in zip(parts, (False, True), strict=True):
        batches = kaudio.data.one_shots(part, model.codec, steps, 1, condition=tags)
        for recording, (x, y) in zip(part.recordings, batches, strict=True):
            name, real = recording.path.stem, np.asarray(model.codec.decode(y[0]))
            sounds.append(Sound(name, recording.label, held_out, x["global"][0, 0], real))
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
