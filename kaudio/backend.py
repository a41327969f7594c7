"""The only module outside `artifacts/` that names a backend. All else is written in `keras.ops`."""

from collections.abc import Callable

import keras


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

            return lambda *arguments: stateless([v.value for v in model.variables], *arguments)
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
