"""What a store promises of sweeps, and what people may do with them. Trials are runs; they are kept as those."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from tl_core.errors import StoreError, UnknownIdError
from tl_core.store.access import Visitor, check_sweep_change, may_see
from tl_core.store.names import MIN_PREFIX, clean_name, new_id, now, printable
from tl_core.store.records import SweepRecord, SweepState, TrialRecord, Visibility, plain


class SweepRecords(ABC):
    """Sweeps that last. What `RunStore` promises of runs holds for them as far as they have the same.

    Wherever a method takes a sweep's id, the first 6 or more characters of it do as well, when they fit one sweep only.
    Methods with `by` are for people, and ask whether it is theirs to do; the others are for the engine.

    Thread: any; several processes may share a store.
    """

    def create(self, sweep: Mapping, *, name: str, owner: str, is_offered: bool = False) -> SweepRecord:
        """Adds a sweep that is RUNNING, in the name of this process.

        Args:
            sweep: As plain data.
            name: 1 to 80 characters.
            owner: Whose it is.
            is_offered: Whether it is OFFERED instead, to all who know its link.

        Raises:
            InputError: "bad_run_name".
        """
        told, state = plain(dict(sweep)), SweepState.OFFERED if is_offered else SweepState.RUNNING
        seen_by = Visibility.LINK if is_offered else Visibility.PRIVATE
        return self._add(SweepRecord(new_id(), 0, clean_name(name), owner, state, told, now(), visibility=seen_by))

    def go_on(self, id: str, sweep: Mapping | None = None) -> SweepRecord:
        """Sets a sweep RUNNING again, in the name of this process; of several who do at once one succeeds.

        Args:
            id: The sweep.
            sweep: What it asks from now on; None: what it did.

        Raises:
            UnknownIdError: "unknown_sweep".
            StoreError: "sweep_is_active".
        """
        changed = {} if sweep is None else {"sweep": plain(dict(sweep))}
        return self._edit(id, is_idle=True, state=SweepState.RUNNING, ended_at=None, error=None, **changed)

    def offer(self, id: str) -> SweepRecord:
        """Sets a sweep at rest OFFERED; one that only its owner saw is seen by its link from now on.

        Raises:
            UnknownIdError: "unknown_sweep".
            StoreError: "sweep_is_active".
        """
        is_hidden = self.get(id).visibility is Visibility.PRIVATE
        shown = {"visibility": Visibility.LINK} if is_hidden else {}
        return self._edit(id, is_idle=True, state=SweepState.OFFERED, ended_at=None, error=None, **shown)

    def extend(self, id: str, sweep: Mapping) -> SweepRecord:
        """Changes what a sweep asks, whatever its state.

        Raises:
            UnknownIdError: "unknown_sweep".
        """
        return self._edit(id, sweep=plain(dict(sweep)))

    def finish(self, id: str, state: SweepState, error: dict | None = None) -> SweepRecord:
        """Sets a sweep at rest.

        Raises:
            UnknownIdError: "unknown_sweep".
        """
        return self._edit(id, state=state, ended_at=now(), error=plain(error))

    def get(self, id: str) -> SweepRecord:
        """Returns one sweep.

        Raises:
            UnknownIdError: "unknown_sweep".
        """
        return one_sweep(id, self._matches(id))

    @abstractmethod
    def trials(self, id: str) -> list[TrialRecord]:
        """Returns what is known of the runs of a sweep, in the order of its trials; of one trial the oldest run first.

        Args:
            id: The whole id.
        """

    @abstractmethod
    def listed(self, owner: str | None = None) -> list[SweepRecord]:
        """Returns all sweeps, or an owner's, newest first."""

    # ---- for people ----

    def find(self, id: str, *, by: Visitor) -> SweepRecord:
        """Returns a sweep that a visitor may see. One shared by link is found by its whole id only.

        Raises:
            UnknownIdError: "unknown_sweep", also for a sweep that the visitor may not see.
        """
        matches = [record for record in self._matches(id) if may_see(record, by, is_named=record.id == id)]
        return one_sweep(id, matches)

    def permitted(self, id: str, *, by: Visitor) -> SweepRecord:
        """Returns a sweep that a visitor may change.

        Raises:
            UnknownIdError: "unknown_sweep".
            StoreError: "not_your_sweep".
        """
        record = self.find(id, by=by)
        check_sweep_change(record, by)
        return record

    def seen(self, *, by: Visitor) -> list[SweepRecord]:
        """Returns the sweeps that a visitor finds in a list, newest first."""
        return [record for record in self.listed() if may_see(record, by, is_named=False)]

    def rename(self, id: str, name: str, *, by: Visitor) -> SweepRecord:
        """Gives a sweep another name.

        Raises:
            InputError: "bad_run_name".
            UnknownIdError, StoreError: As `permitted`.
        """
        return self._edit(self.permitted(id, by=by).id, name=clean_name(name))

    def share(self, id: str, visibility: Visibility, *, by: Visitor) -> SweepRecord:
        """Says who else may look at a sweep.

        Raises:
            UnknownIdError, StoreError: As `permitted`.
        """
        return self._edit(self.permitted(id, by=by).id, visibility=Visibility(visibility))

    def delete(self, id: str, *, by: Visitor) -> None:
        """Removes a sweep at rest. Its runs are the engine's to remove.

        Raises:
            UnknownIdError, StoreError: As `permitted`; "sweep_is_active".
        """
        self._remove(self.permitted(id, by=by).id)

    @abstractmethod
    def _add(self, record: SweepRecord) -> SweepRecord:
        """Adds a sweep, which gets its `seq`."""

    @abstractmethod
    def _matches(self, id: str) -> list[SweepRecord]:
        """Returns the sweeps that an id or the beginning of one fits; none for what is no id."""

    @abstractmethod
    def _edit(self, id: str, *, is_idle: bool = False, **changes: object) -> SweepRecord:
        """Changes fields of a record; with `is_idle` only where `check_idle` lets it."""

    @abstractmethod
    def _remove(self, id: str) -> None:
        """Removes a sweep at rest; otherwise StoreError, "sweep_is_active"."""


def one_sweep(received: object, matches: list[SweepRecord]) -> SweepRecord:
    """Returns the only sweep that an id or prefix stands for.

    Raises:
        UnknownIdError: "unknown_sweep": None or several match.
    """
    if len(matches) == 1:
        return matches[0]
    told, n_matches = printable(received), len(matches)
    raise UnknownIdError("unknown_sweep", received=told, n_matches=n_matches, min_characters=MIN_PREFIX)


def check_idle(record: SweepRecord) -> None:
    """Refuses what only a sweep at rest allows.

    Raises:
        StoreError: "sweep_is_active".
    """
    if record.is_active:
        raise StoreError("sweep_is_active", sweep=record.id)
