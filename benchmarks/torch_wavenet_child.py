"""Trains or generates with the PyTorch twin of a WaveNet, in one of the ways PyTorch is sped up."""

import os
import signal
import sys
from collections.abc import Callable

from benchmarks.children import one_core, serve_samples
from benchmarks.networks import EXCERPT, LEVELS, NETWORKS

# What takes a compiler longer, in seconds of CPU, is left out.
COMPILE_SECONDS = 120
BLOCK_STEPS = 250


def give_up(*arguments: object) -> None:
    """Ends this process when it took too long, and says that its steps make no samples."""
    own_and_children = os.times()[:4]
    if sum(own_and_children) > COMPILE_SECONDS:
        print(0, flush=True)
        os._exit(0)


def trainer(name: str, batch_size: int, way: str) -> Callable[[], object]:
    """Forward, backward and Adam. `way` is "eager" or "compile", with "bf16" or without."""
    import torch

    from benchmarks.torch_wavenet import Trained

    model = Trained(NETWORKS[name])
    run = torch.compile(model, dynamic=False) if "compile" in way else model
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    x, y = torch.randint(LEVELS, (2, batch_size, EXCERPT))

    def step() -> float:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled="bf16" in way):
            logits = run(x)
        loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), y.flatten())
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def generator(name: str, streams: int, way: str) -> Callable[[], object]:
    """A block of codes. `way` is "jit", the whole loop scripted, or "compile", one step of it."""
    import torch

    from benchmarks.torch_wavenet import Loop, Step

    step = Step(NETWORKS[name])
    if way == "compile":
        # Thousands of operations in a row: more than Python's own limit lets the tracer follow.
        sys.setrecursionlimit(10_000)
        loop = Loop(NETWORKS[name], torch.compile(step.stack(), dynamic=False), streams)
    else:
        loop = torch.jit.freeze(torch.jit.script(Loop(NETWORKS[name], step, streams).eval()))

    def block() -> None:
        with torch.inference_mode():
            loop(BLOCK_STEPS)

    return block


def main(what: str, name: str, number: str, way: str, threads: str, clock: str) -> None:
    """Serves steps of training on `number` excerpts, or blocks of so many streams."""
    if threads == "1":
        one_core()
    import torch

    if threads == "1":
        torch.set_num_threads(1)
    torch.manual_seed(0)
    if "compile" in way:
        signal.signal(signal.SIGALRM, give_up)
        signal.setitimer(signal.ITIMER_REAL, 1, 1)
    if what == "train":
        step, samples = trainer(name, int(number), way), int(number) * EXCERPT
    else:
        step, samples = generator(name, int(number), way), int(number) * BLOCK_STEPS
    step()
    signal.setitimer(signal.ITIMER_REAL, 0)
    serve_samples(step, samples, clock)


if __name__ == "__main__":
    main(*sys.argv[1:])
