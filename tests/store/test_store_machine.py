"""Any order of calls leads only along the arrows QUEUED → RUNNING → finished (→ RUNNING, where it may resume).

A completed run may be QUEUED again to go on; whatever ends it before it begins leaves it COMPLETED as it was.
"""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from tests.store.memory_store import MemoryStore
from tl_core.errors import InputError, StoreError
from tl_core.store.records import EpochRecord, RunState
from tl_core.store.sqlite.store import SqliteStore

ARROWS = {
    "queued": {"running", "stopped", "failed", "interrupted"},
    "running": {"completed", "stopped", "failed", "interrupted"},
    "stopped": {"running"},
    "interrupted": {"running"},
    "completed": {"queued"},
    "failed": set(),
}


class Lives(RuleBasedStateMachine):
    """Drives a store against a table of arrows and a count of epochs."""

    ids = Bundle("ids")

    def __init__(self):
        super().__init__()
        self.store = self.opened()
        self.states, self.epochs, self.final, self.going_on = {}, {}, {}, set()

    def opened(self):
        return MemoryStore()

    def teardown(self):
        self.store.close()

    @rule(target=ids)
    def create(self):
        run = self.store.create_run({"epochs": 3}, role="run", name="n", environment={})
        self.states[run.id], self.epochs[run.id] = "queued", set()
        return run.id

    @rule(id=ids)
    def start(self, id):
        numbers = {"frozen_params": 0, "trainable_params": 1, "is_cached": False}
        self._move(id, "running", lambda: self.store.start_run(id, **numbers))
        if self.states[id] == "running":
            self.going_on.discard(id)
            self.final.pop(id, None)

    @rule(id=ids, n_more=st.integers(0, 2))
    def lengthen(self, id, n_more):
        is_allowed = self.states[id] == "completed" and n_more > 0
        try:
            self.store.lengthen(id, self.store.get(id).spec["epochs"] + n_more)
        except (StoreError, InputError):
            assert not is_allowed
        else:
            assert is_allowed
            self.states[id] = "queued"
            self.going_on.add(id)

    @rule(id=ids, state=st.sampled_from([state for state in RunState if state.is_finished]))
    def finish(self, id, state):
        self._move(id, state.value, lambda: self.store.finish_run(id, state))
        if self.states[id] != "queued" and id in self.going_on:
            self.going_on.remove(id)
            self.states[id] = "completed"

    @rule(id=ids, number=st.integers(1, 3))
    def add_epoch(self, id, number):
        is_allowed = self.states[id] == "running"
        try:
            self.store.add_epoch(id, EpochRecord(number, 1.0, 0.5, 1.0, 0.5, 1.0, 1.0, 1, 1, False))
        except StoreError:
            assert not is_allowed
        else:
            assert is_allowed
            self.epochs[id].add(number)

    def _move(self, id, target, call):
        is_allowed = target in ARROWS[self.states[id]]
        try:
            call()
        except StoreError:
            assert not is_allowed
        else:
            assert is_allowed
            self.states[id] = target

    @invariant()
    def the_store_agrees_with_the_table(self):
        assert {run.id: run.state.value for run in self.store.list_runs()} == self.states
        for id, numbers in self.epochs.items():
            assert [epoch.epoch for epoch in self.store.epochs(id)] == sorted(numbers)

    @invariant()
    def a_final_record_never_changes(self):
        for run in self.store.list_runs(states=[RunState.COMPLETED, RunState.FAILED]):
            assert self.final.setdefault(run.id, run) == run


class LastingLives(Lives):
    """The same with a database on disk."""

    def opened(self):
        self.home = tempfile.TemporaryDirectory()
        return SqliteStore(Path(self.home.name))

    def teardown(self):
        super().teardown()
        self.home.cleanup()


TestLives, TestLastingLives = Lives.TestCase, LastingLives.TestCase
TestLives.settings = settings(max_examples=30, stateful_step_count=20, deadline=None, database=None)
TestLastingLives.settings = settings(TestLives.settings, max_examples=10)
