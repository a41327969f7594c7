"""Exported ONNX files, run by ONNX Runtime."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kaudio.artifacts.describe import read_description
from kaudio.artifacts.players import Arrays, Player


def check_installed(*packages: str) -> None:
    """Refuses to work with ONNX files where packages for it are missing.

    Raises:
        ValueError: If some are.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise ValueError(
            f"ONNX files need {' and '.join(missing)}, which kaudio does not install by itself: "
            'pip install "kaudio[onnx]".'
        )


class OnnxPlayer(Player):
    """A folder of ONNX files, each of which is loaded when it is first run.

    Args:
        folder: Of the files.
        threads: How many ONNX Runtime uses.

    Raises:
        ValueError: If it is damaged, or of something else.
    """

    def __init__(self, folder: Path, threads: int = 1) -> None:
        check_installed("onnxruntime")
        import onnxruntime

        self.folder = folder
        self.sessions: dict[str, Any] = {}
        self.options = onnxruntime.SessionOptions()
        self.options.intra_op_num_threads = self.options.inter_op_num_threads = threads
        self.options.log_severity_level = 4
        properties = self._session("serve").get_modelmeta().custom_metadata_map
        if "kaudio" not in properties:
            raise ValueError(
                f"'{folder}' comes from elsewhere. Expected ONNX files that `kaudio export` wrote."
            )
        self.metadata = read_description(properties["kaudio"], str(folder))

    def _session(self, endpoint: str) -> Any:
        import onnxruntime

        if endpoint not in self.sessions:
            file = self.folder / f"{endpoint}.onnx"
            try:
                self.sessions[endpoint] = onnxruntime.InferenceSession(
                    file, self.options, providers=["CPUExecutionProvider"]
                )
            except Exception as error:  # of many kinds, by what is damaged
                raise ValueError(
                    f"'{file}' is not an ONNX file, or a damaged one. Export the model again."
                ) from error
        return self.sessions[endpoint]

    def run(self, endpoint: str, inputs: Mapping[str, np.ndarray]) -> Arrays:
        session = self._session(endpoint)
        names = [output.name.removeprefix("next_") for output in session.get_outputs()]
        return dict(zip(names, session.run(None, dict(inputs)), strict=True))
