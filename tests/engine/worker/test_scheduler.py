"""The scheduler alone: generators and a clock that the test moves by hand."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tl_core.engine.worker.scheduler import GOES_FIRST_S, SLICE_S, Rank, Scheduler

EVENT_S = st.sampled_from([0.001, 0.01, 0.03, 0.05, 0.1, 0.15, 0.2])  # none longer than a slice
CLASS = st.lists(
    st.lists(EVENT_S, min_size=1, max_size=4), min_size=1, max_size=8
)  # owners → runs → seconds of an event


class Bench:
    """A scheduler, its clock, and everything it has said. Events are numbers; a multiple of four is a step."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.events: list[tuple[str, object]] = []
        self.ends: list[tuple[str, BaseException | None]] = []
        self.scheduler = Scheduler(
            lambda *event: self.events.append(event),
            lambda *end: self.ends.append(end),
            is_step=lambda event: event % 4 == 0,
            clock=lambda: self.now_s,
        )

    def task(self, n: int, seconds: float) -> Iterator[int]:
        """Yields 0 … n-1, each after some seconds of work."""
        for number in range(n):
            self.now_s += seconds
            yield number

    def turn_owner(self) -> set[str]:
        """Gives one turn and returns whose events it brought."""
        before = len(self.events)
        self.scheduler.turn()
        return {task_id for task_id, _ in self.events[before:]}

    def turns(self, n: int) -> list[str]:
        """Gives turns, each of which must bring events of one task, and returns whose."""
        return [task_id for _ in range(n) for (task_id,) in [self.turn_owner()]]

    def finish(self) -> None:
        while not self.scheduler.is_idle:
            self.scheduler.turn()

    def of(self, task_id: str) -> list:
        return [event for name, event in self.events if name == task_id]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_without_tasks_it_is_idle_and_a_turn_does_nothing(bench):
    assert bench.scheduler.is_idle
    assert bench.scheduler.is_empty
    bench.scheduler.turn()
    assert bench.events == [] == bench.ends


# ---- one turn ----


def test_a_turn_ends_before_an_event_that_would_outlast_the_slice(bench):
    bench.scheduler.add("a", bench.task(100, seconds=0.03))
    bench.scheduler.turn()
    assert bench.now_s == pytest.approx(0.18)  # six events: a seventh would end at 0.21


def test_an_event_that_alone_outlasts_the_slice_is_a_turn(bench):
    bench.scheduler.add("long", bench.task(100, seconds=15.0))
    bench.scheduler.add("short", bench.task(100, seconds=0.09))
    assert bench.turns(4) == ["long", "short", "long", "short"]
    assert bench.now_s == pytest.approx(2 * 15.0 + 2 * 0.18)


def test_many_events_of_one_computation_share_a_turn(bench):
    def epochs() -> Iterator[int]:
        while True:
            bench.now_s += 0.06
            yield from range(63)

    bench.scheduler.add("a", epochs())
    bench.scheduler.turn()
    assert len(bench.events) == 2 * 63 + 1
    assert bench.now_s == pytest.approx(0.18)


def test_short_events_share_a_turn_and_none_is_lost(bench):
    bench.scheduler.add("a", bench.task(95, seconds=0.01))
    bench.finish()
    assert bench.events == [("a", number) for number in range(95)]
    assert bench.ends == [("a", None)]


@given(st.lists(EVENT_S, min_size=1, max_size=60))
def test_no_turn_of_regular_events_outlasts_the_slice(seconds):
    bench = Bench()
    for at, each in enumerate(seconds):
        bench.scheduler.add(f"{at}", bench.task(50, each))
    for _ in range(3 * len(seconds)):
        began_s = bench.now_s
        bench.scheduler.turn()
        assert bench.now_s - began_s <= SLICE_S + 1e-9


# ---- whose turn it is ----


def test_tasks_take_turns_in_the_order_in_which_they_came(bench):
    for name in "abc":
        bench.scheduler.add(name, bench.task(10, seconds=0.15))
    assert bench.turns(6) == ["a", "b", "c", "a", "b", "c"]


def test_owners_take_turns_and_the_runs_of_each_share_them(bench):
    for name in ("ann's run", "ann's baseline", "ben's run"):
        bench.scheduler.add(name, bench.task(50, seconds=0.2), owner=name[:3])
    assert bench.turns(8) == ["ann's run", "ben's run", "ann's baseline", "ben's run"] * 2


def test_who_queues_more_does_not_push_back_what_was_there(bench):
    bench.scheduler.add("a1", bench.task(50, seconds=0.2), owner="a")
    bench.scheduler.add("b1", bench.task(50, seconds=0.2), owner="b")
    bench.scheduler.add("a2", bench.task(50, seconds=0.2), owner="a")
    assert bench.turns(4) == ["a1", "b1", "a2", "b1"]


def test_a_class_of_thirty_shares_the_machine_equally_whoever_queues_more(bench):
    for student in range(30):
        for run in range(8 if student == 7 else 2):
            bench.scheduler.add(f"{student}/{run}", bench.task(10_000, seconds=0.039), owner=f"{student}")
    while bench.now_s < 60.0:
        bench.scheduler.turn()
    seconds = [0.039 * len([1 for task_id, _ in bench.events if task_id.startswith(f"{n}/")]) for n in range(30)]
    assert min(seconds) >= 2.0 - SLICE_S
    assert max(seconds) - min(seconds) <= SLICE_S
    for student in (0, 7, 29):
        runs = [len(bench.of(f"{student}/{run}")) * 0.039 for run in range(8 if student == 7 else 2)]
        assert max(runs) - min(runs) <= SLICE_S, "a run and its baseline do not keep level"


@settings(deadline=None)
@given(CLASS, st.integers(0, 7))
def test_who_has_one_run_waits_for_one_slice_of_each_other_owner_at_most(owners, at):
    bench, lone = Bench(), f"{at % len(owners)}/0"
    for owner, runs in enumerate(owners):
        for run, seconds in enumerate(runs[:1] if owner == at % len(owners) else runs):
            bench.scheduler.add(f"{owner}/{run}", bench.task(10_000, seconds), owner=f"{owner}")
    waited_s = 0.0
    for _ in range(10 * len(owners)):
        began_s = bench.now_s
        waited_s = 0.0 if lone in bench.turn_owner() else waited_s + bench.now_s - began_s
        assert waited_s <= (len(owners) - 1) * SLICE_S + 1e-9


@settings(deadline=None)
@given(CLASS)
def test_after_every_round_each_owner_has_had_one_turn_and_each_run_as_many_as_its_twin(owners):
    bench = Bench()
    for owner, runs in enumerate(owners):
        for run, seconds in enumerate(runs):
            bench.scheduler.add(f"{owner}/{run}", bench.task(10_000, seconds), owner=f"{owner}")
    served = []
    for _ in range(12):
        served.append(bench.turns(len(owners)))
        assert sorted(name.split("/")[0] for name in served[-1]) == sorted(f"{n}" for n in range(len(owners)))
    for owner, runs in enumerate(owners):
        counts = [sum(turn == f"{owner}/{run}" for turns in served for turn in turns) for run in range(len(runs))]
        assert max(counts) - min(counts) <= 1


# ---- requests and chores ----


def test_a_request_comes_before_trainings_that_were_there_first(bench):
    bench.scheduler.add("training", bench.task(10, seconds=0.3))
    bench.scheduler.turn()
    bench.scheduler.add("request", bench.task(2, seconds=0.3), rank=Rank.REQUEST)
    assert [bench.turn_owner() for _ in range(3)] == [{"request"}, {"request"}, set()]  # the third ends it
    assert bench.ends == [("request", None)]
    assert bench.turns(1) == ["training"]


def test_a_long_request_takes_turns_with_the_trainings_after_a_second(bench):
    bench.scheduler.add("training", bench.task(100, seconds=0.125))  # one a turn
    bench.scheduler.add("long", bench.task(100, seconds=0.125), rank=Rank.REQUEST)
    n_first = round(GOES_FIRST_S / 0.125)
    assert bench.turns(n_first + 4) == ["long"] * n_first + ["training", "long", "training", "long"]
    bench.scheduler.add("short", bench.task(1, seconds=0.1), rank=Rank.REQUEST)
    assert bench.turns(1) == ["short"]


def test_a_training_that_was_asked_to_end_goes_first_for_as_long_as_that_takes(bench):
    bench.scheduler.add("a", bench.task(100, seconds=0.3))
    bench.scheduler.add("b", bench.task(100, seconds=0.3), owner="ben")
    bench.scheduler.prioritise("a")
    assert bench.turns(10) == ["a"] * 10


def test_a_task_that_is_dropped_is_closed_and_says_nothing_more(bench):
    closed = []

    def request() -> Iterator[int]:
        try:
            while True:
                bench.now_s += 0.15
                yield 1
        finally:
            closed.append("request")

    bench.scheduler.add("request", request(), rank=Rank.REQUEST)
    assert bench.turns(1) == ["request"]
    bench.scheduler.drop("request")
    bench.scheduler.drop("never there")
    assert closed == ["request"]
    assert bench.scheduler.is_empty
    assert bench.ends == []


def test_a_chore_is_done_when_nothing_else_is_to_do(bench):
    bench.scheduler.add("chore", bench.task(2, seconds=0.3), rank=Rank.CHORE)
    bench.scheduler.add("training", bench.task(2, seconds=0.3))
    bench.scheduler.pause("training")
    assert bench.turns(1) == ["chore"]
    bench.scheduler.resume("training")
    bench.finish()
    assert bench.ends == [("training", None), ("chore", None)]


# ---- pause, continue, step, end ----


def test_a_paused_training_costs_no_turns_and_goes_on_where_it_was(bench):
    for name in "ab":
        bench.scheduler.add(name, bench.task(3, seconds=0.2), owner=name)
    bench.turns(2)
    bench.scheduler.pause("a")
    assert bench.turns(1) == ["b"]
    assert bench.turns(1) == ["b"]
    bench.finish()
    assert (bench.scheduler.is_idle, bench.scheduler.is_empty) == (True, False)
    bench.scheduler.turn()
    assert (bench.of("a"), bench.ends) == ([0], [("b", None)])
    bench.scheduler.resume("a")
    bench.finish()
    assert (bench.of("a"), bench.ends[-1]) == ([0, 1, 2], ("a", None))
    assert bench.scheduler.is_empty


def test_a_step_takes_a_paused_training_to_its_next_step_and_no_further(bench):
    bench.scheduler.add("a", bench.task(20, seconds=0.3))
    bench.scheduler.turn()
    bench.scheduler.pause("a")
    for last in (4, 8, 12):
        bench.scheduler.step("a")
        bench.finish()
        assert bench.of("a") == list(range(last + 1))


def test_steps_that_are_asked_for_in_quick_succession_are_all_taken(bench):
    bench.scheduler.add("a", bench.task(30, seconds=0.001))
    bench.scheduler.pause("a")
    for _ in range(3):
        bench.scheduler.step("a")
    bench.finish()
    assert bench.of("a")[-1] == 8  # 0, 4, 8


def test_a_pause_forgets_the_steps_that_were_still_owed(bench):
    bench.scheduler.add("a", bench.task(30, seconds=0.3))
    bench.scheduler.pause("a")
    bench.scheduler.step("a")
    bench.scheduler.step("a")
    bench.scheduler.pause("a")
    assert bench.scheduler.is_idle


def test_a_step_of_a_training_that_is_not_paused_changes_nothing(bench):
    bench.scheduler.add("a", bench.task(6, seconds=0.3))
    bench.scheduler.step("a")
    bench.scheduler.pause("a")
    assert bench.scheduler.is_idle
    bench.scheduler.resume("a")
    bench.finish()
    assert bench.ends == [("a", None)]


@pytest.mark.parametrize("is_paused", [True, False])
def test_a_training_that_was_asked_to_end_goes_before_everything_else(bench, is_paused):
    for name in "abc":
        bench.scheduler.add(name, bench.task(1, seconds=0.3), owner=name)
    if is_paused:
        bench.scheduler.pause("c")
    bench.scheduler.prioritise("c")
    bench.turns(1)
    bench.scheduler.turn()
    assert (bench.of("c"), bench.ends) == ([0], [("c", None)])


@pytest.mark.parametrize("do", ["pause", "resume", "step", "prioritise"])
def test_what_is_asked_of_a_training_that_is_gone_is_ignored(bench, do):
    getattr(bench.scheduler, do)("gone")
    assert bench.scheduler.is_empty


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["pause", "resume", "step", "turn", "turn"]), st.sampled_from("abc"))))
def test_whatever_is_paused_and_stepped_no_event_is_lost_or_told_twice(script):
    bench = Bench()
    for name in "abc":
        bench.scheduler.add(name, bench.task(9, seconds=0.05), owner=name)
    for do, name in script:
        bench.scheduler.turn() if do == "turn" else getattr(bench.scheduler, do)(name)
    for name in "abc":
        bench.scheduler.resume(name)
    bench.finish()
    assert [bench.of(name) for name in "abc"] == [list(range(9))] * 3
    assert sorted(bench.ends) == [(name, None) for name in "abc"]


# ---- what goes wrong ----


def test_an_exception_ends_only_the_task_that_raised_it(bench):
    def broken() -> Iterator[int]:
        yield 0
        raise ValueError("no")

    bench.scheduler.add("good", bench.task(4, seconds=0.3))
    bench.scheduler.add("bad", broken())
    bench.finish()
    assert [(task_id, type(error)) for task_id, error in bench.ends] == [("bad", ValueError), ("good", type(None))]
    assert bench.of("good") == [0, 1, 2, 3]


def test_a_task_may_add_another_one_from_within(bench):
    def parent() -> Iterator[int]:
        bench.scheduler.add("child", bench.task(1, seconds=0.0))
        yield 7

    bench.scheduler.add("parent", parent())
    bench.finish()
    assert bench.events == [("parent", 7), ("child", 0)]


def test_a_process_that_is_told_to_exit_is_not_kept_by_a_task(bench):
    def leaving() -> Iterator[int]:
        raise SystemExit(3)
        yield 0

    bench.scheduler.add("a", leaving())
    with pytest.raises(SystemExit):
        bench.scheduler.turn()


def test_an_event_that_is_none_ends_the_turn():
    """What waits for another process takes no more of the others' time than one look."""
    took: list[str] = []

    def waiting():
        while True:
            took.append("waiting")
            yield None

    def training():
        while True:
            took.append("training")
            yield 1

    scheduler = Scheduler(lambda *told: None, lambda *told: None, clock=lambda: float(len(took)) / 10)
    scheduler.add("waiting", waiting())
    scheduler.add("training", training(), owner="anna")
    for _ in range(4):
        scheduler.turn()
    assert took == ["waiting", "training", "training", "waiting", "training", "training"]
