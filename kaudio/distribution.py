"""Training on many devices, of one process or of several: data parallelism, on JAX."""

import contextlib
import ctypes
import functools
import hashlib
import ipaddress
import os
import re
import signal
import socket
import sys
from collections.abc import Generator
from typing import Any

import keras
import numpy as np

from kaudio import backend, startup

# Schedulers that JAX knows say here of how many processes a job is, or which one this is.
COUNTS, INDEX = ("SLURM_STEP_NUM_TASKS", "OMPI_COMM_WORLD_SIZE"), "JOB_COMPLETION_INDEX"
# How long processes wait for each other to start.
START_SECONDS = 300
LOST = (
    "Another process of this run has ended or cannot be reached any more, so this one ends too. "
    "What was last saved is whole: start all of them again with the same options, or another "
    "number of them, to go on from there."
)
# How JAX begins to say that another process does not answer.
_GONE = re.compile(
    r"(UNKNOWN|UNAVAILABLE|INTERNAL|ABORTED|DEADLINE_EXCEEDED): .*(Gloo|NCCL|[Cc]oordination)"
)
# What JAX says, on all ways, before it aborts a process since another one does not answer.
_TERMINATED = b"JAX distributed service detected fatal errors"
# Within which a process that is aborted says so: what it asks for may be what was broken.
_LAST_SECONDS = 10
# What the system calls, and what is put back, outlive the functions of this module.
_KEPT: dict[str, Any] = {}


def distribute(
    coordinator: str | None = None, processes: int | None = None, process_id: int | None = None
) -> None:
    """Trains from now on with data parallelism: each device learns from its share of a batch.

    Every device holds all weights, and gradients are summed over all of them, so that a run is the
    same on any number of devices, but for rounding. Call it before anything is computed and before
    the recipe is loaded, in each process with the same recipe and options. They must share the
    folder of the run; the first of them writes it.

    Args:
        coordinator: `HOST:PORT` where the first process is reached by the others. Without it, the
            environment of a scheduler that JAX knows is read (SLURM, Open MPI, GKE's JobSet), or
            else this process trains alone on all devices that it has.
        processes: How many there are.
        process_id: Which one this is, from 0 on.

    Raises:
        ValueError: If Keras does not run on JAX, the arguments do not go together, or the other
            processes do not come.

    Example:
    >>> kaudio.distribute()  # all devices of this machine
    >>> recipe = kaudio.load_recipe("recipes/gruv.py", batch_size=64)
    >>> run = kaudio.fit(recipe)

    References:
        https://keras.io/api/distribution/
    """
    if keras.config.backend() != "jax":
        raise ValueError(
            "Training is distributed on JAX only. Received: "
            f"KERAS_BACKEND={keras.config.backend()}. Pass --backend jax."
        )
    if coordinator:  # Keras takes the addresses of all
        coordinator = coordinator.split(",")[0].strip()
    if check(coordinator, processes, process_id) or _scheduled():
        _join(coordinator, processes, process_id)
    keras.distribution.set_distribution(keras.distribution.DataParallel(auto_shard_dataset=False))
    agree("train")  # connects them now, before each is busy for a time of its own


def check(coordinator: str | None, processes: int | None, process_id: int | None) -> bool:
    """Whether arguments of `distribute` name other processes. Refuses those that do not fit."""
    if coordinator is None and processes is None and process_id is None:
        return False
    if coordinator is None or processes is None or process_id is None:
        raise ValueError(
            "Several processes need all of --coordinator, --processes and --process-id. Received: "
            f"{coordinator}, {processes} and {process_id}. Under SLURM, Open MPI or JobSet, leave "
            "out all three."
        )
    host, _, port = coordinator.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 1 << 16:
        raise ValueError(
            "--coordinator must be the HOST:PORT of the first process, such as 10.0.0.1:1234. "
            f"Received: {coordinator}."
        )
    if not 0 <= process_id < processes:
        raise ValueError(
            "--process-id must be from 0 to --processes less 1. Received: "
            f"--process-id {process_id} --processes {processes}."
        )
    return True


def _scheduled() -> bool:
    """Whether a scheduler has started several processes."""
    counts = [os.environ.get(name, "") for name in COUNTS]
    return INDEX in os.environ or any(count.isdigit() and int(count) > 1 for count in counts)


def _join(coordinator: str | None, processes: int | None, process_id: int | None) -> None:
    bind = coordinator if coordinator and _is_loopback(coordinator.rpartition(":")[0]) else None
    _KEPT["output"] = startup.Output()
    _say_when_aborted(_KEPT["output"])
    if coordinator:
        print(f"Waiting for all at {coordinator}, for at most {START_SECONDS} s.", flush=True)
    try:
        backend.join(coordinator, processes, process_id, bind, START_SECONDS)
    except (RuntimeError, ValueError) as error:
        _say_no_more()
        raise ValueError(
            f"The processes cannot join: {str(error).splitlines()[0].rstrip('.')}. Name "
            "--coordinator, --processes and --process-id, all three."
        ) from error
    startup.ends_at_once = True
    sys.excepthook = _end_at_once
    # JAX listens to SIGTERM from now on. It is to, while it trains: see `told_by_jax`.
    _KEPT["SIGTERM"] = _handle(signal.SIGTERM)


def _is_loopback(host: str) -> bool:
    try:
        found = socket.getaddrinfo(host.strip("[]"), None)
    except OSError:
        return False
    return all(ipaddress.ip_address(address[0]).is_loopback for *_, address in found)


def _say_when_aborted(output: startup.Output) -> None:
    """JAX aborts a process whose others are gone. This lets it say so, in a sentence.

    A library that finds its memory broken aborts, too. Python may then wait for ever for a lock
    that the library holds, and so an alarm ends it. It is set by Python, so that one thing is left:
    that another thread holds the lock of Python itself, and waits in vain.
    """
    apart = (
        f"The processes did not find each other within {START_SECONDS} s. Start all of them by "
        "then, with the --coordinator that they can all reach."
    )
    broken = (
        "A library has aborted this process, by a fault of its own or for want of memory. What was "
        "last saved is whole: start all processes again with the same options, to go on from there."
    )

    def ended(_: int) -> None:
        signal.alarm(_LAST_SECONDS)
        _handle(signal.SIGALRM)
        sentence = broken
        if _TERMINATED in output.read():
            sentence = LOST if startup.ends_at_once else apart
        log = output.save()
        libraries = f" (Libraries said: {log})" if log else ""
        os.write(output.stderr, f"kaudio: {sentence}{libraries}\n".encode())
        os._exit(1)

    _KEPT["SIGABRT"] = ctypes.CFUNCTYPE(None, ctypes.c_int)(ended)
    handler = ctypes.cast(_KEPT["SIGABRT"], ctypes.c_void_p)
    _KEPT["before"] = _handle(signal.SIGABRT, handler)


def _say_no_more() -> None:
    """Undoes `_say_when_aborted`, and lets libraries write where they did."""
    _handle(signal.SIGABRT, _KEPT.pop("before"))
    _KEPT.pop("output").restore()


def _handle(number: signal.Signals, handler: Any = None) -> Any:
    """Sets what the system calls at a signal, None for its default. Returns what it was."""
    return _system_signal()(int(number), handler)


@functools.cache  # so that a process that is aborted need not look for it
def _system_signal() -> Any:
    function = ctypes.CDLL(None).signal
    function.restype, function.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
    return function


def _end_at_once(*error: Any) -> None:
    """Says an error that nobody has met, and ends without waiting for the other processes."""
    sys.__excepthook__(*error)
    sys.stderr.flush()
    os._exit(1)


@contextlib.contextmanager
def told_by_jax() -> Generator[None]:
    """Context in which JAX hears SIGTERM, to tell all processes. Outside it ends this one.

    Processes that did not join by `distribute` let JAX hear it all the time.
    """
    if "SIGTERM" not in _KEPT:
        yield
        return
    _handle(signal.SIGTERM, _KEPT["SIGTERM"])
    try:
        yield
    finally:
        _handle(signal.SIGTERM)


def part() -> None:
    """Goes on alone, after training. All processes must do the same."""
    agree("part")  # the others wait here while the first one generates and saves: JAX waits less
    backend.leave()
    if not startup.ends_at_once:
        return
    startup.ends_at_once = False
    sys.excepthook = sys.__excepthook__
    del _KEPT["SIGTERM"]
    _say_no_more()


def agree(mine: str) -> None:
    """Waits for all processes, and checks that they are about to do the same. Each must call it.

    Args:
        mine: What this process is about to do.

    Raises:
        ValueError: If another one is about to do something else.
    """
    if backend.processes().count == 1:
        return
    digest = hashlib.blake2b(mine.encode(), digest_size=4).digest()
    found = backend.gather(np.frombuffer(digest, "uint32"))
    if (found != found[0]).any():
        raise ValueError(
            "All processes of a run must have the same recipe, options and recordings, and see "
            "the same run folder. They do not: at least one of them differs from the first."
        )


def is_loss(error: Exception) -> bool:
    """Whether an error of JAX says that another process is gone."""
    return bool(_GONE.match(str(error)))
