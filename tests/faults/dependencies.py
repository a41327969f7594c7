"""Tries the oldest and newest that kaudio may run on: `python -m tests.faults.dependencies`."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXTRAS = ("onnx", "parquet", "remote", "test")
BOTH_BACKENDS = (
    "tests/layers/test_log_spectrogram.py",
    "tests/models/test_frame_lstm.py",
    "tests/training/test_fit_codes.py",
    "tests/generation/test_codes.py",
)
# What never computes with Keras, or has both backends in it.
ONCE = (
    "tests/artifacts/test_export.py",
    "tests/artifacts/test_onnx.py",
    "tests/audio/test_files.py",
    "tests/audio/test_pitch.py",
    "tests/data/test_datasets.py",
    "tests/data/test_manifest.py",
    "tests/data/test_remote.py",
    "tests/evaluation/test_sound.py",
    "tests/evaluation/test_class_pictures.py",
    "tests/reporting/test_browser.py",
    "tests/training/test_alone.py",
    "tests/training/test_event_file.py",
    "tests/training/test_fit.py",
    "tests/test_cli.py",
)


def lower_bounds(root):
    """The lower bound of each direct dependency, by name."""
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = list(project["dependencies"])
    for extra in EXTRAS:
        lines += project["optional-dependencies"].get(extra, [])
    bounds = {}
    for line in lines:
        if line.startswith("kaudio["):
            continue
        found = re.match(r"([\w.-]+)(?:\[.*\])?>=([\w.]+)", line)
        if not found:
            raise SystemExit(f"{line!r} has no lower bound. Write one, such as 'name>=1.2'.")
        name, bound = found.groups()
        if bounds.setdefault(name, bound) != bound:
            raise SystemExit(f"{name} has two lower bounds, {bounds[name]} and {bound}.")
    return bounds


def command(python, *arguments, **options):
    return subprocess.run([python, *arguments], text=True, check=False, **options)


def install(python, folder, root, end, bounds):
    """Makes an environment. Returns its interpreter."""
    command(python, "-m", "venv", str(folder)).check_returncode()
    python = str(folder / "bin" / "python")
    constraints = folder / "constraints.txt"
    pins = [f"{name}=={bound}\n" for name, bound in bounds.items()] if end == "oldest" else []
    constraints.write_text("".join(pins))
    extras = ",".join(EXTRAS)
    command(
        python, "-m", "pip", "install", "--quiet", "-c", str(constraints), "-e", f"{root}[{extras}]"
    ).check_returncode()
    command(python, "-m", "pip", "check").check_returncode()
    return python


def print_versions(python, bounds):
    """Prints what is installed, and what is newer in the registry."""
    listed = {}
    for option in ("--format=freeze", "--outdated"):
        found = command(python, "-m", "pip", "list", option, stdout=subprocess.PIPE).stdout
        listed[option] = found.splitlines()
    installed = dict(line.split("==", 1) for line in listed["--format=freeze"] if "==" in line)
    newest = {line.split()[0]: line.split()[2] for line in listed["--outdated"][2:]}
    for name, bound in sorted(bounds.items()):
        newer = f", newest is {newest[name]}" if name in newest else ""
        print(f"{name:20} >={bound:10} {installed[name]}{newer}")


def passes(python, root, end, backend, tests):
    """Runs test files on a backend and says how it went."""
    # Old packages use what newer ones below them have deprecated: users see no such warnings.
    options = ["-W", "ignore::DeprecationWarning"] if end == "oldest" else []
    start = time.monotonic()
    path = str(Path(python).parent) + os.pathsep + os.environ["PATH"]
    environment = os.environ | {"KERAS_BACKEND": backend, "PATH": path}
    ran = command(python, "-m", "pytest", *options, *tests, cwd=root, env=environment)
    seconds = time.monotonic() - start
    print(f"{'failed' if ran.returncode else 'passed'} on {backend} in {seconds:.0f} s", flush=True)
    return ran.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--end", choices=("oldest", "newest"), help="both without it")
    parser.add_argument("--tests", nargs="+", help="test files, run on both backends")
    parser.add_argument("--python", default=sys.executable, help="interpreter to try")
    parser.add_argument("--root", type=Path, default=ROOT, help="checkout to try")
    parser.add_argument("--folder", type=Path, help="keeps the environments here")
    options = parser.parse_args()
    root, bounds, good = options.root.resolve(), lower_bounds(options.root), True
    with tempfile.TemporaryDirectory() as temporary:
        for end in [options.end] if options.end else ["oldest", "newest"]:
            start = time.monotonic()
            folder = (options.folder or Path(temporary)).resolve() / end
            python = install(options.python, folder, root, end, bounds)
            print(f"\n{end}: installed in {time.monotonic() - start:.0f} s, pip check is content")
            print_versions(python, bounds)
            first = options.tests or BOTH_BACKENDS + ONCE
            good &= passes(python, root, end, "tensorflow", first)
            good &= passes(python, root, end, "jax", options.tests or BOTH_BACKENDS)
    raise SystemExit(not good)


if __name__ == "__main__":
    main()
