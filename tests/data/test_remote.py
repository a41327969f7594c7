"""Remote recordings: fetched from a server that fails, into a cache that is small."""

import io
import json
import pickle
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile
from file_server import FileServer

from kaudio.data import Corpus, cache_bytes, clear_cache, survey
from kaudio.data.bounded import limit_bytes, locked
from kaudio.data.remote import Address

pytest.importorskip("aiohttp")
RATE = 1000
SECONDS = 20  # of each file: a waveform takes 80 kB


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("kaudio.data.remote.WAITS", (0.01, 0.01, 0.01, 0.01))


@pytest.fixture
def files():
    """Eight files of noise, in WAV and FLAC, at two rates."""
    return {
        f"{number}.{kind}": audio(number, kind) for number, kind in enumerate(["wav", "flac"] * 4)
    }


@pytest.fixture
def server(files):
    server = FileServer(files).start()
    yield server
    server.stop()


def audio(seed, kind="wav", rate=RATE):
    noise = np.random.default_rng(seed).uniform(-0.5, 0.5, SECONDS * rate)
    file = io.BytesIO()
    soundfile.write(file, noise, rate, format=kind.upper(), subtype="PCM_16")
    return file.getvalue()


def manifest(tmp_path, server, names=None):
    names = server.files if names is None else names
    path = tmp_path / "corpus.csv"
    path.write_text("path\n" + "".join(f"{server.address(name)}\n" for name in names))
    return path


def whole(recording):
    return recording.read(0, recording.num_samples)


def original(content):
    return soundfile.read(io.BytesIO(content), dtype="float32")[0]


def remote_bytes(cache):
    with locked(cache / "remote", "bytes"):  # nothing comes or goes while it is counted
        return sum(path.stat().st_size for path in (cache / "remote").glob("*.npy"))


def kept_nothing_half(cache):
    return not list((cache / "remote").glob("*.tmp"))


@pytest.mark.parametrize("rate", [RATE, 700])
def test_remote_recordings_are_those_on_the_disk_sample_by_sample(tmp_path, server, rate, cache):
    folder = tmp_path / "local"
    folder.mkdir()
    for name, content in server.files.items():
        (folder / name).write_bytes(content)
    local = Corpus.from_folder(folder, rate)
    remote = Corpus.from_manifest(manifest(tmp_path, server), rate)
    assert [r.path.name for r in remote.recordings] == [r.path.name for r in local.recordings]
    for one, other in zip(remote.recordings, local.recordings, strict=True):
        np.testing.assert_array_equal(whole(one), whole(other))
        assert str(one.path) == server.address(one.path.name)
    copy = pickle.loads(pickle.dumps(remote))
    assert copy == remote
    np.testing.assert_array_equal(copy.recordings[3].read(5, 9), whole(local.recordings[3])[5:14])
    assert kept_nothing_half(cache)


def test_nothing_is_fetched_twice(tmp_path, server, cache):
    table = manifest(tmp_path, server)
    corpus = Corpus.from_manifest(table, RATE)
    assert server.fetched == {name: len(content) for name, content in server.files.items()}
    assert Corpus.from_manifest(table, RATE) == corpus
    for path in (cache / "remote").glob("*.npy"):
        path.unlink()
    assert Corpus.from_manifest(table, RATE) == corpus  # lengths are known
    assert server.fetched.total() == sum(map(len, server.files.values()))
    size = cache_bytes()
    assert clear_cache() == size > 0
    assert not list(cache.iterdir())


def test_a_file_that_changed_is_fetched_again(tmp_path, server, cache):
    table = manifest(tmp_path, server, ["0.wav"])
    (before,) = Corpus.from_manifest(table, RATE).recordings
    server.files["0.wav"] = audio(99)
    (after,) = Corpus.from_manifest(table, RATE).recordings
    np.testing.assert_array_equal(whole(after), original(server.files["0.wav"]))
    before.waveform.path.unlink()
    fetched = server.fetched["0.wav"]
    with pytest.raises(OSError, match=r"0\.wav was changed since it was first read\. Start again"):
        before.read(0, 10)
    assert server.fetched["0.wav"] == fetched  # what it is now was known


@pytest.mark.parametrize(("rate", "times"), [(RATE, 2), (2 * RATE, 1)])
def test_a_file_of_another_size_is_not_fetched_to_learn_that_it_changed(
    tmp_path, server, cache, rate, times
):
    table = manifest(tmp_path, server, ["0.wav"])
    (before,) = Corpus.from_manifest(table, RATE).recordings
    before.waveform.path.unlink()
    fetched = server.fetched["0.wav"]
    server.files["0.wav"] = audio(99, rate=rate)
    with pytest.raises(OSError, match=r"0\.wav was changed"):
        before.read(0, 10)
    assert server.fetched["0.wav"] == times * fetched


def test_trimmed_ends_are_known_without_fetching(tmp_path, server, cache):
    loud = np.zeros(3000)
    loud[1000:2000] = 0.5
    file = io.BytesIO()
    soundfile.write(file, loud, RATE, format="WAV")
    server.files["0.wav"] = file.getvalue()
    table = manifest(tmp_path, server, ["0.wav"])
    corpus = Corpus.from_manifest(table, RATE, trim_silence_db=-60)
    assert corpus.seconds == 1
    corpus.recordings[0].waveform.path.unlink()
    assert Corpus.from_manifest(table, RATE, trim_silence_db=-60) == corpus
    np.testing.assert_array_equal(whole(corpus.recordings[0]), np.float32(0.5))
    assert server.fetched["0.wav"] == 2 * len(file.getvalue())


def test_the_cache_stays_below_its_limit_and_what_was_removed_is_read_again(
    tmp_path, server, cache, monkeypatch
):
    monkeypatch.setenv("KAUDIO_CACHE_GB", "0.0003")  # three waveforms out of eight
    corpus = Corpus.from_manifest(manifest(tmp_path, server), RATE)
    expected = [original(content) for content in server.files.values()]
    most, stop = [], threading.Event()

    def watch():
        while not stop.is_set():
            most.append(remote_bytes(cache))
            time.sleep(0.001)

    def read(seed):
        rng = np.random.default_rng(seed)
        for _ in range(40):
            index, start = int(rng.integers(8)), int(rng.integers(19_000))
            window = corpus.recordings[index].read(start, 1000)
            np.testing.assert_array_equal(window, expected[index][start : start + 1000])

    with ThreadPoolExecutor(5) as pool:
        watched = pool.submit(watch)
        for done in [pool.submit(read, seed) for seed in range(4)]:
            done.result()
        stop.set()
        watched.result()
    assert 0 < max(most) <= limit_bytes()
    assert kept_nothing_half(cache)
    assert server.fetched.total() > sum(map(len, server.files.values()))


def test_what_was_not_read_for_longest_is_removed_first(tmp_path, server, cache, monkeypatch):
    corpus = Corpus.from_manifest(manifest(tmp_path, server), RATE)
    monkeypatch.setenv("KAUDIO_CACHE_GB", "0.0008")
    for number in (6, 0, 3):
        time.sleep(0.01)
        corpus.recordings[number].read(0, 1)
    server.files["new.wav"] = audio(100)
    monkeypatch.setenv("KAUDIO_CACHE_GB", "0.0003")
    Corpus.from_manifest(manifest(tmp_path, server, ["new.wav"]), RATE)
    left = [n for n, r in enumerate(corpus.recordings) if r.waveform.path.exists()]
    assert 3 in left
    assert set(left) <= {3, 0}


@pytest.mark.parametrize("limit", ["none", "0", "-1", "nan"])
def test_a_limit_that_is_none_is_refused(tmp_path, server, monkeypatch, limit):
    monkeypatch.setenv("KAUDIO_CACHE_GB", limit)
    with pytest.raises(ValueError, match=f'KAUDIO_CACHE_GB must be .*Received: "{limit}"'):
        Corpus.from_manifest(manifest(tmp_path, server), RATE)


def test_a_recording_larger_than_the_cache_is_one_sentence(tmp_path, server, monkeypatch, cache):
    monkeypatch.setenv("KAUDIO_CACHE_GB", "0.00001")
    with pytest.raises(ValueError, match=r"it takes more than the 1e-05 GB .*: raise KAUDIO_CACH"):
        Corpus.from_manifest(manifest(tmp_path, server), RATE)
    assert not server.fetched
    assert kept_nothing_half(cache)


def test_a_file_that_never_ends_is_given_up_at_the_limit(tmp_path, server, monkeypatch, cache):
    monkeypatch.setenv("KAUDIO_CACHE_GB", "0.001")
    server.endless = {"0.wav"}
    largest = []

    def write(file, block):
        file.write(block)
        largest.append(file.tell())

    monkeypatch.setattr("kaudio.data.remote._write", write)
    corpus = Corpus.from_manifest(manifest(tmp_path, server, ["0.wav", "2.wav"]), RATE)
    assert [recording.path.name for recording in corpus.recordings] == ["2.wav"]
    assert "it takes more than the 0.001 GB" in corpus.skipped[0].reason
    assert max(largest) <= limit_bytes()
    assert kept_nothing_half(cache)


def test_a_waveform_that_is_larger_than_its_file_is_given_up_at_the_limit(
    tmp_path, server, monkeypatch, cache
):
    monkeypatch.setenv("KAUDIO_CACHE_GB", "0.0001")
    silence = io.BytesIO()
    soundfile.write(silence, np.zeros(2_000_000), RATE, format="FLAC")
    server.files["1.flac"] = silence.getvalue()
    corpus = Corpus.from_manifest(manifest(tmp_path, server, ["0.wav", "1.flac"]), RATE)
    assert len(corpus.recordings) == 1
    assert "its waveform at 1000 Hz takes more than the 0.0001 GB" in corpus.skipped[0].reason
    assert remote_bytes(cache) <= limit_bytes()
    assert kept_nothing_half(cache)


@pytest.mark.parametrize(
    "damage",
    [{"samples": 60_000}, {"samples": 19_000}, {"samples": 20_000.0}, {"checksum": None}, None, []],
)
def test_a_damaged_note_is_made_anew(tmp_path, server, cache, damage):
    table = manifest(tmp_path, server, ["0.wav"])
    corpus = Corpus.from_manifest(table, RATE)
    (path,) = (cache / "remote").glob("*.json")
    whole_note = json.loads(path.read_text())
    damaged = {**whole_note, **damage} if isinstance(damage, dict) else damage
    path.write_text(json.dumps(damaged))
    assert Corpus.from_manifest(table, RATE) == corpus
    assert json.loads(path.read_text()) == whole_note
    np.testing.assert_array_equal(whole(corpus.recordings[0]), original(server.files["0.wav"]))


@pytest.mark.parametrize("damage", ["-999999999999", "", "x", "\0"])
def test_a_damaged_count_of_bytes_is_made_anew(tmp_path, server, cache, damage, monkeypatch):
    Corpus.from_manifest(manifest(tmp_path, server, ["0.wav"]), RATE)
    (cache / "remote" / "bytes").write_text(damage)
    monkeypatch.setenv("KAUDIO_CACHE_GB", "0.0002")
    Corpus.from_manifest(manifest(tmp_path, server), RATE)
    assert remote_bytes(cache) == int((cache / "remote" / "bytes").read_text()) <= limit_bytes()


@pytest.mark.parametrize(
    "address",
    [
        "https://[bad/a.wav",
        "http://127.0.0.1:99999/x.wav",
        "http://",
        "github://a:b@c/x.wav",
        "reference://x/a.wav",
    ],
)
def test_an_address_that_is_none_is_skipped_at_once(tmp_path, server, address, monkeypatch):
    monkeypatch.setattr("kaudio.data.remote.WAITS", (60.0,))
    table = manifest(tmp_path, server, ["0.wav"])
    table.write_text(f"{table.read_text()}{address}\n")
    corpus = Corpus.from_manifest(table, RATE)
    assert len(corpus.recordings) == 1
    (skipped,) = corpus.skipped
    assert str(skipped.path) == address
    assert "nothing can be asked for at such an address" in skipped.reason


def test_a_query_is_no_suffix():
    assert Address("http://h/x.wav?k=a.m4a").suffix == ".wav"
    assert Address("HTTPS://h/x.m4a#a.wav").suffix == ".m4a"
    assert Address("s3://b/x?.m4a").suffix == ".m4a"


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("faults", [[503, 503], [429, 500, 502], ["cut"], ["cut", 503, "cut"]])
def test_faults_that_pass_are_waited_for(tmp_path, server, faults, ranges, cache):
    server.ranges = ranges
    table = manifest(tmp_path, server, ["0.wav", "1.flac"])
    server.faults["0.wav"] = list(faults)
    corpus = Corpus.from_manifest(table, RATE)
    assert not corpus.skipped
    np.testing.assert_array_equal(whole(corpus.recordings[0]), original(server.files["0.wav"]))
    assert server.faults["0.wav"] == []
    assert kept_nothing_half(cache)


def test_what_came_before_a_cut_is_not_fetched_again(tmp_path, server):
    server.files["0.wav"] = audio(0, rate=48_000)
    server.faults["0.wav"] = ["late"]
    (recording,) = Corpus.from_manifest(manifest(tmp_path, server, ["0.wav"]), 48_000).recordings
    np.testing.assert_array_equal(whole(recording), original(server.files["0.wav"]))
    assert server.fetched["0.wav"] < 1.1 * len(server.files["0.wav"])


@pytest.mark.parametrize("faults", [[503] * 99, ["cut"] * 99], ids=["503", "cut"])
def test_faults_that_stay_are_one_sentence(tmp_path, server, faults, cache):
    server.ranges = False
    server.faults["0.wav"] = list(faults)
    message = r"^http://127.*0\.wav could not be fetched, in 5 tries \(.*\)\. Start again when"
    with pytest.raises(ConnectionError, match=message) as caught:
        Corpus.from_manifest(manifest(tmp_path, server, ["0.wav"]), RATE)
    assert "\n" not in str(caught.value)
    assert kept_nothing_half(cache)
    server.faults.clear()
    assert Corpus.from_manifest(manifest(tmp_path, server, ["0.wav"]), RATE).seconds == SECONDS


def test_files_that_a_server_does_not_have_or_give_are_skipped_with_the_reason(tmp_path, server):
    server.faults = {"2.wav": [403] * 9}
    server.files["words.wav"] = b"words"
    table = manifest(tmp_path, server, ["0.wav", "none.wav", "2.wav", "words.wav"])
    corpus = Corpus.from_manifest(table, RATE)
    assert len(corpus.recordings) == 1
    said = {file.path.name: file.reason for file in corpus.skipped}
    assert said["none.wav"] == "the server has no such file (404)"
    assert said["2.wav"] == "the server does not give it (403)"
    assert "not audio" in said["words.wav"]
    assert server.address("none.wav") in corpus.summary()


def test_after_a_server_that_ended_in_the_middle_only_the_rest_is_fetched(tmp_path, server, cache):
    table = manifest(tmp_path, server)
    server.faults["5.flac"] = ["end"]
    message = (
        r"could not be fetched, in 5 tries \(.*\)\. Start again when the server can be reached"
    )
    for _ in range(2):  # it ends, and it is not there
        with pytest.raises(ConnectionError, match=message):
            Corpus.from_manifest(table, RATE)
        assert kept_nothing_half(cache)
    kept = len(list((cache / "remote").glob("*.json")))
    server.fetched.clear()
    server.start()
    corpus = Corpus.from_manifest(table, RATE)
    assert 0 < len(server.fetched) == len(server.files) - kept
    for recording, content in zip(corpus.recordings, server.files.values(), strict=True):
        np.testing.assert_array_equal(whole(recording), original(content))


def test_a_server_that_is_gone_while_a_corpus_is_read_is_one_sentence(tmp_path, server, cache):
    corpus = Corpus.from_manifest(manifest(tmp_path, server, ["0.wav"]), RATE)
    corpus.recordings[0].waveform.path.unlink()
    server.stop()
    with pytest.raises(ConnectionError, match="could not be fetched"):
        corpus.recordings[0].read(0, 10)
    server.start()
    np.testing.assert_array_equal(whole(corpus.recordings[0]), original(server.files["0.wav"]))


def test_two_processes_fetch_each_file_once(tmp_path, server):
    program = (
        "import hashlib, sys, types, kaudio\n"
        "room = sys.modules['kaudio.data'] = types.ModuleType('kaudio.data')\n"  # without Keras
        "room.__path__ = [kaudio.__path__[0] + '/data']\n"
        "from kaudio.data.decode import decode\n"
        "from kaudio.data.remote import Address\n"
        "for _, waveform in decode([Address(name) for name in sys.argv[1:]], 1000):\n"
        "    print(hashlib.sha256(waveform.read(0, 99_999).tobytes()).hexdigest())"
    )
    command = [sys.executable, "-c", program, *map(server.address, server.files)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [run.communicate(timeout=60)[0] for run in runs]
    assert told[0] == told[1] != ""
    assert server.fetched == {name: len(content) for name, content in server.files.items()}


def test_a_full_disk_is_about_the_cache_and_not_the_server(tmp_path, server, cache):
    (cache / "remote").write_text("no folder")
    with pytest.raises(OSError, match=r"cannot be written: .* KAUDIO_CACHE"):
        Corpus.from_manifest(manifest(tmp_path, server), RATE)


def test_remote_files_are_surveyed(tmp_path, server, cache):
    lines = survey(manifest(tmp_path, server, [*server.files, "none.wav"])).splitlines()
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    assert rows["all"] == ["8", "2.7"]
    assert rows["formats:"] == ["WAV", "PCM_16", "x", "4,", "FLAC", "PCM_16", "x", "4"]
    assert lines[-2].endswith("none.wav: the server has no such file (404)")
    assert kept_nothing_half(cache)


def test_addresses_stay_as_they_are_written():
    for text in ("s3://b//a//x.wav", "https://h/x.wav?of=http://y//z", "http://h/a b/%20/./x.wav"):
        address = Address(text)
        assert str(address) == str(pickle.loads(pickle.dumps(address))) == text
        assert address == Address(text)
    assert Address("s3://b//x.wav") != Address("s3://b/x.wav")
    assert str(Address("s3://b/a/x.wav").parent) == "s3://b/a"
    assert Address("s3://b/a/x.wav").suffix == ".wav"
