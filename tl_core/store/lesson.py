"""The lesson that a class is in: the short code of its settings, and since when the class board counts."""

import hashlib
import json
from collections.abc import Mapping

from tl_core.store.access import Visitor
from tl_core.store.names import now
from tl_core.store.store import RunStore

SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another
LENGTH = 4
_BOARD = "board"


def lesson_code(store: RunStore, query: Mapping[str, str], *, by: Visitor) -> str:
    """Returns the code of a lesson; the same settings have the same one for ever.

    Args:
        store: Where codes are kept.
        query: The lesson as parameters of a link.
        by: Who gives it; a code that is there already may be asked for by anybody.

    Raises:
        StoreError: "instructor_only".
    """
    about = dict(query)
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).digest()
    letters = "".join(SIGNS[byte % len(SIGNS)] for byte in digest)
    length = LENGTH
    while (known := store.setting(_key(letters[:length]))) not in (None, about):  # taken: one sign more
        length += 1
    if known is None:
        store.save_setting(_key(letters[:length]), about, by=by)
    return letters[:length]


def lesson_of_code(store: RunStore, code: str) -> dict[str, str] | None:
    """Returns the parameters of the lesson that a code stands for, however it was typed; None where there is none."""
    typed = code.strip().lower()
    is_possible = LENGTH <= len(typed) <= 2 * LENGTH and set(typed) <= set(SIGNS)
    return store.setting(_key(typed)) if is_possible else None


def _key(code: str) -> str:
    return f"lesson/{code}"


def board_start(store: RunStore) -> str | None:
    """Returns when the present lesson began, as ISO 8601 in UTC; None: all runs are on the board."""
    since = (store.setting(_BOARD) or {}).get("since")
    return since if isinstance(since, str) else None


def start_board(store: RunStore, *, by: Visitor) -> None:
    """Begins a lesson now.

    Raises:
        StoreError: "instructor_only".
    """
    store.save_setting(_BOARD, {"since": now()}, by=by)
