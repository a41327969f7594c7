"""Clips of which it is known what a report must say."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from small_models import classifier
from synthetic import RATE, notes

from kaudio.cli import main
from kaudio.data.corpus import Corpus
from kaudio.evaluation.clip_report import clips_line
from kaudio.evaluation.embedded import EmbeddedMusic
from kaudio.evaluation.judge_clip import evaluate_audio
from kaudio.evaluation.judge_set import evaluate_set
from kaudio.evaluation.known_music import KnownMusic


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("songs")
    for seed in range(4):
        soundfile.write(folder / f"song_{seed}.wav", notes(25, seed), RATE, "FLOAT")
    return folder


@pytest.fixture(scope="module")
def known(folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAUDIO_CACHE", str(tmp_path_factory.mktemp("cache")))
        return KnownMusic.of(Corpus.from_folder(folder, RATE))


def test_a_clip_cut_from_the_music_is_reported_as_copied_with_its_source(known, folder):
    clip = notes(25, 2)[5 * RATE : 15 * RATE]
    report = evaluate_audio(clip, known, RATE)
    assert report.copy.source == str(folder / "song_2.wav")
    assert report.copy.seconds == pytest.approx(10, abs=0.3)
    assert report.copy.source_at - report.copy.at == pytest.approx(5, abs=0.1)
    assert report.copied
    assert report.faults == []
    assert report.drift.left_at is None
    assert f"from '{folder / 'song_2.wav'}' at" in report.table()


def test_new_music_of_the_kind_is_nearer_than_noise_and_copies_nothing_long(known):
    report = evaluate_audio(notes(20, 10), known, RATE)
    assert report.copy.seconds < 1
    assert report.copied is False
    assert 0 <= known.copy_floor < 1
    assert report.distances.value < 0.2 * report.distances.ceilings["white noise"]
    assert report.undefined == {}
    assert report.loops.exact_seconds == 0


def test_noise_is_outside_the_range_and_a_fault(known):
    noise = np.random.default_rng(0).normal(0, 0.1, 12 * RATE)
    report = evaluate_audio(noise, known, RATE, "hiss")
    assert report.measures["spectral_flatness"].inside is False
    assert report.drift.left_by is not None
    assert any("white noise" in fault for fault in report.faults)
    assert report.copy.seconds == 0
    assert report.distances.value > 0.5 * report.distances.ceilings["white noise"]
    assert "hiss: 12.0 s" in report.table()
    assert "outside" in report.table()


def test_a_loop_is_told_with_its_length(known):
    report = evaluate_audio(np.tile(notes(25, 11)[: 3 * RATE], 4), known, RATE)
    assert report.loops.exact_seconds == pytest.approx(9, abs=0.01)


@pytest.mark.parametrize(
    ("samples", "missing"),
    [
        (np.zeros(0), "everything"),
        (notes(1, 3)[:3_000], "distance"),
        (notes(1, 3)[:3_000], "copied"),
    ],
)
def test_what_a_short_clip_has_not_is_not_defined_and_says_why(known, samples, missing):
    report = evaluate_audio(samples, known, RATE)
    assert report.undefined[missing]
    assert "not defined: " in report.table()


def test_silence_has_no_brightness_but_all_else_stands(known):
    report = evaluate_audio(np.zeros(5 * RATE), known, RATE)
    assert report.measures["spectral_centroid"].inside is None
    assert "silent" in report.faults[0]
    assert report.distances.value > 0


@pytest.mark.parametrize("rate", [RATE, 2 * RATE, None])
def test_a_clip_is_judged_up_to_what_is_no_number(known, tmp_path, rate):
    clip = notes(8, 12)
    clip[6 * RATE] = np.nan
    if rate:  # as a file, perhaps of another rate
        soundfile.write(tmp_path / "clip.wav", np.repeat(clip, rate // RATE), rate, "FLOAT")
    report = evaluate_audio(tmp_path / "clip.wav" if rate else clip, known, None if rate else RATE)
    assert report.seconds == pytest.approx(6, abs=0.01)
    assert "not a number from 6.0 s" in report.faults[0]
    assert report.drift is not None
    json.dumps(report.as_dict(), allow_nan=False)


def test_a_clip_shorter_than_the_excerpts_of_the_music_is_not_judged_by_their_range(known):
    report = evaluate_audio(notes(25, 1)[: 5 * RATE], known, RATE)
    assert report.measures["crest_db"].value > 0
    assert report.measures["crest_db"].inside is None
    assert report.measures["tonal_clarity"].inside is True  # of windows of 2 s
    assert "not judged: shorter than the excerpts of 10 s" in report.table()
    assert (
        "Drift is sought in clips of 2 s"
        in evaluate_audio(notes(1, 1), known, RATE).undefined["drift"]
    )


def test_the_steadiness_of_the_tempo_is_set_beside_that_of_whole_recordings(tmp_path, monkeypatch):
    monkeypatch.setenv("KAUDIO_CACHE", str(tmp_path / "cache"))
    click = np.exp(-np.arange(RATE // 20) / 40) * np.sin(np.arange(RATE // 20))
    bars = np.zeros(20 * RATE, "float32")
    for start in range(0, len(bars) - len(click), RATE // 2):
        bars[start : start + len(click)] += 0.5 * click
    for number in range(5):
        soundfile.write(tmp_path / f"{number}.wav", bars, RATE)
    music = KnownMusic.of(Corpus.from_folder(tmp_path, RATE))
    assert music.tempos == (1.0,) * 5
    assert music.copy_floor is None  # copies of one file are one group
    few = replace(music, tempos=(1.0,))
    why = evaluate_audio(bars, few, RATE).measures["tempo_stability"].why
    assert why == "fewer than 5 recordings have a beat"
    assert evaluate_audio(bars, music, RATE).measures["tempo_stability"].inside
    found = evaluate_audio(notes(20, 5), music, RATE).measures["tempo_stability"]
    assert found.value is None or found.value < 1


def test_what_recordings_have_of_each_other_is_the_floor_of_copies(tmp_path, monkeypatch):
    monkeypatch.setenv("KAUDIO_CACHE", str(tmp_path / "cache"))
    one, other = notes(25, 1), notes(25, 2)
    other[8 * RATE : 16 * RATE] = one[8 * RATE : 16 * RATE]
    for name, samples in (("one", one), ("other", other)):
        soundfile.write(tmp_path / f"{name}.wav", samples, RATE)
    music = KnownMusic.of(Corpus.from_folder(tmp_path, RATE))
    assert music.copy_floor == 3  # more than that is no chance
    for seconds, copied in ((2.5, False), (5, True)):
        report = evaluate_audio(one[10 * RATE : round((10 + seconds) * RATE)], music, RATE)
        assert report.copy.seconds > 0.8 * seconds
        assert report.copied is copied


def test_a_waveform_at_another_rate_is_refused_in_a_sentence(known):
    with pytest.raises(ValueError, match=r"at the 6300 Hz of the music\. Received"):
        evaluate_audio(np.zeros(100), known, 8_000)


def test_of_one_recording_there_is_no_floor_and_the_rest_stands(folder, tmp_path):
    (tmp_path / "one.wav").symlink_to(folder / "song_0.wav")
    corpus = Corpus.from_folder(tmp_path / "one.wav", RATE)
    report = evaluate_audio(notes(3, 10), corpus, RATE)
    assert "two recordings or more" in report.undefined["distance"]
    assert report.drift is not None
    assert report.copy is not None


def test_several_clips_have_a_line_together(known):
    reports = [evaluate_audio(x, known, RATE) for x in (notes(12, 20), np.zeros(12 * RATE))]
    assert clips_line(reports).startswith("2 clips: 1 with nothing wrong, ")
    assert "verdict   nothing wrong was found\n" in reports[0].table()


def test_noise_and_clipping_are_found_in_a_file_of_any_rate(known, tmp_path):
    rng = np.random.default_rng(0)
    for name, samples in {
        "noise": rng.normal(0, 0.1, 12 * 44_100),
        "clipped": np.clip(80 * np.repeat(notes(12, 10), 7), -1, 1),
    }.items():
        soundfile.write(tmp_path / f"{name}.wav", samples, 44_100)
    noise, clipped = (
        evaluate_audio(tmp_path / f"{name}.wav", known) for name in ("noise", "clipped")
    )
    assert any("white noise" in fault for fault in noise.faults)
    assert any(fault.startswith("clipped") for fault in clipped.faults)
    assert "12.0 s at 44100 Hz, judged at 6300 Hz" in noise.table()


def test_silence_within_a_clip_is_a_fault_and_counts_as_silent(known):
    clip = notes(30, 10)
    clip[12 * RATE : 18 * RATE] = 0
    report = evaluate_audio(clip, known, RATE)
    assert report.faults == ["silent from 12.0 s to 18.0 s"]
    assert report.measures["silent_share"].value == pytest.approx(0.2, abs=0.01)
    assert report.measures["silent_share"].inside is False


def test_a_clip_that_is_one_of_the_recordings_is_told_so(known, folder):
    report = evaluate_audio(folder / "song_1.wav", known)
    assert report.is_music
    assert "It is one of these recordings" in report.table()


def test_joins_that_click_are_heard_in_the_file_as_it_is(known, tmp_path):
    clip, hop = notes(6, 12), 252
    steps = 0.05 * np.random.default_rng(0).normal(size=len(clip) // hop + 1)
    clicking = clip + np.repeat(steps, hop)[: len(clip)].astype("float32")
    assert evaluate_audio(clip, known, RATE, frame_seconds=0.04).joins == pytest.approx(0, abs=1)
    report = evaluate_audio(clicking, known, RATE, frame_seconds=0.04)
    assert report.joins > 10
    assert f"stand out by {report.joins:.1f} dB and click" in report.table()
    soundfile.write(tmp_path / "clip.wav", clicking, 8_000)
    report = evaluate_audio(tmp_path / "clip.wav", known, frame_seconds=hop / 8_000)
    assert report.joins > 10
    for seconds, reason in [(0.0401, r"0.0401 s, 252.630 samples at 6300 Hz"), (3.0, "Four joins")]:
        assert reason in evaluate_audio(clip, known, RATE, frame_seconds=seconds).undefined["joins"]


@pytest.fixture(scope="module")
def embedded(folder, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAUDIO_CACHE", str(tmp_path_factory.mktemp("cache")))
        model = classifier()
        return EmbeddedMusic.of(Corpus.from_folder(folder, model.sample_rate), model)


def test_a_classifier_hears_music_nearer_than_noise(known, embedded, tmp_path):
    paths = tmp_path / "music.wav", tmp_path / "noise.wav"
    noise = np.random.default_rng(0).normal(0, 0.1, 12 * RATE)
    for path, samples in zip(paths, (notes(12, 10), noise), strict=True):
        soundfile.write(path, samples, RATE)
    music, hiss = (evaluate_audio(path, known, embedded=embedded).embedding for path in paths)
    assert music.value < hiss.value
    assert music.floor == hiss.floor
    assert hiss.ceilings["white noise"] > music.floor
    together, _ = evaluate_set(paths, known, embedded)
    assert music.value < together["embedding"].value < hiss.value
    report = evaluate_audio(notes(12, 10), known, RATE, embedded=embedded)
    assert "at the 2000 Hz of the classifier, or a file" in report.undefined["embedding"]


def test_the_distance_of_a_set_is_not_defined_where_all_clips_are_too_short(known, tmp_path):
    soundfile.write(tmp_path / "short.wav", notes(1, 3)[:3_000], RATE)
    found, left_out = evaluate_set([tmp_path / "short.wav"], known)
    assert "Expected audio of 1 s" in found["distance"]
    assert len(left_out["distance"]) == 1
    assert evaluate_set([], known)[0]["distance"] == "There are no clips."


def test_a_set_says_which_clips_are_not_of_it(known, tmp_path):
    for name, seconds in (("short", 0.5), ("long", 5)):
        soundfile.write(tmp_path / f"{name}.wav", notes(seconds, 3), RATE)
    found, left_out = evaluate_set(sorted(tmp_path.glob("*.wav")), known)
    assert found["distance"].value > 0
    assert "short.wav': Expected audio of 1 s" in left_out["distance"][0]


def test_only_a_classifier_at_its_rate_embeds(folder):
    with pytest.raises(TypeError, match="Expected a classifier of composers"):
        EmbeddedMusic.of(Corpus.from_folder(folder, RATE), None)
    with pytest.raises(ValueError, match=r"2000 Hz of the classifier\. Received: 6300"):
        EmbeddedMusic.of(Corpus.from_folder(folder, RATE), classifier())


def test_the_command_judges_and_draws_several_clips(folder, tmp_path, capsys):
    clips = tmp_path / "clips"
    clips.mkdir()
    for number in (1, 2):
        soundfile.write(clips / f"{number}.wav", notes(6, number), RATE)
    classifier().save(tmp_path / "model.keras")
    options = ["--classifier", str(tmp_path / "model.keras"), "--png", str(tmp_path / "out.png")]
    with pytest.raises(SystemExit) as stop:
        main(
            ["evaluate", str(clips), "--against", str(folder), *options, "--frame-seconds", "0.04"]
        )
    assert not stop.value.code
    said = capsys.readouterr().out
    for line in ("joins     stand out by", "embedding ", "distance of all clips together: "):
        assert line in said
    assert (tmp_path / "out_1.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out_2.png").exists()


def test_the_command_resamples_a_clip_and_writes_json(folder, tmp_path, capsys):
    clip, out = tmp_path / "clip.wav", tmp_path / "out.json"
    soundfile.write(clip, notes(25, 1)[: 8 * RATE], RATE)
    (tmp_path / "broken.wav").write_bytes(b"no audio")
    with pytest.raises(SystemExit):
        main(["evaluate", str(tmp_path), "--against", str(folder), "--json", str(out)])
    said = capsys.readouterr()
    assert "clip.wav: 8.0 s at 6300 Hz, beside 4 recordings" in said.out
    assert "broken.wav" in said.err
    (report,) = json.loads(out.read_text())["clips"]
    assert report["copy"]["source"].endswith("song_1.wav")
    assert report["drift"]["said"]


@pytest.mark.parametrize("options", [[], ["--audio", "a", "--against", "b"]])
def test_neither_or_both_options_are_a_sentence(options):
    with pytest.raises(SystemExit, match="Expected one of two: a model with --audio"):
        main(["evaluate", "clip.wav", *options])


def test_options_that_cannot_be_are_refused_before_any_work(tmp_path):
    with pytest.raises(SystemExit, match=r"--png is for files, with --against\. Leave it out"):
        main(["evaluate", "runs/gruv", "--audio", "a", "--png", "out.png"])
    for seconds in ("0", "-1", "nan"):
        with pytest.raises(SystemExit, match="--frame-seconds must be above 0"):
            main(["evaluate", "clip.wav", "--against", "a", "--frame-seconds", seconds])
    with pytest.raises(SystemExit, match="--batches must be at least 1"):
        main(["evaluate", "runs/gruv", "--audio", "a", "--batches", "0"])
    with pytest.raises(SystemExit, match=r"'clip.wav' is audio\. It is judged with --against"):
        main(["evaluate", "clip.wav", "--audio", "a"])
    with pytest.raises(SystemExit, match=r"is a folder\. Expected a file to write"):
        main(["evaluate", "clip.wav", "--against", "a", "--json", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"--train is for models, with --audio\. Leave it out"):
        main(["evaluate", "clip.wav", "--against", "a", "--train", "b"])


def test_what_is_not_there_is_a_sentence(folder, tmp_path):
    with pytest.raises(SystemExit, match="There is no folder"):
        main(["evaluate", str(folder), "--against", str(tmp_path / "none")])
    with pytest.raises(SystemExit, match="Expected audio files to judge"):
        main(["evaluate", str(tmp_path / "none.wav"), "--against", str(folder)])
    (tmp_path / "empty").mkdir()
    with pytest.raises(SystemExit, match="There is no audio to judge"):
        main(["evaluate", str(tmp_path / "empty"), "--against", str(folder)])
