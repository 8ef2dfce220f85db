from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tl_core.store.records import RunRecord, RunState, Visibility
from tl_core.store.retention import old_runs

NOW = datetime(2030, 1, 31, tzinfo=UTC)


def run(number: int, days_ago: float = 40, **about) -> RunRecord:
    """A completed run that ended so many days ago; each has data of its own kind unless told otherwise."""
    ended = (NOW - timedelta(days=days_ago)).isoformat()
    about = {"owner": "anna", "spec": {"dataset": "fruit"}, "state": RunState.COMPLETED, "test_accuracy": 0.5} | about
    return RunRecord(
        id=f"{number:032x}",
        seq=number,
        name=f"run {number}",
        role="run",
        twin_id=None,
        environment={},
        created_at=ended,
        ended_at=ended,
        **about,
    )


def listed(*records: RunRecord, days: int = 30) -> dict[int, bool]:
    """Returns which runs are listed as old, and whether they are said to be the best."""
    found = old_runs(records, days, NOW, lambda run_id: int(run_id, 16))
    return {old.record.seq: old.is_best for old in found}


BEST = run(99, 1, test_accuracy=0.9)


def test_what_ended_before_the_age_is_old_and_what_ended_later_is_not():
    assert listed(run(1, 31), run(2, 29), BEST) == {1: False}


@pytest.mark.parametrize(
    "kept",
    [
        {"is_pinned": True},
        {"visibility": Visibility.CLASS},
        {"visibility": Visibility.LINK},
        {"state": RunState.RUNNING},
        {"state": RunState.QUEUED},
    ],
)
def test_what_is_pinned_shared_or_under_way_is_never_listed(kept):
    assert listed(run(1, **kept), run(2), BEST) == {2: False}


def test_the_best_of_an_owner_for_each_dataset_is_told_apart():
    others = {"spec": {"dataset": "digits"}, "test_accuracy": 0.1}
    found = listed(run(1, test_accuracy=0.7), run(2, test_accuracy=0.8), run(3, **others), run(4, owner="ben"))
    assert found == {4: True, 3: True, 2: True, 1: False}


def test_a_better_run_that_stays_makes_an_old_one_an_ordinary_one():
    assert listed(run(1, test_accuracy=0.7), run(2, 1, test_accuracy=0.8)) == {1: False}


def test_of_two_that_are_equally_good_the_newest_is_the_best():
    assert listed(run(1), run(2)) == {2: True, 1: False}


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.FAILED, RunState.INTERRUPTED])
def test_what_did_not_complete_is_never_the_best(state):
    assert listed(run(1, state=state, test_accuracy=None)) == {1: False}


def test_a_run_with_a_fault_on_purpose_is_never_the_best():
    sick = run(1, test_accuracy=0.9, spec={"dataset": "groceries", "fault": "test-in-training"})
    assert listed(sick, run(2, test_accuracy=0.5)) == {1: False, 2: True}


def test_the_largest_comes_first_with_its_size():
    found = old_runs([run(1), run(5), run(3), BEST], 30, NOW, lambda run_id: int(run_id, 16))
    assert [(old.record.seq, old.n_bytes) for old in found] == [(5, 5), (3, 3), (1, 1)]


def test_a_damaged_record_without_a_time_is_not_old():
    broken = replace(run(1), spec={}, state=RunState.FAILED, ended_at=None, created_at="yesterday?")
    without_zone = replace(broken, created_at="2020-01-01T00:00:00")
    assert listed(broken, without_zone, BEST) == {}
