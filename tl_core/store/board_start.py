"""Since when the class board counts: a lesson begins with an empty board, and what was shared before stays."""

from tl_core.store.access import Visitor
from tl_core.store.names import now
from tl_core.store.store import RunStore

_KEY = "board"


def board_start(store: RunStore) -> str | None:
    """Returns when the present lesson began, as ISO 8601 in UTC; None: all runs are on the board."""
    since = (store.setting(_KEY) or {}).get("since")
    return since if isinstance(since, str) else None


def start_board(store: RunStore, *, by: Visitor) -> None:
    """Begins a lesson now.

    Raises:
        StoreError: "instructor_only".
    """
    store.save_setting(_KEY, {"since": now()}, by=by)
