"""When the waiting will begin, and what the instructor may change about it."""

import inspect

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.engine_bench import SPEC, Bench, Clock, step
from tests.store.memory_store import MemoryStore
from tl_core.engine.classroom import Classroom
from tl_core.engine.imports.imports import Imports
from tl_core.engine.requests import Requests
from tl_core.engine.runs.exports import Exports
from tl_core.engine.runs.fair_queue import FairQueue
from tl_core.engine.runs.forecast import FORECAST_S, begin_times
from tl_core.engine.runs.insights import Insights
from tl_core.engine.runs.offers import Offers
from tl_core.engine.runs.programs import Programs
from tl_core.engine.runs.rate_tests import RateTests
from tl_core.engine.runs.recorder import timing_key
from tl_core.engine.runs.runs import Runs
from tl_core.engine.runs.sweeps import Sweeps
from tl_core.engine.service import Engine
from tl_core.errors import InputError, StoreError, TransferLabError, UnknownIdError
from tl_core.store.access import Visitor
from tl_core.store.limits import Limits
from tl_core.store.records import RunState, Visibility

OWNER, OTHER, INSTRUCTOR = Visitor("anna"), Visitor("ben"), Visitor("carla", is_instructor=True)
TIMES = st.lists(st.floats(0.1, 100), max_size=6)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    made = Bench(MemoryStore(), tmp_path)
    yield made
    made.engine.close()


# ---- when the waiting will begin ----


@pytest.mark.parametrize(
    ("active", "waiting", "n_servers", "expected"),
    [
        ([10.0], [5.0, 5.0], 1, [10.0, 15.0]),
        ([10.0, 4.0], [5.0, 5.0], 2, [4.0, 9.0]),
        ([], [3.0], 2, [0.0]),
        ([None], [3.0], 1, [None]),
        ([2.0], [None, 3.0], 1, [2.0, None]),
        ([1.0, 2.0, 3.0], [1.0], 2, [2.0]),
    ],
)
def test_each_waiting_run_begins_when_a_server_is_free(active, waiting, n_servers, expected):
    assert begin_times(active, waiting, n_servers) == expected


@given(TIMES, TIMES, st.integers(1, 4))
def test_nobody_begins_before_those_ahead_and_one_server_does_all_the_work_in_a_row(active, waiting, n_servers):
    begins = begin_times(active, waiting, n_servers)
    assert begins == sorted(begins)
    in_a_row = begin_times(active, waiting, 1)
    assert in_a_row == pytest.approx([sum(active) + sum(waiting[:at]) for at in range(len(waiting))])
    assert all(soon <= late + 1e-9 for soon, late in zip(begins, in_a_row, strict=True))


def test_a_student_is_told_the_place_and_the_time(tmp_path, monkeypatch):
    monkeypatch.setenv("TL_WORKERS", "1")
    clock = Clock()
    bench = Bench(MemoryStore(), tmp_path, clock)
    first = bench.submit("first", by=OWNER)
    ids = [bench.submit(f"more {number}", by=OTHER) for number in range(6)]
    waiting = [run_id for run_id in ids if bench.engine.runs.snapshot(run_id, by=OTHER).queue_position]
    assert bench.engine.runs.wait_s(waiting[0]) is None  # nothing of its kind was ever measured
    bench.engine.store.save_timing(timing_key(SPEC), {"epoch_s_per_image": 0.01})
    clock.pass_s(FORECAST_S + 0.1)
    assert bench.engine.runs.wait_s(waiting[0]) > 0
    assert bench.engine.runs.wait_s(first) is None
    bench.engine.classroom.hold(True, by=INSTRUCTOR)
    assert bench.engine.runs.wait_s(waiting[0]) is None
    bench.engine.close()


# ---- the instructor ----


def test_the_queue_shows_what_trains_then_what_waits_in_order(bench):
    active = bench.fill()
    waiting = [bench.submit(f"late {number}") for number in range(3)]
    seen = bench.engine.classroom.queue(by=INSTRUCTOR)
    assert [place.run_id for place in seen[: len(active)]] == active
    assert [(place.run_id, place.position) for place in seen[len(active) :]] == list(
        zip(waiting, (1, 2, 3), strict=True)
    )


def test_a_prioritised_run_is_the_next_whoevers_turn_it_is(bench):
    active = bench.fill()
    first, second = bench.submit("first"), bench.submit("second")
    bench.engine.classroom.prioritise(second, by=INSTRUCTOR)
    assert bench.engine.runs.snapshot(second, by=INSTRUCTOR).queue_position == 1
    bench.worker.begin(active[0])
    bench.worker.end(active[0])
    assert bench.worker.trained()[-1] == second
    assert bench.engine.runs.snapshot(first, by=INSTRUCTOR).queue_position == 1


def test_the_last_wish_comes_first_and_who_leaves_is_forgotten():
    line = FairQueue()
    for name in "abcd":
        line.join(name, "owner")
    for name in "cbx":
        line.prioritise(name)
    assert line.order({}) == ["b", "c", "a", "d"]
    line.leave("b")
    line.join("b", "owner")
    assert line.order({}) == ["c", "a", "d", "b"]


def test_while_all_is_held_nothing_moves_and_afterwards_what_a_student_paused_stays_paused(bench):
    moving, paused = bench.submit("moving", by=OWNER), bench.submit("paused", by=OWNER)
    for run_id in (moving, paused):
        bench.worker.begin(run_id)
    bench.engine.runs.pause(paused, by=OWNER)
    bench.engine.classroom.hold(True, by=INSTRUCTOR)
    late = bench.submit("late", by=OTHER)
    assert bench.engine.status().is_held
    assert bench.engine.runs.snapshot(moving, by=OWNER).is_paused
    assert late not in bench.worker.trained()
    bench.engine.runs.resume_paused(moving, by=OWNER)
    bench.engine.runs.step(moving, by=OWNER)
    assert bench.engine.runs.snapshot(moving, by=OWNER).is_paused
    bench.engine.classroom.hold(False, by=INSTRUCTOR)
    assert late in bench.worker.trained()
    assert [bench.engine.runs.snapshot(run_id, by=OWNER).is_paused for run_id in (moving, paused)] == [False, True]
    told = [message["do"] for message in bench.worker.sent if message.get("run_id") == moving]
    assert told == ["train", "pause", "continue"]


def test_one_student_has_no_more_runs_under_way_than_allowed_while_others_begin(bench):
    bench.engine.classroom.set_limits(Limits(running=1), by=INSTRUCTOR)
    first, second = bench.submit("first", by=OWNER), bench.submit("second", by=OWNER)
    other = bench.submit("other", by=OTHER)
    assert bench.worker.trained() == [first, other]
    bench.worker.begin(first)
    bench.worker.end(first)
    assert bench.worker.trained() == [first, other, second]


def test_a_higher_limit_lets_waiting_runs_begin_at_once(bench):
    bench.engine.classroom.set_limits(Limits(running=1), by=INSTRUCTOR)
    runs = [bench.submit(name, by=OWNER) for name in ("first", "second")]
    bench.engine.classroom.set_limits(Limits(running=2), by=INSTRUCTOR)
    assert bench.worker.trained() == runs
    assert bench.engine.classroom.limits() == Limits(running=2)


def test_a_run_beyond_the_limits_is_refused_whole(bench):
    bench.engine.classroom.set_limits(Limits(runs=1), by=INSTRUCTOR)
    with pytest.raises(StoreError) as caught:
        bench.engine.runs.submit(SPEC, by=OWNER, name="run", baseline=SPEC.with_changes(seed=1), is_afresh=True)
    assert caught.value.code == "too_many_runs"
    assert bench.engine.store.list_runs() == []


def test_who_is_a_new_owner_each_time_has_no_more_in_line_than_one_address_may_and_others_still_get_in(bench):
    bench.engine.classroom.set_limits(Limits(running=1, waiting_address=5), by=INSTRUCTOR)
    bench.engine.classroom.hold(True, by=INSTRUCTOR)
    n_refused = 0
    for number in range(72):
        try:
            bench.submit(by=Visitor(f"owner {number}", address="10.0.0.1"))
        except StoreError as error:
            n_refused += error.code == "line_is_full"
    bench.submit(by=Visitor("classmate", address="10.0.0.2"))
    assert (n_refused, len(bench.engine.store.list_runs())) == (67, 6)


# ---- who may do what ----

PICTURE = np.zeros((8, 8, 3), np.uint8)
ON_A_RUN = {
    "snapshot": lambda engine, run_id, by: engine.runs.snapshot(run_id, by=by),
    "find": lambda engine, run_id, by: engine.runs.find(run_id, by=by),
    "classify": lambda engine, run_id, by: engine.requests.classify(run_id, [], by=by),
    "explain": lambda engine, run_id, by: engine.requests.explain(run_id, PICTURE, by=by),
    "explain_ahead": lambda engine, run_id, by: engine.requests.explain_ahead([run_id], by=by),
    "unlike": lambda engine, run_id, by: engine.requests.unlike(run_id, [], 5, by=by),
    "evaluate": lambda engine, run_id, by: engine.requests.evaluate(run_id, "train", by=by),
    "known_scores": lambda engine, run_id, by: engine.requests.known_scores(run_id, by=by),
    "resume": lambda engine, run_id, by: engine.runs.resume(run_id, by=by),
    "go_on": lambda engine, run_id, by: goes_on(engine, run_id, by),
    "rename": lambda engine, run_id, by: engine.runs.rename(run_id, "new name", by=by),
    "share": lambda engine, run_id, by: engine.runs.share(run_id, Visibility.CLASS, by=by),
    "pin": lambda engine, run_id, by: engine.runs.pin(run_id, True, by=by),
    "stop": lambda engine, run_id, by: engine.runs.stop(run_id, by=by),
    "pause": lambda engine, run_id, by: engine.runs.pause(run_id, by=by),
    "resume_paused": lambda engine, run_id, by: engine.runs.resume_paused(run_id, by=by),
    "step": lambda engine, run_id, by: engine.runs.step(run_id, by=by),
    "delete": lambda engine, run_id, by: engine.runs.delete(run_id, by=by),
    "bundle": lambda engine, run_id, by: bundled(engine, run_id, by),
    "begin": lambda engine, run_id, by: engine.exports.begin(run_id, "card", by=by, language="en"),
    "made": lambda engine, run_id, by: engine.exports.made(run_id, "card", by=by, language="en"),
    "ask": lambda engine, run_id, by: engine.insights.ask("outputs", [run_id], by=by),
    "known": lambda engine, run_id, by: engine.insights.known("outputs", [run_id], by=by),
    "content": lambda engine, run_id, by: engine.exports.content(run_id, "card", by=by, language="en"),
    "facts": lambda engine, run_id, by: engine.programs.facts(run_id, by=by, language="en"),
    "package": lambda engine, run_id, by: engine.programs.package(run_id, "script", by=by, language="en"),
}
SENDS = {"classify", "explain", "explain_ahead", "unlike"}  # a message to the worker
LOOKS = {"snapshot", "find", "evaluate", "known_scores", "bundle"} | SENDS
LOOKS |= {"ask", "known", "begin", "made", "content", "facts", "package"}
NOT_YET = {"run_without_weights", "export_not_over", "export_gone", "code_active"}  # whoever asks
FOR_THE_INSTRUCTOR = {
    "prioritise": lambda engine, run_id, by: engine.classroom.prioritise(run_id, by=by),
    "hold": lambda engine, run_id, by: engine.classroom.hold(False, by=by),
    "set_limits": lambda engine, run_id, by: engine.classroom.set_limits(Limits(), by=by),
    "queue": lambda engine, run_id, by: engine.classroom.queue(by=by),
    "crowds": lambda engine, run_id, by: engine.classroom.crowds(by=by),
    "clear": lambda engine, run_id, by: engine.classroom.clear("", by=by),
}
FOR_EVERYBODY = {"submit", "import_network", "list_runs", "name_me", "may_have_pictures", "data"}
FOR_EVERYBODY |= {"find_rate", "leave_rate"}
OF_SWEEPS = {"start", "list_sweeps", "add_seeds"}  # and names that runs have, too: `test_sweeps` holds them
OF_OFFERS = {"offer", "withdraw", "take"}  # `test_offers` holds them
OF_IMPORTS = {
    "start",
    "import_now",
    "look",
    "answer",
    "cancel",
    "mine",
}  # "cancel" is of questions, too
CHANGES_NOTHING = {
    "vital_signs",
    "version",
    "owner_names",
    "wait_s",
    "limits",
    "estimate",
    "is_known",
    "status",
    "pids",
}
CHANGES_NOTHING |= {"fetch_top", "fetched_top", "is_making", "has_data", "remaining_s", "estimate_s", "holds"}
ENGINES_OWN = {"submit", "close", "stop_all"}  # of imports and sweeps


def bundled(engine, run_id: str, by: Visitor) -> None:
    """Asks for a run's file, which a run that has learned nothing cannot give to anybody."""
    try:
        engine.runs.bundle(run_id, by=by)
    except InputError as error:
        if error.code != "run_without_weights":
            raise


def goes_on(engine, run_id: str, by: Visitor) -> None:
    """Asks for more epochs of a run, which one that has not completed does not get from anybody."""
    try:
        engine.runs.go_on(run_id, 5, by=by)
    except StoreError as error:
        if error.code not in ("run_is_active", "run_not_completed"):
            raise


def outcome(action, *args) -> str:
    try:
        action(*args)
    except TransferLabError as error:
        return "done" if error.code in NOT_YET else error.code
    return "done"


def test_every_method_of_the_engine_is_known_to_be_for_people_or_to_change_nothing():
    parts = (Engine, Runs, Classroom, Requests, Imports, Exports, Insights, Programs, RateTests, Sweeps, Offers)
    methods = [found for part in parts for found in inspect.getmembers(part, callable) if not found[0].startswith("_")]
    asking = {name for name, method in methods if "by" in inspect.signature(method).parameters}
    assert asking == {*ON_A_RUN, *FOR_THE_INSTRUCTOR, *FOR_EVERYBODY, *OF_IMPORTS, *OF_SWEEPS, *OF_OFFERS}
    others = {name for name, method in methods if "by" not in inspect.signature(method).parameters}
    assert others == CHANGES_NOTHING | ENGINES_OWN


@pytest.mark.parametrize("name", list(ON_A_RUN))
@pytest.mark.parametrize("visibility", list(Visibility))
def test_a_run_of_anothers_is_left_alone(bench, name, visibility):
    run_id = bench.submit("annas", by=OWNER)
    bench.worker.begin(run_id)
    bench.worker.tell(run_id, step(2))
    bench.engine.runs.share(run_id, visibility, by=OWNER)
    before, n_sent = bench.engine.store.get(run_id), len(bench.worker.sent)
    is_refused = visibility is Visibility.PRIVATE or name not in LOOKS
    for by in (OTHER, Visitor("")):
        code = outcome(ON_A_RUN[name], bench.engine, run_id, by)
        expected = "unknown_run" if visibility is Visibility.PRIVATE else "not_your_run"
        assert code == (expected if is_refused else "done")
        assert bench.engine.store.get(run_id) == before
        assert len(bench.worker.sent) == n_sent + (0 if is_refused or name not in SENDS else 1)
        n_sent = len(bench.worker.sent)


@pytest.mark.parametrize("by", [OWNER, INSTRUCTOR], ids=["owner", "instructor"])
@pytest.mark.parametrize("name", list(ON_A_RUN))
def test_the_owner_and_the_instructor_are_not_refused(bench, name, by):
    run_id = bench.submit("annas", by=OWNER)
    bench.worker.begin(run_id)
    bench.engine.runs.stop(run_id, by=OWNER)
    bench.worker.end(run_id, "stopped")
    assert bench.engine.runs.snapshot(run_id, by=by).record.state is RunState.STOPPED
    assert outcome(ON_A_RUN[name], bench.engine, run_id, by) == "done"


@pytest.mark.parametrize("name", list(FOR_THE_INSTRUCTOR))
def test_what_concerns_the_class_is_only_for_the_instructor(bench, name):
    run_id = bench.submit("annas", by=OWNER)
    for by in (OWNER, OTHER, Visitor("")):
        assert outcome(FOR_THE_INSTRUCTOR[name], bench.engine, run_id, by) == "instructor_only"
    assert outcome(FOR_THE_INSTRUCTOR[name], bench.engine, run_id, INSTRUCTOR) == "done"


def test_everybody_gives_a_name_to_themselves_and_is_a_number_before(bench):
    bench.submit("annas", by=OWNER)
    bench.submit("bens", by=OTHER)
    assert bench.engine.classroom.owner_names() == {"anna": 1, "ben": 2}
    bench.engine.classroom.name_me(" Ben ", by=OTHER)
    assert bench.engine.classroom.owner_names() == {"anna": 1, "ben": "Ben"}


def test_a_live_run_that_others_have_looked_at_stays_private(bench):
    run_id = bench.submit("annas", by=OWNER)
    bench.worker.begin(run_id)
    assert bench.engine.runs.snapshot(run_id, by=OWNER).is_active
    with pytest.raises(UnknownIdError):
        bench.engine.runs.snapshot(run_id, by=OTHER)
    bench.engine.runs.share(run_id, Visibility.LINK, by=OWNER)
    assert bench.engine.runs.snapshot(run_id, by=OTHER).record.id == run_id
