"""What `kaudio report` writes, of whole runs and clips and of all others."""

import json
import re
import zipfile

import numpy as np
import pytest
import soundfile

import kaudio
from kaudio.cli import main
from kaudio.reporting.cells import cells
from kaudio.reporting.gather import gather
from kaudio.reporting.page import page
from kaudio.reporting.pictures import chart, spectrogram

RATE = 8_000


def sound(seconds=2.5, rate=RATE, seed=0):
    """Notes of 0.2 s that die away, each at another pitch, with a little noise."""
    rng, time = np.random.default_rng(seed), np.arange(round(seconds * rate)) / rate
    pitches = rng.uniform(200, 900, 1 + int(5 * seconds))[(5 * time).astype(int)]
    notes = 0.4 * np.sin(2 * np.pi * pitches * time) * np.exp(-8 * (time % 0.2))
    return notes + rng.normal(0, 0.005, len(time))


def make_run(folder, audio=True, epochs=2, **options):
    folder.mkdir(parents=True)
    record = {"recipe": "recipes/gruv.py", "options": {"units": 8, "run_dir": "x", **options}}
    (folder / "recipe.json").write_text(json.dumps(record))
    history = [{"epoch": e, "nmse": 1 / e, "val_nmse": 1.1 / e} for e in range(1, epochs + 1)]
    baselines = {"predict-mean": 1.0, "predict-last": 1.9}
    best = {"nmse": {"value": 0.55, "unit": "share", "baselines": baselines}}
    metrics = {"model": {"class": "FrameLSTM", "parameters": 1234}, "epochs": history}
    metrics["best"] = {"epoch": epochs, "validation": best}
    if epochs:
        (folder / "metrics.json").write_text(json.dumps(metrics))
    if audio:
        soundfile.write(folder / "sample.wav", sound(), RATE)
    codec = kaudio.codecs.FFTFrames(RATE, 64, overlap=2)
    made = {"class_name": "FFTFrames", "config": codec.get_config()}
    with zipfile.ZipFile(folder / "model.keras", "w") as archive:
        content = {"class_name": "FrameLSTM", "config": {"codec": made}}
        archive.writestr("config.json", json.dumps(content))
    return folder


def table(*paths, **options):
    rows, notes = gather(paths, **options)
    return {row.name: cells(row, bool(options)) for row in rows}, notes


def test_a_run_has_its_figures_beside_baselines_and_the_verdict_on_its_sample(tmp_path):
    found, notes = table(make_run(tmp_path / "run"))
    row = found["run"]
    assert row["Model"].text == "FrameLSTM"
    assert row["Parameters"].text == "1,234"
    assert row["Held out"].text == "0.5500"
    assert "beside predict-mean 1, predict-last 1.9" in row["Held out"].note
    assert row["Clip"].text == "2.5 s"
    assert row["Verdict"].good is True
    assert row["Joins"].text.endswith(" dB")
    assert row["Joins"].good is True
    assert row["Silence"].good is row["Held out"].good is None
    assert notes == []


def test_a_folder_is_looked_through_for_runs_and_clips(tmp_path):
    make_run(tmp_path / "all" / "one")
    make_run(tmp_path / "all" / "deep" / "two")
    soundfile.write(tmp_path / "all" / "clip.flac", sound(rate=44_100), 44_100)
    found, _ = table(tmp_path / "all", tmp_path / "all" / "one")
    assert list(found) == ["all/clip.flac", "all/deep/two", "all/one"]
    assert found["all/clip.flac"]["Clip"].note == "44,100\u00a0Hz"
    assert found["all/clip.flac"]["Held out"].note == "a clip alone"


def test_bad_input_is_not_defined_and_says_why_and_the_rest_stands(tmp_path):
    make_run(tmp_path / "unfinished", audio=False, epochs=0)
    make_run(tmp_path / "damaged")
    (tmp_path / "damaged" / "metrics.json").write_text('{"best": ')
    make_run(tmp_path / "strange")
    (tmp_path / "strange" / "metrics.json").write_text('{"best": [1], "epochs": {"a": NaN}}')
    (tmp_path / "empty").mkdir()
    soundfile.write(tmp_path / "nan.wav", np.array([0, np.nan]), RATE, subtype="FLOAT")
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    soundfile.write(tmp_path / "short.wav", sound(0.02), RATE)
    soundfile.write(tmp_path / "nothing.wav", np.zeros(0), RATE)
    (tmp_path / "words.wav").write_text("no audio")
    paths = sorted(tmp_path.iterdir())
    found, _ = table(*paths)
    why = {name: {title: cell.note for title, cell in row.items()} for name, row in found.items()}
    assert why["unfinished"]["Held out"] == "no epoch was finished"
    assert why["unfinished"]["Verdict"] == "no audio in the run folder"
    assert why["damaged"]["Held out"] == "metrics.json is damaged"
    assert why["strange"]["Held out"] == "metrics.json names no metric"
    assert found["damaged"]["Verdict"].good is True
    assert why["empty"]["Model"] == "an empty folder: no run, no audio"
    assert "not a number from 0.0 s on" in why["nan.wav"]["Verdict"]
    assert "silent" in why["silent.wav"]["Verdict"]
    assert why["silent.wav"]["Level"] == "nothing but zeros"
    assert why["short.wav"]["Loops"] == "shorter than 2 s"
    assert why["short.wav"]["Silence"] == "shorter than 50 ms"
    assert why["nothing.wav"]["Level"] == "it holds no samples"
    assert "not audio" in why["words.wav"]["Level"]
    assert {row["Drift"].text for row in found.values()} == {"not defined"}
    text = page(paths)
    assert text.count("<tbody role") == len(paths)
    assert "Learning curves: not defined" in text


def test_beside_music_drift_and_copies_and_ranges_are_judged(tmp_path, music):
    source = soundfile.read(music / "ada" / "piece_1.wav")[0]
    soundfile.write(tmp_path / "copy.wav", source, RATE)
    soundfile.write(tmp_path / "quiet.wav", 0.005 * sound(3.0), RATE)
    found, _ = table(tmp_path / "copy.wav", tmp_path / "quiet.wav", against=music)
    assert found["copy.wav"]["Copied"].good is False
    assert "piece_1.wav" in found["copy.wav"]["Copied"].note
    assert found["copy.wav"]["Level"].good is True
    assert found["quiet.wav"]["Level"].good is False
    assert found["quiet.wav"]["Level"].note.startswith("music: ")
    assert found["quiet.wav"]["Drift"].text == "leaves at 1 s"
    assert found["quiet.wav"]["Distance"].good is None


def test_what_goes_in_and_out_of_the_range_is_not_coloured(tmp_path, music):
    piece = soundfile.read(music / "ada" / "piece_1.wav")[0]
    soundfile.write(tmp_path / "clip.wav", np.concatenate([piece, 0.005 * piece] * 6), RATE)
    found, _ = table(tmp_path / "clip.wav", against=music)
    cell = found["clip.wav"]["Drift"]
    assert (cell.text, cell.good) == ("in and out", None)
    assert "level inside for" in cell.note


def test_all_that_is_measured_is_on_the_page_and_names_are_escaped(tmp_path, music):
    soundfile.write(tmp_path / "<b>.wav", sound(3), RATE)
    text = page([tmp_path / "<b>.wav"], music)
    said = text.split("<summary>All that is measured</summary>")[1].split("</details>")[0]
    assert "&lt;b&gt;.wav: 3.0 s at 8000 Hz, beside" in said
    assert "tonal clarity (0 to 1)" in said
    alone = page([tmp_path / "<b>.wav"]).split("<summary>All that is measured</summary>")[1]
    assert "spectral centroid (Hz)" in alone.split("</details>")[0]


def test_what_comes_from_files_is_text_and_nothing_else(tmp_path):
    evil = "<script>alert(1)</script>\"'&"
    run = make_run(tmp_path / "run", **{f"{evil}": f"<img src=x onerror=alert(2)>{evil}"})
    record = json.loads((run / "metrics.json").read_text())
    record["model"]["class"] = record["best"]["validation"]["nmse"]["unit"] = evil
    record["best"]["validation"]["nmse"]["baselines"][evil] = 3
    (run / "metrics.json").write_text(json.dumps(record))
    name = evil.replace("/", "\u2215")
    soundfile.write(tmp_path / f"{name}.wav", sound(), RATE)
    make_run(tmp_path / f"run {name}", epochs=1, units=9)
    text = page([tmp_path])
    assert text.count("<script>") == text.count("</script>") == 1
    assert "<img src=x" not in text
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    assert "http" not in re.sub('http-equiv="', "", text)


def test_the_page_lists_only_options_that_differ(tmp_path):
    for name, units in {"one": 8, "two": 16}.items():
        make_run(tmp_path / name, units=units, seed=0)
    text = page([tmp_path])
    differs = text[text.index('id="differs"') :]
    assert re.search(r">units</th><td>8</td><td>16</td>", differs)
    assert ">seed<" not in differs
    assert ">run_dir<" not in differs


def test_long_clips_are_cut_and_the_page_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr("kaudio.reporting.clips.PLAYED_SECONDS", 1.0)
    monkeypatch.setattr("kaudio.reporting.table.MOST_AUDIO_BYTES", 20_000)
    for number in range(3):
        soundfile.write(tmp_path / f"{number}.wav", sound(seed=number), RATE)
    text = page([tmp_path])
    assert "the first 1 s: waveform" in text
    assert 0 < text.count("<audio") < 3
    assert "No player: the page is full" in text


def test_the_command_writes_over_a_report_and_nothing_else(tmp_path, capsys):
    run, out = make_run(tmp_path / "run"), tmp_path / "new" / "report.html"
    for _ in range(2):
        main_stops(["report", str(run), "--output", str(out)])
    assert re.search(r"report\.html \(\d\.\d MB\)", capsys.readouterr().out)
    assert list(out.parent.iterdir()) == [out]
    other = tmp_path / "thesis.html"
    other.write_text("years of work")
    with pytest.raises(ValueError, match="no report of kaudio"):
        kaudio.report(run, other)
    with pytest.raises(ValueError, match=r"There is no '.*nowhere'"):
        kaudio.report(tmp_path / "nowhere", out)
    assert other.read_text() == "years of work"


def main_stops(arguments):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 0


def test_a_chart_of_one_epoch_or_of_equal_values_has_a_scale():
    for values in ([0.5], [0.5, 0.5], [None, 2e-9], [-3e6, 4e6]):
        assert "nan" not in chart("title", {"train": values}, {}, "nmse")


def test_a_spectrogram_of_less_than_a_window_is_none():
    assert spectrogram(np.zeros(100, "float32"), RATE) == b""
    assert spectrogram(np.zeros(RATE, "float32"), RATE)[8:12] == b"WEBP"
