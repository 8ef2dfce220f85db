"""Which learning rate to begin with, asked before a run is started: tried by the worker, once for equal settings."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass

from tl_core.engine.runs.runs import Runs
from tl_core.engine.supervisor import Supervisor
from tl_core.engine.worker.requests import FIND_RATE
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor

MOST_KEPT = 32


@dataclass(eq=False)
class RateTest:
    """A test, and how far it is.

    Attributes:
        future: Of the fields of `training.rate_finder.RateCurve`; it may raise any TransferLabError.
        phase: What is being done, as `training.events.Phase.name`; "" before anything is.
        done: Units of it done.
        total: Units of it in all; 0 where there is nothing to count.
        began_s: When that was begun, on the clock of the engine.
    """

    future: Future[dict]
    phase: str = ""
    done: int = 0
    total: int = 0
    began_s: float = 0.0

    def note(self, progress: Mapping, now_s: float) -> None:
        """Takes in how far the worker is."""
        if progress["value"]["phase"] != self.phase:
            self.began_s = now_s
        self.phase, self.done, self.total = progress["value"]["phase"], progress["done"], progress["total"]


class RateTests:
    """Tries learning rates. No method waits for the worker.

    A visitor has one test at a time: whoever asks for another does not wait for the first any more.

    Args:
        supervisor: Who passes requests on.
        runs: Says whose data are whose.
        clock: Monotonic seconds.

    Thread: any.
    """

    def __init__(self, supervisor: Supervisor, runs: Runs, clock: Callable[[], float]) -> None:
        self._supervisor, self._runs, self._clock = supervisor, runs, clock
        self._tests: dict[RunSpec, RateTest] = {}
        self._waiting: dict[str, RunSpec] = {}  # owner → what for

    def find_rate(self, spec: RunSpec, *, by: Visitor) -> RateTest:
        """Returns the test of a run's learning rate in its last phase; begins it, unless an equal one is known.

        Args:
            spec: Of the run; its head is trained in steps. Rate, schedule, epochs of the last phase and patience
                decide nothing.
            by: Who asks.

        Raises:
            UnknownIdError: "unknown_dataset", also for data that the visitor may not see.
        """
        wanted = tested(spec.with_changes(dataset=self._runs.data(spec.dataset, by=by)))
        with self._supervisor.lock:
            known = self._tests.get(wanted)
            if known is None or (known.future.done() and known.future.exception() is not None):
                self._leave(by.owner)
                known = self._tests[wanted] = self._begin(wanted)
                self._forget_oldest()
            self._waiting[by.owner] = wanted
            return known

    def leave_rate(self, *, by: Visitor) -> None:
        """Says that a visitor does not wait for a test any more; one that nobody waits for is tried no further."""
        with self._supervisor.lock:
            self._leave(by.owner)

    def remaining_s(self, test: RateTest) -> float | None:
        """Returns after about how many seconds what a test is doing is done, at its pace so far; None where unknown."""
        share = test.done / test.total if test.total else 0.0
        return (self._clock() - test.began_s) * (1 - share) / share if share else None

    def _begin(self, spec: RunSpec) -> RateTest:
        test = RateTest(Future())
        message = FIND_RATE.message(spec=spec.to_dict())
        test.future = self._supervisor.ask(message, lambda progress: test.note(progress, self._clock()))
        return test

    def _leave(self, owner: str) -> None:
        spec = self._waiting.pop(owner, None)
        test = self._tests.get(spec) if spec else None
        if test and not test.future.done() and spec not in self._waiting.values():
            self._supervisor.cancel(test.future)

    def _forget_oldest(self) -> None:
        done = [spec for spec, test in self._tests.items() if test.future.done()]
        for spec in done[: max(0, len(self._tests) - MOST_KEPT)]:
            del self._tests[spec]


def tested(spec: RunSpec) -> RunSpec:
    """Returns the one spec of all runs whose learning rates in the last phase have one test."""
    return spec.with_changes(epochs=1, patience=0, learning_rate=1e-3, schedule="constant").canonical()
