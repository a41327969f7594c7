"""The clock of a sound: right at any time, and after hours too."""

import numpy as np
from keras import ops

from kaudio.layers import Conditioning
from kaudio.layers.clock import LATEST

DECAYS = (3.0, 40.0)


def told(layer, state):
    conditions, state = layer.step(ops.zeros((2,)), state, {})
    return ops.convert_to_numpy(conditions["clock"]), state


def test_each_number_falls_to_37_percent_within_its_time():
    clock = ops.convert_to_numpy(Conditioning(clock_decays=DECAYS)(np.zeros((2, 100)))["clock"])
    assert clock.shape == (1, 100, 2)
    np.testing.assert_array_equal(clock[0, 0], [1, 1])
    np.testing.assert_allclose([clock[0, 3, 0], clock[0, 40, 1]], np.exp(-1), rtol=1e-5)


def test_in_half_precision_the_time_is_not_rounded():
    layer = Conditioning(clock_decays=[10_000.0], dtype="mixed_bfloat16")
    clock = ops.convert_to_numpy(layer(np.zeros((1, 1_000)))["clock"])
    assert clock.dtype == "float32"
    assert (np.diff(clock[0, :, 0]) < 0).all()


def test_after_a_prime_the_clock_goes_on_while_values_begin_anew():
    layer = Conditioning(local_hop_length=4, clock_decays=DECAYS)
    state = layer.restart(layer.state_after(np.zeros((2, 7))))
    assert int(state[0]) == 0
    clock, state = told(layer, state)
    np.testing.assert_allclose(clock, [np.exp(-7 / np.array(DECAYS))], rtol=1e-5)
    np.testing.assert_allclose(told(layer, state)[0], [np.exp(-8 / np.array(DECAYS))], rtol=1e-5)


def test_in_a_stream_without_end_the_clock_stops_at_zero():
    layer = Conditioning(clock_decays=DECAYS)
    phase, context, _ = layer.initial_state(1)
    state = [phase, context, [ops.convert_to_tensor(LATEST, "int32")]]
    for _ in range(2):
        clock, state = told(layer, state)
        assert int(state[2][0]) == LATEST
        np.testing.assert_array_equal(clock, [[0, 0]])
