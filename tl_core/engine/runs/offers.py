"""Sweeps that a class splits: whoever may see one takes a trial at a time, which is an ordinary run of theirs.

Who has taken what is no list of its own: the runs of a sweep say it, each with its owner. So it lasts as runs do.
"""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tl_core.engine.runs.runs import Runs
from tl_core.engine.runs.submission import Order, enter
from tl_core.engine.runs.sweep_snapshots import SweepSnapshot, counting
from tl_core.engine.supervisor import Supervisor
from tl_core.errors import InputError, StoreError, UnknownIdError
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sweep import Sweep
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.limits import DiskUse, admit, check_limits
from tl_core.store.records import RunRecord, RunState, SweepRecord, SweepState, TrialRecord
from tl_core.store.store import RunStore

TAKEN = frozenset({RunState.QUEUED, RunState.RUNNING, RunState.INTERRUPTED})
"""States in which a trial is somebody's: it is trained, or its owner goes on with it after the server has died."""
ANYBODY = Visitor("")


def is_open(trial: TrialRecord | None) -> bool:
    """Says whether a trial can be taken: it has no run, or one that failed or was stopped."""
    return trial is None or (trial.state not in TAKEN and trial.state is not RunState.COMPLETED)


def why_not(sweep: Sweep) -> InputError | None:
    """Returns what keeps a sweep from being split among a class; None where nothing does.

    Returns:
        "trials_in_order": its trials start from one another, or from a run; "trials_are_timed": what it asks is how
        long they take, and those of a class slow each other down.
    """
    if sweep.starts_from_runs:
        return InputError("trials_in_order")
    preset = PRESETS.get(sweep.kind)
    return InputError("trials_are_timed") if preset is not None and preset.chart == "times" else None


def check_offer(sweep: Sweep, runs: Runs, home: Path) -> None:
    """Refuses to have a class train what only one person can.

    Args:
        sweep: What would be offered.
        runs: Knows who may train on what.
        home: The data folder.

    Raises:
        InputError: As `why_not`.
        StoreError: "offer_of_private_data".
        UnknownIdError, SpecError: The first trial that cannot be run says why.
    """
    if (refusal := why_not(sweep)) is not None:
        raise refusal
    for dataset in {trial.spec.dataset for trial in sweep.trials(home)}:
        try:
            runs.data(dataset, by=ANYBODY)
        except UnknownIdError as error:
            raise StoreError("offer_of_private_data", dataset=dataset) from error


def completed(store: RunStore, seen: SweepSnapshot) -> SweepSnapshot:
    """Returns a snapshot as it is; where the last trial of an offer has completed, as one of a completed sweep."""
    is_whole = all(row["state"] == RunState.COMPLETED for row in seen.rows)
    if is_whole and seen.record.state is SweepState.OFFERED:
        with suppress(StoreError):  # a disk that refuses: noted on a later look
            return replace(seen, record=store.sweeps.finish(seen.record.id, SweepState.COMPLETED))
    return seen


class Offers:
    """What people do with sweeps that are OFFERED.

    Args:
        store: Where sweeps and runs are.
        home: The data folder.
        supervisor: Who has runs trained.
        runs: What is done with single runs.
        disk: What all visitors have on the disk.

    Thread: any.
    """

    def __init__(self, store: RunStore, home: Path, supervisor: Supervisor, runs: Runs, disk: DiskUse) -> None:
        self._store, self._home, self._runs, self._disk = store, home, runs, disk
        self._supervisor, self._lock, self._trainings = supervisor, supervisor.lock, supervisor.trainings

    def offer(self, sweep_id: str, *, by: Visitor) -> SweepRecord:
        """Offers what is left of a sweep at rest to all who may see it, and to those who get its link.

        Raises:
            UnknownIdError, StoreError: As `SweepRecords.permitted`; "sweep_is_active"; as `check_offer`.
            InputError, SpecError: As `check_offer`.
        """
        record = self._store.sweeps.permitted(sweep_id, by=by)
        check_offer(Sweep.from_dict(record.sweep), self._runs, self._home)
        with self._lock:
            return self._store.sweeps.offer(record.id)

    def withdraw(self, sweep_id: str, *, by: Visitor) -> None:
        """Has no more trials taken; those that were go on. Does nothing with a sweep that is not offered.

        Raises:
            UnknownIdError, StoreError: As `SweepRecords.permitted`.
        """
        record = self._store.sweeps.permitted(sweep_id, by=by)
        with self._lock:
            if self._store.sweeps.get(record.id).state is SweepState.OFFERED:
                self._store.sweeps.finish(record.id, SweepState.STOPPED)

    def take(self, sweep_id: str, trial: int | None = None, *, by: Visitor) -> RunRecord:
        """Has a visitor train one trial, as a run of their own; what an equal run has found out is copied.

        One's own that was interrupted, or stopped and not taken up since, goes on.

        Args:
            sweep_id: A sweep that the visitor may see.
            trial: Its place among all; None: the first that is open. Where several take at once, one gets it, and who
                named none gets the next.
            by: Whose run it becomes.

        Raises:
            UnknownIdError: "unknown_sweep"; "unknown_dataset": data that the visitor may not see (any more).
            SpecError: The trial cannot be run any more.
            StoreError: "offer_over"; "trial_not_over": the visitor has another one that is not over; "trial_taken";
                "no_trial_open"; as `Runs.submit`.
        """
        record = self._store.sweeps.find(sweep_id, by=by)
        sweep = Sweep.from_dict(record.sweep)
        if not by.is_instructor:
            self._disk.bytes_left(by.address)
        while True:
            with self._lock:
                place, _ = self._choose(record, sweep, trial, by)
            planned = sweep.trial(place, self._home)
            self._runs.data(planned.spec.dataset, by=by)
            order = Order.of_trial(self._store, record, place, planned, self._home)  # takes its time; others go on
            with self._supervisor.entry, self._lock:
                again, before = self._choose(record, sweep, trial, by)
                if again == place:
                    return self._enter(order, before, by)

    def _choose(
        self, record: SweepRecord, sweep: Sweep, trial: int | None, by: Visitor
    ) -> tuple[int, TrialRecord | None]:
        """Returns the place that a visitor gets, and the run that was there before. Within the lock."""
        if self._store.sweeps.get(record.id).state is not SweepState.OFFERED:
            raise StoreError("offer_over", sweep=record.id)
        known = counting(self._store.sweeps.trials(record.id))
        mine = next((one for one in known.values() if one.owner == by.owner and one.state in TAKEN), None)
        if mine is not None and (mine.state is not RunState.INTERRUPTED or trial not in (None, mine.trial)):
            raise StoreError("trial_not_over")
        if mine is not None:
            return mine.trial, mine
        free = [place for place in range(sweep.n_trials) if is_open(known.get(place))]
        if not free:
            raise StoreError("no_trial_open")
        if trial is not None and trial not in free:
            raise StoreError("trial_taken")
        place = free[0] if trial is None else trial
        return place, known.get(place)

    def _enter(self, order: Order, before: TrialRecord | None, by: Visitor) -> RunRecord:
        """Brings a trial into line: one's own that was stopped goes on. Within both locks."""
        check_limits(self._store, 1, by=by)
        admit(self._store, by=by)
        if before is not None and before.owner == by.owner and self._store.get(before.run_id).is_resumable:
            self._runs.resume(before.run_id, by=by)
            return self._store.get(before.run_id)
        run_id = enter(self._store, self._supervisor, [order], by.owner)
        self._store.share(run_id, self._store.sweeps.get(order.sweep_id or "").visibility, by=OPERATOR)
        self._trainings.dispatch()
        return self._store.get(run_id)
