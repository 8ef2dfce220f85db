"""Short versions of `python -m tests.proofs classroom`, with workers that only say what the test tells them."""

import pytest

from tests.engine.engine_bench import Bench
from tests.proofs.classroom import guessed, jumped
from tests.store.memory_store import MemoryStore
from tl_core.engine.runs.forecast import QueueEntry
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState


@pytest.mark.parametrize(
    ("owners", "expected"),
    [("abcabc", 0), ("abcaaa", 0), ("aabc", 1), ("abab", 0), ("ababc", 2), ("aaabc", 2), ("", 0)],
)
def test_who_begins_a_second_run_before_anothers_first_is_counted(owners, expected):
    assert jumped(list(owners)) == expected


def test_guessing_finds_no_run():
    assert guessed(400).is_met


def next_in_line(bench: Bench) -> list[QueueEntry]:
    return [place for place in bench.engine.classroom.queue(by=OPERATOR) if place.position is None]


def test_thirty_students_of_whom_one_wants_much_more_all_get_their_turn_and_nothing_is_lost(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    bench = Bench(MemoryStore(), tmp_path)
    visitors = [Visitor(f"owner {number:02}") for number in range(30)]
    bench.engine.classroom.hold(True, by=OPERATOR)
    for number in range(21):
        bench.submit(f"greedy {number}", by=visitors[0])
    for by in visitors[1:]:
        bench.submit("one", by=by)
    bench.engine.classroom.hold(False, by=OPERATOR)
    while active := next_in_line(bench):
        bench.worker.begin(active[0].run_id)
        bench.worker.end(active[0].run_id)
    records = bench.engine.runs.list_runs(by=OPERATOR)
    assert [record.state for record in records] == [RunState.COMPLETED] * 50
    owner_of = {record.id: record.owner for record in records}
    begun = [owner_of[run_id] for run_id in bench.worker.trained()]
    assert (len(begun), len(set(begun[:30])), jumped(begun)) == (50, 30, 0)
    bench.engine.close()
