"""Endpoints as functions of named tensors, some of which may be left out."""

import inspect
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from kaudio.artifacts.endpoints import Endpoints
from kaudio.models.autoregressive import NOTHING

Inputs = dict[str, Any]


class Functions:
    """What is written: for each endpoint a function of all of its inputs by name.

    Args:
        endpoints: The endpoints.
        batch_size: Clips of all inputs and outputs, or None for any number.
    """

    def __init__(self, endpoints: Endpoints, batch_size: int | None) -> None:
        source, model = endpoints.source, endpoints.network.model
        self.endpoints, self.batch_size = endpoints, batch_size
        self.noise_shape = source.noise_shape
        self.defaults = {name: float(value) for name, value in source.controls.items()}
        self.noise = {"noise": tf.TensorSpec((batch_size, None, *source.noise_shape))}
        self.audio = {"audio": tf.TensorSpec((batch_size, None))}
        self.controls = {name: tf.TensorSpec(()) for name in source.controls}
        # Named so that they can be keywords in Python, which "global" is already.
        self.names = {f"{name}_condition": name for name in model.conditions}
        self.conditions = {
            given: tf.TensorSpec((batch_size, None, model.conditions[name]))
            for given, name in self.names.items()
        }
        shapes = [s for s in endpoints.shapes if 0 not in s]
        types = [tensor.dtype for tensor in endpoints.flatten(endpoints.template)]
        self.state = {
            f"state_{number}": tf.TensorSpec(
                [batch_size if size is None else size for size in shape], dtype
            )
            for number, (shape, dtype) in enumerate(zip(shapes, types, strict=True))
        }

    def generate(self, inputs: Inputs) -> Inputs:
        given = self._told(inputs)
        audio = self.endpoints.generate(inputs["noise"], self._controls(inputs), given)
        return {"audio": audio}

    def stream(self, inputs: Inputs) -> Inputs:
        given = self._told(inputs)
        state = [inputs[name] for name in self.state]
        audio, after = self.endpoints.stream(state, inputs["noise"], self._controls(inputs), given)
        return {"audio": audio, **dict(zip(self.state, after, strict=True))}

    def prime(self, inputs: Inputs) -> Inputs:
        given = self._told(inputs)
        after = self.endpoints.prime(inputs["audio"], given)
        return dict(zip(self.state, after, strict=True))

    def serve(self, inputs: Inputs) -> Inputs:
        given = self._told(inputs)
        return {"predictions": self.endpoints.serve(inputs["audio"], given)}

    def start(self, inputs: Inputs) -> Inputs:
        """The state of silence, under the conditions of the first step."""
        batch_size = inputs["batch_size"]
        told = {
            self.names[given]: inputs[given][:, 0]
            if given in inputs
            else tf.zeros((batch_size, spec.shape[-1]))
            for given, spec in self.conditions.items()
        }
        return dict(zip(self.state, self.endpoints.start(batch_size, told), strict=True))

    def inputs(self) -> dict[str, tuple[Inputs, Inputs, Inputs]]:
        """For each endpoint what it must be given, its controls and its conditions."""
        return {
            "generate": (self.noise, self.controls, self.conditions),
            "stream": ({**self.noise, **self.state}, self.controls, self.conditions),
            "prime": (self.audio, {}, self.conditions),
            "serve": (self.audio, {}, self.conditions),
        }

    def _controls(self, inputs: Inputs) -> Inputs:
        return {name: inputs[name] for name in self.controls}

    def first(self) -> Any:
        """`start`, traced as a function of conditions and, if it is free, the number of clips."""
        size = self.batch_size
        whole = {k: tf.TensorSpec((size, 1, s.shape[-1])) for k, s in self.conditions.items()}
        if size is None:
            whole["batch_size"] = tf.TensorSpec((), tf.int32)

        def start(inputs: Inputs) -> Inputs:
            return self.traced("start")({"batch_size": size, **inputs})

        return with_options(start, whole).get_concrete_function(**whole)

    def traced(self, name: str) -> Callable[[Inputs], Any]:
        """The endpoint of that name."""
        return getattr(self, name)

    def concrete(self, name: str) -> Any:
        """An endpoint, traced as a function of all of its inputs."""
        required, controls, conditions = self.inputs()[name]
        whole = {**required, **controls, **conditions}
        return with_options(self.traced(name), whole).get_concrete_function(**whole)

    def _told(self, inputs: Inputs) -> Inputs:
        return {name: inputs[given] for given, name in self.names.items()}

    def conditions_of(self, inputs: Inputs, like: Any) -> Inputs:
        """The conditions among the inputs, or zeros for as many clips as `like` has."""
        return {
            name: inputs.get(name, tf.zeros((tf.shape(like)[0], 1, spec.shape[-1])))
            for name, spec in self.conditions.items()
        }


def with_options(
    function: Callable[[Inputs], Any],
    required: Mapping[str, Any],
    numbers: Mapping[str, float] = NOTHING,
    tensors: Mapping[str, Any] = NOTHING,
) -> Any:
    """A TensorFlow function of named arguments, some of which may be left out.

    Args:
        function: Takes all numbers, and the tensors that were given, by name.
        required: What must be given: specifications of tensors by name.
        numbers: What has a default value, by name.
        tensors: What may be left out: specifications of tensors by name.
    """
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    defaults = {**numbers, **dict.fromkeys(tensors)}
    parameters = [inspect.Parameter(name, kind) for name in required]
    parameters += [inspect.Parameter(name, kind, default=d) for name, d in defaults.items()]
    signature = inspect.Signature(parameters)

    def run(*arguments: Any, **named: Any) -> Any:
        bound = signature.bind(*arguments, **named)
        bound.apply_defaults()
        given = {name: value for name, value in bound.arguments.items() if value is not None}
        for name in numbers:
            given[name] = tf.cast(given[name], tf.float32)
        return function(given)

    run.__signature__ = signature  # ty: ignore
    traced = tf.function(run, autograph=False)
    # A loaded function makes tensors of numbers where there is a trace for tensors.
    choices = [{}, dict.fromkeys(numbers, tf.TensorSpec(()))] if numbers else [{}]
    for chosen in itertools.product((False, True), repeat=len(tensors)):
        told = {name: spec for (name, spec), on in zip(tensors.items(), chosen, strict=True) if on}
        for values in choices:
            traced.get_concrete_function(**required, **values, **told)
    return traced
