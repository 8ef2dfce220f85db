"""What concerns the class: names, the queue, limits, and the instructor's hand on all runs."""

from tl_core.engine.runs.forecast import Forecast, QueueEntry
from tl_core.engine.runs.origins import Crowd, crowds
from tl_core.engine.runs.sweeps import Sweeps
from tl_core.engine.supervisor import Supervisor
from tl_core.store.access import Visitor, check_instructor
from tl_core.store.limits import Limits, admit, limits, neighbours, save_limits
from tl_core.store.names import clean_name
from tl_core.store.store import RunStore


class Classroom:
    """Everybody who shares this server, as the instructor sees and steers them.

    Args:
        store: Where runs, names and limits are kept.
        supervisor: Who has runs trained.
        forecast: When waiting runs will begin.
        sweeps: Those of everybody.

    Thread: any.
    """

    def __init__(self, store: RunStore, supervisor: Supervisor, forecast: Forecast, sweeps: Sweeps) -> None:
        self._store, self._supervisor, self._forecast, self._sweeps = store, supervisor, forecast, sweeps
        self._lock, self._trainings = supervisor.lock, supervisor.trainings

    def name_me(self, name: str, *, by: Visitor) -> None:
        """Says what others see as the name of this visitor; as `RunStore.name_owner` and `limits.admit`."""
        name = clean_name(name)  # a refused one makes nobody known
        admit(self._store, by=by)
        self._store.name_owner(by.owner, name, by=by)

    def owner_names(self) -> dict[str, str | int]:
        """Returns owner → the name that others see, or the number under which one without a name came here."""
        return {owner.id: owner.name or owner.seq for owner in self._store.owners().values()}

    def limits(self) -> Limits:
        """Returns what one student may have at most."""
        return limits(self._store)

    # ---- for the instructor ----

    def prioritise(self, run_id: str, *, by: Visitor) -> None:
        """Puts a waiting run before all others. Does nothing with a run that does not wait.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        with self._lock:
            self._trainings.prioritise(self._store.permitted(run_id, by=by).id)

    def hold(self, is_held: bool, *, by: Visitor) -> None:
        """Pauses all runs and begins no other, or lets those go on that were paused so.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        self._supervisor.hold(is_held)

    def set_limits(self, chosen: Limits, *, by: Visitor) -> None:
        """Sets what one student may have at most.

        Raises:
            StoreError: "instructor_only".
        """
        save_limits(self._store, chosen, by=by)
        with self._lock:
            self._trainings.limits = chosen
            self._trainings.dispatch()

    def queue(self, *, by: Visitor) -> list[QueueEntry]:
        """Returns what trains and what waits, in the order in which it will begin.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        return self._forecast.queue()

    def crowds(self, *, by: Visitor) -> list[Crowd]:
        """Returns the addresses from which more comes than from a class.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        owners = [live.owner for live in self._trainings if not live.is_stopping]
        return crowds(self._store.owners().values(), owners, limits(self._store))

    def clear(self, address: str, *, by: Visitor) -> None:
        """Stops all sweeps and runs from an address, those in line first; who came from there counts as new no longer.

        So a class that shares the address can come in again at once; what was stopped can be resumed by whose it is.

        Raises:
            StoreError: "instructor_only".
        """
        check_instructor(by)
        owners = neighbours(self._store, address)
        self._sweeps.stop_all(owners)
        with self._lock:
            places = [place for place in self._forecast.queue() if place.owner in owners]
            for place in reversed(places):  # the last first: none begins in between
                self._supervisor.stop(place.run_id)
        self._store.edit_owners(owners, since=None)
