"""A run or a pair on its way in: what was computed before is copied, the rest is queued."""

from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tl_core.datasets.known import known_dataset
from tl_core.engine.environment import environment
from tl_core.engine.runs import reuse
from tl_core.engine.runs.sources import keep_source, source_facts, trial_spec
from tl_core.engine.supervisor import Supervisor
from tl_core.errors import TransferLabError
from tl_core.experiments.sweep import Trial
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR
from tl_core.store.names import MAX_NAME, printable
from tl_core.store.records import RunRecord, RunState, SweepRecord
from tl_core.store.run_dataset import dataset_facts
from tl_core.store.store import RunStore

NAMED = 40  # characters of a sweep's name in that of a run


@dataclass(frozen=True)
class Order:
    """One run that somebody asks for, with what is known of runs like it.

    Attributes:
        spec: What to train.
        role: "run" or "baseline".
        name: What it is called.
        fingerprint: Equal for runs that must end alike; None when that cannot be told.
        known: A finished run that equals it; None when it has to be trained.
        is_afresh: Whether to train in any case.
        data: What its record keeps of the data (`store.run_dataset.told`) and of its source.
        sweep_id: The sweep that it is a trial of.
        trial: Its place among the trials of that sweep.
    """

    spec: RunSpec
    role: str
    name: str
    fingerprint: str | None = None
    known: RunRecord | None = None
    is_afresh: bool = False
    data: dict = field(default_factory=dict)
    sweep_id: str | None = None
    trial: int | None = None

    @classmethod
    def of(cls, store: RunStore, spec: RunSpec, role: str, name: str, is_afresh: bool, home: Path) -> "Order":
        """Looks up what is known; pictures that are not here are the worker's to complain about."""
        fingerprint, known, data = None, None, {}
        with suppress(TransferLabError, OSError):
            data = dataset_facts(known_dataset(spec.dataset, home)) | source_facts(store, spec)
            fingerprint = reuse.fingerprint(spec, store)
            known = None if is_afresh else reuse.find(store, spec)
        return cls(spec, role, name, fingerprint, known, is_afresh, data)

    @classmethod
    def of_trial(cls, store: RunStore, record: SweepRecord, place: int, trial: Trial, home: Path) -> "Order":
        """Looks up what is known of a trial of a sweep, with the run that it starts from."""
        levels = " · ".join(map(str, trial.factors.values()))
        name = printable(f"{record.name[:NAMED]} · {levels}")[:MAX_NAME]
        spec = trial_spec(store, record.id, trial)
        order = cls.of(store, spec, "run", name, is_afresh=False, home=home)
        return replace(order, sweep_id=record.id, trial=place)


def enter(store: RunStore, supervisor: Supervisor, orders: list[Order], owner: str) -> str:
    """Enters a run, and its baseline if there is a second order, which waits for the run's first step.

    Who calls it holds `supervisor.entry`, and dispatches afterwards.

    Returns:
        The run's id.

    Raises:
        TransferLabError: Refused by the store; half a pair is refused whole.
    """
    run_id = _enter_one(store, supervisor, orders[0], owner)
    for order in orders[1:]:
        try:
            _enter_one(store, supervisor, order, owner, leader_id=run_id)
        except TransferLabError as error:
            with supervisor.lock:
                if (live := supervisor.trainings.get(run_id)) is not None:
                    supervisor.trainings.tell(live, "stop")  # it may have begun
                    supervisor.trainings.finish(live, RunState.FAILED, error)
            if live is None:
                store.delete(run_id, by=OPERATOR)
            raise
    return run_id


def _enter_one(store: RunStore, supervisor: Supervisor, order: Order, owner: str, leader_id: str | None = None) -> str:
    if order.known is not None:
        copy = store.copy_run(
            order.known.id,
            name=order.name,
            owner=owner,
            role=order.role,
            twin_id=leader_id,
            sweep_id=order.sweep_id,
            trial=order.trial,
        )
        return copy.id
    record = store.create_run(
        order.spec.to_dict(),
        name=order.name,
        owner=owner,
        role=order.role,
        twin_id=leader_id,
        environment=environment() | order.data,
        fingerprint=order.fingerprint,
        sweep_id=order.sweep_id,
        trial=order.trial,
    )
    keep_source(store, order.spec, record.id, is_trial=order.sweep_id is not None)
    equal = None if order.is_afresh else order.fingerprint
    with supervisor.lock:
        supervisor.trainings.add(record.id, order.spec, owner, after=leader_id, equal=equal)
    return record.id
