"""What becomes of memory that is freed."""

import ctypes
import platform

# Parameters of glibc's `mallopt`.
TRIM_THRESHOLD, MMAP_MAX, ARENA_MAX = -1, -4, -8


def keep_freed() -> bool:
    """Lets this process keep large blocks of memory that it frees, and use them again.

    glibc gives a block of more than 32 MB back to the system when it is freed. XLA frees hundreds
    of MB after each training step on a CPU and asks for them again in the next, and the system
    hands them out page by page, each set to zero: up to a third of the time of a step. The
    process stays as large as its largest step. Elsewhere than on Linux with glibc, nothing
    changes.

    Call it before anything starts threads, so before Keras is imported.

    Returns:
        Whether memory is kept.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    set_option = ctypes.CDLL(None).mallopt
    options = {ARENA_MAX: 1, MMAP_MAX: 0, TRIM_THRESHOLD: -1}  # -1: never give back
    return all([set_option(name, value) for name, value in options.items()])
