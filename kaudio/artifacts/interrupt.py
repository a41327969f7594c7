"""Ctrl-C while libraries work that may lose it."""

import contextlib
import signal
import threading
from collections.abc import Callable, Generator


@contextlib.contextmanager
def stoppable(say: Callable[[str], object]) -> Generator[Callable[[str], None]]:
    """Context that the first Ctrl-C ends with a `KeyboardInterrupt`, as soon as libraries let it.

    Further ones change nothing, so that tidying up is not cut short.

    Args:
        say: Is told what is done.

    Yields:
        The same, but for ending the context if an earlier Ctrl-C did not.
    """
    pressed = False

    def stop(*_: object) -> None:
        nonlocal pressed
        if not pressed:
            pressed = True
            raise KeyboardInterrupt

    def heard(text: str) -> None:
        # An exception is lost in callbacks of C++, and in whatever catches all of them.
        if pressed:
            raise KeyboardInterrupt
        say(text)

    if threading.current_thread() is not threading.main_thread():  # where signals never arrive
        yield heard
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield heard
    except Exception as error:
        if pressed:  # which is what became an error of some other kind
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)  # None: set by something in C
