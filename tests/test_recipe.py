"""Recipes: loading one from a file, its options, and the published systems."""

import inspect
import textwrap
from dataclasses import replace
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


NET = {"stacks": 1, "max_dilation": 2, "filters": 4, "skip_filters": 8}
SHORT = {"excerpt_seconds": 0.1, "batch_size": 2, "epoch_batches": 2}
LONG = {"sample_rate": 8_000, "excerpt_samples": 2_000, "epoch_batches": 2}
TINY = {  # sizes that fit ten seconds of music; nothing else is changed
    "gruv.py": {"units": 8, "excerpt_seconds": 0.5},
    "gruv_2015.py": {"sample_rate": 8_000, "frame_length": 125, "sequence_frames": 10, "units": 8},
    "unnati_2016.py": {"frame_length": 1_000, "sequence_frames": 10, "units": 8},
    "beckham_2016.py": {"frame_length": 500, "sequence_frames": 10, "units": 8},
    "beckham.py": {
        **{"sample_rate": 8_000, "units": 8, "num_layers": 2, "mixtures": 2},
        **{"carry_state": True, "scheduled_sampling": 0.5, "excerpt_seconds": 0.5},
    },
    "wavenet.py": NET | SHORT | {"composers": True, "mixed_precision": True, "input_noise": 1.0},
    "wavenet_long.py": SHORT | {"max_dilation": 8, "filters": 4, "skip_filters": 8},
    "wavenet_context.py": SHORT
    | {"stacks": 1, "max_dilation": 1, "context_hop_length": 4, "context_max_dilation": 2},
    "oneshots.py": NET | {"seconds": 0.1, "batch_size": 2},
    "ibab_2016.py": NET | LONG | {"remat": True},
    "deepsound_2016.py": NET | LONG,
    "composer.py": {
        **{"chunk_seconds": 0.5, "hop_seconds": 2.0, "folds": 2, "members": 2, "filters": 4},
        **{"blocks": 1, "batch_size": 4, "epoch_batches": 2},
    },
    "rupprecht_2016.py": {"folds": 2, "batch_size": 1, "epoch_batches": 1},
    "composers_wavenet.py": NET | SHORT,
    "basveeling_2016.py": {"small": True, "batch_size": 2, "epoch_batches": 2},
}
# These play no clip: it would be that of a neighbour, and takes longer to compile than to train.
SILENT = ["composer.py", "wavenet_context.py", "basveeling_2016.py"]
# These train as their neighbours do, at other sizes.
ONE_BATCH = [
    *("gruv_2015.py", "unnati_2016.py", "beckham_2016.py", "ibab_2016.py", "deepsound_2016.py"),
    *("wavenet_long.py", "composers_wavenet.py", "rupprecht_2016.py"),
]


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_trains(name, music, tmp_path):
    recipe = kaudio.load_recipe(
        RECIPES / name, audio=music, epochs=1, run_dir=tmp_path / "run", **TINY[name]
    )
    assert recipe.clip_seconds > 0
    if name in ONE_BATCH:
        assert np.isfinite(recipe.model.train_on_batch(*recipe.train[0])).all()
        return
    run = kaudio.fit(replace(recipe, clip_seconds=0.0 if name in SILENT else 0.2))
    assert run.model.exists()
    assert run.sample.exists() == (name not in SILENT)


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


def test_ibab_2016_is_the_published_system(monkeypatch, music):
    recipe, made = shape_of(monkeypatch, "ibab_2016.py", music)
    model, codec = recipe.model, made["codec"]
    assert trainable(model) == 1_514_912
    assert model.receptive_field == 5_117
    assert codec == kaudio.codecs.MuLaw(16_000, 256)
    assert (made["steps"], made["batch_size"]) == (5_116 + 100_000, 1)
    optimizer = model.optimizer
    assert isinstance(optimizer, keras.optimizers.Adam)
    assert (float(optimizer.learning_rate), optimizer.epsilon) == (pytest.approx(1e-3), 1e-4)


def test_deepsound_2016_is_the_published_system(monkeypatch, music):
    recipe, made = shape_of(monkeypatch, "deepsound_2016.py", music)
    model, codec = recipe.model, made["codec"]
    assert trainable(model) == 6_138_368
    assert model.receptive_field == 10_237
    assert len(model.trunk.blocks) == 55
    assert codec == kaudio.codecs.MuLaw(16_000, 256)
    assert (made["steps"], made["batch_size"]) == (10_236 + 10_000, 1)
    assert isinstance(model.optimizer, keras.optimizers.Adam)


@pytest.mark.parametrize(
    ("small", "parameters", "field"), [(False, 4_129_536, 1_025), (True, 91_920, 513)]
)
def test_basveeling_2016_is_the_published_system(monkeypatch, music, small, parameters, field):
    recipe, made = shape_of(monkeypatch, "basveeling_2016.py", music, small=small)
    model, codec = recipe.model, made["codec"]
    assert trainable(model) == parameters
    assert model.receptive_field == field
    assert codec == kaudio.codecs.MuLaw(4_410, 256)
    assert (made["steps"], made["batch_size"]) == (field - 1 + 128, 16)
    assert recipe.epochs == 1_000
    optimizer = model.optimizer
    assert isinstance(optimizer, keras.optimizers.SGD)
    assert (optimizer.momentum, optimizer.nesterov) == (0.9, True)
    assert float(optimizer.learning_rate) == pytest.approx(1e-3)
    kinds = {type(callback).__name__: callback for callback in recipe.callbacks}
    assert (kinds["EarlyStopping"].patience, kinds["ReduceLROnPlateau"].patience) == (20, 10)


def test_wavenet_is_told_the_composer_and_of_a_longer_past_when_asked(monkeypatch, music):
    recipe, _ = shape_of(monkeypatch, "wavenet.py", music, composers=True, batch_size=8)
    assert recipe.model.condition_names == {"global": ("ada", "bela")}
    x, _ = recipe.train[0]
    assert sorted(x) == ["global", "steps"]
    assert x["global"].shape == (8, 1, 2)
    np.testing.assert_array_equal(x["global"].sum(axis=(1, 2)), np.ones(8))
    recipe, _ = shape_of(monkeypatch, "wavenet_context.py", music)
    assert recipe.model.receptive_field > 4 * recipe.model.trunk.receptive_field


def test_wavenet_writes_sixteen_bits_when_asked(monkeypatch, music):
    recipe, made = shape_of(monkeypatch, "wavenet.py", music, mixtures=5)
    assert made["codec"] == kaudio.codecs.Linear(8_000, 65_536)
    assert recipe.model.head.width == 15
    assert recipe.model.options["input_kind"] == "scalar"


def test_wavenet_long_sees_seconds(monkeypatch, music):
    model = shape_of(monkeypatch, "wavenet_long.py", music)[0].model
    assert model.receptive_field / model.codec.sample_rate == pytest.approx(2.6, abs=0.01)


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
