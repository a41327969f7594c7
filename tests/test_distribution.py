"""Several processes and devices: what is refused, and that two learn what one does."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
import soundfile

from kaudio import backend, distribution, startup
from kaudio.cli import main

TINY = Path(__file__).parent / "faults" / "tiny.py"
ON_JAX = pytest.mark.skipif(keras.config.backend() != "jax", reason="JAX shares out batches.")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a:1", None, None), "all of --coordinator, --processes and --process-id"),
        (("a", 2, 0), "HOST:PORT of the first process"),
        (("a:70000", 2, 0), "Received: a:70000"),
        (("a:1", 2, 2), "from 0 to --processes less 1"),
        (("a:1", 2, -1), "Received: --process-id -1"),
    ],
)
def test_processes_that_cannot_be_are_refused_with_a_sentence(arguments, message):
    with pytest.raises(ValueError, match=message):
        distribution.check(*arguments)


def test_processes_are_named_whole_or_not_at_all():
    assert distribution.check("[::1]:1234", 2, 1)
    assert not distribution.check(None, None, None)


def test_a_process_that_trains_alone_is_one_of_one():
    assert backend.processes() == backend.ALONE
    distribution.agree("anything")


@pytest.mark.skipif(keras.config.backend() == "jax", reason="JAX shares out batches.")
def test_another_backend_is_refused():
    with pytest.raises(ValueError, match=r"on JAX only\. Received: KERAS_BACKEND=tensorflow"):
        distribution.distribute()


def test_options_of_several_processes_are_refused_where_one_trains(capsys):
    with pytest.raises(SystemExit) as error:
        main(["fit", str(TINY), "--coordinator", "a:1"])
    assert "Add it, or leave them out" in str(error.value)


def test_what_libraries_say_is_in_a_file_only_once_that_is_asked_for(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    output = startup.Output()
    streams = sys.stdout, sys.stderr
    print("Python")
    os.write(1, b"a library, ")
    os.write(2, b"another one")
    before, name = list(tmp_path.iterdir()), output.save()
    output.restore()
    for stream in streams:
        stream.close()
    assert not before
    assert list(tmp_path.iterdir()) == [Path(name)]
    assert Path(name).read_text() == "a library, another one"
    assert capfd.readouterr() == ("Python\n", "")


def test_where_processes_cannot_join_all_is_as_before(monkeypatch):
    streams = []

    def join(*_):
        streams.extend((sys.stdout, sys.stderr))
        raise RuntimeError("No scheduler.")

    def state():
        handler = distribution._handle(signal.SIGABRT)
        distribution._handle(signal.SIGABRT, handler)
        return sys.stdout, sys.stderr, os.fstat(1), os.fstat(2), handler

    monkeypatch.setattr(backend, "join", join)
    before = state()
    with pytest.raises(ValueError, match=r"cannot join: No scheduler\. Name"):
        distribution._join(None, None, None)
    for stream in streams:
        stream.close()
    assert state() == before


def test_who_joined_by_other_means_lets_jax_hear_signals_as_it_does():
    before = signal.getsignal(signal.SIGTERM)
    with distribution.told_by_jax():
        assert signal.getsignal(signal.SIGTERM) == before


# In children that have computed nothing, so that they may be forked.
ABORTED = """
import os
import time

from kaudio import distribution, startup

distribution._LAST_SECONDS = 1
PEER = b"F0] Terminating process because the JAX distributed service detected fatal errors."
for said, startup.ends_at_once in (PEER, True), (PEER, False), (b"Check failed", True), (b"", 1):
    child = os.fork()
    if not child:
        output = startup.Output()
        os.write(2, said)
        if not said:
            output.read = lambda: time.sleep(60)
        distribution._say_when_aborted(output)
        os.abort()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@ON_JAX
def test_what_aborts_a_process_is_told_apart(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", ABORTED],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    said = [line for line in result.stderr.splitlines() if line.startswith("kaudio: ")]
    assert result.stdout.split() == ["1", "1", "1", str(-signal.SIGALRM)], result.stderr
    for line, sentence in zip(
        said, (distribution.LOST, "did not find each other", "A library has aborted"), strict=True
    ):
        assert sentence in line
    assert "Check failed" in Path(said[2].split("said: ")[1].rstrip(")")).read_text()


@ON_JAX
def test_two_processes_learn_what_one_does_and_the_first_alone_writes(tmp_path):
    for number in range(8):
        noise = np.random.default_rng(number).normal(0, 0.1, 80_000)
        soundfile.write(tmp_path / f"{number}.wav", noise, 8_000)
    fit = ["fit", str(TINY), "--audio", str(tmp_path), "--clips", "0", "--epochs", "2"]
    with pytest.raises(SystemExit) as ended:
        main([*fit, "--run-dir", str(tmp_path / "one")])
    assert not ended.value.code
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    together = ["--distribute", "data", "--coordinator", coordinator, "--processes", "2"]
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "kaudio", *fit, "--run-dir", str(tmp_path / "two"), *together,
             "--process-id", str(index)],
            env={**os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for index in range(2)
    ]  # fmt: skip
    try:
        said = [child.communicate(timeout=300)[0] for child in children]
    finally:
        for child in children:
            child.kill()
    assert [child.returncode for child in children] == [0, 0], said
    assert "4 devices of 2 processes" in said[0]
    assert "Process 1 is done." in said[1]
    one, two = (
        [[epoch["loss"], epoch["nmse"]] for epoch in
         json.loads((tmp_path / name / "metrics.json").read_text())["epochs"]]
        for name in ("one", "two")
    )  # fmt: skip
    np.testing.assert_allclose(one, two, rtol=1e-5)
