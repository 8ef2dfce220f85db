"""A backup is whole, whatever happens to the data folder meanwhile, and becomes a data folder or nothing."""

import io
import os
import stat
import tarfile
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.bundles.bundle_files import SPEC, write_run
from tests.store.test_store_contract import EPOCH
from tl_core.disk.files import OUTPUTS_FILE, WEIGHTS_FILE, latest_checkpoint, read_tensors, save_checkpoint
from tl_core.errors import InputError, StoreError
from tl_core.store.access import OPERATOR
from tl_core.store.cookies import new_cookie, owner_of, server_secret
from tl_core.store.records import RunState
from tl_core.store.sqlite import restore as restoring
from tl_core.store.sqlite.backup import back_up
from tl_core.store.sqlite.restore import restore
from tl_core.store.sqlite.store import SqliteStore

N_EPOCHS = 4
CURVE = [replace(EPOCH, epoch=number) for number in range(1, N_EPOCHS + 1)]


def begun(store: SqliteStore, name: str = "a run") -> str:
    run = store.create_run(SPEC.to_dict(), role="run", name=name, environment={}, owner="anna")
    return store.start_run(run.id, frozen_params=1, trainable_params=2, is_cached=True).id


def advance(store: SqliteStore, id: str, number: int) -> None:
    """Trains an epoch: as the worker and the engine do, its checkpoint comes first and then its record."""
    save_checkpoint(store.run_folder(id), number, {"a": np.full(3, number)}, {})
    store.add_epoch(id, CURVE[number - 1], [[number, 1.0]])


def finish(store: SqliteStore, id: str) -> None:
    write_run(store.run_folder(id))
    store.finish_run(id, RunState.COMPLETED, best_epoch=N_EPOCHS, test_accuracy=0.75)


def finished(store: SqliteStore, name: str = "a run") -> str:
    id = begun(store, name)
    for number in range(1, N_EPOCHS + 1):
        advance(store, id, number)
    finish(store, id)
    return id


@pytest.fixture
def lab(tmp_path):
    """The store of a lab at work, in the folder "lab"."""
    with closing(SqliteStore(tmp_path / "lab")) as store:
        yield store


@pytest.fixture
def taken(tmp_path, lab):
    """Takes a backup, doing something after some of the files."""

    def take(after=lambda n_files: None) -> Path:
        done = []

        def look(*_: int) -> None:
            done.append(1)
            after(len(done))

        return back_up(tmp_path / "lab", tmp_path / f"backup-{len(list(tmp_path.iterdir()))}.tar", look).path

    return take


def names(file: Path) -> set[str]:
    with tarfile.open(file) as tar:
        return set(tar.getnames())


def code_of(action, *args) -> str:
    with pytest.raises((InputError, StoreError)) as caught:
        action(*args)
    return caught.value.code


def is_whole(store: SqliteStore, id: str) -> bool:
    """Says whether a completed run has its weights and its whole curve."""
    arrays, _ = read_tensors(store.run_folder(id) / WEIGHTS_FILE)
    return bool(arrays) and store.epochs(id) == CURVE


def test_a_backup_of_a_lab_that_is_written_to_has_every_run_that_was_finished_and_what_ran_can_be_resumed(
    tmp_path, lab, taken
):
    before = [finished(lab, f"before {number}") for number in range(3)]
    running = begun(lab, "under way")
    advance(lab, running, 1)
    is_over, n_written = threading.Event(), []

    def write() -> None:
        while not is_over.is_set():
            n_written.append(finished(lab, "meanwhile"))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        files = [taken() for _ in range(3)]
    finally:
        is_over.set()
        writer.join()
    assert n_written
    for number, file in enumerate(files):
        restore(file, tmp_path / f"again {number}")
        with closing(SqliteStore(tmp_path / f"again {number}")) as store:
            runs = {run.id: run for run in store.list_runs()}
            assert {*before, running} <= runs.keys()
            assert (runs[running].state, runs[running].is_resumable) == (RunState.INTERRUPTED, True)
            assert latest_checkpoint(store.run_folder(running))[0] == len(store.epochs(running)) == 1
            completed = [id for id, run in runs.items() if run.state is RunState.COMPLETED]
            assert set(before) <= set(completed)
            assert all(is_whole(store, id) for id in completed)


@pytest.mark.parametrize("n_files", range(1, 11))
def test_a_run_that_goes_on_while_its_files_are_copied_has_no_checkpoint_ahead_of_its_epochs(
    tmp_path, lab, taken, n_files
):
    """Whenever it advances or ends between two files, what is restored fits together."""
    first, running = finished(lab), begun(lab)
    advance(lab, running, 1)
    (lab.run_folder(running) / OUTPUTS_FILE).write_bytes(b"x")  # any other file

    def go_on(n: int) -> None:
        if n == n_files:
            advance(lab, running, 2)
            advance(lab, running, 3)
        elif n == n_files + 1:
            advance(lab, running, 4)
            finish(lab, running)

    restore(taken(go_on), tmp_path / "again")
    with closing(SqliteStore(tmp_path / "again")) as store:
        run, epochs = store.get(running), [epoch.epoch for epoch in store.epochs(running)]
        assert epochs == list(range(1, len(epochs) + 1))
        assert is_whole(store, first)
        if run.state is RunState.COMPLETED:
            assert is_whole(store, running)
        else:
            assert run.state is RunState.INTERRUPTED
            assert latest_checkpoint(store.run_folder(running))[0] <= len(epochs)


@pytest.mark.parametrize("n_files", range(1, 9))
def test_a_run_that_is_deleted_while_its_files_are_copied_is_there_whole_or_not_at_all(tmp_path, lab, taken, n_files):
    ids = {finished(lab), finished(lab)}

    def delete(n: int) -> None:
        if n == n_files:
            lab.delete(max(ids), by=OPERATOR)

    restore(taken(delete), tmp_path / "again")
    with closing(SqliteStore(tmp_path / "again")) as store:
        found = {run.id for run in store.list_runs()}
        assert {min(ids)} <= found <= ids
        assert all(is_whole(store, id) for id in found)
        assert {path.name for path in (tmp_path / "again" / "runs").iterdir()} == found


def test_what_cannot_be_made_again_is_in_it_and_nothing_else(tmp_path, lab, taken):
    run = finished(lab)
    album = f"datasets/own/own-{'0' * 20}"
    kept = [
        "lessons/mine/plan.toml",
        "sweeps/a.json",
        "progress/b.json",
        f"{album}/about.json",
        f"{album}/owners/c.json",
    ]
    left = [
        "cache/x.npy",
        "logs/server.log",
        "uploads/y",
        "keras/z",
        "admissions.json",
        "links/a",
        "datasets/own/opening",
    ]
    left += ["datasets/mnist.npz", "datasets/own/.draft-1/about.json", f"runs/{run}/.record.json.tmp", "server.address"]
    for name in (*kept, *left):
        path = tmp_path / "lab" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    secret = server_secret(tmp_path / "lab")
    found = names(taken())
    assert {*kept, "runs.sqlite", "cookie.secret", "backup.json", f"runs/{run}/{WEIGHTS_FILE}"} <= found
    assert found & set(left) == set()
    assert not any("lock" in name for name in found)
    restore(taken(), tmp_path / "again")
    owner = owner_of(new_cookie(secret), server_secret(tmp_path / "again"))
    assert owner is not None
    assert not (tmp_path / "again" / "backup.json").exists()


def test_names_settings_and_owners_come_back(tmp_path, lab, taken):
    lab.name_owner("anna", "Anna", by=OPERATOR)
    lab.save_setting("limits", {"running": 2}, by=OPERATOR)
    restore(taken(), tmp_path / "again")
    with closing(SqliteStore(tmp_path / "again")) as store:
        assert store.owners()["anna"].name == "Anna"
        assert store.setting("limits") == {"running": 2}


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps a user's files from others by itself")
def test_nobody_else_on_the_machine_reads_a_backup_or_what_is_made_of_it(tmp_path, lab, taken):
    finished(lab)
    server_secret(tmp_path / "lab")
    file = taken()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    os.umask(before := os.umask(0))
    restore(file, tmp_path / "again")
    secret = tmp_path / "again" / "cookie.secret"
    assert (stat.S_IMODE(secret.stat().st_mode), before) == (0o600, before)


def test_a_folder_with_anything_in_it_is_left_as_it_is(tmp_path, lab, taken):
    file, home = taken(), tmp_path / "again"
    (home / "lost+found").mkdir(parents=True)  # what a new disk holds is nothing
    restore(file, home)
    assert code_of(restore, file, home) == "restore_not_empty"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("precious")
    assert code_of(restore, file, tmp_path / "other") == "restore_not_empty"
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["letter.txt"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_backup_that_was_cut_short_or_changed_leaves_nothing(tmp_path, lab, taken, share):
    finished(lab)
    content = taken().read_bytes()
    cut, changed = tmp_path / "cut.tar", tmp_path / "changed.tar"
    cut.write_bytes(content[: int(len(content.rstrip(b"\0")) * share)])
    assert code_of(restore, cut, tmp_path / "again") == "backup_damaged"
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        member = max(tar.getmembers(), key=lambda one: one.size)
    place = member.offset_data + int(share * member.size)
    changed.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    assert code_of(restore, changed, tmp_path / "again") == "backup_damaged"
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    "name",
    ["/tmp/x", "../x", "runs/../../x", "runs/a/./b", "other/x", "runs\\..\\x", "runs/c:x", "runs.sqlite/../x"],
)
def test_a_strange_archive_writes_nowhere_else(tmp_path, name):
    odd = tmp_path / "odd.tar"
    with tarfile.open(odd, "w") as tar:
        member = tarfile.TarInfo(name)
        member.size = 1
        tar.addfile(member, io.BytesIO(b"x"))
    assert code_of(restore, odd, tmp_path / "again") == "backup_damaged"
    assert {path.name for path in tmp_path.iterdir()} == {"odd.tar"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_an_archive_with_anything_but_files_is_no_backup(tmp_path, kind):
    odd = tmp_path / "odd.tar"
    with tarfile.open(odd, "w") as tar:
        member = tarfile.TarInfo("runs/x")
        member.type, member.linkname = kind, "/etc/passwd"
        tar.addfile(member)
    assert code_of(restore, odd, tmp_path / "again") == "backup_damaged"


def test_a_backup_of_another_format_says_so(tmp_path, lab, taken, monkeypatch):
    file = taken()
    monkeypatch.setattr(restoring, "FORMAT", 2)
    assert code_of(restore, file, tmp_path / "again") == "backup_from_future"
    assert not (tmp_path / "again").exists()


def test_where_nothing_is_there_is_nothing_to_back_up(tmp_path):
    assert code_of(back_up, tmp_path, tmp_path / "x.tar") == "backup_nothing"
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_backup(tmp_path, lab, monkeypatch):
    finished(lab)

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tarfile.TarFile, "addfile", refuse)
    assert code_of(back_up, tmp_path / "lab", tmp_path / "x.tar") == "disk_full"
    assert {path.name for path in tmp_path.iterdir()} == {"lab"}
