"""Exported samplers: their speed beside the model's own, their sizes, what writing them takes."""

import contextlib

from benchmarks.children import ONE_THREAD, Child, take_turns
from benchmarks.report import Benchmark, Measured, Settings

KINDS = ("saved_model", "tflite", "tflite_float16", "tflite_int8")


def _child(what: str, name: str, kind: str) -> Child:
    return Child("benchmarks.artifact_child", what, name, kind, environment=ONE_THREAD)


def _in_process(name: str) -> Child:
    environment = {**ONE_THREAD, "KERAS_BACKEND": "tensorflow"}
    arguments = ("generate", name, 1, "", "1")
    return Child("benchmarks.wavenet_child", *arguments, environment=environment)


def play(settings: Settings, name: str, kind: str, peer: str) -> Measured:
    """Samples per CPU second of one clip, by turns with another way to make them."""
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(_child("play", name, kind))
        samples = [ours.read()]
        other = _in_process(name) if peer == "in-process" else _child("play", name, peer)
        theirs = stack.enter_context(other)
        samples.append(theirs.read())
        turns = take_turns([ours, theirs], settings.repeats, settings.seconds)
    rates = [[n * rate for rate in some] for n, some in zip(samples, turns, strict=True)]
    return Measured(rates[0], f"kaudio {peer}", rates[1])


def once(settings: Settings, what: str, name: str, kind: str) -> Measured:
    """The one number that a process writes."""
    with _child(what, name, kind) as child:
        return Measured([child.read()])


BENCHMARKS = [
    *(
        Benchmark(
            f"artifact/{name}/{kind}",
            "samples/CPU-s",
            lambda settings, n=name, k=kind, p=peer: play(settings, n, k, p),
        )
        for name in ("w-small", "w-deepsound")
        for kind, peer in (
            ("saved_model", "in-process"),
            ("tflite", "in-process"),
            ("tflite_float16", "tflite"),
            ("tflite_int8", "tflite"),
        )
    ),
    *(
        Benchmark(
            f"artifact/{name}/{kind}/{what}",
            unit,
            lambda settings, w=what, n=name, k=kind: once(settings, w, n, k),
        )
        for what, unit in (("write-seconds", "CPU-s"), ("size", "MB"))
        for name in ("w-small", "w-deepsound")
        for kind in KINDS
    ),
    Benchmark(
        "artifact/w-small/onnx",
        "samples/CPU-s",
        lambda settings: play(settings, "w-small", "onnx", "tflite"),
    ),
    *(
        Benchmark(
            f"artifact/w-small/{kind}/memory",
            "MB",
            lambda settings, k=kind: once(settings, "memory", "w-small", k),
        )
        for kind in ("saved_model", "tflite")
    ),
]
