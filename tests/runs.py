"""What tests of run folders share: stopping a run, and comparing what two of them hold."""

import os
import signal

import keras
import numpy as np
from keras import ops

import kaudio


class Interrupt(keras.callbacks.Callback):
    """Sends a signal when a batch of this run begins."""

    def __init__(self, batch, number=signal.SIGINT):
        super().__init__()
        self.left = batch
        self.number = number

    def on_train_batch_begin(self, batch, logs=None):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.number)


def weights(run):
    return [ops.convert_to_numpy(v) for v in kaudio.load(run.folder).weights]


def state(run):
    with np.load(run.state) as arrays:
        return {name: arrays[name] for name in arrays if name != "progress"}


def assert_same_state(run, other):
    ours, theirs = state(run), state(other)
    assert ours.keys() == theirs.keys()
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)
