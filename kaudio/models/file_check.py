"""What a `.keras` file of a stranger asks for, looked at before any of it is made."""

import contextlib
import io
import json
import math
import threading
import zipfile
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MEMBERS = {"metadata.json", CONFIG, WEIGHTS}
MOST_CONFIG_BYTES = 1 << 20
# Keras stores what it writes as it is; somebody may have packed the file again.
MOST_EXPANSION = 20
# Of numbers in a configuration, and of lists in that of what is kaudio's. A larger dilation, say,
# would be a state of gigabytes, however few weights there are.
LARGEST, LONGEST = 1 << 20, 10_000
ANY_NUMBER = ("seed", "boundaries", "shared_object_id")  # and `..._steps`: none is a size
SMALLER = {"num_layers": 1_000, "members": 1_000, "blocks": 1_000}
SMALLER |= {"kernel_size": 4_096, "input_kernel_size": 4_096}
SMALLER |= {"hop_length": 4_096, "bands_per_octave": 96}  # whose product is a table
# What Keras makes of these is arrays and code, not layers.
REFUSED = ("__lambda__", "__numpy__", "__tensor__", "__typespec__")
# Weights that are made, and are not in the file: metrics, random seeds.
SPARE_WEIGHTS = 1 << 20

_making = threading.RLock()


class Refused(Exception):
    """A file that is not made into a model. Its text says why."""


def check_file(path: Path) -> int:
    """Looks at a `.keras` file: at its parts, its configuration and all of its weights.

    Args:
        path: The file.

    Returns:
        How many weights it holds.

    Raises:
        Refused: If it is no file as Keras writes it, or asks for more than it holds.
    """
    with zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        names = [part.filename for part in parts]
        if missing := {CONFIG, WEIGHTS} - set(names):
            raise Refused(f"it holds no {' and no '.join(sorted(missing))}")
        if len(names) != len(set(names)):
            raise Refused("two of its parts have one name")
        for name in names:
            if name not in MEMBERS and not _is_asset(name):
                raise Refused(f"no model has a part named {name[:80]!r}")
        size = sum(part.file_size for part in parts)
        if size > MOST_EXPANSION * path.stat().st_size:
            raise Refused(f"{path.stat().st_size} bytes would unpack to {size}")
        if archive.getinfo(CONFIG).file_size > MOST_CONFIG_BYTES:
            raise Refused(f"its {CONFIG} is longer than {MOST_CONFIG_BYTES} bytes")
        try:
            _check_config(json.loads(archive.read(CONFIG)))
        except RecursionError as error:
            raise Refused(f"its {CONFIG} is nested too deeply") from error
        content = archive.read(WEIGHTS)
    return _count_weights(content)


@contextlib.contextmanager
def at_most(num_weights: int) -> Generator[None]:
    """Context in which no more is made than a file with that many weights may ask for.

    A configuration is a few words, and may ask for 10^12 weights: how many it asks for is not
    known before layers, metrics and optimizers are made, one after another.

    Raises:
        Refused: Where one asks for more than is left, before it is made.
    """
    left = num_weights + SPARE_WEIGHTS
    make, build = keras.Variable.__init__, keras.layers.Normalization.build

    def spend(sizes: Iterable[int]) -> None:
        nonlocal left
        left -= math.prod(sizes)
        if left < 0:
            raise Refused(f"it asks for more weights than the {num_weights} that it holds")

    def counted(self: Any, initializer: Any, shape: Any = None, *args: Any, **options: Any) -> None:
        spend(np.atleast_1d(() if shape is None else shape).tolist())
        make(self, initializer, shape, *args, **options)

    def counted_build(self: Any, input_shape: Any) -> None:
        spend([input_shape[axis] or 1 for axis in self.axis])
        build(self, input_shape)

    # All weights pass the first on their way to memory, whoever asks. The second has no weights
    # where it is told a mean, which it repeats as often as its input is wide.
    with _making:
        keras.Variable.__init__ = counted  # ty: ignore
        keras.layers.Normalization.build = counted_build
        try:
            yield
        finally:
            keras.Variable.__init__ = make
            keras.layers.Normalization.build = build


def _is_asset(name: str) -> bool:
    return name.startswith("assets/") and ".." not in name and "\\" not in name


def _check_config(
    config: Any, is_ours: bool = False, is_known: bool = True, name: str = ""
) -> None:
    """Refuses numbers that no model has, and what is neither a layer nor a number.

    Args:
        config: The configuration, or a part of it.
        is_ours: Whether it is that of a class of kaudio's.
        is_known: Whether it is that of a class of kaudio's or of Keras, not of the program.
        name: What the part is called.
    """
    if isinstance(config, dict):
        kind, registered = config.get("class_name"), str(config.get("registered_name"))
        if kind in REFUSED:
            raise Refused(f"its {CONFIG} has a {kind} in it, which may be code")
        is_ours = is_ours or registered.startswith("kaudio>")
        if kind:
            is_known = is_ours or keras.saving.get_registered_object(registered) is None
        # Of numbers alone, Keras would compute it at once, at any size.
        if not all(map(_has_input, config.get("inbound_nodes", ()))):
            raise Refused(f"its {CONFIG} has a {kind} in it that has no input")
        for key, value in config.items():
            _check_config(value, is_ours, is_known, key)
    elif isinstance(config, list):
        if is_ours and len(config) > LONGEST:
            raise Refused(f"{name!r} in its {CONFIG} has {len(config)} entries")
        for value in config:
            _check_config(value, is_ours, is_known, name)
    elif name in ANY_NUMBER or name.endswith("_steps"):
        return
    # Layers of Keras have large numbers that are no sizes, such as the value of a mask.
    elif isinstance(config, int | float if is_ours else int) and is_known:
        limit = SMALLER.get(name, LARGEST) if is_ours else LARGEST
        if not -limit <= config <= limit:  # nor what is no number
            raise Refused(f"{name!r} is {config:g} in its {CONFIG}")


def _has_input(node: Any) -> bool:
    if isinstance(node, dict):
        is_input = node.get("class_name") == "__keras_tensor__"
        return is_input or any(map(_has_input, node.values()))
    return isinstance(node, list) and any(map(_has_input, node))


def _count_weights(content: bytes) -> int:
    """How many weights there are, all of which are finite and in the file as they are."""
    total = num_bytes = 0

    def look(name: str, found: Any) -> None:
        nonlocal total, num_bytes
        if not isinstance(found, h5py.Dataset):
            return
        if found.chunks is not None or found.external or found.is_virtual:
            raise Refused(f"its weights {name} are packed, or in another file")
        if found.nbytes > len(content) or found.dtype.kind not in "biuf":
            raise Refused(f"its weights {name} are of shape {found.shape} and type {found.dtype}")
        if found.id.get_storage_size() != found.nbytes:  # HDF5 would give zeros for them
            raise Refused(f"its weights {name} are claimed, and not in the file")
        num_bytes += found.nbytes
        if num_bytes > len(content):
            raise Refused(f"its weights, as far as {name}, overlap")
        total += found.size
        if found.dtype.kind == "f" and not np.isfinite(found[()]).all():
            raise Refused(f"its weights {name} are not all finite numbers")

    with h5py.File(io.BytesIO(content), "r") as file:
        file.visititems(look)
    return total
