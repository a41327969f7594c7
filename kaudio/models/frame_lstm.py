"""FrameLSTM: recurrent layers over frames of audio, the design of GRUV and of Beckham."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import keras
from keras import ops

from kaudio.codecs import Codec
from kaudio.layers import Standardize
from kaudio.models.autoregressive import NOTHING, Autoregressive, State, Tensor
from kaudio.models.draws import box_muller
from kaudio.models.frame_heads import FrameMixture
from kaudio.models.frame_layers import check_options, make_layers
from kaudio.models.frame_training import Carry, OwnInputs, some_steps, steps_of
from kaudio.models.nmse import NMSE

# Share of the newest batch in the running variance of what the model could not predict.
RESIDUAL_RATE = 0.01
NO_OPTIONS = ("self", "codec", "name", "__class__")


@keras.saving.register_keras_serializable("kaudio")
class FrameLSTM(Autoregressive):
    """Predicts the next frame of a recording from the frames so far.

    Frames are standardised, projected, run through LSTMs and projected back: Dense, LSTM, Dense,
    where each Dense treats every frame alike. (`keras.layers.TimeDistributed(Dense)` is the same
    mathematics, several times slower.) The output is the mean of the next frame; the loss and the
    metric "nmse" compare standardised frames.

    Args:
        codec: A codec whose steps are frames: `kaudio.codecs.FFTFrames` or `Frames`.
        units: Width of each recurrent layer.
        num_layers: Number of recurrent layers, at least 1.
        cell: "lstm" or "gru".
        projection: Width of the Dense before the recurrent layers. 0 leaves it out.
        normalization: Statistics that frames are standardised by: "feature", "global", "range" or
            "none". See `kaudio.layers.Standardize`.
        floor_db: No standard deviation is smaller than the largest by more than this, in dB.
        input_noise: Standard deviation of the Gaussian noise added to standardised frames in
            training, so that the model learns to recover from its own mistakes.
        dropout: Share of the recurrent output set to zero in training, in [0, 1).
        recurrent_activation: Of the gates: "sigmoid", or "hard_sigmoid" as in 2015.
        unit_forget_bias: Whether forget gates of LSTMs start open.
        reset_after: Whether GRUs apply the reset gate after the recurrent product.
        temperature: Default of the control of the same name: times the standard deviation of what
            the model could not predict is added to each generated frame as Gaussian noise. 0
            emits the mean, as GRUV and Beckham did.
        mixtures: 0 predicts the mean; compile with a loss. 1 or more predict so many Gaussians,
            each with a deviation for every feature, and have a loss of their own, so compile
            without. Then `temperature` scales the deviations: 1 draws as learned.
        faithful: Whether these Gaussians have one mean, fitted by squared errors, and deviations
            fitted to what is left: see `FrameMixture.faithful_nats`. Otherwise each has a mean of
            its own, and all is fitted by likelihood.
        input_dropout: Share of the standardised input set to zero in training, in [0, 1).
        scheduled_sampling: Share of the frames that in training the model hears as it would have
            played them itself, instead of as they were, in [0, 1]. See `OwnInputs`.
        ramp_steps: Training steps in which that share rises from 0.
        lanes: Rows of a batch in training, each of which goes on where it ended in the batch
            before: gradients end there, the state does not. Needs `kaudio.data.lanes`. 0 begins
            each excerpt from the zero state.

    Input shape:
        `(batch, steps, features)` frames as the codec gives them. With `lanes`, in training, a
        dict of "steps" and "begins" `(batch,)`: 1 where a row begins anew, otherwise 0.

    Output shape:
        `(batch, steps, features)` predictions of the next frame, in the same unit; with
        `mixtures`, `(batch, steps, head.width)` parameters: see `FrameMixture`.

    Example:
    >>> codec = kaudio.codecs.FFTFrames(sample_rate=8_000, frame_length=256)
    >>> model = FrameLSTM(codec, units=64, projection=64)
    >>> model.predict(np.zeros((1, 10, 256)), verbose=0).shape
    (1, 10, 256)

    References:
        Nayebi and Vitelli, "GRUV: Algorithmic Music Generation using Recurrent Neural Networks",
        2015. Beckham, write-up for IFT6266, 2016.
    """

    def __init__(
        self,
        codec: Codec,
        units: int = 1024,
        num_layers: int = 1,
        *,
        cell: str = "lstm",
        projection: int = 1024,
        normalization: str = "feature",
        floor_db: float = -80.0,
        input_noise: float = 0.0,
        dropout: float = 0.0,
        recurrent_activation: str = "sigmoid",
        unit_forget_bias: bool = True,
        reset_after: bool = True,
        temperature: float = 0.0,
        mixtures: int = 0,
        faithful: bool = True,
        input_dropout: float = 0.0,
        scheduled_sampling: float = 0.0,
        ramp_steps: int = 0,
        lanes: int = 0,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        options = {k: v for k, v in locals().items() if k not in NO_OPTIONS}
        options["dtype"] = dtype = keras.dtype_policies.get(dtype).name
        check_options(codec, options)
        (features,) = codec.step_shape
        head = FrameMixture(features, mixtures, faithful) if mixtures else None
        parts = make_layers(features, head, options)
        frames = keras.Input((None, features), name="frames")
        outputs, _ = parts(frames)
        if head is None:
            outputs = parts.standardize(outputs, inverse=True)
        super().__init__(inputs=frames, outputs=outputs, name=name)
        # Config
        self.dtype_policy = keras.dtype_policies.get(dtype)  # `compile` scales losses by it
        self.codec, self.head = codec, head
        self.parts, self.recurrent = parts, list(parts.recurrent)
        self.standardize, self.project = parts.standardize, parts.project
        self.readout = parts.readout
        self.residual_variance = self.add_weight(
            (features,), initializer="ones", trainable=False, name="residual_variance"
        )
        self.nmse = self.new_metric()
        self.controls = MappingProxyType({"temperature": temperature})
        self.noise_shape = head.noise_shape if head else (2, math.ceil(features / 2))
        self.options = options
        self.carry = Carry(self, lanes) if lanes else None
        self.own_inputs = None
        if scheduled_sampling:
            self.own_inputs = OwnInputs(self, scheduled_sampling, ramp_steps)
            self.own_seed = self.own_inputs.seed  # so that it is kept with the weights

    @property
    def input_spec(self) -> Any:
        """None with `lanes`: in training there is more than the one input that layers see."""
        return None if self.options["lanes"] else super().input_spec

    def call(self, inputs: Tensor, training: bool | None = None, mask: Any = None) -> Tensor:
        begins = None
        if isinstance(inputs, dict):
            inputs, begins = inputs["steps"], inputs.get("begins")
        if not training or (self.carry is None and self.own_inputs is None):
            return super().call(inputs, training=training, mask=mask)
        states = self.carry.states(inputs, begins) if self.carry else None
        if self.own_inputs:
            inputs = self.own_inputs(self, inputs, states)
        outputs, after = self.parts(inputs, states, training=True)
        if self.carry:
            self.carry.keep(after)
        return self.put_out(outputs)

    def put_out(self, outputs: Tensor) -> Tensor:
        """What `call()` gives."""
        return outputs if self.head else self.standardize(outputs, inverse=True)

    def adapt(self, dataset: Any, max_frames: int = 50_000) -> None:
        """Learns the statistics that frames are standardised by.

        Args:
            dataset: Batches `(x, y)` of training data, with random access.
            max_frames: No more batches are looked at once they held this many frames.
        """
        self.standardize.adapt(some_steps(dataset, max_frames))
        if self.head:  # which then begins with what there is, not with deviations of 1
            each = Standardize("feature", self.standardize.floor_db)
            each.build((None, *self.codec.step_shape))
            each.adapt(some_steps(dataset, max_frames))
            self.parts.begin(ops.divide(each.scale, self.standardize.scale))

    def initial_state(self, batch_size: int, conditions: Mapping[str, Tensor] = NOTHING) -> State:
        return [layer.initial_state(batch_size) for layer in self.recurrent]

    def first_input(self, batch_size: int) -> Tensor:
        return ops.zeros((batch_size, *self.codec.step_shape))

    def step(
        self,
        x: Tensor,
        state: State,
        conditions: Mapping[str, Tensor] = NOTHING,
    ) -> tuple[Tensor, State]:
        outputs, state = self.parts.step(x, state)
        return self.put_out(outputs), state

    def sample(self, prediction: Tensor, noise: Tensor, controls: Mapping[str, Tensor]) -> Tensor:
        temperature = controls["temperature"]
        if self.head:
            drawn = self.head.sample(prediction, noise, temperature)
            return self.standardize(drawn, inverse=True)
        normal = box_muller(noise)[:, : prediction.shape[-1]]
        spread = ops.sqrt(self.residual_variance) * self.standardize.scale
        return prediction + temperature * spread * normal

    def baseline_predictions(self, x: Tensor) -> dict[str, Tensor]:
        x = steps_of(x)
        mean = ops.broadcast_to(self.standardize.mean, ops.shape(x))
        found = {"predict-mean": mean, "predict-last": x}
        if self.head is None:
            return found
        return {k: self.head.about(self.standardize(frames)) for k, frames in found.items()}

    def below(self, y: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor] | None:
        return super().below(self.standardize(y), y_pred)

    def new_metric(self) -> NMSE:
        return NMSE()

    def update_metric(self, metric: keras.metrics.Metric, y: Tensor, y_pred: Tensor) -> None:
        metric.update_state(self.standardize(y), self._mean(y_pred))

    def _mean(self, y_pred: Tensor) -> Tensor:
        """The mean of what is predicted, standardised."""
        return self.head.mean(y_pred) if self.head else self.standardize(y_pred)

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Compares standardised frames, and keeps count of what could not be predicted."""
        y, mean = self.standardize(y), self._mean(y_pred)
        self.nmse.update_state(y, mean)
        if training:
            error = ops.mean(ops.square(ops.stop_gradient(mean) - y), axis=(0, 1))
            change = ops.subtract(error, self.residual_variance)
            self.residual_variance.assign_add(RESIDUAL_RATE * change)
        if self.head is None:
            return super().compute_loss(x, y, mean, sample_weight, training)
        if self._compile_loss is not None:
            raise ValueError(
                "A model with `mixtures` has a loss of its own. Compile it without `loss`."
            )
        nats = self.head.faithful_nats if self.parts.spread else self.head.nats
        return ops.mean(nats(y, y_pred))

    def get_config(self) -> dict:
        codec = keras.saving.serialize_keras_object(self.codec)
        return {"name": self.name, "codec": codec, **self.options}
