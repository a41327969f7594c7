"""Memory that is freed is used again."""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
import numpy as np
from kaudio.memory import keep_freed

kept = sys.argv[1] == "keep" and keep_freed()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(16_000_000, "float32")
before = faults()
np.ones(16_000_000, "float32")
print(kept, faults() - before)
"""


def pages(what):
    command = [sys.executable, "-c", PROGRAM, what]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    kept, number = result.stdout.split()
    return kept == "True", int(number)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="Only glibc has these options.")
def test_a_large_block_is_not_asked_for_again():
    kept, few = pages("keep")
    _, many = pages("leave")
    assert kept
    assert many > 100
    assert few < many / 10
