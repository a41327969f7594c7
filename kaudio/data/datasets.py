"""From recordings to batches of inputs and targets."""

import functools
import sys
from typing import Any, Protocol

import grain
import numpy as np

from kaudio.codecs import Codec, Quantizer
from kaudio.data.corpus import Corpus
from kaudio.data.examples import Condition, NextStep, OneShot, Windows
from kaudio.data.shares import Batches


class Example(Protocol):
    """Makes inputs and targets of one example, given its index, and random numbers to vary it."""

    def __len__(self) -> int: ...

    def __call__(self, index: int, rng: np.random.Generator | None = None) -> tuple[Any, Any]: ...


def next_step(
    corpus: Corpus,
    codec: Codec,
    steps: int,
    batch_size: int,
    *,
    condition: Condition | None = None,
    seed: int | None = None,
    jitter: bool = True,
    hop_steps: int | None = None,
    noise: float = 0.0,
    epoch_batches: int | None = None,
) -> Batches:
    """Batches `(x, y)` to predict each step from those before: `y` is `x` one step on.

    With a `seed` the windows are shuffled, otherwise again each time round, the last ones that do
    not fill a batch are left out, and all is the same for the same seed, epoch and index. Without
    one they come in order, all of them: for validation.

    Args:
        corpus: Recordings at the sample rate of the codec.
        codec: Turns a waveform into steps.
        steps: Steps in `x` and in `y`. A window is one step longer.
        batch_size: Windows in a batch.
        condition: What the model is told of each window, such as `kaudio.data.Labels`.
        seed: Shuffles, if given.
        jitter: Whether to start each shuffled window up to a hop later, otherwise each epoch.
        hop_steps: Steps from one window of a recording to the next. Defaults to `steps`.
        noise: With a seed and a codec of codes, as in `one_shots`: those of `x` are off by so
            much, so that the model learns to go on from what is not quite right.
        epoch_batches: Batches in an epoch, at most. With a `seed`, the next epoch has others;
            without one, they are spread evenly over the recordings.

    Returns:
        A `grain.MapDataset`, as long as an epoch. `x` and `y` are `(batch, steps, *step_shape)`;
        with a `condition`, `x` is a dict of "steps" and what the condition gives. Give it to Keras
        through `iterate`, and to several processes through `share`.
    """
    check_rates(codec, corpus)
    hop_steps = steps if hop_steps is None else hop_steps
    check_at_least_one(steps=steps, hop_steps=hop_steps)
    windows = Windows(corpus, codec.num_samples(steps + 1), hop_steps * codec.hop_length)
    if noise and not isinstance(codec, Quantizer):
        raise ValueError(
            f"`noise` is for codecs whose steps are codes. Received: noise={noise}, codec={codec}. "
            "A `FrameLSTM` has `input_noise`."
        )
    example = NextStep(windows, codec, condition, noise, jitter)
    return batches_of(example, batch_size, seed, jitter or noise > 0, epoch_batches)


def one_shots(
    corpus: Corpus,
    codec: Quantizer,
    steps: int,
    batch_size: int,
    *,
    condition: Condition | None = None,
    noise: float = 0.0,
    seed: int | None = None,
) -> Batches:
    """Batches `(x, y)` of whole sounds, from the silence before them to the silence after.

    Each recording is one example. Shorter ones are followed by silence; longer ones fade out.

    Args:
        corpus: Recordings at the sample rate of the codec.
        codec: Turns samples into codes.
        steps: Steps in `x` and in `y`.
        batch_size: Sounds in a batch.
        condition: What the model is told of each sound, such as `kaudio.data.Tags`.
        noise: With a seed, the codes of `x` are off by so much: a standard deviation from 0 to
            that, drawn for each sound. Few sounds are learned by heart, and then one code that is
            not as it was leads astray. Never `y`. "FFTNet" (Jin et al., 2018), section 2.3.3.
        seed: As in `next_step`.

    Returns:
        As `next_step`. `y` begins with the first sample of the sound, `x` with one of silence.
    """
    check_rates(codec, corpus)
    check_at_least_one(steps=steps)
    return batches_of(OneShot(corpus, codec, steps, condition, noise), batch_size, seed, True)


def iterate(
    dataset: grain.MapDataset, start: int = 0, threads: int = 2, prefetch: int = 4
) -> grain.IterDataset:
    """Reads batches ahead, a few at a time. What `fit` and `evaluate` of a Keras model take.

    Keras takes a `grain.MapDataset` as well, but then grain reads 500 batches ahead. Give Keras
    the number of steps, always: where data end by themselves it warns that they ran out.

    Args:
        dataset: Batches. Of `dataset.repeat()` there is no end.
        start: The first batch, to go on where training stopped.
        threads: Threads that make batches, 0 to make each when it is asked for.
        prefetch: Batches made ahead, at least `threads`.

    Example:
    >>> model.fit(
    ...     iterate(train.repeat(), start=first_epoch * len(train)),
    ...     initial_epoch=first_epoch,
    ...     epochs=epochs,
    ...     steps_per_epoch=len(train),
    ...     shuffle=False,  # the windows are shuffled already, and Keras would warn
    ...     validation_data=iterate(validation.repeat()),
    ...     validation_steps=len(validation),
    ... )
    """
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=max(prefetch, threads))
    return (dataset[start:] if start else dataset).to_iter_dataset(options)


def batches_of(
    example: Example,
    batch_size: int,
    seed: int | None,
    jitter: bool,
    epoch_batches: int | None = None,
) -> Batches:
    """Batches of all examples that there are, as `next_step` has them of windows."""
    check_batches(batch_size, epoch_batches)
    size = len(example)
    dataset = grain.MapDataset.range(size)
    if seed is not None:
        # grain shuffles epoch e by seed + e: neighbouring seeds must not share their epochs.
        order, draws = (int(word) for word in np.random.SeedSequence(seed).generate_state(2))
        dataset = dataset.shuffle(seed=order)
    dataset = (
        dataset.random_map(example, seed=draws)
        if seed is not None and jitter
        else dataset.map(example)
    )

    deal = functools.partial(_deal, dataset, batch_size, seed is not None, epoch_batches)
    return Batches(batch_size, deal)


def _deal(
    dataset: grain.MapDataset,
    batch_size: int,
    shuffled: bool,
    epoch_batches: int | None,
    index: int,
    count: int,
    devices: int,
) -> grain.MapDataset:
    """Batches of what a process has of the examples, for `Batches`."""
    size = len(dataset)
    kept = size // devices * devices
    if shuffled:
        kept = size // batch_size * batch_size or kept
        if epoch_batches is not None:
            kept = min(kept, epoch_batches * batch_size)
    if not kept:
        raise ValueError(
            f"There must be a window for each of {devices} devices. Received: {size} windows. "
            "Ask for shorter excerpts, or for fewer devices."
        )
    if not shuffled and kept < size and index == 0:
        print(
            f"{size - kept} of {size} windows to validate on are left out, so that each of "
            f"{devices} devices gets equally many.",
            file=sys.stderr,
        )
    # Left out and dealt out after shuffling: other windows each epoch.
    if kept % batch_size:  # the last batch is a smaller one
        batches = dataset[index:kept:count].batch(batch_size // count)
    else:
        batches = dataset[:kept].batch(batch_size // count)[index::count]
    if not shuffled and epoch_batches is not None:
        return batches[:: -(-len(batches) // epoch_batches)]
    return batches


def check_batches(batch_size: int, epoch_batches: int | None) -> None:
    """Refuses batches that hold nothing."""
    check_at_least_one(
        batch_size=batch_size, epoch_batches=1 if epoch_batches is None else epoch_batches
    )


def check_rates(codec: Codec, corpus: Corpus) -> None:
    """Refuses recordings at another rate than the codec's."""
    if codec.sample_rate != corpus.sample_rate:
        raise ValueError(
            "The codec and the corpus must have the same sample rate. Received: "
            f"{codec.sample_rate} Hz and {corpus.sample_rate} Hz."
        )


def check_at_least_one(**arguments: int) -> None:
    """Refuses arguments of 0 or less, by name."""
    for name, value in arguments.items():
        if value < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {value}.")
