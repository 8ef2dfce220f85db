"""An address from which more comes than from a class: how it shares the line, and how the instructor clears it."""

import pytest

from tests.engine.engine_bench import Bench
from tests.store.memory_store import MemoryStore
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.engine.runs.origins import FEW_PASSING, Crowd, Origin, origin_of
from tl_core.errors import StoreError
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.cookies import passing_owner
from tl_core.store.limits import Limits, admit
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

CLASSMATE = Visitor("classmate", address="there")
SMALL = Limits(class_size=3, new_address=8, waiting_address=12)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    made = Bench(MemoryStore(), tmp_path)
    made.engine.classroom.set_limits(SMALL, by=OPERATOR)
    yield made
    made.engine.close()


def flood(bench: Bench, n: int, first: int = 0) -> list[str]:
    """Has a client without cookies submit so often; returns the runs that got into line."""
    runs, codes = [], set()
    for number in range(first, first + n):
        try:
            runs.append(bench.submit(by=Visitor(f"flood {number}", address="here")))
        except StoreError as error:
            codes.add(error.code)
    assert codes <= {"line_is_full", "too_many_new"}
    return runs


def end(bench: Bench, run_id: str) -> None:
    bench.worker.begin(run_id)
    bench.worker.end(run_id)


def test_a_classmates_first_run_waits_behind_at_most_one_of_a_client_without_cookies(bench):
    under_way, waiting = (runs := flood(bench, 72))[:4], runs[4:]
    assert (bench.worker.trained(), len(waiting)) == (under_way, SMALL.new_address - 4)
    mine = bench.submit(by=CLASSMATE)
    assert bench.position(mine) == 1
    end(bench, under_way[0])
    assert bench.worker.trained()[4:] == [mine]


def test_a_run_that_is_refused_leaves_nothing(bench):
    flood(bench, 72)
    owners, runs = bench.engine.store.owners(), bench.engine.store.list_runs()
    assert flood(bench, 30, first=100) == []
    with pytest.raises(StoreError, match="too_many_new"):
        bench.engine.classroom.name_me("Mallory", by=Visitor("mallory", address="here"))
    assert (bench.engine.store.owners(), bench.engine.store.list_runs()) == (owners, runs)


def test_only_who_has_trained_a_run_here_is_known(bench):
    store = bench.engine.store
    trained = bench.submit(by=CLASSMATE)
    assert origin_of(store, "classmate") == Origin("there")
    (store.run_folder(trained) / WEIGHTS_FILE).write_bytes(b"w")
    end(bench, trained)
    store.copy_run(trained, name="copy", owner="copier", role="run")
    assert origin_of(store, "classmate") == Origin("there", is_known=True)
    assert origin_of(store, "copier") == origin_of(store, "nobody") == Origin()


def test_the_instructor_sees_the_crowd_and_clears_it_in_one_step(bench):
    runs = flood(bench, 72)
    mine = bench.submit(by=CLASSMATE)
    assert bench.engine.classroom.crowds(by=OPERATOR) == [Crowd("here", 8, 8, 8)]
    bench.engine.classroom.clear("here", by=OPERATOR)
    for run_id in runs[:4]:  # a worker lets go of what it trains
        bench.worker.end(run_id, "stopped")
    assert {bench.state(run_id) for run_id in runs} == {RunState.STOPPED}
    assert bench.worker.trained() == [*runs[:4], mine]
    assert bench.engine.classroom.crowds(by=OPERATOR) == []
    assert len(flood(bench, 1, first=200)) == 1


def test_a_class_is_no_crowd_but_few_who_fill_the_line_are_one(bench):
    flood(bench, 3)
    assert bench.engine.classroom.crowds(by=OPERATOR) == []
    for _ in range(SMALL.waiting_address - 3):
        bench.submit(by=Visitor("flood 0", address="here"))
    assert [crowd.n_owners for crowd in bench.engine.classroom.crowds(by=OPERATOR)] == [3]


def test_more_than_a_few_visits_without_a_cookie_are_a_crowd(bench):
    bench.engine.classroom.set_limits(Limits(), by=OPERATOR)
    for n_crowds in (0, 1):
        assert len(bench.engine.classroom.crowds(by=OPERATOR)) == n_crowds
        for _ in range(FEW_PASSING + 1):
            bench.submit(by=Visitor(passing_owner(), address="here"))


def test_after_a_restart_the_newcomers_of_an_address_still_count(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    for n_more in (8, 0):
        bench = Bench(SqliteStore(tmp_path), tmp_path)
        bench.engine.classroom.set_limits(SMALL, by=OPERATOR)
        assert len(flood(bench, 20, first=20 * n_more)) == n_more
        admit(bench.engine.store, by=CLASSMATE)
        assert [crowd.n_new for crowd in bench.engine.classroom.crowds(by=OPERATOR)] == [8]
        bench.engine.close()
