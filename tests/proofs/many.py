"""Ten thousand runs of a hundred epochs, with all that a real run has: the list comes at once, the file stays small.

And many at once: two processes that start the same runs, a copy made while training goes on, a clock that jumps.
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np

from tests.proofs.finding import Finding
from tests.proofs.kills import epoch_record
from tl_core.disk.locks import ServerLock
from tl_core.engine.environment import environment
from tl_core.errors import StoreError
from tl_core.evaluation.scores import score
from tl_core.paths import PROJECT
from tl_core.spec import RunSpec
from tl_core.store import transitions
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.names import new_id
from tl_core.store.records import EpochRecord, RunRecord, RunState, Visibility
from tl_core.store.sqlite.store import SqliteStore

N_RUNS = 10_000
N_EPOCHS = 100
N_RACES = 1000
N_OWNERS = 30
LIST_S = 1.0
MOST_BYTES = 200_000_000
START_S = 5.0


# ---- a large store ----


def fill(store: SqliteStore, n_runs: int) -> None:
    """Adds finished runs as they are after a real training, many in one transaction.

    Random:
        All figures come from a fixed seed, with all the digits that measured ones have.
    """
    chance = np.random.default_rng(0)
    for first in range(0, n_runs, 250):
        with store._writing() as table:
            for number in range(first, min(first + 250, n_runs)):
                record = table.insert(run(number, chance))
                for epoch in epochs(chance):
                    table.put_epoch(record.seq, epoch)
                table.put_trace(record, trace(chance))


def run(number: int, chance: np.random.Generator) -> RunRecord:
    """Returns a completed run with scores of 10 classes and the weight proof of 18 blocks."""
    spec, owner = RunSpec().with_changes(seed=number % 1000).to_dict(), f"owner {number % N_OWNERS}"
    queued = transitions.queued(spec, "run", f"run number {number}", environment(), owner, new_key())
    started = transitions.started(queued, 2_000_000, 10_000, True)
    scores = score(chance.normal(size=(200, 10)), chance.integers(0, 10, 200), np.arange(10))
    proof = [proof_row(block) for block in range(18)]
    ended = transitions.finished(started, RunState.COMPLETED, 7, scores["accuracy"], scores, proof, None, 9.5)
    return replace(ended, visibility=Visibility.CLASS if number % 3 == 0 else Visibility.PRIVATE)


def proof_row(block: int) -> dict:
    flags = {"frozen": True, "changed": False, "as_expected": True}
    return {"block": f"block_{block}", "before": new_key(), "after": new_key()} | flags


def new_key() -> str:
    return new_id()[:16]


def epochs(chance: np.random.Generator) -> list[EpochRecord]:
    numbers = chance.random((N_EPOCHS, 6)).tolist()
    return [EpochRecord(at, *row, at * 12, at * 384, False) for at, row in enumerate(numbers, start=1)]


def trace(chance: np.random.Generator) -> list[list[float]]:
    """Returns a curve of 400 points as `engine.traces` makes it: three batches of 32 pictures averaged in each."""
    losses = np.round(chance.random(400), 5).tolist()
    accuracies = np.round(chance.integers(0, 97, 400) / 96, 5).tolist()
    times = np.round(np.cumsum(chance.random(400)), 3).tolist()
    return [[3 * at, times[at], 96 * at, losses[at], accuracies[at]] for at in range(400)]


def seconds(action: Callable[[], object]) -> float:
    """Returns how long an action takes, the best of three times."""
    times = []
    for _ in range(3):
        began_s = time.perf_counter()
        action()
        times.append(time.perf_counter() - began_s)
    return min(times)


def prove_large(n_runs: int) -> list[Finding]:
    """Measures the lists of a large store, its file and its start."""
    with tempfile.TemporaryDirectory() as folder:
        home, visitor = Path(folder), Visitor("owner 3")
        with SqliteStore(home) as store:
            fill(store, n_runs)
        n_bytes = sum(path.stat().st_size for path in home.glob("runs.sqlite*"))
        began_s = time.perf_counter()
        with SqliteStore(home) as store:
            start_s = time.perf_counter() - began_s
            lists = {
                "all": lambda: store.list_runs(by=OPERATOR),
                "a visitor's": lambda: store.list_runs(by=visitor),
                "the newest 50": lambda: store.list_runs(by=visitor, limit=50),
                "found by a text": lambda: store.list_runs(by=OPERATOR, text="number 99"),
                "found by nothing": lambda: store.list_runs(by=visitor, text="no run has this"),
                "by state": lambda: store.list_runs(by=OPERATOR, states=[RunState.STOPPED, RunState.RUNNING]),
            }
            assert len(lists["all"]()) == n_runs
            times = {name: seconds(action) for name, action in lists.items()}
    what = f"list of {n_runs} runs"
    return [
        *(Finding(f"{what}: {name}", f"{s:.3f} s", f"{LIST_S} s", s <= LIST_S, True) for name, s in times.items()),
        Finding("database", f"{n_bytes / 1e6:.0f} MB", f"{MOST_BYTES / 1e6:.0f} MB", n_bytes <= MOST_BYTES),
        Finding("start", f"{start_s:.2f} s", f"{START_S} s", start_s <= START_S, is_speed=True),
    ]


# ---- two at once ----

RACER = """
import sys
from pathlib import Path
from tl_core.errors import StoreError
from tl_core.store.sqlite.store import SqliteStore

store, won = SqliteStore(Path(sys.argv[1])), []
print("open", flush=True)
for id in sys.stdin.readline().split():
    try:
        store.start_run(id, frozen_params=1, trainable_params=1, is_cached=False)
        won.append(id)
    except StoreError as error:
        assert error.code == "run_is_active", error
print(" ".join(won), flush=True)
input()
"""


def prove_races(n: int) -> list[Finding]:
    """Has two processes start the same runs at the same time; each run must be claimed exactly once."""
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder)) as store, ExitStack() as ended:
        ids = [store.create_run({}, role="run", name="x", environment={}).id for _ in range(n)]
        racers = [ended.enter_context(_process(RACER, folder)) for _ in range(2)]
        for racer in racers:
            racer.stdout.readline()
        for racer in racers:
            racer.stdin.write(" ".join(ids) + "\n")
            racer.stdin.flush()
        first, second = (set(racer.stdout.readline().split()) for racer in racers)
        for racer in racers:
            racer.kill()
    twice, never = len(first & second), n - len(first | second)
    found = f"{twice} twice, {never} never ({len(first)} and {len(second)})"
    return [Finding(f"{n} races of two processes", found, "0 twice, 0 never", not twice and not never)]


def _process(script: str, home: str) -> subprocess.Popen:
    command = [sys.executable, "-c", script, home]
    return subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


SERVER = """
import os, sys
from pathlib import Path
from tl_core.disk.locks import ServerLock

lock = ServerLock(Path(sys.argv[1]))
print("serving", flush=True)
input()
"""


def prove_servers() -> list[Finding]:
    """Starts a second server beside a living one, then after it was killed."""
    with tempfile.TemporaryDirectory() as folder, _process(SERVER, folder) as first:
        first.stdout.readline()
        began_s, code, pid = time.perf_counter(), "not refused", ""
        try:
            ServerLock(Path(folder)).close()
        except StoreError as error:
            code, pid = error.code, error.values["pid"]
        refused_s = time.perf_counter() - began_s
        first.kill()
        first.wait()
        began_s = time.perf_counter()
        ServerLock(Path(folder)).close()
        next_s = time.perf_counter() - began_s
        is_named = (code, pid) == ("server_running", str(first.pid))
    return [
        Finding("a second server", f"{code}, pid {pid}, {refused_s:.3f} s", "refused at once, named", is_named),
        Finding("the next one after kill -9", f"{next_s:.3f} s", "at once", next_s < 0.5, is_speed=True),
    ]


# ---- backup, clock ----

WRITER = """
import itertools, sys
from pathlib import Path
from tests.proofs.kills import epoch_record
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

store = SqliteStore(Path(sys.argv[1]))
for number in itertools.count():
    id = store.create_run({}, role="run", name="x", environment={}).id
    store.start_run(id, frozen_params=1, trainable_params=1, is_cached=False)
    for epoch in range(1, 11):
        store.add_epoch(id, epoch_record(epoch), [[0.1 * epoch] * 5] * 400)
    store.finish_run(id, RunState.COMPLETED)
    print(id, flush=True)
"""


def prove_backups(n: int) -> list[Finding]:
    """Copies the folder n times while another process writes; each copy must open and hold what was finished before."""
    bad, chance, finished = [], random.Random(0), []
    with tempfile.TemporaryDirectory() as folder, _process(WRITER, f"{folder}/home") as writer:
        for number in range(n):
            finished += [writer.stdout.readline().strip() for _ in range(chance.randrange(1, 6))]
            copy = Path(folder) / f"copy {number}"
            with suppress(shutil.Error):  # files that were gone before it was their turn
                shutil.copytree(Path(folder) / "home", copy)
            with SqliteStore(copy) as store:
                runs = {run.id: run.state for run in store.list_runs()}
                if any(runs.get(id) is not RunState.COMPLETED or len(store.epochs(id)) != 10 for id in finished):
                    bad.append(number)
                verdict = store._reader.execute("PRAGMA integrity_check").fetchone()[0]
                bad += [number] * (verdict != "ok")
            shutil.rmtree(copy)
        writer.kill()
    return [Finding(f"{n} copies of the folder while it is written", f"{len(bad)} incomplete", "0", not bad)]


def prove_clock() -> list[Finding]:
    """Sets the clock back and forward a year between runs, and opens the store again each time."""
    times = ("2026-01-01T00:00:00+00:00", "2025-01-01T00:00:00+00:00", "2027-01-01T00:00:00+00:00")
    with tempfile.TemporaryDirectory() as folder, SqliteStore(Path(folder)) as store:
        alive = []
        for now in times:
            with mock.patch.object(transitions, "now", lambda now=now: now), SqliteStore(Path(folder)) as other:
                live = store.create_run({}, role="run", name=now, environment={})
                alive.append(store.start_run(live.id, frozen_params=1, trainable_params=1, is_cached=False).id)
                other.recover()
        names = [listed.name for listed in store.list_runs()]
        dead = [id for id in alive if store.get(id).state is not RunState.RUNNING]
        store.add_epoch(alive[0], epoch_record(1))
    is_by_creation = names == list(reversed(times))
    return [
        Finding("listed by creation while the clock jumps", str(is_by_creation), "True", is_by_creation),
        Finding("live runs taken for dead", str(len(dead)), "0", not dead),
    ]


def prove(n: int | None = None) -> list[Finding]:
    """Proves the sizes with n runs, and what happens at once with as many races as a tenth of them."""
    large = prove_large(n or N_RUNS)
    races = prove_races(N_RACES if n is None else max(10, n // 10))
    return large + races + prove_servers() + prove_backups(40 if n is None else 3) + prove_clock()
