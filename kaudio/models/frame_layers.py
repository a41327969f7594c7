"""The layers of a `FrameLSTM`, and the ways through them: from silence, and from a state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras import layers, ops

from kaudio.codecs import Codec
from kaudio.layers import GRU, LSTM, Standardize
from kaudio.layers.standardize import KINDS
from kaudio.models.frame_heads import FrameMixture


@dataclass(frozen=True)
class FrameLayers:
    """What frames go through, in this order.

    Args:
        standardize: Subtracts the mean and divides by the scale.
        spoil: What is done to standardised frames in training only.
        project: A Dense, or None.
        recurrent: LSTMs or GRUs.
        dropout: Of what they put out, or None.
        readout: The last Dense.
        spread: Two Denses that tell deviations, and which of them, from what readout sees, or
            None. No gradient goes back through them.
        head: What puts both together, or None.
    """

    standardize: Standardize
    spoil: tuple
    project: layers.Dense | None
    recurrent: tuple
    dropout: layers.Dropout | None
    readout: layers.Dense
    spread: tuple[layers.Dense, layers.Dense] | None
    head: FrameMixture | None

    def __call__(self, frames: Any, states: list | None = None, **how: Any) -> tuple[Any, list]:
        """Whole sequences, from given states or from zero, and the states after them."""
        x, after = self.standardize(frames), []
        for layer in self.spoil:
            x = layer(x, **how)
        x = self.project(x) if self.project else x
        for number, layer in enumerate(self.recurrent):
            if states is None:
                x = layer(x)
            else:
                x, state = layer.go_on(x, states[number])
                after.append(state)
        x = self.dropout(x, **how) if self.dropout else x
        return self._read(x), after

    def step(self, x: Any, states: list) -> tuple[Any, list]:
        """One position."""
        x, after = self.standardize(x), []
        x = self.project(x) if self.project else x
        for layer, past in zip(self.recurrent, states, strict=True):
            x, past = layer.step(x, past)
            after.append(past)
        return self._read(x), after

    def begin(self, deviations: Any) -> None:
        """Makes a head begin with deviations of each feature."""
        if self.head is None:
            return
        bias = self.head.bias(deviations)
        if self.spread:
            logits, _, logs = self.head.parts(bias)
            self.spread[1].bias.assign(ops.concatenate([logits, logs]))
        else:
            self.readout.bias.assign(bias)

    def _read(self, x: Any) -> Any:
        if self.spread is None or self.head is None:
            return self.readout(x)
        hidden, deviations = self.spread
        told, first = deviations(hidden(ops.stop_gradient(x))), self.head.num_logits
        if not first:
            # A file numbers layers by their depth, which a slice would change: of one size, those
            # of older files would be taken for each other.
            return self.head.row(None, self.readout(x), told)
        return self.head.row(told[..., :first], self.readout(x), told[..., first:])


def make_layers(
    features: int, head: FrameMixture | None, options: Mapping[str, Any]
) -> FrameLayers:
    """Makes the layers from the options of a `FrameLSTM`."""
    cell, units, dtype = options["cell"], options["units"], options["dtype"]
    standardize = Standardize(options["normalization"], options["floor_db"], name="standardize")
    standardize.build((None, None, features))
    given: dict[str, Any] = {"recurrent_activation": options["recurrent_activation"]}
    match cell:
        case "lstm":
            make, given["unit_forget_bias"] = LSTM, options["unit_forget_bias"]
        case "gru":
            make, given["reset_after"] = GRU, options["reset_after"]
        case _:
            raise ValueError(f'`cell` must be "lstm" or "gru". Received: cell="{cell}".')
    noise, lost = options["input_noise"], options["input_dropout"]
    spoil = [layers.GaussianNoise(noise, name="input_noise")] if noise else []
    spoil += [layers.Dropout(lost, name="input_dropout")] if lost else []
    spread, width = None, head.width if head else features
    if head and options["faithful"]:
        width = features
        spread = (
            layers.Dense(units, "relu", dtype=dtype, name="spread_hidden"),
            layers.Dense(head.width - features, dtype="float32", name="spread"),
        )
    projection, dropout = options["projection"], options["dropout"]
    return FrameLayers(
        standardize,
        tuple(spoil),
        layers.Dense(projection, dtype=dtype, name="project") if projection else None,
        tuple(
            make(units, name=f"{cell}_{i}", dtype=dtype, **given)
            for i in range(options["num_layers"])
        ),
        layers.Dropout(dropout, name="dropout") if dropout else None,
        # Sums of squares over a large frame need float32, also in mixed precision.
        layers.Dense(width, dtype="float32", name="readout"),
        spread,
        head,
    )


def check_options(codec: Codec, options: Mapping[str, Any]) -> None:
    """Refuses what no `FrameLSTM` can be made of."""
    if len(codec.step_shape) != 1:
        raise ValueError(
            "`codec` must turn audio into frames, as `FFTFrames` and `Frames` do. "
            f"Received: codec={codec}."
        )
    if options["normalization"] not in KINDS:
        raise ValueError(
            f"`normalization` must be one of {', '.join(KINDS)}. "
            f"Received: normalization='{options['normalization']}'."
        )
    for name, least in {
        "num_layers": 1,
        "units": 1,
        "mixtures": 0,
        "lanes": 0,
        "ramp_steps": 0,
    }.items():
        if options[name] < least:
            raise ValueError(
                f"`{name}` must be at least {least}. Received: {name}={options[name]}."
            )
    for name in ("scheduled_sampling", "input_dropout"):
        if not 0 <= options[name] <= 1:
            raise ValueError(f"`{name}` must be in [0, 1]. Received: {name}={options[name]}.")
