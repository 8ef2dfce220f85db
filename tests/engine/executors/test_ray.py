"""Workers of a Ray cluster on this machine: they are lost in every way, and no run is. Without Ray nothing is tried."""

import os
import signal
import subprocess
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest
from patience import until

from tests.engine.executors.far_workers import begun, workers_of
from tl_core.engine.executors import chosen as choice
from tl_core.engine.executors import ray_workers
from tl_core.engine.executors.chosen import chosen
from tl_core.engine.executors.contract import LOST
from tl_core.engine.executors.ray_workers import BRIDGE, RayWorkers
from tl_core.engine.pool.capacity import Capacity
from tl_core.engine.service import Engine
from tl_core.errors import InputError
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore

real = [
    pytest.mark.full,
    pytest.mark.slow,
    pytest.mark.processes,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: make ray"),
]


def test_a_cluster_has_as_many_places_as_is_said_or_this_machine_has_cores(monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda name: object())
    for text, n in (("ray=8", 8), ("ray", os.cpu_count())):
        start, capacity = chosen(text)
        assert isinstance(start, RayWorkers)
        assert capacity.n_elsewhere == n


@pytest.mark.parametrize("text", ["ray=0", "ray=x", "ray:8", "ray=257"])
def test_a_cluster_with_no_number_of_places_is_refused(monkeypatch, text):
    monkeypatch.setattr(choice, "find_spec", lambda name: object())
    with pytest.raises(InputError, match="bad_executor"):
        chosen(text)


def test_where_ray_is_not_installed_the_operator_is_told_how_to(monkeypatch):
    monkeypatch.setattr(choice, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="no_ray"):
        chosen("ray")


class Gone:
    """A bridge whose cluster is gone at once, or after a worker was ready."""

    def __init__(self, has_spoken: bool) -> None:
        self.is_over, self.is_left, self.has_spoken = True, False, has_spoken

    def join(self, listener, start: dict) -> str:
        return "worker"


@pytest.mark.parametrize(("spoken", "n_tried"), [([False] * 5, 2), ([True, False, False, False], 2), ([True] * 4, 5)])
def test_where_the_cluster_does_not_come_back_workers_stand_here(monkeypatch, tmp_path, spoken, n_tried):
    tried, here, exits = iter(spoken), [], []
    monkeypatch.setattr(ray_workers, "_Bridge", lambda home, n_places: Gone(next(tried)))
    monkeypatch.setattr(ray_workers, "WorkerProcess", lambda *about: here.append(about[-1]))
    start = RayWorkers(4)
    for _ in range(4):
        start(tmp_path, print, exits.append, threads=1)
    n_far = min(n_tried, 4)
    until("each lost worker says so", lambda: exits == [LOST] * n_far)
    assert len(here) == 4 - n_far


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """An engine whose runs with one thread are trained on a cluster of its own."""
    monkeypatch.setenv("TL_THREADS", "2")
    monkeypatch.delenv("TL_RAY_ADDRESS", raising=False)
    made = Engine(SqliteStore(tmp_path), tmp_path, RayWorkers(2), capacity=Capacity(n_elsewhere=1))
    yield made
    made.close()


def _processes(name: str) -> list[int]:
    found = subprocess.run(["pgrep", "-f", name], capture_output=True, text=True, check=False).stdout.split()
    return [int(pid) for pid in found if _is_alive(Path("/proc") / pid / "stat")]


def _is_alive(stat: Path) -> bool:
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


ENDS = {
    "the worker is killed": (lambda home: workers_of(home), signal.SIGKILL),
    "the worker is frozen": (lambda home: workers_of(home), signal.SIGSTOP),
    "its actor is killed": (lambda home: _processes("^ray::Actor"), signal.SIGKILL),
    "its node is killed": (lambda home: _processes("raylet/raylet"), signal.SIGKILL),
    "the cluster is killed": (lambda home: _processes("gcs_server"), signal.SIGKILL),
    "the bridge is killed": (lambda home: _processes(BRIDGE), signal.SIGKILL),
}


@pytest.mark.parametrize("end", ENDS)
class TestLosses:
    pytestmark = real

    def test_a_run_goes_on_by_itself_and_misses_no_epoch(self, engine, tmp_path, end):
        run_id = begun(engine)
        before, known = workers_of(tmp_path), len(engine.store.epochs(run_id))
        find, number = ENDS[end]
        victims = find(tmp_path)
        assert victims
        for pid in victims:
            os.kill(pid, number)
        if end != "the cluster is killed":  # a node that trains goes on while the head is gone, until it notices
            until("it was lost", lambda: engine.runs.snapshot(run_id, by=OPERATOR).n_lost == 1)
        until("it goes on", lambda: len(engine.store.epochs(run_id)) > known + 3)
        if end == "the worker is frozen":
            for pid in victims:
                with suppress(ProcessLookupError):  # it was ended while it was frozen
                    os.kill(pid, signal.SIGCONT)
        if end != "the cluster is killed":
            until("the old one has ended", lambda: not set(before) & set(workers_of(tmp_path)))
        epochs = [one.epoch for one in engine.store.epochs(run_id)]
        assert epochs == list(range(1, len(epochs) + 1))
        engine.runs.stop(run_id, by=OPERATOR)


class TestWorker:
    pytestmark = real

    def test_a_run_is_trained_on_the_cluster_and_all_ends_with_the_engine(self, engine, tmp_path):
        run_id = begun(engine, 8)
        until("it is over", lambda: engine.store.get(run_id).state is RunState.COMPLETED)
        assert workers_of(tmp_path)
        engine.close()
        until("no worker is left", lambda: not workers_of(tmp_path))
        until("no bridge is left", lambda: not _processes(BRIDGE))
