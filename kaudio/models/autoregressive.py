"""What every model that `kaudio.generate` can run must offer."""

import abc
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import keras

from kaudio.codecs import Codec
from kaudio.models.stepper import Stepper

State = list
Tensor = Any
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Autoregressive(keras.Model):
    """A model of the next step of a sequence, given the steps before.

    Subclasses are built with the functional API, so that `call()` covers whole sequences, and add
    the same computation for a single position. All methods below are pure functions of tensors,
    which is what lets one compiled loop serve every model on every backend.

    Attributes:
        codec: The `kaudio.codecs.Codec` that turns waveforms into steps and back.
        controls: Names and default values of what steers `sample()`, such as "temperature".
        noise_shape: Shape of the uniform draws that `sample()` takes for each step and stream.
        head: What reads a prediction as a distribution, or None.
        conditions: Names and numbers of channels of what the model is told beside the steps.
        condition_names: Names of the channels of conditions that have any.
        receptive_field: Most steps that a prediction depends on, or None where there is no end.
        warm_up: Positions at the start of an excerpt whose predictions do not count.
        from_silence: Whether excerpts begin with silence, as those of one-shots do.
        prime_steps: Most steps of a prime that make a difference, or None where all do, be it
            only by their number.
        prime_hop: Of longer primes, a multiple of this is left out at the start.
    """

    codec: Codec
    controls: Mapping[str, float] = MappingProxyType({})
    noise_shape: tuple[int, ...] = ()
    head: Any = None
    conditions: Mapping[str, int] = NOTHING
    condition_names: Mapping[str, tuple[str, ...]] = NOTHING
    receptive_field: int | None = None
    warm_up: int = 0
    from_silence: bool = False
    prime_steps: int | None = None
    prime_hop: int = 1

    @abc.abstractmethod
    def initial_state(self, batch_size: int, conditions: Mapping[str, Tensor] = NOTHING) -> State:
        """The state before the first step: tensors in nested lists.

        Args:
            batch_size: Clips side by side.
            conditions: Those of the first step, as for `step()`.
        """

    @abc.abstractmethod
    def first_input(self, batch_size: int) -> Tensor:
        """The step that comes before the first one, silence: `(batch, *codec.step_shape)`."""

    @abc.abstractmethod
    def step(
        self,
        x: Tensor,
        state: State,
        conditions: Mapping[str, Tensor] = NOTHING,
    ) -> tuple[Tensor, State]:
        """One position of `call()`.

        Args:
            x: The current step, `(batch, *codec.step_shape)`.
            state: What `initial_state()` or the last call returned.
            conditions: For each name in `self.conditions`, `(batch, channels)`.

        Returns:
            The prediction of the next step, as `call()` gives it, and the new state.
        """

    def stepper(self, batch_size: int | None) -> Stepper:
        """What runs `step()` in a loop, with all that is prepared once for many steps."""
        return Stepper(self)

    def state_after(self, x: Tensor, conditions: Mapping[str, Tensor] = NOTHING) -> State:
        """The state that `step()` leaves behind from silence on, all positions in parallel.

        Only of models with `prime_steps`.

        Args:
            x: Steps that were heard, `(batch, steps, *codec.step_shape)`.
            conditions: Those of all of them, as for `step()`.
        """
        raise NotImplementedError

    def restart_conditions(self, state: State) -> State:
        """The same state, but conditions begin with the next step, as after a prime."""
        return state

    @abc.abstractmethod
    def sample(self, prediction: Tensor, noise: Tensor, controls: Mapping[str, Tensor]) -> Tensor:
        """Draws the next step from a prediction.

        Args:
            prediction: What `step()` predicted.
            noise: Uniform draws in [0, 1), `(batch, *noise_shape)`.
            controls: A scalar for each name in `self.controls`.

        Returns:
            The next step, `(batch, *codec.step_shape)`.
        """

    def baseline_predictions(self, x: Tensor) -> dict[str, Tensor]:
        """What models that have learned nothing would predict.

        Args:
            x: A batch of sequences, `(batch, steps, *codec.step_shape)`.

        Returns:
            Predictions of the shape that `call(x)` has, by the name of the baseline.
        """
        return {}

    def below(self, y: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor] | None:
        """Probabilities of a lower value than what came, and of one that is no higher.

        Args:
            y: The steps that came.
            y_pred: Predictions of them.

        Returns:
            Two arrays of one shape, or None of a model that predicts no distribution.
        """
        return None if self.head is None else self.head.below(y, y_pred)

    def check_excerpts(self, steps: int) -> None:
        """Refuses excerpts of so many steps if none of them would count."""
        if steps <= self.warm_up:
            raise ValueError(
                f"Excerpts must be at least as long as the receptive field of "
                f"{self.receptive_field} samples. Received: excerpts of {steps} samples. Ask for "
                "longer excerpts or for fewer or smaller dilations."
            )

    @abc.abstractmethod
    def new_metric(self) -> keras.metrics.Metric:
        """The metric that says best what this model has learned, such as "nmse"."""

    @abc.abstractmethod
    def update_metric(self, metric: keras.metrics.Metric, y: Tensor, y_pred: Tensor) -> None:
        """Adds a batch of next steps and their predictions to `new_metric()`."""

    @classmethod
    def from_config(cls, config: dict, custom_objects: dict | None = None) -> "Autoregressive":
        config = {**config, "codec": keras.saving.deserialize_keras_object(config["codec"])}
        return cls(**config)
