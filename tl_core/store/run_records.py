"""What the engine does with the runs of a store, whatever keeps them; nobody is asked whether it is theirs to do."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Self

from tl_core.errors import StoreError
from tl_core.store.access import Visitor
from tl_core.store.records import EpochRecord, OwnerRecord, RunRecord, RunState, Visibility


class RunRecords(ABC):
    """The part of `RunStore` that is for the engine; its promises stand there.

    Thread: any; several processes may share a store.
    """

    @abstractmethod
    def create_run(
        self,
        spec: dict,
        *,
        role: str,
        name: str,
        environment: dict,
        owner: str = "local",
        twin_id: str | None = None,
        fingerprint: str | None = None,
        sweep_id: str | None = None,
        trial: int | None = None,
    ) -> RunRecord:
        """Adds a QUEUED run.

        Args:
            spec: The run's spec as plain data.
            role: "run" or "baseline".
            name: 1 to 80 characters.
            environment: Versions, processor, number of threads: what the results depend on beside the spec.
            owner: Whose run it is.
            twin_id: The other half of the pair, if it exists; both are linked.
            fingerprint: What `find_equal` finds it by once it has completed; None: it is never found.
            sweep_id: The sweep that it is a trial of.
            trial: Its place among the trials of that sweep.

        Raises:
            InputError: "bad_run_name".
            UnknownIdError: No run has `twin_id`.
        """

    @abstractmethod
    def find_equal(self, fingerprint: str) -> RunRecord | None:
        """Returns the newest run with this fingerprint that can stand for another: completed, tested, no epoch
        partial, its weights still there. None if there is none.
        """

    @abstractmethod
    def copy_run(
        self,
        run_id: str,
        *,
        name: str,
        owner: str,
        role: str,
        twin_id: str | None = None,
        sweep_id: str | None = None,
        trial: int | None = None,
    ) -> RunRecord:
        """Adds a COMPLETED run with another's results: epochs, trace, scores, proof, environment, seconds, weights.

        The copy has an id, times of day and a folder of its own; `recorded_from` and `recorded_at` name the run that
        was trained, also when a copy is copied. Either can be deleted without the other.

        Raises:
            UnknownIdError: "unknown_run", also for `twin_id`.
            InputError: "bad_run_name".
            StoreError: "run_not_completed", "file_damaged" when its weights are gone, or a disk that refuses. Nothing
                was added.
        """

    @abstractmethod
    def fill_run(self, run_id: str, source_id: str) -> RunRecord:
        """Completes a QUEUED run with the results of another, as `copy_run` does for a new one.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: "run_is_active" or "run_already_finished": it has begun; otherwise as `copy_run`.
        """

    @abstractmethod
    def set_threads(self, run_id: str, n_threads: int) -> RunRecord:
        """Notes, in spec and environment, with how many threads a run that has not begun (again) will be trained.

        Raises:
            StoreError: "run_is_active" or "run_already_finished".
        """

    @abstractmethod
    def lengthen(self, run_id: str, epochs: int, fingerprint: str | None = None) -> RunRecord:
        """Sets a COMPLETED run QUEUED, to go on until it has had more epochs.

        Until it begins it keeps all that it has found; if it ends before, or its process dies, it is COMPLETED as it
        was. Once it has begun, `earlier` says what it was.

        Args:
            run_id: The run.
            epochs: Of its last phase, in all.
            fingerprint: As in `create_run`, of what it will be.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: "run_not_completed".
            InputError: "not_longer".
        """

    @abstractmethod
    def link_twins(self, run_id: str, baseline_id: str) -> None:
        """Makes a run and its from-scratch baseline each other's twin; earlier twins of the two are let go."""

    @abstractmethod
    def start_run(
        self,
        id: str,
        *,
        frozen_params: int,
        trainable_params: int,
        is_cached: bool,
        environment: Mapping | None = None,
    ) -> RunRecord:
        """Sets a QUEUED, STOPPED or INTERRUPTED run RUNNING, in the name of this process.

        Args:
            environment: What is known of the machine that trains it, in place of what the record says of this one.

        Raises:
            StoreError: "run_is_active": it runs already; "run_already_finished": completed or failed.
        """

    @abstractmethod
    def add_epoch(self, id: str, epoch: EpochRecord, trace: list | None = None) -> None:
        """Adds one epoch to a RUNNING run; an epoch of the same number (before a resume) is replaced.

        Args:
            trace: The step-level curve so far, kept as by `save_trace` in the same write.

        Raises:
            StoreError: "run_not_running" or "run_already_finished".
        """

    @abstractmethod
    def finish_run(
        self,
        id: str,
        state: RunState,
        *,
        best_epoch: int | None = None,
        test_accuracy: float | None = None,
        scores: dict | None = None,
        proof: list | None = None,
        error: dict | None = None,
        seconds: float | None = None,
    ) -> RunRecord:
        """Ends a run, once. A QUEUED run may be stopped, fail or be interrupted, but not complete.

        Args:
            state: COMPLETED, STOPPED, FAILED or INTERRUPTED.
            error: {"code", "values"} of what made it fail.

        Raises:
            StoreError: "run_already_finished", or "run_not_running" for the completion of a queued run.
        """

    @abstractmethod
    def complete_stop(self, id: str, *, best_epoch: int, proof: list) -> None:
        """Adds, once, what a stopped run's worker could only say after the stop was recorded; else changes nothing.

        Raises:
            UnknownIdError: "unknown_run".
        """

    @abstractmethod
    def get(self, id: str) -> RunRecord:
        """Returns one run.

        Raises:
            UnknownIdError: "unknown_run".
        """

    @abstractmethod
    def list_runs(
        self,
        *,
        by: Visitor | None = None,
        owner: str | None = None,
        visibility: Visibility | None = None,
        states: Collection[RunState] | None = None,
        limit: int | None = None,
        offset: int = 0,
        text: str | None = None,
        sweep: str | None = None,
    ) -> list[RunRecord]:
        """Returns runs, newest first, each without its `proof`: most of a record, and nothing that a list shows.

        Args:
            by: Only what this visitor finds in a list: their own runs and those shared with the class; everything for
                an instructor. None is the engine, which sees all.
            owner: Only runs of this owner.
            visibility: Only runs shared like this.
            states: Only runs in one of these; None means all.
            limit: At most so many, after leaving out the first `offset`.
            text: Only runs with this in their name or in a text of their spec (dataset, backbone, …), in any case,
                or whose id begins with it.
            sweep: Only trials of this sweep; None: runs that are of no sweep; `ANY_SWEEP`: all of both.
        """

    @abstractmethod
    def epochs(self, id: str) -> list[EpochRecord]:
        """Returns a run's epochs, first to last."""

    @abstractmethod
    def events(self, id: str) -> list[tuple[str, RunState]]:
        """Returns when a run came into which state, first to last: (ISO 8601 in UTC, state)."""

    @abstractmethod
    def n_by_state(self) -> dict[RunState, int]:
        """Returns how many runs are in each state, trials included; no run is read for it."""

    @abstractmethod
    def n_bytes(self, owner: str) -> int:
        """Returns what the files of an owner's runs take on the disk; what two runs share counts for both."""

    @abstractmethod
    def save_trace(self, id: str, points: list) -> None:
        """Keeps the step-level curve of a run in place of any earlier one.

        Args:
            points: Lists (or dicts) of plain numbers, one per drawn point.
        """

    @abstractmethod
    def trace(self, id: str) -> list:
        """Returns what `save_trace` kept last, or an empty list."""

    @abstractmethod
    def run_folder(self, id: str) -> Path:
        """Returns the folder for a run's files (checkpoints, weights), made if needed."""

    @abstractmethod
    def save_timing(self, key: str, value: dict) -> None:
        """Notes a measured speed under a key, in place of any earlier one."""

    @abstractmethod
    def timing(self, key: str) -> dict | None:
        """Returns what `save_timing` noted last under a key."""

    @abstractmethod
    def setting(self, key: str) -> dict | None:
        """Returns what `save_setting` noted last under a key."""

    @abstractmethod
    def owners(self) -> dict[str, OwnerRecord]:
        """Returns all owners by id, the first to come first."""

    @abstractmethod
    def edit_owners(self, ids: Collection[str], **changes: str | None) -> None:
        """Changes `address` or `since` of owners."""

    @abstractmethod
    def trouble(self) -> StoreError | None:
        """Returns why nothing can be written now (the folder is gone or locked, the disk is full), or None.

        Asks the file system only, so it may be called as often as a page is drawn.
        """

    @abstractmethod
    def recover(self) -> list[str]:
        """Sets the queued and running runs of dead processes INTERRUPTED; done at every open.

        A run whose end was written into its folder, but not into the list any more, gets this end.

        Returns:
            The ids of the runs that are INTERRUPTED now.
        """

    @abstractmethod
    def close(self) -> None:
        """Lets go of files and locks; the store cannot be used afterwards. Twice is harmless."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
