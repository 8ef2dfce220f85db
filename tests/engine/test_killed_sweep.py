"""A sweep on the real worker, whose server is killed in the middle: what has completed is never trained again."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from patience import until

from tl_core.engine.service import Engine
from tl_core.experiments.sweep import Sweep, grid
from tl_core.paths import PROJECT
from tl_core.store.access import Visitor
from tl_core.store.records import RunState, SweepState
from tl_core.store.sqlite.store import SqliteStore

ANNA = Visitor("anna")
DEPTH = Sweep(
    "depth",
    {"dataset": "groceries", "backbone": "squeezenet", "image_size": 64, "epochs": 8},
    grid({"head_at": [2, 5, 8]}),
    (0, 1),
)
SERVER = """
import json
import sys
from pathlib import Path
from tl_core.engine.service import Engine
from tl_core.experiments.sweep import Sweep
from tl_core.store.access import Visitor
from tl_core.store.sqlite.store import SqliteStore

home = Path(sys.argv[1])
engine = Engine(SqliteStore(home), home)
sweep = engine.sweeps.start(Sweep.from_dict(json.loads(sys.argv[2])), by=Visitor("anna"), name="depth")
print(sweep.id, flush=True)
sys.stdin.read()
"""


def killed_in_the_middle(home: Path) -> str:
    """Kills a server once two trials have completed; returns the sweep."""
    command = [sys.executable, "-c", SERVER, str(home), json.dumps(DEPTH.to_dict())]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        sweep_id = server.stdout.readline().strip()
        with SqliteStore(home) as store:
            until("two trials", lambda: len(completed(store, sweep_id)) >= 2)
            os.kill(server.pid, signal.SIGKILL)
        server.wait()
    return sweep_id


def completed(store, sweep_id: str) -> dict[str, str | None]:
    runs = store.list_runs(sweep=sweep_id, states=[RunState.COMPLETED])
    return {run.id: run.ended_at for run in runs}


@pytest.mark.processes
@pytest.mark.slow
def test_a_sweep_whose_server_is_killed_goes_on_and_trains_no_completed_trial_again(tmp_path):
    sweep_id = killed_in_the_middle(tmp_path)
    with SqliteStore(tmp_path) as store:
        done = completed(store, sweep_id)
        assert len(done) >= 2
        engine = Engine(store, tmp_path)
        before = engine.sweeps.snapshot(sweep_id, by=ANNA)
        assert before.record.state is SweepState.INTERRUPTED
        assert before.n_done == len(done)
        cached = {path.name for path in (tmp_path / "cache").glob("*.npy")}
        engine.sweeps.go_on(sweep_id, by=ANNA)
        until("all trials", lambda: not engine.sweeps.snapshot(sweep_id, by=ANNA).is_active)
        seen = engine.sweeps.snapshot(sweep_id, by=ANNA)
        assert (seen.record.state, seen.n_done) == (SweepState.COMPLETED, 6)
        assert {row["state"] for row in seen.rows} == {"completed"}
        assert {id: store.get(id).ended_at for id in done} == done
        assert len(store.list_runs(sweep=sweep_id)) == 6
        assert {path.name for path in (tmp_path / "cache").glob("*.npy")} == cached  # no features were computed again
        assert [row["test_accuracy"] for row in seen.rows] == sorted_by_place(store, sweep_id)
        engine.close()


def sorted_by_place(store, sweep_id: str) -> list[float | None]:
    return [run.test_accuracy for run in sorted(store.list_runs(sweep=sweep_id), key=lambda run: run.trial)]
