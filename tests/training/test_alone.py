import signal
import subprocess
import sys

import pytest

from kaudio.training.alone import alone

HOLD = "import sys, time; from kaudio.training.alone import alone; from pathlib import Path\n"
HOLD += "with alone(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)\n"


def test_a_second_run_in_a_folder_is_refused_until_the_first_has_ended(tmp_path):
    folder = tmp_path / "run"
    with (
        alone(folder),
        pytest.raises(ValueError, match=r"training in '.*run' right now\..*--run-dir .*run_2"),
        alone(folder),
    ):
        pass
    with alone(folder):
        pass


def test_a_folder_is_let_go_of_when_its_run_is_killed(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(ValueError, match="Another run is training"), alone(tmp_path):
            pass
        holder.send_signal(signal.SIGKILL)
    with alone(tmp_path):
        pass
