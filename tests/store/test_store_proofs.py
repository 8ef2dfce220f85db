"""Short versions of what `python -m tests.proofs NAME` shows at full size."""

import errno
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.patience import PATIENCE_S  # also where `check_alone` imports this
from tests.proofs import damage, faults, kills, many
from tests.proofs._disk import failing_disk, sqlite_library
from tests.proofs.finding import unmet
from tl_core.paths import PROJECT
from tl_core.store.sqlite.store import SqliteStore


def check_alone(check: Callable[[Path], None], home: Path) -> None:
    """Runs a check in a process of its own: a disk that fails fails for every database that the process has open."""
    code = f"from tests.store.{Path(__file__).stem} import {check.__name__} as check; from pathlib import Path; "
    command = [sys.executable, "-c", code + f"check(Path({str(home)!r}))"]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_nothing_is_lost_by_kill_9():
    assert unmet(kills.prove(5)) == []


def refused_at_some_writes(home: Path) -> None:
    faults.prepared(home)
    with failing_disk() as disk:
        for at, number in [(1, errno.EROFS), (9, errno.EIO), (14, errno.ENOSPC), (40, errno.EIO), (77, errno.ENOSPC)]:
            broken, n_refused, _ = faults.fault(disk, home, at, number)
            assert (broken, n_refused > 0) == ([], True), at


@pytest.mark.slow
def test_a_disk_that_refuses_any_write_loses_nothing_and_work_goes_on_afterwards(tmp_path):
    check_alone(refused_at_some_writes, tmp_path)


@pytest.mark.slow
def test_a_full_disk_refuses_epochs_checkpoints_and_weights_and_loses_none():
    assert unmet(faults.prove_full()) == []


@pytest.mark.slow
def test_a_damaged_list_of_runs_is_rebuilt():
    assert unmet(damage.prove(6)) == []


@pytest.mark.slow
def test_many_runs_at_once():
    assert unmet(many.prove(60)) == []


needs_sqlite = pytest.mark.skipif(sqlite_library() is None, reason="SQLite is a part of Python's own module here")


def one_sync_an_epoch(home: Path) -> None:
    with failing_disk() as disk, SqliteStore(home) as store:
        run = store.create_run({}, role="run", name="run", environment={})
        store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=False)
        for number in range(1, 6):
            disk.heal()
            store.add_epoch(run.id, kills.epoch_record(number), [[number, 1.0]] * 400)
            assert disk.n_syncs == 1


def writes_below_sqlite(home: Path) -> None:
    with failing_disk() as disk:
        faults.prepared(home)
        n_writes = disk.n_writes
    assert n_writes > faults.N_WRITES


@needs_sqlite
def test_an_epoch_waits_for_one_sync_however_slow_the_disk_is(tmp_path):
    check_alone(one_sync_an_epoch, tmp_path)


@needs_sqlite
def test_the_disk_that_refuses_is_below_sqlite_as_well(tmp_path):
    check_alone(writes_below_sqlite, tmp_path)
