"""Damage to the list of runs, byte by byte and file by file: the store starts, and the other runs are readable."""

import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.proofs.finding import Finding
from tests.proofs.kills import epoch_record
from tl_core.disk.files import latest_checkpoint, save_checkpoint
from tl_core.errors import StoreError
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunRecord, RunState, Visibility
from tl_core.store.sqlite.store import SqliteStore

N_RUNS = 24
N_EPOCHS = 6
DATABASE = "runs.sqlite"
SPEC = {"dataset": "groceries", "backbone": "squeezenet", "note": "x" * 3000}  # does not fit into one page


def filled(home: Path) -> list[RunRecord]:
    """Makes a store with finished runs of two owners, and returns them, newest first."""
    with SqliteStore(home) as store:
        store.name_owner("anna", "Anna", by=Visitor("anna"))
        store.save_setting("limits", {"runs": 7}, by=OPERATOR)
        for number in range(N_RUNS):
            owner = "anna" if number % 2 else "ben"
            run = store.create_run(SPEC, role="run", name=f"run {number}", environment={"cores": 2}, owner=owner)
            store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=False)
            for epoch in range(1, N_EPOCHS + 1):
                store.add_epoch(run.id, epoch_record(epoch))
            store.finish_run(run.id, RunState.COMPLETED, test_accuracy=0.5, scores={"matrix": [[1] * 40] * 40})
            store.save_trace(run.id, [[step, step / 7, 0.1] for step in range(400)])
            store.share(run.id, Visibility.CLASS if number % 3 else Visibility.PRIVATE, by=OPERATOR)
        return store.list_runs()


def readable(home: Path, expected: list[RunRecord], most_damaged: int) -> str:
    """Opens a store and compares every run with what it was; returns what is wrong, or nothing."""
    with SqliteStore(home) as store:
        found = {run.id: run for run in store.list_runs()}
        damaged = {id for id, run in found.items() if run.error and run.error["code"] == "run_damaged"}
        wrong = [run for run in expected if run.id not in damaged and found.get(run.id) != run]
        if wrong or len(damaged) > most_damaged:
            return f"{len(wrong)} runs wrong, {len(damaged)} damaged"
        if any(len(store.epochs(run.id)) != N_EPOCHS for run in expected):
            return "epochs are missing"
        if any(len(store.trace(run.id)) != 400 for run in expected if run.id not in damaged):
            return "a curve is missing"
        anna, limits = store.owners().get("anna"), store.setting("limits")
        return "" if anna and anna.name == "Anna" and limits == {"runs": 7} else f"{anna} {limits}"


def restore(home: Path, database: bytes) -> None:
    """Puts the whole database back, and removes what was moved aside."""
    for path in home.glob(f"{DATABASE}*"):
        path.unlink()
    (home / DATABASE).write_bytes(database)


def page_size(database: bytes) -> int:
    return int.from_bytes(database[16:18])  # of the header; 1 would stand for 65536


def pages(database: bytes, n: int | None) -> Iterator[tuple[str, bytes]]:
    """Yields copies of the database with one page zeroed, all pages in turn or n of them."""
    size = page_size(database)
    n_pages = len(database) // size
    for page in range(0, n_pages, 1 if n is None else max(1, n_pages // n)):
        start = page * size
        yield f"page {page + 1} of zeros", database[:start] + bytes(size) + database[start + size :]


def files(database: bytes) -> Iterator[tuple[str, bytes]]:
    """Yields what else may stand in the place of the database."""
    for length in (0, 1, 99, 100, 511, 4095, 4096, 4097, len(database) // 2, len(database) - 4096, len(database) - 1):
        yield f"cut to {length} bytes", database[:length]
    yield "text", "这不是数据库\n".encode() * 300
    yield "another database", _another()


def _another() -> bytes:
    with tempfile.TemporaryDirectory() as folder, closing(sqlite3.connect(f"{folder}/x")) as connection:
        connection.execute("CREATE TABLE run (a)")
        connection.commit()
        return Path(folder, "x").read_bytes()


def spoil(home: Path, cases: Iterator[tuple[str, bytes]], expected: list[RunRecord]) -> tuple[int, list[str], float]:
    """Tries each case; returns their number, what went wrong, and the slowest start in seconds."""
    database, wrong, slowest_s, n_cases = (home / DATABASE).read_bytes(), [], 0.0, 0
    for name, content in cases:
        restore(home, content)
        began_s, n_cases = time.monotonic(), n_cases + 1
        try:
            problem = readable(home, expected, most_damaged=0)
        except Exception as error:  # whatever comes here is the finding
            problem = f"{type(error).__name__}: {error}"
        wrong += [f"{name}: {problem}"] * bool(problem)
        slowest_s = max(slowest_s, time.monotonic() - began_s)
    restore(home, database)
    return n_cases, wrong, slowest_s


def deleted(home: Path, expected: list[RunRecord]) -> str:
    (home / DATABASE).unlink()
    return readable(home, expected, most_damaged=0)


def without_journal(home: Path, expected: list[RunRecord]) -> str:
    """Loses what was not yet taken over from the journal: a run that had begun, trained and ended since."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "home"
        with SqliteStore(home) as store:
            new = store.create_run(SPEC, role="run", name="new", environment={})
            store.start_run(new.id, frozen_params=1, trainable_params=1, is_cached=False)
            for epoch in range(1, N_EPOCHS + 1):
                store.add_epoch(new.id, epoch_record(epoch))
            new = store.finish_run(new.id, RunState.COMPLETED)
            store.save_trace(new.id, [[1, 1.0]] * 400)
            shutil.copytree(home, copy)
            store.delete(new.id, by=OPERATOR)
        (copy / f"{DATABASE}-wal").unlink()
        return readable(copy, [new, *expected], most_damaged=0)


def while_running(home: Path, expected: list[RunRecord]) -> str:
    """Loses the database under a run: its epochs so far, its checkpoint and its owner stay."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "home"
        with SqliteStore(home) as store:
            run = store.create_run(SPEC, role="run", name="running", environment={}, owner="anna")
            run = store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=False)
            for epoch in range(1, N_EPOCHS + 1):
                store.add_epoch(run.id, epoch_record(epoch))
            save_checkpoint(store.run_folder(run.id), N_EPOCHS, {"w": np.zeros(9)}, {})
            shutil.copytree(home, copy)
            store.finish_run(run.id, RunState.STOPPED)
            store.delete(run.id, by=OPERATOR)
        (copy / DATABASE).unlink()
        with SqliteStore(copy) as store:
            found, n_epochs = store.get(run.id), len(store.epochs(run.id))
            checkpoint = latest_checkpoint(store.run_folder(run.id))
            is_well = (found, n_epochs) == (replace(run, state=RunState.INTERRUPTED), N_EPOCHS) and checkpoint
            return "" if is_well else f"{found.state}, {n_epochs} epochs, {checkpoint and checkpoint[0]}"


def damaged_row(home: Path, expected: list[RunRecord]) -> str:
    """Spoils one row in different ways: it is mended from its copy; without one it is told, and hides no other."""
    database, copy = (home / DATABASE).read_bytes(), home / "runs" / expected[3].id / "record.json"
    content = copy.read_bytes()
    for column, value in (("spec", b"{"), ("spec", b"{\xff"), ("spec", b""), ("state", b"odd"), ("scores", b"\0\0")):
        for is_copied in (True, False):
            with closing(sqlite3.connect(home / DATABASE)) as connection:
                connection.execute(f"UPDATE run SET {column} = CAST(? AS TEXT) WHERE id = ?", (value, expected[3].id))
                connection.commit()
            if not is_copied:
                copy.unlink()
            problem = readable(home, expected, most_damaged=0) if is_copied else _one_damaged(home, expected)
            copy.write_bytes(content)
            restore(home, database)
            if problem:
                return f"{column} = {value}: {problem}"
    return ""


def _one_damaged(home: Path, expected: list[RunRecord]) -> str:
    bad = expected[3].id
    with SqliteStore(home) as store:
        found = store.list_runs()
        if [run for run in found if run.id != bad] != [run for run in expected if run.id != bad]:
            return "others are hidden"
        if (store.get(bad).state, store.get(bad).error["code"]) != (RunState.FAILED, "run_damaged"):
            return "not told"
        try:
            store.rename(bad, "x", by=OPERATOR)
        except StoreError as error:
            return "" if error.code == "run_damaged" else error.code
        return "what is left of it was overwritten"


def from_the_future(home: Path, expected: list[RunRecord]) -> str:
    """Opens a database of a later version: refused in one sentence, nothing moved, nothing changed."""
    database = (home / DATABASE).read_bytes()
    restore(home, database[:60] + (99).to_bytes(4) + database[64:])  # user_version
    before = {path: path.read_bytes() for path in home.glob(f"{DATABASE}*")}
    try:
        SqliteStore(home).close()
        problem = "it was opened"
    except StoreError as error:
        problem = "" if error.code == "store_from_future" else error.code
    if {path: path.read_bytes() for path in home.glob(f"{DATABASE}*")} != before:
        problem += " files were changed"
    restore(home, database)
    return problem


SINGLE: tuple[Callable[[Path, list[RunRecord]], str], ...] = (
    without_journal,
    while_running,
    damaged_row,
    from_the_future,
    deleted,
)


def damaged_copies(home: Path, expected: list[RunRecord]) -> str:
    """Spoils two copies in run folders as well as the database: the others are rebuilt."""
    for run, content in zip(expected, ("{", json.dumps({"record": {}, "epochs": []})), strict=False):
        (home / "runs" / run.id / "record.json").write_text(content)
    (home / DATABASE).unlink()
    return readable(home, expected[2:], most_damaged=0)


def prove(n: int | None = None) -> list[Finding]:
    """Zeroes each page in turn (or n of them), and tries every other damage once."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        expected = filled(home)
        n_pages, wrong, slowest_s = spoil(home, pages((home / DATABASE).read_bytes(), n), expected)
        n_files, wrong_files, _ = spoil(home, files((home / DATABASE).read_bytes()), expected)
        singles = {case.__name__: case(home, expected) for case in (*SINGLE, damaged_copies)}
    return [
        _finding(f"{n_pages} pages zeroed in turn", wrong),
        Finding("slowest start and look at all", f"{slowest_s:.2f} s", "5 s", slowest_s <= 5, is_speed=True),
        _finding(f"{n_files} cut or foreign databases", wrong_files),
        *(_finding(name.replace("_", " "), [problem] * bool(problem)) for name, problem in singles.items()),
    ]


def _finding(what: str, wrong: list[str]) -> Finding:
    return Finding(what, "; ".join(wrong[:4]) or "starts, all runs there", "starts, other runs readable", not wrong)
