"""The only module outside `artifacts/` that names a backend. All else is written in `keras.ops`."""

import contextlib
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

import keras
import numpy as np

# A process that says nothing for so long is taken for dead by the others.
HEARTBEAT_SECONDS = 40


def compile(function: Callable, model: keras.Model) -> Callable:
    """Compiles a function of tensors that reads the variables of `model` but assigns none.

    Args:
        function: A pure function of (nested lists and dicts of) tensors, such as a block of the
            generation loop. Compiled again for each new set of shapes.
        model: The model whose variables `function` reads.

    Returns:
        A callable with the signature of `function`. The current values of the variables are read
        at each call, so the model may be trained further in between.
    """
    match keras.config.backend():
        case "tensorflow":
            import tensorflow as tf

            # Without XLA, a loop of small products is several times slower.
            return tf.function(function, autograph=False, jit_compile=True)
        case "jax":
            import jax

            @jax.jit
            def stateless(values: list, *arguments: object) -> object:
                with keras.StatelessScope(list(zip(model.variables, values, strict=True))):
                    return function(*arguments)

            return lambda *arguments: stateless([_at_hand(v) for v in model.variables], *arguments)
        case _:
            return function


def gradient(function: Callable, model: keras.Model) -> Callable:
    """The gradient of a scalar function with respect to its first argument, compiled.

    Args:
        function: Takes tensors and returns a scalar tensor, or a scalar and what else is to be
            handed on. It may read the variables of `model` but assigns none.
        model: The model whose variables `function` reads.

    Returns:
        A callable with the signature of `function` that returns what `function` returns, and the
        gradient, which has the structure of the first argument.
    """
    match keras.config.backend():
        case "tensorflow":
            import tensorflow as tf

            @tf.function(autograph=False)
            def value_and_gradient(x: object, *arguments: object) -> tuple:
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    value = function(x, *arguments)
                scalar = value[0] if isinstance(value, tuple) else value
                zero = tf.UnconnectedGradients.ZERO
                return value, tape.gradient(scalar, x, unconnected_gradients=zero)

            return value_and_gradient
        case "jax":
            import jax

            def with_rest(*arguments: object) -> tuple:
                value = function(*arguments)
                return (value[0], value) if isinstance(value, tuple) else (value, value)

            def value_and_gradient(*arguments: object) -> tuple:
                (_, value), slope = jax.value_and_grad(with_rest, has_aux=True)(*arguments)
                return value, slope

            return compile(value_and_gradient, model)
        case other:
            raise ValueError(
                f"Gradients are taken on TensorFlow and on JAX. Received: KERAS_BACKEND={other}."
            )


class Processes(NamedTuple):
    """Which of how many processes this is, and how many devices all of them have."""

    index: int
    count: int
    devices: int


ALONE = Processes(0, 1, 1)


def processes() -> Processes:
    """Those that train together: one with one device, unless a distribution is set."""
    if keras.distribution.distribution() is None:
        return ALONE
    import jax

    return Processes(jax.process_index(), jax.process_count(), jax.device_count())


def join(
    coordinator: str | None, count: int | None, index: int | None, bind: str | None, timeout: int
) -> None:
    """Makes several processes one, on JAX, before anything is computed.

    Args:
        coordinator: Address and port of the first one. None finds it, and `count` and `index`, in
            the environment that a cluster's scheduler sets.
        count: How many processes there are.
        index: Which one this is.
        bind: Where the first one listens. None is everywhere, at that port.
        timeout: Seconds to wait for the others.
    """
    import jax

    jax.distributed.initialize(
        coordinator,
        count,
        index,
        initialization_timeout=timeout,
        heartbeat_timeout_seconds=HEARTBEAT_SECONDS,
        coordinator_bind_address=bind,
    )


def leave() -> None:
    """Parts from the other processes, which must do the same. Later variables are local."""
    keras.distribution.set_distribution(None)
    import jax

    if jax.process_count() > 1:
        jax.distributed.shutdown()


def gather(values: np.ndarray) -> np.ndarray:
    """What all processes have here, `(processes, *shape)`. Each must ask."""
    from jax.experimental import multihost_utils

    return multihost_utils.process_allgather(values, tiled=False)


def asked_to_stop(step: int) -> bool:
    """Whether this is the step after which all processes stop, since one of them was told to."""
    from jax.experimental import multihost_utils

    return multihost_utils.reached_preemption_sync_point(step)


@contextlib.contextmanager
def by_itself() -> Generator[None]:
    """Context in which one of several processes does something that the others do not do."""
    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        yield
    finally:
        keras.distribution.set_distribution(distribution)


def _at_hand(variable: keras.Variable) -> Any:
    """The value of a variable, of which there may be one on each device."""
    value = variable.value
    return value.addressable_data(0) if len(value.devices()) > 1 else value
