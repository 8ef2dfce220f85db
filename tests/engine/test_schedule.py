"""The scheduler alone: generators and a clock that the test moves by hand."""

from collections.abc import Iterator

import pytest

from tl_core.engine.schedule import SLICE_S, Scheduler


class Bench:
    """A scheduler, its clock, and everything it has said."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.events: list[tuple[str, object]] = []
        self.ends: list[tuple[str, BaseException | None]] = []
        self.scheduler = Scheduler(
            lambda *event: self.events.append(event), lambda *end: self.ends.append(end), clock=lambda: self.now_s
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


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_without_tasks_it_is_idle_and_a_turn_does_nothing(bench):
    assert bench.scheduler.is_idle
    bench.scheduler.turn()
    assert bench.events == [] == bench.ends


def test_tasks_take_turns_in_the_order_in_which_they_came(bench):
    for name in "abc":
        bench.scheduler.add(name, bench.task(10, seconds=0.15))
    assert [bench.turn_owner() for _ in range(6)] == [{"a"}, {"b"}, {"c"}, {"a"}, {"b"}, {"c"}]


def test_a_turn_ends_with_the_first_event_after_the_slice(bench):
    bench.scheduler.add("a", bench.task(100, seconds=0.03))
    bench.scheduler.turn()
    assert bench.now_s == pytest.approx(0.21)  # seven events: the slice of 0.2 s ends within the seventh
    assert bench.now_s <= SLICE_S + 0.03


def test_short_events_share_a_turn_and_none_is_lost(bench):
    bench.scheduler.add("a", bench.task(95, seconds=0.01))
    while not bench.scheduler.is_idle:
        bench.scheduler.turn()
    assert bench.events == [("a", number) for number in range(95)]
    assert bench.ends == [("a", None)]


def test_a_request_comes_before_trainings_that_were_there_first(bench):
    bench.scheduler.add("training", bench.task(10, seconds=0.3))
    bench.scheduler.turn()
    bench.scheduler.add("request", bench.task(2, seconds=0.3), is_request=True)
    assert [bench.turn_owner() for _ in range(3)] == [{"request"}, {"request"}, set()]  # the third ends it
    assert bench.ends == [("request", None)]
    assert bench.turn_owner() == {"training"}


def test_an_exception_ends_only_the_task_that_raised_it(bench):
    def broken() -> Iterator[int]:
        yield 0
        raise ValueError("no")

    bench.scheduler.add("good", bench.task(4, seconds=0.3))
    bench.scheduler.add("bad", broken())
    while not bench.scheduler.is_idle:
        bench.scheduler.turn()
    assert [(task_id, type(error)) for task_id, error in bench.ends] == [("bad", ValueError), ("good", type(None))]
    assert [event for event in bench.events if event[0] == "good"] == [("good", number) for number in range(4)]


def test_a_task_may_add_another_one_from_within(bench):
    def parent() -> Iterator[str]:
        bench.scheduler.add("child", bench.task(1, seconds=0.0))
        yield "born"

    bench.scheduler.add("parent", parent())
    while not bench.scheduler.is_idle:
        bench.scheduler.turn()
    assert bench.events == [("parent", "born"), ("child", 0)]


def test_a_process_that_is_told_to_exit_is_not_kept_by_a_task(bench):
    def leaving() -> Iterator[int]:
        raise SystemExit(3)
        yield 0

    bench.scheduler.add("a", leaving())
    with pytest.raises(SystemExit):
        bench.scheduler.turn()
