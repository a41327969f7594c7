"""WaveNet: dilated causal convolutions over the codes of single samples."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import keras
from keras import layers, ops

from kaudio.codecs import Quantizer
from kaudio.models import wavenet_layers as parts
from kaudio.models.autoregressive import NOTHING, Autoregressive, State, Tensor
from kaudio.models.heads import Categorical, LogisticMixture
from kaudio.models.stepper import WaveNetStepper

NO_OPTIONS = ("self", "codec", "name", "__class__")


@keras.saving.register_keras_serializable("kaudio")
class WaveNet(Autoregressive):
    """Predicts the next sample of a recording from those in its receptive field.

    Before a recording there is silence: not zeros in every layer, but what each layer makes of an
    endless silence. In training only those positions count whose whole receptive field lies in
    the excerpt, unless excerpts begin where sounds do (`from_silence`).

    Args:
        codec: `kaudio.codecs.MuLaw` or `Linear`.
        dilations: Dilation rate of each gated block, such as `[1, 2, 4, 8] * 3`.
        kernel_size: Taps of each gated block, at least 2.
        residual_filters: Channels from block to block.
        gate_filters: Channels of each gate.
        skip_filters: Channels of the sum of the skip connections.
        head_filters: Channels of the layer after that sum.
        input_kind: "one_hot", a row of a table for each code, or "scalar", the number itself.
        input_kernel_size: Taps of the convolution in front of the blocks.
        input_bias: Whether it has a bias.
        use_bias: Whether blocks and skip connections have biases.
        mixtures: Number of logistic distributions that the next sample is a mixture of. 0 is a
            softmax over all codes.
        global_names: Names of the numbers that describe a whole clip, such as composers.
        local_channels: Channels of a condition that changes over a clip. 0 for none.
        local_hop_length: Samples that each of its values is for.
        context_dilations: Dilation rates, in frames, of a second network that sees a longer past.
            None without one.
        context_hop_length: Samples in a frame of that network.
        context_filters: Its channels.
        upsampling: How local condition and context come to the rate of samples: "repeat", or
            "learned", a transposed convolution.
        from_silence: Whether excerpts begin with silence, as those of one-shots do: then all
            positions count in training.
        clock_seconds: The model is told the time since the start of a clip: for each of these, in
            seconds, a number that falls from 1 to 37 % within it. Only with `from_silence`. A
            prime counts as the start of the clip, so all of it is heard, step by step.
        onset_weight: How much more the loss of the first samples counts, where nothing but
            conditions tells what follows: see `onset_weights`. Only with `from_silence`.
        remat: Whether to compute blocks again in the backward pass, to save memory.
        temperature: Default of the control: 1 draws as learned, less is safer, 0 takes the
            likeliest.
        top_k: Default of the control: draw among that many codes only. 0 draws among all.
        top_p: Default of the control: draw among the likeliest codes, of this probability in all.

    Input shape:
        `(batch, steps)` codes; with conditions, a dict of "steps", "global" `(batch, 1 or steps,
        len(global_names))` and "local" `(batch, ceil(steps / local_hop_length), local_channels)`.

    Output shape:
        `(batch, steps, head.width)`: logits of the next code, or parameters of the mixture. With
        `training=True`, only of the positions that count.

    Example:
    >>> codec = kaudio.codecs.MuLaw(sample_rate=8_000)
    >>> model = WaveNet(codec, dilations=[1, 2, 4, 8] * 2)
    >>> model.predict(np.full((1, 100), 128, "uint8"), verbose=0).shape, model.receptive_field
    ((1, 100, 256), 32)

    References:
        Van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016.
    """

    def __init__(
        self,
        codec: Quantizer,
        dilations: Sequence[int],
        *,
        kernel_size: int = 2,
        residual_filters: int = 32,
        gate_filters: int = 32,
        skip_filters: int = 256,
        head_filters: int = 256,
        input_kind: str = "one_hot",
        input_kernel_size: int = 2,
        input_bias: bool = False,
        use_bias: bool = True,
        mixtures: int = 0,
        global_names: Sequence[str] = (),
        local_channels: int = 0,
        local_hop_length: int = 1,
        context_dilations: Sequence[int] | None = None,
        context_hop_length: int = 64,
        context_filters: int = 32,
        upsampling: str = "repeat",
        from_silence: bool = False,
        clock_seconds: Sequence[float] = (),
        onset_weight: float = 0.0,
        remat: bool = False,
        temperature: float = 1.0,
        top_k: float = 0,
        top_p: float = 1.0,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        options = {k: v for k, v in locals().items() if k not in NO_OPTIONS}
        options = {k: list(v) if isinstance(v, list | tuple) else v for k, v in options.items()}
        if not isinstance(codec, Quantizer):
            raise ValueError(
                "`codec` must turn audio into codes of single samples, as `MuLaw` and `Linear` "
                f"do. Received: codec={codec}."
            )
        dtype = keras.dtype_policies.get(dtype).name
        head = LogisticMixture(codec.levels, mixtures) if mixtures else Categorical(codec.levels)
        # Layers
        options["dtype"] = dtype
        conditioning = parts.make_conditioning(codec, options)
        trunk = parts.make_trunk(codec, options, conditioning)
        field = parts.receptive_field(trunk, conditioning)
        if not from_silence:
            hop_length = conditioning.hop_length
            trunk.start = (field - trunk.receptive_field) // hop_length * hop_length
            trunk.crop = field - 1 - trunk.start
        hidden = layers.Dense(head_filters, "relu", dtype=dtype, name="hidden")
        # Of a softmax over many codes every digit counts, also in mixed precision.
        outlet = layers.Dense(head.width, dtype="float32", name="outlet")
        half = codec.levels / 2
        scale = layers.Rescaling(1 / half, -codec.silence / half, dtype="float32", name="samples")
        # Functional model
        codes = keras.Input((None,), dtype=codec.dtype, name="steps")
        given = {}
        if global_names:
            given["global"] = keras.Input((None, len(global_names)), name="global")
        if local_channels:
            given["local"] = keras.Input((None, local_channels), name="local")
        samples = scale(codes)
        conditions = conditioning(samples, given) if conditioning.conditions else None
        x = codes if input_kind == "one_hot" else ops.expand_dims(samples, -1)
        x = outlet(hidden(ops.relu(trunk(x, conditions))))
        super().__init__({"steps": codes, **given} if given else codes, x, name=name)
        # Config
        self.dtype_policy = keras.dtype_policies.get(dtype)  # `compile` scales losses by it
        self.codec, self.head = codec, head
        self.silence = codec.silence
        self.conditioning, self.trunk = conditioning, trunk
        self.scale, self.hidden, self.outlet = scale, hidden, outlet
        self.receptive_field = field
        self.from_silence = from_silence
        self.warm_up = trunk.start + trunk.crop
        self.prime_hop = conditioning.hop_length
        self.prime_steps = None if clock_seconds else field + conditioning.hop_length
        self.condition_names = {"global": tuple(global_names)} if global_names else {}
        self.conditions = {k: conditioning.conditions[k][0] for k in given}
        self.controls = MappingProxyType(
            {"temperature": temperature}
            if mixtures
            else {"temperature": temperature, "top_k": top_k, "top_p": top_p}
        )
        self.noise_shape = head.noise_shape
        self.options = options
        self.bits = self.new_metric()

    def initial_state(self, batch_size: int, conditions: Mapping[str, Tensor] = NOTHING) -> State:
        told = self.conditioning.initial_state(batch_size)
        # Its value before the clip is not used: see `GatedStack.before`.
        first = self.conditioning.step(ops.zeros((batch_size,)), told, conditions)[0]
        return [told, self.trunk.initial_state(batch_size, first)]

    def state_after(self, x: Tensor, conditions: Mapping[str, Tensor] = NOTHING) -> State:
        samples, hop_length = self.scale(x), self.options["local_hop_length"]
        counts = {"global": 1, "local": -(-x.shape[1] // hop_length)}
        given = {
            name: ops.repeat(ops.expand_dims(c, 1), counts[name], axis=1)
            for name, c in conditions.items()
        }
        told = self.conditioning(samples, given) if self.conditioning.conditions else {}
        state = self.conditioning.state_after(samples)
        return [state, self.trunk.state_after(self.heard(x), told)]

    def restart_conditions(self, state: State) -> State:
        return [self.conditioning.restart(state[0]), state[1]]

    def first_input(self, batch_size: int) -> Tensor:
        return ops.full((batch_size,), self.silence, "int32")

    def step(
        self,
        x: Tensor,
        state: State,
        conditions: Mapping[str, Tensor] = NOTHING,
    ) -> tuple[Tensor, State]:
        conditions, told = self.tell(x, state[0], conditions)
        y, trunk = self.trunk.step(self.heard(x), state[1], conditions)
        return self.outlet(self.hidden(ops.relu(y))), [told, trunk]

    def stepper(self, batch_size: int | None) -> WaveNetStepper:
        return WaveNetStepper(self, batch_size)

    def tell(self, codes: Tensor, state: State, conditions: Mapping[str, Tensor]) -> tuple:
        """Conditions of the trunk at one position, and their next state."""
        if not self.conditioning.conditions:
            return {}, state
        return self.conditioning.step(self.scale(codes), state, conditions)

    def heard(self, codes: Tensor) -> Tensor:
        """What the inlet takes."""
        one_hot = self.options["input_kind"] == "one_hot"
        return codes if one_hot else ops.expand_dims(self.scale(codes), -1)

    def sample(self, prediction: Tensor, noise: Tensor, controls: Mapping[str, Tensor]) -> Tensor:
        return self.head.sample(prediction, noise, controls)

    def new_metric(self) -> keras.metrics.Metric:
        return keras.metrics.Mean("bits_per_sample")

    def update_metric(self, metric: keras.metrics.Metric, y: Tensor, y_pred: Tensor) -> None:
        nats = self.head.nats(y, y_pred)
        # A number for each excerpt: the last batch may hold fewer of them.
        metric.update_state(ops.mean(nats, axis=1) / math.log(2))

    def compute_loss(
        self,
        x: Tensor = None,
        y: Tensor = None,
        y_pred: Tensor = None,
        sample_weight: Tensor = None,
        training: bool = True,
    ) -> Tensor:
        """Minus the mean log-probability of the positions that count, in nats."""
        if y.shape[1] is not None:
            self.check_excerpts(y.shape[1])
        y = y[:, self.warm_up :]
        y_pred = y_pred if training else y_pred[:, self.warm_up :]
        self.update_metric(self.bits, y, y_pred)
        nats, weight = self.head.nats(y, y_pred), self.options["onset_weight"]
        if weight:
            nats = nats * parts.onset_weights(ops.shape(y)[1], weight, self.codec.sample_rate)
        return ops.mean(nats)

    def get_config(self) -> dict:
        codec = keras.saving.serialize_keras_object(self.codec)
        return {"name": self.name, "codec": codec, **self.options}
