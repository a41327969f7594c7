"""WaveNet in plain PyTorch, written to be fast: what ours is compared with.

Of each layer the two taps are laid side by side and multiplied at once, and so are the skip
connections of all layers. In generation nothing is computed twice: see `Loop`.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.networks import LEVELS, Network


class Trained(nn.Module):
    """All positions of excerpts at once, channels last.

    Args:
        network: Its sizes.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        filters, skip = network.filters, network.skip_filters
        self.dilations = network.dilations
        self.now, self.before = (nn.Embedding(LEVELS, filters) for _ in range(2))
        self.gates = nn.ModuleList(nn.Linear(2 * filters, 2 * filters) for _ in self.dilations)
        # As in ours, nothing comes after the last block that could use its output.
        self.outputs = nn.ModuleList(nn.Linear(filters, filters) for _ in self.dilations[1:])
        self.skip = nn.Linear(len(self.dilations) * filters, skip)
        self.hidden, self.outlet = nn.Linear(skip, skip), nn.Linear(skip, LEVELS)

    def forward(self, codes: Tensor) -> Tensor:
        """Logits of what follows each code: `(batch, steps)` to `(batch, steps, levels)`."""
        x = self.now(codes) + earlier(self.before(codes), 1)
        gated = []
        for number, (dilation, gate) in enumerate(zip(self.dilations, self.gates, strict=True)):
            a, b = gate(torch.cat([earlier(x, dilation), x], -1)).chunk(2, -1)
            gated.append(torch.tanh(a) * torch.sigmoid(b))
            if number < len(self.outputs):
                x = x + self.outputs[number](gated[-1])
        y = torch.relu(self.skip(torch.cat(gated, -1)))
        return self.outlet(torch.relu(self.hidden(y)))


def earlier(x: Tensor, steps: int) -> Tensor:
    """What was there some steps before each position; zeros before the first."""
    return functional.pad(x[:, :-steps], (0, 0, steps, 0))


class Step(nn.Module):
    """One position: draws the next code of each clip, with weights of a Gaussian.

    Args:
        network: Its sizes.
    """

    gates: list[Tensor]
    gate_biases: list[Tensor]
    outputs: list[Tensor]
    output_biases: list[Tensor]

    def __init__(self, network: Network) -> None:
        super().__init__()
        filters, skip, depth = network.filters, network.skip_filters, len(network.dilations)
        self.filters = filters
        self.now, self.before = drawn(LEVELS, filters), drawn(LEVELS, filters)
        self.gates = [drawn(2 * filters, 2 * filters) for _ in range(depth)]
        self.gate_biases = [torch.zeros(2 * filters) for _ in range(depth)]
        self.outputs = [drawn(filters, filters) for _ in range(depth - 1)]
        self.output_biases = [torch.zeros(filters) for _ in range(depth - 1)]
        self.skip, self.skip_bias = drawn(depth * filters, skip), torch.zeros(skip)
        self.hidden, self.hidden_bias = drawn(skip, skip), torch.zeros(skip)
        self.outlet, self.outlet_bias = drawn(skip, LEVELS), torch.zeros(LEVELS)

    def stack(self) -> "Step":
        """Makes one tensor of each list, which `torch.compile` takes in sooner."""
        for name in ("gates", "gate_biases", "outputs", "output_biases"):
            setattr(self, name, torch.stack(getattr(self, name)))
        return self

    def forward(
        self, past: Tensor, before: Tensor, now: Tensor, noise: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The next codes, and the inputs of all blocks, which are the past of later positions.

        Args:
            past: What each block looks back at, `(blocks, batch, filters)`.
            before: The codes before the last, `(batch,)`.
            now: The last codes, `(batch,)`.
            noise: Gumbel noise, `(batch, levels)`: the largest sum with the logits is a draw.
        """
        x = self.now.index_select(0, now) + self.before.index_select(0, before)
        inputs, gated = [x], [x]
        for i in range(len(self.gates)):
            taps = torch.cat([past[i], x], 1)
            g = torch.addmm(self.gate_biases[i], taps, self.gates[i])
            z = torch.tanh(g[:, : self.filters]) * torch.sigmoid(g[:, self.filters :])
            gated.append(z)
            if i < len(self.outputs):
                x = x + torch.addmm(self.output_biases[i], z, self.outputs[i])
                inputs.append(x)
        y = torch.relu(torch.addmm(self.skip_bias, torch.cat(gated[1:], 1), self.skip))
        y = torch.relu(torch.addmm(self.hidden_bias, y, self.hidden))
        logits = torch.addmm(self.outlet_bias, y, self.outlet)
        return torch.argmax(logits + noise, 1), torch.stack(inputs)


def drawn(rows: int, columns: int) -> Tensor:
    """Weights that neither raise nor lower the level of a signal."""
    return torch.randn(rows, columns) / rows**0.5


class Loop(nn.Module):
    """Generates: the inputs of all blocks are kept in one ring buffer, as long as they matter.

    Args:
        network: Its sizes.
        step: A `Step` of it, as it is or compiled.
        streams: Clips side by side.
    """

    def __init__(self, network: Network, step: nn.Module, streams: int) -> None:
        super().__init__()
        self.step, self.streams, self.levels = step, streams, LEVELS
        self.dilations = torch.tensor(network.dilations)
        self.first = torch.cumsum(self.dilations, 0) - self.dilations
        self.ring = torch.zeros(sum(network.dilations), streams, network.filters)

    def forward(self, num_steps: int) -> Tensor:
        """So many codes of each clip, `(num_steps, streams)`."""
        codes = torch.zeros(num_steps, self.streams, dtype=torch.long)
        now = torch.full((self.streams,), self.levels // 2)
        before = now
        for t in range(num_steps):
            slots = self.first + t % self.dilations
            noise = -torch.log(-torch.log(torch.rand(self.streams, self.levels)))
            past = self.ring.index_select(0, slots)
            after, inputs = self.step(past, before, now, noise)
            self.ring.index_copy_(0, slots, inputs)
            before, now = now, after
            codes[t] = after
        return codes
