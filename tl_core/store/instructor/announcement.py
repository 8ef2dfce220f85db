"""What the instructor says to all pages at once: "pause and look here", until they end it."""

from dataclasses import dataclass

from tl_core.store.access import Visitor
from tl_core.store.names import now
from tl_core.store.store import RunStore

MOST_SIGNS = 200  # of a sentence that is read from afar
_KEY = "announcement"


@dataclass(frozen=True)
class Announcement:
    """What all pages show now.

    Attributes:
        id: Another one each time that something is announced.
        text: Plain text, in one line.
    """

    id: str
    text: str


def announcement(store: RunStore) -> Announcement | None:
    """Returns what all pages show; None: nothing."""
    told = store.setting(_KEY) or {}
    id, text = told.get("id"), told.get("text")
    return Announcement(id, text) if isinstance(id, str) and isinstance(text, str) and text else None


def announce(store: RunStore, text: str, *, by: Visitor) -> None:
    """Has all pages show a text, in the place of any earlier one; an empty one ends that.

    Raises:
        StoreError: "instructor_only".
    """
    store.save_setting(_KEY, {"id": now(), "text": " ".join(text.split())[:MOST_SIGNS]}, by=by)
