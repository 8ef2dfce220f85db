"""Which predictions of a mission the class may see of all: nothing, unless the instructor says so."""

from collections.abc import Mapping
from typing import Any

from tl_core.errors import StoreError
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.lesson import board_start
from tl_core.store.store import RunStore

_KEY = "shown-predictions"


def is_shown(store: RunStore, mission: str, step: str) -> bool:
    """Says whether the class may see what all predicted at a step."""
    return step in _shown(store, mission)


def show(store: RunStore, mission: str, step: str, is_on: bool, *, by: Visitor) -> None:
    """Lets the class see it, or no longer.

    Raises:
        StoreError: "instructor_only".
    """
    told = store.setting(_KEY) or {}
    steps = [one for one in _shown(store, mission) if one != step]
    store.save_setting(_KEY, {**told, mission: [*steps, step] if is_on else steps}, by=by)


def answers_of_class(store: RunStore, mission: str, step: str, *, by: Visitor) -> list[Any]:
    """Returns what everybody answered at a step, without who did.

    Raises:
        StoreError: "instructor_only": the class may not see it.
    """
    if not by.is_instructor and not is_shown(store, mission, step):
        raise StoreError("instructor_only")
    records = store.progress.everybody(by=OPERATOR, since=board_start(store))
    answers = (one.data.get("answers") for one in records if one.lesson == mission)
    return [told[step] for told in answers if isinstance(told, Mapping) and step in told]


def _shown(store: RunStore, mission: str) -> list[str]:
    steps = (store.setting(_KEY) or {}).get(mission)
    return [str(one) for one in steps] if isinstance(steps, list) else []
