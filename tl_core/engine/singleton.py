"""The one engine of this process, and what belongs to the data folder that it serves.

This is the only module-level state of the project: every page session of a server shares one engine, and it must not
live in a Streamlit cache, which any visitor can clear.
"""

import atexit
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tl_core.disk.home import data_home, keep_private, named_home
from tl_core.disk.locks import ServerLock
from tl_core.engine.executors.chosen import chosen
from tl_core.engine.service import Engine
from tl_core.store.cookies import server_secret
from tl_core.store.instructor.admissions import Admissions
from tl_core.store.instructor.key import InstructorKey
from tl_core.store.sqlite.store import SqliteStore

T = TypeVar("T")

_LOCK = threading.Lock()
_ENGINES: list[Engine] = []
_SERVERS: list[ServerLock] = []
_SECRETS: dict[Path, bytes] = {}
_ADMISSIONS: dict[Path, Admissions] = {}
_INSTRUCTOR_KEY = InstructorKey()


def engine() -> Engine:
    """Returns the engine, started at the first call and ended with the process.

    Raises:
        StoreError: The data folder cannot be used, or another server uses it ("server_running").
        InputError: "bad_executor": the operator has chosen what there is not.

    Thread: any.
    """
    with _LOCK:
        if not _ENGINES:
            home = data_home()
            if not _SERVERS:
                _SERVERS.append(ServerLock(home))
                keep_private(home)
                atexit.register(close)
            start_worker, capacity = chosen(os.environ.get("TL_EXECUTOR") or "")
            _ENGINES.append(Engine(SqliteStore(home), home, start_worker, capacity=capacity))
        return _ENGINES[0]


def secret() -> bytes:
    """Returns what the cookies of this data folder are signed with.

    Raises:
        StoreError: The data folder cannot be used.

    Thread: any.
    """
    return _of_this_home(_SECRETS, server_secret)


def admissions() -> Admissions:
    """Returns who was admitted as the instructor of this data folder.

    Raises:
        StoreError: The data folder cannot be used.

    Thread: any.
    """
    return _of_this_home(_ADMISSIONS, Admissions)


def _of_this_home(known: dict[Path, T], make: Callable[[Path], T]) -> T:
    """Returns what belongs to the data folder, made once."""
    home = named_home()
    with _LOCK:
        if home not in known:
            known[home] = make(data_home())
        return known[home]


def instructor_key() -> InstructorKey:
    """Returns what tries the keys which visitors give as the instructor's.

    Thread: any.
    """
    return _INSTRUCTOR_KEY


def replace(other: Engine | None) -> None:
    """Puts another engine in place, for tests; None lets the next call start a fresh one."""
    with _LOCK:
        _ENGINES[:] = [other] if other is not None else []


def close() -> None:
    """Ends the engine and its worker, if there is one."""
    with _LOCK:
        while _ENGINES:
            _ENGINES.pop().close()
        while _SERVERS:
            _SERVERS.pop().close()
