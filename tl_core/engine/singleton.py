"""The one engine of this process.

This is the only module-level state of the project: every page session of a server shares one engine, and it must not
live in a Streamlit cache, which any visitor can clear.
"""

import atexit
import threading

from tl_core.engine.service import Engine
from tl_core.store.home import data_home
from tl_core.store.sqlite import SqliteStore

_LOCK = threading.Lock()
_ENGINES: list[Engine] = []


def engine() -> Engine:
    """Returns the engine, started at the first call and ended with the process.

    Raises:
        StoreError: The data folder cannot be used.

    Thread: any.
    """
    with _LOCK:
        if not _ENGINES:
            home = data_home()
            _ENGINES.append(Engine(SqliteStore(home), home))
            atexit.register(close)
        return _ENGINES[0]


def replace(other: Engine | None) -> None:
    """Puts another engine in place, for tests; None lets the next call start a fresh one."""
    with _LOCK:
        _ENGINES[:] = [other] if other is not None else []


def close() -> None:
    """Ends the engine and its worker, if there is one."""
    with _LOCK:
        while _ENGINES:
            _ENGINES.pop().close()
