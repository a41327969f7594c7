"""Arguments and options that several verbs have."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from kaudio.startup import Backend


class Subtype(StrEnum):
    """How samples are stored in an audio file."""

    int16 = "PCM_16"
    int24 = "PCM_24"
    float = "FLOAT"


class Format(StrEnum):
    """What a trained model is stored as."""

    keras = "keras"
    saved_model = "saved_model"
    tflite = "tflite"
    tflite_float16 = "tflite_float16"
    tflite_int8 = "tflite_int8"
    onnx = "onnx"


BackendOption = Annotated[
    Backend | None,
    typer.Option(help="What computes. Default: KERAS_BACKEND, or else Keras's own default."),
]
ModelArgument = Annotated[
    Path, typer.Argument(help="A run folder, an exported folder or a .keras file.")
]
