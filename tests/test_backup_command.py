"""`backup` and `restore` on the command line: a file and a folder as they were asked for, or one line and nothing."""

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from patience import PATIENCE_S

from tests.bundles.bundle_files import SPEC, write_run
from tl_core.__main__ import main
from tl_core.disk.locks import ServerLock
from tl_core.paths import PROJECT
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore


@pytest.fixture
def lab(tmp_path, monkeypatch) -> Path:
    """A data folder with a finished run, and a server that has it."""
    home = tmp_path / "lab"
    monkeypatch.setenv("TL_HOME", str(home))
    with closing(SqliteStore(home)) as store, closing(ServerLock(home)):
        record = store.create_run(SPEC.to_dict(), role="run", name="a", environment={})
        store.start_run(record.id, frozen_params=1, trainable_params=2, is_cached=True)
        write_run(store.run_folder(record.id))
        store.finish_run(record.id, RunState.COMPLETED, best_epoch=1)
        store.create_run(SPEC.to_dict(), role="run", name="waits", environment={})
        yield home


def called(capsys, *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    return main([str(one) for one in arguments]), *capsys.readouterr()


def refused(capsys, *arguments: object) -> str:
    """Returns the one line of a command that wrote nothing."""
    status, out, err = called(capsys, *arguments)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    return err


def test_a_lab_at_work_is_backed_up_and_restored_elsewhere(lab, tmp_path, capsys):
    target, again = tmp_path / "lab.tar", tmp_path / "new" / "again"
    status, out, err = called(capsys, "backup", "-o", target, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {"path": str(target), "bytes": target.stat().st_size, "runs": 2, "datasets": 0}
    status, out, err = called(capsys, "restore", target, "--home", again, "--json")
    assert (status, err) == (0, "")
    assert json.loads(out) == {"home": str(again), "runs": 2, "interrupted": 1, "datasets": 0}


def test_people_read_a_line_that_says_to_keep_it_as_a_key(lab, tmp_path, capsys, monkeypatch):
    status, out, _ = called(capsys, "backup", "-o", tmp_path / "lab.tar")
    assert (status, len(out.splitlines())) == (0, 1)
    assert "as you would a key" in out
    monkeypatch.setenv("TL_HOME", str(tmp_path / "again"))  # where none is named it is the data folder
    status, out, _ = called(capsys, "restore", tmp_path / "lab.tar")
    assert (status, len(out.splitlines())) == (0, 1)
    assert str(tmp_path / "again") in out
    assert "2 runs, 1 of them interrupted" in out


def test_a_file_that_is_there_and_a_folder_that_is_not_are_named(lab, tmp_path, capsys):
    (tmp_path / "mine.tar").write_text("precious")
    assert "mine.tar" in refused(capsys, "backup", "-o", tmp_path / "mine.tar")
    assert (tmp_path / "mine.tar").read_text() == "precious"
    assert "nowhere" in refused(capsys, "backup", "-o", tmp_path / "nowhere" / "mine.tar")
    assert os.strerror(2) in refused(capsys, "restore", tmp_path / "none.tar", "--home", tmp_path / "again")
    assert "mine.tar" in refused(capsys, "restore", tmp_path / "mine.tar", "--home", tmp_path / "again")
    assert not (tmp_path / "again").exists()


def test_a_data_folder_that_is_in_use_is_not_restored_into_and_an_empty_one_not_backed_up(
    lab, tmp_path, capsys, monkeypatch
):
    target = tmp_path / "lab.tar"
    called(capsys, "backup", "-o", target)
    assert "not empty" in refused(capsys, "restore", target)
    monkeypatch.setenv("TL_HOME", str(tmp_path / "empty"))
    assert "nothing to back up" in refused(capsys, "backup", "-o", tmp_path / "other.tar")


def test_a_backup_goes_through_a_pipe_as_out_of_a_container_and_into_one(lab, tmp_path):
    def run(*arguments: str, given: bytes = b"") -> bytes:
        command = [sys.executable, "-m", "tl_core", *arguments]
        done = subprocess.run(command, cwd=PROJECT, input=given, capture_output=True, timeout=PATIENCE_S, check=True)
        assert done.stderr == b""
        return done.stdout

    content = run("backup", "-o", "-")
    told = json.loads(run("restore", "-", "--home", str(tmp_path / "again"), "--json", given=content))
    assert told == {"home": str(tmp_path / "again"), "runs": 2, "interrupted": 1, "datasets": 0}
    assert [path.name for path in lab.iterdir() if path.name.startswith(".")] == []
