"""What every layer and every model must keep to. Tests of single ones call these."""

import numpy as np
from keras import ops

from kaudio.models.load import load


def check_steps(model, x, tolerance=1e-5):
    """Law 1: `step()` gives, position by position, what `call()` gives for the sequence."""
    whole = ops.convert_to_numpy(model(x))
    state = model.initial_state(len(x))
    for position in range(x.shape[1]):
        y, state = model.step(ops.convert_to_tensor(x[:, position]), state)
        np.testing.assert_allclose(
            ops.convert_to_numpy(y), whole[:, position], atol=tolerance, rtol=tolerance
        )


def check_causal(model, x):
    """What comes later does not change what was predicted before."""
    changed = x.copy()
    half = x.shape[1] // 2
    changed[:, half:] = x[:, half:][:, ::-1]
    before, after = (ops.convert_to_numpy(model(v))[:, :half] for v in (x, changed))
    np.testing.assert_allclose(before, after, atol=1e-6)


def check_saving(model, x, folder):
    """A `.keras` file holds all there is: the same outputs, codec, controls and optimiser."""
    model.save(folder / "model.keras")
    again = load(folder / "model.keras")
    np.testing.assert_allclose(
        ops.convert_to_numpy(again(x)), ops.convert_to_numpy(model(x)), atol=1e-6
    )
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
