"""Dreaming: a sound is changed until a classifier hears in it what it is asked to hear."""

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from kaudio import backend
from kaudio.generation.dream_goal import check_numbers, checked_samples, goal_of
from kaudio.generation.dream_signal import Shaper, limited, rms
from kaudio.models.composer import ComposerClassifier

# What the network hears at once. Longer clips are heard window by window.
WINDOW_SECONDS = 10.0
WINDOW_HOP = 0.75
# Of the way up that was taken so far, how much stays in the next step.
SMOOTHING = 0.5
RANDOM_DRAWS = 4


@dataclasses.dataclass(frozen=True)
class Dream:
    """A sound that was dreamed, and what it is worth.

    Attributes:
        samples: `(num_samples,)`, in [-1, 1].
        scores: Before the first step and after each one, `(octaves * steps + 1,)`: the log-odds
            of the target in nats, or the mean square of the activations.
        random_scores: What the clip scores when it is changed by noise instead, as loud as what
            was dreamed, at each time and frequency; one number for each draw.
    """

    samples: np.ndarray
    scores: np.ndarray
    random_scores: np.ndarray

    @property
    def rise(self) -> float:
        """How far the score rose."""
        return float(self.scores[-1] - self.scores[0])

    @property
    def random_rise(self) -> float:
        """How far noise of the same size moves the score: the baseline of `rise`."""
        return float(np.abs(self.random_scores - self.scores[0]).max())


@dataclasses.dataclass(frozen=True)
class DreamStep:
    """How far a dream has come.

    Attributes:
        number: Steps taken, from 1 to `total`.
        total: Steps of all octaves.
        octave: The one that is dreamed, from 1 on.
        score: After this step.
        samples: The sound as it is now, `(num_samples,)`.
    """

    number: int
    total: int
    octave: int
    score: float
    samples: np.ndarray


def dream(
    model: ComposerClassifier,
    samples: np.ndarray,
    *,
    target: str | None = None,
    layer: str | None = None,
    channel: int | None = None,
    octaves: int = 4,
    steps: int = 20,
    strength: float = 0.3,
    jitter_seconds: float = 0.25,
    seed: int = 0,
    on_step: Callable[[DreamStep], Any] | None = None,
) -> Dream:
    """Changes a sound, by gradient ascent, until a classifier hears something in it.

    Each step goes up the slope of the score with respect to the samples: low-passed, averaged
    over shifts in time and over steps, weighted by the spectrum of the clip, and of a fixed size.
    Cells of half a second and a third of an octave stay within 6 dB of what they were, and the
    level within 2 dB.

    Args:
        model: A trained `kaudio.models.ComposerClassifier`.
        samples: One channel at `model.sample_rate`, `(num_samples,)`, 0.1 s or longer: a
            recording, or `kaudio.generation.pink_noise`. Clips of more than 10 s are heard
            window by window.
        target: What is to be heard, one of `model.labels`. Or else:
        layer: What is to be excited, one of `model.layer_names`.
        channel: Of the layer, from 0 on. Default: all.
        octaves: The first `steps` steps change only what lies below half the sample rate divided
            by `2 ** (octaves - 1)`; then one octave more, and so on.
        steps: In each octave.
        strength: How much is changed at most: root mean square of the change, relative to that
            of the clip. 0.1 is hardly heard.
        jitter_seconds: Each step also hears the clip shifted by a time drawn from 0 to this, in
            either direction, so that nothing hangs on where frames begin.
        seed: The same seed gives the same dream.
        on_step: Called with a `DreamStep` after each step.

    Returns:
        The sound, how the score rose, and what noise of the same size would have done.

    Raises:
        ValueError: If the model is no classifier, if it is not said what to dream of or the
            model does not know it, if the samples are too short, silent or not finite, or if a
            number is out of range.

    Example:
    >>> model = kaudio.load("runs/composer")
    >>> samples = kaudio.audio.read("bach.wav", model.sample_rate)
    >>> dream = kaudio.dream(model, samples, target="schubert")
    >>> kaudio.audio.write("dream.wav", dream.samples, model.sample_rate)
    >>> dream.rise, dream.random_rise

    References:
        Mordvintsev et al., "Inceptionism", 2015. Ardila et al., "Audio Deepdream", ISMIR 2016.
    """
    goal = goal_of(model, target, layer, channel)
    clip = checked_samples(samples, model.sample_rate)
    shaper = Shaper(clip, model.sample_rate)
    check_numbers(octaves, shaper.max_octaves, steps, strength, jitter_seconds, seed)
    ear = _Ear(model, goal, len(clip))
    rng = np.random.default_rng(seed)
    jitter = round(jitter_seconds * model.sample_rate)
    total = octaves * steps
    size = strength * rms(clip) / total
    now, way = clip, np.zeros_like(clip)
    score, slope = ear.hear(now, int(rng.integers(-jitter, jitter + 1)))
    scores = [score]
    for number in range(total):
        octave = number // steps
        step = shaper.shaped(slope, model.sample_rate / 2 ** (octaves - octave))
        way = SMOOTHING * way + (1 - SMOOTHING) * _unit(step)
        now = shaper.kept(now + size * _unit(way))
        score, slope = ear.hear(now, int(rng.integers(-jitter, jitter + 1)))
        scores.append(score)
        if on_step:
            on_step(DreamStep(number + 1, total, octave + 1, score, limited(now)))
    noises = [shaper.noise_like(now - clip, rng) for _ in range(RANDOM_DRAWS)]
    random_scores = [ear.hear(clip + noise, 0)[0] for noise in noises]
    return Dream(limited(now), np.array(scores), np.array(random_scores))


class _Ear:
    """Scores a clip of any length, and says how each sample matters, by windows of one size."""

    def __init__(self, model: ComposerClassifier, goal: Callable, num_samples: int) -> None:
        self.window = min(num_samples, round(WINDOW_SECONDS * model.sample_rate))
        spare = num_samples - self.window
        count = 1 + math.ceil(spare / (WINDOW_HOP * self.window))
        self.starts = np.linspace(0, spare, count).astype(int)

        def scored(windows: Any) -> tuple[Any, Any]:
            scores = goal(windows)
            return ops.sum(scores), scores

        self.slope = backend.gradient(scored, model)

    def hear(self, samples: np.ndarray, shift: int) -> tuple[float, np.ndarray]:
        """The score of the samples as they are, and its slope, averaged with a shifted one."""
        slope, score = np.zeros_like(samples), 0.0
        last = len(samples) - 1
        for start in self.starts:
            places = np.arange(self.window) + np.array([[start], [start + shift]])
            # A clip goes on, at its ends, as in a mirror: a jump would be heard.
            places = last - np.abs(last - np.abs(places) % max(1, 2 * last))
            (_, scores), slopes = self.slope(ops.convert_to_tensor(samples[places]))
            np.add.at(slope, places, ops.convert_to_numpy(slopes))
            score += float(scores[0]) / len(self.starts)
        return score, slope


def _unit(direction: np.ndarray) -> np.ndarray:
    """A direction with a root mean square of 1. Where nothing matters there is none."""
    size = rms(direction)
    return direction / size if size > 0 else direction
