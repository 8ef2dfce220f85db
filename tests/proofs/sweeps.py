"""A sweep of 100 trials whose server is killed at 20 random moments: no finished trial is lost or trained again, and
one click after each kill brings all of them to their end.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.patience import until
from tests.proofs.finding import Finding
from tl_core.engine.service import Engine
from tl_core.experiments.sweep import Sweep, grid
from tl_core.paths import PROJECT
from tl_core.store.access import Visitor
from tl_core.store.records import RunState, SweepState
from tl_core.store.sqlite.store import SqliteStore

KILLS = 20
SEED = 17
LONGEST_S = 0.5  # between the first trial that a server trains and its kill
ANNA = Visitor("anna")
RATES = [round(1e-3 * 1.3**step, 6) for step in range(10)]
SERVER = """
import sys
from pathlib import Path
from tl_core.engine.service import Engine
from tl_core.store.access import Visitor
from tl_core.store.sqlite.store import SqliteStore

home = Path(sys.argv[1])
engine = Engine(SqliteStore(home), home)
engine.sweeps.go_on(sys.argv[2], by=Visitor("anna"))
print("on", flush=True)
sys.stdin.read()
"""


def prove(n: int | None = None) -> list[Finding]:
    """Kills `n` times, 20 where nothing is said."""
    n_kills = n or KILLS
    with tempfile.TemporaryDirectory() as folder:
        home, moments = Path(folder), random.Random(SEED)
        sweep_id = _begun(home, n_trials=100 if n_kills >= KILLS else 4 * n_kills)
        done: dict[str, str | None] = {}
        n_again, n_done = 0, 0
        for _ in range(n_kills):
            known, is_over = _killed(home, sweep_id, moments.uniform(0.0, LONGEST_S))
            n_again += sum(known.get(run_id) != ended for run_id, ended in done.items())
            done, n_done = known, n_done + 1
            if is_over:
                break
        state, states, last = _finished(home, sweep_id)
        n_again += sum(last.get(run_id) != ended for run_id, ended in done.items())
    return [
        Finding("servers killed before all was done", str(n_done), f"{n_kills}", n_done == n_kills),
        Finding("finished trials lost or trained again", str(n_again), "0", n_again == 0),
        Finding("the sweep in the end", state.value, "completed", state is SweepState.COMPLETED),
        Finding("its trials", ", ".join(sorted(set(states))), "completed", set(states) == {"completed"}),
    ]


def _begun(home: Path, n_trials: int) -> str:
    """Writes a sweep down, as one that was stopped before its first trial."""
    base = {"dataset": "groceries", "backbone": "squeezenet", "image_size": 64, "epochs": 5, "freeze": "all"}
    sweep = Sweep("own", base, grid({"head_learning_rate": RATES}), tuple(range(max(1, n_trials // len(RATES)))))
    with SqliteStore(home) as store:
        engine = Engine(store, home)
        record = engine.sweeps.start(sweep, by=ANNA, name="killed")
        engine.sweeps.stop(record.id, by=ANNA)
        until("it is at rest", lambda: not engine.sweeps.snapshot(record.id, by=ANNA).is_active)
        engine.close()
    return record.id


def _completed(store: SqliteStore, sweep_id: str) -> dict[str, str | None]:
    return {run.id: run.ended_at for run in store.list_runs(sweep=sweep_id, states=[RunState.COMPLETED])}


def _killed(home: Path, sweep_id: str, after_s: float) -> tuple[dict[str, str | None], bool]:
    """Lets a server go on and kills it; returns run → end of what has completed, and whether nothing is left to do."""
    command = [sys.executable, "-c", SERVER, str(home), sweep_id]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        is_on = server.stdout.readline().strip() == "on"
        with SqliteStore(home) as store:
            before = len(_completed(store, sweep_id))
            if is_on:
                until("a trial", lambda: len(_completed(store, sweep_id)) > before or _is_over(store, sweep_id))
                time.sleep(after_s)
            os.kill(server.pid, signal.SIGKILL)
            server.wait()
            return _completed(store, sweep_id), _is_over(store, sweep_id)


def _is_over(store: SqliteStore, sweep_id: str) -> bool:
    return store.sweeps.get(sweep_id).state is SweepState.COMPLETED


def _finished(home: Path, sweep_id: str) -> tuple[SweepState, list[str], dict[str, str | None]]:
    """Goes on to the end."""
    with SqliteStore(home) as store:
        engine = Engine(store, home)
        if engine.sweeps.snapshot(sweep_id, by=ANNA).record.state is not SweepState.COMPLETED:
            engine.sweeps.go_on(sweep_id, by=ANNA)
        until("all trials", lambda: not engine.sweeps.snapshot(sweep_id, by=ANNA).is_active)
        seen = engine.sweeps.snapshot(sweep_id, by=ANNA)
        last = _completed(store, sweep_id)
        engine.close()
        return seen.record.state, [str(row["state"]) for row in seen.rows], last
