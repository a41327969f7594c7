"""Remote recordings: asked for and fetched whole, with patience, through fsspec."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from kaudio.audio.files import AudioError, printable
from kaudio.data.bounded import limit_bytes, too_large
from kaudio.data.cached_files import CacheError

# Seconds to wait after each try that failed, before the next.
WAITS = (1.0, 2.0, 4.0, 8.0)
CONNECT_SECONDS, READ_SECONDS = 10, 30
_BLOCK = 4 << 20
_WEB = ("http://", "https://")
# How servers tell one version of a file from the next, the best first.
_VERSIONS = ("ETag", "etag", "generation", "Content-MD5", "Digest", "md5Hash")
_TIMES = ("LastModified", "Last-Modified", "last_modified", "updated", "mtime", "modified")
# Of the statuses of HTTP that blame the one who asks, those that may pass.
_PASSING = (408, 425, 429)


class Address(PurePosixPath):
    """The address of a remote file, such as `s3://bucket/one.flac`: a path as it is written."""

    # Paths drop double slashes, which mean something to object stores.
    _written = ""

    def __new__(cls, *parts: str) -> "Address":
        address = super().__new__(cls, *parts)
        address._written = str(parts[0]) if len(parts) == 1 else ""
        return address

    @property
    def suffix(self) -> str:
        text = str(self)
        if text.lower().startswith(_WEB):  # where a query is no part of the name
            text = re.split("[?#]", text, maxsplit=1)[0]
        return PurePosixPath(text).suffix

    def __str__(self) -> str:
        text = self._written or super().__str__()
        return text if "://" in text else text.replace(":/", "://", 1)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))

    def __reduce__(self) -> tuple:
        return Address, (str(self),)


@dataclass(frozen=True)
class Told:
    """What a server says about a file.

    Args:
        version: Changes when the file does, as far as the server tells.
        size: In bytes; None if the server does not say.
    """

    version: str
    size: int | None


def check_address(address: str) -> None:
    """Refuses addresses of which nothing can be fetched.

    Raises:
        ValueError: If the protocol is unknown, or takes a package that is missing.
    """
    import fsspec

    protocol = address.partition("://")[0]
    try:
        fsspec.get_filesystem_class(protocol)
    except ImportError as error:
        raise ValueError(
            f"{protocol}:// takes a package that is missing ({error}). "
            'pip install "kaudio[remote]" brings those for http, https and s3.'
        ) from None
    except ValueError:
        raise ValueError(
            f'the protocol "{printable(protocol)}" of {printable(address)} is unknown. Expected '
            "such as https://, s3:// or gs://."
        ) from None


def ask(address: str) -> Told:
    """Asks the server for size and version of a file.

    Raises:
        AudioError: If the server says that it has no such file, or does not give it.
        ConnectionError: If the server does not answer, also later.
    """
    info = _patiently(address, lambda: _system(address).info(address))
    if info.get("type") == "directory":
        raise AudioError(Address(address), "it is a folder")
    size = info.get("size")
    said = next((info[name] for name in (*_VERSIONS, *_TIMES) if info.get(name)), "")
    return Told(f"{said} {size}", size)


def fetch(address: str, target: Path, told: Told) -> None:
    """Fetches a file, going on after each fault where it was, as far as the server can.

    Args:
        address: The file.
        target: A file that is not there yet.
        told: What the server said about it.

    Raises:
        AudioError: If the server does not have or give it, or it is more than the cache may hold.
        ConnectionError: If the server does not answer, also later, or the file changes meanwhile.
        CacheError: If `target` cannot be written.
    """
    if (told.size or 0) > (limit := limit_bytes()):
        raise AudioError(Address(address), too_large("it"))
    with target.open("xb") as file:
        _patiently(address, lambda: _copy(address, file, told.size, limit), file.tell)
        many = file.tell() > _BLOCK
    if many and ask(address) != told:
        raise ConnectionError(
            f"{printable(address)} was changed while it was fetched. Start again when it stays."
        )


def _copy(address: str, file: BinaryIO, size: int | None, limit: int) -> None:
    """Adds to a file what is missing of it, up to a limit in bytes: some addresses never end."""
    start = file.tell()
    try:
        for block in _blocks(address, start, size):
            if file.tell() + len(block) > limit:
                raise AudioError(Address(address), too_large("it"))
            _write(file, block)
        if size is not None and file.tell() != size:
            raise EOFError(f"{file.tell()} of {size} bytes came")
    except AudioError:
        raise
    except (EOFError, ValueError) as error:  # fsspec says so of servers that give no parts
        if start == file.tell() or file.tell() > (size or 0):
            file.seek(0)
            file.truncate()
        raise EOFError(str(error)) from error


def _write(file: BinaryIO, block: bytes) -> None:
    try:
        file.write(block)
    except OSError as error:
        raise CacheError(Path(file.name).parent.parent, error) from error


def _blocks(address: str, start: int, size: int | None) -> Iterator[bytes]:
    system = _system(address)
    http = address.lower().startswith(_WEB)
    # One request for all, where that can be had: not all web servers give parts of a file.
    options = {"size": size} if http else {}
    block = 0 if http and not start else _BLOCK
    with system.open(address, "rb", block_size=block, cache_type="none", **options) as source:
        if start:
            source.seek(start)
        while part := source.read(_BLOCK):
            yield part


def _system(address: str) -> Any:
    import fsspec

    protocol = address.partition("://")[0]
    if protocol not in ("http", "https"):
        return fsspec.filesystem(protocol, use_listings_cache=False)
    import aiohttp

    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=CONNECT_SECONDS, sock_read=READ_SECONDS
    )
    client = {"timeout": timeout, "headers": {"Accept-Encoding": "identity"}}
    return fsspec.filesystem(protocol, client_kwargs=client)


def _patiently(address: str, work: Callable[[], Any], done: Callable[[], int] = int) -> Any:
    """Does something, again and again where a fault may pass. What was done counts anew."""
    failed, most = 0, 0
    while True:
        try:
            return work()
        except (AudioError, CacheError):
            raise
        except Exception as error:  # of whatever library it is that speaks the protocol
            if reason := _for_good(error):
                raise AudioError(Address(address), reason) from error
            if done() > most:
                failed, most = 0, done()
            if failed == len(WAITS):
                raise ConnectionError(
                    f"{printable(address)} could not be fetched, in {failed + 1} tries "
                    f"({_said(error)}). Start again when the server can be reached: recordings "
                    "that came whole are kept."
                ) from error
            time.sleep(WAITS[failed])
            failed += 1


def _for_good(error: Exception) -> str | None:
    """Why it is no use to try again, or None if it may be."""
    status = next(filter(None, map(_status, _causes(error))), 0)
    if status in (404, 410):
        return f"the server has no such file ({status})"
    if 400 <= status < 500 and status not in _PASSING:
        return f"the server does not give it ({status})"
    root = list(_causes(error))[-1]
    if status:
        return None
    # What came in part has an address. A refused certificate, an OSError as well, may be mended.
    passing = isinstance(error, EOFError) or isinstance(root, OSError)
    if isinstance(root, TypeError | ValueError) and not passing:
        return f"nothing can be asked for at such an address ({_said(error)})"
    if not isinstance(root, FileNotFoundError | KeyError | PermissionError):
        return None
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return "it may not be read" if isinstance(error, PermissionError) else None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _status(error: BaseException) -> int:
    """The status of HTTP that an error comes from; 0 if there is none."""
    response = getattr(error, "response", None)
    told = response.get("ResponseMetadata") if isinstance(response, dict) else None  # botocore
    code = getattr(error, "code", None) if type(error).__module__.startswith("gcsfs") else None
    for found in (getattr(error, "status", None), (told or {}).get("HTTPStatusCode"), code):
        if re.fullmatch("[45][0-9][0-9]", str(found)):
            return int(str(found))
    return 0


def _said(error: BaseException) -> str:
    root = list(_causes(error))[-1]
    return printable(f"{type(root).__name__}: {root}".rstrip(": ."))[:200]
