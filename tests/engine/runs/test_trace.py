"""The averaged curve against a plain loop over the steps."""

import random

import numpy as np
import pytest

from tl_core.engine.runs.trace import MAX_TRACE_POINTS, TRACE_COLUMNS, Trace
from tl_core.training.events import Step


def step(number: int, chance: random.Random) -> Step:
    return Step(number, 1, chance.random(), chance.random(), number * 0.1234567, number * 32)


def steps(n: int) -> list[Step]:
    chance = random.Random(n)
    return [step(number + 1, chance) for number in range(n)]


def slowly(steps: list[Step]) -> list[tuple]:
    """The same curve, group by group."""
    rows = []
    for group in np.array_split(np.arange(len(steps)), min(len(steps), MAX_TRACE_POINTS)):
        last = steps[group[-1]]
        mean = [
            sum(getattr(steps[index], name) for index in group) / len(group)
            for name in ("train_loss", "train_accuracy")
        ]
        rows.append((last.step, last.elapsed_s, last.images, *mean))
    return rows


def traced(steps: list[Step]) -> Trace:
    trace = Trace()
    for event in steps:
        trace.add(event)
    return trace


@pytest.mark.parametrize("n", [1, 2, 399, 400, 401, 799, 1000, 1025, 5003])
def test_each_point_is_the_mean_of_its_steps_at_the_place_of_the_last(n):
    points = traced(steps(n)).points()
    assert len(points) == min(n, MAX_TRACE_POINTS)
    np.testing.assert_allclose(points, slowly(steps(n)), rtol=0, atol=6e-4)
    np.testing.assert_allclose(np.array(points)[:, 3:], np.array(slowly(steps(n)))[:, 3:], rtol=0, atol=5.1e-6)
    assert [point[0] for point in points][-1] == n


def test_steps_and_images_are_whole_numbers_for_the_page():
    assert [type(value) for value in traced(steps(3)).points()[0]] == [int, float, int, float, float]


def test_an_empty_trace_has_no_points_and_no_step():
    assert (Trace().points(), Trace().step, Trace().elapsed_s) == ((), 0, None)


def test_what_was_kept_at_a_stop_goes_on_where_it_was():
    before, chance = traced(steps(7)), random.Random(0)
    after = Trace(before.points())
    assert (after.step, after.elapsed_s) == (7, 0.864)
    after.add(step(8, chance))
    assert [row[0] for row in after.points()] == list(range(1, 9))
    assert after.points()[:7] == before.points()


def test_steps_that_are_done_again_since_the_checkpoint_replace_the_earlier_ones():
    trace, again = traced(steps(10)), steps(12)[5:8]
    for event in again:
        trace.add(event)
    assert [row[0] for row in trace.points()] == list(range(1, 9))
    assert trace.points()[5][3] == round(again[0].train_loss, 5)


def test_a_loss_that_was_not_a_number_leaves_the_others_as_they_are():
    rows = [[1, 0.1, 32, None, 0.5], [2, 0.2, 64, 1.5, 0.25]]
    points = Trace(rows).points()
    assert np.isnan(points[0][3])
    assert points[1] == (2, 0.2, 64, 1.5, 0.25)


def test_the_columns_are_those_that_the_store_keeps():
    assert TRACE_COLUMNS == ("step", "elapsed_s", "images", "train_loss", "train_accuracy")
