"""A link that admits whoever opens it first: the operator's way back to the desk, made by `python -m tl_core admit`.

The command is a process beside the server, so a link is a file of the data folder: whoever removes it is admitted.
"""

import hashlib
import secrets
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

from tl_core.disk.files import write_atomic
from tl_core.disk.home import ensure_folder
from tl_core.disk.space import storage_errors

LASTS_S = 600
ASKED = "admit"  # the parameter of the address
DEFAULT_ADDRESS = "http://localhost:8501"
_ADDRESS, _FOLDER = "server.address", "links"


def note_address(home: Path, address: str) -> None:
    """Notes where the server of a data folder can be reached from this machine.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    write_atomic(home / _ADDRESS, address.encode())


def make_link(home: Path, address: str | None = None, now_s: float | None = None) -> tuple[str, float]:
    """Returns a link and when it expires, in seconds of the calendar's time.

    Args:
        home: The data folder.
        address: The server's as the instructor's browser reaches it; None: as the server has noted it.
        now_s: The present.

    Raises:
        StoreError: "disk_full" or "home_not_writable".
    """
    code, now_s = secrets.token_urlsafe(16), time.time() if now_s is None else now_s
    folder = ensure_folder(home / _FOLDER)
    for path in folder.iterdir():
        if not path.name.startswith(".") and _expires_s(path) <= now_s:  # a dot: it is being written
            with suppress(OSError):
                path.unlink()
    write_atomic(_path(home, code), str(now_s + LASTS_S).encode())
    with suppress(OSError, UnicodeDecodeError):
        address = address or (home / _ADDRESS).read_text(encoding="utf-8")
    return f"{(address or DEFAULT_ADDRESS).rstrip('/')}/classroom?{urlencode({ASKED: code})}", now_s + LASTS_S


def use_link(home: Path, code: str, now_s: float | None = None) -> bool:
    """Says whether a link admits, and uses it up: of several who open it at the same time, one is admitted.

    Raises:
        StoreError: "home_not_writable": a link that cannot be used up admits nobody.
    """
    path = _path(home, code)
    expires_s = _expires_s(path)
    with storage_errors(home):
        try:
            path.unlink()
        except FileNotFoundError:
            return False
    return expires_s > (time.time() if now_s is None else now_s)


def _path(home: Path, code: str) -> Path:
    """Returns a link's file: its name tells the code to nobody who can list the folder."""
    return home / _FOLDER / hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()[:32]


def _expires_s(path: Path) -> float:
    """Returns when a link expires; 0 for what is none."""
    try:
        return float(path.read_bytes())
    except (OSError, ValueError):
        return 0.0
