"""Recipes: the functions that say what to train, and how to read one from a file."""

import difflib
import inspect
import re
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import grain
import keras
import typer


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything that `kaudio.fit` needs. A recipe file holds one function, `recipe`, returning it.

    Args:
        model: A compiled model.
        train: Batches, gone through once an epoch, in a new order each time.
        validation: Batches, gone through after each epoch.
        epochs: Times to go through `train`, at least 1.
        run_dir: Folder of the model and the logs. Fit again in the same place to resume.
        keep: Which model is kept: that of the "best" epoch, by the validation loss, or the "last",
            such as of a model that is to know the sounds of its training by heart.
        judged: Of a classifier, the recordings that `validation` counts in "recording".
        clip_seconds: Length of the audio generated after each epoch and at the end, in seconds. 0
            generates none.
        callbacks: Added to those of `kaudio.fit`, in each of several processes.
        notes: Sentences to print before training, such as what could not be read.
        path: Where the recipe was read from. `load_recipe` fills it in.
        options: What it was called with. `load_recipe` fills it in.
    """

    model: keras.Model
    train: grain.MapDataset
    validation: grain.MapDataset
    epochs: int
    run_dir: Path
    keep: str = "best"
    judged: Sequence[Any] = ()
    clip_seconds: float = 10.0
    callbacks: Sequence[keras.callbacks.Callback] = ()
    notes: Sequence[str] = ()
    path: Path | None = None
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.epochs < 1:
            raise ValueError(f"`epochs` must be at least 1. Received: epochs={self.epochs}.")
        if self.keep not in ("best", "last"):
            raise ValueError(f'`keep` must be "best" or "last". Received: keep="{self.keep}".')


def load_recipe(path: Path | str, **options: Any) -> Recipe:
    """Calls the function `recipe` of a file.

    A recipe is a program and runs as one: only load those that you trust.

    Args:
        path: A Python file, such as `recipes/gruv.py`.
        **options: Parameters of its function, such as `units=512`. Others keep their defaults.

    Returns:
        The `Recipe`.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If the recipe has no such option.

    Example:
    >>> recipe = kaudio.load_recipe("recipes/gruv.py", units=512)
    >>> run = kaudio.fit(recipe)
    """
    return _call(recipe_function(path), Path(path), options)


def _call(function: Callable[..., Recipe], path: Path, options: dict[str, Any]) -> Recipe:
    parameters = inspect.signature(function).parameters
    for name in options:
        if name not in parameters:
            close = difflib.get_close_matches(name, parameters, n=1)
            hint = f"Did you mean `{close[0]}`?" if close else f"It has: {', '.join(parameters)}."
            raise TypeError(f"'{path}' has no option `{name}`. {hint}")
    defaults = {name: parameter.default for name, parameter in parameters.items()}
    return replace(function(**options), path=path, options={**defaults, **options})


def recipe_command(path: Path | str, run: Callable[[Recipe], Any]) -> typer.Typer:
    """Makes a command whose options are the parameters of a recipe, help from its docstring.

    Args:
        path: A Python file, such as `recipes/gruv.py`.
        run: Called with the `Recipe`.
    """
    function = recipe_function(path)
    signature, help_texts = inspect.signature(function), option_help(function)

    def command(**options: Any) -> None:
        run(_call(function, Path(path), options))

    parameters = [
        parameter.replace(
            kind=inspect.Parameter.KEYWORD_ONLY,
            annotation=Annotated[parameter.annotation, typer.Option(help=help_texts.get(name))],
        )
        for name, parameter in signature.parameters.items()
    ]
    replaced = signature.replace(parameters=parameters, return_annotation=None)
    setattr(command, "__signature__", replaced)  # noqa: B010
    command.__annotations__ = {p.name: p.annotation for p in parameters}
    app = typer.Typer(add_completion=False, rich_markup_mode=None)
    summary = inspect.getdoc(function) or ""
    epilog = "--backend tensorflow or --backend jax works here as well."
    app.command(help=summary.split("\n\n")[0], epilog=epilog)(command)
    return app


def recipe_function(path: Path | str) -> Callable[..., Recipe]:
    """Imports a file and returns its function `recipe`."""
    path = Path(path)
    if not path.is_file() or path.suffix != ".py":
        raise FileNotFoundError(
            f"There is no recipe at '{path}'. Expected a Python file, such as recipes/gruv.py."
        )
    # As for `python recipes/x.py`: a recipe may import its neighbours.
    sys.path.insert(0, str(path.resolve().parent))
    try:
        loader = SourceFileLoader(path.stem, str(path))
        module = types.ModuleType(loader.name)
        module.__file__ = str(path)
        loader.exec_module(module)
    finally:
        sys.path.pop(0)
    function = getattr(module, "recipe", None)
    if not callable(function):
        raise ValueError(
            f"'{path}' has no function named `recipe`. docs/recipes.md says what one looks like."
        )
    return function


def option_help(function: Callable) -> dict[str, str]:
    """What the section `Args:` of a docstring says of each parameter."""
    doc = inspect.getdoc(function) or ""
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", doc, re.DOTALL | re.MULTILINE)
    entries = re.findall(
        r"^    (\w+): (.*?)(?=^    \w|\Z)", section[1] if section else "", re.DOTALL | re.MULTILINE
    )
    return {name: " ".join(text.split()) for name, text in entries}
