"""What a model of frames says of the next one beside its mean: a mixture of Gaussians."""

import math
from dataclasses import dataclass
from typing import Any

from keras import ops

from kaudio.models.draws import box_muller, choose

# No deviation is narrower, of standardised frames: a frame of silence could be predicted without
# any, and its likelihood would have no end.
NARROWEST = 1e-3
# Deviations of one mean begin this far apart, or they would all learn the same.
APART = 4.0


@dataclass(frozen=True)
class FrameMixture:
    """A mixture of Gaussians over standardised frames, each with a deviation for every feature.

    Where what comes next is open, the mean of all that may come is nothing that does: the mean of
    two chords, or of a tone in all phases, which is silence. A mixture can choose.

    With `one_mean` it is a scale mixture: Gaussians about one mean, wide and narrow ones, of which
    each frame takes one. Most moments of a piano are as expected, and a stroke is not; a single
    deviation for both would be noise all the time, and never a stroke.

    A prediction is a row of numbers: a logit for each Gaussian if there are several, then all
    means, then what becomes the logarithms of their deviations.

    Args:
        features: Numbers in a frame.
        mixtures: Number of Gaussians, at least 1.
        one_mean: Whether all have one mean.

    Example:
    >>> head = FrameMixture(features=2, mixtures=1)
    >>> ops.convert_to_numpy(head.nats(np.zeros((1, 2)), np.zeros((1, 4))))
    array([0.9194387], dtype=float32)

    References:
        Bishop, "Mixture density networks", 1994. Graves, "Generating sequences with recurrent
        neural networks", 2013, section 4.2. Andrews and Mallows, "Scale mixtures of normal
    distributions", 1974.
    """

    features: int
    mixtures: int
    one_mean: bool = False

    @property
    def width(self) -> int:
        """How many numbers the network puts out for each frame."""
        return self.num_logits + (self.num_means + self.mixtures) * self.features

    @property
    def num_means(self) -> int:
        """How many means a prediction has."""
        return 1 if self.one_mean else self.mixtures

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
            deviations: Of each feature, standardised, `(features,)`; with `one_mean`, those of the
                widest Gaussian.
        """
        factors = [APART**-i if self.one_mean else 1.0 for i in range(self.mixtures)]
        each = ops.concatenate([ops.cast(deviations, "float32") * factor for factor in factors])
        logs = ops.log(ops.maximum(each, 1.1 * NARROWEST) / NARROWEST)
        logs = ops.log(ops.expm1(logs)) + math.log(NARROWEST)  # undoes what `_split` does
        return ops.concatenate([ops.zeros((self.width - len(factors) * self.features,)), logs])

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
        means are fitted as without deviations, and deviations to what is left. For one mean.

        References:
            Stirn et al., "Faithful heteroscedastic regression with neural networks", 2023.
        """
        logits, means, logs = self.parts(prediction)
        fixed = self.row(logits, ops.stop_gradient(means), logs)
        return ops.mean(ops.square(frames - means), axis=-1) + self.nats(frames, fixed)

    def below(self, frames: Any, prediction: Any) -> tuple[Any, Any]:
        """Probabilities of a lower value than each, `(..., features)`, of each feature alone.

        Twice, as what is no higher is as likely as what is lower.
        """
        logits, means, logs = self._split(prediction)
        off = (ops.expand_dims(frames, -2) - means) * ops.exp(-logs)
        shares = 0.5 + 0.5 * ops.erf(off / math.sqrt(2))
        share = ops.sum(ops.expand_dims(ops.exp(logits), -1) * shares, axis=-2)
        return share, share

    def mean(self, prediction: Any) -> Any:
        """The mean of the mixture, `(..., features)`."""
        logits, means, _ = self._split(prediction)
        return ops.sum(ops.expand_dims(ops.exp(logits), -1) * means, axis=-2)

    def about(self, means: Any) -> Any:
        """Predictions whose mean is given, with deviations of about 1."""
        logits = ops.zeros((*means.shape[:-1], self.num_logits))
        logs = ops.zeros_like(ops.concatenate([means] * self.mixtures, axis=-1))
        return self.row(logits, ops.concatenate([means] * self.num_means, axis=-1), logs)

    def parts(self, prediction: Any) -> tuple[Any, Any, Any]:
        """Logits, means and what becomes log-deviations, as they stand in a row."""
        first = self.num_logits
        after = first + self.num_means * self.features
        return prediction[..., :first], prediction[..., first:after], prediction[..., after:]

    def row(self, logits: Any, means: Any, logs: Any) -> Any:
        """Undoes `parts`."""
        told = [logits, means, logs] if self.num_logits else [means, logs]
        return ops.concatenate(told, axis=-1)

    def sample(self, prediction: Any, noise: Any, temperature: Any) -> Any:
        """Draws frames.

        Args:
            prediction: `(batch, width)`.
            noise: Uniform draws in [0, 1), `(batch, *noise_shape)`.
            temperature: Times the deviations. 0 gives the mean of the likeliest Gaussian. Between
                several means one is chosen by logits divided by it; which deviation of one mean is
                played, does not depend on it.

        Returns:
            Standardised frames, `(batch, features)`.
        """
        logits, means, logs = self._split(prediction)
        if self.mixtures > 1:
            if not self.one_mean:
                logits = logits / ops.maximum(temperature, 1e-6)
            which = choose(logits, noise[:, 0, -1])
            picked = ops.expand_dims(ops.one_hot(which, self.mixtures, dtype=means.dtype), -1)
            means = means[:, 0] if self.one_mean else ops.sum(picked * means, axis=1)
            logs = ops.sum(picked * logs, axis=1)
        else:
            means, logs = means[:, 0], logs[:, 0]
        normal = box_muller(noise[:, :, :-1])[:, : self.features]
        return means + temperature * ops.exp(logs) * normal

    def _split(self, prediction: Any) -> tuple:
        """Logarithms of weights `(..., mixtures)`, and means and log-deviations of each feature."""
        lead = ops.shape(prediction)[:-1]
        logits, means, logs = self.parts(prediction)
        weights = (
            ops.log_softmax(logits) if self.num_logits else ops.zeros_like(prediction[..., :1])
        )
        means = ops.reshape(means, (*lead, self.num_means, self.features))
        logs = ops.reshape(logs, (*lead, self.mixtures, self.features))
        return weights, means, ops.softplus(logs - math.log(NARROWEST)) + math.log(NARROWEST)
