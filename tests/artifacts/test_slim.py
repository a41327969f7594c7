"""A SavedModel that was made small computes what it did before."""

import keras
import numpy as np
import pytest
from small_models import classifier, small

from kaudio.artifacts.networks import network
from kaudio.artifacts.writers import write

pytestmark = pytest.mark.skipif(
    keras.config.backend() != "tensorflow", reason="Artifacts are written by TensorFlow."
)


def saved(folder):
    """A program with a weight, a loop, a branch, the same constant often, and a gradient."""
    import tensorflow as tf

    root = tf.Module()
    root.weight = tf.Variable([1.0, 2.0, 3.0])

    @tf.function(input_signature=[tf.TensorSpec((None, 3)), tf.TensorSpec((), tf.int32)])
    def walk(heard, count):
        with tf.name_scope("a_layer_with_a_long_name"):
            tf.reduce_sum(heard)  # which nobody uses
            total = heard
            for _ in range(5):
                total = total * root.weight + tf.constant(0.25, name="a_quarter")
            tf.debugging.assert_less(count, 100)
            total = tf.while_loop(
                lambda i, _: i < count, lambda i, x: (i + 1, x + root.weight), (0, total)
            )[1]
            return {"walked": tf.cond(count > 2, lambda: tf.sin(total), lambda: total)}

    root.walk = walk
    tf.saved_model.save(root, str(folder), signatures={"walk": walk})
    return folder


def heard(folder, count):
    import tensorflow as tf

    root = tf.saved_model.load(str(folder))
    x = tf.constant(np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3))
    with tf.GradientTape() as tape:
        tape.watch(x)
        by_function = root.walk(x, count)["walked"]
    slope = tape.gradient(by_function, x)
    by_signature = root.signatures["walk"](heard=x, count=tf.constant(count))["walked"]
    return [value.numpy() for value in (by_function, by_signature, slope)]


@pytest.mark.parametrize("count", [0, 2, 5])
def test_a_smaller_program_gives_what_it_gave(tmp_path, count):
    import tensorflow as tf

    from kaudio.artifacts.slim import slim

    folder = saved(tmp_path / "saved")
    before, size = heard(folder, count), (folder / "saved_model.pb").stat().st_size
    slim(folder)
    for old, new in zip(before, heard(folder, count), strict=True):
        np.testing.assert_array_equal(old, new)
    assert (folder / "saved_model.pb").stat().st_size < 0.7 * size
    with pytest.raises(tf.errors.InvalidArgumentError):  # what is checked is still checked
        heard(folder, 100)


MAKE = {
    "spectrogram": classifier,
    "waveform": lambda: classifier(0.2, front_end="waveform", dilations=[1, 2, 4]),
    "gruv": lambda: small("gruv"),
}


@pytest.mark.parametrize("name", MAKE)
def test_what_is_predicted_has_the_gradient_that_the_model_has(tmp_path, name):
    """So that it can be a loss elsewhere; also of layers that have a gradient of their own."""
    import tensorflow as tf

    exported = network(MAKE[name]())
    write(exported, ["saved_model"], tmp_path, {}, lambda _: None)
    loaded = tf.saved_model.load(str(tmp_path / "saved_model"))
    audio = 0.3 * tf.sin(tf.range(4_000, dtype="float32") / 7)[None]

    def slope(serve):
        with tf.GradientTape() as tape:
            tape.watch(audio)
            told = tf.reduce_sum(tf.square(serve(audio)[0]))
        return tape.gradient(told, audio).numpy()

    told = () if name in ("spectrogram", "waveform") else ({},)
    expected = slope(lambda audio: exported_serve(exported, audio, *told))
    assert np.abs(expected).max() > 0
    np.testing.assert_allclose(
        slope(loaded.serve), expected, rtol=1e-2, atol=1e-3 * np.abs(expected).max()
    )


def exported_serve(exported, audio, *told):
    return exported.predict(audio, *told) if told else exported.serve(audio)
