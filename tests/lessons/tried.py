"""Claims that are really tried, in this process: by the same driver as on the page, with one store and one cache."""

from contextlib import closing
from pathlib import Path

from patience import until

from tl_core.engine.inline import sweeps_here
from tl_core.lessons.claims import CLAIMS
from tl_core.lessons.findings import Finding
from tl_core.lessons.measures import Result
from tl_core.store.access import OPERATOR
from tl_core.store.records import SweepState
from tl_core.store.sqlite.store import SqliteStore


def tried(id: str, home: Path) -> Finding:
    """Returns what the experiment of a claim finds, trained here; what a run has found before is not trained again."""
    claim = CLAIMS[id]
    with closing(SqliteStore(home)) as store, sweeps_here(store, home) as sweeps:
        record = sweeps.start(claim.sweep(), by=OPERATOR, name=id)
        until("the experiment is over", lambda: not sweeps.snapshot(record.id, by=OPERATOR).is_active)
        seen = sweeps.snapshot(record.id, by=OPERATOR)
        assert seen.record.state is SweepState.COMPLETED
        runs = claim.results(seen.rows, lambda run: Result(store.get(run), store.epochs(run)))
    found = claim.judge(runs)
    assert found is not None
    print(id, found)
    return found
