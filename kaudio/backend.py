"""The only module outside `export/` that names a backend. All else is written in `keras.ops`."""

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
