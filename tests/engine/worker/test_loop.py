"""The worker: its order of work with made-up trainings, then the real process with real ones."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from patience import PATIENCE_S, until

from tests.engine.worker.tasks.finished import finished as returned
from tl_core.datasets.images.decode import decode_image
from tl_core.disk.error_log import FOLDER
from tl_core.engine.executors import process
from tl_core.engine.executors.process import WorkerProcess
from tl_core.engine.service import Engine
from tl_core.engine.worker import device
from tl_core.paths import ASSETS, PROJECT
from tl_core.planning.plan import baseline_of
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunRecord, RunState
from tl_core.store.sqlite.store import SqliteStore

SAMPLES = ASSETS / "samples"
TINY = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, per_class=2, epochs=2, batch_size=16)
LONG = TINY.with_changes(weights="random", n_frozen=0, per_class=None, epochs=200)


def is_gone(pid: int) -> bool:
    """Says whether a process has ended; one whose end nobody has collected counts as ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


# ---- the order of work ----


class MadeUpTask:
    """Stands in for a `TrainingTask`: three steps and an epoch, without any network."""

    made: ClassVar[list["MadeUpTask"]] = []

    def __init__(
        self, *_: object, should_stop: Callable[[], bool], publish: Callable, unrecorded: dict, **__: object
    ) -> None:
        self.should_stop, self.publish, self.unrecorded = should_stop, publish, unrecorded
        MadeUpTask.made.append(self)

    def run(self) -> Iterator:
        from tl_core.training.events import Epoch, Step

        for number in (1, 2, 3):
            yield Step(number, 1, 0.5, 0.5, 0.1, 32)
            if self.should_stop():
                yield self._ended("stopped", None)
                return
        yield Epoch(1, 0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 3, 96, True)
        yield self._ended("completed", 1)

    def _ended(self, state: str, best_epoch: int | None):
        from tl_core.training.events import Ended

        return Ended(state, best_epoch, 0.1)


class Script:
    """A worker in this process with made-up trainings; it works until everything is said."""

    def __init__(self, home: Path, monkeypatch) -> None:
        from tl_core.engine.worker import loop, scheduler
        from tl_core.engine.worker.device import prepare
        from tl_core.engine.worker.tasks import train

        prepare()
        monkeypatch.setattr(scheduler, "SLICE_S", 0.0)  # one event a turn
        monkeypatch.setattr(train, "TrainingTask", MadeUpTask)
        monkeypatch.setattr(device, "release", lambda *, is_idle: None)  # there are no networks
        self.said: list[dict] = []
        self.worker = loop.Worker(home, self.said.append)

    def serve(self, *messages: dict) -> None:
        """Has the messages served, until nothing is left to do."""
        for message in messages:
            self.worker.hear(message)
        self.worker.work()

    def events(self, run_id: str) -> list[str]:
        told = [message for message in self.said if message["say"] == "events" and message["run_id"] == run_id]
        return [event["event"] for message in told for event in message["events"]]

    def ended(self) -> list[str]:
        return [message["run_id"] for message in self.said if message["say"] == "ended"]

    def answers(self) -> dict[str, dict]:
        return {message["request_id"]: message for message in self.said if message["say"] == "answer"}


@pytest.fixture
def script(tmp_path, monkeypatch) -> Script:
    return Script(tmp_path, monkeypatch)


def train(run_id: str, owner: str = "") -> dict:
    return {"do": "train", "run_id": run_id, "owner": owner, "spec": TINY.to_dict(), "is_resumed": False}


def do(what: str, run_id: str) -> dict:
    return {"do": what, "run_id": run_id}


ALL_EVENTS = ["step", "step", "step", "epoch", "ended"]


def test_events_of_runs_that_take_turns_are_never_mixed_up(script):
    script.serve(train("a"), train("b"))
    assert script.events("a") == ALL_EVENTS
    assert script.events("b") == ALL_EVENTS
    assert script.ended() == ["a", "b"]


def test_an_epoch_is_said_before_its_checkpoint_is_written(script, monkeypatch):
    monkeypatch.setattr("tl_core.engine.worker.scheduler.SLICE_S", 10.0)  # all in one turn, at whose end all is said
    script.serve(train("a"))
    said = [[event["event"] for event in told["events"]] for told in script.said if told["say"] == "events"]
    assert [events[-1] for events in said[-2:]] == ["epoch", "ended"]


def test_what_is_recorded_need_not_be_kept_for_it(script):
    script.worker.hear(train("a"))
    script.worker._take(script.worker._inbox.get())
    task = MadeUpTask.made[-1]
    task.unrecorded.update({number: {"epoch": number} for number in (1, 2, 3)})
    script.worker._take(do("recorded", "a") | {"epoch": 2})
    script.worker._take(do("recorded", "nobody's") | {"epoch": 2})
    assert list(task.unrecorded) == [3]


def test_a_turn_leaves_no_step_unsaid(script):
    script.serve(train("a"), train("b"))
    first = [message["run_id"] for message in script.said[:4]]
    assert first == ["a", "b", "a", "b"]


def test_the_owner_of_a_run_decides_its_turns(script):
    script.serve(train("a1", "ann"), train("a2", "ann"), train("b", "ben"))
    turns = [message["run_id"] for message in script.said if message["say"] == "events"]
    assert turns[:8] == ["a1", "b", "a2", "b", "a1", "b", "a2", "b"]


def test_a_stop_counts_although_the_run_has_not_begun(script):
    script.serve(train("a"), do("stop", "a"), train("b"))
    assert script.events("a") == ["step", "ended"]
    assert script.events("b") == ALL_EVENTS


def test_a_run_that_was_stopped_ends_before_others_go_on(script):
    script.serve(train("a"), train("b"), train("c"), do("stop", "c"))
    assert script.ended()[0] == "c"
    before = script.said[: script.said.index({"say": "ended", "run_id": "c"})]
    assert {message["run_id"] for message in before} == {"c"}


def test_a_stop_that_came_too_late_does_not_stop_the_resumed_run(script):
    script.serve(train("a"))
    script.serve(do("stop", "a"), train("a"))
    assert script.events("a") == ALL_EVENTS + ALL_EVENTS


def test_a_paused_run_waits_and_the_worker_is_done_meanwhile(script):
    script.serve(train("a"), do("pause", "a"), train("b"))
    assert script.events("a") == []
    assert script.events("b") == ALL_EVENTS
    script.serve(do("continue", "a"))
    assert script.events("a") == ALL_EVENTS


def test_each_step_of_a_paused_run_brings_one_step(script):
    script.serve(train("a"), do("pause", "a"))
    for number in (1, 2, 3):
        script.serve(do("step", "a"))
        assert script.events("a") == number * ["step"]
    script.serve(do("step", "a"))  # there is no other one: it goes on to its end
    assert script.events("a") == ALL_EVENTS
    assert script.ended() == ["a"]


def test_a_paused_run_that_is_stopped_ends_without_another_step(script):
    script.serve(train("a"), do("pause", "a"), do("step", "a"))
    script.serve(do("stop", "a"))
    assert script.events("a") == ["step", "ended"]
    assert script.ended() == ["a"]


def test_wishes_for_a_run_that_is_gone_are_ignored(script):
    script.serve(*(do(what, "gone") for what in ("stop", "pause", "continue", "step")))
    assert script.said == []


def test_many_steps_of_one_turn_are_one_small_message(script, monkeypatch):
    from tl_core.engine.worker import scheduler
    from tl_core.training.events import Step

    def run(self) -> Iterator:
        yield from (Step(number, 1, 1 / 3, 1 / 3, number / 3, 32 * number) for number in range(1, 64))
        yield self._ended("completed", 1)

    monkeypatch.setattr(scheduler, "SLICE_S", 10.0)
    monkeypatch.setattr(MadeUpTask, "run", run)
    script.serve(train("a"))
    steps = [message for message in script.said if message["say"] == "events"]
    assert [len(message["events"]) for message in steps] in ([1, 63], [64])  # the first one may be said at once
    assert sum(len(json.dumps(message)) for message in steps) < 64 * 160
    assert [event.get("step") for message in steps for event in message["events"]] == [*range(1, 64), None]


@pytest.mark.parametrize("n_silent", [0, 1])
def test_what_announces_long_work_is_said_before_that_work(script, monkeypatch, n_silent):
    from tl_core.engine.worker import loop, scheduler
    from tl_core.training.events import Phase, Started, Step

    monkeypatch.setattr(scheduler, "SLICE_S", 1e9)
    monkeypatch.setattr(loop, "GATHER_S", 1e9)
    said_before = []

    def run(self) -> Iterator:
        yield from n_silent * [Step(1, 1, 0.5, 0.5, 0.1, 32)]
        said_before.append(len(script.events("a")))
        for event in Phase("compiling"), Started(1, 1, True, 1, 1, "CPU"):
            yield event
            said_before.append(len(script.events("a")))
        yield self._ended("completed", None)

    monkeypatch.setattr(MadeUpTask, "run", run)
    script.serve(train("a"))
    assert said_before == [0, n_silent + 1, n_silent + 2]


def test_progress_that_is_published_from_within_keeps_its_place_among_the_events(script, monkeypatch):
    from tl_core.training.events import Phase, Step

    def run(self) -> Iterator:
        yield Phase("data")
        self.publish(Phase("data", 1, 2))
        self.publish(Phase("data", 2, 2))
        yield Step(1, 1, 0.5, 0.5, 0.1, 32)
        yield self._ended("completed", None)

    monkeypatch.setattr(MadeUpTask, "run", run)
    script.serve(train("a"))
    told = [event for message in script.said for event in message.get("events", ())]
    assert [event.get("done") for event in told] == [0, 1, 2, None, None]


def test_a_question_that_cannot_be_answered_does_not_end_the_worker(script, tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"not an archive")
    question = {"do": "classify", "subject": "backbone:squeezenet"}
    script.serve(
        {**question, "request_id": "request:1", "images": str(tmp_path / "missing.npz")},
        {**question, "request_id": "request:2", "images": str(tmp_path / "broken.npz")},
        train("a"),
    )
    answers = {request_id: message["error"]["code"] for request_id, message in script.answers().items()}
    assert answers == {"request:1": "request_failed", "request:2": "request_failed"}
    assert script.events("a") == ALL_EVENTS


def test_a_question_says_how_far_it_is_and_one_that_is_cancelled_says_nothing_more(script, monkeypatch):
    from tl_core.engine.worker.requests import Progress
    from tl_core.engine.worker.tasks import outputs as module

    def run(kept, *, runs: list, parameters: dict) -> Iterator:
        for done in range(1, 4):
            yield Progress(done, 3, runs[0]["id"] if done == 2 else None)
            if runs[0]["id"] == "b" and done == 2:
                script.worker.hear({"do": "cancel", "request_id": "request:2"})
            yield None
        return {"n": 3}

    monkeypatch.setattr(module, "run", run)
    for number, id in enumerate("ab", 1):
        question = {"do": "outputs", "runs": [{"id": id, "spec": {}}], "parameters": {}}
        script.serve({**question, "request_id": f"request:{number}"})
    told = [(m["request_id"], m["done"], m["value"]) for m in script.said if m["say"] == "progress"]
    first = [("request:1", 1, None), ("request:1", 2, "a"), ("request:1", 3, None)]
    assert told == [*first, ("request:2", 1, None), ("request:2", 2, "b")]
    assert script.answers() == {"request:1": {"say": "answer", "request_id": "request:1", "value": {"n": 3}}}


def test_the_worker_makes_ready_only_when_nothing_else_is_to_do_and_never_fails_by_it(script, monkeypatch, caplog):
    from tl_core.engine.worker.tasks import warm_up as module

    order = []

    def run(kept, *, spec: dict) -> Iterator[None]:
        order.append((spec["backbone"], script.ended()))
        yield None
        raise RuntimeError("no weights here")

    monkeypatch.setattr(module, "run", run)
    script.serve({"do": "warm_up", "spec": TINY.to_dict()}, train("a"))
    assert order == [("squeezenet", ["a"])]
    assert "no weights here" in caplog.text
    script.serve(train("b"))
    assert script.events("b") == ALL_EVENTS


def test_a_turn_that_lasts_can_be_seen_from_outside(script, monkeypatch):
    seen = []

    def run(self) -> Iterator:
        seen.append(script.worker.turn_s)
        yield self._ended("completed", None)

    monkeypatch.setattr(MadeUpTask, "run", run)
    assert script.worker.turn_s == 0.0
    script.serve(train("a"))
    assert 0.0 < seen[0] < 60.0
    assert script.worker.turn_s == 0.0


def test_the_networks_of_a_paused_run_are_not_cleared_away(script, monkeypatch):
    releases = []
    monkeypatch.setattr(device, "release", lambda *, is_idle: releases.append(is_idle))
    script.serve(train("a"), do("pause", "a"), train("b"))
    script.serve(do("continue", "a"))
    assert releases == [False, True]


# ---- the real network in a worker of this process ----

BATCHNORM = RunSpec(
    dataset="mnist-small",
    backbone="mobilenet_v2",
    image_size=32,
    n_frozen=14,
    per_class=2,
    epochs=1,
    batch_size=20,
)


def steps(said: list[dict], run_id: str) -> list[tuple]:
    events = [event for message in said if message.get("run_id") == run_id for event in message.get("events", ())]
    return [(event["step"], event["train_loss"]) for event in events if event["event"] == "step"]


@pytest.fixture
def interruptible_worker(tmp_path) -> Iterator[tuple]:
    from tl_core.engine.worker.device import prepare
    from tl_core.engine.worker.loop import Worker

    prepare()
    before, said = signal.getsignal(signal.SIGINT), []
    worker = Worker(tmp_path, said.append)
    worker.interruption.install()
    yield worker, said
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
def test_a_stop_ends_a_compilation_and_leaves_no_trace_in_the_runs_that_follow(
    interruptible_worker, tmp_path, monkeypatch
):
    from tensorflow.python.framework import op_def_library

    worker, said = interruptible_worker
    watched, trace = worker.interruption.watched, op_def_library._apply_op_helper
    shares = {"early": 0.0, "late": 0.9}  # of the operations of a whole compilation
    n_traced, n_whole, now = Counter(), {}, [""]

    def noted(run_id: str, events: Iterator) -> Iterator:
        for event in watched(run_id, events):
            if getattr(event, "name", "") == "compiling":
                now[0] = run_id
            elif type(event).__name__ == "Step":
                n_whole.setdefault(run_id, n_traced[run_id])
                now[0] = ""
            yield event

    def traced(*operation: object, **more: object) -> object:
        n_traced[now[0]] += 1
        if now[0] in shares and n_traced[now[0]] == 1 + int(shares[now[0]] * n_whole["before"]):
            asking = threading.Thread(target=worker.hear, args=[do("stop", now[0])])
            asking.start()
            asking.join()
        return trace(*operation, **more)

    monkeypatch.setattr(worker.interruption, "watched", noted)
    monkeypatch.setattr(op_def_library, "_apply_op_helper", traced)
    for run_id in ("before", *shares, "after"):
        (tmp_path / "runs" / run_id).mkdir(parents=True)
        worker.hear({**train(run_id), "spec": BATCHNORM.to_dict()})
        worker.work()
        now[0] = ""
    for run_id, share in shares.items():
        ended = next(message for message in said if message["say"] == "ended" and message["run_id"] == run_id)
        assert steps(said, run_id) == [], "it had compiled before it was stopped"
        assert said[said.index(ended) - 1]["events"][-1]["state"] == "stopped"
        assert n_traced[run_id] <= share * n_whole["before"] + 20
    assert steps(said, "after") == steps(said, "before") != []


# ---- the pipe ----


def stand_in(folder: Path, monkeypatch, text: str) -> None:
    """Has a shell script started in place of the worker."""
    script = folder / "worker.sh"
    script.write_text(f"#!/bin/sh\n{text}\n")
    script.chmod(0o700)
    monkeypatch.setattr(process.sys, "executable", str(script))


def test_half_a_line_of_a_dying_worker_does_not_hide_its_end(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, """echo '{"say": "ready"}'; printf '{"say": "ev'; exit 7""")
    said, ends = [], queue.SimpleQueue()
    WorkerProcess(tmp_path, said.append, ends.put)
    assert ends.get(timeout=PATIENCE_S) == 7
    assert said == [{"say": "ready"}]


def test_a_message_that_nobody_understands_does_not_end_listening(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, """echo '{"say": "1"}'; echo '{"say": "2"}'""")
    said, ends = [], queue.SimpleQueue()

    def hear(message: dict) -> None:
        said.append(message["say"])
        raise KeyError(message["say"])

    WorkerProcess(tmp_path, hear, ends.put)
    assert ends.get(timeout=PATIENCE_S) == 0
    assert said == ["1", "2"]


def test_a_closed_worker_is_gone_and_nobody_is_told(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, "exec sleep 60")
    ends = queue.SimpleQueue()
    worker = WorkerProcess(tmp_path, ends.put, ends.put)
    worker.close()
    assert is_gone(worker.pid)
    worker.send(do("stop", "a"))  # swallowed
    assert ends.empty()


def test_an_error_while_libraries_load_quietly_is_still_an_error(capfd):
    def load() -> None:
        with device._quiet_start():
            os.write(2, b"chatter")
            raise ImportError

    with pytest.raises(ImportError):
        load()
    os.write(2, b"afterwards")
    assert capfd.readouterr().err == "afterwards"


# ---- the real process ----


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Iterator[Engine]:
    home = tmp_path_factory.mktemp("home")
    made = Engine(SqliteStore(home), home)
    yield made
    made.close()


def state(engine: Engine, run_id: str) -> RunState:
    return engine.runs.snapshot(run_id, by=OPERATOR).record.state


def finished(engine: Engine, run_id: str) -> RunRecord:
    until("the run is over", lambda: not engine.runs.snapshot(run_id, by=OPERATOR).is_active)
    return engine.runs.snapshot(run_id, by=OPERATOR).record


@pytest.fixture(scope="module")
def pair(engine) -> tuple[RunRecord, RunRecord]:
    """A run and its baseline, trained side by side."""
    spec = TINY.with_changes(n_frozen=4, epochs=6)
    run = engine.runs.submit(spec, by=OPERATOR, name="run", baseline=baseline_of(spec), baseline_name="twin")
    return finished(engine, run.id), finished(engine, run.twin_id)


@pytest.mark.processes
@pytest.mark.slow
def test_a_run_and_its_baseline_complete_in_the_worker(engine, pair):
    for record in pair:
        assert (record.state, record.error) == (RunState.COMPLETED, None)
        assert len(engine.store.epochs(record.id)) == 6
        assert all(row["as_expected"] for row in record.proof)
    assert pair[1].started_at < pair[0].ended_at, "they did not train side by side"
    assert engine.status().device == "CPU" or engine.status().device.startswith("GPU")


@pytest.mark.full
@pytest.mark.processes
@pytest.mark.slow
def test_two_runs_side_by_side_give_the_curves_of_each_alone_to_the_last_bit(engine, pair, tmp_path):
    spec = pair[0].spec
    asked = ("dataset", "backbone", "image_size", "per_class", "epochs", "batch_size", "learning_rate", "phases")
    options = [f"--{name.replace('_', '-')}={spec[name]}" for name in asked]
    done = subprocess.run(
        [sys.executable, "-m", "tl_core", "train", "--json", "--baseline", "--freeze=4", *options],
        cwd=PROJECT,
        env={**os.environ, "TL_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    roles = {event["run_id"]: event["role"] for event in events if event["event"] == "run_started"}
    for record in pair:
        alone = [event for event in events if event["event"] == "epoch" and roles[event["run_id"]] == record.role]
        beside = engine.store.epochs(record.id)
        for name in ("train_loss", "train_accuracy", "val_loss", "val_accuracy"):
            assert [getattr(epoch, name) for epoch in beside] == [event[name] for event in alone]


@pytest.mark.processes
@pytest.mark.slow
def test_the_worker_classifies_as_this_process_does(engine, pair):
    from tl_core.engine.worker.device import prepare

    prepare()
    from tl_core.engine.worker.model_cache import ModelCache
    from tl_core.engine.worker.tasks.classify import classify

    images = [decode_image(path.read_bytes(), path.name) for path in sorted(SAMPLES.glob("*.jpg"))[:3]]
    answer = np.array(engine.requests.classify(pair[0].id, images, by=OPERATOR).result(timeout=PATIENCE_S))
    expected = returned(classify(ModelCache(engine.home), pair[0].id, images))
    np.testing.assert_allclose(answer, expected, atol=1e-6)
    assert answer.shape == (3, 14)
    assert list((engine.home / "uploads").iterdir()) == []


@pytest.mark.processes
@pytest.mark.slow
def test_a_question_is_answered_while_a_run_trains(engine):
    run = engine.runs.submit(LONG, by=OPERATOR, name="long")
    until("a first step", lambda: engine.runs.snapshot(run.id, by=OPERATOR).step > 0)
    image = decode_image((SAMPLES / "cat_1.jpg").read_bytes(), "cat_1.jpg")
    assert (
        len(engine.requests.classify("backbone:squeezenet", [image], by=OPERATOR).result(timeout=PATIENCE_S)[0]) == 1000
    )
    assert engine.runs.snapshot(run.id, by=OPERATOR).is_active
    engine.runs.stop(run.id, by=OPERATOR)
    assert finished(engine, run.id).state is RunState.STOPPED


@pytest.mark.processes
@pytest.mark.slow
def test_a_stop_in_the_first_compilation_is_recorded_before_any_step_and_the_run_can_go_on(engine):
    spec = LONG.with_changes(per_class=2, epochs=1)
    run = engine.runs.submit(spec, by=OPERATOR, name="to be stopped")
    until("it compiles", lambda: engine.runs.snapshot(run.id, by=OPERATOR).phase == "compiling")
    engine.runs.stop(run.id, by=OPERATOR)
    until("the stop is recorded", lambda: state(engine, run.id) is RunState.STOPPED)
    assert engine.runs.snapshot(run.id, by=OPERATOR).step == 0
    engine.runs.resume(run.id, by=OPERATOR)
    assert finished(engine, run.id).state is RunState.COMPLETED


@pytest.mark.processes
@pytest.mark.slow
def test_another_worker_takes_up_the_run_of_a_crashed_one_and_with_the_second_the_run_ends(engine):
    run = engine.runs.submit(LONG, by=OPERATOR, name="to be killed")
    until("a first step", lambda: engine.runs.snapshot(run.id, by=OPERATOR).step > 0)
    (pid,) = engine.pids()
    os.kill(pid, signal.SIGSEGV)
    until("another worker", lambda: pid not in engine.pids() and engine.pids())
    log = engine.home / FOLDER / "worker.log"
    until(
        "the lines where it crashed", lambda: "Segmentation fault" in log.read_text() and "loop.py" in log.read_text()
    )
    until("it has the run", lambda: engine.runs.snapshot(run.id, by=OPERATOR).n_lost == 1)
    until("and trains it", lambda: state(engine, run.id) is RunState.RUNNING)
    (pid,) = engine.pids()
    os.kill(pid, signal.SIGKILL)
    until("the run has failed", lambda: state(engine, run.id) is RunState.FAILED)
    error = engine.runs.snapshot(run.id, by=OPERATOR).record.error
    assert error == {"code": "worker_killed", "values": {"status": -signal.SIGKILL}}
    until("another worker", lambda: pid not in engine.pids() and engine.pids())
    following = engine.runs.submit(TINY, by=OPERATOR, name="next")
    assert finished(engine, following.id).state is RunState.COMPLETED


# ---- the server that owns the worker ----

SERVER = """
import json, sys, threading
from pathlib import Path
from typing import ClassVar
from tests.patience import PATIENCE_S
from tl_core.datasets.images.decode import decode_image
from tl_core.engine.runs.estimates import Pending
from tl_core.engine.service import Engine
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR
from tl_core.disk.home import data_home
from tl_core.store.sqlite.store import SqliteStore

pause = threading.Event()
engine = Engine(SqliteStore(data_home()), data_home())
run = engine.runs.submit(RunSpec(**json.loads(sys.argv[1])), by=OPERATOR, name="run")
while engine.runs.snapshot(run.id, by=OPERATOR).is_active:
    pause.wait(0.05)
picture = Path(sys.argv[2])
images = [decode_image(picture.read_bytes(), picture.name)]
engine.requests.classify(run.id, images, by=OPERATOR).result(timeout=PATIENCE_S)
while isinstance(engine.requests.estimate(RunSpec(backbone="squeezenet", image_size=64, n_frozen=9)), Pending):
    pause.wait(0.05)
heavy = sorted({name.partition(".")[0] for name in sys.modules} & {"keras", "tensorflow", "streamlit"})
state = engine.runs.snapshot(run.id, by=OPERATOR).record.state
print(json.dumps({"pid": engine.pids()[0], "state": state, "heavy": heavy}), flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[dict]:
    """What a server process said after a run, a classification and an estimate; it is then killed."""
    house = tmp_path_factory.mktemp("house")
    (house / "user").mkdir()
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "KERAS_HOME"))}
    environment |= {"HOME": str(house / "user"), "TL_HOME": str(house / "data")}
    process = subprocess.Popen(
        [sys.executable, "-c", SERVER, json.dumps(TINY.to_dict()), str(SAMPLES / "cat_1.jpg")],
        cwd=PROJECT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=lambda: lines.put(process.stdout.readline()), daemon=True).start()
    try:
        said = json.loads(lines.get(timeout=PATIENCE_S))
        yield said | {"process": process, "house": house}
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


@pytest.mark.processes
@pytest.mark.slow
def test_the_server_process_never_imports_keras_or_tensorflow(server):
    assert server["state"] == "completed"
    assert server["heavy"] == []


@pytest.mark.processes
@pytest.mark.slow
def test_server_and_worker_write_nothing_outside_the_data_folder(server):
    assert list((server["house"] / "user").rglob("*")) == []
    assert {path.name for path in server["house"].iterdir()} == {"user", "data"}


@pytest.mark.processes
@pytest.mark.slow
def test_a_killed_server_leaves_no_worker_behind(server):
    assert not is_gone(server["pid"])
    server["process"].kill()
    until("the worker is gone", lambda: is_gone(server["pid"]))
