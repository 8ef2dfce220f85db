"""A disk that refuses, at any write: nothing that was acknowledged is lost, and work goes on when it accepts again.

One short life of a store is played again and again: opened, a run trained with a checkpoint after each epoch, finished,
named, shared, copied, deleted, closed. Each time the disk refuses another write, or all from there on; once it is
healed the store must answer, the last checkpoint must load, and the same life must succeed.
"""

import errno
import math
import resource
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import numpy as np

from tests.proofs._disk import Disk, failing_disk, sqlite_library
from tests.proofs.finding import Finding
from tests.proofs.kills import epoch_record
from tl_core.disk import space
from tl_core.disk.files import WEIGHTS_FILE, latest_checkpoint, save_checkpoint, write_tensors
from tl_core.errors import StoreError
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunState, Visibility
from tl_core.store.sqlite.store import SqliteStore

N_WRITES = 200
N_EPOCHS = 8
OURS = {"disk_full", "home_not_writable", "store_busy", "store_damaged", "store_failed"}
BECAUSE = {"file_damaged", "run_not_completed", "run_is_active"}  # of what was refused before
SEED = "the run before"


@dataclass
class Life:
    """What a store that was used has acknowledged.

    Attributes:
        codes: The errors that the store raised.
        strangers: Errors that are none of ours.
        epochs: Epochs of the run that was trained.
        checkpoint: Number of its last checkpoint.
        ended: Whether its end was acknowledged.
        run_id: The run; None before it was made.
    """

    codes: Counter = field(default_factory=Counter)
    strangers: list[str] = field(default_factory=list)
    epochs: list[int] = field(default_factory=list)
    checkpoint: int = 0
    ended: bool = False
    run_id: str | None = None

    def attempt(self, action: Callable[[], object]) -> bool:
        """Does something that the disk may refuse; returns whether it did not."""
        try:
            action()
        except StoreError as error:
            self.codes[error.code] += 1
        except Exception as error:  # whatever comes here is the finding
            self.strangers.append(f"{type(error).__name__}: {error}")
        else:
            return True
        return False


def weights(number: int) -> dict[str, np.ndarray]:
    return {"w": np.full(1000, number, np.float32)}


def live(home: Path, life: Life) -> None:
    """Uses a store for everything that it can do; goes on after what is refused, as a server does."""

    def use() -> None:
        with SqliteStore(home) as store:
            _train(store, life)
            _look_after(store, life)

    life.attempt(use)


def _train(store: SqliteStore, life: Life) -> None:
    life.run_id = store.create_run({}, role="run", name="run", environment={}).id
    numbers = {"frozen_params": 1, "trainable_params": 1, "is_cached": False}
    if not life.attempt(lambda: store.start_run(life.run_id, **numbers)):
        return
    folder = store.run_folder(life.run_id)
    for number in range(1, N_EPOCHS + 1):
        if life.attempt(lambda number=number: store.add_epoch(life.run_id, epoch_record(number), [[number, 1.0]])):
            life.epochs.append(number)
        if life.attempt(lambda number=number: save_checkpoint(folder, number, weights(number), {})):
            life.checkpoint = number
    life.attempt(lambda: write_tensors(folder / WEIGHTS_FILE, weights(0), {}))
    life.ended = life.attempt(lambda: store.finish_run(life.run_id, RunState.COMPLETED, test_accuracy=0.5))


def _look_after(store: SqliteStore, life: Life) -> None:
    """Does what people do beside training."""
    run_id = life.run_id
    for action in (
        lambda: store.rename(run_id, "renamed", by=OPERATOR),
        lambda: store.share(run_id, Visibility.CLASS, by=OPERATOR),
        lambda: store.save_trace(run_id, [[1, 2.0]] * 400),
        lambda: store.save_timing("key", {"s": 1.0}),
        lambda: store.save_setting("key", {"n": 1}, by=OPERATOR),
        lambda: store.name_owner("local", "somebody", by=OPERATOR),
        lambda: store.delete(store.copy_run(run_id, name="copy", owner="anna", role="run").id, by=OPERATOR),
        store.recover,
    ):
        life.attempt(action)


def prepared(home: Path) -> None:
    """Makes a store with one finished run in it."""
    with SqliteStore(home) as store:
        life = Life()
        _train(store, life)
        store.rename(life.run_id, SEED, by=OPERATOR)


def unkept(home: Path, life: Life) -> list[str]:
    """Returns which promises are broken, looking with a disk that accepts everything again."""
    broken = list(life.strangers)
    broken += [f"a foreign error {code}" for code in set(life.codes) - OURS - BECAUSE]
    with SqliteStore(home) as store:
        runs = {run.id: run for run in store.list_runs()}
        if not any(run.name == SEED and run.state is RunState.COMPLETED for run in runs.values()):
            broken.append("the run before is lost")
        if any(not run.state.is_finished for run in runs.values()):
            broken.append("a run is still active")
        if life.run_id in runs:
            broken += _unkept_of_run(store, life)
        elif life.epochs:
            broken.append("the run is lost")
    return broken


def _unkept_of_run(store: SqliteStore, life: Life) -> Iterator[str]:
    if not set(life.epochs) <= {epoch.epoch for epoch in store.epochs(life.run_id)}:
        yield "acknowledged epochs are lost"
    found = latest_checkpoint(store.run_folder(life.run_id))
    if life.checkpoint and (found is None or {found[0]} != set(found[1]["w"].tolist()) or found[0] < life.checkpoint):
        yield "the last checkpoint does not load"
    if life.ended and store.get(life.run_id).state is not RunState.COMPLETED:
        yield "an acknowledged end is lost"
    if set(life.codes) <= OURS and not store.epochs(life.run_id) and life.epochs:
        yield "the curve is lost"


def fault(disk: Disk, template: Path, at: int, number: int) -> tuple[list[str], int, Counter]:
    """Plays one life in which the disk refuses from one write on; with EIO only that one.

    Returns:
        What was broken, how many writes were refused, and the codes of the errors.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(template, home)
        life, again = Life(), Life()
        disk.fail(at, number, 1 if number == errno.EIO else math.inf)
        live(home, life)
        n_refused = disk.n_refused
        disk.heal()
        broken = unkept(home, life)
        live(home, again)
        if again.codes or again.strangers or not again.ended:
            broken.append(f"does not go on afterwards: {dict(again.codes)} {again.strangers}")
        return broken, n_refused, life.codes


def prove_errors(n: int) -> list[Finding]:
    """Refuses everything from each of n writes on ("no space"), then each of them alone ("input/output error"), then
    everything from the first ("read-only").
    """
    cases = [(at, number) for number in (errno.ENOSPC, errno.EIO) for at in range(1, n + 1)] + [(1, errno.EROFS)]
    broken, n_hit, codes = [], 0, Counter()
    with tempfile.TemporaryDirectory() as folder, failing_disk() as disk:
        prepared(Path(folder))
        for at, number in cases:
            found, n_refused, seen = fault(disk, Path(folder), at, number)
            broken += [f"{errno.errorcode[number]} at write {at}: {what}" for what in found]
            n_hit += n_refused > 0
            codes += seen
    layers = "Python's and SQLite's" if sqlite_library() else "Python's (SQLite is not a library of its own here)"
    return [
        Finding("lives with a refused write", f"{n_hit} of {len(cases)}, {layers} writes", "all", n_hit == len(cases)),
        Finding("errors raised", str(dict(codes.most_common())), "ours", set(codes) <= OURS | BECAUSE),
        Finding("promises broken", "; ".join(broken[:5]) or "0", "0", not broken),
    ]


@contextmanager
def small_disk() -> Iterator[tuple[Path, str]]:
    """Yields a folder on a disk of 24 MB, or, where nobody may mount one, where no file may become larger than 3 MB."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]
        is_mounted = bool(shutil.which("mount")) and not subprocess.run(mount, capture_output=True).returncode
        if is_mounted:
            try:
                yield Path(folder), "a disk of 24 MB"
            finally:
                subprocess.run(["umount", "-l", folder], check=True)
            return
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
        try:
            yield Path(folder), "files of 3 MB at most"
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def prove_full() -> list[Finding]:
    """Fills a small disk by training, until epochs, checkpoints and final weights are all refused; then makes room."""
    with small_disk() as (home, kind), mock.patch.object(space, "RESERVE_BYTES", 0), SqliteStore(home) as store:
        run = store.create_run({}, role="run", name="run", environment={})
        store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=False)
        life, folder = Life(run_id=run.id), store.run_folder(run.id)
        for number in range(1, 30):  # 0.5 MB more each time: at last two of them and a third do not fit
            size = {"w": np.full(number * 120_000, number, np.float32)}
            if life.attempt(lambda number=number, size=size: save_checkpoint(folder, number, size, {})):
                life.checkpoint = number
        _fill(home)
        refused = {
            "an epoch": not life.attempt(lambda: _many_epochs(store, run.id)),
            "a checkpoint": not life.attempt(lambda: save_checkpoint(folder, 99, {"w": np.zeros(900_000)}, {})),
            "the final weights": not life.attempt(
                lambda: write_tensors(folder / WEIGHTS_FILE, {"w": np.zeros(900_000)}, {})
            ),
        }
        is_readable = [listed.id for listed in store.list_runs()] == [run.id]
        found = latest_checkpoint(folder)
        is_safe = found is not None and found[0] == life.checkpoint and set(found[1]["w"].tolist()) == {found[0]}
        is_safe &= is_readable
        (home / "ballast").unlink(missing_ok=True)
        later = Life()
        goes_on = later.attempt(lambda: store.add_epoch(run.id, epoch_record(1)))
        goes_on &= later.attempt(lambda: save_checkpoint(folder, life.checkpoint + 1, weights(1), {}))
        goes_on &= later.attempt(lambda: store.finish_run(run.id, RunState.COMPLETED))
        strangers = life.strangers + [code for code in life.codes if code not in OURS]
    return [
        Finding(f"full ({kind}): refused", ", ".join(name for name in refused if refused[name]), "all", _all(refused)),
        Finding("errors", str(dict(life.codes)), "ours", not strangers),
        Finding("the last checkpoint loads, the list can be read", str(is_safe), "True", is_safe),
        Finding("work goes on when there is room", str(goes_on), "True", goes_on),
    ]


def _all(refused: dict[str, bool]) -> bool:
    return all(refused.values())


def _fill(home: Path) -> None:
    with suppress(OSError), open(home / "ballast", "wb", buffering=0) as file:
        for size in (1_000_000, 10_000, 100):
            with suppress(OSError):
                while file.tell() < 30_000_000:
                    file.write(bytes(size))


def _many_epochs(store: SqliteStore, run_id: str) -> None:
    for number in range(1, 2000):
        store.add_epoch(run_id, epoch_record(number), [[0.123456789 * number] * 5] * 400)


def prove(n: int | None = None) -> list[Finding]:
    """Refuses each of n writes with two errors, and fills a small disk."""
    return prove_errors(n or N_WRITES) + prove_full()
