"""Recipes: loading one from a file, its options, and the published systems."""

import inspect
import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest

import kaudio
from kaudio.audio import write as write_audio
from kaudio.recipe import option_help, recipe_function

RECIPES = Path(kaudio.__file__).parent.parent / "recipes"
NAMES = sorted(path.name for path in RECIPES.glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_every_option_has_a_type_a_default_and_a_line_of_help(name):
    function = recipe_function(RECIPES / name)
    texts = option_help(function)
    for option, parameter in inspect.signature(function).parameters.items():
        assert parameter.annotation is not inspect.Parameter.empty
        assert parameter.default is not inspect.Parameter.empty
        assert texts[option].endswith(".")
    assert set(texts) == set(inspect.signature(function).parameters)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_opens_with_its_command(name):
    assert f"kaudio fit recipes/{name}" in (RECIPES / name).read_text()


TINY = {  # sizes that fit ten seconds of music; nothing else is changed
    "gruv.py": {"units": 8, "excerpt_seconds": 0.5},
    "gruv_2015.py": {"sample_rate": 8_000, "frame_length": 125, "sequence_frames": 10, "units": 8},
    "unnati_2016.py": {"frame_length": 1_000, "sequence_frames": 10, "units": 8},
    "beckham_2016.py": {"frame_length": 500, "sequence_frames": 10, "units": 8},
}


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_trains_an_epoch(name, music, tmp_path):
    recipe = kaudio.load_recipe(
        RECIPES / name, audio=music, epochs=1, run_dir=tmp_path / "run", **TINY[name]
    )
    run = kaudio.fit(recipe)
    assert run.model.exists()
    assert run.sample.exists()


def shape_of(monkeypatch, name, music, **options):
    """The recipe at its published size, on data cut down to what the test has."""
    made = {}
    real = kaudio.data.next_step

    def next_step(corpus, codec, steps, batch_size, **rest):
        made.update(codec=codec, steps=steps, batch_size=batch_size, **rest)
        return real(corpus, codec, 1, batch_size, **rest)

    monkeypatch.setattr(kaudio.data, "next_step", next_step)
    monkeypatch.setattr(kaudio.models.FrameLSTM, "adapt", lambda model, dataset: None)
    recipe = kaudio.load_recipe(RECIPES / name, audio=music, **options)
    return recipe, made


def trainable(model):
    return sum(int(keras.ops.size(weight)) for weight in model.trainable_weights)


@pytest.mark.parametrize(("cell", "parameters"), [("lstm", 53_574_178), ("gru", 51_476_002)])
def test_gruv_2015_is_the_published_system(monkeypatch, music, cell, parameters):
    recipe, made = shape_of(monkeypatch, "gruv_2015.py", music, cell=cell)
    model, codec = recipe.model, made["codec"]
    assert trainable(model) == parameters
    assert (codec.sample_rate, codec.frame_length, codec.step_shape) == (44_100, 11_025, (22_050,))
    assert (made["steps"], made["batch_size"], recipe.epochs) == (40, 5, 50)
    layer = model.recurrent[0].get_config()
    assert layer["recurrent_activation"] == "hard_sigmoid"
    assert layer.get("unit_forget_bias", False) is False
    optimizer = model.optimizer
    assert isinstance(optimizer, keras.optimizers.RMSprop)
    assert (float(optimizer.learning_rate), optimizer.rho) == (pytest.approx(1e-3), 0.9)
    assert optimizer.epsilon == 1e-6
    assert model.loss == "mse"


@pytest.mark.parametrize(
    ("frame_length", "frames", "parameters"), [(11_025, 40, 53_574_178), (44_100, 10, 189_115_528)]
)
def test_unnati_2016_has_both_sizes(monkeypatch, music, frame_length, frames, parameters):
    options = {"frame_length": frame_length, "sequence_frames": frames}
    recipe, made = shape_of(monkeypatch, "unnati_2016.py", music, **options)
    assert trainable(recipe.model) == parameters
    assert (made["steps"], made["batch_size"], recipe.model.loss) == (frames, 1, "mae")
    assert recipe.model.standardize.kind == "feature"


def test_beckham_2016_is_the_published_system(monkeypatch, tmp_path):
    write_audio(tmp_path / "speech.wav", np.zeros(160_000), 4_000)
    recipe, made = shape_of(monkeypatch, "beckham_2016.py", tmp_path)
    assert trainable(recipe.model) == 55_223_200
    assert (made["codec"].sample_rate, made["codec"].frame_length) == (16_000, 16_000)
    assert (made["steps"], made["batch_size"], recipe.epochs) == (50, 16, 2000)
    assert recipe.model.standardize.kind == "range"
    assert float(recipe.model.optimizer.learning_rate) == pytest.approx(0.01)
    assert len(recipe.model.recurrent) == 3


def test_a_variant_imports_its_neighbour_and_changes_its_defaults():
    assert recipe_function(RECIPES / "unnati_2016.py").__module__ == "unnati_2016"


def write(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text('"""Mine."""\n' + textwrap.dedent(text))
    return path


def test_an_option_that_is_not_there_is_named_with_the_one_that_is(tmp_path):
    path = write(tmp_path, "def recipe(units: int = 1): ...")
    with pytest.raises(TypeError, match=r"no option `unit`. Did you mean `units`\?"):
        kaudio.load_recipe(path, unit=3)


def test_a_file_without_a_recipe_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no function named `recipe`"):
        kaudio.load_recipe(write(tmp_path, "x = 1"))
    with pytest.raises(FileNotFoundError, match=r"There is no recipe at '.*none\.py'"):
        kaudio.load_recipe(tmp_path / "none.py")


def test_help_is_taken_from_the_docstring():
    def recipe(a: int = 1, b: int = 2):
        """Does it.

        Args:
            a: One thing,
                on two lines.
            b: Another: with a colon.

        Returns:
            Nothing.
        """

    assert option_help(recipe) == {"a": "One thing, on two lines.", "b": "Another: with a colon."}
