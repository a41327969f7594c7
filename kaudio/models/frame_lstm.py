"""FrameLSTM: recurrent layers over frames of audio, the design of GRUV and of Beckham."""

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kaudio.codecs import Codec
from kaudio.layers import GRU, LSTM, Standardize
from kaudio.layers.standardize import KINDS
from kaudio.models.autoregressive import NOTHING, Autoregressive, State, Tensor
from kaudio.models.nmse import NMSE

# Share of the newest batch in the running variance of what the model could not predict.
RESIDUAL_RATE = 0.01


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

    Input shape:
        `(batch, steps, features)` frames as the codec gives them.

    Output shape:
        `(batch, steps, features)` predictions of the next frame, in the same unit.

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
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        if len(codec.step_shape) != 1:
            raise ValueError(
                "`codec` must turn audio into frames, as `FFTFrames` and `Frames` do. "
                f"Received: codec={codec}."
            )
        if normalization not in KINDS:
            raise ValueError(
                f"`normalization` must be one of {', '.join(KINDS)}. "
                f"Received: normalization='{normalization}'."
            )
        if num_layers < 1 or units < 1:
            raise ValueError(
                "`num_layers` and `units` must be at least 1. "
                f"Received: num_layers={num_layers}, units={units}."
            )
        # Layers
        dtype = keras.dtype_policies.get(dtype).name
        (features,) = codec.step_shape
        standardize = Standardize(normalization, floor_db, name="standardize")
        standardize.build((None, None, features))
        project = layers.Dense(projection, dtype=dtype, name="project") if projection else None
        options: dict[str, Any] = {"recurrent_activation": recurrent_activation, "dtype": dtype}
        match cell:
            case "lstm":
                make, options["unit_forget_bias"] = LSTM, unit_forget_bias
            case "gru":
                make, options["reset_after"] = GRU, reset_after
            case _:
                raise ValueError(f'`cell` must be "lstm" or "gru". Received: cell="{cell}".')
        recurrent = [make(units, name=f"{cell}_{i}", **options) for i in range(num_layers)]
        # Sums of squares over a large frame need float32, also in mixed precision.
        readout = layers.Dense(features, dtype="float32", name="readout")
        # Functional model
        frames = keras.Input((None, features), name="frames")
        x = standardize(frames)
        x = layers.GaussianNoise(input_noise, name="input_noise")(x) if input_noise else x
        x = project(x) if project else x
        for layer in recurrent:
            x = layer(x)
        x = layers.Dropout(dropout, name="dropout")(x) if dropout else x
        super().__init__(inputs=frames, outputs=standardize(readout(x), inverse=True), **kwargs)
        # Config
        self.dtype_policy = keras.dtype_policies.get(dtype)  # `compile` scales losses by it
        self.codec = codec
        self.standardize = standardize
        self.project = project
        self.recurrent = recurrent
        self.readout = readout
        self.residual_variance = self.add_weight(
            (features,), initializer="ones", trainable=False, name="residual_variance"
        )
        self.nmse = self.new_metric()
        self.controls = MappingProxyType({"temperature": temperature})
        # Two draws make two normal ones.
        self.noise_shape = (2, math.ceil(features / 2))
        self.options = {
            "units": units,
            "num_layers": num_layers,
            "cell": cell,
            "projection": projection,
            "normalization": normalization,
            "floor_db": floor_db,
            "input_noise": input_noise,
            "dropout": dropout,
            "recurrent_activation": recurrent_activation,
            "unit_forget_bias": unit_forget_bias,
            "reset_after": reset_after,
            "temperature": temperature,
            "dtype": dtype,
        }

    def adapt(self, dataset: Any, max_frames: int = 50_000) -> None:
        """Learns the statistics that frames are standardised by.

        Args:
            dataset: Batches `(x, y)` of training data, with random access.
            max_frames: No more batches are looked at once they held this many frames.
        """

        def batches() -> Iterator[np.ndarray]:
            frames = 0
            for i in range(len(dataset)):
                if frames >= max_frames:
                    return
                x = np.asarray(dataset[i][0])
                frames += x.shape[0] * x.shape[1]
                yield x

        self.standardize.adapt(batches())

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
        x, next_state = self.standardize(x), []
        x = self.project(x) if self.project else x
        for layer, past in zip(self.recurrent, state, strict=True):
            x, past = layer.step(x, past)
            next_state.append(past)
        return self.standardize(self.readout(x), inverse=True), next_state

    def sample(self, prediction: Tensor, noise: Tensor, controls: Mapping[str, Tensor]) -> Tensor:
        normal = box_muller(noise)[:, : prediction.shape[-1]]
        spread = ops.sqrt(self.residual_variance) * self.standardize.scale
        return prediction + controls["temperature"] * spread * normal

    def baseline_predictions(self, x: Tensor) -> dict[str, Tensor]:
        mean = ops.broadcast_to(self.standardize.mean, ops.shape(x))
        return {"predict-mean": mean, "predict-last": x}

    def new_metric(self) -> NMSE:
        return NMSE()

    def update_metric(self, metric: keras.metrics.Metric, y: Tensor, y_pred: Tensor) -> None:
        metric.update_state(self.standardize(y), self.standardize(y_pred))

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Compares standardised frames, and keeps count of what could not be predicted."""
        y, y_pred = self.standardize(y), self.standardize(y_pred)
        self.nmse.update_state(y, y_pred)
        if training:
            error = ops.mean(ops.square(ops.stop_gradient(y_pred) - y), axis=(0, 1))
            change = ops.subtract(error, self.residual_variance)
            self.residual_variance.assign_add(RESIDUAL_RATE * change)
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def get_config(self) -> dict:
        codec = keras.saving.serialize_keras_object(self.codec)
        return {"name": self.name, "codec": codec, **self.options}


def box_muller(noise: Tensor) -> Tensor:
    """Turns uniform draws in [0, 1) into as many normal ones.

    Args:
        noise: `(batch, 2, n)`.

    Returns:
        `(batch, 2 * n)`.

    References:
        Box and Muller, "A note on the generation of random normal deviates", 1958.
    """
    radius = ops.sqrt(-2.0 * ops.log(1.0 - noise[:, 0]))
    angle = 2.0 * math.pi * noise[:, 1]
    return ops.concatenate([radius * ops.cos(angle), radius * ops.sin(angle)], axis=-1)
