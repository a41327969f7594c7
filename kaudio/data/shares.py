"""Batches that several processes make together, each its share of the rows."""

from collections.abc import Callable
from typing import Any

import grain


class Batches(grain.MapDataset):
    """Batches, of which each process can make its share without making the rest.

    Args:
        batch_size: Rows of a batch.
        deal: Gives a process its share, given its index, the number of processes and that of
            their devices: as many batches for each, whose rows are a multiple of the number of
            devices together. What is left over at the end of data to validate on is left out.
    """

    def __init__(self, batch_size: int, deal: Callable[[int, int, int], grain.MapDataset]) -> None:
        super().__init__()
        self.batch_size, self.deal = batch_size, deal
        self.whole = deal(0, 1, 1)

    def __len__(self) -> int:
        return len(self.whole)

    def __getitem__(self, index: Any) -> Any:
        return self.whole[index]


def share(
    dataset: grain.MapDataset, index: int = 0, count: int = 1, devices: int | None = None
) -> grain.MapDataset:
    """What one of several processes makes of each batch: batch for batch, all shares make it up.

    Args:
        dataset: Batches made by `kaudio.data`. No process reads more than its share of them.
        index: Which process this is, from 0 on.
        count: How many there are.
        devices: Devices of all processes together, each of which gets equally many rows. Defaults
            to one for each process.

    Returns:
        A dataset of as many batches for each process.

    Raises:
        ValueError: If batches cannot be dealt out evenly, or not at all.

    Example:
    >>> mine = share(train, index=1, count=4)  # the second quarter of the rows of each batch
    """
    devices = count if devices is None else devices
    if not 0 <= index < count or devices < 1 or devices % count:
        raise ValueError(
            "`index` must be from 0 to `count` - 1, and `devices` a multiple of `count`. "
            f"Received: index={index}, count={count}, devices={devices}."
        )
    if devices == 1:
        return dataset
    if not isinstance(dataset, Batches):
        raise ValueError(
            "Only batches that `kaudio.data` makes can be dealt out to several devices. Received: "
            f"{type(dataset).__name__}. Make them with `kaudio.data.next_step`, say, or with "
            "`kaudio.data.Batches`."
        )
    if dataset.batch_size % devices:
        raise ValueError(
            f"Each of {devices} devices must get equally many rows of a batch. Received: batches "
            f"of {dataset.batch_size}. Choose a multiple of {devices} as --batch-size, or another "
            "number of devices."
        )
    return dataset.deal(index, count, devices)


def rows_of(batch_size: int, index: int, count: int) -> range:
    """Which rows of a batch are the share of a process: those of all lie end to end."""
    size = batch_size // count
    return range(index * size, (index + 1) * size)
