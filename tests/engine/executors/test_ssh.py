"""Workers over ssh, with a server of ssh on this machine; and what an operator may choose."""

import os
import signal
import subprocess
from contextlib import suppress

import pytest
from patience import until

from tests.engine.executors.far_workers import begun, workers_of
from tests.engine.executors.local_sshd import SSHD, local_sshd
from tl_core.disk.files import latest_checkpoint
from tl_core.engine.executors import ssh
from tl_core.engine.executors.chosen import chosen
from tl_core.engine.executors.contract import LOST
from tl_core.engine.executors.process import WorkerProcess
from tl_core.engine.executors.ssh import SshWorker, SshWorkers
from tl_core.engine.pool.capacity import Capacity
from tl_core.engine.service import Engine
from tl_core.errors import InputError
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunState
from tl_core.store.sqlite.store import SqliteStore


@pytest.mark.parametrize("text", ["", "process", " process "])
def test_without_a_choice_workers_are_processes_here(text):
    assert chosen(text) == (WorkerProcess, Capacity())


def test_machines_have_two_places_or_as_many_as_is_said_and_take_turns(monkeypatch, tmp_path):
    start, capacity = chosen("ssh:gpu1, anna@gpu2=4")
    assert isinstance(start, SshWorkers)
    assert (capacity.n_elsewhere, capacity.n_extra(8)) == (6, 6)
    made = []
    monkeypatch.setattr(ssh, "SshWorker", lambda host, *about: made.append(host))
    monkeypatch.setattr(ssh, "WorkerProcess", lambda *about: made.append("here"))
    start(tmp_path, print, print)
    for _ in range(6):
        start(tmp_path, print, print, threads=1)
    assert made == ["here", "gpu1", "anna@gpu2", "gpu1", "anna@gpu2", "anna@gpu2", "anna@gpu2"]


@pytest.mark.parametrize("text", ["ray2", "ssh", "ssh:", "ssh:a,,b", "ssh:a=0", "ssh:a=x", "ssh:-oProxyCommand=x"])
def test_what_there_is_not_is_refused_in_a_sentence(text):
    with pytest.raises(InputError) as refused:
        chosen(text)
    assert refused.value.code == "bad_executor"


def test_a_machine_that_cannot_be_reached_is_lost_and_a_worker_that_was_killed_there_is_not(monkeypatch, tmp_path):
    said = []
    for status in (255, 75, 137, 1):
        monkeypatch.setenv("TL_SSH", f"{_shell(status)}")
        SshWorker("far", tmp_path, print, said.append, 1)
        until("it has ended", lambda status=status: len(said) > [255, 75, 137, 1].index(status))
    assert said == [LOST, LOST, 137, 1]


def _shell(status: int) -> str:
    return f"sh -c 'exit {status}'"


needs_sshd = pytest.mark.skipif(SSHD is None, reason="there is no ssh server on this machine")


@pytest.fixture(scope="module")
def far(tmp_path_factory):
    with local_sshd(tmp_path_factory.mktemp("ssh")) as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TL_SSH", found[0])
        yield found


@pytest.fixture
def engine(far, tmp_path, monkeypatch):
    """An engine whose runs with one thread are trained over ssh."""
    monkeypatch.setenv("TL_THREADS", "2")
    made = Engine(SqliteStore(tmp_path), tmp_path, SshWorkers([far[1]]), capacity=Capacity(n_elsewhere=1))
    yield made
    made.close()


@needs_sshd
@pytest.mark.full
@pytest.mark.slow
@pytest.mark.processes
def test_a_run_is_trained_over_ssh_and_its_worker_ends_with_the_engine(engine, tmp_path):
    run_id = begun(engine, 8)
    workers = workers_of(tmp_path)
    assert workers
    until("it is over", lambda: engine.store.get(run_id).state is RunState.COMPLETED)
    assert engine.store.get(run_id).environment["machine"]
    engine.close()
    until("no worker is left", lambda: not workers_of(tmp_path))


@needs_sshd
@pytest.mark.full
@pytest.mark.slow
@pytest.mark.processes
@pytest.mark.parametrize("end", ["killed", "frozen", "cut off"])
def test_a_run_goes_on_by_itself_whatever_happens_to_its_machine(engine, tmp_path, end):
    run_id = begun(engine)
    before, known = workers_of(tmp_path), len(engine.store.epochs(run_id))
    number = {"killed": signal.SIGKILL, "frozen": signal.SIGSTOP, "cut off": signal.SIGSTOP}[end]
    victims = _connections() if end == "cut off" else before
    for pid in victims:
        os.kill(pid, number)
    until("it was lost", lambda: engine.runs.snapshot(run_id, by=OPERATOR).n_lost == 1)
    until("it goes on", lambda: len(engine.store.epochs(run_id)) > known + 3)
    if end != "killed":
        for pid in victims:
            with suppress(ProcessLookupError):  # it was ended while it was frozen
                os.kill(pid, signal.SIGCONT)
    until("only one is left", lambda: not set(before) & set(workers_of(tmp_path)))
    epochs = [one.epoch for one in engine.store.epochs(run_id)]
    assert epochs == list(range(1, len(epochs) + 1))
    assert latest_checkpoint(engine.store.run_folder(run_id)) is not None
    engine.runs.stop(run_id, by=OPERATOR)


def _connections() -> list[int]:
    """Returns the processes of the ssh server that carry connections: frozen, a network that carries nothing."""
    found = subprocess.run(["pgrep", "-f", "^sshd: .*@notty"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]
