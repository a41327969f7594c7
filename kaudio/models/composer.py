"""A classifier of composers: a raw waveform in, probabilities out."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kaudio.layers.log_spectrogram import LogSpectrogram
from kaudio.models import composer_layers as parts
from kaudio.models.balanced_accuracy import BalancedAccuracy

FRONT_ENDS = ("spectrogram", "waveform")
Tensor = Any


@keras.saving.register_keras_serializable("kaudio")
class ComposerClassifier(keras.Model):
    """Tells from a waveform of any length who composed it.

    Gated convolutions over frames, of a spectrogram or of what a WaveNet's trunk hears; mean and
    deviation over time; the labels. There are `members` such networks, whose logits are averaged.
    Each of them is trained without one fold of the works, and judged on that one: what a run says
    of the model is measured on works that the judged member has never heard.

    How loud a clip is changes nothing.

    Args:
        labels: Names of what is told apart, such as composers, in the order of the probabilities.
        sample_rate: Of the waveforms, in Hz.
        members: Number of networks.
        front_end: "spectrogram", or "waveform" for gated causal convolutions on samples.
        hop_length: Samples in a frame.
        bands_per_octave: Of the spectrogram.
        filters: Width of the blocks.
        blocks: Number of blocks. Dilation rates are 1, 2, 4, ... frames.
        encoder_filters: Width of the network on samples, for "waveform".
        dilations: Its dilation rates, in samples.
        next_sample: Weight of the auxiliary loss, for "waveform": the mean surprise at the next
            sample, in nats. 0 leaves it out.
        label_smoothing: Share of each target that is spread over all labels.
        dropout: Share of the pooled features that is left out in training.
        band_dropout: Share of the bands that is left out of whole clips in training.
        name: Of the model.

    Call arguments:
        x: `(batch, samples)` in [-1, 1]; or, as a run trains with, a dict of "samples" and
            "fold", `(batch,)`: the fold that each clip is of.

    Returns:
        Probabilities `(batch, labels)`; of a dict, a dict of the logits of all members,
        `(batch, members, labels)`, and what else the loss takes.

    Example:
    >>> model = ComposerClassifier(["bach", "schubert"], sample_rate=6_300)
    >>> model.predict(np.zeros((1, 63_000), "float32"), verbose=0)
    array([[0.5, 0.5]], dtype=float32)

    References:
        Van den Oord et al., "WaveNet", 2016, section 3.4 ("waveform" and the auxiliary loss).
    """

    def __init__(
        self,
        labels: Sequence[str],
        sample_rate: int,
        *,
        members: int = 4,
        front_end: str = "spectrogram",
        hop_length: int = 256,
        bands_per_octave: int = 24,
        filters: int = 48,
        blocks: int = 4,
        encoder_filters: int = 16,
        dilations: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512),
        next_sample: float = 0.0,
        label_smoothing: float = 0.1,
        dropout: float = 0.3,
        band_dropout: float = 0.1,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype="float32")
        self.options = {
            "labels": list(labels),
            "sample_rate": sample_rate,
            "members": members,
            "front_end": front_end,
            "hop_length": hop_length,
            "bands_per_octave": bands_per_octave,
            "filters": filters,
            "blocks": blocks,
            "encoder_filters": encoder_filters,
            "dilations": list(dilations),
            "next_sample": next_sample,
            "label_smoothing": label_smoothing,
            "dropout": dropout,
            "band_dropout": band_dropout,
        }
        _check(self.options)
        self.labels, self.sample_rate = tuple(labels), sample_rate
        self.spectrogram = None
        features: tuple = (None,)
        if front_end == "spectrogram":
            self.spectrogram = LogSpectrogram(
                sample_rate, 8 * hop_length, hop_length, bands_per_octave, name="spectrogram"
            )
            features = (None, len(self.spectrogram.centers))
        self.members = [
            parts.make_member(features, self.options, f"member_{i}") for i in range(members)
        ]
        # Set by `calibrate` on works that were held out.
        self.sharpness = self.add_weight((), "ones", trainable=False, name="sharpness")
        self.bias = self.add_weight((len(labels),), "zeros", trainable=False, name="bias")
        self.accuracy = BalancedAccuracy(len(labels))
        self.built = True

    @property
    def receptive_field(self) -> int:
        """Samples that a position of the last block depends on."""
        frames = 1 + 2 * sum(2**i for i in range(self.options["blocks"]))
        hop_length = self.options["hop_length"]
        if self.spectrogram is not None:
            return (frames - 1) * hop_length + self.spectrogram.frame_length
        return frames * hop_length + 1 + sum(self.options["dilations"])

    @property
    def layer_names(self) -> list[str]:
        """What `activations` can be asked for."""
        return [f"block_{i + 1}" for i in range(self.options["blocks"])]

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        if not isinstance(x, dict):
            return ops.softmax(self.logits(x))
        outputs = self._outputs(x["samples"], training)
        return {k: ops.stack([o[k] for o in outputs], axis=1) for k in self._learned}

    def logits(self, samples: Tensor) -> Tensor:
        """Calibrated logits of waveforms, `(batch, labels)`, the mean of all members."""
        members = [outputs["logits"] for outputs in self._outputs(samples)]
        return self.calibrated(sum(members[1:], members[0]) / len(members))

    def calibrated(self, logits: Tensor) -> Tensor:
        """Logits of members as `calibrate` found that they ought to be."""
        return ops.multiply(logits, self.sharpness) + self.bias

    def calibrate(self, sharpness: float, bias: Any) -> None:
        """Sets what logits are multiplied by, and what is added to those of each label."""
        self.sharpness.assign(sharpness)
        self.bias.assign(np.asarray(bias, "float32"))

    def activations(self, samples: Tensor, layer: str) -> Tensor:
        """What a layer puts out, `(batch, frames, channels)`, the members' side by side.

        Args:
            samples: `(batch, samples)`.
            layer: One of `layer_names`.
        """
        if layer not in self.layer_names:
            raise ValueError(
                f"Layers are {', '.join(self.layer_names)}. Received: layer='{layer}'."
            )
        return ops.concatenate([o[layer] for o in self._outputs(samples)], axis=-1)

    def _outputs(self, samples: Tensor, training: bool = False) -> list[dict[str, Tensor]]:
        hears = self.spectrogram or parts.leveled
        features = hears(samples)
        return [member(features, training=training) for member in self.members]

    @property
    def _learned(self) -> list[str]:
        return ["logits", "next"] if self.options["next_sample"] else ["logits"]

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor = None,
        y_pred: Any = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Cross-entropy in nats: of each clip and member, unless the clip is of its fold.

        Outside training it is the other way round: that of the one member which has not heard
        the clip's fold.

        Args:
            x: As for `call`.
            y: The share of each label, `(batch, labels)`.
            y_pred: What `call` made of `x`.
            sample_weight: Not used.
            training: Whether to learn from it.
        """
        logits, smoothing = y_pred["logits"], self.options["label_smoothing"]
        members = ops.arange(len(self.members))
        held_out = ops.cast(ops.equal(ops.expand_dims(x["fold"], 1), members), "float32")
        weight = 1 - held_out if training else held_out
        target = y * (1 - smoothing) + smoothing / len(self.labels) if training else y
        nats = -ops.sum(ops.expand_dims(target, 1) * ops.log_softmax(logits), axis=-1)
        self.accuracy.update_state(y, logits, weight)
        if self.options["next_sample"] and training:
            nats = nats + self.options["next_sample"] * self._surprise(x["samples"], y_pred["next"])
        return ops.sum(weight * nats) / ops.maximum(ops.sum(weight), 1e-6)

    def _surprise(self, samples: Tensor, logits: Tensor) -> Tensor:
        """Mean surprise of each member at the samples that follow, in nats, `(batch, members)`."""
        target = parts.codes(parts.leveled(samples))[:, parts.NEXT_EVERY :: parts.NEXT_EVERY]
        target = ops.repeat(ops.expand_dims(target, 1), len(self.members), axis=1)
        nats = keras.losses.sparse_categorical_crossentropy(target, logits, from_logits=True)
        return ops.mean(nats, axis=-1)

    def get_config(self) -> dict:
        return {"name": self.name, **self.options}


def _check(options: dict) -> None:
    labels = options["labels"]
    if len(labels) < 2 or len(set(labels)) < len(labels):
        raise ValueError(
            "`labels` must be two or more different names, such as the sub-folders of a corpus: "
            f"there is nothing to tell apart otherwise. Received: {', '.join(labels) or 'none'}."
        )
    for name in ("members", "filters", "blocks", "encoder_filters", "hop_length", "sample_rate"):
        if options[name] < 1:
            raise ValueError(f"`{name}` must be at least 1. Received: {name}={options[name]}.")
    if options["front_end"] not in FRONT_ENDS:
        raise ValueError(
            f'`front_end` must be one of {FRONT_ENDS}. Received: "{options["front_end"]}".'
        )
    if options["next_sample"] and options["front_end"] != "waveform":
        raise ValueError(
            "Only a network on samples can predict the next one: `next_sample` needs "
            '`front_end="waveform"`.'
        )
