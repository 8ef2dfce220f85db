"""Rows are sorted by level and seed; nothing is judged before the seeds that it takes are there."""

import pytest

from tl_core.experiments.rows import first_even, is_judged, level_text, most_lost, scores
from tl_core.experiments.statistics import Difference


def row(block: str, seed: int, accuracy: float | None, state: str | None = None, **more: object) -> dict:
    state = state or ("queued" if accuracy is None else "completed")
    return {
        "block": block,
        "seed": seed,
        "run_id": f"{block}-{seed}",
        "state": state,
        "test_accuracy": accuracy,
        **more,
    }


def test_levels_keep_their_order_and_those_without_a_score_are_there():
    rows = [row("late", 0, 0.5), row("early", 0, None), row("late", 1, 0.6)]
    assert scores(rows, "block") == {"late": {0: 0.5, 1: 0.6}, "early": {}}
    assert list(scores(rows, "block")) == ["late", "early"]


def test_other_factors_may_be_held_fixed():
    rows = [row("a", 0, 0.5, arm="frozen"), row("a", 0, 0.2, arm="scratch")]
    assert scores(rows, "block", arm="scratch") == {"a": {0: 0.2}}


@pytest.mark.parametrize(
    ("states", "judged"),
    [
        ([0.5, 0.6], True),
        ([0.5, 0.6, None], True),  # more seeds may follow
        ([0.5, None], False),
        ([0.5], False),
        (["failed", "failed"], True),  # no score will come: the others are judged without it
        ([0.5, "stopped"], True),
        ([0.5, "running"], False),
        ([0.5, "interrupted"], False),  # it goes on
    ],
)
def test_a_cell_is_judged_once_it_has_two_seeds_or_cannot_have_them(states, judged):
    cell = [
        row("b", seed, None, one) if isinstance(one, str) else row("b", seed, one) for seed, one in enumerate(states)
    ]
    assert is_judged([row("a", 0, 0.5), row("a", 1, 0.5), *cell], ["block"]) is judged


def test_without_rows_nothing_is_judged():
    assert not is_judged([], ["block"])


def compared(mean: float, low: float, high: float) -> Difference:
    return Difference(mean, (low, high), 0.5, 5)


def test_even_is_what_comes_after_the_last_level_that_is_seen_to_lose():
    found = {1: compared(-0.1, -0.2, -0.05), 2: compared(-0.05, -0.1, 0.0), 5: compared(0.0, -0.03, 0.02)}
    assert first_even(found, 9) == 2
    assert first_even(found | {5: compared(-0.02, -0.03, -0.01)}, 9) == 9
    assert first_even(found | {1: compared(0.1, 0.05, 0.2)}, 9) == 1  # it does not lose
    assert first_even({}, 9) == 9


def test_where_nothing_is_seen_to_be_lost_the_interval_says_how_much_may_be():
    assert most_lost(compared(0.0, -0.03, 0.02)) == 0.03
    assert most_lost(compared(0.1, 0.05, 0.2)) == 0.0
    assert most_lost(Difference(0.0, None, 1.0, 5)) is None


@pytest.mark.parametrize(
    ("level", "text"), [(1e-5, "1e-5"), (3e-4, "0.0003"), (20, "20"), (0.5, "0.5"), ("top", "top")]
)
def test_a_level_is_written_as_one_says_it(level, text):
    assert level_text(level) == text
