"""What a model of frames says of the next one beside its mean: a mixture of Gaussians."""

import math
from dataclasses import dataclass
from typing import Any

from keras import ops

from kaudio.models.draws import box_muller, choose

# No deviation is narrower, of standardised frames: a frame of silence could be predicted without
# any, and its likelihood would have no end.
NARROWEST = 1e-3


@dataclass(frozen=True)
class FrameMixture:
    """A mixture of Gaussians over standardised frames, each with a deviation for every feature.

    Where what comes next is open, the mean of all that may come is nothing that does: the mean of
    two chords, or of a tone in all phases, which is silence. A mixture can choose.

    A prediction is a row of numbers: a logit for each Gaussian if there are several, then all
    means, then what becomes the logarithms of their deviations.

    Args:
        features: Numbers in a frame.
        mixtures: Number of Gaussians, at least 1.

    Example:
    >>> head = FrameMixture(features=2, mixtures=1)
    >>> ops.convert_to_numpy(head.nats(np.zeros((1, 2)), np.zeros((1, 4))))
    array([0.9194387], dtype=float32)

    References:
        Bishop, "Mixture density networks", 1994. Graves, "Generating sequences with recurrent
        neural networks", 2013, section 4.2.
    """

    features: int
    mixtures: int

    @property
    def width(self) -> int:
        """How many numbers the network puts out for each frame."""
        return self.num_logits + 2 * self.mixtures * self.features

    @property
    def num_logits(self) -> int:
        return self.mixtures if self.mixtures > 1 else 0

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """Shape of the uniform draws that `sample()` takes for each frame."""
        return (2, 1 + math.ceil(self.features / 2))

    def bias(self, deviations: Any) -> Any:
        """What a network that has learned nothing should put out.

        Args:
            deviations: Of each feature, standardised, `(features,)`.
        """
        logs = ops.log(ops.maximum(ops.cast(deviations, "float32"), 1.1 * NARROWEST) / NARROWEST)
        logs = ops.log(ops.expm1(logs)) + math.log(NARROWEST)  # undoes what `_split` does
        means = ops.zeros((self.num_logits + self.mixtures * self.features,))
        return ops.concatenate([means, ops.tile(logs, self.mixtures)])

    def nats(self, frames: Any, prediction: Any) -> Any:
        """Minus the log-likelihood of frames, for each of their features.

        Args:
            frames: Standardised, `(..., features)`.
            prediction: `(..., width)`.

        Returns:
            `(...)`, in nats per feature. Below 0 where the density is above 1.
        """
        logits, means, logs = self._split(prediction)
        off = (ops.expand_dims(frames, -2) - means) * ops.exp(-logs)
        density = -ops.sum(0.5 * ops.square(off) + logs, axis=-1)
        nats = 0.5 * math.log(2 * math.pi)
        return nats - ops.logsumexp(logits + density, axis=-1) / self.features

    def faithful_nats(self, frames: Any, prediction: Any) -> Any:
        """Squared errors of the mean, and `nats()` as a function of the deviations alone.

        By likelihood, what is hard to predict counts little, and its mean is hardly learned. Here
        means are fitted as without deviations, and deviations to what is left.

        References:
            Stirn et al., "Faithful heteroscedastic regression with neural networks", 2023.
        """
        means, logs = ops.split(prediction, 2, axis=-1)
        fixed = ops.concatenate([ops.stop_gradient(means), logs], axis=-1)
        return ops.mean(ops.square(frames - means), axis=-1) + self.nats(frames, fixed)

    def mean(self, prediction: Any) -> Any:
        """The mean of the mixture, `(..., features)`."""
        logits, means, _ = self._split(prediction)
        return ops.sum(ops.expand_dims(ops.exp(logits), -1) * means, axis=-2)

    def about(self, means: Any) -> Any:
        """Predictions whose mean is given, with deviations of about 1."""
        shape = (*means.shape[:-1], self.num_logits)
        tiled = ops.concatenate([means] * self.mixtures, axis=-1)
        return ops.concatenate([ops.zeros(shape), tiled, ops.zeros_like(tiled)], axis=-1)

    def sample(self, prediction: Any, noise: Any, temperature: Any) -> Any:
        """Draws frames.

        Args:
            prediction: `(batch, width)`.
            noise: Uniform draws in [0, 1), `(batch, *noise_shape)`.
            temperature: Times the deviations. 0 gives the mean of the likeliest Gaussian.

        Returns:
            Standardised frames, `(batch, features)`.
        """
        logits, means, logs = self._split(prediction)
        if self.mixtures > 1:
            which = choose(logits / ops.maximum(temperature, 1e-6), noise[:, 0, -1])
            picked = ops.expand_dims(ops.one_hot(which, self.mixtures, dtype=means.dtype), -1)
            means = ops.sum(picked * means, axis=1)
            logs = ops.sum(picked * logs, axis=1)
        else:
            means, logs = means[:, 0], logs[:, 0]
        normal = box_muller(noise[:, :, :-1])[:, : self.features]
        return means + temperature * ops.exp(logs) * normal

    def _split(self, prediction: Any) -> tuple:
        """Logarithms of weights `(..., mixtures)`, and means and log-deviations of each feature."""
        count = self.mixtures * self.features
        shape = (*ops.shape(prediction)[:-1], self.mixtures, self.features)
        logits = prediction[..., : self.num_logits]
        weights = (
            ops.log_softmax(logits) if self.num_logits else ops.zeros_like(prediction[..., :1])
        )
        means = ops.reshape(prediction[..., self.num_logits : self.num_logits + count], shape)
        logs = ops.reshape(prediction[..., self.num_logits + count :], shape)
        return weights, means, ops.softplus(logs - math.log(NARROWEST)) + math.log(NARROWEST)
