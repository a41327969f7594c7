"""Ctrl-C while an export is written: it ends, whoever swallows the signal, and tidies up."""

import contextlib
import os
import signal

import pytest

from kaudio.artifacts.interrupt import stoppable


def press():
    os.kill(os.getpid(), signal.SIGINT)


def test_the_first_press_ends_it_and_further_ones_do_not_cut_tidying_short():
    tidied = []

    def work():
        with stoppable(print):
            try:
                press()
            finally:
                press()
                tidied.append(True)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        work()
    assert tidied
    assert signal.getsignal(signal.SIGINT) is before


def test_a_press_that_a_library_swallowed_ends_it_at_the_next_stage():
    def work():
        with stoppable(print) as say:
            with contextlib.suppress(KeyboardInterrupt):
                press()
            say("the next stage")

    with pytest.raises(KeyboardInterrupt):
        work()


def test_a_press_that_became_another_error_is_a_press():
    def work():
        with stoppable(print):
            try:
                press()
            except KeyboardInterrupt as error:
                raise RuntimeError("something in C++ failed") from error

    with pytest.raises(KeyboardInterrupt):
        work()


def test_without_a_press_errors_stay_what_they_are():
    said = []

    def work():
        with stoppable(said.append) as say:
            say("writing")
            raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="full"):
        work()
    assert said == ["writing"]
