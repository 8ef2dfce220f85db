"""What has an end for an address and for all: newcomers, and the disk. Without cookies everybody is always new."""

import pytest

from tests.engine.engine_bench import Clock
from tests.ingest.pictures import take, tree
from tests.store.memory_store import MemoryStore
from tl_core.errors import TransferLabError
from tl_core.store.access import Visitor
from tl_core.store.albums import Albums
from tl_core.store.cookies import passing_owner
from tl_core.store.limits import LOOK_S, DiskUse, Limits, admit, check_limits, save_limits
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

INSTRUCTOR = Visitor("carla", is_instructor=True)
LONG_AGO = "2020-01-01T00:00:00.000+00:00"
GB = 10**9


@pytest.fixture(params=["sqlite", "memory"])
def store(request, tmp_path):
    with SqliteStore(tmp_path / "home") if request.param == "sqlite" else MemoryStore() as made:
        yield made


@pytest.fixture
def albums(tmp_path, store):
    return Albums(tmp_path, lambda id: bool(store.list_runs(text=id, limit=1)))


def visitors(n: int, address: str = "here") -> list[Visitor]:
    return [Visitor(f"{address}-{number}", address=address) for number in range(n)]


def n_admitted(store, who: list[Visitor]) -> int:
    outcomes = [outcome(lambda by=by: admit(store, by=by)) for by in who]
    assert set(outcomes) <= {"done", "too_many_new"}
    return outcomes.count("done")


def outcome(action) -> str:
    try:
        action()
    except TransferLabError as error:
        return error.code
    return "done"


def test_a_class_behind_one_address_gets_in_and_what_comes_beyond_the_limit_leaves_nothing(store):
    assert n_admitted(store, visitors(300)) == Limits.new_address >= 60
    assert len(store.owners()) == Limits.new_address
    assert n_admitted(store, visitors(30, "there")) == 30


def test_in_all_no_more_are_new_than_allowed(store):
    save_limits(store, Limits(new_address=2, new_all=5), by=INSTRUCTOR)
    assert [n_admitted(store, visitors(4, address)) for address in "abcd"] == [2, 2, 1, 0]
    assert n_admitted(store, [INSTRUCTOR]) == 1


def test_who_was_here_before_comes_back_and_counts_no_longer_after_an_hour(store):
    save_limits(store, Limits(new_address=2), by=INSTRUCTOR)
    first, second, third = visitors(3)
    assert n_admitted(store, [first, second, third, first, second]) == 4
    store.edit_owners([first.owner], since=LONG_AGO)
    assert n_admitted(store, [third]) == 1
    assert n_admitted(store, [Visitor(first.owner, address="another")]) == 1
    assert store.owners()[first.owner].address == "another"


def test_where_no_address_is_known_only_the_limit_for_all_holds(store):
    save_limits(store, Limits(new_address=1, new_all=3), by=INSTRUCTOR)
    assert n_admitted(store, visitors(5, "")) == 3


def test_from_where_somebody_came_is_known_after_a_restart_but_has_no_copy(tmp_path):
    for address in ("here", "here"):
        with SqliteStore(tmp_path) as store:
            admit(store, by=Visitor("anna", address="here"))
            assert store.owners()["anna"].address == address
    assert "here" not in (tmp_path / "class.json").read_text()


def test_the_disk_has_an_end_for_an_address_and_for_all(store, albums):
    clock = Clock()
    save_limits(store, Limits(disk_address_gb=2, disk_all_gb=3), by=INSTRUCTOR)
    use = DiskUse(store, albums, clock)
    assert use.bytes_left("here") == 2 * GB

    def add(by: Visitor, n_bytes: int) -> None:
        admit(store, by=by)
        run = store.create_run({}, role="run", name="run", environment={}, owner=by.owner)
        with open(store.run_folder(run.id) / "weights", "wb") as file:
            file.truncate(n_bytes)

    for by in visitors(2):
        add(by, GB)
    assert use.bytes_left("here") == 2 * GB  # nobody looks again so soon
    clock.pass_s(LOOK_S)
    assert outcome(lambda: use.bytes_left("here")) == "no_room_for_more"
    assert use.bytes_left("there") == use.bytes_left("") == GB
    add(Visitor("elsewhere", address="there"), GB)
    clock.pass_s(LOOK_S)
    assert outcome(lambda: use.bytes_left("a third")) == "no_room_for_more"


def test_pictures_that_many_have_count_once_and_also_when_only_a_run_keeps_them(store, albums):
    clock, (first, second, other) = Clock(), [*visitors(2), Visitor("other", address="there")]
    for by in (first, second, other):
        admit(store, by=by)
        record = take(albums, tree(apple=6, pear=6), owner=by.owner)
    n_bytes = albums.n_bytes(first.owner)
    use = DiskUse(store, albums, clock)
    free = Limits.disk_address_gb * GB
    assert [use.bytes_left(address) for address in ("here", "there", "a third")] == [free - n_bytes] * 2 + [free]
    store.create_run({"dataset": record.id}, role="run", name="run", environment={}, owner=first.owner)
    for by in (first, second, other):
        albums.delete(record.id, by=by)
    clock.pass_s(LOOK_S)
    assert [use.bytes_left(address) for address in ("here", "there")] == [free - n_bytes, free]


def test_an_address_is_forgotten_with_the_last_of_what_its_owner_has(store, albums):
    clock, (busy, gone, new, keeps) = Clock(), visitors(4)
    for by in (busy, gone, new, keeps):
        admit(store, by=by)
    store.edit_owners([busy.owner, gone.owner, keeps.owner], since=LONG_AGO)
    take(albums, tree(apple=6, pear=6), owner=keeps.owner)
    run = store.create_run({}, role="run", name="run", environment={}, owner=busy.owner)
    use = DiskUse(store, albums, clock)
    use.bytes_left("")

    def known() -> set[str]:
        return {owner.id for owner in store.owners().values() if owner.address}

    assert known() == {busy.owner, new.owner, keeps.owner}
    assert store.owners().keys() >= {gone.owner}
    store.finish_run(run.id, RunState.STOPPED)
    store.delete(run.id, by=busy)
    clock.pass_s(LOOK_S)
    use.bytes_left("")
    assert known() == {new.owner, keeps.owner}


def test_who_keeps_no_cookie_leaves_room_for_a_class_and_has_no_more_in_line_than_one_student(store):
    save_limits(store, Limits(new_address=8, class_size=5, waiting=4), by=INSTRUCTOR)
    passing = [Visitor(passing_owner(), address="here") for _ in range(9)]
    assert n_admitted(store, passing) == 3
    assert n_admitted(store, visitors(9)) == 5
    for by in passing[:2] * 2:
        store.create_run({}, role="run", name="run", environment={}, owner=by.owner)
    assert outcome(lambda: check_limits(store, 1, by=passing[2])) == "too_many_waiting"
    check_limits(store, 4, by=visitors(1)[0])
