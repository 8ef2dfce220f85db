"""What a store promises of lessons: how far each owner is in each of them."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tl_core.store.access import Visitor, check_instructor
from tl_core.store.names import checked_owner, now
from tl_core.store.records import plain


@dataclass(frozen=True)
class ProgressRecord:
    """How far somebody is in a lesson.

    Attributes:
        owner: Who.
        lesson: Id of the mission, claim or case.
        data: As the lesson keeps it; for a mission, as `lessons.progress.Progress.to_dict` tells it.
        changed_at: When it last changed, ISO 8601 in UTC.
    """

    owner: str
    lesson: str
    data: dict
    changed_at: str


class ProgressRecords(ABC):
    """How far everybody is. What was kept survives kill -9, and the loss of the database.

    Everybody reads and changes what is their own; only the instructor reads that of others, and nobody changes it.

    Thread: any; several processes may share a store.
    """

    def mine(self, lesson: str, *, by: Visitor) -> dict | None:
        """Returns how far the visitor is in a lesson; None: not begun."""
        return next((one.data for one in self._of(by.owner) if one.lesson == lesson), None)

    def all_mine(self, *, by: Visitor) -> dict[str, dict]:
        """Returns lesson → how far the visitor is, of all that were begun."""
        return {one.lesson: one.data for one in self._of(by.owner)}

    def change(self, lesson: str, edit: Callable[[dict | None], Mapping | None], *, by: Visitor) -> dict | None:
        """Changes how far the visitor is in a lesson; of two tabs that do at once, one comes after the other.

        Args:
            lesson: Which one.
            edit: Is given what is kept, and returns what is to be; None: nothing any more. What it raises passes, and
                then nothing has changed.
            by: Whose progress it is.

        Returns:
            What is kept now.
        """

        def checked(before: dict | None) -> ProgressRecord | None:
            told = edit(before)
            return None if told is None else ProgressRecord(owner, lesson, plain(dict(told)), now())

        owner = checked_owner(by.owner)
        kept = self._change(owner, lesson, checked)
        return None if kept is None else kept.data

    def everybody(self, *, by: Visitor, since: str | None = None) -> list[ProgressRecord]:
        """Returns how far all are in all lessons, who changed something last first.

        Args:
            by: The instructor.
            since: When the present lesson began, ISO 8601 in UTC: what nobody has touched since is left out. None: all.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        found = [one for one in self._of(None) if since is None or one.changed_at >= since]
        return sorted(found, key=lambda one: one.changed_at, reverse=True)

    @abstractmethod
    def _of(self, owner: str | None) -> list[ProgressRecord]:
        """Returns what is kept of an owner, or of all."""

    @abstractmethod
    def _change(
        self, owner: str, lesson: str, edit: Callable[[dict | None], ProgressRecord | None]
    ) -> ProgressRecord | None:
        """Puts what `edit` makes of what is kept in its place, with nothing between reading and writing."""
