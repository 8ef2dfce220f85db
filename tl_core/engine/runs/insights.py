"""What people ask of finished runs: answered from what is kept, or by the worker, once for all who ask the same."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tl_core.engine.supervisor import Supervisor
from tl_core.engine.worker.requests import INSIGHTS
from tl_core.errors import InputError, StoreError
from tl_core.evaluation.insight import answers
from tl_core.evaluation.insight.outputs import load_outputs
from tl_core.evaluation.insight.parts import Judged, Part, part_of
from tl_core.store.access import Visitor
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import run_classes
from tl_core.store.store import RunStore

MOST_WAITING = 12  # of one owner


@dataclass(eq=False)
class Computed:
    """What the worker computes for whoever waits for it.

    Attributes:
        future: Of the answer, as plain data; it may raise any TransferLabError.
        done: Units done.
        total: Units in all; 0 where that is not known yet.
        value: What is known so far, where a part says that.
        owners: Who waits for it.
    """

    future: Future
    done: int = 0
    total: int = 0
    value: object = None
    owners: set[str] = field(default_factory=set)

    def note(self, progress: Mapping) -> None:
        """Takes in how far the worker is."""
        self.done, self.total = progress["done"], progress["total"]
        if progress["value"] is not None:
            self.value = progress["value"]


@dataclass(frozen=True, eq=False)
class Asked:
    """A question, and how far its answer is.

    Attributes:
        needs: What the worker computes for it.
        began_s: When it was asked, on the clock of the engine.
        conclude: Returns the answer once all of `needs` is there.
    """

    needs: tuple[Computed, ...]
    began_s: float
    conclude: Callable[[], dict]

    @property
    def is_done(self) -> bool:
        return all(need.future.done() for need in self.needs)

    @property
    def share(self) -> float | None:
        """How much of it is done, in [0, 1]; None where that is not known yet."""
        total = sum(need.total for need in self.needs)
        return sum(need.done for need in self.needs) / total if total else None

    @property
    def value(self) -> object:
        """What is known so far, where a part says that."""
        return next((need.value for need in self.needs if need.value is not None), None)

    def answer(self, timeout_s: float | None = None) -> dict:
        """Returns the answer, and waits for it.

        Raises:
            TransferLabError: Whatever went wrong.
            TimeoutError: It took longer.

        Thread: any but those of the engine.
        """
        for need in self.needs:
            need.future.result(timeout_s)
        return self.conclude()


class Insights:
    """Answers about finished runs (`evaluation.insight.parts`). No method waits for the worker.

    Args:
        store: Where the runs are.
        home: The data folder.
        supervisor: Who passes requests on.
        clock: Monotonic seconds.

    Thread: any.
    """

    def __init__(
        self, store: RunStore, home: Path, supervisor: Supervisor, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store, self._home, self._supervisor, self._clock = store, home, supervisor, clock
        self._lock = supervisor.lock
        self._open: dict[Path, Computed] = {}
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="insights")  # nothing is written under the lock

    def ask(self, part: str, run_ids: Sequence[str], *, by: Visitor, **parameters: object) -> Asked:
        """Asks something of finished runs; what was answered before is answered at once, and whoever asks the same
        meanwhile waits for the same.

        Args:
            part: A key of `PARTS`.
            run_ids: The runs; anyone who may see them may ask.
            by: Who asks.
            **parameters: What the part lets one choose.

        Raises:
            UnknownIdError: "unknown_run".
            InputError: "unknown_part", "run_without_weights", or as `Part.checked`.
            StoreError: "too_many_insights": of one visitor's; or a refusal of the disk.
        """
        made, records = part_of(part), [self._found(run_id, by) for run_id in run_ids]
        chosen = made.checked(len(records), parameters)
        if made.is_computed:
            needs = [self._computed(made, records, chosen, by)]
            return Asked((needs[0],), self._clock(), needs[0].future.result)
        missing = [record for record in records if load_outputs(self._store.run_folder(record.id)) is None]
        needs = [self._computed(part_of("outputs"), [record], {}, by) for record in missing]
        return Asked(tuple(needs), self._clock(), lambda: made.answer([*map(self._judged, records)], chosen))

    def known(self, part: str, run_ids: Sequence[str], *, by: Visitor, **parameters: object) -> dict | None:
        """Returns what the worker computed before of a part that needs a network; None where it has not.

        Raises:
            UnknownIdError, InputError, StoreError: As `ask`.
        """
        made, records = part_of(part), [self._found(run_id, by) for run_id in run_ids]
        return answers.kept(answers.place(self._home, made, records, made.checked(len(records), parameters)))

    def remaining_s(self, asked: Asked) -> float | None:
        """Returns after about how many seconds an answer is there, at the pace so far; None before one is known."""
        share = asked.share
        return (self._clock() - asked.began_s) * (1 - share) / share if share else None

    def cancel(self, asked: Asked, *, by: Visitor) -> None:
        """Says that a visitor does not wait for an answer any more; what nobody waits for is computed no further."""
        with self._lock:
            for need in asked.needs:
                need.owners.discard(by.owner)
                if not need.owners and not need.future.done():
                    self._supervisor.cancel(need.future)

    def _found(self, run_id: str, by: Visitor) -> RunRecord:
        record = self._store.find(run_id, by=by)
        if record.best_epoch is None:
            raise InputError("run_without_weights", run=record.id, state=record.state.value)
        return record

    def _computed(self, part: Part, records: Sequence[RunRecord], parameters: dict, by: Visitor) -> Computed:
        """Returns what was kept, is being computed, or is begun now."""
        path = answers.place(self._home, part, records, parameters)
        known = None if part.leaves_file else answers.kept(path)
        with self._lock:
            if known is None and path in self._open:
                self._open[path].owners.add(by.owner)
                return self._open[path]
            if known is not None:
                done: Future = Future()
                done.set_result(known)
                return Computed(done)
            if sum(by.owner in one.owners for one in self._open.values()) >= MOST_WAITING:
                raise StoreError("too_many_insights", allowed=MOST_WAITING)
            return self._begin(path, part, records, parameters, by)

    def _begin(self, path: Path, part: Part, records: Sequence[RunRecord], parameters: dict, by: Visitor) -> Computed:
        runs = [{"id": record.id, "spec": record.spec} for record in records]
        computed = Computed(Future(), owners={by.owner})
        message = INSIGHTS[part.name].message(runs=runs, parameters=parameters)
        computed.future = self._supervisor.ask(message, computed.note)
        self._open[path] = computed

        def take(answered: Future) -> None:
            if answered.exception() is None and not part.leaves_file:
                self._writer.submit(self._keep, path, answered.result())
            else:
                self._drop(path)

        computed.future.add_done_callback(take)
        return computed

    def _keep(self, path: Path, answer: dict) -> None:
        """Keeps an answer; until then whoever asks is given the one that is there."""
        with suppress(StoreError):  # on a full disk it is computed again
            answers.keep(path, answer)
        self._drop(path)

    def _drop(self, path: Path) -> None:
        with self._lock:
            self._open.pop(path, None)

    def _judged(self, record: RunRecord) -> Judged:
        outputs = load_outputs(self._store.run_folder(record.id))
        if outputs is None:  # damaged between two looks
            raise StoreError("file_damaged", path="outputs.safetensors")
        return Judged(record.id, run_classes(record, self._home), outputs)
