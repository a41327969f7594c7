"""The commands, as a user types them."""

import re
import subprocess
import sys
from pathlib import Path

import awkward
import keras
import numpy as np
import pytest
import soundfile

import kaudio
from kaudio.cli import main

GRUV = Path(kaudio.__file__).parent.parent / "recipes" / "gruv.py"


def run(*arguments):
    """Runs a command in this process. Returns its exit code."""
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return stop.code
    return 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run folder, made by the command in a process of its own, on the demo corpus."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    command = [sys.executable, "-m", "kaudio", "fit", GRUV, "--epochs", 1, "--units", 8]
    command += ["--run-dir", folder]
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return folder, result


def test_fit_needs_no_audio_and_says_what_it_did(trained):
    folder, result = trained
    assert "epoch 1/1" in result.stdout
    assert "predict-last" in result.stdout
    for command in ("kaudio generate", "tensorboard --logdir", "--audio ~/music"):
        assert command in result.stdout
    assert (folder / "model.keras").exists()
    assert soundfile.info(folder / "sample.wav").duration > 1
    # TensorFlow 2.20 cannot be told to be quiet.
    absl = ("WARNING: All log messages before absl", "I0000 ")
    assert [line for line in result.stderr.splitlines() if not line.startswith(absl)] == []


def test_generate_writes_what_was_asked_for(trained, tmp_path, capsys):
    out = tmp_path / "new" / "out.wav"
    code = run("generate", trained[0], out, "--seconds", 4.5, "--seed", 3, "--subtype", "PCM_24")
    assert code == 0
    info = soundfile.info(out)
    assert (info.duration, info.samplerate, info.subtype) == (4.5, 8_000, "PCM_24")
    assert re.search(r"4\.5 s, [\d.]+ x real time, in .*out\.wav", capsys.readouterr().out)


def test_generate_makes_a_batch_and_goes_on_from_a_prime(trained, tmp_path):
    prime = tmp_path / "prime.mp3"
    prime.write_bytes(awkward.MP3)
    out = tmp_path / "out.wav"
    options = ["--batch", 2, "--prime", prime, "--temperature", 1]
    assert run("generate", trained[0], out, "--seconds", 0.5, *options) == 0
    first, second = (soundfile.read(tmp_path / f"out_{i}.wav")[0] for i in (1, 2))
    assert len(first) == len(second) == 4_000
    assert (first != second).any()
    assert not out.exists()


def test_an_included_prime_comes_on_top_of_what_is_generated(trained, tmp_path):
    prime = tmp_path / "prime.wav"
    prime.write_bytes(awkward.FILES["rate_8000_12s.wav"][0])
    alone, both = tmp_path / "alone.wav", tmp_path / "both.wav"
    assert run("generate", trained[0], alone, "--seconds", 1, "--prime", prime) == 0
    options = ["--seconds", 1, "--prime", prime, "--include-prime"]
    assert run("generate", trained[0], both, *options) == 0
    assert len(soundfile.read(alone)[0]) == 8_000
    samples = soundfile.read(both)[0]
    heard = len(samples) - 8_000
    assert 11.5 * 8_000 < heard <= 12 * 8_000
    fade = slice(512, heard)
    np.testing.assert_allclose(samples[fade], awkward.music(12.0, 8_000)[fade], atol=1e-3)


def small_wavenet(folder, silent=False, **options):
    """A run folder with a WaveNet that has learned nothing, or to be silent."""
    keras.utils.set_random_seed(0)
    codec = kaudio.codecs.MuLaw(8_000, 64)
    sizes = {"residual_filters": 4, "gate_filters": 4, "skip_filters": 8, "head_filters": 8}
    model = kaudio.models.WaveNet(codec, [1, 2], **sizes, **options)
    if silent:
        model.outlet.bias.assign(100.0 * np.eye(64)[codec.silence])
    folder.mkdir()
    model.save(folder / "model.keras")
    return folder


@pytest.fixture(scope="module")
def wavenet(tmp_path_factory):
    return small_wavenet(tmp_path_factory.mktemp("wavenet") / "run", global_names=["ada", "bela"])


@pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="TensorFlow exports.")
def test_an_exported_folder_plays_in_each_format(trained, tmp_path, capsys):
    folder = tmp_path / "exported"
    assert run("export", trained[0], folder) == 0
    said = capsys.readouterr().out
    assert all(name in said for name in ("saved_model", "model.tflite", "model.int8.tflite"))
    assert "beside what has learned nothing" in (folder / "card.md").read_text()
    heard = []
    for format in ("keras", "saved_model", "tflite"):
        out = tmp_path / f"{format}.wav"
        assert run("generate", folder, out, "--seconds", 1, "--format", format) == 0
        heard.append(soundfile.read(out)[0])
    np.testing.assert_allclose(heard[1:], [heard[0]] * 2, atol=1e-3)
    assert run("export", trained[0], folder) != 0


def test_generate_turns_from_one_condition_to_another(wavenet, tmp_path, capsys):
    prime = tmp_path / "prime.wav"
    prime.write_bytes(awkward.FILES["rate_8000_12s.wav"][0])
    options = ["--seconds", 0.3, "--batch", 2, "--prime", prime, "--top-k", 9, "--top-p", 0.9]
    told = ["--condition", "ada -> bela:0.5"]
    assert run("generate", wavenet, tmp_path / "out.wav", *options, *told) == 0
    clips = [soundfile.read(tmp_path / f"out_{i}.wav")[0] for i in (1, 2)]
    assert [len(clip) for clip in clips] == [2_400, 2_400]
    assert (clips[0] != clips[1]).any()
    assert re.search(r"0\.3 s.*out_1\.wav, .*out_2\.wav", capsys.readouterr().out)
    # What was asked for is what a program would ask for.
    turn = kaudio.generation.crossfade([[1.0, 0.0], [0.0, 0.5]], 0.3)
    same = kaudio.generate(
        kaudio.load(wavenet),
        0.3,
        batch_size=2,
        prime=awkward.music(12.0, 8_000).astype("float32"),
        controls={"top_k": 9, "top_p": 0.9},
        conditions={"global": turn},
    )
    np.testing.assert_allclose(clips, same, atol=1e-4)


def test_generate_says_which_conditions_and_controls_there_are(trained, wavenet, tmp_path):
    out = tmp_path / "out.wav"
    plain = small_wavenet(tmp_path / "run")
    wishes = {
        (wavenet, "--condition", "liszt:1"): "This model knows no 'liszt'. It knows: ada, bela.",
        (wavenet, "--condition", "ada:much"): "A condition is a name and a number, such as 'ada",
        (wavenet, "--top-k", -1): "`top_k` must be a number, 0 or more. Received: top_k=-1.",
        (plain, "--condition", "ada"): "This model was trained without conditions",
        (trained[0], "--condition", "ada"): "This model was trained without conditions",
        (trained[0], "--top-p", 0.9): "This model has no control named 'top_p'. It has: temper",
        (trained[0], "--top-k", 5): "This model has no control named 'top_k'. It has: temper",
    }
    for (model, *wish), sentence in wishes.items():
        answer = str(run("generate", model, out, *wish))
        assert answer.startswith(f"kaudio: {sentence}")
        assert "\n" not in answer
    assert not out.exists()


def test_a_clip_that_is_silent_is_said_to_be_no_music(tmp_path, capsys):
    model, out = small_wavenet(tmp_path / "run", silent=True), tmp_path / "out.wav"
    assert run("generate", model, out, "--seconds", 0.3) == 0
    assert not soundfile.read(out)[0].any()
    assert f"{out} is not music: as good as silent" in capsys.readouterr().err


def test_the_version_is_said(capsys):
    assert run("--version") == 0
    assert capsys.readouterr().out == f"kaudio {kaudio.__version__}\n"


def test_corpus_says_what_is_in_a_folder(music, capsys):
    assert run("corpus", music) == 0
    text = capsys.readouterr().out
    assert re.search(r"ada +3", text)
    assert "8000 Hz x 6" in text


def test_the_cache_is_cleared(music, capsys, cache):
    kaudio.Corpus.from_folder(music, 4_000)
    assert any(cache.rglob("*.npy"))
    assert run("corpus", "--clear-cache") == 0
    assert "MB removed" in capsys.readouterr().out
    assert not any(cache.rglob("*.npy"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fit", "nowhere.py"], "There is no recipe at 'nowhere.py'"),
        (["fit", GRUV, "--audio", "nowhere"], "There is no folder 'nowhere'"),
        (["generate", "nowhere", "out.wav"], "There is no model at 'nowhere'"),
        (["corpus", "nowhere"], "There is no folder 'nowhere'"),
        (["corpus", "nowhere.csv"], "There is no manifest 'nowhere.csv'"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(arguments, sentence):
    code = run(*arguments)
    assert str(code).startswith(f"kaudio: {sentence}")


@pytest.mark.parametrize(
    ("option", "hint"), [("--unit", "--units"), ("--epoch", "--epochs"), ("--run-dri", "--run-dir")]
)
def test_a_wrong_option_is_answered_with_the_right_one(option, hint, capsys):
    assert run("fit", GRUV, option, 3) == 2
    assert hint in capsys.readouterr().err


def test_a_value_of_the_wrong_type_is_named(capsys):
    assert run("fit", GRUV, "--units", "many") == 2
    assert "Invalid value for '--units'" in capsys.readouterr().err


def test_the_help_of_a_recipe_lists_its_options(capsys):
    assert run("fit", GRUV, "--help") == 0
    text = " ".join(capsys.readouterr().out.split())
    assert re.search(r"--units (<int>|INTEGER) Width of each LSTM", text)
    assert "[default: runs/gruv]" in text


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"words")
    assert "is not a model" in str(run("generate", tmp_path, tmp_path / "out.wav"))
    assert not (tmp_path / "out.wav").exists()


def test_bad_wishes_leave_no_file_behind(trained, tmp_path):
    out = tmp_path / "out.wav"
    wishes = [["--seconds", 0], ["--batch", 0], ["--prime", tmp_path / "none.wav"]]
    wishes += [["--seconds", "inf"], ["--seed", -1], ["--temperature", "nan"]]
    for wish in wishes:
        assert str(run("generate", trained[0], out, *wish)).startswith("kaudio: ")
    assert str(run("generate", trained[0], tmp_path / "out.xyz")).startswith("kaudio: ")
    assert not any(tmp_path.iterdir())


def test_nothing_is_written_over_what_it_comes_from(tmp_path):
    models, clip = GRUV.parent.parent / "saved_models", tmp_path / "clip.wav"
    soundfile.write(clip, 0.1 * np.sin(np.arange(16_000) / 9), 8_000)
    before = clip.read_bytes()
    said = run("dream", models / "composer", clip, clip, "--target", "nocturne")
    assert "is the recording itself. Write the dream to another file" in said
    said = run("generate", models / "gruv", clip, "--prime", clip)
    assert "is the prime itself. Write the clip to another file" in said
    said = run("generate", models / "gruv", tmp_path / "c.wav", "--prime", clip, "--batch", 2)
    assert not said
    said = run("generate", models / "gruv", clip, "--prime", tmp_path / "clip_2.wav", "--batch", 2)
    assert "is the prime itself" in said
    assert clip.read_bytes() == before
    dream = ("dream", models / "composer", clip, tmp_path / "out.wav", "--target", "nocturne")
    assert "ends before 50 s. Begin earlier (--start)." in run(*dream, "--start", 50)


def test_classify_names_what_is_missing_and_answers_the_rest(tmp_path, capsys):
    models, clip = GRUV.parent.parent / "saved_models", tmp_path / "clip.wav"
    soundfile.write(clip, 0.1 * np.sin(np.arange(160_000) / 9), 8_000)
    assert run("classify", models / "composer", tmp_path / "none.wav", clip) == 1
    said = capsys.readouterr()
    assert "none.wav': there is no such file or folder." in said.err
    assert "nocturne" in said.out
