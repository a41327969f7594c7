"""What a model has learned, in its own metric, of recordings that it has not heard."""

from typing import Any

import keras
import numpy as np
from keras import ops

from kaudio.codecs import Quantizer
from kaudio.data.corpus import Corpus
from kaudio.evaluation.excerpts import Excerpts
from kaudio.evaluation.model_report import ModelReport, RecordingScore
from kaudio.evaluation.pit import Calibration
from kaudio.evaluation.tally import Tally, counted_scores
from kaudio.models import Autoregressive

# A model must be better than what is trivial by half a percent to have learned anything.
LEARNED = 0.995


def evaluate(
    model: Autoregressive,
    corpus: Corpus,
    *,
    excerpt_seconds: float | None = None,
    batch_size: int = 8,
    most_batches: int | None = None,
    train: Corpus | None = None,
) -> ModelReport:
    """Judges a model by recordings, each of them and all together, beside what is trivial.

    Recordings are cut into excerpts as for training. The value is that of `model.new_metric()`,
    the one that `kaudio.fit` shows for validation: bits per sample of models of codes, the
    normalised mean squared error of models of frames. Of a model that predicts a distribution it
    is also told whether its probabilities can be believed (`kaudio.evaluation.pit`).

    Beside models of codes stand "uniform" and, with `train`, "unigram" and "markov", counted there
    (`kaudio.evaluation.Counts`); without it "unigram of these recordings", counted in the very
    recordings that are judged, which is better than a unigram of others. Beside models of frames
    stand "predict-mean" and "predict-last".

    Args:
        model: What `kaudio.load` gives of a WaveNet or a FrameLSTM.
        corpus: Recordings that it was not trained on, at the rate of its codec.
        excerpt_seconds: How much of an excerpt counts, in seconds. Of a model of frames, which
            sees no more than the excerpt, the value depends on it. Defaults to those of the
            recipes: 0.5 for codes, 8 for frames; of one-shots the longest, at most 4.
        batch_size: Excerpts at a time.
        most_batches: Looks at no more batches, spread evenly over the recordings.
        train: What the model was trained on, to count codes in.

    Returns:
        The report.

    Raises:
        TypeError: If the model does not predict steps.
        ValueError: If the rates differ, or no recording is as long as an excerpt.

    Example:
    >>> model = kaudio.load("runs/wavenet")
    >>> corpus = kaudio.Corpus.from_folder("~/heldout", model.codec.sample_rate)
    >>> report = kaudio.evaluate(model, corpus)
    >>> report.value, report.baselines
    (3.94, {'uniform': 8.0, 'unigram of these recordings': 5.71})
    """
    if not isinstance(model, Autoregressive):
        raise TypeError(
            "Only a model of the next step, a WaveNet or a FrameLSTM, is judged by recordings "
            f"without labels. Received: {type(model).__name__}."
        )
    excerpts = Excerpts(model, corpus, excerpt_seconds, batch_size, most_batches)
    tally, calibration = Tally(model), Calibration()
    for x, y, owners in excerpts:
        y = y[:, model.warm_up :]
        predicted = _predict(model, x, batch_size)[: len(y), model.warm_up :]
        tally.add("", owners, y, predicted)
        if ends := model.below(y, predicted):
            calibration.add(*map(ops.convert_to_numpy, ends))
        for name, guess in model.baseline_predictions(x).items():
            guess = ops.convert_to_numpy(guess)[:, model.warm_up :]
            tally.add(name, owners, y, guess)
    scores = tally.scores()
    values = scores.pop("")
    if isinstance(model.codec, Quantizer):
        past = None
        if train is not None:
            past = Excerpts(model, train, excerpt_seconds, batch_size, most_batches)
        scores |= counted_scores(model, model.codec.levels, excerpts, past)
    notes = [note for note in (excerpts.told, excerpts.left_out) if note]
    if too_short := sum(r.num_samples < excerpts.num_samples for r in corpus.recordings):
        notes.append(
            f"Shorter than an excerpt, and so without a score: {too_short} of the recordings."
        )
    if not np.isfinite(values[None]):
        notes.append("The model's predictions are not finite: its training has diverged.")
    baselines = {name: of[None] for name, of in scores.items()}
    if beaten_by := [
        name for name, value in baselines.items() if not values[None] < LEARNED * value
    ]:
        notes.append(
            f"No better than {' and '.join(beaten_by)}: of these recordings it has learned nothing "
            "beyond that."
        )
    error = calibration.error()
    if error is None or not np.isfinite(error):
        why = "the model predicts a mean and no distribution" if error is None else "NaN"
        notes.append(f"Calibration: not defined, {why}.")
        error = None
    return ModelReport(
        model=type(model).__name__,
        metric=model.new_metric().name,
        value=values[None],
        baselines=baselines,
        excerpt_seconds=excerpts.steps / model.codec.steps_per_second,
        recordings=tuple(
            RecordingScore(
                path=str(recording.path),
                seconds=recording.seconds,
                value=values.get(i),
                baselines={name: of[i] for name, of in scores.items() if i in of},
            )
            for i, recording in enumerate(corpus.recordings)
        ),
        calibration_error=error,
        quantiles=() if error is None else tuple(calibration.histogram()),
        notes=tuple(notes),
    )


def _predict(model: Autoregressive, x: Any, batch_size: int) -> np.ndarray:
    """Predictions of a batch, filled up: of one size, it is compiled once."""

    def filled(array: Any) -> np.ndarray:
        array = np.asarray(array)
        return np.pad(array, [(0, batch_size - len(array)), *[(0, 0)] * (array.ndim - 1)], "edge")

    return np.asarray(model.predict_on_batch(keras.tree.map_structure(filled, x)))
