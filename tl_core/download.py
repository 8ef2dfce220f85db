"""One file from the internet: it arrives whole and checked, or not at all."""

import contextlib
import hashlib
import http.client
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from tl_core.errors import UnavailableError

CHUNK_BYTES = 1 << 18
OFFLINE = "offline"  # the reason when the host cannot be reached; its words are in the copy files


def download(
    url: str,
    path: Path,
    *,
    sha256: str | None = None,
    md5: str | None = None,
    on_progress: Callable[[int, int | None], None] | None = None,
    timeout_s: float = 10,
) -> Path:
    """Fetches a file; what stood at the path stays until the new file is complete and checked.

    Args:
        url: An http or https address.
        path: Where the file goes; missing folders are made.
        sha256: The expected SHA-256 in hexadecimal digits; None does not check it.
        md5: The expected MD5, for sources that publish nothing better.
        on_progress: Called with the bytes so far and the bytes in all (None where the server does not say).
        timeout_s: How long the server may be silent, in seconds.

    Returns:
        `path`.

    Raises:
        UnavailableError: "download_failed" with the values host, file and reason.
    """
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _partial_file(path) as partial:
            with open(partial, "wb") as file:
                _fetch(url, file, on_progress or _ignore, timeout_s)
                file.flush()
                os.fsync(file.fileno())
            if not matches(partial, sha256=sha256, md5=md5):
                raise ValueError("wrong checksum")
            os.replace(partial, path)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _failed(url, path, _reason(error)) from error
    return path


def matches(path: Path, *, sha256: str | None = None, md5: str | None = None) -> bool:
    """Returns whether a file is there and has every hash that is given."""
    if not path.is_file():
        return False
    return all(
        wanted is None or _digest(path, algorithm) == wanted.lower()
        for algorithm, wanted in (("sha256", sha256), ("md5", md5))
    )


def is_reachable(url: str, timeout_s: float = 2) -> bool:
    """Returns whether a server answers a HEAD request for this address without an error.

    Args:
        url: An http or https address.
        timeout_s: How long it may be silent, in seconds; looking up its name comes on top.
    """
    try:
        with _open(url, timeout_s, "HEAD"):
            return True
    except (OSError, http.client.HTTPException, ValueError):
        return False


@contextlib.contextmanager
def _partial_file(path: Path) -> Iterator[Path]:
    """Yields a name of its own beside `path`: two downloads of one file do not meet, and nothing stays behind."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        yield partial
    finally:
        partial.unlink(missing_ok=True)


def _fetch(url: str, file: BinaryIO, on_progress: Callable[[int, int | None], None], timeout_s: float) -> None:
    with _open(url, timeout_s) as answer:
        length = answer.headers.get("Content-Length")
        total = int(length) if length else None
        done = 0
        while chunk := answer.read(CHUNK_BYTES):
            file.write(chunk)
            done += len(chunk)
            on_progress(done, total)
    if total is not None and done != total:
        raise http.client.IncompleteRead(b"", total - done)


def _open(url: str, timeout_s: float, method: str = "GET"):
    if urlsplit(url).scheme not in ("http", "https"):
        raise ValueError("only http and https addresses are allowed")
    return urllib.request.urlopen(urllib.request.Request(url, method=method), timeout=timeout_s)


def _digest(path: Path, algorithm: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        with contextlib.closing(error):
            return f"HTTP {error.code}"
    if isinstance(error, http.client.IncompleteRead):
        return "connection ended early"
    if isinstance(error, ConnectionError | TimeoutError) or isinstance(getattr(error, "reason", None), OSError):
        return OFFLINE
    return str(getattr(error, "reason", error)) or type(error).__name__


def _failed(url: str, path: Path, reason: str) -> UnavailableError:
    return UnavailableError("download_failed", host=urlsplit(url).hostname or url, file=path.name, reason=reason)


def _ignore(done: int, total: int | None) -> None:
    """Stands in for a missing `on_progress`."""
