"""Processes that start at once, since their parent has imported all, and that are killed.

The parent imports Keras and never runs anything of it, so that children may be forked from it.
"""

import contextlib
import mmap
import os
import signal
import struct
import sys
import time
import traceback

# What a child is at. Whatever has no name of its own is of the first that fits.
PHASES = (
    "starting",
    "training",
    "cache",
    "model",
    "state",
    "metrics",
    "tensorboard",
    "clip",
    "closing",
    "exporting",
    "naming",
    "generating",
    "writing",
)
TICK = 1 / os.sysconf("SC_CLK_TCK")


class Board:
    """What a child tells of itself while it lives, in memory that its parent sees."""

    def __init__(self):
        self.memory = mmap.mmap(-1, 4096)
        self.bell = None

    def _get(self, place):
        return struct.unpack_from("<q", self.memory, 8 * place)[0]

    def _set(self, place, value):
        struct.pack_into("<q", self.memory, 8 * place, value)

    phase = property(lambda self: PHASES[self._get(0)])
    step = property(lambda self: self._get(1), lambda self, value: self._set(1, value))

    @contextlib.contextmanager
    def at(self, name):
        """Context of a phase. Whoever waits for it is told."""
        before = self._get(0)
        self._set(0, PHASES.index(name))
        if self.bell is not None:
            os.write(self.bell, bytes([PHASES.index(name)]))
        try:
            yield
        finally:
            self._set(0, before)

    def watch(self, home, function, phase):
        """Replaces a function of a module or class by one that says when it is at work."""
        whole = getattr(home, function)

        def watched(*arguments, **options):
            with self.at(phase):
                return whole(*arguments, **options)

        setattr(home, function, watched)


def run(board, work, log, cpu_seconds=None, aim=None):
    """Runs a function in a child.

    Args:
        board: What the child tells, cleared first.
        work: The function, of no arguments.
        log: File that the child's output is added to.
        cpu_seconds: If given, it is killed when it has used so much of the processor.
        aim: If given, a phase, which time of it, and seconds after its beginning: killed then.

    Returns:
        Whether it was killed. Else it has ended by itself, and well.
    """
    board.memory[:] = bytes(len(board.memory))
    ear, board.bell = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(work, log, ear)
    os.close(board.bell)
    try:
        if cpu_seconds is not None:
            while _cpu(pid) < cpu_seconds:
                time.sleep(0.003)
            os.kill(pid, signal.SIGKILL)
        elif aim is not None and _heard(ear, *aim[:2]):
            time.sleep(aim[2])
            os.kill(pid, signal.SIGKILL)
        else:
            while os.read(ear, 4096):  # until it ends
                pass
        status = os.waitpid(pid, 0)[1]
    finally:
        os.close(ear)
        board.bell = None
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
        return True
    if status:
        raise RuntimeError(f"A child failed ({status}); see {log}.")
    return False


def _child(work, log, ear):
    os.close(ear)
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1)
    os.dup2(file, 2)
    code = 0
    try:
        work()
    except SystemExit as ended:
        code = 1 if ended.code else 0
        print(ended.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _heard(ear, phase, times):
    wanted = PHASES.index(phase)
    while data := os.read(ear, 1):
        times -= data[0] == wanted
        if times <= 0:
            return True
    return False


def _cpu(pid):
    """Seconds of the processor that a child has used; endless once it has ended."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return TICK * (int(fields[11]) + int(fields[12])) if fields[0] != "Z" else float("inf")
