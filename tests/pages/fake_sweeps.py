"""Sweeps that train nothing: a page test says how far each is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from tl_core.engine.runs.sweep_snapshots import WAITING, SweepSnapshot
from tl_core.errors import StoreError, UnknownIdError
from tl_core.experiments.sweep import Sweep
from tl_core.store.access import Visitor, may_see
from tl_core.store.records import SweepRecord, SweepState, Visibility

NOTHING: Mapping[str, Any] = {"run_id": None, "state": WAITING, "test_accuracy": None, "seconds": None}
BEGAN = "2026-01-02T03:04:05+00:00"


class FakeSweeps:
    """In the place of the engine's; keeps what was asked in `asked`, and estimates as `whole_s` says.

    `n_estimated` counts how often it was asked to.
    """

    def __init__(self) -> None:
        self.records: dict[str, SweepRecord] = {}
        self.rows: dict[str, tuple[dict, ...]] = {}
        self.asked: list[tuple] = []
        self.n_estimated = 0
        self.whole_s: float | None = 100.0
        self.left_s: float | None = None
        self.doing: dict | None = None

    # ---- what the page calls ----

    def start(self, sweep: Sweep, *, by: Visitor, name: str, is_offered: bool = False) -> SweepRecord:
        id = uuid4().hex
        told = sweep.to_dict()
        state = SweepState.OFFERED if is_offered else SweepState.RUNNING
        self.records[id] = SweepRecord(id, len(self.records) + 1, name, by.owner, state, told, BEGAN)
        self.rows[id] = tuple({**trial.factors, **NOTHING} for trial in sweep.trials())
        return self.records[id]

    def snapshot(self, id: str, *, by: Visitor) -> SweepSnapshot:
        record = self.find(id, by=by)
        return SweepSnapshot(record, self.rows[record.id], len(self.asked), self.left_s, self.doing)

    def find(self, id: str, *, by: Visitor) -> SweepRecord:
        record = self.records.get(id)
        if record is None or not may_see(record, by, is_named=True):
            raise UnknownIdError("unknown_sweep", received=id, n_matches=0, min_characters=6)
        return record

    def list_sweeps(self, *, by: Visitor) -> list[SweepRecord]:
        return [one for one in reversed(self.records.values()) if may_see(one, by, is_named=False)]

    def estimate_s(self, sweep: Sweep) -> float | None:
        sweep.trials()
        self.n_estimated += 1
        return self.whole_s

    def stop(self, id: str, *, by: Visitor) -> None:
        self._edit("stop", id, by, state=SweepState.STOPPED)

    def go_on(self, id: str, *, by: Visitor) -> None:
        self._edit("go_on", id, by, state=SweepState.RUNNING)

    def add_seeds(self, id: str, n: int, *, by: Visitor) -> None:
        self.asked.append(("add_seeds", id, n))

    def rename(self, id: str, name: str, *, by: Visitor) -> None:
        self._edit("rename", id, by, name=name)

    def share(self, id: str, visibility: Visibility, *, by: Visitor) -> None:
        self._edit("share", id, by, visibility=visibility)

    def delete(self, id: str, *, by: Visitor) -> None:
        self.asked.append(("delete", id))
        del self.records[id]

    def _edit(self, what: str, id: str, by: Visitor, **changes: Any) -> None:
        record = self.find(id, by=by)
        if record.owner != by.owner and not by.is_instructor:
            raise StoreError("not_your_sweep", sweep=id)
        self.asked.append((what, id))
        self.records[id] = replace(record, **changes)

    # ---- what a test says ----

    def measure(self, id: str, accuracy: Callable[[dict], float | None], state: SweepState | None = None) -> None:
        """Completes the trials whose accuracy is told; the others are left waiting."""
        rows = []
        for row in self.rows[id]:
            value = accuracy(row)
            done = {"state": "completed", "test_accuracy": value, "seconds": 1.0, "run_id": f"{len(rows):032x}"}
            rows.append({**row, **(done if value is not None else {})})
        self.rows[id] = tuple(rows)
        self.asked.append(("measure", id))
        if state is not None:
            self.records[id] = replace(self.records[id], state=state)
