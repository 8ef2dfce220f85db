"""Claims that are really tried, in this thread: one run after the other, with one store and one cache."""

from pathlib import Path

from tl_core.engine.environment import environment
from tl_core.engine.inline import train_here
from tl_core.lessons.claims import CLAIMS
from tl_core.lessons.findings import Finding
from tl_core.lessons.measures import Result
from tl_core.spec import RunSpec
from tl_core.store.sqlite.store import SqliteStore


class Bench:
    """Tries claims; what equal runs have found is not trained again.

    Args:
        home: A data folder of the test's own.
    """

    def __init__(self, home: Path) -> None:
        self.home, self.store = home, SqliteStore(home)
        self.known: dict[RunSpec, str] = {}

    def tried(self, id: str) -> Finding:
        """Returns what the experiment of a claim finds."""
        claim = CLAIMS[id]
        trials = claim.sweep().trials()
        rows = [{**one.factors, "run_id": self._run(one.spec), "state": "completed"} for one in trials]
        found = claim.judge(claim.results(rows, self._result))
        assert found is not None
        print(id, found)
        return found

    def _result(self, run_id: str) -> Result:
        return Result(self.store.get(run_id), self.store.epochs(run_id))

    def _run(self, spec: RunSpec) -> str:
        if spec not in self.known:
            record = self.store.create_run(spec.to_dict(), role="run", name="trial", environment=environment())
            ended = train_here(self.store, self.home, record.id, spec, on_event=lambda event: None)
            assert ended.state == "completed", ended.error
            self.known[spec] = record.id
        return self.known[spec]

    def close(self) -> None:
        self.store.close()
