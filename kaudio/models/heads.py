"""What a model of codes says of the next one: a probability for each, or a mixture of logistics."""

import abc
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras import ops

from kaudio.models.draws import choose, cross_entropy, truncate


@dataclass(frozen=True)
class Head(abc.ABC):
    """Reads the numbers that a network puts out as a distribution over codes.

    Args:
        levels: Number of codes.
    """

    levels: int

    @property
    @abc.abstractmethod
    def width(self) -> int:
        """How many numbers the network puts out for each position."""

    @property
    @abc.abstractmethod
    def noise_shape(self) -> tuple[int, ...]:
        """Shape of the uniform draws that `sample()` takes for each clip."""

    @abc.abstractmethod
    def nats(self, codes: Any, prediction: Any) -> Any:
        """Minus the log-probability of codes `(...)` under predictions `(..., width)`."""

    @abc.abstractmethod
    def below(self, codes: Any, prediction: Any) -> tuple[Any, Any]:
        """Probabilities of a lower code than each, and of one that is no higher, `(...)`."""

    @abc.abstractmethod
    def sample(self, prediction: Any, noise: Any, controls: Mapping[str, Any]) -> Any:
        """Codes `(batch,)` drawn from predictions `(batch, width)`."""


@dataclass(frozen=True)
class Categorical(Head):
    """A probability for each code, from a softmax.

    References:
        Van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016, section 2.2.
    """

    @property
    def width(self) -> int:
        return self.levels

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return ()

    def nats(self, codes: Any, prediction: Any) -> Any:
        return cross_entropy(codes, prediction)

    def below(self, codes: Any, prediction: Any) -> tuple[Any, Any]:
        shares = ops.softmax(prediction)
        codes = ops.expand_dims(ops.cast(codes, "int32"), -1)
        low = ops.sum(ops.where(ops.arange(self.levels) < codes, shares, 0.0), axis=-1)
        return low, low + ops.take_along_axis(shares, codes, axis=-1)[..., 0]

    def sample(self, prediction: Any, noise: Any, controls: Mapping[str, Any]) -> Any:
        logits = prediction / ops.maximum(controls["temperature"], 1e-6)
        return choose(truncate(logits, controls["top_k"], controls["top_p"]), noise)


@dataclass(frozen=True)
class LogisticMixture(Head):
    """A mixture of logistic distributions, rounded to the codes.

    Codes are known to be numbers here: it takes few parameters for 65 536 of them.

    Args:
        levels: Number of codes.
        mixtures: Number of logistic distributions.

    References:
        Salimans et al., "PixelCNN++", 2017, section 2.1. Van den Oord et al., "Parallel WaveNet",
        2017, section 2.1.
    """

    mixtures: int = 10

    @property
    def width(self) -> int:
        return 3 * self.mixtures

    @property
    def noise_shape(self) -> tuple[int, ...]:
        return (2,)

    def _split(self, prediction: Any) -> tuple:
        logits, means, log_scales = ops.split(prediction, 3, axis=-1)
        # Music is soft, mostly. Much narrower than one code makes no difference any more.
        return logits, means, ops.maximum(log_scales - 3.0, -math.log(self.levels) - 3.0)

    def nats(self, codes: Any, prediction: Any) -> Any:
        logits, means, log_scales = self._split(prediction)
        codes = ops.expand_dims(ops.cast(codes, "float32"), -1)
        value = (codes - self.levels // 2) * (2.0 / self.levels)
        above = (value + 1.0 / self.levels - means) * ops.exp(-log_scales)
        width = 2.0 / self.levels * ops.exp(-log_scales)
        # s(a) - s(b) = s(a) s(-b) (1 - exp(b - a)), which loses no digits.
        below = ops.where(codes > 0, ops.log_sigmoid(width - above), 0.0)
        inside = ops.where(codes < self.levels - 1, ops.log_sigmoid(above), 0.0)
        both = ops.logical_and(codes > 0, codes < self.levels - 1)
        log_probabilities = below + inside + ops.where(both, ops.log(-ops.expm1(-width)), 0.0)
        return -ops.logsumexp(ops.log_softmax(logits) + log_probabilities, axis=-1)

    def below(self, codes: Any, prediction: Any) -> tuple[Any, Any]:
        logits, means, log_scales = self._split(prediction)
        codes, shares = ops.expand_dims(ops.cast(codes, "float32"), -1), ops.softmax(logits)
        value = (codes - self.levels // 2) * (2.0 / self.levels)

        def upto(edge: Any) -> Any:
            return ops.sum(shares * ops.sigmoid((edge - means) * ops.exp(-log_scales)), axis=-1)

        codes, half = codes[..., 0], 1.0 / self.levels
        high = ops.where(codes < self.levels - 1, upto(value + half), 1.0)
        return ops.where(codes > 0, upto(value - half), 0.0), high

    def sample(self, prediction: Any, noise: Any, controls: Mapping[str, Any]) -> Any:
        logits, means, log_scales = self._split(prediction)
        temperature = controls["temperature"]
        which = choose(logits / ops.maximum(temperature, 1e-6), noise[:, 0])
        picked = ops.one_hot(which, self.mixtures, dtype=means.dtype)
        mean = ops.sum(picked * means, axis=-1)
        scale = ops.exp(ops.sum(picked * log_scales, axis=-1))
        draw = ops.clip(noise[:, 1], 1e-6, 1 - 1e-6)
        value = mean + temperature * scale * (ops.log(draw) - ops.log1p(-draw))
        codes = ops.round(value * (self.levels / 2)) + self.levels // 2
        return ops.cast(ops.clip(codes, 0, self.levels - 1), "int32")
