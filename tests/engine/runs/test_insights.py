"""Questions to finished runs: answered once for all who ask, by the worker only where that is needed."""

from contextlib import closing

import numpy as np
import pytest
from patience import until

from tests.bundles.bundle_files import SPEC, write_run
from tl_core.engine.runs import insights
from tl_core.engine.service import Engine
from tl_core.engine.worker.requests import Request
from tl_core.errors import InputError, StoreError, UnknownIdError, WorkerError
from tl_core.evaluation.insight import parts
from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs, save_outputs
from tl_core.evaluation.insight.parts import Part
from tl_core.store.access import OPERATOR, Visitor
from tl_core.store.records import RunState, Visibility
from tl_core.store.sqlite.store import SqliteStore

ANNA, BEN = Visitor("anna"), Visitor("ben")
MADE_UP = "made-up"


class AskedWorker:
    """Answers when told to."""

    def __init__(self, home, on_message, on_exit, threads: int = 2) -> None:
        self.home, self.say, self.die, self.sent = home, on_message, on_exit, []
        self.say({"say": "ready", "device": "CPU", "threads": threads})

    def send(self, message: dict) -> None:
        self.sent.append(message)

    def asked(self, do: str = MADE_UP) -> list[dict]:
        return [message for message in self.sent if message["do"] == do]

    def answer(self, value: dict, do: str = MADE_UP, at: int = -1) -> None:
        self.say({"say": "answer", "request_id": self.asked(do)[at]["request_id"], "value": value})

    def progress(self, done: int, total: int, value: object = None) -> None:
        about = {"done": done, "total": total, "value": value}
        self.say({"say": "progress", "request_id": self.asked()[-1]["request_id"], **about})

    def close(self) -> None:
        """Nothing to end."""


@pytest.fixture(autouse=True)
def made_up(monkeypatch):
    """A part that the worker computes, of one run or two."""
    monkeypatch.setattr(parts, "PARTS", {**parts.PARTS, MADE_UP: Part(MADE_UP, True, n_runs=(1, 2))})
    rows = {**insights.INSIGHTS, MADE_UP: Request(MADE_UP, ("runs", "parameters"))}
    monkeypatch.setattr(insights, "INSIGHTS", rows)


@pytest.fixture
def workers() -> list[AskedWorker]:
    return []


@pytest.fixture
def clock() -> list[float]:
    return [0.0]


@pytest.fixture
def engine(home, workers, clock):
    def start(*told, **more):
        workers.append(AskedWorker(*told, **more))
        return workers[-1]

    with closing(Engine(SqliteStore(home), home, start, clock=lambda: clock[0])) as made:
        yield made


def finished(engine: Engine, owner: str = "anna", *, outputs: bool = False) -> str:
    """A run with weights; returns its id."""
    store = engine.store
    run = store.create_run(SPEC.to_dict(), role="run", name="run", environment={}, owner=owner).id
    write_run(store.run_folder(run))
    store.finish_run(run, RunState.STOPPED, best_epoch=1)
    if outputs:
        keep_outputs(engine, run)
    return run


def keep_outputs(engine: Engine, run: str) -> None:
    labels = np.arange(20) % 10
    right = SplitOutputs(np.eye(10, dtype=np.float32)[labels] * 4, labels)
    half = SplitOutputs(np.eye(10, dtype=np.float32)[np.where(labels < 5, labels, 0)] * 4, labels)
    save_outputs(engine.store.run_folder(run), Outputs(right, half, np.full(10, 5)))


def ask(engine: Engine, *runs: str, part: str = MADE_UP, by: Visitor = ANNA):
    return engine.insights.ask(part, runs, by=by)


def test_an_answer_of_the_worker_is_kept_and_given_to_all_who_ask_later(engine, workers):
    run = finished(engine)
    asked = ask(engine, run)
    assert (asked.is_done, asked.share) == (False, None)
    assert engine.insights.known(MADE_UP, [run], by=ANNA) is None
    workers[0].answer({"n": 3})
    assert asked.answer(0) == {"n": 3}
    until("the answer to be kept", lambda: engine.insights.known(MADE_UP, [run], by=ANNA) == {"n": 3})
    assert ask(engine, run).answer(0) == {"n": 3}
    assert len(workers[0].asked()) == 1
    assert workers[0].asked()[0]["runs"] == [{"id": run, "spec": SPEC.to_dict()}]


def test_other_weights_are_asked_anew(engine, workers):
    run = finished(engine)
    ask(engine, run)
    workers[0].answer({"n": 3})
    until("the answer to be kept", lambda: engine.insights.known(MADE_UP, [run], by=ANNA))
    other = finished(engine)
    assert not ask(engine, other).is_done
    assert not ask(engine, run, other).is_done
    assert len(workers[0].asked()) == 3


def test_whoever_asks_the_same_meanwhile_waits_for_the_same(engine, workers):
    run = finished(engine)
    engine.runs.share(run, Visibility.CLASS, by=ANNA)
    first, second = ask(engine, run), ask(engine, run, by=BEN)
    assert len(workers[0].asked()) == 1
    workers[0].answer({"n": 3})
    assert first.answer(0) == second.answer(0) == {"n": 3}


def test_progress_says_what_is_left_at_the_pace_so_far_and_what_is_known(engine, workers, clock):
    asked = ask(engine, finished(engine))
    assert engine.insights.remaining_s(asked) is None
    clock[0] = 3.0
    workers[0].progress(1, 4, {"points": [1]})
    assert (asked.share, asked.value) == (0.25, {"points": [1]})
    assert engine.insights.remaining_s(asked) == pytest.approx(9.0)
    workers[0].progress(2, 4)
    assert asked.value == {"points": [1]}


def test_it_is_cancelled_when_nobody_waits_any_more(engine, workers):
    run = finished(engine)
    engine.runs.share(run, Visibility.CLASS, by=ANNA)
    asked = ask(engine, run)
    ask(engine, run, by=BEN)
    engine.insights.cancel(asked, by=ANNA)
    assert [message["do"] for message in workers[0].sent if message["do"] == "cancel"] == []
    engine.insights.cancel(asked, by=BEN)
    assert [message["request_id"] for message in workers[0].sent if message["do"] == "cancel"] == [
        workers[0].asked()[0]["request_id"]
    ]
    with pytest.raises(WorkerError) as caught:
        asked.answer(0)
    assert caught.value.code == "request_cancelled"
    workers[0].answer({"n": 3})  # too late
    assert not ask(engine, run).is_done
    assert len(workers[0].asked()) == 2


def test_a_worker_that_dies_answers_with_an_error_and_the_next_one_is_asked(engine, workers):
    run = finished(engine)
    asked = ask(engine, run)
    workers[0].die(-9)
    with pytest.raises(WorkerError):
        asked.answer(0)
    again = ask(engine, run)
    workers[1].answer({"n": 1})
    assert again.answer(0) == {"n": 1}


def test_what_follows_from_the_outputs_needs_no_worker(engine, workers):
    asked = ask(engine, finished(engine, outputs=True), part="errors")
    assert asked.is_done
    assert asked.answer(0)["accuracy"] == 0.5
    assert workers[0].asked("outputs") == []


def test_outputs_that_a_run_has_not_kept_are_computed_first(engine, workers):
    run = finished(engine)
    asked, again = ask(engine, run, part="errors"), ask(engine, run, part="errors")
    assert not asked.is_done
    assert len(workers[0].asked("outputs")) == 1
    keep_outputs(engine, run)
    workers[0].answer({"n": 40}, do="outputs")
    assert asked.answer(0)["n"] == again.answer(0)["n"] == 20
    assert engine.insights.known("outputs", [run], by=ANNA) is None  # they are with the run, and may be damaged there


def test_nobody_asks_about_what_they_may_not_see(engine, workers):
    run = finished(engine)
    for call in (lambda: ask(engine, run, by=BEN), lambda: engine.insights.known(MADE_UP, [run], by=BEN)):
        with pytest.raises(UnknownIdError):
            call()
    ask(engine, run, by=OPERATOR)
    mine = finished(engine, "ben")
    with pytest.raises(UnknownIdError):
        ask(engine, mine, run, by=BEN)


def test_a_run_without_weights_and_too_many_questions_are_refused(engine):
    run = engine.store.create_run(SPEC.to_dict(), role="run", name="run", environment={}, owner="anna").id
    with pytest.raises(InputError) as caught:
        ask(engine, run)
    assert caught.value.code == "run_without_weights"
    for _ in range(insights.MOST_WAITING):
        ask(engine, finished(engine))
    with pytest.raises(StoreError) as many:
        ask(engine, finished(engine))
    assert many.value.code == "too_many_insights"
    ask(engine, finished(engine, "ben"), by=BEN)


def test_answers_about_a_deleted_run_are_removed(engine, workers, home):
    run = finished(engine)
    ask(engine, run)
    workers[0].answer({"n": 3})
    until("the answer to be kept", lambda: list((home / "cache" / "insights").glob("[!.]*")))  # whole, no draft of it
    engine.runs.delete(run, by=ANNA)
    assert list((home / "cache" / "insights").iterdir()) == []
