"""Runs that outlive their process: kill -9, two processes on one folder, lost and damaged databases."""

import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import pytest

from tl_core.disk.files import WEIGHTS_FILE
from tl_core.errors import StoreError
from tl_core.paths import PROJECT
from tl_core.store.access import OPERATOR
from tl_core.store.records import EpochRecord, RunState, Visibility
from tl_core.store.sqlite import schema
from tl_core.store.sqlite.store import SqliteStore

PREPARE = """
import sys
from pathlib import Path
from tl_core.store.records import EpochRecord
from tl_core.store.sqlite.store import SqliteStore

store = SqliteStore(Path(sys.argv[1]))

def run(name):
    return store.create_run({}, role="run", name=name, environment={}).id

def start(id):
    store.start_run(id, frozen_params=1, trainable_params=1, is_cached=False)

def epoch(id, number):
    store.add_epoch(id, EpochRecord(number, 1.0, 0.5, 1.0, 0.5, 1.0, number, number, number, False))
"""


@contextmanager
def process(home, script):
    """Runs a script beside the test; yields the process. It is killed with -9 at the end, if not before."""
    command = [sys.executable, "-c", PREPARE + script, str(home)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def new_run(store, name="a run", **more):
    return store.create_run({"dataset": "groceries"}, role="run", name=name, environment={}, **more)


def start(store, run):
    return store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=False)


def completed_run(store, name):
    run = start(store, new_run(store, name))
    store.add_epoch(run.id, EpochRecord(1, 1.0, 0.5, 1.0, 0.5, 1.0, 1.0, 1, 1, True))
    return store.finish_run(run.id, RunState.COMPLETED, test_accuracy=0.5, scores={"f1": 0.5})


def code_of(call, *args):
    with pytest.raises(StoreError) as caught:
        call(*args)
    return caught.value.code


class TestKilled:
    def test_after_kill_9_every_acknowledged_epoch_is_there_and_the_runs_are_interrupted(self, tmp_path):
        script = """
waiting, going, done = run("waiting"), run("going"), run("done")
start(done); epoch(done, 1)
from tl_core.store.records import RunState
store.finish_run(done, RunState.COMPLETED)
start(going)
for number in range(1, 100_000):
    epoch(going, number)
    print(going, number, flush=True)
"""
        with process(tmp_path, script) as child:
            acknowledged = [child.stdout.readline() for _ in range(20)]
            os.kill(child.pid, signal.SIGKILL)
            acknowledged += child.stdout.readlines()
        going = acknowledged[0].split()[0]
        last = int(acknowledged[-1].split()[1]) if acknowledged[-1].endswith("\n") else len(acknowledged) - 1
        with SqliteStore(tmp_path) as store:
            numbers = [epoch.epoch for epoch in store.epochs(going)]
            assert numbers in (list(range(1, last + 1)), list(range(1, last + 2)))
            states = {run.name: run.state for run in store.list_runs()}
            assert states == {
                "waiting": RunState.INTERRUPTED,
                "going": RunState.INTERRUPTED,
                "done": RunState.COMPLETED,
            }
            assert (store.get(going).ended_at, store.get(going).seconds) == (None, None)
            assert start(store, store.get(going)).state is RunState.RUNNING
            assert len(list((tmp_path / "locks").glob("*.lock"))) == 1

    def test_a_run_of_a_living_process_is_left_alone_until_that_process_dies(self, tmp_path):
        with process(tmp_path, "id = run('theirs'); start(id); print(id, flush=True); input()") as child:
            theirs = child.stdout.readline().strip()
            with SqliteStore(tmp_path) as store:
                mine = start(store, new_run(store))
                assert store.recover() == []
                assert store.get(theirs).state is RunState.RUNNING
                child.kill()
                child.wait()
                assert store.recover() == [theirs]
                assert store.get(theirs).state is RunState.INTERRUPTED
                assert store.get(mine.id).state is RunState.RUNNING

    def test_what_a_killed_process_left_half_written_is_cleared_away(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = start(store, new_run(store))
            for name in (".checkpoint-000001.safetensors.ab.tmp", ".record.json.cd.tmp"):
                (store.run_folder(run.id) / name).write_bytes(b"half")
        with SqliteStore(tmp_path) as store:
            assert [path.name for path in store.run_folder(run.id).iterdir()] == ["record.json"]

    def test_a_store_closed_in_order_leaves_no_lock_and_its_active_runs_are_interrupted(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = start(store, new_run(store))
        assert list((tmp_path / "locks").glob("*.lock")) == []
        with SqliteStore(tmp_path) as store:
            assert store.get(run.id).state is RunState.INTERRUPTED

    def test_a_second_store_in_the_same_process_takes_nobody_for_dead(self, tmp_path):
        with SqliteStore(tmp_path) as first:
            run = start(first, new_run(first))
            with SqliteStore(tmp_path) as second:
                assert second.get(run.id).state is RunState.RUNNING
            assert first.get(run.id).state is RunState.RUNNING


class TestTwoProcesses:
    def test_each_sees_at_once_what_the_other_wrote(self, tmp_path):
        script = """
id = run("theirs"); start(id); print(id, flush=True)
for line in sys.stdin:
    epoch(id, int(line)); print("done", flush=True)
"""
        with SqliteStore(tmp_path) as store, process(tmp_path, script) as child:
            theirs = child.stdout.readline().strip()
            for number in (1, 2, 3):
                child.stdin.write(f"{number}\n")
                child.stdin.flush()
                assert child.stdout.readline() == "done\n"
                assert [epoch.epoch for epoch in store.epochs(theirs)] == list(range(1, number + 1))

    def test_a_run_is_claimed_by_exactly_one_of_them(self, tmp_path):
        script = """
from tl_core.errors import StoreError
print("open", flush=True)
ids = sys.stdin.readline().split()
won = 0
for id in ids:
    try:
        start(id); won += 1
    except StoreError as error:
        assert error.code == "run_is_active"
print(won, flush=True)
input()  # alive until both have tried: a dead owner's runs may be taken over
"""
        with SqliteStore(tmp_path) as store, process(tmp_path, script) as one, process(tmp_path, script) as two:
            ids = [new_run(store).id for _ in range(50)]
            for child in (one, two):
                assert child.stdout.readline() == "open\n"
            for child in (one, two):
                child.stdin.write(" ".join(ids) + "\n")
                child.stdin.flush()
            assert int(one.stdout.readline()) + int(two.stdout.readline()) == 50

    def test_many_can_open_a_new_folder_at_once(self, tmp_path):
        script = "print(run('x'), flush=True); input()"
        with (
            process(tmp_path / "home", script) as one,
            process(tmp_path / "home", script) as two,
            process(tmp_path / "home", script) as three,
        ):
            ids = {child.stdout.readline().strip() for child in (one, two, three)}
            with SqliteStore(tmp_path / "home") as store:
                assert {run.id for run in store.list_runs(states=[RunState.QUEUED])} == ids


class TestDamage:
    @pytest.fixture
    def runs(self, tmp_path):
        """Two finished twins, an active run and a waiting one in a closed store."""
        with SqliteStore(tmp_path) as store:
            first, second = completed_run(store, "first"), completed_run(store, "second")
            store.link_twins(first.id, second.id)
            store.rename(first.id, "first, renamed", by=OPERATOR)
            store.rename(second.id, "second, renamed", by=OPERATOR)
            active, _ = start(store, new_run(store, "active")), new_run(store, "waiting")
            return [store.get(first.id), store.get(second.id), replace(active, state=RunState.INTERRUPTED)]

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda data: b"",
            lambda data: b"not a database, but text " * 100,
            lambda data: data[: len(data) // 2],
            lambda data: data[:4096] + bytes(4096) + data[8192:],
            lambda data: bytes(4096) + data[4096:],
        ],
        ids=["empty", "text", "cut short", "a page of zeros", "a first page of zeros"],
    )
    def test_a_damaged_database_is_moved_aside_and_the_list_rebuilt(self, tmp_path, runs, spoil):
        path = tmp_path / "runs.sqlite"
        path.write_bytes(spoil(path.read_bytes()))
        bad = path.read_bytes()
        with SqliteStore(tmp_path) as store:
            assert store.list_runs() == runs[::-1]
            assert [epoch.epoch for epoch in store.epochs(runs[0].id)] == [1]
            assert new_run(store).seq > max(run.seq for run in runs)
        aside = list(tmp_path.glob("runs.sqlite.corrupt-*"))
        assert [copy.read_bytes() for copy in aside] == ([bad] if bad else [])

    def test_a_copied_run_is_found_again_with_what_it_was_copied_from(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = completed_run(store, "first")
            (store.run_folder(run.id) / WEIGHTS_FILE).write_bytes(b"weights")
            twin = store.copy_run(run.id, name="copy", owner="local", role="run")
        (tmp_path / "runs.sqlite").unlink()
        with SqliteStore(tmp_path) as store:
            assert store.list_runs() == [twin, run]
            assert store.epochs(twin.id) == store.epochs(run.id)

    def test_names_of_owners_settings_shares_and_curves_are_rebuilt_too(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = completed_run(store, "run")
            store.save_trace(run.id, [[1, 2.5]])
            run = store.share(run.id, Visibility.LINK, by=OPERATOR)
            store.ensure_owner("anna")
            store.name_owner("ben", "Ben", by=OPERATOR)
            store.save_setting("limits", {"runs": 3}, by=OPERATOR)
            owners = store.owners()
        (tmp_path / "runs.sqlite").unlink()
        with SqliteStore(tmp_path) as store:
            assert store.list_runs() == [run]
            assert (store.trace(run.id), store.owners(), store.setting("limits")) == ([[1, 2.5]], owners, {"runs": 3})

    @pytest.mark.parametrize("content", ["", "{", "[]", '{"owners": [[1]], "settings": {}}', '{"owners": 7}', "\xff"])
    def test_a_damaged_copy_of_the_owners_costs_only_their_names(self, tmp_path, runs, content):
        (tmp_path / "runs.sqlite").unlink()
        (tmp_path / "class.json").write_text(content, encoding="latin-1")
        with SqliteStore(tmp_path) as store:
            assert store.list_runs() == runs[::-1]
            assert store.ensure_owner("anna").seq == 1

    def test_of_a_run_under_way_every_whole_epoch_is_rebuilt(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = start(store, new_run(store))
            for number in (1, 2, 3):
                store.add_epoch(run.id, EpochRecord(number, 1.0, 0.5, 1.0, 0.5, 1.0, number, number, number, False))
        (tmp_path / "runs.sqlite").unlink()
        noted = tmp_path / "runs" / run.id / "epochs.jsonl"
        noted.write_bytes(noted.read_bytes()[:-9])
        with SqliteStore(tmp_path) as store:
            assert [epoch.epoch for epoch in store.epochs(run.id)] == [1, 2]
            assert start(store, store.get(run.id)).state is RunState.RUNNING
        assert not noted.exists()  # all of it stands in the copy now

    def test_an_end_that_only_the_run_folder_knows_is_taken_from_there(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = start(store, new_run(store))
            before = (tmp_path / "runs.sqlite-wal").read_bytes()
            run = store.finish_run(run.id, RunState.COMPLETED, test_accuracy=0.5)
            shutil.copytree(tmp_path, tmp_path.parent / "later")
        (tmp_path.parent / "later" / "runs.sqlite-wal").write_bytes(before)  # killed before the end was committed
        with SqliteStore(tmp_path.parent / "later") as store:
            assert store.list_runs() == [run]

    def test_a_damaged_row_is_told_can_be_deleted_and_is_never_written_back(self, tmp_path, runs):
        with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
            connection.execute("UPDATE run SET spec = CAST(x'7bff' AS TEXT) WHERE id = ?", (runs[0].id,))
        connection.close()
        (tmp_path / "runs" / runs[0].id / "record.json").unlink()
        with SqliteStore(tmp_path) as store:
            bad = store.get(runs[0].id)
            assert (bad.state, bad.error["code"], bad.name) == (RunState.FAILED, "run_damaged", "first, renamed")
            assert store.get(runs[1].id) == runs[1]
            with pytest.raises(StoreError, match="run_damaged"):
                store.rename(bad.id, "new", by=OPERATOR)
            store.delete(bad.id, by=OPERATOR)
            assert bad.id not in {run.id for run in store.list_runs()}

    @pytest.mark.parametrize("column", ["spec", "environment", "state", "scores"])
    def test_a_damaged_row_is_mended_from_the_copy_in_the_run_folder(self, tmp_path, runs, column):
        with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
            connection.execute(f"UPDATE run SET {column} = '{{' WHERE id = ?", (runs[0].id,))
        connection.close()
        with SqliteStore(tmp_path) as store:
            assert store.get(runs[0].id) == runs[0]
            assert len(store.list_runs()) == 4

    def test_a_database_of_something_else_is_moved_aside(self, tmp_path, runs):
        (tmp_path / "runs.sqlite").unlink()
        with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
            connection.execute("CREATE TABLE run (a)")
        connection.close()
        with SqliteStore(tmp_path) as store:
            assert store.list_runs() == runs[::-1]
        assert len(list(tmp_path.glob("runs.sqlite.corrupt-*"))) >= 1

    def test_a_damaged_curve_is_that_of_the_copy(self, tmp_path, runs):
        with SqliteStore(tmp_path) as store:
            store.save_trace(runs[0].id, [[1, 2.5]])
        with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
            connection.execute("INSERT OR REPLACE INTO trace SELECT seq, x'00' FROM run")
        connection.close()
        with SqliteStore(tmp_path) as store:
            assert (store.trace(runs[0].id), store.trace(runs[1].id)) == ([[1, 2.5]], [])

    def test_a_missing_database_is_rebuilt(self, tmp_path, runs):
        (tmp_path / "runs.sqlite").unlink()
        with SqliteStore(tmp_path) as store:
            assert store.list_runs() == runs[::-1]

    def test_a_twin_that_came_later_is_found_again_on_both_sides(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = completed_run(store, "run")
            start(store, new_run(store, "old twin", twin_id=run.id))
            new = start(store, new_run(store, "new twin", twin_id=run.id))
        (tmp_path / "runs.sqlite").unlink()
        with SqliteStore(tmp_path) as store:
            twins = {each.name: each.twin_id for each in store.list_runs()}
        assert twins == {"run": new.id, "old twin": None, "new twin": run.id}

    @pytest.mark.parametrize("content", ["", "{", '{"record": {}}', '{"record": 1, "epochs": []}', "\xff", "[]"])
    def test_one_damaged_copy_costs_only_that_run(self, tmp_path, runs, content):
        (tmp_path / "runs.sqlite").unlink()
        (tmp_path / "runs" / runs[1].id / "record.json").write_text(content, encoding="latin-1")
        with SqliteStore(tmp_path) as store:
            assert store.list_runs() == [runs[2], replace(runs[0], twin_id=None)]
        assert (tmp_path / "runs" / runs[1].id).is_dir()

    def test_a_copied_run_folder_is_not_taken_for_another_run(self, tmp_path, runs):
        shutil.copytree(tmp_path / "runs" / runs[0].id, tmp_path / "runs" / "copy of it")
        with SqliteStore(tmp_path) as store:
            assert len(store.list_runs()) == 4

    def test_a_deleted_run_does_not_come_back(self, tmp_path, runs, monkeypatch):
        monkeypatch.setattr("tl_core.store.sqlite.store.shutil.rmtree", lambda *args, **named: None)
        with SqliteStore(tmp_path) as store:
            store.delete(runs[0].id, by=OPERATOR)
        with SqliteStore(tmp_path) as store:
            assert runs[0].id not in {run.id for run in store.list_runs()}

    def test_a_database_from_a_later_version_is_refused_and_left_alone(self, tmp_path, runs):
        with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
            connection.execute("PRAGMA user_version = 99")
        connection.close()
        before = (tmp_path / "runs.sqlite").read_bytes()
        with pytest.raises(StoreError) as caught:
            SqliteStore(tmp_path)
        assert caught.value.to_dict() == {
            "code": "store_from_future",
            "values": {"found": 99, "supported": len(schema.MIGRATIONS)},
        }
        assert (tmp_path / "runs.sqlite").read_bytes() == before
        assert list((tmp_path / "locks").glob("*.lock")) == []

    def test_a_copy_made_while_training_opens(self, tmp_path):
        with SqliteStore(tmp_path / "a") as store:
            run = completed_run(store, "done")
            start(store, new_run(store, "going"))
            with sqlite3.connect(tmp_path / "a" / "runs.sqlite") as connection:
                (tmp_path / "b").mkdir()
                connection.execute("VACUUM INTO ?", (str(tmp_path / "b" / "runs.sqlite"),))
            connection.close()
            with SqliteStore(tmp_path / "b") as backup:
                assert backup.get(run.id) == run
                assert backup.list_runs()[0].state is RunState.INTERRUPTED


def refuse_for_lack_of_room(descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class TestOldDatabases:
    """Databases as version 1 wrote them, before runs had fingerprints."""

    ID = "0123456789abcdef" * 2

    @pytest.fixture
    def old_home(self, tmp_path):
        (tmp_path / "runs" / self.ID).mkdir(parents=True)
        (tmp_path / "runs" / self.ID / WEIGHTS_FILE).write_bytes(b"weights")
        with sqlite3.connect(tmp_path / "runs.sqlite") as connection:
            connection.executescript(schema.MIGRATIONS[0])
            connection.execute(
                "INSERT INTO run (id, name, role, owner, state, spec, environment, created_at, ended_at, test_accuracy,"
                """ is_cached, words) VALUES (?, 'old', 'run', 'anna', 'completed', '{"seed":7}', '{"threads":2}',"""
                " '2025-01-01T00:00:00+00:00', '2025-01-01T00:01:00+00:00', 0.5, 1, 'old')",
                (self.ID,),
            )
            connection.execute("INSERT INTO epoch VALUES (1, 1, 1.0, 0.5, 1.0, 0.5, 1.0, 1.0, 1, 1, 1, 0)")
            connection.execute("INSERT INTO trace VALUES (1, '[[1,2.0]]')")
            connection.execute("PRAGMA user_version = 1")
        connection.close()
        return tmp_path

    def versions(self, home):
        return sorted(path.name for path in home.iterdir() if ".version-" in path.name)

    def content(self, path):
        with sqlite3.connect(path) as connection:
            content = [*connection.iterdump(), *connection.execute("PRAGMA user_version").fetchone()]
        connection.close()
        return content

    def test_are_kept_as_they_were_beside_what_becomes_of_them(self, old_home):
        before = self.content(old_home / "runs.sqlite")
        for _ in range(2):
            SqliteStore(old_home).close()
            assert self.versions(old_home) == ["runs.sqlite.version-1"]
        assert self.content(old_home / "runs.sqlite.version-1") == before
        assert self.content(old_home / "runs.sqlite") != before

    def test_only_the_newest_two_stay(self, old_home):
        for number in (7, 8, 9):
            (old_home / f"runs.sqlite.version-{number}").write_bytes(b"")
            os.utime(old_home / f"runs.sqlite.version-{number}", (number, number))
        SqliteStore(old_home).close()
        assert self.versions(old_home) == ["runs.sqlite.version-1", "runs.sqlite.version-9"]

    @pytest.mark.parametrize("when", ["before", "while"])
    def test_stay_as_they_were_where_the_disk_has_no_room_for_a_copy(self, old_home, monkeypatch, when):
        before = self.content(old_home / "runs.sqlite")
        (old_home / ".runs.sqlite.version-1.tmp-journal").write_bytes(b"left by SQLite on a full disk")
        with monkeypatch.context() as patch:
            if when == "before":
                patch.setattr("tl_core.disk.space.free_bytes", lambda path: 0)
            else:
                patch.setattr("tl_core.disk.files.os.fsync", refuse_for_lack_of_room)
            assert code_of(SqliteStore, old_home) == "disk_full"
        assert self.content(old_home / "runs.sqlite") == before
        assert self.versions(old_home) == []
        with SqliteStore(old_home) as store:
            assert [run.id for run in store.list_runs()] == [self.ID]
        assert self.versions(old_home) == ["runs.sqlite.version-1"]

    def test_keep_their_runs_which_nothing_is_ever_equal_to(self, old_home):
        with SqliteStore(old_home) as store:
            (run,) = store.list_runs()
            assert (run.id, run.name, run.spec, run.environment) == (self.ID, "old", {"seed": 7}, {"threads": 2})
            assert (run.fingerprint, run.recorded_from, run.recorded_at) == (None, None, None)
            assert ([epoch.epoch for epoch in store.epochs(self.ID)], store.trace(self.ID)) == ([1], [[1, 2.0]])
            assert store.find_equal("") is None

    def test_take_new_runs_with_fingerprints_and_can_be_opened_again(self, old_home):
        with SqliteStore(old_home) as store:
            run = new_run(store, fingerprint="f1")
            twin = store.copy_run(self.ID, name="copy", owner="ben", role="run")
        with SqliteStore(old_home) as store:
            assert store.get(run.id).fingerprint == "f1"
            assert (store.get(twin.id).recorded_from, store.get(twin.id).recorded_at) == (
                self.ID,
                "2025-01-01T00:01:00+00:00",
            )

    def test_copies_of_records_that_know_no_fingerprint_are_taken_in(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = completed_run(store, "old")
        path = tmp_path / "runs" / run.id / "record.json"
        data = json.loads(path.read_text())
        for name in ("fingerprint", "recorded_from", "recorded_at"):
            del data["record"][name]
        path.write_text(json.dumps(data))
        (tmp_path / "runs.sqlite").unlink()
        with SqliteStore(tmp_path) as store:
            assert store.list_runs() == [run]


class TestRefusals:
    def test_a_home_that_is_a_file_is_refused_with_its_path(self, tmp_path):
        (tmp_path / "home").write_text("x")
        with pytest.raises(StoreError) as caught:
            SqliteStore(tmp_path / "home")
        assert caught.value.code == "home_not_writable"
        assert caught.value.values["path"].startswith(str(tmp_path / "home"))

    def test_a_database_that_cannot_be_written_is_refused(self, tmp_path):
        (tmp_path / "runs.sqlite").mkdir()
        assert code_of(SqliteStore, tmp_path) == "home_not_writable"

    def test_a_folder_that_vanishes_is_said_at_the_next_write(self, tmp_path):
        with SqliteStore(tmp_path / "home") as store:
            shutil.rmtree(tmp_path / "home")
            assert code_of(new_run, store) == "home_not_writable"

    def test_a_store_tells_what_troubles_it_until_it_is_over(self, tmp_path, monkeypatch):
        with SqliteStore(tmp_path / "home") as store:
            assert store.trouble() is None
            with monkeypatch.context() as patch:
                patch.setattr("tl_core.disk.space.free_bytes", lambda path: 0)
                assert store.trouble().code == "disk_full"
            with monkeypatch.context() as patch:
                patch.setattr("tl_core.disk.space.os.access", lambda path, mode: False)
                assert store.trouble().code == "home_not_writable"
            (tmp_path / "home").rename(tmp_path / "away")
            assert store.trouble().code == "home_not_writable"
            assert code_of(new_run, store) == "home_not_writable"
            (tmp_path / "away").rename(tmp_path / "home")
            assert store.trouble() is None
            run = new_run(store)
            assert store.list_runs() == [run]

    def test_nothing_is_written_into_a_database_that_another_took_the_place_of(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            new_run(store)
            shutil.copy(tmp_path / "runs.sqlite", tmp_path / "copy")
            (tmp_path / "copy").rename(tmp_path / "runs.sqlite")
            assert code_of(new_run, store) == "home_not_writable"

    def test_a_full_disk_takes_back_the_change_and_the_store_goes_on_afterwards(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = new_run(store)
            pages = store._writer.execute("PRAGMA page_count").fetchone()[0]
            store._writer.execute(f"PRAGMA max_page_count = {pages}")
            assert code_of(store.save_trace, run.id, [[number / 7 for number in range(20_000)]]) == "disk_full"
            assert store.trace(run.id) == []
            store._writer.execute("PRAGMA max_page_count = 100000")
            store.save_trace(run.id, [[1]])
            assert store.trace(run.id) == [[1]]

    def test_a_store_held_by_another_for_too_long_is_busy(self, tmp_path, monkeypatch):
        monkeypatch.setattr(schema, "BUSY_TIMEOUT_S", 0.01)
        with SqliteStore(tmp_path) as store, sqlite3.connect(tmp_path / "runs.sqlite") as other:
            other.execute("BEGIN IMMEDIATE")
            assert code_of(new_run, store) == "store_busy"
            assert store.list_runs() == []
            other.rollback()
            new_run(store)
        other.close()

    def test_a_copy_that_cannot_be_written_does_not_stop_the_run(self, tmp_path, monkeypatch):
        with SqliteStore(tmp_path) as store:
            run = start(store, new_run(store))
            monkeypatch.setattr("tl_core.disk.space.free_bytes", lambda path: 0)
            assert store.finish_run(run.id, RunState.COMPLETED).state is RunState.COMPLETED

    def test_every_epoch_and_state_is_synced_before_it_is_acknowledged(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            modes = [store._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
        assert modes == ["wal", 2]

    def test_the_copy_of_a_record_is_json_that_others_can_read(self, tmp_path):
        with SqliteStore(tmp_path) as store:
            run = completed_run(store, "猫")
            copy = json.loads((store.run_folder(run.id) / "record.json").read_text())
        assert (copy["record"]["name"], copy["record"]["state"]) == ("猫", "completed")
        assert copy["epochs"][0]["val_accuracy"] == 0.5
