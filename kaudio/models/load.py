"""Reading a trained model back."""

import zipfile
from pathlib import Path

import keras

# Keras only finds classes whose module has been imported, although the file names the module.
from kaudio import codecs as codecs
from kaudio import models as models
from kaudio.models.file_check import Refused, at_most, check_file


def load(path: Path | str) -> keras.Model:
    """Reads a trained model, on whichever backend is in use.

    Args:
        path: A `.keras` file written by `kaudio.fit`, or a run folder, whose model is read.

    Returns:
        The compiled model. Its `codec` knows its sample rate.

    Raises:
        FileNotFoundError: If there is nothing to read.
        ValueError: If the file is not a model, is damaged, or asks for more weights than it holds:
            that is found before any memory is taken.

    Example:
    >>> model = kaudio.load("runs/gruv")
    >>> waveform = kaudio.generate(model, seconds=10)
    """
    path = Path(path)
    file = path / "model.keras" if path.is_dir() else path
    if not file.is_file():
        expected = "a `.keras` file, or a run folder with a `model.keras` in it"
        raise FileNotFoundError(
            f"There is no model at '{path}'. Expected {expected}. `kaudio fit` makes one."
        )
    if not zipfile.is_zipfile(file):
        raise ValueError(
            f"'{file}' is not a model, or only a part of one. Expected a `.keras` file as "
            "`kaudio fit` writes it."
        )
    try:
        with at_most(check_file(file)):
            model = keras.saving.load_model(file)
    except Refused as error:
        raise ValueError(f"'{file}' is not read: {error}.") from error
    except Exception as error:  # of many kinds, by what is damaged
        if "unexpected keyword argument" in str(error):
            raise ValueError(
                f"'{file}' has options that this kaudio, or this Keras, does not know: later ones "
                "have written it. Install newer ones: pip install --upgrade kaudio keras."
            ) from error
        reason = " ".join(str(error).split(". ")[0].split())[:300] or type(error).__name__
        raise ValueError(
            f"'{file}' is damaged, or a model of classes that kaudio does not know: {reason}."
        ) from error
    if not isinstance(model, keras.Model):
        raise ValueError(f"'{file}' is a {type(model).__name__}. Expected a model.")
    return model
