"""Learning rates that are tried before a run: once for equal settings, one test a visitor at a time."""

import pytest

from tests.engine.engine_bench import SPEC, Bench, Clock
from tl_core.engine.runs import rate_tests
from tl_core.errors import UnknownIdError, WorkerError
from tl_core.store.access import Visitor
from tl_core.store.sqlite.store import SqliteStore

ANNA, BEN = Visitor("anna"), Visitor("ben")
OTHER = SPEC.with_changes(batch_size=8)


@pytest.fixture
def bench(home):
    made = Bench(SqliteStore(home), home, Clock())
    yield made
    made.engine.close()


def asked(bench: Bench) -> list[dict]:
    return [message for message in bench.worker.sent if message["do"] == "find_rate"]


def called_off(bench: Bench) -> list[int]:
    return [message["request_id"] for message in bench.worker.sent if message["do"] == "cancel"]


def answer(bench: Bench, value: dict) -> None:
    bench.worker.say({"say": "answer", "request_id": asked(bench)[-1]["request_id"], "value": value})


def test_all_who_ask_of_equal_settings_wait_for_one_test_and_find_its_answer_afterwards(bench):
    find = bench.engine.rate_tests.find_rate
    first = find(SPEC, by=ANNA)
    for spec in (SPEC, SPEC.with_changes(epochs=9, learning_rate=0.5, schedule="cosine")):
        assert find(spec, by=BEN) is first
    answer(bench, {"careful": 1e-3})
    assert find(SPEC, by=ANNA).future.result() == {"careful": 1e-3}
    assert len(asked(bench)) == 1
    find(OTHER, by=ANNA)
    assert len(asked(bench)) == 2


def test_it_says_what_it_is_doing_and_how_long_that_still_takes(bench, monkeypatch):
    test = bench.engine.rate_tests.find_rate(SPEC, by=ANNA)
    left = bench.engine.rate_tests.remaining_s
    assert (test.phase, left(test)) == ("", None)
    for phase, done, expected in (("features", 1, None), ("rates", 0, None), ("rates", 25, 6.0)):
        clock_s = 2.0 if done == 25 else 0.0
        bench.engine.rate_tests._clock.pass_s(clock_s)
        about = {"done": done, "total": 100, "value": {"phase": phase}}
        bench.worker.say({"say": "progress", "request_id": asked(bench)[-1]["request_id"], **about})
        if expected:
            assert left(test) == pytest.approx(expected)
    assert (test.phase, test.done, test.total) == ("rates", 25, 100)


def test_whoever_asks_for_another_test_does_not_wait_for_the_first_any_more(bench):
    find = bench.engine.rate_tests.find_rate
    first = find(SPEC, by=ANNA)
    find(SPEC, by=BEN)
    find(OTHER, by=ANNA)
    assert called_off(bench) == []  # Ben still waits
    bench.engine.rate_tests.leave_rate(by=BEN)
    assert called_off(bench) == [asked(bench)[0]["request_id"]]
    assert isinstance(first.future.exception(), WorkerError)
    bench.engine.rate_tests.leave_rate(by=BEN)
    assert len(called_off(bench)) == 1


def test_a_test_that_failed_is_tried_again(bench):
    find = bench.engine.rate_tests.find_rate
    failed = find(SPEC, by=ANNA)
    bench.engine.rate_tests.leave_rate(by=ANNA)
    assert failed.future.exception() is not None
    assert find(SPEC, by=ANNA) is not failed


def test_only_so_many_answers_are_kept(bench, monkeypatch):
    monkeypatch.setattr(rate_tests, "MOST_KEPT", 2)
    for seed in (1, 2, 3, 1):
        bench.engine.rate_tests.find_rate(SPEC.with_changes(seed=seed), by=ANNA)
        answer(bench, {"careful": seed})
    assert len(asked(bench)) == 4


def test_nobody_tries_rates_on_the_data_of_another(bench):
    with pytest.raises(UnknownIdError):
        bench.engine.rate_tests.find_rate(SPEC.with_changes(dataset=f"own-{20 * 'a'}"), by=ANNA)
    assert asked(bench) == []
