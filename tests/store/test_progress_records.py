"""The promises of a store about lessons, held by every implementation; copies and kill -9 by the one that lasts."""

import inspect
import signal
import subprocess
import sys
import threading

import pytest

from tests.store.memory_store import MemoryStore
from tl_core.errors import InputError, StoreError
from tl_core.paths import PROJECT
from tl_core.store.access import Visitor
from tl_core.store.progress_records import ProgressRecords
from tl_core.store.sqlite.store import SqliteStore

ANNA, BEN, CARLA = Visitor("anna"), Visitor("ben"), Visitor("carla", is_instructor=True)


@pytest.fixture(params=["sqlite", "memory"])
def store(request, tmp_path):
    with SqliteStore(tmp_path) if request.param == "sqlite" else MemoryStore() as made:
        yield made


def put(store, by: Visitor, lesson: str = "three-ways", **data):
    return store.progress.change(lesson, lambda before: {**(before or {}), **data}, by=by)


def test_what_was_kept_is_its_owners_alone(store):
    assert store.progress.mine("three-ways", by=ANNA) is None
    assert put(store, ANNA, at="bet") == {"at": "bet"}
    put(store, ANNA, answers={"bet": "partial"})
    put(store, BEN, at="idea")
    assert store.progress.mine("three-ways", by=ANNA) == {"at": "bet", "answers": {"bet": "partial"}}
    assert store.progress.all_mine(by=BEN) == {"three-ways": {"at": "idea"}}


def test_only_the_instructor_sees_everybody_and_who_moved_last_comes_first(store):
    put(store, ANNA, at="bet")
    put(store, BEN, at="idea")
    put(store, ANNA, at="race")
    assert sorted((one.owner, one.data["at"]) for one in store.progress.everybody(by=CARLA)) == [
        ("anna", "race"),
        ("ben", "idea"),
    ]
    for by in (ANNA, Visitor("")):
        with pytest.raises(StoreError) as caught:
            store.progress.everybody(by=by)
        assert caught.value.code == "instructor_only"


def test_of_the_present_lesson_is_what_was_touched_since_it_began(store):
    put(store, ANNA, at="bet")
    (kept,) = store.progress.everybody(by=CARLA)
    assert store.progress.everybody(by=CARLA, since=kept.changed_at) == [kept]
    assert store.progress.everybody(by=CARLA, since="9999") == []


def test_nothing_that_people_do_reaches_what_is_another_owners():
    takes_by = {
        name
        for name, method in inspect.getmembers(ProgressRecords, callable)
        if not name.startswith("_") and "by" in inspect.signature(method).parameters
    }
    public = {name for name, _ in inspect.getmembers(ProgressRecords, callable) if not name.startswith("_")}
    assert takes_by == public == {"mine", "all_mine", "change", "everybody"}


def test_what_a_change_raises_passes_and_changes_nothing(store):
    put(store, ANNA, at="bet")

    def refuse(before):
        raise InputError("answer_kept")

    with pytest.raises(InputError):
        store.progress.change("three-ways", refuse, by=ANNA)
    assert store.progress.mine("three-ways", by=ANNA) == {"at": "bet"}


def test_a_lesson_can_be_begun_anew(store):
    put(store, ANNA, at="bet")
    assert store.progress.change("three-ways", lambda before: None, by=ANNA) is None
    assert store.progress.all_mine(by=ANNA) == {}


def test_readers_get_copies(store):
    put(store, ANNA, answers={"bet": "partial"})
    store.progress.mine("three-ways", by=ANNA)["answers"]["bet"] = "scratch"
    assert store.progress.mine("three-ways", by=ANNA)["answers"]["bet"] == "partial"


def test_two_tabs_at_once_lose_nothing(store):
    def add(name):
        for n in range(10):
            store.progress.change("x", lambda before, n=n: {**(before or {}), f"{name}{n}": n}, by=ANNA)

    threads = [threading.Thread(target=add, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.progress.mine("x", by=ANNA)) == 20


# ---- what lasts ----


def test_it_comes_back_when_the_database_is_lost(tmp_path):
    with SqliteStore(tmp_path) as store:
        put(store, ANNA, at="bet")
        put(store, BEN, "how-deep", at="idea")
        put(store, BEN, "gone", at="idea")
        store.progress.change("gone", lambda before: None, by=BEN)
    for path in tmp_path.glob("runs.sqlite*"):
        path.unlink()
    (tmp_path / "progress" / "eve.json").write_text('[{"owner": "anna", "lesson": "x", "data": {}, "changed_at": ""}]')
    (tmp_path / "progress" / "torn.json").write_text("[{")
    with SqliteStore(tmp_path) as store:
        assert store.progress.all_mine(by=ANNA) == {"three-ways": {"at": "bet"}}
        assert store.progress.all_mine(by=BEN) == {"how-deep": {"at": "idea"}}


KILLED = """
import os, signal, sys
from pathlib import Path
from tl_core.store.access import Visitor
from tl_core.store.sqlite.store import SqliteStore
store = SqliteStore(Path(sys.argv[1]))
store.progress.change("three-ways", lambda before: {"at": "bet"}, by=Visitor("anna"))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_was_kept_survives_kill_9(tmp_path):
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=PROJECT, check=False)
    assert ended.returncode == -signal.SIGKILL
    with SqliteStore(tmp_path) as store:
        assert store.progress.mine("three-ways", by=ANNA) == {"at": "bet"}
