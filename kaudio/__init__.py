"""Learning music from raw audio, with Keras 3."""

# Names are imported when first used: `kaudio --help` stays quick, and a command can choose the
# backend before Keras is imported.
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kaudio import artifacts as artifacts
    from kaudio import audio as audio
    from kaudio import codecs as codecs
    from kaudio import data as data
    from kaudio import evaluation as evaluation
    from kaudio import generation as generation
    from kaudio import layers as layers
    from kaudio import models as models
    from kaudio.artifacts.export import export as export
    from kaudio.data.corpus import Corpus as Corpus
    from kaudio.distribution import distribute as distribute
    from kaudio.evaluation.classify import classify as classify
    from kaudio.evaluation.judge_clip import evaluate_audio as evaluate_audio
    from kaudio.evaluation.judge_model import evaluate as evaluate
    from kaudio.generation.dream import dream as dream
    from kaudio.generation.generate import generate as generate
    from kaudio.generation.generate import stream as stream
    from kaudio.models.load import load as load
    from kaudio.recipe import Recipe as Recipe
    from kaudio.recipe import load_recipe as load_recipe
    from kaudio.reporting.page import report as report
    from kaudio.training.fit import fit as fit

__version__ = "0.1.0"

_HOME = {
    "Corpus": "kaudio.data.corpus",
    "Recipe": "kaudio.recipe",
    "distribute": "kaudio.distribution",
    "dream": "kaudio.generation.dream",
    "classify": "kaudio.evaluation.classify",
    "evaluate": "kaudio.evaluation.judge_model",
    "evaluate_audio": "kaudio.evaluation.judge_clip",
    "export": "kaudio.artifacts.export",
    "fit": "kaudio.training.fit",
    "generate": "kaudio.generation.generate",
    "load": "kaudio.models.load",
    "load_recipe": "kaudio.recipe",
    "report": "kaudio.reporting.page",
    "stream": "kaudio.generation.generate",
}
_ROOMS = ("artifacts", "audio", "codecs", "data", "evaluation", "generation", "layers", "models")


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"kaudio.{name}")
    raise AttributeError(f"module 'kaudio' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted([*_HOME, *_ROOMS, "__version__"])
