"""kaudio asks the network for nothing: not when it is imported, not when it trains."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Raised errors may be caught by whoever calls home: end the process instead.
GUARD = """
import os, sys

CALLS = {"connect", "getaddrinfo", "gethostbyname", "sendto", "sendmsg"}

def refuse(event, arguments):
    if event.startswith("socket.") and event[7:] in CALLS:
        if event == "socket.connect" and isinstance(arguments[1], (str, bytes)):
            return  # a socket of this machine
        os.write(2, f"asked the network: {event} {arguments[1:]}".encode())
        os._exit(86)

sys.addaudithook(refuse)
"""
IMPORT_ALL_AND_FIT = """
import importlib, pkgutil, sys
from pathlib import Path
import kaudio
for module in pkgutil.walk_packages(kaudio.__path__, "kaudio."):
    if module.name != "kaudio.__main__":
        importlib.import_module(module.name)
from tests.faults import tiny
kaudio.fit(tiny.recipe(Path(sys.argv[1]), Path(sys.argv[2]), epochs=1))
"""


@pytest.fixture
def offline(tmp_path):
    """Runs Python where nothing, nor any process it starts, may ask the network."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    path = f"{tmp_path / 'guard'}{os.pathsep}{Path(__file__).parents[1]}"
    environment = os.environ | {"PYTHONPATH": path}

    def run(*arguments):
        command = [sys.executable, *(str(argument) for argument in arguments)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    return run


@pytest.mark.parametrize(
    "program",
    [
        "import socket; socket.create_connection(('127.0.0.1', 9))",
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))",
        "import urllib.request; urllib.request.urlopen('http://localhost:9')",
    ],
)
def test_what_asks_the_network_is_found(offline, program):
    result = offline("-c", f"try: exec({program!r})\nexcept Exception: pass")
    assert result.returncode == 86
    assert "asked the network" in result.stderr


def test_help_asks_the_network_for_nothing(offline):
    result = offline("-m", "kaudio", "--help")
    assert result.returncode == 0, result.stderr
    assert "fit" in result.stdout


def test_every_module_is_imported_and_a_model_trains_without_a_network(offline, music, tmp_path):
    result = offline("-c", IMPORT_ALL_AND_FIT, music, tmp_path / "run")
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "run" / "model.keras").exists()
