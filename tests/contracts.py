"""What every layer and every model must keep to. Tests of single ones call these."""

import keras
import numpy as np
from keras import ops

from kaudio import backend
from kaudio.models.load import load


def compiled(function, model):
    """The function, compiled where that is what takes least time: on JAX."""
    return backend.compile(function, model) if keras.config.backend() == "jax" else function


def check_steps(model, x, tolerance=1e-5):
    """Law 1: `step()` gives, position by position, what `call()` gives for the sequence."""
    whole = ops.convert_to_numpy(compiled(model, model)(x))
    steps, one_step = steps_of(x), compiled(model.step, model)
    state = model.initial_state(len(steps), conditions_at(model, x, 0))
    for position in range(steps.shape[1]):
        step, told = ops.convert_to_tensor(steps[:, position]), conditions_at(model, x, position)
        y, state = one_step(step, state, told)
        np.testing.assert_allclose(
            ops.convert_to_numpy(y), whole[:, position], atol=tolerance, rtol=tolerance
        )


def steps_of(x):
    """The steps among what a model is given."""
    return x["steps"] if isinstance(x, dict) else x


def conditions_at(model, x, position):
    """What a model is told at one position, by name."""
    count = steps_of(x).shape[1]
    found = {name: x[name] for name in model.conditions}
    return {
        name: ops.convert_to_tensor(c[:, position // -(-count // c.shape[1])])
        for name, c in found.items()
    }


def check_causal(model, x):
    """What comes later does not change what was predicted before."""
    steps = steps_of(x)
    changed = steps.copy()
    half = steps.shape[1] // 2
    changed[:, half:] = steps[:, half:][:, ::-1]
    whole = compiled(model, model)
    other = {**x, "steps": changed} if isinstance(x, dict) else changed
    before, after = (ops.convert_to_numpy(whole(v))[:, :half] for v in (x, other))
    np.testing.assert_allclose(before, after, atol=1e-6)


def check_saving(model, x, folder):
    """A `.keras` file holds all there is: the same outputs, codec, controls and optimiser."""
    model.save(folder / "model.keras")
    again = load(folder / "model.keras")
    ours, theirs = (ops.convert_to_numpy(compiled(m, m)(x)) for m in (model, again))
    np.testing.assert_allclose(theirs, ours, atol=1e-6)
    assert again.codec == model.codec
    assert dict(again.controls) == dict(model.controls)
    assert again.get_config() == model.get_config()
    for ours, theirs in zip(model.variables, again.variables, strict=True):
        if not ours.path.endswith("seed_generator_state"):
            np.testing.assert_array_equal(
                ops.convert_to_numpy(ours), ops.convert_to_numpy(theirs), err_msg=ours.path
            )
    if model.compiled:
        assert isinstance(again.optimizer, type(model.optimizer))


def check_learning(model, x, y, steps=30):
    """Training on one batch lowers the loss."""
    losses = [float(model.train_on_batch(x, y, return_dict=True)["loss"]) for _ in range(steps)]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.9 * losses[0], losses
