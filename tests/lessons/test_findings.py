"""What runs say of a claim, by numbers made up for it: all three verdicts, and what is not decided."""

from dataclasses import replace

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from tests.lessons.recorded import result, seeds
from tl_core.experiments.statistics import Difference
from tl_core.lessons import findings
from tl_core.lessons.findings import OUTCOMES, Finding
from tl_core.lessons.measures import Result
from tl_core.store.records import RunState


def number(found: Finding | None, name: str) -> float:
    assert found is not None
    return found.numbers[name][1]


def test_an_interval_on_one_side_of_zero_decides_and_one_across_it_does_not():
    sides = [((0.01, 0.05), "fits"), ((-0.05, -0.01), "not"), ((-0.01, 0.05), "undecided")]
    for (low, high), outcome in sides:
        found = findings.above(Difference((low + high) / 2, (low, high), 0.01, 5), {})
        assert found is not None
        assert found.outcome == outcome
        assert (found.numbers["low"], found.numbers["high"]) == (("points", low), ("points", high))
    assert {outcome for _, outcome in sides} == set(OUTCOMES)


def test_without_a_spread_nothing_is_decided_and_without_a_difference_nothing_is_said():
    found = findings.above(Difference(0.2, None, 1.0, 3), {})
    assert found is not None
    assert found.outcome == "undecided"
    assert "low" not in found.numbers
    assert findings.above(None, {}) is None


@pytest.mark.parametrize(
    ("first", "second", "outcome"), [(0.8, 0.6, "fits"), (0.6, 0.8, "not"), (0.7, 0.7, "undecided")]
)
def test_the_higher_one_is_told_over_seeds_where_there_are_several(first, second, outcome):
    found = findings.higher({"a": seeds(first), "b": seeds(second, shift=2)}, "a", "b")
    assert found is not None
    assert found.outcome == outcome
    assert number(found, "a") == pytest.approx(first, abs=0.01)
    assert number(found, "difference") == pytest.approx(first - second, abs=0.02)


@pytest.mark.parametrize(
    ("first", "second", "outcome"), [(0.8, 0.6, "fits"), (0.6, 0.8, "not"), (0.7, 0.7, "undecided")]
)
def test_the_higher_one_is_told_over_pictures_where_there_is_one_seed(first, second, outcome):
    found = findings.higher({"a": {0: result(first)}, "b": {0: result(second)}}, "a", "b")
    assert found is not None
    assert found.outcome == outcome
    assert number(found, "low") <= number(found, "difference") <= number(found, "high")


@pytest.mark.parametrize(
    ("wrong", "margin", "outcome"),
    [(0.7, 0.05, "fits"), (0.7, 0.0, "undecided"), (0.6, 0.05, "not"), (0.6, 0.5, "not")],
)
def test_no_worse_is_claimed_with_a_margin_and_a_sure_loss_speaks_against_it(wrong, margin, outcome):
    found = findings.higher({"wrong": {0: result(wrong)}, "right": {0: result(0.7)}}, "wrong", "right", margin)
    assert found is not None
    assert found.outcome == outcome


@pytest.mark.parametrize(("many", "outcome"), [((0.9, 0.5), "fits"), ((0.9, 0.95), "not"), ((0.7, 0.6), "undecided")])
def test_what_lies_further_apart_is_told_by_a_difference_of_differences(many, outcome):
    few = {"few_a": seeds(0.5), "few_b": seeds(0.4, shift=1)}
    both = {"many_a": seeds(many[0], shift=2), "many_b": seeds(many[1], shift=4)}
    found = findings.gains_more({**few, **both}, ("many_a", "many_b"), ("few_a", "few_b"))
    assert found is not None
    assert found.outcome == outcome
    assert number(found, "difference") == pytest.approx(many[0] - many[1] - 0.1, abs=0.02)


@pytest.mark.parametrize(("many", "outcome"), [(0.5, "fits"), (0.9, "not"), (0.6, "undecided")])
def test_overfitting_is_how_far_the_training_pictures_are_ahead(many, outcome):
    runs = {"few": seeds(0.6, train_accuracy=1.0), "many": seeds(many, shift=2, train_accuracy=1.0)}
    found = findings.overfits_more(runs, "many", "few")
    assert found is not None
    assert found.outcome == outcome
    assert number(found, "few_gap") == pytest.approx(0.4, abs=0.02)


def timed(*each: float) -> dict[int, Result]:
    return {seed: result(0.5, epoch_s=epoch_s) for seed, epoch_s in enumerate(each)}


@pytest.mark.parametrize(
    ("frozen", "tuned", "outcome"),
    [
        ((0.1, 0.11, 0.1), (0.5, 0.51, 0.5), "fits"),
        ((0.1, 0.11, 0.1), (1.0, 1.01, 0.99), "not"),
        ((0.1, 0.11, 0.1), (0.4, 1.6, 0.9), "undecided"),
    ],
)
def test_always_takes_every_way_and_one_counterexample_is_enough(frozen, tuned, outcome):
    runs = {"frozen": timed(*frozen), "tuned": timed(*tuned), "scratch": timed(1.0, 1.0, 1.01)}
    found = findings.always_quicker(runs, ("frozen", "tuned"), "scratch")
    assert found is not None
    assert found.outcome == outcome
    assert number(found, "frozen") == pytest.approx(9.7, abs=0.3)
    assert number(found, "low") < number(found, "tuned") < number(found, "high")


@pytest.mark.parametrize(
    ("validation", "n", "outcome"), [(0.95, 146, "not"), (0.7, 20_000, "fits"), (0.72, 60, "undecided")]
)
def test_validation_says_what_the_test_does_where_they_are_close_for_sure(validation, n, outcome):
    run = result(0.7, val_accuracy=validation, n_test=max(400, n))
    found = findings.same({"run": {0: run}}, "run", n)
    assert found is not None
    assert found.outcome == outcome


@pytest.mark.parametrize(("first", "second"), [((139, 146), (463, 661)), ((3, 10), (8, 10)), ((0, 20), (20, 20))])
def test_the_interval_of_independent_fractions_is_newcombe_s(first, second):
    expected = confint_proportions_2indep(*first, *second, method="newcomb", compare="diff")
    assert findings.independent_interval(*first, *second) == pytest.approx(expected)


def test_hashes_count_what_was_frozen():
    known = {"as_coded": {0: result(0.1, n_changed=5)}, "frozen": {0: result(0.5, n_changed=0)}}
    found = findings.unchanged(known, "as_coded")
    assert found == Finding("not", {"as_coded": ("count", 5.0), "frozen": ("count", 0.0)})
    turned = findings.unchanged({"as_coded": known["frozen"]}, "as_coded")
    assert turned is not None
    assert turned.outcome == "fits"


def test_what_is_counted_fits_where_it_is_the_number_that_is_claimed():
    assert findings.counted(13, convolutional=13).outcome == "fits"
    assert findings.counted(16, convolutional=13).outcome == "not"


@pytest.mark.parametrize(
    "judge",
    [
        lambda runs: findings.higher(runs, "a", "b"),
        lambda runs: findings.gains_more(runs, ("a", "b"), ("a", "b")),
        lambda runs: findings.overfits_more(runs, "a", "b"),
        lambda runs: findings.always_quicker(runs, ("a",), "b"),
        lambda runs: findings.same(runs, "b", 100),
        lambda runs: findings.unchanged(runs, "b"),
    ],
)
@pytest.mark.parametrize("runs", [{"a": {}, "b": {}}, {"a": {0: result(0.5)}, "b": {}}])
def test_as_long_as_an_arm_has_no_run_nothing_is_said(judge, runs):
    assert judge(runs) is None


def test_a_run_that_was_stopped_counts_for_nothing():
    stopped = Result(replace(result(0.9).record, state=RunState.STOPPED))
    assert findings.higher({"a": {0: stopped}, "b": {0: result(0.5)}}, "a", "b") is None
