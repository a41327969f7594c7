"""A trained model as a function of tensors from noise to samples: with its codec in the graph."""

import abc
from typing import Any, cast

import keras
import numpy as np
from keras import ops

from kaudio.artifacts.classifier import Classifier
from kaudio.artifacts.time_domain import LONGEST_NOISE, TimeDomainLSTM
from kaudio.codecs import Quantizer
from kaudio.codecs.frames import Frames
from kaudio.models import ComposerClassifier, FrameLSTM, WaveNet
from kaudio.models.autoregressive import Autoregressive


class Network(abc.ABC):
    """What the loop runs, and the way from samples to its steps and back.

    Attributes:
        source: What the loop runs: the model, or the same computation in another form.
        model: The model as it was trained.
    """

    source: Any

    def __init__(self, model: Autoregressive) -> None:
        self.model = model

    @abc.abstractmethod
    def encode(self, samples: Any) -> Any:
        """Steps `(batch, steps, ...)` of samples `(batch, num_samples)`."""

    @abc.abstractmethod
    def decode(self, steps: Any, tail: Any) -> tuple[Any, Any]:
        """Samples of steps, and what is left over for the next ones: see `Codec.decode_block`."""

    @abc.abstractmethod
    def predict(self, samples: Any, conditions: dict) -> Any:
        """What is predicted of each next step, from samples that are given."""

    def variables(self) -> list:
        """All that endpoints read from."""
        return list(self.source.variables)

    def initial_tail(self, batch_size: Any) -> Any:
        """What is left over before the first step."""
        codec = self.model.codec
        return ops.zeros((batch_size, codec.frame_length - codec.hop_length))


class CodeNetwork(Network):
    """A model of codes, such as WaveNet.

    Args:
        model: The model. Its codec is a `Quantizer`.
    """

    def __init__(self, model: WaveNet) -> None:
        super().__init__(model)
        self.source = self.wavenet = model
        codec = cast(Quantizer, model.codec)
        self.thresholds, self.table = thresholds(codec), codec.table

    def encode(self, samples: Any) -> Any:
        samples = ops.where(samples == samples, samples, 0.0)  # silence for what is no number
        codes = ops.zeros_like(samples, dtype="int32")
        bits = (len(self.thresholds)).bit_length()
        limits = np.full(2**bits, np.inf, "float32")
        limits[1 : len(self.thresholds) + 1] = self.thresholds
        for bit in reversed(range(bits)):  # the highest code whose limit is reached
            higher = codes + 2**bit
            reached = samples >= ops.take(limits, higher, axis=0)
            codes = ops.where(reached, higher, codes)
        return codes

    def decode(self, steps: Any, tail: Any) -> tuple[Any, Any]:
        return ops.take(self.table, steps, axis=0), tail

    def predict(self, samples: Any, conditions: dict) -> Any:
        codes = self.encode(samples)
        if not conditions:
            return self.wavenet(codes)
        given = dict(conditions)
        if "local" in given:
            shape = (ops.shape(codes)[0], ops.shape(codes)[1], given["local"].shape[-1])
            whole = ops.broadcast_to(given["local"], shape)
            given["local"] = whole[:, :: self.wavenet.options["local_hop_length"]]
        return self.wavenet({"steps": codes, **given})


class FrameNetwork(Network):
    """A model of frames, which works on samples instead of their spectra: see `TimeDomainLSTM`.

    Args:
        model: The model. Its codec cuts frames.
    """

    def __init__(self, model: FrameLSTM, codec: Frames) -> None:
        super().__init__(model)
        self.codec = codec
        self.source = TimeDomainLSTM(model, codec)
        self.overlap = codec.frame_length // codec.hop_length

    def _frames(self, samples: Any) -> Any:
        length, hop = self.codec.frame_length, self.codec.hop_length
        count = (ops.shape(samples)[1] - length) // hop + 1
        starts = hop * ops.expand_dims(ops.arange(count, dtype="int32"), 1)
        frames = ops.take(samples, starts + np.arange(length, dtype="int32"), axis=1)
        return frames * self.codec.window

    def encode(self, samples: Any) -> Any:
        return self.source.heard(self._frames(samples))

    def decode(self, steps: Any, tail: Any) -> tuple[Any, Any]:
        hop, more = self.codec.hop_length, self.overlap - 1
        frames = steps[..., : self.codec.frame_length] * self.codec.window
        batch_size, count = ops.shape(frames)[:2]
        if not more:
            return ops.reshape(frames, (batch_size, count * hop)), tail
        parts = ops.reshape(frames, (batch_size, count, self.overlap, hop))
        total = ops.pad(ops.reshape(tail, (batch_size, more, hop)), [[0, 0], [0, count], [0, 0]])
        for number in range(self.overlap):
            total += ops.pad(parts[:, :, number], [[0, 0], [number, more - number], [0, 0]])
        whole = ops.reshape(total, (batch_size, (count + more) * hop))
        return whole[:, : count * hop], whole[:, count * hop :]

    def predict(self, samples: Any, conditions: dict) -> Any:
        return self.source(self._frames(samples))


class SpectralNetwork(FrameNetwork):
    """A model of frames with a probabilistic head: transforms stay outside of what the loop runs.

    The deviations of such a head are of features, other ones each time, so they do not fold into
    the layers as those of a `TimeDomainLSTM` do.

    Args:
        model: The model. Its codec cuts frames.

    Raises:
        ValueError: If the matrix of the transform would be too large.
    """

    def __init__(self, model: FrameLSTM, codec: Frames) -> None:
        Network.__init__(self, model)
        self.codec, self.source = codec, model
        self.overlap = codec.frame_length // codec.hop_length
        self.matrix = None
        if type(codec) is not Frames:
            if codec.frame_length > LONGEST_NOISE:
                raise ValueError(
                    "A model with `mixtures` can be exported if its frames are of at most "
                    f"{LONGEST_NOISE} samples. Received: {codec.frame_length}. Train it on "
                    "shorter frames."
                )
            # The inverse of the transform is its transpose.
            self.matrix = codec.transform(np.eye(codec.frame_length, dtype="float32"))

    def encode(self, samples: Any) -> Any:
        frames = self._frames(samples)
        return frames if self.matrix is None else ops.matmul(frames, self.matrix)

    def decode(self, steps: Any, tail: Any) -> tuple[Any, Any]:
        if self.matrix is not None:
            steps = ops.matmul(steps, self.matrix.T)
        return super().decode(steps, tail)

    def predict(self, samples: Any, conditions: dict) -> Any:
        return self.source(self.encode(samples))


def network(model: keras.Model) -> Network | Classifier:
    """The network of a model.

    Raises:
        ValueError: If there is none for models of this kind.
    """
    if isinstance(model, WaveNet):
        return CodeNetwork(model)
    if isinstance(model, FrameLSTM) and isinstance(model.codec, Frames):
        make = SpectralNetwork if model.options["mixtures"] else FrameNetwork
        return make(model, model.codec)
    if isinstance(model, ComposerClassifier):
        return Classifier(model)
    raise ValueError(
        "Only a WaveNet, a FrameLSTM or a ComposerClassifier can be exported. "
        f"Received: {type(model).__name__}. `keras.Model.export` exports any model's call."
    )


def thresholds(codec: Quantizer) -> np.ndarray:
    """The least sample, in float32, of each code but the lowest: `(levels - 1,)`."""
    codes = np.arange(1, codec.levels)
    low, high = np.full(len(codes), -1, "float32"), np.full(len(codes), 1, "float32")
    while True:
        middle = (low + high) / np.float32(2)
        inside = (middle > low) & (middle < high)
        if not inside.any():
            return high
        reached = codec.encode(middle) >= codes
        low = np.where(inside & ~reached, middle, low)
        high = np.where(inside & reached, middle, high)
