"""The PyTorch twin of a recipe's model: Linear, LSTMs, Linear, trained with RMSprop."""

import sys

from benchmarks.children import one_core, serve


def main(
    features: int, projection: int, units: int, num_layers: int, batch_size: int, steps: int
) -> None:
    """Serves training steps of a plain network on a batch of noise."""
    one_core()
    import torch
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(0)
    project = nn.Linear(features, projection) if projection else nn.Identity()
    lstm = nn.LSTM(projection or features, units, num_layers, batch_first=True)
    readout = nn.Linear(units, features)
    optimizer = torch.optim.RMSprop(
        [p for part in (project, lstm, readout) for p in part.parameters()], 1e-3
    )
    x, y = torch.randn(2, batch_size, steps, features)

    def step() -> float:
        optimizer.zero_grad()
        loss = ((readout(lstm(project(x))[0]) - y) ** 2).mean()
        loss.backward()
        optimizer.step()
        return loss.item()

    serve(step)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
