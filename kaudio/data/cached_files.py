"""The files that kaudio keeps in its cache: where they lie, how large they are, and their end."""

import contextlib
import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

# Waveforms of files on this machine, waveforms of remote files, the demo corpus.
WAVEFORMS, REMOTE, _DEMO = "waveforms", "remote", "kaudio-demo"
_WAVEFORM = r"[0-9a-f]{40}(\.npy|\.[0-9a-f]{32}\.tmp)"
_OURS = {
    WAVEFORMS: re.compile(_WAVEFORM),
    REMOTE: re.compile(rf"{_WAVEFORM}|[0-9a-f]{{40}}\.json|bytes|(bytes|[0-9a-f]{{2}})\.lock"),
    _DEMO: re.compile(r".*\.(wav|tmp)"),
}
# Whoever writes a temporary file adds to it all the time: one this old has lost its process.
_ORPHAN_SECONDS = 3600
# How often yet not to look for them: else a corpus of many files would take time by their square.
_unlooked: dict[Path, int] = {}


class CacheError(OSError):
    """The cache cannot be written.

    Args:
        folder: The cache folder.
        error: Why not.
    """

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            f"The cache folder {folder} cannot be written: {error.strerror or error}. Make room "
            "there, or name another folder in the environment variable KAUDIO_CACHE."
        )


def cache_folder() -> Path:
    """Where kaudio keeps what it can make again: `$KAUDIO_CACHE`, or the platform's usual place."""
    if folder := os.environ.get("KAUDIO_CACHE"):
        return Path(folder).expanduser()
    if folder := os.environ.get("XDG_CACHE_HOME"):
        return Path(folder).expanduser() / "kaudio"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "kaudio" / "cache"
    usual = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / usual / "kaudio"


def demo_root(folder: Path | None = None) -> Path:
    """Where in the cache the demo corpus lies."""
    return (folder or cache_folder()) / _DEMO


def cache_bytes(folder: Path | None = None) -> int:
    """Bytes that kaudio's files take in the cache, the demo corpus included."""
    return sum(file.lstat().st_size for file in _files(folder or cache_folder()))


def clear_cache(folder: Path | None = None) -> int:
    """Removes what kaudio made in the cache, the demo corpus too, and nothing else.

    Returns:
        The number of bytes freed.
    """
    folder = folder or cache_folder()
    freed = 0
    for file in list(_files(folder)):
        freed += file.lstat().st_size
        file.unlink(missing_ok=True)
    for name in _OURS:
        for root, _, _ in os.walk(folder / name, topdown=False):
            with contextlib.suppress(OSError):  # somebody else's files are in it
                os.rmdir(root)
    return freed


def _files(folder: Path) -> Iterator[Path]:
    """The files that kaudio made in a cache folder. Links are neither followed nor listed."""
    for name, ours in _OURS.items():
        if (folder / name).is_symlink():
            continue
        for root, _, names in os.walk(folder / name):
            files = (Path(root, file) for file in names if ours.fullmatch(file))
            yield from (file for file in files if not file.is_symlink())


def remove_orphans(folder: Path) -> None:
    """Removes the temporary files of processes that died. The more files, the more rarely."""
    if _unlooked.get(folder, 0) > 0:
        _unlooked[folder] -= 1
        return
    names = os.listdir(folder)
    _unlooked[folder] = len(names) // 10
    for name in names:
        if not name.endswith(".tmp") or not re.fullmatch(_WAVEFORM, name):
            continue
        with contextlib.suppress(OSError):  # it was finished or removed meanwhile
            if time.time() - (folder / name).stat().st_mtime > _ORPHAN_SECONDS:
                (folder / name).unlink()
