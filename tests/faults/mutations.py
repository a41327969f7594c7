"""Ways to damage a file: bits, lengths, ends, and pieces of others."""

import functools

NUMBERS = (0, 1, 2, 3, 64, 127, 128, 255, 256, 2**15 - 1, 2**15, 2**16 - 1, 2**16, 2**24)
NUMBERS += (2**31 - 1, 2**31, 2**32 - 16, 2**32 - 1, 2**36, 2**63 - 1, 2**63, 2**64 - 1)
HEADER = 96


def place(rng, data):
    """Where to damage: as often in the header, where a byte means much, as anywhere."""
    return int(rng.integers(min(HEADER, len(data)) if rng.random() < 0.5 else len(data)))


def flip(rng, data):
    for _ in range(int(rng.integers(1, 9))):
        data[place(rng, data)] ^= 1 << int(rng.integers(8))
    return data


def number(rng, data):
    """A number somewhere, such as a length, a rate or a count, becomes an awkward one."""
    at, size = place(rng, data), int(rng.choice([1, 2, 4, 4, 8]))
    value = NUMBERS[int(rng.integers(len(NUMBERS)))] % 256**size
    data[at : at + size] = value.to_bytes(size, "big" if rng.random() < 0.5 else "little")
    return data


def count(rng, data):
    """A byte counts a little more or less."""
    at = place(rng, data)
    data[at] = (data[at] + int(rng.integers(-8, 9))) % 256
    return data


def truncate(rng, data):
    return data[: place(rng, data)]


def fill(rng, data):
    at, size = place(rng, data), int(rng.integers(1, 200))
    kind = rng.integers(3)
    blot = rng.bytes(size) if kind == 2 else bytes([255 * int(kind)]) * size
    data[at : at + size] = blot
    return data


def cut(rng, data):
    at, size = place(rng, data), int(rng.integers(1, 200))
    return data[:at] + data[at + size :]


def repeat(rng, data):
    at, size = place(rng, data), int(rng.integers(1, 400))
    return data[:at] + data[at : at + size] * int(rng.integers(2, 40)) + data[at + size :]


def pad(rng, data):
    return bytearray(int(rng.integers(1, 3_000))) + data if rng.random() < 0.5 else data + data


COMMON = (flip, number, number, count, truncate, fill, cut, repeat, pad)


def mutated(rng, seeds):
    """A damaged file and the name of what it was: one to four mutations, or two files in one.

    Args:
        rng: A NumPy generator.
        seeds: Whole files by name.
    """
    names = sorted(seeds)
    name = names[int(rng.integers(len(names)))]
    data = bytearray(seeds[name])
    if rng.random() < 0.1:
        other = seeds[names[int(rng.integers(len(names)))]]
        data = data[: place(rng, data)] + other[place(rng, other) :]
    for _ in range(int(rng.choice([1, 1, 1, 2, 3, 4]))):
        data = COMMON[int(rng.integers(len(COMMON)))](rng, data) or bytearray(1)
    if data[:4] == b"OggS" and rng.random() < 0.7:
        data = with_checksums(data)
    return name, bytes(data)


@functools.cache
def _table():
    rows = []
    for byte in range(256):
        value = byte << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        rows.append(value & 0xFFFFFFFF)
    return rows


def with_checksums(data):
    """An OGG file whose pages are as their checksums say: what is in them is looked at, then."""
    table, at = _table(), 0
    while data[at : at + 4] == b"OggS" and at + 27 <= len(data):
        head = at + 27 + data[at + 26]
        end = head + sum(data[at + 27 : head])
        data[at + 22 : at + 26] = bytes(4)
        value = 0
        for byte in data[at:end]:
            value = ((value << 8) & 0xFFFFFFFF) ^ table[(value >> 24) ^ byte]
        data[at + 22 : at + 26] = value.to_bytes(4, "little")
        at = end
    return data
