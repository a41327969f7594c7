"""The layers that a WaveNet is made of, from its options."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from kaudio.codecs import Quantizer
from kaudio.layers import (
    CausalConv1D,
    CausalEmbedding,
    Conditioning,
    ContextStack,
    GatedStack,
)
from kaudio.layers.clock import dying_away

ONSET_SECONDS = 0.05


def make_conditioning(codec: Quantizer, options: Mapping[str, Any]) -> Conditioning:
    """What the trunk is told beside the samples."""
    if options["upsampling"] not in ("repeat", "learned"):
        raise ValueError(
            '`upsampling` must be "repeat" or "learned". '
            f'Received: upsampling="{options["upsampling"]}".'
        )
    if options["local_hop_length"] < 1:
        raise ValueError(
            "`local_hop_length` must be at least 1. "
            f"Received: local_hop_length={options['local_hop_length']}."
        )
    if isinstance(options["global_names"], str):
        raise ValueError(
            "`global_names` must be a list of names. "
            f'Received: global_names="{options["global_names"]}".'
        )
    times = np.asarray(options["clock_seconds"], "float64")
    if times.ndim != 1 or not (np.isfinite(times) & (times > 0)).all():
        raise ValueError(
            "`clock_seconds` must be a list of times in seconds, each above 0. "
            f"Received: clock_seconds={options['clock_seconds']}."
        )
    if len(times) and not options["from_silence"]:
        raise ValueError(
            "`clock_seconds` tell the time since the start of a sound, and excerpts of longer "
            "recordings do not begin there. Set `from_silence=True`, as for one-shots, or leave "
            f"`clock_seconds` out. Received: clock_seconds={options['clock_seconds']}."
        )
    if options["onset_weight"] < 0 or (options["onset_weight"] and not options["from_silence"]):
        raise ValueError(
            "`onset_weight` must be 0, or more than 0 with `from_silence=True`. "
            f"Received: onset_weight={options['onset_weight']}."
        )
    context = None
    if options["context_dilations"]:
        context = ContextStack(
            options["context_hop_length"],
            options["context_dilations"],
            filters=options["context_filters"],
            dtype=options["dtype"],
            name="context",
        )
    return Conditioning(
        len(options["global_names"]),
        options["local_channels"],
        options["local_hop_length"],
        context,
        options["upsampling"] == "learned",
        [float(seconds * codec.sample_rate) for seconds in times],
        dtype=options["dtype"],
        name="conditioning",
    )


def make_trunk(
    codec: Quantizer, options: Mapping[str, Any], conditioning: Conditioning
) -> GatedStack:
    """The gated blocks, and the layer that codes or samples go into."""
    filters, size = options["residual_filters"], options["input_kernel_size"]
    rest: dict[str, Any] = {"use_bias": options["input_bias"], "name": "inlet"}
    match options["input_kind"]:
        case "one_hot":
            inlet = CausalEmbedding(
                codec.levels, filters, size, codec.silence, dtype=options["dtype"], **rest
            )
        case "scalar":
            # Half precision would round 16-bit samples to 8 bits.
            inlet = CausalConv1D(filters, size, dtype="float32", **rest)
        case other:
            raise ValueError(
                f'`input_kind` must be "one_hot" or "scalar". Received: input_kind="{other}".'
            )
    return GatedStack(
        inlet,
        options["dilations"],
        options["kernel_size"],
        options["gate_filters"],
        options["skip_filters"],
        options["use_bias"],
        conditioning.conditions,
        remat=options["remat"],
        dtype=options["dtype"],
        name="trunk",
    )


def receptive_field(trunk: GatedStack, conditioning: Conditioning) -> int:
    """Most samples that an output depends on, by way of the context as well."""
    context = conditioning.context
    if context is None:
        return trunk.receptive_field
    return max(trunk.receptive_field, trunk.condition_field + context.receptive_field - 1)


def onset_weights(steps: Any, weight: float, sample_rate: int) -> Any:
    """How much the loss of each step since the start counts: 1 on the average.

    There are few samples at the start of a sound, so `1 + weight * exp(-t / 50 ms)` of the time
    `t`, over its mean.
    """
    positions = ops.arange(steps, dtype="int32")
    weights = 1 + weight * dying_away(positions, [ONSET_SECONDS * sample_rate])[:, 0]
    return weights / ops.mean(weights)
