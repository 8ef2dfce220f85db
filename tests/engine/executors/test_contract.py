"""The three promises of an executor, kept by each: start a task, stream its events, stop it. With real trainings."""

import queue
from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from patience import PATIENCE_S

from tests.engine.executors.local_sshd import SSHD, local_sshd
from tl_core.disk.files import latest_checkpoint, read_tensors
from tl_core.engine.environment import n_threads
from tl_core.engine.executors.contract import Executor
from tl_core.engine.executors.in_process import InProcess
from tl_core.engine.executors.process import WorkerProcess
from tl_core.engine.executors.ray_workers import RayWorkers
from tl_core.engine.executors.ssh import SshWorker
from tl_core.models.trained import WEIGHTS_FILE
from tl_core.spec import RunSpec

pytestmark = [pytest.mark.slow, pytest.mark.processes]

TINY = RunSpec(dataset="mnist-small", backbone="squeezenet", image_size=32, per_class=4, batch_size=20, seed=3)
HEAD = TINY.with_changes(n_frozen=9, epochs=3)
SCRATCH = TINY.with_changes(weights="random", n_frozen=0, epochs=2, optimizer="sgd", learning_rate=0.01)
LONG = HEAD.with_changes(epochs=500, learning_rate=1e-4)


class Bench:
    """An executor, and everything that it has said."""

    def __init__(self, make: Callable[..., Executor], home: Path) -> None:
        self.make, self.home = make, home
        self.said: list[dict] = []
        self.exits: list[int] = []
        self._heard: queue.SimpleQueue[dict] = queue.SimpleQueue()
        self.executor = make(home, self._heard.put, self.exits.append)

    def do(self, what: str, run_id: str) -> None:
        self.executor.send({"do": what, "run_id": run_id})

    def train(self, run_id: str, spec: RunSpec, *, is_resumed: bool = False) -> None:
        (self.home / "runs" / run_id).mkdir(parents=True, exist_ok=True)
        told = {"run_id": run_id, "owner": run_id, "spec": spec.to_dict(), "is_resumed": is_resumed}
        self.executor.send({"do": "train", **told})

    def until(self, wanted: str, is_it: Callable[[dict], bool]) -> dict:
        """Listens until a message comes that is wanted, and returns it; an executor that falls silent has failed."""
        while True:
            try:
                message = self._heard.get(timeout=PATIENCE_S)
            except queue.Empty:
                raise AssertionError(f"nothing was said for {PATIENCE_S:.0f} s: {wanted}") from None
            self.said.append(message)
            if is_it(message):
                return message

    def until_ended(self, *run_ids: str) -> None:
        for run_id in run_ids:
            if self.ends(run_id) == 0:
                self.until(
                    f"{run_id} has ended",
                    lambda message, run_id=run_id: message.get("run_id") == run_id and message["say"] == "ended",
                )

    def until_event(self, run_id: str, kind: str) -> None:
        self.until(f"{run_id}: {kind}", lambda message: kind in _kinds(message, run_id))

    def ask(self, request_id: str, **question: str) -> dict:
        """Sends a question and listens until it is answered: by then, all that was sent before has been taken in."""
        self.executor.send({"do": "classify", "request_id": request_id, **question})
        return self.until(f"an answer to {request_id}", lambda message: message.get("request_id") == request_id)

    def settle(self) -> None:
        self.ask(f"request:{len(self.said)}", subject="nothing", images="nowhere")

    def events(self, run_id: str) -> list[dict]:
        told = [message for message in self.said if message["say"] == "events" and message["run_id"] == run_id]
        return [event for message in told for event in message["events"]]

    def ends(self, run_id: str) -> int:
        return sum(message["say"] == "ended" and message["run_id"] == run_id for message in self.said)


def _kinds(message: dict, run_id: str) -> list[str]:
    return [event["event"] for event in message.get("events", ()) if message["run_id"] == run_id]


def of(kind: str, events: list[dict]) -> list[dict]:
    return [event for event in events if event["event"] == kind]


def curve(events: list[dict]) -> list[dict]:
    """Returns everything measured but seconds."""
    wanted = [event for event in events if event["event"] in ("step", "epoch", "ended")]
    return [{name: value for name, value in e.items() if name not in ("seconds", "elapsed_s")} for e in wanted]


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict[str, list[dict]]:
    """Each spec trained by itself, without any executor: name → events."""
    from tl_core.engine.worker.device import prepare

    prepare()
    from tl_core.engine.worker.tasks.train import TrainingTask

    home = tmp_path_factory.mktemp("alone")
    tasks = {"head": TrainingTask(HEAD, home, home / "head"), "scratch": TrainingTask(SCRATCH, home, home / "scratch")}
    for task in tasks.values():
        task.folder.mkdir()
    return {name: [event.to_dict() for event in task.run()] for name, task in tasks.items()}


@pytest.fixture(scope="module")
def over_ssh(tmp_path_factory) -> Iterator[Callable[..., Executor]]:
    if SSHD is None:
        pytest.skip("there is no ssh server on this machine")
    with local_sshd(tmp_path_factory.mktemp("ssh")) as (ssh, host, _), pytest.MonkeyPatch.context() as patch:
        patch.setenv("TL_SSH", ssh)
        yield partial(SshWorker, host)


@pytest.fixture(scope="module")
def over_ray() -> Callable[..., Executor]:
    if find_spec("ray") is None:
        pytest.skip("Ray is not installed: make ray")
    return partial(RayWorkers(2 * n_threads()), threads=n_threads())


FAR = [pytest.param(name, marks=pytest.mark.full) for name in ("over_ssh", "over_ray")]


@pytest.fixture(scope="module", params=[InProcess, WorkerProcess, *FAR])
def bench(request, tmp_path_factory) -> Iterator[Bench]:
    make = request.getfixturevalue(request.param) if isinstance(request.param, str) else request.param
    made = Bench(make, tmp_path_factory.mktemp("home"))
    yield made
    made.executor.close()


@pytest.fixture(scope="module")
def pair(bench) -> Bench:
    """Two runs that trained side by side."""
    bench.train("head", HEAD)
    bench.train("scratch", SCRATCH)
    bench.until_ended("head", "scratch")
    return bench


class TestExecutor:
    """What holds for every executor."""

    def test_it_says_that_it_is_ready_before_anything_else(self, pair):
        assert pair.said[0]["say"] == "ready"
        assert pair.said[0]["threads"] >= 1

    @pytest.mark.parametrize("run_id", ["head", "scratch"])
    def test_the_events_of_a_run_arrive_in_their_order_and_it_ends_once(self, pair, run_id):
        events = pair.events(run_id)
        assert [event["step"] for event in of("step", events)] == list(range(1, len(of("step", events)) + 1))
        kinds = [event["event"] for event in events if event["event"] not in ("phase", "moved")]
        n_steps, epochs = 2, 3 if run_id == "head" else 2
        assert kinds == ["started", *epochs * [*n_steps * ["step"], "epoch"], "ended"]
        assert pair.ends(run_id) == 1

    @pytest.mark.parametrize("run_id", ["head", "scratch"])
    def test_it_is_said_how_far_the_weights_of_each_block_have_moved_from_the_first_step_on(self, pair, run_id):
        events = pair.events(run_id)
        *blocks, head = of("moved", events)[0]["changes"]
        assert head > 0
        assert len(set(blocks)) > 1 if run_id == "scratch" else set(blocks) == {0.0}
        assert [row["relative_change"] for row in events[-1]["proof"]][:-1] == blocks or run_id == "scratch"
        kinds = [event["event"] for event in events]
        assert kinds.index("moved") < kinds.index("step")

    @pytest.mark.parametrize("run_id", ["head", "scratch"])
    def test_runs_side_by_side_are_to_the_last_bit_what_each_is_alone(self, pair, alone, run_id):
        assert curve(pair.events(run_id)) == curve(alone[run_id])

    def test_a_question_is_answered_while_a_run_trains(self, pair, tmp_path):
        np.savez(tmp_path / "pictures.npz", np.zeros((28, 28, 3), np.uint8))
        pair.train("long", LONG)
        pair.until_event("long", "epoch")
        answer = pair.ask("request:picture", subject="head", images=str(tmp_path / "pictures.npz"))
        assert np.sum(answer["value"]) == pytest.approx(1.0, abs=1e-5)
        assert pair.ends("long") == 0
        pair.do("stop", "long")
        pair.until_ended("long")

    def test_a_run_that_is_stopped_ends_with_its_best_weights(self, pair):
        pair.train("stopped", LONG)
        pair.until_event("stopped", "epoch")
        pair.do("stop", "stopped")
        pair.until_ended("stopped")
        ended = pair.events("stopped")[-1]
        best = max(of("epoch", pair.events("stopped")), key=lambda epoch: (epoch["val_accuracy"], -epoch["val_loss"]))
        assert (ended["event"], ended["state"], ended["best_epoch"]) == ("ended", "stopped", best["epoch"])
        weights, _ = read_tensors(pair.home / "runs" / "stopped" / WEIGHTS_FILE)
        _, arrays, _ = latest_checkpoint(pair.home / "runs" / "stopped")
        kept = [arrays[name] for name in sorted(arrays) if name.startswith("best/")]
        saved = [weights[name] for name in sorted(weights)]
        assert all(np.array_equal(one, other) for one, other in zip(saved, kept, strict=True))

    def test_nothing_more_is_said_of_a_run_that_has_ended(self, pair):
        pair.settle()
        ended = {message["run_id"] for message in pair.said if message["say"] == "ended"}
        assert {"head", "scratch"} <= ended
        for run_id in ended:
            assert pair.ends(run_id) == 1
            last = [message for message in pair.said if message.get("run_id") == run_id][-1]
            assert last["say"] == "ended"

    def test_a_paused_run_says_nothing_takes_single_steps_and_goes_on_as_if_it_had_never_paused(self, pair, alone):
        pair.train("paused", HEAD)
        pair.do("pause", "paused")
        pair.settle()
        before = len(of("step", pair.events("paused")))  # 0, unless the pause was long on its way to a busy process
        for number in range(before, before + 3):
            pair.settle()
            assert len(of("step", pair.events("paused"))) == number
            pair.do("step", "paused")
            pair.until_event("paused", "step")
        pair.settle()
        assert [event["step"] for event in of("step", pair.events("paused"))] == list(range(1, before + 4))
        pair.do("continue", "paused")
        pair.until_ended("paused")
        assert curve(pair.events("paused")) == curve(alone["head"])

    def test_a_paused_run_that_is_stopped_ends_at_once(self, pair):
        pair.train("waiting", LONG)
        pair.do("pause", "waiting")
        pair.settle()
        before = len(of("step", pair.events("waiting")))  # 0, unless the pause was long on its way to a busy process
        pair.do("step", "waiting")
        pair.until_event("waiting", "step")
        pair.do("stop", "waiting")
        pair.until_ended("waiting")
        assert len(of("step", pair.events("waiting"))) == before + 1
        assert pair.events("waiting")[-1]["state"] == "stopped"

    def test_what_it_cannot_understand_is_answered_and_harms_nobody(self, pair, alone):
        assert "error" in pair.ask("request:none", subject="backbone:squeezenet", images="nowhere.npz")
        pair.train("after", HEAD)
        pair.until_ended("after")
        assert curve(pair.events("after")) == curve(alone["head"])

    def test_once_closed_it_says_nothing_takes_anything_and_may_be_closed_again(self, bench, tmp_path):
        other = Bench(bench.make, tmp_path)
        other.train("cut off", LONG)
        other.until_event("cut off", "epoch")
        other.executor.close()
        n_said = other._heard.qsize()
        other.do("stop", "cut off")
        other.executor.close()
        assert other._heard.qsize() == n_said
        assert other.exits == []
