"""A stop that comes while a function is traced: on this thread, which is the main one."""

import signal
import threading
from collections.abc import Iterator

import pytest
import tensorflow as tf

from tl_core.engine.worker.interruption import Interruption

SHORT, ENDLESS = 300, 10**9  # operations


class Bench:
    """An interruption, and tasks that trace; `unwanted` names those that should end."""

    def __init__(self) -> None:
        self.unwanted: set[str] = set()
        self.interruption = Interruption(lambda task_id: task_id not in self.unwanted, spared=Bench.spared)
        self.interruption.install()
        self.n_traced = 0

    def trace(self, n: int, *, stop: str = "", at: int = 50) -> None:
        """Traces a function of n operations; at one of them, another thread asks for the end of a task."""

        def function(x: tf.Tensor) -> tf.Tensor:
            with tf.name_scope("scope"):
                for self.n_traced in range(1, n + 1):
                    x = x + 1.0
                    if stop and self.n_traced == at:
                        asking = threading.Thread(target=self.ask, args=(stop,))
                        asking.start()
                        asking.join()
            return x

        tf.function(function, autograph=False).get_concrete_function(tf.TensorSpec(()))

    def ask(self, task_id: str) -> None:
        self.unwanted.add(task_id)
        self.interruption.ask()

    def spared(self, stop: str) -> None:
        self.trace(SHORT, stop=stop)

    def run(self, task: Iterator, task_id: str = "a") -> list:
        return list(self.interruption.watched(task_id, task))


@pytest.fixture
def bench() -> Iterator[Bench]:
    before = signal.getsignal(signal.SIGINT)
    yield Bench()
    signal.signal(signal.SIGINT, before)


def test_tracing_that_nobody_wants_any_more_ends_within_a_few_operations(bench):
    def task() -> Iterator[str]:
        yield "begun"
        try:
            bench.trace(ENDLESS, stop="a")
        except KeyboardInterrupt:
            yield "stopped"

    assert bench.run(task()) == ["begun", "stopped"]
    assert bench.n_traced <= 52
    assert tf.executing_eagerly()
    assert not tf.inside_function()
    assert tf.function(lambda: tf.constant(1.0) + 1.0)() == 2.0


def test_building_that_nobody_wants_any_more_ends_at_the_next_variable(bench):
    made = []

    def task() -> Iterator[str]:
        try:
            for number in range(ENDLESS):
                made.append(tf.Variable(0.0))
                if number == 3:
                    bench.ask("a")
        except KeyboardInterrupt:
            yield "stopped"

    assert bench.run(task()) == ["stopped"]
    assert len(made) == 4


def test_what_the_backend_calls_without_looking_whether_it_failed_is_not_interrupted(bench):
    @tf.custom_gradient
    def double(x: tf.Tensor) -> tuple:
        return (x * 2.0, tf.identity(x)), lambda upstream, other: upstream * 2.0 + other

    @tf.custom_gradient
    def asking(x: tf.Tensor) -> tuple:
        return tf.identity(x), lambda upstream: bench.ask("a") or upstream

    def gradient(x: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            tape.watch(x)
            doubled = asking(double(x)[0])
        return tape.gradient(doubled, x)  # C++ makes zeros for the output of `double` that is not used

    def task() -> Iterator[str]:
        try:
            tf.function(gradient, autograph=False).get_concrete_function(tf.TensorSpec((None,)))
        except KeyboardInterrupt:
            yield "stopped"

    assert bench.run(task()) == ["stopped"]


@pytest.mark.parametrize(
    ("work", "told"),
    [
        (lambda bench: bench.trace(SHORT, stop="another"), "the stop of another task"),
        (lambda bench: bench.spared("a"), "what a task does at its end"),
        (lambda bench: bench.ask("a") or [tf.constant(1.0) + 1.0 for _ in range(50)], "operations that are computed"),
    ],
)
def test_nothing_else_is_interrupted(bench, work, told):
    def task() -> Iterator[str]:
        work(bench)
        yield told

    assert bench.run(task()) == [told]


def test_a_stop_between_two_turns_interrupts_the_next_one(bench):
    def task() -> Iterator[str]:
        yield "begun"
        bench.trace(ENDLESS)

    events = bench.interruption.watched("a", task())
    assert next(events) == "begun"
    bench.ask("a")
    bench.trace(SHORT)
    assert bench.n_traced == SHORT, "somebody else's turn"
    with pytest.raises(KeyboardInterrupt):
        next(events)
    assert bench.n_traced <= 1


def test_an_error_of_a_task_passes_through(bench):
    def task() -> Iterator[int]:
        yield 1
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        bench.run(task())


def test_without_being_installed_it_leaves_the_signal_alone():
    before = signal.getsignal(signal.SIGINT)
    interruption = Interruption(lambda task_id: False, spared=Bench.spared)
    interruption.ask()
    assert list(interruption.watched("a", iter([1, 2]))) == [1, 2]
    assert signal.getsignal(signal.SIGINT) is before
