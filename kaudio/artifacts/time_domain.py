"""A `FrameLSTM` on samples: the transforms of its codec folded into the layers around its LSTMs."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from kaudio.codecs.frames import Frames
from kaudio.models import FrameLSTM
from kaudio.models.autoregressive import NOTHING
from kaudio.models.frame_lstm import box_muller
from kaudio.models.stepper import Stepper

# A longer frame of noise would take a matrix of more than 64 MB to transform.
LONGEST_NOISE = 4_096


class TimeDomainLSTM(keras.layers.Layer):
    """The same computation as a `FrameLSTM` makes on spectra, in and out as frames of samples.

    Transform and standardisation are linear, as are the layers on both sides of the LSTMs: their
    product is one layer. With `full` spectra, which hold every frame twice, that halves the
    weights. What such a model puts out is no spectrum of real samples, and it hears what it put
    out, not what is played of it; so its output goes to its input by a product of its own, as a
    part of each step, after the frame.

    Args:
        model: The model.
        codec: Its codec.

    Raises:
        ValueError: If the model adds noise that this form cannot add.
    """

    def __init__(self, model: FrameLSTM, codec: Frames) -> None:
        super().__init__(name="time_domain")
        self.codec = codec
        self.recurrent = model.recurrent
        self.frame_length = codec.frame_length
        self.is_full = codec.step_shape[0] > codec.frame_length
        self.has_noise = not self.is_full and (
            type(codec) is Frames or codec.frame_length <= LONGEST_NOISE
        )
        temperature = model.controls["temperature"]
        if temperature and not self.has_noise:
            raise ValueError(
                f"A model of spectra can be exported with noise if they are not `full` and of at "
                f"most {LONGEST_NOISE} samples. Received: temperature={temperature}, "
                f"codec={codec}. Train it with temperature=0."
            )
        self.controls = MappingProxyType(dict(model.controls) if self.has_noise else {})
        self.noise_shape = model.noise_shape if self.has_noise else ()
        self.conditions: Mapping[str, int] = NOTHING
        self._fold(model, codec)

    def _fold(self, model: FrameLSTM, codec: Frames) -> None:
        mean, scale, variance = (
            np.asarray(ops.convert_to_numpy(w), "float64")
            for w in (model.standardize.mean, model.standardize.scale, model.residual_variance)
        )
        kernel, bias = _kernel_and_bias(model.readout)
        enter = np.diag(1 / scale) if model.project is None and type(codec) is not Frames else None
        enter_bias = -mean / scale
        if model.project is not None:
            project, project_bias = _kernel_and_bias(model.project)
            enter, enter_bias = project / scale[:, None], project_bias + enter_bias @ project
        self.standardize = model.standardize if enter is None else None
        if self.is_full:
            again, again_bias = kernel, bias
            if model.project is not None:
                again, again_bias = kernel @ project, bias @ project + project_bias
            self.again = self._dense(again, again_bias, "again")
        # The inverse of the transform is its transpose.
        if enter is not None:
            self.enter = self._dense(codec.inverse(enter.T).T, enter_bias, "enter")
        self.leave = self._dense(codec.inverse(kernel * scale), codec.inverse(bias * scale + mean))
        spread = np.sqrt(variance) * scale
        if self.has_noise and type(codec) is Frames:
            self.spread = self.add_weight(spread.shape, trainable=False, name="spread")
            self.spread.assign(spread)
        elif self.has_noise:
            inverse = codec.inverse(np.diag(spread).astype("float32"))
            self.colour = self._dense(inverse, None, "colour")

    def _dense(self, kernel: np.ndarray, bias: np.ndarray | None, name: str = "leave") -> Any:
        layer = layers.Dense(kernel.shape[1], use_bias=bias is not None, name=name)
        layer.build((None, kernel.shape[0]))
        layer.set_weights([kernel] if bias is None else [kernel, bias])
        return layer

    def _enter(self, frames: Any) -> Any:
        return self.enter(frames) if self.standardize is None else self.standardize(frames)

    def heard(self, frames: Any) -> Any:
        """Steps of frames of samples, `(..., frame_length)`."""
        return ops.concatenate([frames, self._enter(frames)], -1) if self.is_full else frames

    def call(self, frames: Any) -> Any:
        x = self._enter(frames)
        for layer in self.recurrent:
            x = layer(x)
        return self.leave(x)

    def initial_state(self, batch_size: Any, conditions: Mapping[str, Any] = NOTHING) -> list:
        return [layer.initial_state(batch_size) for layer in self.recurrent]

    def restart_conditions(self, state: list) -> list:
        return state

    def first_input(self, batch_size: Any) -> Any:
        return self.heard(ops.zeros((batch_size, self.frame_length)))

    def stepper(self, batch_size: int | None) -> Stepper:
        return Stepper(self)

    def step(self, x: Any, state: list, conditions: Mapping[str, Any] = NOTHING) -> tuple:
        x, after = x[:, self.frame_length :] if self.is_full else self._enter(x), []
        for layer, past in zip(self.recurrent, state, strict=True):
            x, past = layer.step(x, past)
            after.append(past)
        frame = self.leave(x)
        return ops.concatenate([frame, self.again(x)], -1) if self.is_full else frame, after

    def sample(self, prediction: Any, noise: Any, controls: Mapping[str, Any]) -> Any:
        if not self.has_noise:
            return prediction
        normal = box_muller(noise)[:, : self.frame_length]
        added = self.colour(normal) if hasattr(self, "colour") else normal * self.spread
        return prediction + controls["temperature"] * added


def _kernel_and_bias(layer: Any) -> tuple[np.ndarray, np.ndarray]:
    kernel, bias = layer.get_weights()
    return np.asarray(kernel, "float64"), np.asarray(bias, "float64")
