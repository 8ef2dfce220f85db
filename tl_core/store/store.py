"""What a store of runs promises, and what people may do with it."""

from abc import abstractmethod
from collections.abc import Callable, Collection

from tl_core.store.access import Visitor, check_change, check_instructor, may_see
from tl_core.store.names import clean_name, one_match
from tl_core.store.progress_records import ProgressRecords
from tl_core.store.records import OwnerRecord, RunRecord, Visibility
from tl_core.store.run_records import RunRecords
from tl_core.store.sweep_records import SweepRecords

MayCome = Callable[[Collection[OwnerRecord]], None]


class RunStore(RunRecords):
    """Runs that last.

    Promises:
        1. A finished record never changes, except for its name, its twin, its pin, its sweep, who may see it, when a
           stopped or interrupted run is started again (`set_threads` prepares that), once by `complete_stop`, and when
           a completed run goes on for more epochs (`lengthen`); what it was before then stands in `earlier`.
        2. Every reader gets a copy: what is done to it changes nothing in the store.
        3. Ids are 128 random bits; `seq` orders runs by creation whatever the clock says, and is never used twice.
        4. When `add_epoch` or `finish_run` has returned, what it was told survives kill -9.
        5. Of several callers that start, finish or resume one run at the same time, exactly one succeeds; the others
           get a StoreError.
        6. What a dead process left queued or running is INTERRUPTED at the next open, whatever the clock says; a run
           of a living process is never touched.
        7. NaN and infinity are stored as None, so no reader ever meets them.
        8. An id from outside reaches neither a path nor an SQL text.
        9. What people do goes through methods that take `by`, and these ask `find` or `permitted` first: a run that a
           visitor may not see is unknown to them, one that is not theirs they cannot change. Methods without `by` are
           for the engine and ask nobody.
       10. A run whose row and copy are damaged is listed as failed ("run_damaged"), and hides no other; all that can be
           done to it is to delete it.
       11. A lost or damaged list of runs is made anew from what the run folders know: every run that has begun, its
           owner, who may see it, its epochs and its curve; names of owners and settings as well.
       12. Sweeps (`sweeps`) and how far everybody is in lessons (`progress`) last as runs do, and come back as they do.
       13. A write that the disk refuses changes nothing and raises a StoreError; the next one that it accepts succeeds.

    Wherever a method takes a run's id, the first 6 or more characters of it do as well, when they fit one run only;
    anything else raises UnknownIdError ("unknown_run", with received, n_matches, min_characters).

    Attributes:
        sweeps: The sweeps that runs are trials of.
        progress: How far everybody is in which lesson.

    Thread:
        Any thread; several processes may share one `SqliteStore` folder.
    """

    sweeps: SweepRecords
    progress: ProgressRecords

    def find(self, id: str, *, by: Visitor) -> RunRecord:
        """Returns a run that a visitor may see. One shared by link is found by its whole id only.

        Raises:
            UnknownIdError: "unknown_run", also for a run that the visitor may not see.
        """
        matches = [record for record in self._matches(id) if may_see(record, by, is_named=record.id == id)]
        return one_match(id, matches)

    def permitted(self, id: str, *, by: Visitor) -> RunRecord:
        """Returns a run that a visitor may change.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: "not_your_run".
        """
        record = self.find(id, by=by)
        check_change(record, by)
        return record

    def rename(self, id: str, name: str, *, by: Visitor) -> RunRecord:
        """Gives a run another name, in whatever state.

        Raises:
            InputError: "bad_run_name": not 1 to 80 characters after trimming, or with control characters.
            UnknownIdError, StoreError: As `permitted`.
        """
        return self._edit(self.permitted(id, by=by).id, name=clean_name(name))

    def share(self, id: str, visibility: Visibility, *, by: Visitor) -> RunRecord:
        """Says who else may look at a run and at its twin.

        Raises:
            UnknownIdError, StoreError: As `permitted`.
        """
        record = self.permitted(id, by=by)
        twin = record.twin_id and self.get(record.twin_id)
        if twin and twin.owner == record.owner:
            self._edit(twin.id, visibility=Visibility(visibility))
        return self._edit(record.id, visibility=Visibility(visibility))

    def pin(self, id: str, is_pinned: bool, *, by: Visitor) -> RunRecord:
        """Keeps a run when old ones are cleared away, or lets it go.

        Raises:
            UnknownIdError, StoreError: As `permitted`.
        """
        return self._edit(self.permitted(id, by=by).id, is_pinned=bool(is_pinned))

    def release(self, id: str) -> RunRecord:
        """Makes a trial an ordinary run of its owner, of no sweep any more.

        Raises:
            UnknownIdError: "unknown_run".
        """
        return self._edit(id, sweep_id=None, trial=None)

    def delete(self, id: str, *, by: Visitor) -> None:
        """Removes a finished run, its epochs, trace and folder; its twin stays and has no twin any more.

        Raises:
            UnknownIdError, StoreError: As `permitted`; "run_is_active".
        """
        self._remove(self.permitted(id, by=by).id)

    def ensure_owner(self, owner: str, address: str = "", may_come: MayCome = lambda known: None) -> OwnerRecord:
        """Returns what is known of an owner, noted now if this is the first time.

        Args:
            owner: Whose something is.
            address: From where they come now; "" where that is not known.
            may_come: Is asked about somebody new, with all who are known, and raises where there is no room: then
                nothing was noted. Of several who come at the same time each is asked for with those before.
        """
        known = self.owners().get(owner)
        if known is not None and address in ("", known.address):
            return known
        return self._put_owner(owner, may_come, address=address or None)

    def name_owner(self, owner: str, name: str, *, by: Visitor) -> None:
        """Says what others see as the name of an owner.

        Raises:
            InputError: "bad_run_name", as for the name of a run.
            StoreError: "instructor_only" for the name of somebody else.
        """
        if owner != by.owner:
            check_instructor(by)
        self._put_owner(owner, lambda known: None, name=clean_name(name))

    def save_setting(self, key: str, value: dict, *, by: Visitor) -> None:
        """Notes what holds for the whole class, in place of what was noted before.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        self._save_setting(key, value)

    @abstractmethod
    def _matches(self, id: str) -> list[RunRecord]:
        """Returns the runs that an id or the beginning of one fits; none for what is no id."""

    @abstractmethod
    def _edit(self, id: str, **changes: object) -> RunRecord:
        """Changes fields of a record that do not belong to its result."""

    @abstractmethod
    def _remove(self, id: str) -> None:
        """Removes a finished run with all that it has; otherwise StoreError, "run_is_active"."""

    @abstractmethod
    def _put_owner(
        self, owner: str, may_come: MayCome, name: str | None = None, address: str | None = None
    ) -> OwnerRecord:
        """Notes an owner, with what is not None; who is not known yet is asked about before."""

    @abstractmethod
    def _save_setting(self, key: str, value: dict) -> None: ...
