"""A corpus in an object store that is killed: `python -m tests.faults.object_store --kills 20`.

Takes `pip install "kaudio[remote]" "moto[server]"`, which is no part of what the tests take.
"""

import argparse
import contextlib
import io
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import soundfile

BUCKET, RATE = "music", 8_000
for _name, _value in {
    "AWS_ACCESS_KEY_ID": "nobody",
    "AWS_SECRET_ACCESS_KEY": "nothing",
    "AWS_DEFAULT_REGION": "us-east-1",
}.items():
    os.environ.setdefault(_name, _value)


def serve(folder, port):
    """Holds the files of a folder, and only then listens: a store that forgets nothing."""
    import boto3
    from moto.server import ThreadedMotoServer

    behind = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    behind.start()
    client = boto3.client("s3", endpoint_url="http://{}:{}".format(*behind.get_host_and_port()))
    client.create_bucket(Bucket=BUCKET)
    for path in sorted(folder.iterdir()):
        client.put_object(Bucket=BUCKET, Key=path.name, Body=path.read_bytes())
    ThreadedMotoServer("127.0.0.1", port, verbose=False).start()
    print("ready", flush=True)
    signal.pause()


class Store:
    """The store, in a process of its own."""

    def __init__(self, folder):
        self.folder, self.kills, self.process = folder, 0, None
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        os.environ["AWS_ENDPOINT_URL"] = f"http://127.0.0.1:{self.port}"

    def start(self):
        command = [sys.executable, "-m", "tests.faults.object_store", "--serve", str(self.folder)]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("the store did not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.kills += 1

    @contextlib.contextmanager
    def killed(self, rng, most):
        """Context in which it is killed and started again, at random moments, at most so often."""
        stop = threading.Event()

        def work():
            for _ in range(most):
                if stop.wait(rng.uniform(0.5, 5.0)):
                    return
                self.kill()
                stop.wait(rng.uniform(0, 1.0))
                self.start()

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


class Counts:
    """What was fetched, and how often something was tried again."""

    def __init__(self):
        from kaudio.data import remote

        self.bytes, self.retries, self.lock = 0, 0, threading.Lock()
        write, for_good = remote._write, remote._for_good

        def counted(file, block):
            with self.lock:
                self.bytes += len(block)
            write(file, block)

        def judged(error):
            reason = for_good(error)
            with self.lock:
                self.retries += reason is None
            return reason

        remote._write, remote._for_good = counted, judged

    def since(self):
        found = f"{self.bytes / 1e6:.1f} MB fetched, {self.retries} tries failed"
        self.bytes = self.retries = 0
        return found


def recordings(folder, count, seconds, seed):
    """Writes WAV and FLAC files of noise. Returns their samples."""
    folder.mkdir()
    rng, samples = np.random.default_rng(seed), {}
    for number in range(count):
        name = f"{number:04}.{('wav', 'flac')[number % 2]}"
        noise = rng.uniform(-0.5, 0.5, int(rng.uniform(0.5, 1.5) * seconds * RATE))
        soundfile.write(folder / name, noise, RATE, subtype="PCM_16")
        content = io.BytesIO((folder / name).read_bytes())
        samples[name] = soundfile.read(content, dtype="float32")[0]
    return samples


def check(corpus, samples):
    assert [r.path.name for r in corpus.recordings] == list(samples), corpus.skipped
    for recording in corpus.recordings:
        read = recording.read(0, recording.num_samples)
        np.testing.assert_array_equal(read, samples[recording.path.name])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--files", type=int, default=60)
    parser.add_argument("--seconds", type=float, default=60, help="of a file, on average")
    parser.add_argument("--kills", type=int, default=20, help="in each part")
    parser.add_argument("--windows", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.port)
    with tempfile.TemporaryDirectory() as folder:
        attack(Path(folder), options)


def attack(folder, options):
    from kaudio.data import Corpus, cache_bytes, clear_cache

    os.environ["KAUDIO_CACHE"] = str(folder / "cache")
    samples = recordings(folder / "files", options.files, options.seconds, options.seed)
    size = sum(path.stat().st_size for path in (folder / "files").iterdir())
    manifest = folder / "corpus.csv"
    manifest.write_text("path\n" + "".join(f"s3://{BUCKET}/{name}\n" for name in samples))
    store, counts, rng = Store(folder / "files"), Counts(), random.Random(options.seed)
    begun = time.monotonic()

    def done(what):
        nonlocal begun
        seconds, kills = time.monotonic() - begun, store.kills
        print(f"{what}: {seconds:.1f} s, {kills} kills, {counts.since()}", flush=True)
        begun, store.kills = time.monotonic(), 0

    store.start()
    try:
        print(f"{len(samples)} files, {size / 1e6:.1f} MB", flush=True)
        begun = time.monotonic()
        check(Corpus.from_manifest(manifest, RATE), samples)
        done("undisturbed")
        clear_cache()
        with store.killed(rng, options.kills):
            corpus = Corpus.from_manifest(manifest, RATE)
        done("prepared while the store is killed and starts again")
        check(corpus, samples)
        clear_cache()
        counts.since()

        def kill_in_the_middle():
            while counts.bytes < size / 2:
                time.sleep(0.001)
            store.kill()

        killer = threading.Thread(target=kill_in_the_middle)
        killer.start()
        try:
            Corpus.from_manifest(manifest, RATE)
            print("it was prepared before the kill")
        except ConnectionError as error:
            print(f"  said: {error}")
        killer.join()
        kept = len(list((folder / "cache" / "remote").glob("*.json")))
        assert not list((folder / "cache" / "remote").glob("*.tmp"))
        done(f"killed for good, {kept} files were kept")
        store.start()
        begun = time.monotonic()
        corpus = Corpus.from_manifest(manifest, RATE)
        done(f"gone on with the other {len(samples) - kept}")
        check(corpus, samples)
        clear_cache()
        limit = sum(4 * len(s) for s in samples.values()) / 3
        os.environ["KAUDIO_CACHE_GB"] = str(limit / 1e9)
        corpus = Corpus.from_manifest(manifest, RATE)
        done(f"prepared in a cache of {limit / 1e6:.1f} MB, which holds {cache_bytes() / 1e6:.1f}")
        with store.killed(rng, options.kills):
            for _ in range(options.windows):
                recording = rng.choice(corpus.recordings)
                start = rng.randrange(recording.num_samples)
                expected = samples[recording.path.name][start : start + RATE]
                np.testing.assert_array_equal(recording.read(start, RATE), expected)
        done(f"{options.windows} windows, the cache holds {cache_bytes() / 1e6:.1f} MB")
    finally:
        store.process.kill()


if __name__ == "__main__":
    main()
